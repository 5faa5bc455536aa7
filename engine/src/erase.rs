//! A customer erased: the events, what they come to in the figures, and what was kept of calls that failed.
//!
//! What is stored of a customer is a keyed hash of the shop's own id, so it is found by that id alone, and nothing of it
//! stays. Events that arrive meanwhile are either erased too, or stand afterwards as those of somebody new.

use model::{AdvertiserId, erasure::Erased, text::CustomerId};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Engine, Options, Session,
    db::{self, Db, rollups::Added},
    error::{Error, Result},
    events::look_aside,
    secret::{Secrets, keyed_hash},
};

/// Events erased in one transaction: others wait for it.
const EVENTS: i64 = 200;
/// Bodies looked at in one.
const BODIES: i64 = 100;

impl Engine {
    /// Erases a shop's customer, and says how much there was. While events are aside, among which there may be some of
    /// this customer, nothing is done.
    pub async fn erase_customer(
        &self,
        session: &Session,
        advertiser: AdvertiserId,
        customer: &CustomerId,
    ) -> Result<Erased> {
        session.admin()?;
        self.catalog.advertiser(advertiser).ok_or(Error::NotFound)?;
        if self.events_aside().events > 0 {
            return Err(Error::unavailable(
                "events are aside, and may be this customer's: try again once they are recorded",
            ));
        }
        Customer::new(&self.secrets, advertiser, customer).erase(&self.db).await
    }
}

/// The same from the command line, beside a running server or without one.
pub struct Erasure {
    db: Db,
    options: Options,
    secrets: Secrets,
}

impl Erasure {
    pub async fn open(options: &Options) -> Result<Self> {
        let secrets = Secrets::load(&options.secret_key_file).map_err(|error| {
            Error::Internal(format!("secret key file {}: {error}", options.secret_key_file.display()))
        })?;
        let db = Db::open_existing(&options.database_url)?;
        db.schema().await?.check()?;
        if db::installation::known_fingerprint(&mut db.read().await?).await?.as_deref() != Some(&secrets.fingerprint) {
            return Err(Error::Internal(
                "this database was made with another secret key: by this one no customer would be found".into(),
            ));
        }
        Ok(Self { db, options: options.clone(), secrets })
    }

    /// What there is.
    pub async fn count(&self, advertiser: AdvertiserId, customer: &CustomerId) -> Result<Erased> {
        self.known(advertiser).await?;
        Customer::new(&self.secrets, advertiser, customer).count(&self.db).await
    }

    pub async fn erase(&self, advertiser: AdvertiserId, customer: &CustomerId) -> Result<Erased> {
        self.known(advertiser).await?;
        let folder = self.options.data_dir.join("events");
        let aside = look_aside(&folder).map_err(|error| Error::Internal(format!("{}: {error}", folder.display())))?;
        if aside.events > 0 {
            return Err(Error::Conflict(format!(
                "{} events are aside in {}, and may be this customer's: have a server record them first",
                aside.events,
                folder.display()
            )));
        }
        Customer::new(&self.secrets, advertiser, customer).erase(&self.db).await
    }

    pub async fn close(self) {
        self.db.close().await;
    }

    async fn known(&self, advertiser: AdvertiserId) -> Result<()> {
        db::advertisers::find(&mut self.db.read().await?, advertiser).await?.map(drop).ok_or(Error::NotFound)
    }
}

struct Customer<'c> {
    advertiser: AdvertiserId,
    hash: [u8; 16],
    id: &'c str,
}

impl<'c> Customer<'c> {
    fn new(secrets: &Secrets, advertiser: AdvertiserId, id: &'c CustomerId) -> Self {
        let hash = keyed_hash(&secrets.customers, &[advertiser.0.as_bytes(), id.as_bytes()]);
        Self { advertiser, hash, id }
    }

    async fn count(&self, db: &Db) -> Result<Erased> {
        let events = db::erasure::count_events(&mut db.read().await?, self.advertiser, &self.hash).await?;
        Ok(Erased { events, failures: self.failures(db, false).await? })
    }

