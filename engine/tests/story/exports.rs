//! Exports: the same bytes from either database, those of a direct query; as of their start; ended when nobody waits.

use std::{
    fmt::Write as _,
    io::Read as _,
    time::{Duration, Instant},
};

use engine::{Error, ExportKind, Pages, Session};
use model::{
    Currency, Money, Timestamp,
    account::Role,
    attribution::Method,
    stats::StatsQuery,
    time::{DAY, SECOND},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{Connection, MySqlConnection, SqliteConnection};
use uuid::Uuid;

use crate::{
    databases::Database,
    world::{CHROME, NOON, World, admin, shop_session},
};

/// The first moment of [`history`].
const BEGINNING: i64 = NOON.0 - 20 * DAY;

async fn begun(world: &World, session: &Session, kind: ExportKind, query: &StatsQuery, gzip: bool) -> Pages {
    let export = world.engine.export(session, kind, query).await.unwrap();
    world.engine.begin_export(export, gzip).await.unwrap()
}

async fn rest(mut pages: Pages) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(page.unwrap());
    }
    all
}

async fn text(world: &World, session: &Session, kind: ExportKind, query: &StatsQuery) -> String {
    String::from_utf8(rest(begun(world, session, kind, query, false).await).await).unwrap()
}

fn lines(text: &str) -> usize {
    // The header is none.
    text.matches("\r\n").count() - 1
}

fn hex(id: u128) -> String {
    format!("x'{}'", Uuid::from_u128(id).simple())
}

fn quoted(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".into(), |text| format!("'{}'", text.replace('\'', "''")))
}

/// The same rows in either database, made past the engine: names that are formulas, texts of every kind, and a moment
/// that more events share than are read at once.
async fn history(world: &World) {
    let (shop, spring, anna, link, coupon) = (hex(1), hex(2), hex(3), hex(4), hex(5));
    let mut sql = vec![
        format!("INSERT INTO advertisers (id, name, time_zone, require_signature, status, created_at, version) VALUES ({shop}, 'Shop', 'UTC', 0, 'active', 0, 1)"),
        format!("INSERT INTO campaigns (id, advertiser_id, name, destination_url, attribution_source, currency, append_click_id, status, created_at, version)
            VALUES ({spring}, {shop}, '=Spring, \"new\"', 'https://shop.example/', 'coupon_and_link', 'USD', 0, 'active', 0, 1)"),
        format!("INSERT INTO influencers (id, name, status, created_at, version) VALUES ({anna}, '@änna', 'active', 0, 1)"),
        format!("INSERT INTO links (id, advertiser_id, campaign_id, influencer_id, code, status, created_at, version) VALUES ({link}, {shop}, {spring}, {anna}, 'abc234567', 'active', 0, 1)"),
        format!("INSERT INTO coupons (id, advertiser_id, campaign_id, influencer_id, code, code_normal, status, created_at, version) VALUES ({coupon}, {shop}, {spring}, {anna}, '-ANNA', '-ANNA', 'active', 0, 1)"),
    ];
    let texts =
        [None, Some("A-1"), Some("=1+1"), Some("say \"x\", it's\r\nso"), Some("日本 😀"), Some("\tx"), Some("  ")];
    let mut rows = Vec::new();
    for n in 0..3700_u128 {
        // Ids against the order of moments, so that neither is the other.
        let id = hex(1_000_000 - n * 7919 % 100_000);
        let at = BEGINNING + if n < 1500 { 12_345 } else { i64::try_from(n / 3).unwrap() * SECOND * 17 + 7 };
        let text = texts[usize::try_from(n).unwrap() % texts.len()];
        let (value, currency) = match n % 4 {
            0 => ("NULL".into(), "USD"),
            1 => ((n * 12_345_678_901).to_string(), "JPY"),
            2 => ((n * 13).to_string(), "KWD"),
            _ => (n.to_string(), "EUR"),
        };
        let (method, of) = match n % 3 {
            0 => ("none", format!("NULL, NULL, NULL, NULL, {}", hex(9))),
            1 => ("coupon", format!("{anna}, {spring}, NULL, {coupon}, NULL")),
            _ => ("ref_code", format!("{anna}, {spring}, {link}, NULL, NULL")),
        };
        let action = ["purchase", "custom", "add_to_cart"][usize::try_from(n % 5).unwrap() % 3];
        rows.push(format!(
            "({id}, {id}, {shop}, {}, {}, '{action}', {}, {value}, '{currency}', {at}, 0, 0, {}, '{{}}', '{method}', {of}, '[]')",
            quoted(text.filter(|_| n % 2 == 0)), hex(n), quoted(text.filter(|_| n % 2 == 1)), at + 5,
        ));
    }
    for some in rows.chunks(500) {
        sql.push(format!(
            "INSERT INTO events (receipt_id, id, advertiser_id, event_id, fingerprint, action, name, value_minor, currency, occurred_at,
                occurred_at_sent, quarter, received_at, attribution_keys, method, influencer_id, campaign_id, link_id, coupon_id, click_id, trace) VALUES {}",
            some.join(", ")
        ));
    }
    let mut rows = Vec::new();
    for n in 0..2100_u128 {
        let at = BEGINNING + i64::try_from(n % 700).unwrap() * 1001;
        let text = quoted(texts[usize::try_from(n).unwrap() % texts.len()]);
        let of = if n % 2 == 0 { anna.as_str() } else { "NULL" };
        rows.push(format!(
            "({}, {shop}, {spring}, {link}, {of}, {at}, 0, {text}, 'mobile', {text}, NULL, {text}, 'social.example', '203.0.113.0', {}, {}, 1)",
            hex(1 + n * 31 % 2111), quoted(if n % 3 == 0 { Some("DE") } else { None }), u8::from(n % 10 == 0),
        ));
    }
    for some in rows.chunks(500) {
        sql.push(format!(
            "INSERT INTO clicks (id, advertiser_id, campaign_id, link_id, influencer_id, clicked_at, quarter, user_agent, device, browser, os,
                referrer, referrer_host, ip, country, is_bot, is_first) VALUES {}",
            some.join(", ")
        ));
    }
    for statement in sql {
        // MySQL reads backslashes its own way; there are none.
        world.execute(&statement).await;
    }
}

