//! How the platform stands, what is still to be set up, and the look-up box.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use model::{
    AdvertiserId, ClickId, EventId, Timestamp,
    account::Account,
    overview::{
        DatabaseKind, DatabaseState, Diagnostics, FailureCount, Find, Finds, FolderState, LastDay, QueueState,
        SpoolState, Totals,
    },
    page::ListQuery,
    time::{DAY, SECOND},
};
use uuid::Uuid;

pub use crate::db::overview::Beginnings;
use crate::{
    Engine, Session,
    db::{self, Conn, names::Within, overview::Happenings},
    error::{Error, Result},
    events::derived_id,
};

/// Newest accounts shown.
const SIGN_UPS: u32 = 10;
/// An advertiser with a click or event in so many milliseconds is active.
const ACTIVE: i64 = 30 * DAY;
const MOST_SEARCH: usize = 255;
/// Counts of all clicks and events may be so many milliseconds old, and so many times as old as they took.
const FRESH: i64 = 5 * SECOND;
const FRESH_TIMES: i64 = 50;

/// What was counted last, and when.
#[derive(Default)]
pub(crate) struct Counted {
    happenings: tokio::sync::Mutex<Option<(Fresh, Happenings)>>,
    stored: Mutex<Stored>,
}

/// From when to when counts may be told.
struct Fresh(std::ops::Range<i64>);

/// The part of diagnostics that the database knows. It is told as it was last while the database is away.
#[derive(Clone, Debug, Default)]
struct Stored {
    totals: Totals,
    active_advertisers: i64,
    events_this_month: i64,
    last_day: LastDay,
    recent_sign_ups: Vec<Account>,
    failures_by_code: Vec<FailureCount>,
    latency_ms: Option<f64>,
    version: Option<String>,
    bytes: Option<u64>,
}

impl Engine {
    pub async fn diagnostics(&self, session: &Session) -> Result<Diagnostics> {
        session.admin()?;
        let now = self.clock.now();
        let spool = self.spool_state().await;
        let (stored, answers) = match self.stored(now).await {
            Ok(stored) => (stored, true),
            Err(Error::Unavailable(_)) => {
                let last = self.counted.stored.lock().unwrap_or_else(PoisonError::into_inner).clone();
                (Stored { latency_ms: None, ..last }, false)
            }
            Err(error) => return Err(error),
        };
        let (depth, capacity) = self.ingest.depth();
        let aside = self.events_aside();
        Ok(Diagnostics {
            totals: stored.totals,
            active_advertisers: stored.active_advertisers,
            events_this_month: stored.events_this_month,
            last_day: stored.last_day,
            recent_sign_ups: stored.recent_sign_ups,
            spool,
            queue: QueueState {
                depth: depth as u64,
                capacity: capacity as u64,
                aside: aside.events,
                oldest_aside_age_ms: aside.oldest.map(|at| now.0.saturating_sub(at.0).max(0)),
            },
            database: DatabaseState {
                answers,
                latency_ms: stored.latency_ms,
                kind: if self.db.has_one_writer() { DatabaseKind::Sqlite } else { DatabaseKind::MySql },
                version: stored.version,
                bytes: stored.bytes,
            },
            failures_by_code: stored.failures_by_code,
            data_folder: self.data_folder(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_ms: u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX),
            now,
        })
    }

