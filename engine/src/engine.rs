//! The engine as one handle: everything opened, and the workers behind it.

use std::{io, net::IpAddr, ops::Deref, path::PathBuf, sync::Arc, time::Duration};

use model::{
    AdvertiserId, ClickId, Timestamp,
    event::{EventAnswer, NewEvent},
};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinHandle,
};

use crate::{
    catalog::{Catalog, LinkFact},
    clicks::{
        Click,
        drain::{Drain, IpStorage},
        spool::Spool,
    },
    clock::{Clock, new_id},
    db::{self, Db, clicks::Position},
    error::{Error, Result},
    events::{Ingest, Writer},
    secret::Secrets,
};

/// How often other nodes' changes are looked for.
const POLL: Duration = Duration::from_secs(1);
/// Clicks reach the disk itself at least this often; what was written survives the process at once.
const FLUSH: Duration = Duration::from_millis(100);

/// What an engine is opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite://…` or `mysql://…`.
    pub database_url: String,
    /// Click log and secret live here.
    pub data_dir: PathBuf,
    pub secret_key_file: PathBuf,
    /// Where links are reached from outside, without a slash at the end.
    pub public_url: String,
    pub ip_storage: IpStorage,
    pub clock: Clock,
}

/// A cheap handle; clones share everything.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

pub struct Shared {
    pub(crate) db: Db,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) clock: Clock,
    pub(crate) secrets: Secrets,
    pub(crate) public_url: String,
    /// At most two password hashes at a time.
    pub(crate) hash_turns: Semaphore,
    spool: Arc<Spool>,
    ingest: Ingest,
    drained: watch::Receiver<Option<Position>>,
}

impl Deref for Engine {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// What works behind the handle. [`Workers::stop`] ends it in order.
pub struct Workers {
    stop: watch::Sender<bool>,
    drain: JoinHandle<()>,
    writer: JoinHandle<()>,
    flusher: JoinHandle<()>,
    poller: JoinHandle<()>,
}

/// How things stand, for health checks and operators.
#[derive(Clone, Debug)]
pub struct Health {
    pub database: bool,
    pub spool_waiting_bytes: u64,
    /// Clicks answered but not written down, since the start.
    pub clicks_lost: u64,
}

impl Engine {
    pub async fn open(options: Options) -> Result<(Self, Workers)> {
        std::fs::create_dir_all(&options.data_dir).map_err(|error| {
            Error::Internal(format!("cannot make the data folder {}: {error}", options.data_dir.display()))
        })?;
        let secrets = Secrets::load_or_create(&options.secret_key_file, &mut rand::rng()).map_err(|error| {
            Error::Internal(format!("secret key file {}: {error}", options.secret_key_file.display()))
        })?;
        let now = options.clock.now();
        let spool = Spool::open(&options.data_dir.join("clicks"), || new_id(now, &mut rand::rng()))
            .map_err(|error| Error::Internal(format!("click log: {error}")))?;
        let spool = Arc::new(spool);
        let db = Db::open(&options.database_url).await?;
        check_secret(&db, &secrets).await?;
        let catalog = Arc::new(Catalog::default());
        catalog.refresh(&db).await?;

        let (stop, stopped) = watch::channel(false);
        let (drained_sender, drained) = watch::channel(None);
        let drain = Drain {
            spool: Arc::clone(&spool),
            db: db.clone(),
            clock: options.clock.clone(),
            ip_storage: options.ip_storage,
            visitor_secret: secrets.visitors,
            nonce: new_id(now, &mut rand::rng()),
            drained: drained_sender,
        };
        let (ingest, submissions) = Ingest::new(Arc::clone(&catalog), secrets.customers);
        let writer = Writer { db: db.clone(), catalog: Arc::clone(&catalog) };
        let workers = Workers {
            drain: tokio::spawn(drain.run(stopped.clone())),
            writer: tokio::spawn(writer.run(submissions)),
            flusher: tokio::spawn(flush_regularly(Arc::clone(&spool), stopped.clone())),
            poller: tokio::spawn(poll_regularly(Arc::clone(&catalog), db.clone(), stopped)),
            stop,
        };
        let engine = Self(Arc::new(Shared {
            db,
            catalog,
            clock: options.clock,
            secrets,
            public_url: options.public_url,
            hash_turns: Semaphore::new(2),
            spool,
            ingest,
            drained,
        }));
        Ok((engine, workers))
    }
}

impl Shared {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn link(&self, code: &str) -> Option<Arc<LinkFact>> {
        self.catalog.link(code)
    }

    pub fn advertiser_is_active(&self, id: AdvertiserId) -> bool {
        self.catalog.advertiser(id).is_some_and(|advertiser| advertiser.active)
    }

