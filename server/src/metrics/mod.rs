//! What is counted for whoever watches the server.

mod limits;

pub use self::limits::{Limit, rate_limited};
