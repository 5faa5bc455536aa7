//! Upgrades: what each landed schema held is there after the start of today's version, and all of it works.
//!
//! `engine/tests/landed` has what those versions wrote, in their own words: rows, and what waited in the folder.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

use engine::{Error, check_figures};
use hmac::{Hmac, KeyInit, Mac};
use model::{
    AdvertiserId,
    account::Role,
    activity::FailureQuery,
    event::EventAnswer,
    link::LinkStatus,
    page::ListQuery,
    stats::{Figures, StatsQuery},
    time::{DAY, HOUR, SECOND},
};
use serde_json::Value;
use sha2::Sha256;
use sqlx::{
    AssertSqlSafe, Connection, MySqlConnection, SqliteConnection,
    migrate::{Migration, Migrator},
    raw_sql,
};

use crate::{
    databases::Database,
    world::{NOON, Stopped, World, admin, credentials},
};

/// What a version left.
struct Landed {
    /// Migrations that it had.
    migrations: i64,
    /// Whose words it is told in, under `engine/tests/landed`.
    words: &'static str,
    /// Tables in these words that it did not have yet.
    without: &'static [&'static str],
}

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const FIRST: Landed = Landed { migrations: 1, words: "0001", without: &[] };
const SECOND_ONE: Landed = Landed { migrations: 2, words: "0003", without: &["failure_groups"] };
const THIRD: Landed = Landed { migrations: 3, words: "0003", without: &[] };

/// What a running node changes by itself: its log's position, the days' visitors, when something was used last.
const MOVING: [&str; 4] = ["installation", "spools", "visitors", "last_uses"];

/// An empty database, before any version came to it.
struct Bare(Database);

impl Bare {
    #[expect(clippy::unused_async, reason = "on_both starts worlds, which takes time")]
    async fn start(database: Database) -> Self {
        Self(database)
    }

    /// The database and the folder as a version left them.
    async fn left_by(self, landed: &Landed) -> (Stopped, Vec<Table>, Value) {
        let words = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/landed").join(landed.words);
        let facts: Value = serde_json::from_slice(&fs::read(words.join("facts.json")).unwrap()).unwrap();
        let stopped = Stopped::new(self.0);
        let folder = stopped.options().data_dir;
        fs::write(folder.join("secret.key"), format!("{}\n", facts["secret"].as_str().unwrap())).unwrap();
        copy_folder(&words.join("folder"), &folder);
        let rows = fs::read_to_string(words.join("rows.sql")).unwrap();
        let tables: Vec<Table> = statements(&rows, landed.without).map(Table::read).collect();
        let sql: Vec<&str> = tables.iter().map(|table| table.sql.as_str()).collect();
        Held::open(&stopped).await.fill(landed.migrations, &sql.join(";\n")).await;
        (stopped, tables, facts)
    }
}

crate::on_both! {
    async fn a_database_of_the_first_schema_becomes_todays_and_loses_nothing(bare: Bare) {
        upgrade(bare, &FIRST).await;
    }

    async fn a_database_of_the_second_schema_becomes_todays_and_loses_nothing(bare: Bare) {
        upgrade(bare, &SECOND_ONE).await;
    }

    async fn a_database_of_the_third_schema_becomes_todays_and_loses_nothing(bare: Bare) {
        upgrade(bare, &THIRD).await;
    }
}

async fn upgrade(bare: Bare, landed: &Landed) {
    let (stopped, tables, facts) = bare.left_by(landed).await;
    assert_eq!(Held::open(&stopped).await.count("SELECT COUNT(*) FROM _sqlx_migrations").await, landed.migrations);

    let world = stopped.open().await;
    world.set_clock(NOON.plus(2 * HOUR));
    every_row_is_there(&world, &tables).await;
    figures_are_right(&world, &facts).await;
    logins_and_keys_stand(&world, &facts).await;
    links_lead_where_they_did(&world, &facts);
    an_event_is_still_known(&world, &facts).await;
    lists_find_by_name(&world).await;

    // The next start finds nothing to do, and the same again.
    let world = world.restart().await;
    every_row_is_there(&world, &tables).await;
    figures_are_right(&world, &facts).await;
    if landed.migrations > 1 {
        what_waited_is_counted(&world, &facts).await;
        what_the_second_schema_brought_works(&world, &facts).await;
    }
    world.end().await;
}

