//! What a request's head must and may hold: an address with a path, of 8 KB at most, and 32 KB of headers.
//!
//! What does not even fit into a connection's buffer, and more than 100 headers, hyper refuses by itself.

use axum::http::{Method, Request, StatusCode};

use crate::problem::ApiError;

/// Bytes that hyper keeps of a head at most. Between the limits below and this one, the answer says what is too long.
pub const MOST_BUFFERED: usize = 64 << 10;
/// As httparse has room for.
pub const MOST_HEADERS: usize = 100;
/// Of path and query. Visitors bring long ones, of `utm_…` and click ids, but nobody brings that.
pub const MOST_ADDRESS: usize = 8 << 10;
const MOST_HEADER_BYTES: usize = 32 << 10;

/// What is wrong with a head: it names a host alone, as for a tunnel, asks for one, or is too long.
pub fn refuse<B>(request: &Request<B>) -> Option<ApiError> {
    // Whatever asks such an address for its path, as Leptos does, would panic. And of each CONNECT axum logs an error.
    let address = request.uri().path_and_query().filter(|_| request.method() != Method::CONNECT);
    let Some(address) = address else {
        let detail = "A request names a path, such as /login. Nothing is tunnelled here.";
        return Some(ApiError::new(StatusCode::BAD_REQUEST, "no-path", "No path", detail));
    };
    if address.as_str().len() > MOST_ADDRESS {
        let detail = format!("Path and query may have at most {MOST_ADDRESS} bytes.");
        return Some(ApiError::new(StatusCode::URI_TOO_LONG, "address-too-long", "Address too long", detail));
    }
    let headers: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > MOST_HEADER_BYTES {
        let detail = format!("The headers may have at most {MOST_HEADER_BYTES} bytes in all.");
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Some(ApiError::new(status, "headers-too-large", "Headers too large", detail));
    }
    None
}
