//! One installation for one test: an engine on a fresh database, and short ways to set it up.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use engine::{
    Call, Clock, CountryFile, Engine, IpStorage, LoginLimits, Options, Session, SpoolOptions, Taken, Visit, Workers,
    kept_body,
};
use model::{
    AdvertiserId, Fields, FromFields, InfluencerId, Timestamp,
    account::{Account, AccountStatus, Credentials, Role},
    advertiser::{Advertiser, NewAdvertiser},
    attribution::Attribution,
    campaign::{Campaign, NewCampaign},
    coupon::{Coupon, NewCoupon},
    event::{Arrival, EventAnswer, NewEvent},
    influencer::{Influencer, NewInfluencer},
    link::{Link, NewLink},
    page::ListQuery,
    stats::{Figures, StatsQuery},
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, SqliteConnection, raw_sql};
use tempfile::TempDir;

use crate::databases::Database;

pub const NOON: Timestamp = Timestamp(1_800_000_000_000);
pub const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

pub struct World {
    pub engine: Engine,
    workers: Option<Workers>,
    pub clock: Arc<AtomicI64>,
    pub folder: TempDir,
    pub database: Database,
}

/// A campaign that is ready to run.
pub struct Running {
    pub advertiser: Advertiser,
    pub campaign: Campaign,
    pub influencer: Influencer,
    pub link: Link,
}