    async fn erase(&self, db: &Db) -> Result<Erased> {
        let mut events = 0;
        loop {
            let erased = self.erase_some(db).await?;
            if erased == 0 {
                break;
            }
            events += erased;
        }
        Ok(Erased { events, failures: self.failures(db, true).await? })
    }

    /// Rows, and what they count for, in one transaction. 0: there was none left.
    async fn erase_some(&self, db: &Db) -> Result<i64> {
        let mut conn = db.begin().await?;
        let ids = db::erasure::events_of(&mut conn, self.advertiser, &self.hash, EVENTS).await?;
        if ids.is_empty() {
            return Ok(0);
        }
        // Held: no other credit comes between, and whoever else erases them has done so, or waits.
        let facts = db::rollups_read::held_facts(&mut conn, &ids).await?;
        let mut added = Added::default();
        facts.values().for_each(|fact| added.event_no_more(fact));
        if !facts.is_empty() {
            db::erasure::delete_events(&mut conn, facts.keys().copied()).await?;
        }
        added.write(&mut conn).await?;
        conn.commit().await?;
        // None of them was there any more: another look says whether more are.
        Ok(if facts.is_empty() { 1 } else { i64::try_from(facts.len()).unwrap_or(i64::MAX) })
    }

    /// How many failed calls name the customer; their bodies go, if so said.
    async fn failures(&self, db: &Db, forget: bool) -> Result<i64> {
        let (mut after, mut named) = (Uuid::nil(), 0);
        loop {
            let mut conn = if forget { db.begin().await? } else { db.read().await? };
            let bodies = db::erasure::bodies(&mut conn, self.advertiser, after, BODIES).await?;
            let Some((last, _)) = bodies.last() else { return Ok(named) };
            after = *last;
            let ids: Vec<Uuid> = bodies.iter().filter(|(_, body)| names(body, self.id)).map(|(id, _)| *id).collect();
            named += i64::try_from(ids.len()).unwrap_or(i64::MAX);
            if forget && !ids.is_empty() {
                db::erasure::forget_bodies(&mut conn, &ids).await?;
            }
            conn.commit().await?;
        }
    }
}

/// Whether a body names a customer: by a text that is the id, or a number; or, where it is no JSON or was cut, by a word
/// that is.
fn names(body: &str, id: &str) -> bool {
    match serde_json::from_str::<Value>(body) {
        Ok(json) => holds(&json, id),
        Err(_) => {
            // As it would stand between quotes.
            let escaped = Value::from(id).to_string();
            has_word(body, id) || has_word(body, escaped.trim_matches('"'))
        }
    }
}

fn holds(json: &Value, id: &str) -> bool {
    match json {
        Value::String(text) => text.trim() == id,
        Value::Number(number) => number.to_string() == id,
        Value::Array(items) => items.iter().any(|item| holds(item, id)),
        Value::Object(fields) => fields.iter().any(|(name, value)| name == id || holds(value, id)),
        Value::Null | Value::Bool(_) => false,
    }
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(is_part)
            && !text[at + word.len()..].chars().next().is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_names_a_customer_wherever_the_id_stands_as_such() {
        for (body, id, is_named) in [
            (r#"{"customer_id":"c-1"}"#, "c-1", true),
            (r#"{"customer_id":" c-1 "}"#, "c-1", true),
            (r#"{"customer_id":"c-12"}"#, "c-1", false),
            (r#"{"customer_id":77}"#, "77", true),
            (r#"{"customer\u005fid":"\u0063-1"}"#, "c-1", true),
            (r#"{"events":[{"properties":{"by":"c-1"}}]}"#, "c-1", true),
            (r#"{"customer_id":"c-1","cut of"#, "c-1", true),
            (r#"{"customer_id":"a\"b","cut"#, "a\"b", true),
            (r#"{"customer_id":"c-12","cut of"#, "c-1", false),
            ("", "c-1", false),
        ] {
            assert_eq!(names(body, id), is_named, "{body} {id}");
        }
    }
}
