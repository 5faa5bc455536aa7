//! Clicks and events as exports read them: many rows in one value, for what a row costs on its way through the driver
//! is more than all the rest.
//!
//! A row is packed as its ids (16 bytes each, zeroes for none), then its numbers and words, a space after each, then the
//! lengths of its texts in the same way, then the texts. [`Packed`] takes it apart again.

use model::{Timestamp, attribution::Method};
use uuid::Uuid;

use super::{
    Conn,
    activity::narrow,
    list::{Arg, Select},
    stats::Filter,
};
use crate::error::{Error, Result};

/// Rows that are read at once. What an export holds in memory is a few times as much.
pub const ROWS: usize = 1000;

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    Events,
    /// Purchases that were credited to the influencer of the filter.
    Sales,
    Clicks {
        bots: bool,
    },
}

/// Where to read on: oldest first, by moment and id. The index has the moments alone, so rows of one moment come in any
/// order, and are read by their ids where they are more than fit at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    From(i64),
    Within { moment: i64, after: Uuid },
}

#[derive(Clone, Copy, Debug)]
pub struct EventLine<'a> {
    pub id: Uuid,
    pub influencer_id: Uuid,
    pub campaign_id: Uuid,
    pub link_id: Uuid,
    pub coupon_id: Uuid,
    pub click_id: Uuid,
    pub occurred_at: i64,
    pub received_at: i64,
    pub value_minor: Option<i64>,
    pub action: &'a str,
    pub method: &'a str,
    pub currency: &'a str,
    pub event_id: &'a str,
    pub name: &'a str,
}

#[derive(Clone, Copy, Debug)]
pub struct ClickLine<'a> {
    pub id: Uuid,
    pub influencer_id: Uuid,
    pub campaign_id: Uuid,
    pub link_id: Uuid,
    pub clicked_at: i64,
    pub is_bot: bool,
    pub is_first: bool,
    pub device: &'a str,
    pub country: &'a str,
    pub browser: &'a str,
    pub os: &'a str,
    pub referrer: &'a str,
    pub referrer_host: &'a str,
    pub user_agent: &'a str,
}

/// Influencers see a sale by the id of its receipt: from the event's an order's number could be guessed.
const SALE_IDS: [&str; 6] = ["receipt_id", "influencer_id", "campaign_id", "link_id", "coupon_id", "click_id"];
const EVENT_IDS: [&str; 6] = ["id", "influencer_id", "campaign_id", "link_id", "coupon_id", "click_id"];
const EVENT_WORDS: [&str; 6] = ["occurred_at", "received_at", "value_minor", "action", "method", "currency"];
const EVENT_TEXTS: [&str; 2] = ["event_id", "name"];
const CLICK_IDS: [&str; 4] = ["id", "influencer_id", "campaign_id", "link_id"];
const CLICK_WORDS: [&str; 5] = ["clicked_at", "is_bot", "is_first", "device", "country"];
const CLICK_TEXTS: [&str; 5] = ["browser", "os", "referrer", "referrer_host", "user_agent"];

/// At most [`ROWS`] rows from this place on, packed.
pub async fn read(conn: &mut Conn, rows: Rows, filter: &Filter, place: Place) -> Result<Vec<u8>> {
    let (columns, table, at) = match rows {
        Rows::Clicks { .. } => (packed(&CLICK_IDS, &CLICK_WORDS, &CLICK_TEXTS), "clicks", "clicked_at"),
        Rows::Events => (packed(&EVENT_IDS, &EVENT_WORDS, &EVENT_TEXTS), "events", "occurred_at"),
        Rows::Sales => (packed(&SALE_IDS, &EVENT_WORDS, &EVENT_TEXTS), "events", "occurred_at"),
    };
    let id = if rows == Rows::Sales { "receipt_id" } else { "id" };
    let index = conn.by_index(index(table, filter));
    let mut select = Select::new(&format!("SELECT {columns} AS line FROM {table}{index}"));
    // The range itself moves on: of two conditions on a moment the database might look the first one up.
    let (from, to) = match place {
        Place::From(moment) => (Timestamp(moment), filter.to),
        Place::Within { moment, .. } => (Timestamp(moment), Timestamp(moment + 1)),
    };
    narrow(&mut select, &Filter { from, to, ..filter.clone() }, at);
    match rows {
        Rows::Clicks { bots } => {
            if !bots {
                select.and("is_bot = ?", [Arg::Flag(false)]);
            }
        }
        Rows::Events | Rows::Sales => {
            select.and_id("coupon_id = ?", filter.coupon).and_word("method = ?", filter.method.map(Method::as_str));
        }
    }
    if rows == Rows::Sales {
        select.and("action = 'purchase' AND method <> 'none'", []);
    }
    match place {
        Place::From(_) => select.push(&format!(" ORDER BY {at}")),
        Place::Within { after, .. } => {
            select.and(&format!("{id} > ?"), [Arg::Id(after)]).push(&format!(" ORDER BY {id}"))
        }
    };
    select.push(" LIMIT ?").bind([Arg::Number(i64::try_from(ROWS).unwrap_or(i64::MAX))]);
    let (before, behind) = conn.gathered();
    select.around(before, behind);
    let lines: Vec<(Option<Vec<u8>>,)> = select.fetch(conn).await?;
    let mut lines = lines.into_iter().filter_map(|(line,)| line);
    let mut whole = lines.next().unwrap_or_default();
    lines.for_each(|line| whole.extend(line));
    Ok(whole)
}

