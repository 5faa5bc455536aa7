//! Figures over many clicks and events: how long each takes over HTTP, and how many times longer the same answers take
//! where they are counted row by row, in the same file.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use engine::{Clock, CountryFile, Engine, IpStorage, Options, Session, Source};
use model::{
    AccountId, AdvertiserId, InfluencerId, Timestamp,
    account::{Account, AccountStatus, Role},
    stats::StatsQuery,
};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, raw_sql};

use crate::{report::Report, tributary::Tributary};

/// Requests of each kind.
const REQUESTS: usize = 200;
const ADVERTISERS: i64 = 10;

/// Whose own figures are asked for: those who have most.
const BUSIEST: i64 = 4;

/// What makes the sums of a database that has none: the very texts that releases with sums ran.
const MIGRATIONS: [&str; 2] =
    [include_str!("../../migrations/sqlite/0004_rollups.sql"), include_str!("../../migrations/sqlite/0006_hours.sql")];

/// `millions`: how many clicks and events there are, four clicks to an event, over the last twelve months.
pub async fn measure(folder: &Path, millions: u32, report: &mut Report) -> Result<()> {
    eprintln!("figures over {millions}M clicks and events:");
    // The first start makes the database and the admin.
    let (tributary, _) = Tributary::fresh(folder).await?;
    tributary.server.stop()?;
    let took = fill(folder, millions).await?;
    report.detail(format!(
        "figures, {millions}M: a database of before is summed up in {:.1} s (on any core, in the migration)",
        took.as_secs_f64()
    ));
    let mut tributary = Tributary::start(folder, None)?;
    tributary.log_in().await?;
    let target = if millions >= 10 { "≤ 10 ms" } else { "≤ 5 ms" };
    let told = |what: String, times: Vec<Duration>, report: &mut Report| {
        report.ratio(
            format!("figures, {millions}M, {what}: p99 (p50 {:.1} ms)", milli(times[times.len() / 2])),
            format!("{:.1} ms", milli(times[times.len() * 99 / 100])),
            target,
        );
    };
    for (scope, ids) in [("one advertiser", ADVERTISERS), ("everybody", 0)] {
        for (what, path) in [
            ("overview", "overview?compare=previous"),
            ("chart", "chart?compare=previous"),
            ("funnel", "funnel?"),
            ("per influencer", "per-influencer?"),
            ("per campaign", "per-campaign?"),
            ("per link", "per-link?"),
            ("per coupon", "per-coupon?"),
        ] {
            for range in ["30d", "12m"] {
                let paths = (0..REQUESTS).map(|number| {
                    let tz = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"][number % 4];
                    let number = i64::try_from(number).unwrap_or_default();
                    let of = if ids > 0 { format!("&advertiser_id={}", id('a', number % ids)) } else { String::new() };
                    (tributary.token(), format!("stats/{path}&range={range}&tz={tz}{of}"))
                });
                told(format!("{scope}, {what}, {range}"), times(&tributary, paths).await?, report);
            }
        }
    }
    let mut tokens = Vec::new();
    for number in 0..BUSIEST {
        tokens.push(tributary.influencers_token(&id('c', number)).await?);
    }
    for scope in ["an influencer's own", "an advertiser's influencer", "a link"] {
        for (what, path) in
            [("overview", "overview?compare=previous"), ("chart", "chart?compare=previous"), ("funnel", "funnel?")]
        {
            for (range, tz) in [("30d", "Europe/Berlin"), ("12m", "Europe/Berlin"), ("30d", "Asia/Kolkata")] {
                let paths = (0..REQUESTS).zip((0..BUSIEST).zip(&tokens).cycle()).map(|(_, (number, token))| {
                    let path = format!("stats/{path}&range={range}&tz={tz}");
                    match scope {
                        "a link" => (tributary.token(), format!("{path}&link_id={}", id('d', number))),
                        "an advertiser's influencer" => {
                            let (of, who) = (id('a', number % ADVERTISERS), id('c', number));
                            (tributary.token(), format!("{path}&advertiser_id={of}&influencer_id={who}"))
                        }
                        _ => (token.as_str(), format!("influencer/{path}")),
                    }
                });
                told(format!("{scope}, {what}, {range}, {tz}"), times(&tributary, paths).await?, report);
            }
        }
    }
    tributary.server.stop()?;
    compare(folder, millions, report).await
}

fn milli(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// One after the other, over one connection, sorted.
async fn times<'a>(tributary: &Tributary, paths: impl Iterator<Item = (&'a str, String)>) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    let client = reqwest::Client::builder().no_proxy().build()?;
    for (number, (token, path)) in paths.enumerate() {
        let request = tributary.request_of(token, &client, &path);
        let begin = Instant::now();
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        let took = begin.elapsed();
        ensure!(status.is_success(), "{path} answered {status}: {}", String::from_utf8_lossy(&body));
        // The first of a kind reads what is on disk.
        if number >= 8 {
            times.push(took);
        }
    }
    times.sort_unstable();
    Ok(times)
}

