//! The CSV itself: columns, cells, and what ids are called.

use std::{collections::HashMap, io::Write as _};

use model::{Currency, Money, Timestamp, attribution::Method};
use uuid::Uuid;

use crate::{
    db::{
        self, Conn,
        exports::{ClickLine, EventLine, Named, Rows},
    },
    error::{Error, Result},
};

const EVENTS: &str = "id,event_id,action,name,value,currency,occurred_at,received_at,method,confidence,influencer_id,\
    influencer_name,campaign_id,campaign_name,link_id,link_code,coupon_id,coupon_code,click_id\r\n";
const SALES: &str = "id,occurred_at,value,currency,method,campaign_id,campaign_name,link_id,link_code,coupon_id,\
    coupon_code\r\n";
const CLICKS: &str = "id,clicked_at,influencer_id,influencer_name,campaign_id,campaign_name,link_id,link_code,device,\
    browser,os,country,referrer_host,referrer,user_agent,is_bot,is_first\r\n";
/// Names that are remembered; an install may have more codes than memory should hold.
const MOST_NAMES: usize = 10_000;
const BUFFER: usize = 64 * 1024;

/// The first line of what is exported.
pub(super) fn header(rows: Rows) -> &'static str {
    match rows {
        Rows::Events => EVENTS,
        Rows::Sales => SALES,
        Rows::Clicks { .. } => CLICKS,
    }
}

/// What ids are called, as cells.
#[derive(Default)]
pub(super) struct Names(HashMap<Uuid, String>);

impl Names {
    /// Learns those that are not known yet. `ids` may hold the same often, and the zeroes that stand for none.
    pub async fn learn(&mut self, conn: &mut Conn, of: Named, ids: impl Iterator<Item = Uuid>) -> Result<()> {
        let mut missing: Vec<Uuid> = ids.filter(|id| !id.is_nil() && !self.0.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        missing.sort_unstable();
        missing.dedup();
        let found = db::exports::names(conn, of, &missing).await?;
        self.0.extend(found.into_iter().map(|(id, name)| (id, guarded(name))));
        Ok(())
    }

    /// To be called between pages: what a page names stays until it is written.
    pub fn forget_some(&mut self) {
        if self.0.len() > MOST_NAMES {
            self.0.clear();
        }
    }

    fn of(&self, id: Uuid) -> &str {
        self.0.get(&id).map_or("", String::as_str)
    }
}

/// A spreadsheet would take such a cell for a formula.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn guarded(text: String) -> String {
    if is_formula(&text) { format!("'{text}") } else { text }
}

/// Lines of one page.
pub(super) struct Page {
    lines: csv::Writer<Vec<u8>>,
    /// What a cell is written in, before it is one.
    cell: Vec<u8>,
    currency: Option<Currency>,
}

impl Page {
    pub fn new() -> Self {
        let mut builder = csv::WriterBuilder::new();
        builder.terminator(csv::Terminator::CRLF).buffer_capacity(BUFFER);
        Self { lines: builder.from_writer(Vec::with_capacity(4 * BUFFER)), cell: Vec::new(), currency: None }
    }

    pub fn finish(self) -> Result<Vec<u8>> {
        self.lines.into_inner().map_err(|error| broken(error.error()))
    }

    pub fn event(&mut self, it: &EventLine<'_>, names: &Names) -> csv::Result<()> {
        let method: Option<Method> = it.method.parse().ok();
        self.id(it.id)?;
        self.text(it.event_id)?;
        self.word(it.action)?;
        self.text(it.name)?;
        self.value(it)?;
        self.word(it.currency)?;
        self.moment(it.occurred_at)?;
        self.moment(it.received_at)?;
        self.word(it.method)?;
        self.word(method.map_or("", confidence))?;
        self.named(it.influencer_id, names)?;
        self.named(it.campaign_id, names)?;
        self.named(it.link_id, names)?;
        self.named(it.coupon_id, names)?;
        self.id(it.click_id)?;
        self.end()
    }

    pub fn sale(&mut self, it: &EventLine<'_>, names: &Names) -> csv::Result<()> {
        self.id(it.id)?;
        self.moment(it.occurred_at)?;
        self.value(it)?;
        self.word(it.currency)?;
        self.word(it.method)?;
        self.named(it.campaign_id, names)?;
        self.named(it.link_id, names)?;
        self.named(it.coupon_id, names)?;
        self.end()
    }

