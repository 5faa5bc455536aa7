//! Whether sums are what clicks and events come to, row by row: the database compares, only differences are read.

use model::{AdvertiserId, time::DAY};
use uuid::Uuid;

use super::{
    Conn,
    list::{Arg, Select},
    rollups::Span,
};
use crate::error::Result;

/// A row of sums that is not what it should be.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Difference {
    #[sqlx(skip)]
    pub table: &'static str,
    pub scope_id: Uuid,
    pub span: i64,
    pub start: i64,
    pub campaign_id: Option<Uuid>,
    pub influencer_id: Option<Uuid>,
    pub link_id: Option<Uuid>,
    pub coupon_id: Option<Uuid>,
    pub method: Option<String>,
    pub attributed: Option<i64>,
    pub currency: Option<String>,
    /// What is stored, less what should be, in the order of the table's columns.
    pub click_0: Option<i64>,
    pub click_1: Option<i64>,
    pub click_2: Option<i64>,
    pub click_3: Option<i64>,
    pub event_0: Option<i64>,
    pub event_1: Option<i64>,
    pub event_2: Option<i64>,
    pub event_3: Option<i64>,
    pub event_4: Option<i64>,
    pub event_5: Option<i64>,
    pub event_6: Option<i64>,
}

const CLICKS: [(&str, &str); 4] = [
    ("human", "SUM(CASE WHEN is_bot = 0 THEN 1 ELSE 0 END)"),
    ("bots", "SUM(CASE WHEN is_bot = 0 THEN 0 ELSE 1 END)"),
    ("human_first", "SUM(CASE WHEN is_bot = 0 AND is_first = 1 THEN 1 ELSE 0 END)"),
    ("bots_first", "SUM(CASE WHEN is_bot = 1 AND is_first = 1 THEN 1 ELSE 0 END)"),
];
const EVENTS: [(&str, &str); 7] = [
    ("add_to_cart", "SUM(CASE WHEN action = 'add_to_cart' THEN 1 ELSE 0 END)"),
    ("signups", "SUM(CASE WHEN action = 'signup' THEN 1 ELSE 0 END)"),
    ("drop_offs", "SUM(CASE WHEN action = 'drop_off' THEN 1 ELSE 0 END)"),
    ("purchases", "SUM(CASE WHEN action = 'purchase' THEN 1 ELSE 0 END)"),
    ("valued", "SUM(CASE WHEN action = 'purchase' AND value_minor IS NOT NULL THEN 1 ELSE 0 END)"),
    ("millions", "SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) {div} 1000000 ELSE 0 END)"),
    ("remainder", "SUM(CASE WHEN action = 'purchase' THEN COALESCE(value_minor, 0) % 1000000 ELSE 0 END)"),
];
const KEYS: [&str; 10] = [
    "scope_id",
    "span",
    "start",
    "campaign_id",
    "influencer_id",
    "link_id",
    "coupon_id",
    "method",
    "attributed",
    "currency",
];
const ATTRIBUTED: &str = "CASE WHEN method = 'none' THEN 0 ELSE 1 END";
const NOBODY: &str = "x'00000000000000000000000000000000'";

