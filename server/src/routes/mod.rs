//! Every address the server answers.
#![expect(unused_qualifications, reason = "utoipa writes the types of parameters so")]

mod accounts;
mod activity;
mod advertisers;
mod api_keys;
mod assignments;
mod auth;
mod campaigns;
mod code_lists;
mod coupons;
mod docs;
mod events;
mod exports;
mod failures;
mod health;
mod influencer;
mod influencer_stats;
mod influencers;
mod links;
mod listing;
mod metrics;
mod overview;
mod pages;
mod redirect;
mod stats;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{asker, body::MOST_BYTES, openapi, problem, state::AppState};

pub use self::{events::EventsAhead, metrics::alone as metrics_alone};

pub fn router(state: AppState) -> serde_json::Result<Router> {
    let (api, document) = OpenApiRouter::with_openapi(openapi::Document::openapi())
        .nest("/api/v1", api())
        .nest("/event", events::short_router())
        .split_for_parts();
    let rest = Router::new()
        .merge(api)
        .merge(docs::router(&openapi::finish(&document)?))
        .merge(code_lists::router())
        .merge(pages::router(&state))
        // Within the wait below: before the database has answered nobody is known.
        .layer(middleware::from_fn_with_state(state.clone(), asker::layer))
        .layer(middleware::from_fn_with_state(state.engine.clone(), health::await_database))
        .merge(health::router())
        .merge(metrics::router())
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&state.metrics), problem::layer));
    // The redirect stands beside all layers: nothing is done for it that it does not need.
    let redirect =
        redirect::router(state.engine.clone(), Arc::clone(&state.trusted_proxies), Arc::clone(&state.metrics));
    Ok(redirect.merge(rest.with_state(state)))
}

/// What is documented: these modules add routes with their description alone, which a test holds them to.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(auth::router())
        .merge(advertisers::router())
        .merge(api_keys::router())
        .merge(campaigns::router())
        .merge(assignments::router())
        .merge(influencers::router())
        .merge(coupons::router())
        .merge(links::router())
        .merge(stats::router())
        .merge(exports::router())
        .merge(influencer::router())
        .merge(influencer_stats::router())
        .merge(events::router())
        .merge(activity::router())
        .merge(failures::router())
        .merge(accounts::router())
        .merge(overview::router())
        .fallback(|| async { problem::ApiError::not_found() })
}
