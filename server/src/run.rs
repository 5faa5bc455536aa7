//! Opens the engine, serves until told to stop, and leaves nothing unwritten.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use engine::Engine;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    account_limit::AccountLimit,
    answers::Answers,
    assets::Site,
    cli::ServeConfig,
    event_limit::EventLimit,
    first_start,
    front::Front,
    https::HttpsRule,
    metrics::Metrics,
    routes::{self, EventsAhead},
    serve::serve,
    state::AppState,
};

/// How long answers in progress may take once the server is to stop.
const GRACE: Duration = Duration::from_secs(2);

pub async fn run(
    config: ServeConfig,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let (engine, mut workers) = Engine::open(config.options()).await?;
    if engine.is_ready() {
        // Whoever finds the server listening can log in.
        first_start::ensure_admin(&engine, &config).await?;
    }
    let metrics = Arc::new(Metrics::default());
    let told = match config.metrics_addr {
        Some(addr) => Some(listen_for_metrics(addr, &engine, &metrics).await?),
        None => None,
    };
    let proxies = Arc::new(config.trusted_proxies.clone().read_from(config.forwarded_header));
    let listener = listener.into_std()?;
    let (others, connections) = mpsc::unbounded_channel();
    let https = HttpsRule::new(&config.data.public_url, config.hsts, &proxies);
    let mut front = Front::start(&listener, &engine, &proxies, &https, &others, &metrics.follows)?;
    tracing::info!("listening on http://{}", listener.local_addr()?);
    drop(listener);

    // Links redirect by now; what else is asked for waits the moment this takes.
    let site = Site::find(config.site_dir.as_deref())?;
    let secure_cookies = config.data.public_url.starts_with("https://");
    let state = AppState::new(engine.clone(), Arc::new(site), secure_cookies)
        .behind(proxies)
        .counting(Arc::clone(&metrics), told.is_none())
        .limited(
            EventLimit::new(config.events_per_second, config.events_burst),
            AccountLimit::new(config.limits.requests_per_minute),
        );
    let events = EventsAhead::new(engine.clone(), Arc::clone(&state.event_limit), Arc::clone(&metrics));
    let answers = Answers::new(routes::router(state)?, events, https, metrics);

    let (stopping, stopped) = oneshot::channel();
    let mut serving = tokio::spawn(serve(answers, connections, stopped));
    let first_start = async {
        match first_start::ensure_admin(&engine, &config).await {
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    };
    tokio::select! {
        error = first_start => return Err(error),
        () = shutdown => tracing::info!("stopping: no new work is taken"),
        () = front.ended() => anyhow::bail!("the front has ended, which it never should; see the log"),
        error = workers.ended() => return Err(error.into()),
    }
    // Whoever watches hears of the end by it.
    if let Some(told) = told {
        told.abort();
    }
    front.stop().await;
    let _ = stopping.send(());
    if tokio::time::timeout(GRACE, &mut serving).await.is_err() {
        tracing::warn!("some answers took too long and are cut off");
        serving.abort();
    }
    if workers.stop(engine).await? {
        tracing::info!("stopped; nothing is left unwritten");
    } else {
        tracing::warn!("stopped; the database did not take everything in time, clicks wait in the log");
    }
    Ok(())
}

async fn listen_for_metrics(
    addr: SocketAddr,
    engine: &Engine,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<JoinHandle<io::Result<()>>> {
    let listener = TcpListener::bind(addr).await.with_context(|| format!("cannot listen on {addr} for metrics"))?;
    tracing::info!("metrics are on http://{}/metrics", listener.local_addr()?);
    let router = routes::metrics_alone(engine.clone(), Arc::clone(metrics));
    Ok(tokio::spawn(async move { axum::serve(listener, router).await }))
}
