//! `tributary demo` as it is run: a year of which every role sees its part, the same of one seed.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{collections::BTreeSet, path::Path, process::Command};

use engine::{Clock, CountryFile, Engine, IpStorage, LoginLimits, Options, Session, SpoolOptions, Workers};
use model::{
    account::Credentials,
    activity::{ActivityQuery, FailureQuery},
    attribution::Method,
    page::ListQuery,
    stats::{Figures, StatsQuery},
    time::DAY,
};

const CLICKS: i64 = 4_000;

/// Runs it; what it printed.
fn demo(folder: &Path, seed: u32) -> String {
    let said = Command::new(env!("CARGO_BIN_EXE_tributary"))
        .args(["demo", "--clicks", &CLICKS.to_string(), "--seed", &seed.to_string(), "--log", "error", "--data-dir"])
        .arg(folder)
        .output()
        .unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap()
}

async fn open(folder: &Path) -> (Engine, Workers) {
    let options = Options {
        database_url: format!("sqlite://{}", folder.join("tributary.db").display()),
        data_dir: folder.to_owned(),
        secret_key_file: folder.join("secret.key"),
        public_url: "http://127.0.0.1:3000".into(),
        spool: SpoolOptions::default(),
        ip_storage: IpStorage::Truncated,
        country_file: CountryFile::None,
        login_limits: LoginLimits::default(),
        retention: engine::Retention::default(),
        clock: Clock::System,
    };
    let (engine, workers) = Engine::open(options).await.unwrap();
    engine.ready().await.unwrap();
    (engine, workers)
}

/// A session for each login that was printed.
async fn sessions(engine: &Engine, said: &str) -> Vec<Session> {
    let mut sessions = Vec::new();
    for line in said.lines().filter(|line| line.contains("@demo.example")) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let credentials = Credentials { email: words[1].into(), password: words[2].into() };
        let login = engine.log_in(credentials, std::net::Ipv4Addr::LOCALHOST.into()).await.unwrap();
        assert_eq!(login.account.role.as_str(), words[0], "{line}");
        sessions.push(engine.session(&login.token).unwrap());
    }
    sessions
}

fn year() -> StatsQuery {
    StatsQuery { range: Some("12m".into()), ..StatsQuery::default() }
}

async fn figures(engine: &Engine, session: &Session) -> Figures {
    engine.overview(session, &year()).await.unwrap().figures
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_has_a_year_to_look_at() {
    let folder = tempfile::tempdir().unwrap();
    let said = demo(folder.path(), 1);
    assert!(said.contains("A year of 4000 clicks"), "{said}");
    assert!(demo(folder.path(), 1).contains("already there"), "a second run changes nothing");
    let (engine, workers) = open(folder.path()).await;
    let sessions = sessions(&engine, &said).await;
    let roles: BTreeSet<&str> = sessions.iter().map(|session| session.account.role.as_str()).collect();
    assert_eq!(roles.len(), 3, "{said}");
    for session in &sessions {
        let figures = figures(&engine, session).await;
        assert!(figures.clicks > 0 && figures.add_to_cart > 0, "{}: {figures:?}", session.account.email);
    }
    let admin = &sessions[0];
    let all = figures(&engine, admin).await;
    assert_eq!(all.clicks + all.bot_clicks, CLICKS);
    assert!(all.bot_clicks > CLICKS / 50 && all.gmv.len() >= 4, "{all:?}");
    assert!(all.attributed_conversions > 0 && all.attributed_conversions < all.conversions, "{all:?}");
    for method in [Method::Coupon, Method::RefCode, Method::ClickId, Method::None] {
        let of = StatsQuery { method: Some(method), ..year() };
        let query = ActivityQuery { within: of, ..ActivityQuery::default() };
        assert!(!engine.list_events(admin, &query).await.unwrap().items.is_empty(), "{method}");
    }
    assert!(!engine.list_failures(admin, &FailureQuery::default()).await.unwrap().items.is_empty());
    for status in ["active", "paused", "archived"] {
        let query = ListQuery { status: Some(status.into()), ..ListQuery::default() };
        assert!(!engine.list_campaigns(admin, &query).await.unwrap().items.is_empty(), "{status}");
    }
    assert!(workers.stop(engine).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_seed_makes_one_history() {
    let mut years = Vec::new();
    for seed in [3, 3, 4] {
        let folder = tempfile::tempdir().unwrap();
        let said = demo(folder.path(), seed);
        let (engine, workers) = open(folder.path()).await;
        let admin = sessions(&engine, &said).await.swap_remove(0);
        // But for the last days: what is left of today came yesterday.
        let day = |ago: i64| Some(engine.now().plus(-ago * DAY).to_string()[..10].to_owned());
        let past = StatsQuery { from: day(60), to: day(5), ..StatsQuery::default() };
        years.push(engine.overview(&admin, &past).await.unwrap().figures);
        assert!(workers.stop(engine).await.unwrap());
    }
    assert_ne!(years[1], years[2], "another seed");
    assert_eq!(years[0].gmv, years[1].gmv);
    assert_eq!(years[0].clicks, years[1].clicks);
}
