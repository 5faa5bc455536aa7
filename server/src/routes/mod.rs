//! Every address the server answers.

mod advertisers;
mod api_keys;
mod auth;
mod campaigns;
mod code_lists;
mod coupons;
mod diagnostics;
mod events;
mod health;
mod influencers;
mod links;
mod listing;
mod pages;
mod redirect;
mod stats;

use axum::{Router, extract::DefaultBodyLimit, middleware};

use crate::{body::MOST_BYTES, problem, state::AppState};

pub fn router(state: AppState) -> Router {
    let api = Router::new()
        .nest("/auth", auth::router())
        .nest("/advertisers", advertisers::router())
        .nest("/api-keys", api_keys::router())
        .nest("/campaigns", campaigns::router())
        .nest("/influencers", influencers::router())
        .nest("/coupons", coupons::router())
        .nest("/links", links::router())
        .nest("/stats", stats::router())
        .merge(diagnostics::router())
        .merge(events::router())
        .fallback(|| async { problem::ApiError::not_found() });
    let rest = Router::new()
        .nest("/api/v1", api)
        .nest("/event", events::short_router())
        .merge(health::router())
        .merge(code_lists::router())
        .merge(pages::router(&state))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn(problem::layer));
    // The redirect stands beside all layers: nothing is done for it that it does not need.
    redirect::router(state.engine.clone()).merge(rest.with_state(state))
}
