//! The least that could do the work: what ours is measured against. Subcommands of the bench itself.

pub mod batches;
pub mod events;
mod our_table;
pub mod redirect;

use std::net::Ipv4Addr;

use anyhow::Result;
use axum::{Router, serve::ListenerExt};
use tokio::net::TcpListener;

/// Serves on 127.0.0.1 as Tributary does: the same runtime, the same socket option.
async fn serve(router: Router, port: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}
