//! Shoppers and shops together, for long: above what is allowed (`make test-load`), and at half of what the machine can do
//! (`make test-soak`). Memory stays, no descriptor is left open, figures are exact to the last cent.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use bench::flood::{self, Lists, Outcome, Pace, Target};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{
    Load, MariaDb, Server, Shop, Start, Watch, Watched, count,
    sales::{Plan, Sales, Tally},
    until,
};

/// Tenants, each with a key: together they may send ten times a key's share.
const SHOPS: usize = 10;
/// What one key may send at once, by default.
const BURST: f64 = 5000.0;
/// What ten keys may go on sending each second, a little more at the beginning.
const TAKEN: f64 = 10_500.0;
const GIB: f64 = (1_u32 << 30) as f64;
/// Connections of shoppers.
const CONNECTIONS: usize = 256;
/// What a click and an event take of the disk, in bytes: rows, indexes, sums.
const CLICK_BYTES: f64 = 600.0;
const EVENT_BYTES: f64 = 1600.0;
/// How long a drain may lag behind at the end.
const MOST_LAG: Duration = Duration::from_secs(900);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: make test-load"]
async fn ten_times_the_burst_beside_redirects_leaves_memory_flat_and_figures_exact() {
    let site = Site::start(&[("TRIBUTARY_SPOOL_MAX", "4GiB")]).await;
    let minutes = number("TRIBUTARY_LOAD_MINUTES", 10.0);
    // Ten keys, each with a whole burst every second: five times what it may go on sending.
    let events = number("TRIBUTARY_LOAD_EVENTS", 10.0 * BURST);
    let redirects = number("TRIBUTARY_LOAD_REDIRECTS", 10_000.0);
    let wanted = minutes * 60.0 * (redirects * CLICK_BYTES + TAKEN * EVENT_BYTES);
    assert!(
        site.room() > wanted * 1.2,
        "{:.0} GiB of disk are needed, {:.0} are free",
        wanted / GIB,
        site.room() / GIB
    );
    let sales = site.sales(Some(events), 100, 20, "L");
    let ran = site.run(Pace::Constant(redirects), &sales, minutes).await;
    ran.tell();
    // Who is answered later than he may come next sends less than he may: then the machine is the limit, not the key.
    let taken = ran.tally.taken() as f64 / ran.time.as_secs_f64();
    println!("taken {taken:.0} events/s of {TAKEN:.0} that ten keys may send");
    assert!(
        ran.tally.refused > 0 || taken < TAKEN,
        "ten bursts a second are more than is allowed: {:?}",
        ran.tally.others
    );
    assert!(ran.tally.taken() > 0);
    ran.holds(16 * 1024);
    site.ends_exact(ran).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes an hour: make test-soak"]
async fn an_hour_at_half_of_capacity_leaves_memory_descriptors_and_ledger_as_they_should_be() {
    let site = Site::start(&[("TRIBUTARY_SPOOL_MAX", "1GiB"), ("TRIBUTARY_EVENTS_PER_SECOND", "0")]).await;
    let minutes = number("TRIBUTARY_SOAK_MINUTES", 60.0);
    let (first, redirects, events) = site.capacity().await;
    println!("capacity, drained: {redirects:.0} redirects/s and {events:.0} events/s together");
    // The disk is no part of the question: what an hour leaves there must fit.
    let room = number("TRIBUTARY_SOAK_GIB", 20.0).min(site.room() / GIB / 2.0) * GIB / (minutes * 60.0);
    let fits = (room / (redirects / 2.0 * CLICK_BYTES + events / 2.0 * EVENT_BYTES)).min(1.0);
    let (redirects, events) = (redirects / 2.0 * fits, events / 2.0 * fits);
    println!(
        "offered for {minutes} minutes: {redirects:.0} redirects/s, {events:.0} events/s; {:.0} % of a half",
        fits * 100.0
    );

    let sales = site.sales(Some(events), 1, 32, "S");
    let mut ran = site.run(Pace::Poisson(redirects), &sales, minutes).await;
    ran.tell();
    assert_eq!(ran.tally.refused, 0, "nobody is limited here");
    ran.holds(5 * 1024);
    ran.outcomes.extend(first.outcomes);
    ran.tally.add(first.tally);
    site.ends_exact(ran).await;
}

/// A server with shops.
struct Site {
    server: Server,
    shops: Vec<Shop>,
    token: String,
    /// MariaDB where `TRIBUTARY_LOAD_ON` says so, else SQLite in the folder.
    database: Option<MariaDb>,
    folder: tempfile::TempDir,
    /// Before anybody came.
    descriptors: usize,
}

struct Ran {
    outcomes: Vec<Outcome>,
    tally: Tally,
    watched: Watched,
    time: Duration,
    idle_descriptors: (usize, usize),
}

fn number(name: &str, usual: f64) -> f64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

impl Site {
    async fn start(environment: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let on_mariadb = std::env::var("TRIBUTARY_LOAD_ON").is_ok_and(|on| on == "mariadb");
        let database = if on_mariadb { Some(MariaDb::start().await) } else { None };
        let mut start = Start::new(folder.path(), database.as_ref().map(MariaDb::url));
        start.environment.extend(environment.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let server = Server::start(&start).await;
        let mut shops = Vec::new();
        for _ in 0..SHOPS {
            shops.push(Shop::open(&server).await);
        }
        let token = server.log_in().await;
        let descriptors = server.descriptors();
        Self { server, shops, token, database, folder, descriptors }
    }

    /// Bytes that are free on the disk.
    fn room(&self) -> f64 {
        let disk = rustix::fs::statvfs(self.folder.path()).unwrap();
        (disk.f_bavail * disk.f_frsize) as f64
    }

    fn database(&self) -> String {
        let file = || self.folder.path().join("data/tributary.db").display().to_string();
        self.database.as_ref().map_or_else(file, MariaDb::url)
    }

    fn sales(&self, per_second: Option<f64>, batch: u64, lanes: u64, name: &'static str) -> Plan {
        Plan { shops: self.shops.clone(), per_second, batch, lanes, name }
    }

    fn shoppers(&self, pace: Pace) -> Load {
        let codes = self.shops.iter().flat_map(|shop| shop.links.clone()).collect();
        let target = Target::parse(&format!("{}/r/{{code}}", self.server.base)).unwrap();
        let lists = Lists { codes, ..Lists::default() };
        let connections = if pace == Pace::Closed { 64 } else { CONNECTIONS };
        Load::of(flood::Plan { pace, connections, lists, ledger: true, ..flood::Plan::new(target) })
    }

    async fn run(&self, pace: Pace, sales: &Plan, minutes: f64) -> Ran {
        let watch = Watch::start(&self.server);
        let begun = Instant::now();
        let (load, sales) = (self.shoppers(pace), Sales::start(sales));
        tokio::time::sleep(Duration::from_secs_f64(minutes * 60.0)).await;
        let tally = sales.end().await;
        let outcome = tokio::task::spawn_blocking(|| load.end()).await.unwrap();
        let (time, watched) = (begun.elapsed(), watch.end());
        let lag = self.drained().await;
        println!("the log was empty {:.1} s after the last click", lag.as_secs_f64());
        // Connections of those who left, and of the database that nobody uses, are closed by now.
        until("descriptors are closed", async || self.server.descriptors() <= self.descriptors + 4).await;
        let idle_descriptors = (self.descriptors, self.server.descriptors());
        Ran { outcomes: vec![outcome], tally, watched, time, idle_descriptors }
    }

    /// What is answered and drained a second, of both at once, with everybody sending as fast as he is answered.
    async fn capacity(&self) -> (Ran, f64, f64) {
        let begun = Instant::now();
        let sales = self.sales(None, 1, 32, "C");
        let ran = self.run(Pace::Closed, &sales, 20.0 / 60.0).await;
        let seconds = begun.elapsed().as_secs_f64();
        let redirects = ran.outcomes[0].summary().redirects as f64 / seconds;
        let events = ran.tally.taken() as f64 / ran.time.as_secs_f64();
        (ran, redirects, events)
    }

    /// Waits until every click and event is in the database.
    async fn drained(&self) -> Duration {
        let begun = Instant::now();
        loop {
            let told = self.server.diagnostics(&self.token).await.expect("diagnostics answer");
            assert_eq!(told["spool"]["clicks_lost"], 0, "{told}");
            if told["spool"]["waiting_bytes"] == 0 && told["queue"]["aside"] == 0 {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < MOST_LAG, "{told}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Ledger, database, figures and sums say the same.
    async fn ends_exact(mut self, ran: Ran) {
        let redirected: u64 = ran.outcomes.iter().map(|outcome| outcome.summary().redirects).sum();
        let (status, told) = self.server.ask(Method::GET, "stats/overview?range=7d", &self.token, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        let euros = format!("{}.{:02}", ran.tally.worth / 100, ran.tally.worth % 100);
        assert_eq!((&told["clicks"], &told["bot_clicks"]), (&json!(redirected), &json!(0)), "every answered click");
        assert_eq!(told["conversions"], json!(ran.tally.taken()), "every event that was taken");
        assert_eq!(told["attributed_conversions"], told["conversions"], "each names a coupon");
        assert_eq!(told["gmv"], json!([{ "amount": euros, "currency": "EUR" }]), "to the cent");
        assert_eq!(self.server.said("ERROR", ""), 0, "{}", self.server.log());
        self.server.end();
        let log = self.server.log();
        let warnings = log.lines().filter(|line| line.contains(r#""level":"WARN""#)).count();
        let size = std::fs::metadata(self.folder.path().join("data/tributary.db")).map_or(0, |meta| meta.len());
        println!("the database takes {:.2} GiB of the disk", size as f64 / GIB);
        println!("the log has {warnings} warnings and no error");
        count(ran.outcomes, &self.database(), "under load").await;
        let checked = Command::new(env!("CARGO_BIN_EXE_tributary"))
            .args(["check", "--figures", "--log", "error"])
            .args(self.database.iter().flat_map(|database| ["--database-url".into(), database.url()]))
            .arg("--data-dir")
            .arg(self.folder.path().join("data"))
            .output()
            .unwrap();
        assert!(checked.status.success(), "{checked:?}");
        println!("figures: {}", String::from_utf8_lossy(&checked.stdout).trim().lines().last().unwrap_or_default());
    }
}

impl Ran {
    fn tell(&self) {
        for outcome in &self.outcomes {
            println!("redirects: {}", outcome.summary());
        }
        let (tally, seconds) = (&self.tally, self.time.as_secs_f64());
        println!(
            "events: offered {:.0}/s, taken {:.0}/s ({} recorded, {} aside), {} refused with 429, others {:?}; \
             a request p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms",
            tally.offered as f64 / seconds,
            tally.taken() as f64 / seconds,
            tally.recorded,
            tally.aside,
            tally.refused,
            tally.others,
            tally.took(0.5),
            tally.took(0.99),
            tally.took(1.0)
        );
        println!("memory: {}", self.watched.course());
        println!(
            "memory: {:.1} MiB before, {:.1} MiB at most, drift {:+.1} MiB; descriptors: {} before, {} at most, {} after",
            self.watched.first_kb() as f64 / 1024.0,
            self.watched.most_kb() as f64 / 1024.0,
            self.watched.drift_kb() as f64 / 1024.0,
            self.idle_descriptors.0,
            self.watched.most_descriptors(),
            self.idle_descriptors.1
        );
    }

    fn holds(&self, most_drift_kb: i64) {
        for outcome in &self.outcomes {
            let summary = outcome.summary();
            assert_eq!(summary.redirects, summary.answers, "{summary}");
            assert_eq!((summary.unknown, summary.refused), (0, 0), "{summary}");
        }
        assert!(self.tally.others.is_empty(), "{:?}", self.tally.others);
        let drift = self.watched.drift_kb();
        assert!(drift <= most_drift_kb, "memory grew by {drift} KiB: {}", self.watched.course());
        assert!(self.idle_descriptors.1 <= self.idle_descriptors.0 + 4, "{:?}", self.idle_descriptors);
    }
}