/// A whole dashboard, both ways, in this process: overview, chart, funnel and all tables.
async fn compare(folder: &Path, millions: u32, report: &mut Report) -> Result<()> {
    let data = folder.join("data");
    let (engine, workers) = Engine::open(Options {
        database_url: format!("sqlite://{}", data.join("tributary.db").display()),
        secret_key_file: data.join("secret.key"),
        data_dir: data,
        public_url: "http://127.0.0.1:3000".into(),
        spool: engine::SpoolOptions::default(),
        ip_storage: IpStorage::Truncated,
        country_file: CountryFile::None,
        retention: engine::Retention::default(),
        clock: Clock::System,
        login_limits: engine::LoginLimits::default(),
    })
    .await?;
    engine.ready().await?;
    for (scope, advertiser_id, influencer_id, range) in [
        ("one advertiser", Some(1), None, "30d"),
        ("one advertiser", Some(1), None, "12m"),
        ("one influencer", None, Some(0), "30d"),
        ("one influencer", None, Some(0), "12m"),
        ("everybody", None, None, "30d"),
        ("everybody", None, None, "12m"),
    ] {
        let query = StatsQuery {
            advertiser_id: advertiser_id.and_then(|number| id('a', number).parse::<AdvertiserId>().ok()),
            influencer_id: influencer_id.and_then(|number| id('c', number).parse::<InfluencerId>().ok()),
            range: Some(range.into()),
            tz: Some("Europe/Berlin".into()),
            ..StatsQuery::default()
        };
        let mut sums_took = Duration::MAX;
        let mut sums = None;
        for _ in 0..3 {
            let begin = Instant::now();
            sums = Some(engine.answers_from(&admin(), &query, Source::Sums).await?);
            sums_took = sums_took.min(begin.elapsed());
        }
        let begin = Instant::now();
        let rows = engine.answers_from(&admin(), &query, Source::Rows).await?;
        let rows_took = begin.elapsed();
        ensure!(sums.as_ref() == Some(&rows), "sums and rows tell different figures: {query:?}");
        report.ratio(
            format!("figures, {millions}M, {scope}, {range}: a whole dashboard from rows to one from sums"),
            format!(
                "{:.0} × ({:.0} ms : {:.1} ms)",
                rows_took.as_secs_f64() / sums_took.as_secs_f64(),
                milli(rows_took),
                milli(sums_took)
            ),
            if millions >= 10 { "≥ 200" } else { "" },
        );
    }
    workers.stop(engine).await?;
    Ok(())
}

/// An id that can be told again: a kind and a number.
fn id(kind: char, number: i64) -> String {
    format!("0000000{kind}-0000-7000-8000-{number:012x}")
}

/// The same as SQL: `number` is an expression.
fn id_of(kind: char, number: &str) -> String {
    format!("unhex('0000000{kind}00007000800000' || printf('%010x', {number}))")
}

