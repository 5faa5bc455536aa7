//! The engine as one handle: everything opened, and the workers behind it.

use std::{
    io,
    net::IpAddr,
    ops::Deref,
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use model::{
    AdvertiserId, ClickId, FieldError, Timestamp,
    event::{EventAnswer, EventStatus, NewEvent},
};
use tokio::sync::watch;

use crate::{
    accounts::{HashTurns, LoginLimits, Throttle},
    catalog::{
        Catalog, LinkFact,
        held_facts::FactsFile,
        snapshot::{self, Snapshot},
    },
    clicks::{
        Click, ClickBatch, CountryFile, Drained, RecentClicks,
        disk::ClickDurability,
        drain::Drain,
        enrich::IpStorage,
        ids::ClickIds,
        spool::{Spool, SpoolOptions},
    },
    clock::{Clock, new_id},
    db::{Db, failures::StoredFailure},
    error::{Error, Result},
    events::{
        Aside, AsideState, Call, Failures, Ingest, Recorder, Replay, Said, Taken, Writer,
        failures::{new_failure_id, write as write_failures},
    },
    exports::Slots,
    numbers::Counts,
    overview::Counted,
    poller::Poller,
    retention::{Retention, Sweeper},
    secret::Secrets,
    setup::KeyUses,
    start::{Readiness, Start, until_stopped},
    workers::{Workers, flush_regularly},
};

/// An event that is only tried out is not worth a longer wait.
const MOST_WEIGHING: Duration = Duration::from_secs(2);

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
    pub spool: SpoolOptions,
    /// Tells clicks' countries.
    pub country_file: CountryFile,
    pub login_limits: LoginLimits,
    /// How long clicks and events themselves are kept.
    pub retention: Retention,
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
    pub(crate) hash_turns: HashTurns,
    pub(crate) throttle: Throttle,
    pub(crate) key_uses: Arc<KeyUses>,
    pub(crate) counted: Counted,
    pub(crate) counts: Arc<Counts>,
    pub(crate) exports: Slots,
    pub(crate) opened: Instant,
    click_ids: ClickIds,
    pub(crate) spool: Arc<Spool>,
    pub(crate) ingest: Ingest,
    recorder: Recorder,
    aside: Arc<Aside>,
    failures: Failures,
    recent: Arc<RecentClicks>,
    pub(crate) is_displaced: Arc<AtomicBool>,
    pub(crate) drained: Drained,
    ready: watch::Receiver<bool>,
    /// Whether what checks and credits events is known.
    knows: watch::Receiver<bool>,
}

impl Deref for Engine {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// To be called while the process has one thread: the catalog's maps make themselves known to the kernel, which then
/// need not wait for every other thread (10 ms).
pub fn before_threads() {
    drop(papaya::HashMap::<u8, u8>::new());
}

impl Engine {
    pub async fn open(options: Options) -> Result<(Self, Workers)> {
        // The database and the log hold what is nobody else's to read.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&options.data_dir).map_err(|error| {
            Error::Internal(format!("cannot make the data folder {}: {error}", options.data_dir.display()))
        })?;
        let secrets = Secrets::load_or_create(&options.secret_key_file, &mut rand::rng()).map_err(|error| {
            Error::Internal(format!("secret key file {}: {error}", options.secret_key_file.display()))
        })?;
        let countries = options.country_file.open().map_err(Error::Internal)?;
        let now = options.clock.now();
        let disk = options.spool.disk.clone();
        let spool = Spool::open(&options.data_dir.join("clicks"), options.spool, || new_id(now, &mut rand::rng()))
            .map_err(|error| Error::Internal(format!("click log: {error}")))?;
        let spool = Arc::new(spool);
        let aside = Aside::open(&options.data_dir.join("events"), disk)
            .map_err(|error| Error::Internal(format!("the log of events aside: {error}")))?;
        let aside = Arc::new(aside);
        let db = Db::open(&options.database_url)?;
        let followed = db.clone();
        let snapshot_path = options.data_dir.join("links.snapshot");
        let snapshot = snapshot::read(&snapshot_path, &secrets.fingerprint).unwrap_or_else(|error| {
            tracing::warn!(%error, "the snapshot of the links cannot be read; redirects wait for the database");
            None
        });
        let links = snapshot.as_ref().map_or(0, Snapshot::count);
        let catalog = Arc::new(Catalog::new(secrets.sealing, links));
        let facts_file = FactsFile { path: options.data_dir.join("catalog.snapshot"), sealing: secrets.sealing };
        let start = Start { db: db.clone(), catalog: Arc::clone(&catalog), fingerprint: secrets.fingerprint };
        let (ready_sender, ready) = watch::channel(false);
        let (knows_sender, knows) = watch::channel(false);
        let readiness = Readiness { knows: knows_sender, ready: ready_sender };
        let (stop, stopped) = watch::channel(false);
        let starter = if let Some(snapshot) = snapshot {
            // Shoppers need not wait for the database.
            catalog.hold_snapshot(&snapshot);
            tokio::spawn(start.until_ready(facts_file.clone(), readiness, stopped.clone()))
        } else {
            start.prepare().await?;
            readiness.is_reached();
            tokio::spawn(until_stopped(stopped.clone()))
        };