impl World {
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, SpoolOptions::default()).await
    }

    pub async fn start_with(database: Database, spool: SpoolOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicI64::new(NOON.0));
        let options = Options { spool, ..options(&folder, &database, &clock) };
        let (engine, workers) = Engine::open(options).await.unwrap();
        Self { engine, workers: Some(workers), clock, folder, database }
    }

    pub fn options(&self) -> Options {
        options(&self.folder, &self.database, &self.clock)
    }

    /// Stops the engine in order and opens it again on the same data.
    pub async fn restart(self) -> Self {
        self.stop().await.open().await
    }

    /// Stops the engine in order. Its data stay.
    pub async fn stop(mut self) -> Stopped {
        assert!(self.workers.take().unwrap().stop(self.engine).await.unwrap(), "all is written");
        Stopped { clock: self.clock, folder: self.folder, database: self.database }
    }

    /// Stops the engine while the database does not take everything. What waits is in the folder.
    pub async fn stop_waiting(mut self) -> Stopped {
        self.workers.take().unwrap().stop(self.engine).await.unwrap();
        Stopped { clock: self.clock, folder: self.folder, database: self.database }
    }

    pub async fn end(self) {
        if let Some(workers) = self.workers {
            assert!(workers.stop(self.engine).await.unwrap(), "all is written");
        }
        self.database.remove().await;
    }

    /// How many rows a table has that answer a condition.
    pub async fn count(&self, from: &str) -> i64 {
        let url = self.database.url(self.folder.path());
        let sql = AssertSqlSafe(format!("SELECT COUNT(*) FROM {from}"));
        match &self.database {
            Database::Sqlite => {
                let mut connection = SqliteConnection::connect(&url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
            Database::MySql { .. } => {
                let mut connection = MySqlConnection::connect(&url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// Whether every sum is what clicks and events come to; where not, what differs.
    pub async fn assert_figures(&self) {
        let checked = engine::check_figures(&self.options(), 5, |_, _| {}).await.unwrap();
        let differences: Vec<String> = checked.differences.iter().map(ToString::to_string).collect();
        assert!(checked.is_right(), "{differences:?}, {} strays", checked.strays);
    }

    /// SQL past the engine: what it never writes itself.
    pub async fn execute(&self, sql: &str) {
        self.hold(sql).await.end().await;
    }

    /// Sums anew what is there, as in a database that was restored: its sums are as old as its rows.
    pub async fn sum_up_again(&self) {
        sum_up_again(&self.database, &self.folder).await;
    }

    /// A transaction of somebody else's, open until it is ended.
    pub async fn hold(&self, sql: &str) -> Held {
        Held::begin(&self.database, &self.folder, sql).await
    }

    pub fn set_clock(&self, at: Timestamp) {
        self.clock.store(at.0, Ordering::Relaxed);
    }

    pub async fn advertiser(&self, name: &str) -> Advertiser {
        let new = read(json!({ "name": name }), NewAdvertiser::read);
        self.engine.create_advertiser(&admin(), new).await.unwrap()
    }

    pub async fn influencer(&self, name: &str) -> Influencer {
        let new = read(json!({ "name": name, "email": "someone@social.example" }), NewInfluencer::read);
        self.engine.create_influencer(&admin(), new).await.unwrap()
    }

    pub async fn campaign(&self, advertiser: AdvertiserId, more: Value) -> Campaign {
        let mut body =
            json!({ "advertiser_id": advertiser, "name": "Spring", "destination_url": "https://shop.example/p" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.engine.create_campaign(&admin(), read(body, NewCampaign::read)).await.unwrap()
    }

    pub async fn link(&self, campaign: &Campaign, influencer: Option<&Influencer>) -> Link {
        let body = json!({ "campaign_id": campaign.id, "influencer_id": influencer.map(|influencer| influencer.id) });
        self.engine.create_link(&admin(), read(body, NewLink::read)).await.unwrap()
    }

    pub async fn coupon(
        &self,
        campaign: &Campaign,
        influencer: Option<&Influencer>,
        code: &str,
    ) -> engine::Result<Coupon> {
        let body = json!({ "campaign_id": campaign.id, "influencer_id": influencer.map(|influencer| influencer.id), "code": code });
        self.engine.create_coupon(&admin(), read(body, NewCoupon::read)).await
    }

    pub async fn running(&self) -> Running {
        let advertiser = self.advertiser("Shop").await;
        let campaign = self.campaign(advertiser.id, json!({})).await;
        let influencer = self.influencer("Anna").await;
        self.engine.assign(&admin(), campaign.id, influencer.id).await.unwrap();
        let link = self.link(&campaign, Some(&influencer)).await;
        Running { advertiser, campaign, influencer, link }
    }

    pub fn click(&self, link: &Link, ip: &str, user_agent: &str) -> model::ClickId {
        let fact = self.engine.link(&link.code).expect("the link is known at once");
        let ip: IpAddr = ip.parse().unwrap();
        let visit = Visit {
            ip,
            is_prefetch: false,
            user_agent: user_agent.as_bytes(),
            referrer: b"https://social.example/p/1",
        };
        self.engine.record_click(&fact, &visit)
    }

    pub async fn send(&self, advertiser: AdvertiserId, body: Value) -> engine::Result<EventAnswer> {
        match self.take(advertiser, body).await? {
            Taken::Recorded(answer) => Ok(answer),
            Taken::Queued(id) => panic!("{id} was put aside"),
        }
    }

    pub async fn take(&self, advertiser: AdvertiserId, body: Value) -> engine::Result<Taken> {
        let now = self.engine.now();
        let read_event =
            |fields: &mut Fields| NewEvent::read(fields, Arrival { now, action: None, idempotency_key: None });
        self.engine.record_event(advertiser, read(body, read_event), call()).await
    }

    /// Waits until no event is aside.
    pub async fn none_aside(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.engine.events_aside().events > 0 {
            assert!(Instant::now() < deadline, "{:?}", self.engine.events_aside());
            tokio::task::yield_now().await;
        }
    }

    pub async fn credit(&self, advertiser: AdvertiserId, body: Value) -> Attribution {
        self.send(advertiser, body).await.unwrap().attribution
    }

    pub async fn figures(&self, query: StatsQuery) -> Figures {
        self.engine.overview(&admin(), &query).await.unwrap().figures
    }
}

/// A world between two starts.
pub struct Stopped {
    clock: Arc<AtomicI64>,
    folder: TempDir,
    database: Database,
}

impl Stopped {
    /// Before the first start.
    pub fn new(database: Database) -> Self {
        Self { clock: Arc::new(AtomicI64::new(NOON.0)), folder: tempfile::tempdir().unwrap(), database }
    }

    /// SQL past the engine.
    pub async fn execute(&self, sql: &str) {
        Held::begin(&self.database, &self.folder, sql).await.end().await;
    }

    pub async fn sum_up_again(&self) {
        sum_up_again(&self.database, &self.folder).await;
    }

    pub fn options(&self) -> Options {
        options(&self.folder, &self.database, &self.clock)
    }

    /// For good.
    pub async fn remove(self) {
        self.database.remove().await;
    }

    pub async fn open(self) -> World {
        let options = self.options();
        self.open_with(options).await
    }

    pub async fn open_with(self, options: Options) -> World {
        let (engine, workers) = Engine::open(options).await.unwrap();
        engine.ready().await.unwrap();
        World { engine, workers: Some(workers), clock: self.clock, folder: self.folder, database: self.database }
    }
}

async fn sum_up_again(database: &Database, folder: &TempDir) {
    let migrations = match database {
        Database::Sqlite => [
            include_str!("../../../migrations/sqlite/0004_rollups.sql"),
            include_str!("../../../migrations/sqlite/0006_hours.sql"),
        ],
        Database::MySql { .. } => [
            include_str!("../../../migrations/mysql/0004_rollups.sql"),
            include_str!("../../../migrations/mysql/0006_hours.sql"),
        ],
    };
    let fill = |migration: &'static str| {
        let (_, fill) = migration.split_once("-- What is there already.").unwrap();
        fill.split_once('\n').unwrap().1.split(';')
    };
    let mut held = Held::begin(database, folder, "DELETE FROM click_totals").await;
    for table in ["event_totals", "click_shares", "event_shares"] {
        held.execute(&format!("DELETE FROM {table}")).await;
    }
    for statement in migrations.into_iter().flat_map(fill).filter(|statement| !statement.trim().is_empty()) {
        held.execute(statement).await;
    }
    held.end().await;
}

/// A transaction past the engine.
pub enum Held {
    Sqlite(SqliteConnection),
    MySql(MySqlConnection),
}

impl Held {
    async fn begin(database: &Database, folder: &TempDir, sql: &str) -> Self {
        let url = database.url(folder.path());
        let mut held = match database {
            Database::Sqlite => Self::Sqlite(SqliteConnection::connect(&url).await.unwrap()),
            Database::MySql { .. } => Self::MySql(MySqlConnection::connect(&url).await.unwrap()),
        };
        held.execute("BEGIN").await;
        held.execute(sql).await;
        held
    }

    async fn execute(&mut self, sql: &str) {
        let sql = raw_sql(AssertSqlSafe(sql.to_owned()));
        let done = match self {
            Self::Sqlite(connection) => sql.execute(connection).await.map(drop),
            Self::MySql(connection) => sql.execute(connection).await.map(drop),
        };
        done.unwrap();
    }

    pub async fn end(mut self) {
        self.execute("COMMIT").await;
    }
}

pub fn options(folder: &TempDir, database: &Database, clock: &Arc<AtomicI64>) -> Options {
    Options {
        database_url: database.url(folder.path()),
        data_dir: folder.path().to_owned(),
        secret_key_file: folder.path().join("secret.key"),
        public_url: "http://127.0.0.1:3000".into(),
        spool: SpoolOptions::default(),
        ip_storage: IpStorage::Truncated,
        country_file: CountryFile::None,
        login_limits: LoginLimits::default(),
        retention: engine::Retention::default(),
        clock: Clock::Set(Arc::clone(clock)),
    }
}

/// A call of a key that nobody has.
pub fn call() -> Call {
    Call {
        key: uuid::Uuid::nil().into(),
        action: None,
        idempotency_key: None,
        body: kept_body(b"{}"),
        request_id: String::new(),
    }
}

pub fn read<T>(body: Value, read: impl FnOnce(&mut Fields) -> Option<T>) -> T {
    let mut fields = Fields::parse(body.to_string().as_bytes()).unwrap();
    let whole = read(&mut fields);
    fields.finish(whole).unwrap()
}

pub fn credentials(email: &str, password: &str) -> Credentials {
    Credentials { email: email.into(), password: password.into() }
}

/// Every item of a list's first page.
pub fn all() -> ListQuery {
    ListQuery::default()
}

pub fn admin() -> Session {
    session(Role::Admin, None)
}

pub fn shop_session(advertiser: AdvertiserId) -> Session {
    session(Role::Advertiser, Some(advertiser))
}

pub fn influencer_session(influencer: InfluencerId) -> Session {
    let mut session = session(Role::Influencer, None);
    session.account.influencer_id = Some(influencer);
    session
}

fn session(role: Role, advertiser_id: Option<AdvertiserId>) -> Session {
    Session {
        account: Account {
            id: uuid::Uuid::nil().into(),
            email: "someone@example.com".into(),
            role,
            advertiser_id,
            influencer_id: None,
            status: AccountStatus::Active,
            has_password: true,
            created_at: Timestamp(0),
            version: 0,
        },
        expires_at: Timestamp(i64::MAX),
    }
}
