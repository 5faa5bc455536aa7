//! `POST /api/v1/events` ahead of the router: what shops send most passes none of its layers, and is answered alike.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Method, Request},
    response::{IntoResponse, Response},
};
use engine::Engine;

use super::{ingest, sender::Sender};
use crate::{event_limit::EventLimit, problem::Asked};

pub struct EventsAhead {
    engine: Engine,
    limit: Arc<EventLimit>,
}

impl EventsAhead {
    pub fn new(engine: Engine, limit: Arc<EventLimit>) -> Self {
        Self { engine, limit }
    }

    /// Whether a request is answered here. Until the database has answered for the first time, the router knows what
    /// to say.
    pub fn takes(&self, request: &Request<Body>) -> bool {
        request.uri().path() == "/api/v1/events" && request.method() == Method::POST && self.engine.is_ready()
    }

    pub async fn answer(&self, request: Request<Body>) -> Response {
        let (head, body) = request.into_parts();
        let asked = Asked::of(&head.method, head.uri.path());
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