    async fn stored(&self, now: Timestamp) -> Result<Stored> {
        let Happenings { clicks, events, active_advertisers, events_this_month, last_day } =
            self.happenings(now).await?;
        let mut conn = self.db.read().await?;
        let asked = Instant::now();
        db::installation::version(&mut conn).await?;
        let latency_ms = Some(asked.elapsed().as_secs_f64() * 1000.0);
        let (version, bytes) = db::overview::about(&mut conn).await?;
        let newest = ListQuery { limit: Some(SIGN_UPS), ..ListQuery::default() };
        let stored = Stored {
            totals: Totals { clicks, events, ..db::overview::totals(&mut conn).await? },
            active_advertisers,
            events_this_month,
            last_day,
            recent_sign_ups: db::accounts::list(&mut conn, &newest).await?.items,
            failures_by_code: db::failures::by_code(&mut conn).await?,
            latency_ms,
            version,
            bytes: bytes.map(i64::unsigned_abs),
        };
        self.counted.stored.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&stored);
        Ok(stored)
    }

    /// Whoever asks while they are counted waits for that count, and holds no connection meanwhile.
    async fn happenings(&self, now: Timestamp) -> Result<Happenings> {
        let mut counted = self.counted.happenings.lock().await;
        if let Some((fresh, happenings)) = &*counted
            && fresh.0.contains(&now.0)
        {
            return Ok(*happenings);
        }
        let mut conn = self.db.read().await?;
        let asked = Instant::now();
        let (late, month, day) = (now.plus(-ACTIVE), now.start_of_month(), now.plus(-DAY));
        let happenings = db::overview::happenings(&mut conn, late, month, day).await?;
        // However many rows there are, whoever watches this page costs little.
        let took = i64::try_from(asked.elapsed().as_millis()).unwrap_or(i64::MAX / FRESH_TIMES);
        *counted = Some((Fresh(now.0..now.0 + FRESH.max(took * FRESH_TIMES)), happenings));
        Ok(happenings)
    }

    fn data_folder(&self) -> FolderState {
        let Some(disk) = self.disk() else { return FolderState::default() };
        let bytes = |blocks: u64| Some(blocks.saturating_mul(disk.f_frsize));
        FolderState { free_bytes: bytes(disk.f_bavail), total_bytes: bytes(disk.f_blocks) }
    }

    async fn spool_state(&self) -> SpoolState {
        let health = self.spool_health();
        let oldest_age_ms = self.click_delay().await;
        SpoolState {
            waiting_bytes: health.waiting_bytes,
            used_bytes: health.room.used,
            max_bytes: health.room.max,
            oldest_age_ms,
            clicks_lost: health.lost,
            is_displaced: health.is_displaced,
        }
    }

    /// Which steps of the set-up are done; of one advertiser, or of the platform.
    pub async fn beginnings(&self, session: &Session, of: Option<AdvertiserId>) -> Result<Beginnings> {
        let within = session.tenant()?.or(of);
        db::overview::beginnings(&mut self.db.read().await?, within).await
    }

    /// What things are called, for pages that show names where rows hold ids. What is not for the session to see has
    /// no name.
    pub async fn names(&self, session: &Session, mut ids: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
        let within = match session.own_influencer()? {
            Some(own) => Within::Influencer(own),
            None => session.tenant()?.map_or(Within::All, Within::Advertiser),
        };
        ids.sort_unstable();
        ids.dedup();
        db::names::within(&mut self.db.read().await?, within, &ids).await
    }

    /// How long the oldest click has waited that figures do not count yet, in milliseconds; None where none waits.
    /// For whoever sees figures: it says nothing else of the platform.
    pub async fn click_delay(&self) -> Option<i64> {
        self.oldest_waiting().await.map(|at| self.clock.now().0.saturating_sub(at.0).max(0))
    }

    /// When links were last followed and coupons last credited, for those that ever were.
    pub async fn last_uses(&self, session: &Session, ids: &[Uuid]) -> Result<HashMap<Uuid, Timestamp>> {
        session.admin()?;
        db::uses::of(&mut self.db.read().await?, ids).await
    }

    /// The records that a text names: a coupon's or link's code, an order number, or the id of a click, event or
    /// request.
    pub async fn look_up(&self, session: &Session, text: &str) -> Result<Finds> {
        let within = session.tenant()?;
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MOST_SEARCH {
            return Err(Error::invalid("q", format!("must be 1 to {MOST_SEARCH} characters")));
        }
        let mut conn = self.db.read().await?;
        let mut items = Vec::new();
        let code = text.rsplit_once("/r/").map_or(text, |(_, code)| code);
        items.extend(self.coupons_of_code(&mut conn, within, text).await?.into_iter().map(Find::Coupon));
        items.extend(db::links::of_code(&mut conn, within, code).await?.map(|link| Find::Link(self.shown(link))));
        items.extend(self.orders(&mut conn, within, text).await?);
        if let Ok(id) = Uuid::try_parse(text) {
            let click = db::activity::click(&mut conn, within, ClickId(id)).await?;
            items.extend(click.map(|mut click| {
                if within.is_some() {
                    click.ip = None;
                }
                Find::Click(click)
            }));
            items
                .extend(db::activity::events_of(&mut conn, within, &[EventId(id)]).await?.into_iter().map(Find::Event));
        }
        items.extend(db::failures::of_request(&mut conn, within, text).await?.into_iter().map(Find::Failure));
        Ok(Finds { items })
    }

    /// The events of an order number: its row's id follows from advertiser and number.
    async fn orders(&self, conn: &mut Conn, within: Option<AdvertiserId>, number: &str) -> Result<Vec<Find>> {
        let advertisers = match within {
            Some(tenant) => vec![tenant],
            None => self.catalog.advertiser_ids(),
        };
        let ids: Vec<EventId> = advertisers.into_iter().map(|advertiser| derived_id(advertiser, number)).collect();
        Ok(db::activity::events_of(conn, within, &ids).await?.into_iter().map(Find::Event).collect())
    }
}
