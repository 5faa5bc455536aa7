//! `POST /api/v1/events` ahead of the router: what shops send most passes none of its layers, and is answered alike.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request},
    response::{IntoResponse, Response},
};
use engine::Engine;

use super::{ingest, sender::Sender};
use crate::{event_limit::EventLimit, metrics::Metrics, problem::Asked};

pub struct EventsAhead {
    engine: Engine,
    limit: Arc<EventLimit>,
    metrics: Arc<Metrics>,
}

/// As the router names it.
const ROUTE: &str = "/api/v1/events";

impl EventsAhead {
    pub fn new(engine: Engine, limit: Arc<EventLimit>, metrics: Arc<Metrics>) -> Self {
        Self { engine, limit, metrics }
    }

    /// Whether a request is answered here. Until keys are known the router knows what to say.
    pub fn takes(&self, request: &Request<Body>) -> bool {
        request.uri().path() == ROUTE && request.method() == Method::POST && self.engine.knows_keys()
    }

    pub async fn answer(&self, request: Request<Body>) -> Response {
        let (head, body) = request.into_parts();
        let asked = Asked::of(&head.method, ROUTE, ROUTE.into(), Arc::clone(&self.metrics));
        let id = asked.id.clone();
        let recorded = async {
            match Sender::of(&self.engine, &head.headers, None, &id.0) {
                Ok(sender) => ingest(sender, &self.limit, body).await.into_response(),
                Err(error) => error.into_response(),
            }
        };
        asked.answer_with(recorded).await
    }
}