    pub fn new_click_id(&self) -> ClickId {
        ClickId(new_id(self.clock.now(), &mut rand::rng()))
    }

    /// Writes a click down before it is answered. Where that fails, the loss is counted and logged,
    /// and the shopper is sent on all the same.
    pub fn record_click(&self, link: &LinkFact, visit: &Visit<'_>) -> ClickId {
        let at = self.clock.now();
        let id = self.new_click_id();
        let click = Click {
            id,
            advertiser_id: link.advertiser_id,
            campaign_id: link.campaign_id,
            link_id: link.id,
            influencer_id: link.influencer_id,
            at,
            ip: visit.ip,
            is_prefetch: visit.is_prefetch,
            user_agent: visit.user_agent,
            referrer: visit.referrer,
        };
        // The spool has counted and logged it.
        let _ = self.spool.append(&click);
        id
    }

    /// An event of an advertiser whose key was checked.
    pub async fn record_event(&self, advertiser: AdvertiserId, event: NewEvent) -> Result<EventAnswer> {
        self.ingest.record(advertiser, event, self.clock.now()).await
    }

    pub async fn health(&self) -> Health {
        let database = async { db::installation::version(&mut self.db.read().await?).await };
        let database = tokio::time::timeout(Duration::from_secs(2), database).await.is_ok_and(|answer| answer.is_ok());
        let position = *self.drained.borrow();
        Health {
            database,
            spool_waiting_bytes: self.spool.waiting_bytes(position.unwrap_or_default()).unwrap_or_default(),
            clicks_lost: self.spool.lost(),
        }
    }

    /// Waits until every click written down by now is in the database.
    pub async fn drained(&self) -> Result<()> {
        let tail = self.spool.tail();
        let mut drained = self.drained.clone();
        // A tail at the start of a segment that is not begun yet is reached at the end of the one before.
        let reached = |at: &Option<Position>| {
            at.is_some_and(|at| at >= tail)
                || self.spool.waiting_bytes(at.unwrap_or_default()).is_ok_and(|bytes| bytes == 0)
        };
        drained.wait_for(reached).await.map_err(|_| Error::unavailable("the drain has stopped"))?;
        Ok(())
    }
}

/// What the redirect knows of whoever followed the link.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    pub ip: IpAddr,
    pub is_prefetch: bool,
    pub user_agent: &'a [u8],
    pub referrer: &'a [u8],
}

impl Workers {
    /// Ends the work: what was taken is written, the click log is flushed. Requests must have ended before.
    pub async fn stop(self, engine: Engine) -> io::Result<()> {
        let spool = Arc::clone(&engine.spool);
        let db = engine.db.clone();
        self.stop.send_replace(true);
        // The writer ends when the last handle does: nobody can send to it any more.
        drop(engine);
        let ended = async {
            for worker in [self.writer, self.drain, self.flusher, self.poller] {
                if let Err(error) = worker.await {
                    tracing::error!(%error, "a worker ended with a fault");
                }
            }
        };
        // A database that is away must not keep the process: what is in the log stays there.
        if tokio::time::timeout(Duration::from_secs(3), ended).await.is_err() {
            tracing::warn!("the database did not take everything in time; the rest waits in the click log");
        }
        let flushed = spool.flush();
        let _ = tokio::time::timeout(Duration::from_secs(1), db.close()).await;
        flushed
    }
}

/// A node with another secret could read no token and would hash customers differently: it must not start.
async fn check_secret(db: &Db, secrets: &Secrets) -> Result<()> {
    let mut conn = db.begin().await?;
    let stored = db::installation::secret_fingerprint(&mut conn, &secrets.fingerprint).await?;
    conn.commit().await?;
    if stored == secrets.fingerprint {
        return Ok(());
    }
    Err(Error::Internal(
        "this database was made with another secret key; start with that --secret-key-file (nodes share one)".into(),
    ))
}

async fn flush_regularly(spool: Arc<Spool>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(FLUSH) => {}
            _ = stop.changed() => {}
        }
        let spool = Arc::clone(&spool);
        // Its fault is logged where it happens.
        let _ = tokio::task::spawn_blocking(move || spool.flush()).await;
    }
}

async fn poll_regularly(catalog: Arc<Catalog>, db: Db, mut stop: watch::Receiver<bool>) {
    let mut is_away = false;
    while !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            _ = stop.changed() => return,
        }
        match catalog.refresh(&db).await {
            Ok(()) => is_away = false,
            // Once, not every second.
            Err(error) if !is_away => {
                is_away = true;
                tracing::warn!(%error, "the database does not answer; redirects go on from memory");
            }
            Err(_) => {}
        }
    }
}