/// As it was written, column by column. Events may have come to it.
async fn every_row_is_there(world: &World, tables: &[Table]) {
    world.engine.drained().await.unwrap();
    world.none_aside().await;
    let mut conn = Held::of(world).await;
    assert!(tables.len() >= 12, "every table of that version has rows");
    for table in tables.iter().filter(|table| !MOVING.contains(&table.name.as_str())) {
        let found = conn.count(&table.rows_as_written()).await;
        assert_eq!(found, table.rows.len() as i64, "{}", table.name);
    }
    let unused = "SELECT COUNT(*) FROM clicks c LEFT JOIN last_uses u ON u.id = c.link_id \
                  WHERE u.used_at IS NULL OR u.used_at < c.clicked_at";
    assert_eq!(conn.count(unused).await, 0, "clicks that no link's last use knows");
}

async fn figures_are_right(world: &World, facts: &Value) {
    let checked = check_figures(&world.options(), 20, |_, _| {}).await.unwrap();
    assert!(checked.is_right(), "{checked:?}");
    let then = StatsQuery {
        from: Some(NOON.plus(-60 * DAY).to_string()),
        to: Some(NOON.plus(HOUR).to_string()),
        ..StatsQuery::default()
    };
    for (whose, told) in facts["figures"].as_object().unwrap() {
        let advertiser_id = facts.get(whose).map(|id| id.as_str().unwrap().parse().unwrap());
        let query = StatsQuery { advertiser_id, include_bots: whose == "with_bots", ..then.clone() };
        let told: Figures = serde_json::from_value(told.clone()).unwrap();
        assert!(told.clicks > 0 && told.purchases > 0 && !told.gmv.is_empty(), "{told:?}");
        assert_eq!(world.figures(query).await, told, "{whose}");
    }
}

async fn logins_and_keys_stand(world: &World, facts: &Value) {
    let engine = &world.engine;
    let session = engine.session(text(&facts["token"])).expect("a session of that time goes on");
    assert_eq!((session.account.role, session.account.email.as_str()), (Role::Admin, "admin@example.com"));
    engine.log_in(credentials("admin@example.com", "correct horse battery"), HERE).await.unwrap();
    let wrong = engine.log_in(credentials("admin@example.com", "wrong horse battery"), HERE).await;
    assert!(matches!(wrong, Err(Error::WrongCredentials)));
    let (_, owner) = engine.advertiser_of_key(text(&facts["api_key"])).expect("the key is known");
    assert_eq!(owner.id.to_string(), text(&facts["shop"]));
    assert!(engine.advertiser_of_key(text(&facts["revoked_key"])).is_none(), "a revoked key stays so");
}

fn links_lead_where_they_did(world: &World, facts: &Value) {
    for (whose, told) in [("anna", true), ("ben", true), ("other", false)] {
        let link = world.engine.link(text(&facts["links"][whose])).expect(whose);
        assert!(link.redirects());
        let mut location = Vec::new();
        let click = world.engine.new_click_id();
        link.location.write(&mut location, &link.code, Some("utm_source=story"), click);
        let mut expected = format!("https://shop.example/p?utm_source=story&ref_code={}", link.code);
        if told {
            expected += &format!("&click_id={click}");
        }
        assert_eq!(sorted(&String::from_utf8(location).unwrap()), sorted(&expected), "{whose}");
    }
    let ended = world.engine.link(text(&facts["links"]["ended"])).unwrap();
    assert_eq!((ended.status, ended.redirects()), (LinkStatus::Inactive, false));
}

/// A query's order is nobody's promise.
fn sorted(location: &str) -> (String, Vec<String>) {
    let (path, query) = location.split_once('?').unwrap();
    let mut parts: Vec<String> = query.split('&').map(str::to_owned).collect();
    parts.sort();
    (path.to_owned(), parts)
}

