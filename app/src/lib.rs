//! What people see: pages, their parts, and the server functions behind them.
//!
//! The same code renders on the server (`ssr`) and wakes in the browser (`hydrate`).
#![recursion_limit = "256"]

#[cfg(not(erase_components))]
compile_error!("build with `--cfg erase_components`, as .cargo/config.toml says; is RUSTFLAGS set?");

pub mod address;
pub mod admin;
pub mod api;
mod components;
#[cfg(feature = "ssr")]
pub mod csv_line;
mod days;
mod elsewhere;
pub mod error;
mod figures;
mod format;
mod kit;
mod markup;
mod pages;
#[cfg(feature = "ssr")]
pub mod perform;
mod plot;
#[cfg(feature = "ssr")]
pub mod session;
#[cfg(feature = "ssr")]
mod shell;
mod viewer;
mod wire;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    SsrMode,
    components::{FlatRoutes, Route, Router},
    path,
};

use crate::pages::{ComposedPage, DashboardPage, HomePage, LogInPage, NotFoundPage};

#[cfg(feature = "ssr")]
pub use crate::{
    error::{AppError, ErrorKind},
    session::{ClientIp, CookieRules},
    shell::{Assets, shell},
};

/// The whole app. Pages are sent when they are complete, so that they serve
/// without JavaScript too and carry the status of what they show.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    viewer::provide_viewer();
    admin::posted::provide_posted();
    kit::provide_kit();
    view! {
        <Router>
            <FlatRoutes fallback=NotFoundPage>
                <Route path=path!("/") view=HomePage ssr=SsrMode::Async/>
                <Route path=path!("/login") view=LogInPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard") view=DashboardPage ssr=SsrMode::Async/>
                <Route path=path!("/admin/*rest") view=ComposedPage ssr=SsrMode::Async/>
                <Route path=path!("/events") view=ComposedPage ssr=SsrMode::Async/>
                <Route path=path!("/events/:id") view=ComposedPage ssr=SsrMode::Async/>
                <Route path=path!("/clicks") view=ComposedPage ssr=SsrMode::Async/>
                <Route path=path!("/failures") view=ComposedPage ssr=SsrMode::Async/>
                <Route path=path!("/failures/:id") view=ComposedPage ssr=SsrMode::Async/>
                <Route path=path!("/lookup") view=ComposedPage ssr=SsrMode::Async/>
                <Route path=path!("/sales") view=ComposedPage ssr=SsrMode::Async/>
                <Route path=path!("/integration") view=ComposedPage ssr=SsrMode::Async/>
                <Route path=path!("/integration/:view") view=ComposedPage ssr=SsrMode::Async/>
                <Route path=path!("/account") view=ComposedPage ssr=SsrMode::Async/>
                <Route path=path!("/set-password/:token") view=ComposedPage ssr=SsrMode::Async/>
            </FlatRoutes>
        </Router>
    }
}