/// What is compared: the rows of a table, and the query that they are the answers of.
struct Comparison {
    table: &'static str,
    /// The name of a key, how it is stored, and what it is among the rows that are summed.
    keys: Vec<(&'static str, String, String)>,
    /// A sum's column, and what it is of.
    sums: Vec<(&'static str, String)>,
    stored: (&'static str, Vec<Arg>),
    rows: (&'static str, Vec<Arg>),
}

impl Comparison {
    async fn run(self, conn: &mut Conn, most: usize) -> Result<Vec<Difference>> {
        let of_events = self.sums.len() == EVENTS.len();
        let div = conn.whole_division();
        let list = |each: &mut dyn Iterator<Item = String>| each.collect::<Vec<_>>().join(", ");
        let names = list(&mut self.keys.iter().map(|(name, ..)| (*name).to_owned()));
        let keys = list(&mut KEYS.iter().map(|name| {
            let is_known = self.keys.iter().any(|(known, ..)| known == name);
            if is_known { (*name).to_owned() } else { format!("NULL AS {name}") }
        }));
        let column = |of: &str, count: usize, is_known: bool| {
            let each = |number| {
                let sum = if is_known { format!("CAST(SUM(sum_{number}) AS SIGNED)") } else { "NULL".into() };
                format!("{sum} AS {of}_{number}")
            };
            list(&mut (0..count).map(each))
        };
        let stored_keys = list(&mut self.keys.iter().map(|(name, stored, _)| format!("{stored} AS {name}")));
        let stored_sums =
            list(&mut self.sums.iter().enumerate().map(|(number, (name, _))| format!("{name} AS sum_{number}")));
        let row_keys = list(&mut self.keys.iter().map(|(.., row)| row.clone()));
        let row_sums = list(&mut self.sums.iter().map(|(_, of)| format!("-{of}")));
        let grouped = list(&mut self.keys.iter().filter(|(name, ..)| *name != "span").map(|(.., row)| row.clone()));
        let differs =
            (0..self.sums.len()).map(|number| format!("SUM(sum_{number}) <> 0")).collect::<Vec<_>>().join(" OR ");
        let sql = format!(
            "SELECT {keys}, {}, {} FROM (
                SELECT {stored_keys}, {stored_sums} FROM {}
                UNION ALL SELECT {row_keys}, {row_sums} FROM {} GROUP BY {grouped}
            ) AS pairs GROUP BY {names} HAVING {differs} LIMIT {most}",
            column("click", CLICKS.len(), !of_events),
            column("event", EVENTS.len(), of_events),
            self.stored.0,
            self.rows.0,
        );
        let mut select = Select::new(&sql.replace("{div}", div));
        select.bind(self.stored.1).bind(self.rows.1);
        let mut found: Vec<Difference> = select.fetch(conn).await?;
        for difference in &mut found {
            difference.table = self.table;
        }
        Ok(found)
    }
}

/// Compares an advertiser's sums of these UTC days, from one multiple of 16 to another: at most so many differences.
/// Before the day `rows_from` there may be no rows any more: sums of then are compared with each other alone.
pub async fn compare(
    conn: &mut Conn,
    of: AdvertiserId,
    (from, to): (i64, i64),
    rows_from: Option<i64>,
    most: usize,
) -> Result<Vec<Difference>> {
    let mut found = Vec::new();
    let kept = rows_from.map_or(from, |day| day.clamp(from, to));
    let mut comparisons = vec![click_shares(of, kept, to), event_shares(of, kept, to)];
    for span in [Span::Day, Span::Days] {
        comparisons.extend([false, true].map(|events| longer(of, from, to, span, events)));
    }
    for scope in [Scope::Advertiser, Scope::Campaigns] {
        comparisons.extend([click_quarters(scope, of, kept, to), event_quarters(scope, of, kept, to)]);
        for span in [Span::Hour, Span::Day] {
            comparisons.extend([false, true].map(|events| coarser(scope, of, from, to, span, events)));
        }
    }
    for comparison in comparisons {
        if found.len() < most {
            found.extend(comparison.run(conn, most - found.len()).await?);
        }
    }
    Ok(found)
}

#[derive(Clone, Copy)]
enum Scope {
    Advertiser,
    Campaigns,
}

fn key(name: &'static str, stored: &str, row: &str) -> (&'static str, String, String) {
    (name, stored.to_owned(), row.to_owned())
}

fn or_nobody(name: &'static str) -> (&'static str, String, String) {
    (name, name.to_owned(), format!("COALESCE({name}, {NOBODY})"))
}

fn sums(of: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    of.iter().map(|(name, sum)| (*name, (*sum).to_owned())).collect()
}

fn args(of: AdvertiserId, from: i64, to: i64) -> Vec<Arg> {
    vec![Arg::Id(of.0), Arg::Number(from), Arg::Number(to)]
}

fn click_shares(of: AdvertiserId, from: i64, to: i64) -> Comparison {
    Comparison {
        table: "click_shares",
        keys: vec![
            key("scope_id", "advertiser_id", "advertiser_id"),
            key("span", "4", "4"),
            key("start", "start", "quarter {div} 4"),
            key("campaign_id", "campaign_id", "campaign_id"),
            or_nobody("influencer_id"),
            key("link_id", "link_id", "link_id"),
        ],
        sums: sums(&CLICKS),
        stored: (
            "click_shares WHERE advertiser_id = ? AND start >= ? AND start < ? AND span = 4",
            args(of, from * 24, to * 24),
        ),
        rows: ("clicks WHERE advertiser_id = ? AND clicked_at >= ? AND clicked_at < ?", args(of, from * DAY, to * DAY)),
    }
}

fn event_shares(of: AdvertiserId, from: i64, to: i64) -> Comparison {
    Comparison {
        table: "event_shares",
        keys: vec![
            key("scope_id", "advertiser_id", "advertiser_id"),
            key("span", "4", "4"),
            key("start", "start", "quarter {div} 4"),
            or_nobody("campaign_id"),
            or_nobody("influencer_id"),
            or_nobody("link_id"),
            or_nobody("coupon_id"),
            key("method", "method", "method"),
            key("currency", "currency", "currency"),
        ],
        sums: sums(&EVENTS),
        stored: (
            "event_shares WHERE advertiser_id = ? AND start >= ? AND start < ? AND span = 4",
            args(of, from * 24, to * 24),
        ),
        rows: (
            "events WHERE action <> 'custom' AND advertiser_id = ? AND occurred_at >= ? AND occurred_at < ?",
            args(of, from * DAY, to * DAY),
        ),
    }
}

fn click_quarters(scope: Scope, of: AdvertiserId, from: i64, to: i64) -> Comparison {
    let (id, stored) = match scope {
        Scope::Advertiser => {
            ("advertiser_id", "click_totals WHERE scope_id = ? AND span = 1 AND start >= ? AND start < ?")
        }
        Scope::Campaigns => (
            "campaign_id",
            "click_totals WHERE scope_id IN (SELECT id FROM campaigns WHERE advertiser_id = ?) AND span = 1
                AND start >= ? AND start < ?",
        ),
    };
    Comparison {
        table: "click_totals",
        keys: vec![key("scope_id", "scope_id", id), key("span", "span", "1"), key("start", "start", "quarter")],
        sums: sums(&CLICKS),
        stored: (stored, args(of, from * 96, to * 96)),
        rows: ("clicks WHERE advertiser_id = ? AND clicked_at >= ? AND clicked_at < ?", args(of, from * DAY, to * DAY)),
    }
}

fn event_quarters(scope: Scope, of: AdvertiserId, from: i64, to: i64) -> Comparison {
    let (id, stored, rows) = match scope {
        Scope::Advertiser => (
            "advertiser_id",
            "event_totals WHERE scope_id = ? AND span = 1 AND start >= ? AND start < ?",
            "events WHERE action <> 'custom' AND advertiser_id = ? AND occurred_at >= ? AND occurred_at < ?",
        ),
        Scope::Campaigns => (
            "campaign_id",
            "event_totals WHERE scope_id IN (SELECT id FROM campaigns WHERE advertiser_id = ?) AND span = 1
                AND start >= ? AND start < ?",
            "events WHERE action <> 'custom' AND campaign_id IS NOT NULL AND advertiser_id = ? AND occurred_at >= ?
                AND occurred_at < ?",
        ),
    };
    Comparison {
        table: "event_totals",
        keys: vec![
            key("scope_id", "scope_id", id),
            key("span", "span", "1"),
            key("start", "start", "quarter"),
            key("attributed", "attributed", ATTRIBUTED),
            key("currency", "currency", "currency"),
        ],
        sums: sums(&EVENTS),
        stored: (stored, args(of, from * 96, to * 96)),
        rows: (rows, args(of, from * DAY, to * DAY)),
    }
}

/// Hours and days against the quarter hours they are made of.
fn coarser(scope: Scope, of: AdvertiserId, from: i64, to: i64, span: Span, events: bool) -> Comparison {
    let (size, row) = match span {
        Span::Quarter => ("1", "start"),
        Span::Hour => ("4", "start {div} 4"),
        Span::Day | Span::Days => ("96", "start {div} 96"),
    };
    let table = if events { "event_totals" } else { "click_totals" };
    let narrowed = match (events, scope) {
        (false, Scope::Advertiser) => "click_totals WHERE scope_id = ? AND start >= ? AND start < ? AND span = ?",
        (true, Scope::Advertiser) => "event_totals WHERE scope_id = ? AND start >= ? AND start < ? AND span = ?",
        (false, Scope::Campaigns) => {
            "click_totals WHERE scope_id IN (SELECT id FROM campaigns WHERE advertiser_id = ?) AND start >= ?
                AND start < ? AND span = ?"
        }
        (true, Scope::Campaigns) => {
            "event_totals WHERE scope_id IN (SELECT id FROM campaigns WHERE advertiser_id = ?) AND start >= ?
                AND start < ? AND span = ?"
        }
    };
    let args = |span: Span| {
        let per_day = Span::Day.quarters() / span.quarters();
        let numbers = [from * per_day, to * per_day, span.quarters()].map(Arg::Number);
        [Arg::Id(of.0)].into_iter().chain(numbers).collect()
    };
    let mut keys = vec![key("scope_id", "scope_id", "scope_id"), key("span", "span", size), key("start", "start", row)];
    let of_each: &[(&'static str, &str)] = if events { &EVENTS } else { &CLICKS };
    if events {
        keys.extend([key("attributed", "attributed", "attributed"), key("currency", "currency", "currency")]);
    }
    Comparison {
        table,
        keys,
        sums: of_each.iter().map(|(name, _)| (*name, format!("SUM({name})"))).collect(),
        stored: (narrowed, args(span)),
        rows: (narrowed, args(Span::Quarter)),
    }
}

/// Shares of days against the hours they are made of, and shares of 16 days against the days. Both ends are multiples of 16.
fn longer(of: AdvertiserId, from: i64, to: i64, span: Span, events: bool) -> Comparison {
    let (made_of, size, row) = match span {
        Span::Days => (Span::Day, "1536", "start {div} 16"),
        Span::Day | Span::Hour | Span::Quarter => (Span::Hour, "96", "start {div} 24"),
    };
    let same = |name: &'static str| key(name, name, name);
    let mut keys = vec![
        key("scope_id", "advertiser_id", "advertiser_id"),
        key("span", "span", size),
        key("start", "start", row),
        same("campaign_id"),
        same("influencer_id"),
        same("link_id"),
    ];
    let of_each: &[(&'static str, &str)] = if events { &EVENTS } else { &CLICKS };
    let (table, narrowed) = if events {
        keys.extend(["coupon_id", "method", "currency"].map(same));
        ("event_shares", "event_shares WHERE advertiser_id = ? AND start >= ? AND start < ? AND span = ?")
    } else {
        ("click_shares", "click_shares WHERE advertiser_id = ? AND start >= ? AND start < ? AND span = ?")
    };
    let args = |span: Span| {
        let numbers = [from * DAY / span.millis(), to * DAY / span.millis(), span.quarters()].map(Arg::Number);
        [Arg::Id(of.0)].into_iter().chain(numbers).collect()
    };
    Comparison {
        table,
        keys,
        sums: of_each.iter().map(|(name, _)| (*name, format!("SUM({name})"))).collect(),
        stored: (narrowed, args(span)),
        rows: (narrowed, args(made_of)),
    }
}

/// The first and the last UTC day of an advertiser's clicks, events and sums.
pub async fn days_of(conn: &mut Conn, of: AdvertiserId) -> Result<Option<(i64, i64)>> {
    let mut found: Option<(i64, i64)> = None;
    for (sql, per_day) in [
        ("SELECT MIN(clicked_at), MAX(clicked_at) FROM clicks WHERE advertiser_id = ?", DAY),
        ("SELECT MIN(occurred_at), MAX(occurred_at) FROM events WHERE advertiser_id = ?", DAY),
        ("SELECT MIN(start * span), MAX(start * span) FROM click_shares WHERE advertiser_id = ?", 96),
        ("SELECT MIN(start * span), MAX(start * span) FROM event_shares WHERE advertiser_id = ?", 96),
        ("SELECT MIN(start * span), MAX(start * span) FROM click_totals WHERE scope_id = ?", 96),
        ("SELECT MIN(start * span), MAX(start * span) FROM event_totals WHERE scope_id = ?", 96),
    ] {
        let mut select = Select::new(sql);
        select.bind([Arg::Id(of.0)]);
        let ends: Vec<(Option<i64>, Option<i64>)> = select.fetch(conn).await?;
        if let Some((Some(first), Some(last))) = ends.first() {
            let (first, last) = (first.div_euclid(per_day), last.div_euclid(per_day));
            found = Some(found.map_or((first, last), |(begin, end)| (begin.min(first), end.max(last))));
        }
    }
    Ok(found)
}

/// How many rows of sums are of nobody that there is.
pub async fn strays(conn: &mut Conn) -> Result<i64> {
    let mut strays = 0;
    for sql in [
        "SELECT COUNT(*) FROM click_totals WHERE scope_id NOT IN (SELECT id FROM advertisers)
            AND scope_id NOT IN (SELECT id FROM campaigns)",
        "SELECT COUNT(*) FROM event_totals WHERE scope_id NOT IN (SELECT id FROM advertisers)
            AND scope_id NOT IN (SELECT id FROM campaigns)",
        "SELECT COUNT(*) FROM click_shares WHERE advertiser_id NOT IN (SELECT id FROM advertisers)",
        "SELECT COUNT(*) FROM event_shares WHERE advertiser_id NOT IN (SELECT id FROM advertisers)",
    ] {
        let rows: Vec<(i64,)> = Select::new(sql).fetch(conn).await?;
        strays += rows.first().map_or(0, |(count,)| *count);
    }
    Ok(strays)
}
