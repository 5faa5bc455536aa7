//! What every handler may reach.

use std::sync::Arc;

use app::CookieRules;
use axum::extract::FromRef;
use engine::Engine;
use leptos::config::LeptosOptions;

use crate::{
    account_limit::AccountLimit, assets::Site, client_ip::TrustedProxies, event_limit::EventLimit, metrics::Metrics,
    stage::Stage,
};

#[derive(Clone)]
pub struct AppState {
    pub engine: Engine,
    pub site: Arc<Site>,
    pub cookies: CookieRules,
    pub trusted_proxies: Arc<TrustedProxies>,
    pub event_limit: Arc<EventLimit>,
    pub metrics: Arc<Metrics>,
    /// Whether whoever asks from this machine is told them here; else they have an address of their own.
    pub tells_metrics: bool,
    pub account_limit: Arc<AccountLimit>,
    pub stage: Arc<Stage>,
    leptos: Arc<LeptosOptions>,
}

impl AppState {
    pub fn new(engine: Engine, site: Arc<Site>) -> Self {
        let cookies = CookieRules::of(engine.public_url());
        let leptos =
            LeptosOptions::builder().output_name("tributary").site_root("target/site").site_pkg_dir("pkg").build();
        // Every request gets a clone of all this.
        let leptos = Arc::new(leptos);
        Self {
            engine,
            site,
            cookies,
            trusted_proxies: Arc::default(),
            event_limit: Arc::new(EventLimit::new(0, 0)),
            metrics: Arc::default(),
            tells_metrics: true,
            account_limit: Arc::new(AccountLimit::new(0)),
            stage: Stage::serving(),
            leptos,
        }
    }

    /// Behind proxies: clients' addresses are what these forward.
    #[must_use]
    pub fn behind(self, proxies: Arc<TrustedProxies>) -> Self {
        Self { trusted_proxies: proxies, ..self }
    }

    /// What is counted goes there.
    #[must_use]
    pub fn counting(self, metrics: Arc<Metrics>, tells_metrics: bool) -> Self {
        Self { metrics, tells_metrics, ..self }
    }

    /// Each API key and each account sends no faster than this.
    #[must_use]
    pub fn limited(self, events: EventLimit, requests: AccountLimit) -> Self {
        Self { event_limit: Arc::new(events), account_limit: Arc::new(requests), ..self }
    }

    /// Of a server whose end is told by this.
    #[must_use]
    pub fn until(self, stage: Arc<Stage>) -> Self {
        Self { stage, ..self }
    }
}

impl FromRef<AppState> for Arc<Metrics> {
    fn from_ref(state: &AppState) -> Self {
        Self::clone(&state.metrics)
    }
}

impl FromRef<AppState> for Engine {
    fn from_ref(state: &AppState) -> Self {
        state.engine.clone()
    }
}

impl FromRef<AppState> for Arc<EventLimit> {
    fn from_ref(state: &AppState) -> Self {
        Self::clone(&state.event_limit)
    }
}

impl FromRef<AppState> for Arc<Stage> {
    fn from_ref(state: &AppState) -> Self {
        Self::clone(&state.stage)
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        LeptosOptions::clone(&state.leptos)
    }
}