/// What a direct query answers, written cell by cell in the plainest way.
async fn direct(world: &World, what: &str) -> Vec<Vec<String>> {
    let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let guard = |text: Option<String>| {
        let text = text.unwrap_or_default();
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
    };
    type Event = (
        (Uuid, Option<String>, String, Option<String>, Option<i64>, String, i64, i64, String),
        (
            Option<Uuid>,
            Option<String>,
            Option<Uuid>,
            Option<String>,
            Option<Uuid>,
            Option<String>,
            Option<Uuid>,
            Option<String>,
            Option<Uuid>,
        ),
    );
    macro_rules! rows {
        ($sql:expr, $row:ident => $read:expr) => {{
            let url = world.database.url(world.folder.path());
            match &world.database {
                Database::Sqlite => {
                    let mut conn = SqliteConnection::connect(&url).await.unwrap();
                    sqlx::query($sql).fetch_all(&mut conn).await.unwrap().iter().map(|$row| $read).collect::<Vec<_>>()
                }
                Database::MySql { .. } => {
                    let mut conn = MySqlConnection::connect(&url).await.unwrap();
                    sqlx::query($sql).fetch_all(&mut conn).await.unwrap().iter().map(|$row| $read).collect::<Vec<_>>()
                }
            }
        }};
    }
    use sqlx::Row as _;
    if what == "events" {
        const SQL: &str = "SELECT e.id, e.event_id, e.action, e.name, e.value_minor, e.currency, e.occurred_at, e.received_at, e.method,
                e.influencer_id, i.name, e.campaign_id, k.name, e.link_id, l.code, e.coupon_id, c.code, e.click_id
            FROM events e LEFT JOIN influencers i ON i.id = e.influencer_id LEFT JOIN campaigns k ON k.id = e.campaign_id
                LEFT JOIN links l ON l.id = e.link_id LEFT JOIN coupons c ON c.id = e.coupon_id
            ORDER BY e.occurred_at, e.id";
        let rows: Vec<Event> = rows!(SQL, row => (
            (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4), row.get(5), row.get(6), row.get(7), row.get(8)),
            (row.get(9), row.get(10), row.get(11), row.get(12), row.get(13), row.get(14), row.get(15), row.get(16), row.get(17)),
        ));
        return rows
            .into_iter()
            .map(|(of, to)| {
                let currency: Currency = of.5.parse().unwrap();
                let method: Method = of.8.parse().unwrap();
                let value = of.4.map(|minor| Money { minor: minor.into(), currency }.amount()).unwrap_or_default();
                vec![
                    of.0.to_string(),
                    guard(of.1),
                    of.2,
                    guard(of.3),
                    value,
                    of.5,
                    Timestamp(of.6).to_string(),
                    Timestamp(of.7).to_string(),
                    of.8,
                    format!("{:.1}", method.confidence()),
                    id(to.0),
                    guard(to.1),
                    id(to.2),
                    guard(to.3),
                    id(to.4),
                    guard(to.5),
                    id(to.6),
                    guard(to.7),
                    id(to.8),
                ]
            })
            .collect();
    }
    const SQL: &str = "SELECT c.id, c.clicked_at, c.influencer_id, i.name, c.campaign_id, k.name, c.link_id, l.code, c.device, c.browser, c.os,
            c.country, c.referrer_host, c.referrer, c.user_agent, c.is_bot, c.is_first
        FROM clicks c LEFT JOIN influencers i ON i.id = c.influencer_id JOIN campaigns k ON k.id = c.campaign_id JOIN links l ON l.id = c.link_id
        ORDER BY c.clicked_at, c.id";
    rows!(SQL, row => {
        let mut cells = vec![row.get::<Uuid, _>(0).to_string(), Timestamp(row.get(1)).to_string()];
        for n in [2, 4, 6] {
            cells.extend([id(row.get(n)), guard(row.get(n + 1))]);
        }
        cells.extend((8..15).map(|n| guard(row.get(n))));
        cells.extend([15, 16].map(|n| row.get::<bool, _>(n).to_string()));
        cells
    })
}

