//! What stands in a database of what a shop sent, in words that are the same on every server.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::Value;
use sqlx::{Connection, FromRow, MySqlConnection, SqliteConnection};
use uuid::Uuid;

use super::{
    Shop,
    orders::{Kind, Lane, Sent},
    shop::INFLUENCERS,
};

/// What is the same wherever an event is recorded.
#[derive(Debug, PartialEq)]
pub struct Entry {
    value: Option<i64>,
    currency: String,
    action: String,
    method: String,
    influencer: Option<String>,
    campaign: Option<String>,
    coupon: Option<String>,
    /// Whose link it is.
    link: Option<&'static str>,
    /// Whether the click is the one that the event named.
    click: Option<bool>,
}

#[derive(FromRow)]
struct Row {
    event_id: Option<String>,
    properties: Option<String>,
    value_minor: Option<i64>,
    currency: String,
    action: String,
    method: String,
    influencer: Option<String>,
    campaign: Option<String>,
    coupon: Option<String>,
    link: Option<String>,
    click_id: Option<Uuid>,
    attribution_keys: String,
}

const EVENTS: &str =
    "SELECT e.event_id, e.properties, e.value_minor, e.currency, e.action, e.method, i.name AS influencer,
        c.name AS campaign, k.code AS coupon, l.code AS link, e.click_id, e.attribution_keys
    FROM events e LEFT JOIN influencers i ON i.id = e.influencer_id LEFT JOIN campaigns c ON c.id = e.campaign_id
        LEFT JOIN coupons k ON k.id = e.coupon_id LEFT JOIN links l ON l.id = e.link_id";
const CONFLICTS: &str = "SELECT body FROM ingest_failures WHERE code = 'conflict' AND status = 409";

pub struct Books {
    entries: BTreeMap<String, Entry>,
    /// The events whose changed bodies are kept as failures, one name for each.
    conflicts: Vec<String>,
}

impl Books {
    /// `database`: a URL of MySQL, or SQLite's file.
    pub async fn read(database: &str, shop: &Shop) -> Self {
        let (rows, conflicts): (Vec<Row>, Vec<String>) = if database.starts_with("mysql://") {
            let mut conn = MySqlConnection::connect(database).await.unwrap();
            let rows = sqlx::query_as(EVENTS).fetch_all(&mut conn).await.unwrap();
            (rows, sqlx::query_scalar(CONFLICTS).fetch_all(&mut conn).await.unwrap())
        } else {
            let mut conn = SqliteConnection::connect(&format!("sqlite://{database}")).await.unwrap();
            let rows = sqlx::query_as(EVENTS).fetch_all(&mut conn).await.unwrap();
            (rows, sqlx::query_scalar(CONFLICTS).fetch_all(&mut conn).await.unwrap())
        };
        let mut entries = BTreeMap::new();
        for row in rows {
            let (name, entry) = entry(row, shop);
            assert!(!entries.contains_key(&name), "{name} is recorded twice");
            entries.insert(name, entry);
        }
        let name = |body: String| text(&body, "event_id").expect("a conflict is about an event_id");
        Self { entries, conflicts: conflicts.into_iter().map(name).collect() }
    }

    /// Every event that was accepted is there, and nothing else; what was refused later is a failure.
    pub fn hold(&self, lanes: &[Lane]) {
        let sent = || lanes.iter().flat_map(|lane| &lane.sent);
        let accepted = || sent().filter(|sent| sent.kind == Kind::New);
        let missing: Vec<&Sent> = accepted().filter(|sent| !self.entries.contains_key(&sent.name)).collect();
        assert!(missing.is_empty(), "{} were answered and are not recorded: {:?}", missing.len(), missing.first());
        assert_eq!(self.entries.len(), accepted().count(), "and no others");
        let (mut expected, mut found) = (BTreeMap::new(), BTreeMap::new());
        for (currency, worth) in accepted().filter_map(|sent| sent.worth) {
            *expected.entry(currency.to_owned()).or_insert(0) += worth;
        }
        for entry in self.entries.values().filter(|entry| entry.action == "purchase") {
            *found.entry(entry.currency.clone()).or_insert(0) += entry.value.unwrap();
        }
        assert_eq!(found, expected, "the sums of purchases");
        for sent in sent().filter(|sent| sent.kind == Kind::Changed && sent.status == StatusCode::ACCEPTED) {
            let kept = self.conflicts.iter().filter(|name| **name == sent.name).count();
            assert_eq!(kept, 1, "a changed body that was accepted stands among the failures: {}", sent.name);
        }
    }

    /// Each event is the same here and there, its credit too.
    pub fn equal(&self, other: &Self) {
        for (name, entry) in &self.entries {
            assert_eq!(Some(entry), other.entries.get(name), "{name}");
        }
        assert_eq!(self.entries.len(), other.entries.len());
    }

    /// How many were credited by each method.
    pub fn methods(&self) -> BTreeMap<&str, usize> {
        let mut methods = BTreeMap::new();
        for entry in self.entries.values() {
            *methods.entry(entry.method.as_str()).or_default() += 1;
        }
        methods
    }
}

fn entry(row: Row, shop: &Shop) -> (String, Entry) {
    let name = row.event_id.or_else(|| text(&row.properties?, "name")).expect("an event has a name");
    let whose = |code: String| INFLUENCERS[shop.links.iter().position(|link| *link == code).unwrap()];
    let named = text(&row.attribution_keys, "click_id");
    let entry = Entry {
        value: row.value_minor,
        currency: row.currency,
        action: row.action,
        method: row.method,
        influencer: row.influencer,
        campaign: row.campaign,
        coupon: row.coupon,
        link: row.link.map(whose),
        click: row.click_id.map(|click| Some(click.to_string()) == named),
    };
    (name, entry)
}

fn text(json: &str, field: &str) -> Option<String> {
    let json: Value = serde_json::from_str(json).unwrap();
    json[field].as_str().map(str::to_owned)
}
