//! Opens the engine, serves until told to stop, and leaves nothing unwritten.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::serve::ListenerExt;
use engine::Engine;
use tokio::{net::TcpListener, sync::oneshot};

use crate::{assets::Site, cli::ServeConfig, first_start, routes, state::AppState};

/// How long answers in progress may take once the server is to stop.
const GRACE: Duration = Duration::from_secs(2);

pub async fn run(
    config: ServeConfig,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let (engine, mut workers) = Engine::open(config.data.options()).await?;
    first_start::ensure_admin(&engine, &config).await?;
    let site = Site::find(config.site_dir.as_deref())?;
    let secure_cookies = config.data.public_url.starts_with("https://");
    let state = AppState::new(engine.clone(), Arc::new(site), secure_cookies)
        .behind(config.trusted_proxies.clone().read_from(config.forwarded_header));
    let router = routes::router(state)?.into_make_service_with_connect_info::<SocketAddr>();

    tracing::info!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Answers are small: send them at once.
        let _ = stream.set_nodelay(true);
    });
    let (stopping, stopped) = oneshot::channel();
    let serve = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        tracing::info!("stopping: no new work is taken");
        let _ = stopping.send(());
    });
    tokio::select! {
        served = async { serve.await } => served?,
        () = async {
            // Without a signal this waits for ever; a dropped sender cannot happen before it.
            let _ = stopped.await;
            tokio::time::sleep(GRACE).await;
        } => tracing::warn!("some answers took too long and are cut off"),
        which = workers.ended() => anyhow::bail!("{which} has ended, which it never should; see the log"),
    }
    if workers.stop(engine).await? {
        tracing::info!("stopped; nothing is left unwritten");
    } else {
        tracing::warn!("stopped; the database did not take everything in time, clicks wait in the log");
    }
    Ok(())
}
