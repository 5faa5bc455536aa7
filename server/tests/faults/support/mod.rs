//! What each fault needs: the server, a MariaDB of its own, the load, the way between them, and what is asked of all.

mod books;
mod event_trial;
mod load;
mod mariadb;
pub mod orders;
mod proxy;
pub mod sales;
mod server;
mod shop;
mod trial;
mod watch;

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

pub use books::Books;
pub use event_trial::{EventTrial, tell};
pub use load::{Load, RATE};
pub use mariadb::MariaDb;
pub use orders::Orders;
pub use proxy::{Proxy, Way};
pub use server::{Server, Start};
pub use shop::Shop;
pub use trial::{Trial, count};
pub use watch::{Watch, Watched};

/// How long anything may take that is waited for. It says that something hangs, not that it is slow.
pub const MOST_WAIT: Duration = Duration::from_secs(90);

/// How long a fault lasts.
pub fn outage() -> Duration {
    let seconds = std::env::var("TRIBUTARY_OUTAGE_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(6))
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until something holds, and says how long that took.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < MOST_WAIT, "after {MOST_WAIT:?} it still does not hold: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}