    pub fn click(&mut self, it: &ClickLine<'_>, names: &Names) -> csv::Result<()> {
        self.id(it.id)?;
        self.moment(it.clicked_at)?;
        self.named(it.influencer_id, names)?;
        self.named(it.campaign_id, names)?;
        self.named(it.link_id, names)?;
        self.word(it.device)?;
        self.text(it.browser)?;
        self.text(it.os)?;
        self.word(it.country)?;
        self.text(it.referrer_host)?;
        self.text(it.referrer)?;
        self.text(it.user_agent)?;
        self.word(flag(it.is_bot))?;
        self.word(flag(it.is_first))?;
        self.end()
    }

    /// What is ours, and needs no guard.
    fn word(&mut self, word: &str) -> csv::Result<()> {
        self.lines.write_field(word)
    }

    /// What others wrote.
    fn text(&mut self, text: &str) -> csv::Result<()> {
        if !is_formula(text) {
            return self.lines.write_field(text);
        }
        self.cell.clear();
        self.cell.push(b'\'');
        self.cell.extend_from_slice(text.as_bytes());
        self.lines.write_field(&self.cell)
    }

    fn id(&mut self, id: Uuid) -> csv::Result<()> {
        if id.is_nil() {
            return self.word("");
        }
        self.lines.write_field(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }

    /// An id, and what it is called.
    fn named(&mut self, id: Uuid, names: &Names) -> csv::Result<()> {
        self.id(id)?;
        self.lines.write_field(names.of(id))
    }

    fn moment(&mut self, at: i64) -> csv::Result<()> {
        self.cell.clear();
        write!(self.cell, "{}", Timestamp(at))?;
        self.lines.write_field(&self.cell)
    }

    fn value(&mut self, it: &EventLine<'_>) -> csv::Result<()> {
        let Some(minor) = it.value_minor else { return self.word("") };
        if self.currency.is_none_or(|currency| currency.code() != it.currency) {
            self.currency = it.currency.parse().ok();
        }
        match self.currency {
            Some(currency) => self.lines.write_field(Money { minor: minor.into(), currency }.amount()),
            None => self.word(""),
        }
    }

    fn end(&mut self) -> csv::Result<()> {
        self.lines.write_record(None::<&[u8]>)
    }
}

/// As JSON answers have it.
fn confidence(method: Method) -> &'static str {
    match method {
        Method::Coupon => "1.0",
        Method::FirstTouch | Method::ClickId | Method::RefCode => "0.9",
        Method::LandingUrl => "0.7",
        Method::Referrer => "0.5",
        Method::None => "0.0",
    }
}

fn flag(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

pub(super) fn broken(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("CSV: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_is_written_as_json_has_it() {
        for method in Method::ALL {
            assert_eq!(confidence(*method), serde_json::to_string(&method.confidence()).unwrap());
        }
    }

    #[test]
    fn every_line_is_rfc_4180_and_no_cell_a_formula() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        let mut names = Names::default();
        names.0.insert(id, guarded("=cmd, \"x\"".into()));
        let nil = Uuid::nil();
        let line = EventLine {
            id,
            influencer_id: id,
            campaign_id: nil,
            link_id: nil,
            coupon_id: nil,
            click_id: nil,
            occurred_at: 0,
            received_at: 1,
            value_minor: Some(5),
            action: "purchase",
            method: "coupon",
            currency: "KWD",
            event_id: "-1,\n\"ä\"",
            name: "\tx",
        };
        let mut page = Page::new();
        page.event(&line, &names).unwrap();
        assert_eq!(
            String::from_utf8(page.finish().unwrap()).unwrap(),
            "01900000-0000-7000-8000-000000000001,\"'-1,\n\"\"ä\"\"\",purchase,'\tx,0.005,KWD,1970-01-01T00:00:00.000Z,\
             1970-01-01T00:00:00.001Z,coupon,1.0,01900000-0000-7000-8000-000000000001,\"'=cmd, \"\"x\"\"\",,,,,,,\r\n"
        );
        for (header, columns) in [(EVENTS, 19), (SALES, 11), (CLICKS, 17)] {
            assert_eq!(header.split(',').count(), columns, "{header}");
        }
    }
}
