//! What is counted for whoever watches the server, and how it is told: in Prometheus's text format.
//!
//! Requests are counted here, redirects where they are answered ([`follows`]), limits where they are hit ([`limits`]).
//! What the engine and the system know is asked when somebody wants to be told ([`told`], [`process`]). Labels have few
//! values, and never one that a client chose.

mod follows;
mod limits;
mod process;
mod told;

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use axum::http::{Method, StatusCode};
use engine::Engine;
use prometheus_client::{
    encoding::{EncodeLabelSet, prometheus_text},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

pub use self::{
    follows::{FollowCounts, Followed, Follows},
    limits::{Limit, rate_limited},
};
use self::{
    process::Process,
    told::{ConnectionNumbers, Told},
};
use crate::{
    connections::{Bodies, Places},
    tls::Current,
};

pub use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// Seconds that an answer takes.
const DURATIONS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The route of what no route took.
pub const UNMATCHED: &str = "unmatched";

/// One server's counts.
pub struct Metrics {
    requests: Family<Answered, Counter>,
    durations: Family<Asked, Histogram>,
    rejected: Family<Rejected, Counter>,
    pub follows: Follows,
    /// What others know, who are asked when somebody wants to be told.
    places: Option<(Arc<Places>, Arc<Bodies>)>,
    certificate: Option<Arc<Current>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: Cow<'static, str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: Cow<'static, str>,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Rejected {
    problem: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(DURATIONS)),
            rejected: Family::default(),
            follows: Follows::default(),
            places: None,
            certificate: None,
        }
    }
}

impl Metrics {
    /// Of a server whose connections have these places, whose bodies have this room, and whose own TLS, where it has any, shows this certificate.
    pub fn of(places: &Arc<Places>, bodies: &Arc<Bodies>, certificate: Option<Arc<Current>>) -> Self {
        Self { places: Some((Arc::clone(places), Arc::clone(bodies))), certificate, ..Self::default() }
    }

    /// Counts an answered request. `route`: the address as the router has it, `{id}` for an id.
    pub fn answered(&self, method: &Method, route: Cow<'static, str>, status: StatusCode, took: Duration) {
        let method = known(method);
        self.durations.get_or_create(&Asked { method, route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { method, route, status: class(status) }).inc();
    }

    /// Counts an event, or a call with events, that was not taken. `problem`: the last part of the problem's type.
    pub fn rejected(&self, problem: &'static str) {
        self.rejected.get_or_create(&Rejected { problem }).inc();
    }

    /// All there is to tell.
    pub async fn text(&self, engine: &Engine) -> Result<String, fmt::Error> {
        let numbers = engine.numbers().await;
        let mut registry = Registry::default();
        registry.register("tributary_http_requests", "Requests answered by the router", self.requests.clone());
        registry.register(
            "tributary_http_request_duration_seconds",
            "Time from a request's head to its answer's head",
            self.durations.clone(),
        );
        registry.register(
            "tributary_events_rejected",
            "Events, and calls with events, that were not taken, by problem",
            self.rejected.clone(),
        );
        let connections = self.places.as_ref().map(|(places, bodies)| ConnectionNumbers {
            open: places.taken() as u64,
            most: places.most() as u64,
            refused: places.refused(),
            body_bytes: bodies.taken() as u64,
        });
        let certificate_until = self.certificate.as_ref().map(|current| current.until());
        let follows = self.follows.get();
        registry.register_collector(Box::new(Told { numbers, follows, connections, certificate_until }));
        if let Some(process) = Process::look() {
            registry.register_collector(Box::new(process));
        }
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// Clients can send any word as a method.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
