//! One server on one MariaDB under load, and what is asked of it before, during and after a fault.

use std::{
    fmt,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bench::{
    flood::Outcome,
    ledger::{
        Ledger,
        check::{Findings, check_within},
    },
};
use reqwest::StatusCode;
use sqlx::{Connection, MySqlConnection};
use tempfile::TempDir;

use super::{Load, MOST_WAIT, MariaDb, Proxy, Server, Way, mariadb, server::Start, until};

/// What the log says when a database goes, and when it returns.
const GONE: &str = "the database does not answer; redirects go on";
const BACK: &str = "the database answers again";

pub struct Trial {
    load: Option<Load>,
    /// Of loads that have ended.
    outcomes: Vec<Outcome>,
    pub server: Server,
    pub start: Start,
    pub token: String,
    pub database: MariaDb,
    pub proxy: Proxy,
    code: String,
    /// How long an outage went unsaid.
    unsaid: Duration,
    _folder: TempDir,
}

impl Trial {
    /// The server asks the database itself.
    pub async fn direct() -> Self {
        Self::new(|database, _| mariadb::url(database.port())).await
    }

    /// The server asks the database through the proxy.
    pub async fn through_proxy() -> Self {
        Self::new(|_, proxy| mariadb::url(proxy.port)).await
    }

    async fn new(url: impl FnOnce(&MariaDb, &Proxy) -> String) -> Self {
        let database = MariaDb::start().await;
        let proxy = Proxy::start(database.port(), Way::Open);
        let folder = tempfile::tempdir().unwrap();
        let start = Start::new(folder.path(), Some(url(&database, &proxy)));
        let server = Server::start(&start).await;
        let (code, _) = server.set_up().await;
        let token = server.log_in().await;
        let load = Load::start(&server.base, &code);
        let load = Some(load);
        let (outcomes, unsaid) = (Vec::new(), Duration::ZERO);
        let trial = Self { load, outcomes, server, start, token, database, proxy, code, unsaid, _folder: folder };
        // Clicks are reaching the database, and the links the disk.
        trial.until_in_use(Instant::now()).await;
        let snapshot = trial.start.folder.join("data/links.snapshot");
        until("the links are on disk", async || snapshot.exists()).await;
        assert!(trial.server.diagnostics(&trial.token).await.is_some(), "diagnostics answer");
        trial
    }

    /// Waits until it is said everywhere that the database is away; then for the rest of the outage.
    pub async fn outage(&mut self) {
        let begun = Instant::now();
        until("the server says that it is not ready", async || !self.server.is_ready().await).await;
        until("the log says what is wrong", async || self.server.said("ERROR", GONE) == 1).await;
        self.unsaid = begun.elapsed();
        assert_eq!(self.server.status("/healthz").await, Some(StatusCode::OK), "it serves all the same");
        tokio::time::sleep(super::outage().saturating_sub(begun.elapsed())).await;
        let told = self.server.diagnostics(&self.token).await.expect("diagnostics answer in an outage");
        assert_eq!(told["database"]["answers"], false, "{told}");
        assert!(told["spool"]["waiting_bytes"].as_u64().unwrap() > 0, "{told}");
        assert!(told["spool"]["oldest_age_ms"].as_i64().unwrap() > 0, "{told}");
        assert!(told["totals"]["links"] == 1, "what was known last is still told: {told}");
        assert_eq!(self.server.said("ERROR", GONE), 1, "once, not every second: {}", self.server.log());
    }

    /// The server is stopped, and started again after a fault. Its visitors come back at once.
    pub async fn start_after(&mut self, fault: impl AsyncFnOnce(&mut MariaDb, &Proxy)) {
        tokio::time::sleep(super::outage() / 6).await;
        self.outcomes.push(self.load.take().unwrap().end_without_a_miss());
        self.server.end();
        fault(&mut self.database, &self.proxy).await;
        self.server = Server::start(&self.start).await;
        self.load = Some(Load::start(&self.server.base, &self.code));
    }

    /// Waits until the server is ready, and until it has moved clicks into the database since a moment.
    pub async fn until_in_use(&self, since: Instant) -> InUse {
        let moment = SystemTime::now() - since.elapsed();
        let moment = i64::try_from(moment.duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        let mut conn = MySqlConnection::connect(&self.database.url()).await.unwrap();
        let mut found = InUse::default();
        until("the server is ready, and clicks reach the database", async || {
            if found.ready.is_none() && self.server.is_ready().await {
                found.ready = Some(since.elapsed());
            }
            let moved: Option<i64> =
                sqlx::query_scalar("SELECT MAX(moved_at) FROM spools").fetch_one(&mut conn).await.unwrap();
            if found.moving.is_none() && moved > Some(moment) {
                found.moving = Some(since.elapsed());
            }
            found.ready.is_some() && found.moving.is_some()
        })
        .await;
        found
    }

    /// Ends the load, waits for the drain, and holds the ledger against the database.
    pub async fn finish(mut self, fault: &str, in_use: InUse) {
        let outcome = self.load.take().unwrap().end_without_a_miss();
        self.outcomes.push(outcome);
        assert_eq!(self.server.said("WARN", BACK), self.server.said("ERROR", GONE), "{}", self.server.log());
        let errors = self.server.said("ERROR", "");
        assert!(errors <= 5, "{errors} lines for one outage: {}", self.server.log());
        let drained = count(self.outcomes, &self.database.url(), fault).await;
        let (unsaid, drained) = (self.unsaid.as_secs_f64(), drained.as_secs_f64());
        println!("{fault}: said after {unsaid:.1} s; {in_use}; the log was empty {drained:.1} s after the load");
        until("nothing waits", async || {
            let told = self.server.diagnostics(&self.token).await;
            told.is_some_and(|told| told["spool"]["waiting_bytes"] == 0 && told["database"]["answers"] == true)
        })
        .await;
        self.server.end();
    }
}

/// How long after a moment the database was in use.
#[derive(Clone, Copy, Debug, Default)]
pub struct InUse {
    ready: Option<Duration>,
    /// By the drain.
    moving: Option<Duration>,
}

impl fmt::Display for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64();
        write!(f, "ready after {:.1} s, clicks moving after {:.1} s", seconds(self.ready), seconds(self.moving))
    }
}

/// Every click that was answered is counted once; how long that took.
pub async fn count(outcomes: Vec<Outcome>, database: &str, fault: &str) -> Duration {
    let begun = Instant::now();
    let ledgers: Vec<Ledger> = outcomes.into_iter().map(|outcome| outcome.ledger.unwrap()).collect();
    let found = check_within(ledgers, database, MOST_WAIT).await.unwrap();
    for found in &found {
        assert!(found.holds(), "{fault}: {found}");
    }
    let sum = |part: fn(&Findings) -> u64| found.iter().map(part).sum::<u64>();
    println!(
        "{fault}: {} answered, {} of unknown fate, {} counted, none twice",
        sum(|it| it.answered),
        sum(|it| it.unknown),
        sum(|it| it.recorded)
    );
    begun.elapsed()
}