/// More of them, a statement each hundred.
fn events(numbers: std::ops::Range<u128>) -> Vec<String> {
    let numbers: Vec<u128> = numbers.collect();
    let row = |n: &u128| {
        let id = hex(2_000_000 + n);
        format!("({id}, {id}, {}, 'SO-{n}', {id}, 'signup', 'USD', {BEGINNING}, 0, 0, 0, '{{}}', 'none', '[]')", hex(1))
    };
    let rows = numbers.chunks(100).map(|some| some.iter().map(row).collect::<Vec<_>>().join(", "));
    rows.map(|rows| {
        format!(
            "INSERT INTO events (receipt_id, id, advertiser_id, event_id, fingerprint, action, currency, occurred_at,
                occurred_at_sent, quarter, received_at, attribution_keys, method, trace) VALUES {rows}"
        )
    })
    .collect()
}

/// As `sha256sum` prints it.
fn hash(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hash, byte| {
        let _ = write!(hash, "{byte:02x}");
        hash
    })
}

fn everything() -> StatsQuery {
    StatsQuery { range: Some("all".into()), include_bots: true, ..StatsQuery::default() }
}

crate::on_both! {
    async fn an_export_is_what_a_direct_query_says_and_the_same_bytes_from_either_database(world: World) {
        history(&world).await;
        for (kind, what, count, known) in [
            (ExportKind::Events, "events", 3700, "f6fa5fd170b3c2d3e45f58a00c753f2b39792502cc2f73afd100a3fdb6b6246c"),
            (ExportKind::Clicks, "clicks", 2100, "40b152f79c3680ed2a54a5357ab8930e188bdc7bf1447618272169cc2720506a"),
        ] {
            let exported = text(&world, &admin(), kind, &everything()).await;
            let mut reader = csv::ReaderBuilder::new().from_reader(exported.as_bytes());
            let cells: Vec<Vec<String>> =
                reader.records().map(|line| line.unwrap().iter().map(str::to_owned).collect()).collect();
            assert_eq!(cells.len(), count, "{what}");
            for (ours, theirs) in cells.iter().zip(&direct(&world, what).await) {
                assert_eq!(ours, theirs, "{what}");
            }
            assert!(!exported.starts_with('\u{feff}') && exported.ends_with("\r\n"));
            assert_eq!(hash(&exported), known, "{what}: another file than before, or than from the other database");
            let packed = rest(begun(&world, &admin(), kind, &everything(), true).await).await;
            assert!(packed.len() * 3 < exported.len(), "{} of {}", packed.len(), exported.len());
            let mut unpacked = String::new();
            flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut unpacked).unwrap();
            assert!(unpacked == exported, "{what}: packed they are others");
        }
        world.end().await;
    }

    async fn an_export_is_as_of_its_start(world: World) {
        history(&world).await;
        let mut pages = begun(&world, &admin(), ExportKind::Events, &everything(), false).await;
        let mut exported = pages.next().await.unwrap().unwrap();
        // Neither what is new, nor what changes, nor what goes; nor a new name.
        world.execute("DELETE FROM events WHERE occurred_at > 0 AND method = 'none'").await;
        world.execute("UPDATE events SET value_minor = 1").await;
        world.execute("UPDATE campaigns SET name = 'Other'").await;
        exported.extend(rest(pages).await);
        let exported = String::from_utf8(exported).unwrap();
        let before = exported.lines().filter(|line| line.contains(",none,")).count();
        assert_eq!(before, 3700_usize.div_ceil(3));
        assert!(!exported.contains("Other"));
        let after = text(&world, &admin(), ExportKind::Events, &everything()).await;
        assert!(!after.contains(",none,") && after.contains(",Other,"), "the next one sees it");
        world.end().await;
    }

    async fn an_export_that_nobody_waits_for_ends(world: World) {
        history(&world).await;
        world.execute(&events(3700..9000).join("; ")).await;
        let query = everything();
        let begin = async || world.engine.begin_export(world.engine.export(&admin(), ExportKind::Events, &query).await.unwrap(), false).await;
        let first = begin().await.unwrap();
        let second = begin().await.unwrap();
        assert!(matches!(begin().await, Err(Error::Busy(_))), "one account has two at a time");
        drop(first);
        let deadline = Instant::now() + Duration::from_secs(60);
        let third = loop {
            match begin().await {
                Ok(pages) => break pages,
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let third = String::from_utf8(rest(third).await).unwrap();
        assert_eq!(third.matches(",SO-").count(), 5300, "whole to the end");
        // MySQL drops no database that somebody reads.
        drop(second);
        world.end().await;
    }

    async fn everybody_exports_his_own_as_the_figures_count_it(world: World) {
        let (own, other) = (world.running().await, world.running().await);
        for running in [&own, &other] {
            world.click(&running.link, "203.0.113.1", CHROME);
            world.click(&running.link, "203.0.113.1", "Googlebot/2.1");
            for (order, more) in [("A-1", json!({ "ref_code": running.link.code })), ("A-2", json!({})), ("A-3", json!({ "ref_code": running.link.code }))] {
                let mut body = json!({ "action": "purchase", "event_id": order, "value": "12.50", "customer_id": "customer-1" });
                body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                world.send(running.advertiser.id, body).await.unwrap();
            }
            world.send(running.advertiser.id, json!({ "action": "signup", "ref_code": running.link.code })).await.unwrap();
        }
        world.engine.drained().await.unwrap();
        let shop = shop_session(own.advertiser.id);
        let mut anna = admin();
        anna.account.role = Role::Influencer;
        anna.account.influencer_id = Some(own.influencer.id);
        let usual = StatsQuery::default();
        let counted = async |session: &Session, kind, query: &StatsQuery| lines(&text(&world, session, kind, query).await);
        assert_eq!(counted(&admin(), ExportKind::Events, &usual).await, 8);
        assert_eq!(counted(&shop, ExportKind::Events, &usual).await, 4);
        assert_eq!((counted(&shop, ExportKind::Clicks, &usual).await, counted(&shop, ExportKind::Clicks, &everything()).await), (1, 2));
        for (query, count) in [
            (StatsQuery { method: Some(Method::RefCode), ..usual.clone() }, 2),
            (StatsQuery { campaign_id: Some(own.campaign.id), ..usual.clone() }, 4),
            (StatsQuery { to: Some("2020-01-01".into()), ..usual.clone() }, 0),
        ] {
            assert_eq!(counted(&shop, ExportKind::Events, &query).await, count, "{query:?}");
        }
        let coupon = world.coupon(&own.campaign, None, "SPRING").await.unwrap();
        let of_coupon = StatsQuery { coupon_id: Some(coupon.id), ..usual.clone() };
        assert_eq!(counted(&shop, ExportKind::Clicks, &of_coupon).await, 0, "a click has no coupon");
        let sales = text(&world, &anna, ExportKind::Sales, &usual).await;
        assert_eq!(lines(&sales), 3);
        for secret in ["A-1", "A-2", "customer-1", &other.link.code] {
            assert!(!sales.contains(secret), "{secret}: {sales}");
        }
        for (session, kind) in [(&anna, ExportKind::Events), (&anna, ExportKind::Clicks), (&shop, ExportKind::Sales), (&admin(), ExportKind::Sales)] {
            assert!(matches!(world.engine.export(session, kind, &usual).await, Err(Error::Forbidden)), "{kind:?}");
        }
        for query in [
            StatsQuery { campaign_id: Some(other.campaign.id), ..usual.clone() },
            StatsQuery { advertiser_id: Some(other.advertiser.id), ..usual.clone() },
            StatsQuery { link_id: Some(other.link.id), ..usual.clone() },
        ] {
            assert!(matches!(world.engine.export(&shop, ExportKind::Events, &query).await, Err(Error::NotFound)), "{query:?}");
            assert!(matches!(world.engine.export(&anna, ExportKind::Sales, &query).await, Err(Error::NotFound)), "{query:?}");
        }
        let name = world.engine.export(&shop, ExportKind::Events, &StatsQuery { from: Some("2026-10-01".into()), to: Some("2026-10-31".into()), ..usual }).await.unwrap().file_name;
        assert_eq!(name, "events_shop_2026-10-01_2026-10-31.csv");
        world.end().await;
    }
}
