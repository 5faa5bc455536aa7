//! The pages, the forms on them, and the server functions behind both.

use std::sync::{Arc, LazyLock};

use app::{
    App, ClientIp,
    address::{ACCOUNT, INTEGRATION, SET_PASSWORD},
    admin::{
        ADMIN,
        page::Pairs,
        plain::{self, Answer},
        posted::Posted,
    },
    session::Asker,
    shell,
};
use axum::{
    Form, Router,
    body::Body,
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use engine::Engine;
use leptos::prelude::provide_context;
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list, render_app_async_with_context};

use crate::{
    assets::{self, file},
    body::MOST_BYTES,
    connections::{NoRoom, Room},
    origin,
    problem::ApiError,
    state::AppState,
};

/// The addresses of the pages. Leptos finds them by a dry run of the app, during which no page of the whole process is
/// given its data: one that is rendered at that moment waits for ever (leptos#4773). So there is one, before all else.
static PAGES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

pub fn router(state: &AppState) -> Router<AppState> {
    let context = provided(state);
    let document = {
        let assets = state.site.assets.clone();
        move || shell(assets.clone())
    };
    let functions = {
        let context = context.clone();
        move |request: Request| leptos_axum::handle_server_fns_with_context(context.clone(), request)
    };
    let whole = render_app_async_with_context(context.clone(), document.clone());
    Router::new()
        .route("/pkg/{*file}", get(assets::package_file))
        .route("/api/ui/{*function}", get(functions.clone()).post(functions))
        .leptos_routes_with_context(state, PAGES.clone(), context.clone(), document.clone())
        // The address above all that the list has below it.
        .route(ADMIN, get(move |request: Request| whole(request)).post(plain_form))
        .route(&format!("{ADMIN}/{{*rest}}"), post(plain_form))
        .route(ACCOUNT, post(plain_form))
        .route(&format!("{INTEGRATION}/{{view}}"), post(plain_form))
        .route(&format!("{SET_PASSWORD}{{token}}"), post(plain_form))
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
        // An event of the most bytes, as a form writes it.
        .layer(DefaultBodyLimit::max(4 * MOST_BYTES))
        .layer(middleware::from_fn_with_state(state.clone(), own_pages_only))
}

/// What pages and server functions may reach.
fn provided(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let state = state.clone();
    move || {
        provide_context(state.engine.clone());
        provide_context(state.site.assets.clone());
        provide_context(state.cookies);
    }
}

/// A form that was sent without JavaScript, to the page it stands on.
async fn plain_form(State(state): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let fields = match Form::<Pairs>::from_request(Request::from_parts(parts.clone(), body), &state).await {
        Ok(Form(fields)) => fields,
        Err(refused) => return refused.into_response(),
    };
    let Some(ClientIp(ip)) = parts.extensions.get().copied() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // Where foreign pages may send to, no cookie counts.
    let session = parts.extensions.get().cloned().filter(|_| !parts.uri.path().starts_with(SET_PASSWORD));
    let asker = Asker { session, ip };
    let rules = state.cookies;
    let query = parts.uri.query().unwrap_or_default();
    match plain::post(&state.engine, &asker, rules, parts.uri.path(), query, fields).await {
        Answer::Go { to, cookies } => match HeaderValue::from_str(&to) {
            Ok(to) => with_cookies((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response(), cookies),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
        Answer::Page { status, posted, cookies } => {
            let page = Request::from_parts(parts, Body::empty());
            let mut response = with_cookies(render(&state, page, *posted).await, cookies);
            if let (StatusCode::OK, Ok(status)) = (response.status(), StatusCode::from_u16(status)) {
                *response.status_mut() = status;
            }
            response
        }
    }
}

/// The page of the form's own address, with what came of the form.
async fn render(state: &AppState, request: Request, posted: Posted) -> Response {
    let (provided, assets) = (provided(state), state.site.assets.clone());
    let context = move || {
        provided();
        provide_context(posted.clone());
    };
    render_app_async_with_context(context, move || shell(assets.clone()))(request).await
}

fn with_cookies(mut response: Response, cookies: Vec<HeaderValue>) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Server functions and forms are public addresses: a write must come from a page of ours.
async fn own_pages_only(State(engine): State<Engine>, request: Request, next: Next) -> Response {
    let is_write = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_write && origin::is_own(engine.public_url(), request.headers()) != Some(true) && !is_from_nowhere(&request) {
        return origin::refused().into_response();
    }
    let room = request.extensions().get::<Arc<Room>>().cloned();
    let response = next.run(request).await;
    // Whoever reads forms knows only that one broke off.
    if room.is_some_and(|room| room.is_refused()) { ApiError::from(NoRoom).into_response() } else { response }
}

/// The page that sets a password says nobody where it was, so browsers send its form from "null".
/// The token in the address is what allows that form; no cookie does.
fn is_from_nowhere(request: &Request) -> bool {
    request.uri().path().starts_with(SET_PASSWORD)
        && request.headers().get(header::ORIGIN).is_some_and(|origin| origin == "null")
}
