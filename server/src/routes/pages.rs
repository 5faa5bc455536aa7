//! The pages and the server functions behind them.

use app::{App, CookieRules, shell};
use axum::{
    Router,
    extract::{Request, State},
    http::Method,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use engine::Engine;
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list};

use crate::{
    assets::{self, file},
    origin,
    state::AppState,
};

pub fn router(state: &AppState) -> Router<AppState> {
    let context = {
        let state = state.clone();
        move || {
            provide_context(state.engine.clone());
            provide_context(state.site.assets.clone());
            provide_context(CookieRules { secure: state.secure_cookies });
        }
    };
    let document = {
        let assets = state.site.assets.clone();
        move || shell(assets.clone())
    };
    let functions = {
        let context = context.clone();
        move |request: Request| leptos_axum::handle_server_fns_with_context(context.clone(), request)
    };
    Router::new()
        .route("/pkg/{*file}", get(assets::package_file))
        .route("/api/ui/{*function}", get(functions.clone()).post(functions))
        .leptos_routes_with_context(state, generate_route_list(App), context.clone(), document.clone())
        .fallback(move |State(state): State<AppState>, request: Request| {
            let (context, document) = (context.clone(), document.clone());
            async move {
                // An icon or robots.txt; else the page that says there is nothing.
                if let Some(found) = file(&state.site, request.uri(), request.headers()) {
                    return found;
                }
                let render = leptos_axum::render_app_to_stream_with_context(context, document);
                render(request).await.into_response()
            }
        })
        .layer(middleware::from_fn_with_state(state.clone(), own_pages_only))
}

/// Server functions are public addresses: a write must come from a page of ours.
async fn own_pages_only(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    let is_write = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_write && origin::is_own(engine.public_url(), request.headers()) != Some(true) {
        return origin::refused().into_response();
    }
    next.run(request).await
}
