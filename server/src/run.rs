//! Opens the engine, serves until told to stop, and leaves nothing unwritten.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use engine::Engine;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use crate::{
    account_limit::AccountLimit,
    answers::Answers,
    assets::Site,
    cli::ServeConfig,
    connections::{Bodies, Places, raise_limit},
    event_limit::EventLimit,
    first_start,
    front::{Around, Front},
    https::HttpsRule,
    listeners::Listeners,
    metrics::Metrics,
    notify,
    routes::{self, EventsAhead},
    serve::{Serving, serve},
    stage::Stage,
    state::AppState,
    tls::Accepting,
};

/// How long answers in progress may take once the server is to stop.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked whether anybody is still connected to a server that stops.
const LOOK: Duration = Duration::from_millis(5);

pub async fn run(
    config: ServeConfig,
    listeners: impl Into<Listeners>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let Listeners { main, plain } = listeners.into();
    raise_limit();
    let tls = config.tls.open()?;
    let (engine, mut workers) = Engine::open(config.options()).await?;
    if engine.is_ready() {
        // Whoever finds the server listening can log in.
        first_start::ensure_admin(&engine, &config).await?;
    }
    let proxies = Arc::new(config.trusted_proxies.clone().read_from(config.forwarded_header));
    let places = Places::new(&config.connections, Arc::clone(&proxies));
    let bodies = Bodies::new(&config.connections, Arc::clone(&proxies));
    let metrics = Arc::new(Metrics::of(&places, &bodies, tls.as_ref().map(|tls| Arc::clone(&tls.current))));
    let told = match config.metrics_addr {
        Some(addr) => Some(listen_for_metrics(addr, &engine, &metrics).await?),
        None => None,
    };
    let (arrived, arriving) = mpsc::unbounded_channel();
    let around = Around {
        engine: engine.clone(),
        proxies: Arc::clone(&proxies),
        https: HttpsRule::new(&config.data.public_url, config.hsts, &proxies),
        places,
        times: config.connections.times(),
        stage: Stage::serving(),
        others: arrived,
    };
    let plain = match tls {
        None => Some(main),
        Some(tls) => {
            tracing::info!("listening on https://{}", main.local_addr()?);
            let accepting = Accepting {
                acceptor: tls.acceptor,
                places: Arc::clone(&around.places),
                stage: Arc::clone(&around.stage),
                most: around.times.slow,
                arrived: around.others.clone(),
            };
            tokio::spawn(accepting.run(main));
            tokio::spawn(tls.reload.run());
            plain
        }
    };
    let mut front = None;
    if let Some(listener) = plain {
        let listener = listener.into_std()?;
        front = Some(Front::start(&listener, &around, &metrics.follows)?);
        tracing::info!("listening on http://{}", listener.local_addr()?);
    }
    let Around { https, places, times, stage, others, .. } = around;
    drop(others);

    // Links redirect by now; what else is asked for waits the moment this takes.
    let site = Site::find(config.site_dir.as_deref())?;
    let state = AppState::new(engine.clone(), Arc::new(site))
        .behind(proxies)
        .counting(Arc::clone(&metrics), told.is_none())
        .limited(
            EventLimit::new(config.events_per_second, config.events_burst),
            AccountLimit::new(config.limits.requests_per_minute),
        )
        .until(Arc::clone(&stage));
    let events = EventsAhead::new(engine.clone(), Arc::clone(&state.event_limit), Arc::clone(&metrics));
    let answers = Answers::new(routes::router(state)?, events, https, metrics);
    let serving = Serving { answers, times, places: Arc::clone(&places), bodies, stage: Arc::clone(&stage) };
    let mut serving = tokio::spawn(serve(serving, arriving));
    notify::ready();
    let alive = tokio::spawn(notify::keep_alive());

    let first_start = async {
        match first_start::ensure_admin(&engine, &config).await {
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    };
    let front_ended = async {
        match &mut front {
            Some(front) => front.ended().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        error = first_start => return Err(error),
        () = shutdown => {}
        () = front_ended => anyhow::bail!("the front has ended, which it never should; see the log"),
        error = workers.ended() => return Err(error.into()),
    }
    tracing::info!("stopping: no new work is taken");
    notify::stopping();
    leave(&stage, &places, config.connections.linger()).await;
    stage.end();
    let ended = async {
        if let Some(front) = front {
            front.stop().await;
        }
        let _ = (&mut serving).await;
    };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::warn!("some answers took too long and are cut off");
        serving.abort();
    }
    alive.abort();
    if let Some(told) = told {
        told.abort();
    }
    if workers.stop(engine).await? {
        tracing::info!("stopped; nothing is left unwritten");
    } else {
        tracing::warn!("stopped; the database did not take everything in time, clicks wait in the log");
    }
    Ok(())
}

/// Goes on for a while, so that whoever keeps a connection hears that its last answer is the last; or until nobody does.
async fn leave(stage: &Stage, places: &Places, linger: Duration) {
    stage.leave();
    let begun = Instant::now();
    while places.taken() > 0 && begun.elapsed() < linger {
        tokio::time::sleep(LOOK).await;
    }
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