/// 10 advertisers, 100 campaigns, 200 influencers, 1,000 links, 500 coupons, and what happened, some of them far more
/// often than others. Says how long the sums took.
async fn fill(folder: &Path, millions: u32) -> Result<Duration> {
    let database = crate::tributary::database(folder);
    let mut conn = SqliteConnection::connect(&format!("sqlite://{}", database.display())).await?;
    let events = i64::from(millions) * 200_000;
    let clicks = i64::from(millions) * 800_000;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
    let year = 365_i64 * 86_400_000;
    let (a, k, i, l, c) = ('a', 'b', 'c', 'd', 'e');
    let numbers =
        |count: i64| format!("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {} - 1)", count);
    // The product of two even draws: the first links have most.
    let skewed = |count: i64| format!("(abs(random()) % 1000) * (abs(random()) % {count}) / 1000");
    let begin = i64::try_from(now)? - year;
    let statements = [
        "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -65536;".to_owned(),
        format!("{} INSERT INTO advertisers (id, name, time_zone, require_signature, status, created_at, version, name_lower) SELECT {}, 'Shop ' || i, 'UTC', 0, 'active', 0, 1, 'shop ' || i FROM n", numbers(ADVERTISERS), id_of(a, "i")),
        format!("{} INSERT INTO campaigns (id, advertiser_id, name, destination_url, attribution_source, currency, commission_basis_points, append_click_id, status, created_at, version, name_lower) SELECT {}, {}, 'Campaign ' || i, 'https://shop.example/', 'coupon_and_link', 'USD', 1000, 0, 'active', 0, 1, 'campaign ' || i FROM n", numbers(100), id_of(k, "i"), id_of(a, "i % 10")),
        format!("{} INSERT INTO influencers (id, name, status, created_at, version, name_lower) SELECT {}, 'Influencer ' || i, 'active', 0, 1, 'influencer ' || i FROM n", numbers(200), id_of(i, "i")),
        format!("{} INSERT INTO links (id, advertiser_id, campaign_id, influencer_id, code, status, created_at, version) SELECT {}, {}, {}, {}, 'CODE' || printf('%09d', i), 'active', 0, 1 FROM n", numbers(1000), id_of(l, "i"), id_of(a, "i % 10"), id_of(k, "i % 100"), id_of(i, "i % 200")),
        format!("{} INSERT INTO coupons (id, advertiser_id, campaign_id, influencer_id, code, code_normal, status, created_at, version) SELECT {}, {}, {}, {}, 'COUPON' || i, 'COUPON' || i, 'active', 0, 1 FROM n", numbers(500), id_of(c, "i"), id_of(a, "i % 10"), id_of(k, "i % 100"), id_of(i, "i % 200")),
        "UPDATE installation SET version = version + 1".to_owned(),
        format!(
            "{numbers}, c(i, at, link, draw) AS MATERIALIZED (SELECT i, {begin} + i * {year} / {clicks}, {skewed}, abs(random()) FROM n)
            INSERT INTO clicks (id, advertiser_id, campaign_id, link_id, influencer_id, clicked_at, quarter, user_agent, device, browser, os, referrer, referrer_host, ip, country, is_bot, is_first)
            SELECT unhex(printf('%012x', at) || '7000' || '8000' || printf('%012x', i)), {of}, {campaign}, {link}, {influencer}, at, at / 900000,
                'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36', 'desktop', 'Chrome', 'Windows', 'https://social.example/p/1', 'social.example', '203.0.113.0', 'DE',
                draw % 10 = 0, draw % 3 > 0 FROM c",
            numbers = numbers(clicks), skewed = skewed(1000), of = id_of(a, "link % 10"), campaign = id_of(k, "link % 100"), link = id_of(l, "link"), influencer = id_of(i, "link % 200"),
        ),
        format!(
            "{numbers}, e(i, at, link, draw) AS MATERIALIZED (SELECT i, {begin} + i * {year} / {events}, {skewed}, abs(random()) FROM n)
            INSERT INTO events (receipt_id, id, advertiser_id, event_id, fingerprint, action, value_minor, currency, occurred_at, occurred_at_sent, quarter, received_at, customer, attribution_keys, method, influencer_id, campaign_id, link_id, coupon_id, trace)
            SELECT unhex(printf('%012x', at) || '70008000' || printf('%012x', i)), randomblob(16), {of}, 'order-' || i, zeroblob(32),
                CASE draw % 8 WHEN 0 THEN 'add_to_cart' WHEN 1 THEN 'add_to_cart' WHEN 2 THEN 'signup' WHEN 3 THEN 'drop_off' ELSE 'purchase' END,
                draw % 20000, CASE draw % 11 WHEN 0 THEN 'EUR' ELSE 'USD' END, at, 0, at / 900000, at, randomblob(16), '{{\"ref_code\":\"CODE000000001\"}}',
                CASE draw % 5 WHEN 0 THEN 'none' WHEN 1 THEN 'coupon' ELSE 'ref_code' END,
                CASE draw % 5 WHEN 0 THEN NULL WHEN 1 THEN {coupons} ELSE {influencer} END, CASE draw % 5 WHEN 0 THEN NULL ELSE {campaign} END,
                CASE draw % 5 WHEN 0 THEN NULL WHEN 1 THEN NULL ELSE {link} END, CASE draw % 5 WHEN 1 THEN {coupon} ELSE NULL END, '[]' FROM e",
            numbers = numbers(events), skewed = skewed(1000), of = id_of(a, "link % 10"), campaign = id_of(k, "link % 100"), link = id_of(l, "link"), influencer = id_of(i, "link % 200"), coupon = id_of(c, "link % 500"), coupons = id_of(i, "link % 500 % 200"),
        ),
    ];
    for statement in statements {
        raw_sql(AssertSqlSafe(statement)).execute(&mut conn).await?;
    }
    let begin = Instant::now();
    for migration in MIGRATIONS {
        let (_, sums) =
            migration.split_once("-- What is there already.").context("the migration sums up what is there")?;
        let (_, sums) = sums.split_once('\n').context("it has statements")?;
        for statement in sums.split(';').filter(|statement| !statement.trim().is_empty()) {
            raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut conn).await?;
        }
    }
    let took = begin.elapsed();
    raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await?;
    conn.close().await?;
    Ok(took)
}

fn admin() -> Session {
    Session {
        account: Account {
            id: AccountId(uuid::Uuid::nil()),
            email: "bench@example.com".into(),
            role: Role::Admin,
            advertiser_id: None,
            influencer_id: None::<InfluencerId>,
            status: AccountStatus::Active,
            has_password: true,
            created_at: Timestamp(0),
            version: 0,
        },
        expires_at: Timestamp(i64::MAX),
    }
}
