//! A server that is sent events while something happens to its database, and what is asked of it afterwards.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use reqwest::StatusCode;
use tempfile::TempDir;

use super::{
    Books, MariaDb, Orders, Proxy, Server, Shop, Start, Way, mariadb,
    orders::{self, Lane},
    until,
};

/// What the log says when events are put aside, and when the last of them is recorded.
const PUT_ASIDE: &str = "they are put aside";
const RECORDED: &str = "all that were put aside are recorded";

pub struct EventTrial {
    pub server: Server,
    pub start: Start,
    pub shop: Shop,
    /// What is there to be read directly.
    pub database: String,
    token: String,
    folder: TempDir,
}

impl EventTrial {
    pub async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("data/tributary.db").display().to_string();
        Self::new(folder, None, database).await
    }

    pub async fn on(database: &MariaDb) -> Self {
        Self::new(tempfile::tempdir().unwrap(), Some(database.url()), database.url()).await
    }

    /// On a database that the server asks through a proxy.
    pub async fn through_proxy(database: &MariaDb) -> (Self, Proxy) {
        let proxy = Proxy::start(database.port(), Way::Open);
        let url = mariadb::url(proxy.port);
        (Self::new(tempfile::tempdir().unwrap(), Some(url), database.url()).await, proxy)
    }

    async fn new(folder: TempDir, url: Option<String>, database: String) -> Self {
        let mut start = Start::new(folder.path(), url);
        // The second server is sent all of it as fast as it answers.
        start.environment.push(("TRIBUTARY_EVENTS_PER_SECOND", "0".into()));
        let server = Server::start(&start).await;
        let shop = Shop::open(&server).await;
        let token = server.log_in().await;
        let snapshot = folder.path().join("data/links.snapshot");
        until("the links are on disk", async || snapshot.exists()).await;
        Self { server, start, shop, database, token, folder }
    }

    /// Events at their rate, before, during and after a fault. The fault says when it was over.
    pub async fn send_during(&self, fault: impl AsyncFnOnce() -> Instant) -> (Vec<Lane>, Instant) {
        let orders = Orders::start(orders::lanes(&self.shop));
        tokio::time::sleep(Duration::from_secs(2)).await;
        let over = fault().await;
        let before = orders.created();
        let in_use = self.until_recorded_again().await;
        println!("the first events aside were recorded {in_use:.1?} after the end of the fault");
        until("events are recorded at once again", async || orders.created() > before).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let lanes = orders.end().await;
        self.until_none_aside().await;
        (lanes, over)
    }

    async fn until_recorded_again(&self) -> Duration {
        let mut age = 0;
        until("events that were aside are recorded", async || {
            let Some(told) = self.server.diagnostics(&self.token).await else { return false };
            let before = age;
            age = told["queue"]["oldest_aside_age_ms"].as_i64().unwrap_or_default();
            age < before || age == 0
        })
        .await
    }

    pub async fn until_none_aside(&self) -> Duration {
        until("no event is aside", async || self.aside().await == Some(0)).await
    }

    /// How many are aside; None where diagnostics do not answer.
    pub async fn aside(&self) -> Option<u64> {
        self.server.diagnostics(&self.token).await?["queue"]["aside"].as_u64()
    }

    /// Bytes in the folder of events that were put aside.
    pub fn aside_bytes(&self) -> u64 {
        let entries = std::fs::read_dir(self.folder.path().join("data/events")).unwrap();
        entries.map(|entry| entry.unwrap().metadata().map_or(0, |meta| meta.len())).sum()
    }

    /// All that was accepted is recorded once, and credited as by a server that nothing happened to.
    pub async fn finish(mut self, fault: &str, lanes: Vec<Lane>) {
        let books = Books::read(&self.database, &self.shop).await;
        books.hold(&lanes);
        let told = self.server.said("ERROR", PUT_ASIDE);
        assert!((1..=2).contains(&told), "said {told} times for one outage: {}", self.server.log());
        assert!(self.server.said("INFO", RECORDED) >= 1, "{}", self.server.log());
        self.server.end();

        let mut other = Self::on_sqlite().await;
        let counts: Vec<usize> = lanes.iter().map(|lane| lane.sent.len()).collect();
        let sent = orders::send(orders::lanes(&other.shop), &counts).await;
        assert!(sent.iter().flat_map(|lane| &lane.sent).all(|sent| sent.status != StatusCode::ACCEPTED));
        let others = Books::read(&other.database, &other.shop).await;
        others.hold(&sent);
        books.equal(&others);
        println!("{fault}: credited as without it: {:?}", books.methods());
        other.server.end();
    }
}

/// Prints what was answered and how late at most, and says how soon after a fault events were recorded at once again.
pub fn tell(fault: &str, lanes: &[Lane], over: Instant) -> Duration {
    let sent = || lanes.iter().flat_map(|lane| &lane.sent);
    let mut answers: BTreeMap<u16, (usize, Duration)> = BTreeMap::new();
    for sent in sent() {
        let (count, worst) = answers.entry(sent.status.as_u16()).or_default();
        (*count, *worst) = (*count + 1, sent.took.max(*worst));
    }
    let answers: Vec<String> =
        answers.iter().map(|(status, (count, worst))| format!("{count} × {status} (at most {worst:.1?})")).collect();
    println!("{fault}: {}", answers.join(", "));
    let created = sent().filter(|sent| sent.status == StatusCode::CREATED && sent.at > over).map(|sent| sent.at);
    let first = created.min().expect("events are recorded at once again");
    println!("{fault}: the first 201 came {:.1?} after its end", first - over);
    first - over
}