        let (drained_sender, drained) = watch::channel(None);
        let is_displaced = Arc::new(AtomicBool::new(false));
        let recent = Arc::new(RecentClicks::default());
        if let Some(retention) = options.retention.wanted() {
            let sweeper = Sweeper {
                db: db.clone(),
                database_url: options.database_url.clone(),
                clock: options.clock.clone(),
                retention,
                holder: new_id(now, &mut rand::rng()),
            };
            sweeper
                .start(ready.clone(), stopped.clone())
                .map_err(|error| Error::Internal(format!("what is old cannot be deleted: {error}")))?;
        }
        let counts = Arc::new(Counts::default());
        let drain = Drain {
            spool: Arc::clone(&spool),
            db: db.clone(),
            database_url: options.database_url,
            clock: options.clock.clone(),
            ip_storage: options.ip_storage,
            countries,
            visitor_secret: secrets.visitors,
            nonce: new_id(now, &mut rand::rng()),
            drained: drained_sender,
            is_displaced: Arc::clone(&is_displaced),
            counts: Arc::clone(&counts),
        };
        let drained = Drained { spool: Arc::clone(&spool), position: drained };
        let (ingest, submissions) = Ingest::new(Arc::clone(&catalog), Arc::clone(&recent), secrets.customers);
        let recorder = Recorder {
            db: db.clone(),
            catalog: Arc::clone(&catalog),
            recent: Arc::clone(&recent),
            some_stood: Arc::default(),
        };
        let writer = Writer {
            recorder: recorder.clone(),
            aside: Arc::clone(&aside),
            ready: ready.clone(),
            counts: Arc::clone(&counts),
            said: Said::default(),
        };
        let replay = Replay {
            recorder: recorder.clone(),
            aside: Arc::clone(&aside),
            db: db.clone(),
            clicks: drained.clone(),
            counts: Arc::clone(&counts),
        };
        let (failures, failed) = Failures::new();
        let key_uses = Arc::new(KeyUses::default());
        let workers = Workers {
            keeper: tokio::spawn(write_failures(db.clone(), failed, ready.clone(), stopped.clone())),
            drain: drain
                .start(ready.clone(), stopped.clone())
                .map_err(|error| Error::Internal(format!("the drain of the click log cannot start: {error}")))?,
            writer: tokio::spawn(writer.run(submissions, stopped.clone())),
            replay: tokio::spawn(replay.run(ready.clone(), stopped.clone())),
            flusher: tokio::spawn(flush_regularly(Arc::clone(&spool), stopped.clone())),
            poller: tokio::spawn(
                Poller {
                    catalog: Arc::clone(&catalog),
                    key_uses: Arc::clone(&key_uses),
                    db: db.clone(),
                    links_path: snapshot_path,
                    fingerprint: secrets.fingerprint,
                    facts_file,
                }
                .run(ready.clone(), stopped),
            ),
            starter,
            follower: tokio::spawn(async move { followed.follow().await }),
            stop,
        };
        let engine = Self(Arc::new(Shared {
            db,
            catalog,
            clock: options.clock,
            secrets,
            public_url: options.public_url,
            hash_turns: HashTurns::default(),
            throttle: Throttle::new(options.login_limits),
            key_uses,
            counted: Counted::default(),
            counts,
            exports: Slots::default(),
            opened: Instant::now(),
            click_ids: ClickIds::default(),
            spool,
            ingest,
            recorder,
            aside,
            failures,
            recent,
            drained,
            ready,
            knows,
            is_displaced,
        }));
        Ok((engine, workers))
    }
}

impl Shared {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Waits until the database has answered for the first time since the start. Before, only redirects work, and events
    /// are taken in where [`Self::knows_keys`].
    pub async fn ready(&self) -> Result<()> {
        let mut ready = self.ready.clone();
        ready.wait_for(|ready| *ready).await.map(drop).map_err(|_| Error::unavailable("the server stops"))
    }

    /// Whether events can be checked: their keys are known, from the database or from the last run.
    pub fn knows_keys(&self) -> bool {
        *self.knows.borrow()
    }

    /// Waits until events can be checked.
    pub async fn until_keys_are_known(&self) -> Result<()> {
        let mut knows = self.knows.clone();
        knows.wait_for(|knows| *knows).await.map(drop).map_err(|_| Error::unavailable("the server stops"))
    }

    /// Whether it is known that the database does not answer.
    pub fn database_is_away(&self) -> bool {
        self.db.is_away()
    }