async fn an_event_is_still_known(world: &World, facts: &Value) {
    let shop = shop(facts);
    let sent_before = facts["answers"].as_array().unwrap();
    assert!(sent_before.len() >= 2);
    for sent in sent_before {
        let first: EventAnswer = serde_json::from_value(sent["answer"].clone()).unwrap();
        let again = world.send(shop, sent["body"].clone()).await.unwrap();
        assert_eq!(again, EventAnswer { duplicate: true, ..first });
        let mut changed = sent["body"].clone();
        changed["value"] = "0.01".into();
        assert!(matches!(world.send(shop, changed).await, Err(Error::Conflict(_))));
    }
}

async fn lists_find_by_name(world: &World) {
    let query = ListQuery { q: Some("ÅRUD".into()), ..ListQuery::default() };
    let found = world.engine.list_influencers(&admin(), &query).await.unwrap().items;
    assert_eq!(found.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["Anna Årud"]);
    let query = ListQuery { q: Some("ångström".into()), ..ListQuery::default() };
    assert_eq!(world.engine.list_advertisers(&admin(), &query).await.unwrap().items.len(), 1);
}

/// Five clicks were in the log alone, one purchase aside.
async fn what_waited_is_counted(world: &World, facts: &Value) {
    let query = StatsQuery {
        from: Some(NOON.plus(HOUR).to_string()),
        to: Some(NOON.plus(HOUR + SECOND * 60).to_string()),
        advertiser_id: Some(shop(facts)),
        ..StatsQuery::default()
    };
    let figures = world.figures(query).await;
    assert_eq!((figures.clicks, figures.unique_visitors, figures.attributed_conversions), (5, 5, 1));
    assert_eq!(figures.attributed_gmv.iter().map(|money| money.amount()).collect::<Vec<_>>(), ["7.77"]);
}

async fn what_the_second_schema_brought_works(world: &World, facts: &Value) {
    let engine = &world.engine;
    for (email, password) in [("shop@example.com", "shop horse battery"), ("anna@example.com", "anna horse battery")] {
        engine.log_in(credentials(email, password), HERE).await.unwrap();
    }
    let invitation = text(&facts["invitation"]).rsplit('/').next().unwrap();
    engine.set_password(invitation, "ben's own battery".parse().unwrap(), HERE).await.unwrap();
    engine.log_in(credentials("ben@example.com", "ben's own battery"), HERE).await.unwrap();

    let now = engine.now().0 / SECOND;
    let mut mac = Hmac::<Sha256>::new_from_slice(text(&facts["signing_secret"]).as_bytes()).unwrap();
    mac.update(format!("{now}.{{}}").as_bytes());
    let signature = format!("t={now},v1={}", hex::encode(mac.finalize().into_bytes()));
    assert_eq!(engine.check_signature(shop(facts), &signature, b"{}"), Ok(()), "the sealed secret opens");

    let replaced = engine.link(text(&facts["links"]["replaced"])).unwrap();
    assert_eq!((replaced.status, replaced.redirects()), (LinkStatus::Replaced, false));
    assert!(engine.link(text(&facts["links"]["renewed"])).unwrap().redirects());
    for (which, wins) in [("active", true), ("renewed", true), ("replaced", false), ("invalidated", false)] {
        let body = serde_json::json!({ "action": "add_to_cart", "coupon_code": facts["coupons"][which] });
        assert_eq!(world.credit(shop(facts), body).await.coupon_id.is_some(), wins, "{which}");
    }

    let kept = engine.list_failures(&admin(), &FailureQuery::default()).await.unwrap().items;
    let late = kept.iter().find(|failure| failure.request_id == "request-1").unwrap();
    assert_eq!((kept.len(), late.can_retry), (2, true));
    engine.retry_failure(&admin(), late.id).await.unwrap();
}

