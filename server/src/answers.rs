//! Answers a request, by whatever connection it came: in the clear or not, then events, then the router. What every
//! answer has is added here, once.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::Request,
    response::{IntoResponse, Response},
};
use tower::Service;

use crate::{
    connections::refuse,
    headers,
    https::{HttpsRule, Way},
    metrics::{Metrics, UNMATCHED},
    problem::Asked,
    routes::EventsAhead,
    scheme::Scheme,
};

#[derive(Clone)]
pub struct Answers {
    router: Router,
    events: Arc<EventsAhead>,
    https: HttpsRule,
    metrics: Arc<Metrics>,
}

impl Answers {
    pub fn new(router: Router, events: EventsAhead, https: HttpsRule, metrics: Arc<Metrics>) -> Self {
        Self { router, events: Arc::new(events), https, metrics }
    }

    /// `connection`: how the request came from its peer to us.
    pub async fn answer(mut self, mut request: Request<Body>, peer: SocketAddr, connection: Scheme) -> Response {
        let place = headers::Place::of(request.uri().path());
        let way = self.https.way(&request, peer.ip(), connection);
        let mut response = if way == Way::Refused {
            self.https.refuse(&request, &self.metrics).await
        } else if let Some(error) = refuse(&request) {
            let asked = Asked::of(request.method(), "", UNMATCHED.into(), Arc::clone(&self.metrics));
            asked.answer_with(async { error.into_response() }).await
        } else if self.events.takes(&request) {
            self.events.answer(request).await
        } else {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(connection);
            self.router.call(request).await.unwrap_or_else(|never| match never {})
        };
        headers::protect(&mut response, place);
        if way == Way::Https {
            self.https.sign(&mut response);
        }
        response
    }
}