/// The index whose order is the moments', and which has no row of others.
fn index(table: &str, filter: &Filter) -> &'static str {
    match (table, filter.influencer.is_some(), filter.advertiser.is_some()) {
        ("clicks", true, _) => "clicks_influencer",
        ("clicks", false, true) => "clicks_advertiser",
        ("clicks", false, false) => "clicks_time",
        (_, true, _) => "events_influencer",
        (_, false, true) => "events_advertiser",
        (_, false, false) => "events_time",
    }
}

fn packed(ids: &[&str], words: &[&str], texts: &[&str]) -> String {
    let ids = ids.iter().map(|id| format!("COALESCE({id}, x'00000000000000000000000000000000')"));
    let words = words.iter().map(|word| format!("COALESCE({word}, ''), ' '"));
    let lengths = texts.iter().map(|text| format!("OCTET_LENGTH(COALESCE({text}, '')), ' '"));
    let texts = texts.iter().map(|text| format!("COALESCE({text}, '')"));
    format!("CONCAT({})", ids.chain(words).chain(lengths).chain(texts).collect::<Vec<_>>().join(", "))
}

/// Packed rows, or what is left of them.
pub struct Packed<'a>(pub &'a [u8]);

impl<'a> Packed<'a> {
    pub fn events(mut self) -> Result<Vec<EventLine<'a>>> {
        let mut lines = Vec::with_capacity(ROWS);
        while !self.0.is_empty() {
            lines.push(self.event().ok_or_else(damaged)?);
        }
        Ok(lines)
    }

    pub fn clicks(mut self) -> Result<Vec<ClickLine<'a>>> {
        let mut lines = Vec::with_capacity(ROWS);
        while !self.0.is_empty() {
            lines.push(self.click().ok_or_else(damaged)?);
        }
        Ok(lines)
    }

    fn event(&mut self) -> Option<EventLine<'a>> {
        let [id, influencer_id, campaign_id, link_id, coupon_id, click_id] = self.ids()?;
        let (occurred_at, received_at, value) = (self.number()?, self.number()?, self.word()?);
        let (action, method, currency) = (self.word()?, self.word()?, self.word()?);
        let lengths = [self.number()?, self.number()?];
        let [event_id, name] = self.texts(lengths)?;
        Some(EventLine {
            id,
            influencer_id,
            campaign_id,
            link_id,
            coupon_id,
            click_id,
            occurred_at,
            received_at,
            value_minor: if value.is_empty() { None } else { Some(value.parse().ok()?) },
            action,
            method,
            currency,
            event_id,
            name,
        })
    }

    fn click(&mut self) -> Option<ClickLine<'a>> {
        let [id, influencer_id, campaign_id, link_id] = self.ids()?;
        let (clicked_at, is_bot, is_first) = (self.number()?, self.number()? != 0, self.number()? != 0);
        let (device, country) = (self.word()?, self.word()?);
        let lengths = [self.number()?, self.number()?, self.number()?, self.number()?, self.number()?];
        let [browser, os, referrer, referrer_host, user_agent] = self.texts(lengths)?;
        Some(ClickLine {
            id,
            influencer_id,
            campaign_id,
            link_id,
            clicked_at,
            is_bot,
            is_first,
            device,
            country,
            browser,
            os,
            referrer,
            referrer_host,
            user_agent,
        })
    }

    fn ids<const N: usize>(&mut self) -> Option<[Uuid; N]> {
        let bytes = self.take(16 * N)?;
        let mut ids = [Uuid::nil(); N];
        for (id, bytes) in ids.iter_mut().zip(bytes.chunks_exact(16)) {
            *id = Uuid::from_slice(bytes).ok()?;
        }
        Some(ids)
    }

    fn word(&mut self) -> Option<&'a str> {
        let end = self.0.iter().position(|byte| *byte == b' ')?;
        let word = self.take(end)?;
        self.0 = &self.0[1..];
        std::str::from_utf8(word).ok()
    }

    fn number(&mut self) -> Option<i64> {
        self.word()?.parse().ok()
    }

    fn texts<const N: usize>(&mut self, lengths: [i64; N]) -> Option<[&'a str; N]> {
        let mut texts = [""; N];
        for (text, length) in texts.iter_mut().zip(lengths) {
            *text = std::str::from_utf8(self.take(usize::try_from(length).ok()?)?).ok()?;
        }
        Some(texts)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

fn damaged() -> Error {
    Error::Internal("rows came packed in another way than was asked for".into())
}

/// Puts a page's rows in order and leaves those that are whole: all of a moment, or none. Where to read on; None at the
/// end.
pub fn settle<T>(rows: &mut Vec<T>, place: Place, key: impl Fn(&T) -> (i64, Uuid)) -> Option<Place> {
    rows.sort_unstable_by_key(&key);
    let is_full = rows.len() >= ROWS;
    let (Some((first, _)), Some((last, last_id))) = (rows.first().map(&key), rows.last().map(&key)) else {
        // Nothing more of this moment.
        return match place {
            Place::Within { moment, .. } => Some(Place::From(moment + 1)),
            Place::From(_) => None,
        };
    };
    match place {
        Place::From(_) if !is_full => None,
        Place::From(_) if first < last => {
            rows.truncate(rows.partition_point(|row| key(row).0 < last));
            Some(Place::From(last))
        }
        Place::From(_) => {
            // Which of its many rows these are is chance.
            rows.clear();
            Some(Place::Within { moment: last, after: Uuid::nil() })
        }
        Place::Within { moment, .. } if is_full => Some(Place::Within { moment, after: last_id }),
        Place::Within { moment, .. } => Some(Place::From(moment + 1)),
    }
}

/// What the ids of a page are called, of those tables that exports name.
pub async fn names(conn: &mut Conn, table: Named, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    let (table, column) = match table {
        Named::Influencer => ("influencers", "name"),
        Named::Campaign => ("campaigns", "name"),
        Named::Link => ("links", "code"),
        Named::Coupon => ("coupons", "code"),
    };
    let mut names = Vec::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let marks = vec!["?"; some.len()].join(", ");
        let mut select = Select::new(&format!("SELECT id, {column} FROM {table}"));
        select.and(&format!("id IN ({marks})"), some.iter().copied().map(Arg::Id));
        names.extend(select.fetch::<(Uuid, String)>(conn).await?);
    }
    Ok(names)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Influencer,
    Campaign,
    Link,
    Coupon,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a table of (moment, id) as the database would, page by page.
    fn walked(table: &[(i64, u128)]) -> (Vec<(i64, u128)>, usize) {
        let mut place = Some(Place::From(0));
        let (mut read, mut pages) = (Vec::new(), 0);
        while let Some(at) = place {
            pages += 1;
            let mut found: Vec<(i64, u128)> = match at {
                Place::From(moment) => table.iter().copied().filter(|row| row.0 >= moment).collect(),
                Place::Within { moment, after } => {
                    let mut found: Vec<_> =
                        table.iter().copied().filter(|row| row.0 == moment && row.1 > after.as_u128()).collect();
                    found.sort_unstable();
                    found
                }
            };
            // The index knows nothing of ids.
            found.sort_by_key(|row| row.0);
            found.truncate(ROWS);
            place = settle(&mut found, at, |row| (row.0, Uuid::from_u128(row.1)));
            read.extend(found);
        }
        (read, pages)
    }

    #[test]
    fn every_row_is_read_once_in_order_however_many_share_a_moment() {
        let spread = |count: usize, of_moment: usize| -> Vec<(i64, u128)> {
            // Ids against the order of the rows.
            (0..count).map(|n| ((n / of_moment) as i64, (count - n) as u128)).collect()
        };
        for (count, of_moment) in
            [(0, 1), (1, 1), (ROWS, 1), (ROWS + 1, 1), (3 * ROWS, 7), (3 * ROWS, ROWS), (5 * ROWS + 3, 2 * ROWS + 1)]
        {
            let table = spread(count, of_moment);
            let (read, pages) = walked(&table);
            let mut expected = table.clone();
            expected.sort_unstable();
            assert_eq!(read, expected, "{count} rows, {of_moment} of a moment");
            assert!(pages <= 2 * (count / ROWS) + 6, "{pages} pages of {count} rows");
        }
    }

    #[test]
    fn what_was_packed_otherwise_is_refused() {
        assert!(Packed(b"short").events().is_err());
        assert!(Packed(&[b'x'; 200]).clicks().is_err());
        assert!(Packed(b"").events().is_ok_and(|lines| lines.is_empty()));
    }
}