fn shop(facts: &Value) -> AdvertiserId {
    text(&facts["shop"]).parse().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The rows of one table, in SQL.
struct Table {
    sql: String,
    name: String,
    columns: Vec<String>,
    /// Literals, by row.
    rows: Vec<Vec<String>>,
}

impl Table {
    fn read(sql: &str) -> Self {
        let Some(insert) = sql.strip_prefix("INSERT INTO ") else {
            return Self { sql: sql.into(), name: "installation".into(), columns: Vec::new(), rows: Vec::new() };
        };
        let (head, rows) = insert.split_once(" VALUES\n").unwrap();
        let (name, columns) = head.split_once(" (").unwrap();
        let columns = columns.trim_end_matches(')').split(", ").map(str::to_owned).collect();
        let table = Self { sql: sql.into(), name: name.into(), columns, rows: literals(rows) };
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{name}");
        table
    }

    /// Counts those that are as they were written.
    fn rows_as_written(&self) -> String {
        // When a key was used last is told by whoever uses it.
        let kept =
            |column: &str| !["last_used_at", "retried_at", "event_id"].contains(&column) || self.name == "events";
        let is = |(column, literal): (&String, &String)| match literal.as_str() {
            _ if !kept(column) => None,
            "NULL" => Some(format!("{column} IS NULL")),
            literal => Some(format!("{column} = {literal}")),
        };
        let row = |row: &Vec<String>| self.columns.iter().zip(row).filter_map(is).collect::<Vec<_>>().join(" AND ");
        let rows: Vec<String> = self.rows.iter().map(row).collect();
        format!("SELECT COUNT(*) FROM {} WHERE ({})", self.name, rows.join(") OR ("))
    }
}

/// Rows of literals: numbers, NULL, `'text'`, `x'bytes'`.
fn literals(rows: &str) -> Vec<Vec<String>> {
    let (mut all, mut row, mut literal) = (Vec::new(), Vec::new(), String::new());
    let mut is_quoted = false;
    for character in rows.chars() {
        match character {
            '\'' => {
                is_quoted = !is_quoted;
                literal.push(character);
            }
            _ if is_quoted => literal.push(character),
            '(' => {}
            ',' if literal.is_empty() => {}
            ',' => row.push(std::mem::take(&mut literal)),
            ')' => {
                row.push(std::mem::take(&mut literal));
                all.push(std::mem::take(&mut row));
            }
            ' ' | '\n' => {}
            _ => literal.push(character),
        }
    }
    all
}

/// One for each table. No text in them has a semicolon at the end of a line.
fn statements<'a>(rows: &'a str, without: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let (_, rows) = rows.split_once('\n').expect("a line says what it is");
    let statements = rows.split(";\n").map(str::trim).filter(|statement| !statement.is_empty());
    statements.filter(|statement| !without.iter().any(|table| statement.starts_with(&format!("INSERT INTO {table} "))))
}

fn copy_folder(from: &Path, to: &Path) {
    let Ok(entries) = fs::read_dir(from) else { return };
    fs::create_dir_all(to).unwrap();
    for entry in entries {
        let entry: PathBuf = entry.unwrap().path();
        let to = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy_folder(&entry, &to);
        } else {
            fs::copy(entry, to).unwrap();
        }
    }
}

/// A connection past the engine.
enum Held {
    Sqlite(SqliteConnection),
    MySql(MySqlConnection),
}

impl Held {
    async fn open(stopped: &Stopped) -> Self {
        Self::at(&stopped.options().database_url).await
    }

    async fn of(world: &World) -> Self {
        Self::at(&world.options().database_url).await
    }

    async fn at(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            Self::Sqlite(SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap())
        } else {
            Self::MySql(MySqlConnection::connect(url).await.unwrap())
        }
    }

    /// The first so many migrations, and rows.
    async fn fill(self, migrations: i64, rows: &str) {
        let first = |all: Migrator| {
            let first: Vec<Migration> = all.iter().filter(|it| it.version <= migrations).cloned().collect();
            Migrator::with_migrations(first)
        };
        // Rows name others that come behind them, as a replaced code its successor.
        match self {
            Self::Sqlite(mut conn) => {
                first(sqlx::migrate!("../migrations/sqlite")).run(&mut conn).await.unwrap();
                let sql = format!("PRAGMA foreign_keys = OFF; {rows}");
                raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
            Self::MySql(mut conn) => {
                first(sqlx::migrate!("../migrations/mysql")).run(&mut conn).await.unwrap();
                let sql = format!("SET SESSION foreign_key_checks = 0; {rows}");
                raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
                conn.close().await.unwrap();
            }
        }
    }

    async fn count(&mut self, sql: &str) -> i64 {
        let query = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(conn) => query.fetch_one(conn).await.unwrap(),
            Self::MySql(conn) => sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(conn).await.unwrap(),
        }
    }
}