    /// Waits until the database is known to be away, having been there.
    pub async fn database_lost(&self) {
        self.db.lost().await;
    }

    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// Where links are reached from outside, without a slash at the end.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    pub fn link(&self, code: &str) -> Option<Arc<LinkFact>> {
        self.catalog.link(code)
    }

    pub fn advertiser_is_active(&self, id: AdvertiserId) -> bool {
        self.catalog.advertiser(id).is_some_and(|advertiser| advertiser.active)
    }

    pub fn new_click_id(&self) -> ClickId {
        ClickId(self.click_ids.next(self.clock.moment(), &mut rand::rng()))
    }

    /// Notes a click, to be [`Self::keep_clicks`] before its redirect leaves.
    pub fn note_click(&self, link: &LinkFact, visit: &Visit<'_>, batch: &mut ClickBatch) -> ClickId {
        let moment = self.clock.moment();
        let id = ClickId(self.click_ids.next(moment, &mut rand::rng()));
        batch.push(&Click {
            id,
            advertiser_id: link.advertiser_id(),
            campaign_id: link.campaign_id,
            link_id: link.id,
            influencer_id: link.influencer_id,
            at: moment.at,
            ip: visit.ip,
            is_prefetch: visit.is_prefetch,
            user_agent: visit.user_agent,
            referrer: visit.referrer,
        });
        if link.location.tells_click_id() {
            self.recent.note(id, link.advertiser_id(), link.id);
        }
        id
    }

    /// Notes one click and keeps it.
    pub fn record_click(&self, link: &LinkFact, visit: &Visit<'_>) -> ClickId {
        let mut batch = ClickBatch::default();
        let id = self.note_click(link, visit, &mut batch);
        self.keep_clicks(&batch);
        id
    }

    /// Writes clicks down, as durably as was asked for. Where that fails, the loss is counted and logged,
    /// and the shoppers are sent on all the same.
    pub fn keep_clicks(&self, batch: &ClickBatch) {
        // The spool has counted and logged it.
        let _ = self.spool.append(batch, self.clock.now());
    }

    pub(crate) fn flush_clicks(&self) -> io::Result<()> {
        self.spool.flush()
    }

    /// Whether keeping clicks waits for the disk.
    pub fn keeping_clicks_waits(&self) -> bool {
        self.spool.durability() == ClickDurability::Fsync
    }

    /// An event of an advertiser whose key and signature were checked.
    pub async fn record_event(
        &self,
        advertiser: AdvertiserId,
        event: NewEvent,
        call: impl Into<Arc<Call>>,
    ) -> Result<Taken> {
        let taken = self.record_events(advertiser, vec![(event, call.into())]).await?.pop();
        taken.unwrap_or_else(|| Err(Error::Internal("an event was not answered".into())))
    }

    /// Events of one call, each with what is kept of it should it fail. One result for each, in order.
    pub async fn record_events(
        &self,
        advertiser: AdvertiserId,
        events: Vec<(NewEvent, Arc<Call>)>,
    ) -> Result<Vec<Result<Taken>>> {
        self.ingest.record(advertiser, events, self.clock.now()).await
    }

    /// What recording an event would answer now. Nothing is written.
    pub async fn weigh_event(&self, advertiser: AdvertiserId, event: NewEvent) -> Result<EventAnswer> {
        let prepared = self.ingest.prepare(advertiser, event, self.clock.now());
        let weighed = async {
            if !self.database_is_away() {
                self.ready().await?;
            }
            self.recorder.weigh(&prepared).await
        };
        let weighed = tokio::time::timeout(MOST_WEIGHING, weighed).await;
        let answer = weighed.unwrap_or_else(|_| Err(Error::unavailable("it hangs")))?;
        Ok(EventAnswer { status: EventStatus::Valid, ..answer })
    }

    /// Events that were accepted and wait for the database.
    pub fn events_aside(&self) -> AsideState {
        self.aside.state()
    }

    /// Keeps what an authenticated call got wrong.
    pub fn keep_failure(&self, advertiser: AdvertiserId, call: Call, fault: Fault<'_>) {
        let now = self.clock.now();
        self.failures.keep(StoredFailure {
            id: new_failure_id(now),
            advertiser_id: advertiser,
            api_key_id: call.key,
            code: fault.code.to_owned(),
            status: fault.status,
            detail: fault.detail.to_owned(),
            errors: fault.errors.to_vec(),
            action: call.action,
            idempotency_key: call.idempotency_key,
            body: call.body,
            request_id: call.request_id,
            received_at: now,
            retried_at: None,
            event_id: None,
        });
    }

    /// Waits until every click written down by now is in the database.
    pub async fn drained(&self) -> Result<()> {
        self.drained.all().await
    }
}

/// What a call was answered that was not taken.
#[derive(Clone, Copy, Debug)]
pub struct Fault<'a> {
    pub code: &'a str,
    pub status: u16,
    pub detail: &'a str,
    pub errors: &'a [FieldError],
}

/// What the redirect knows of whoever followed the link.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    pub ip: IpAddr,
    pub is_prefetch: bool,
    pub user_agent: &'a [u8],
    pub referrer: &'a [u8],
}
