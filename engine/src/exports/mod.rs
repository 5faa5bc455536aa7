//! Clicks, events and sales as CSV: as the database is when the export begins, row by row, however many there are.

mod slots;
mod table;
mod worker;

use model::{Timestamp, stats::StatsQuery};
use tokio::sync::mpsc;
use uuid::Uuid;

pub(crate) use self::slots::Slots;
use self::worker::Worker;
use crate::{
    Engine, Session,
    db::{exports::Rows, stats::Filter},
    error::{Error, Result},
    stats::range::Range,
};

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportKind {
    Events,
    Clicks,
    /// What was credited to the influencer who asks, with nothing of who bought it.
    Sales,
}

/// What an export will hold, checked: nothing is read yet.
pub struct Export {
    /// Says what it holds.
    pub file_name: String,
    of: Uuid,
    rows: Rows,
    filter: Filter,
}

/// An export's bytes, a page at a time. Whoever drops it ends the export.
pub struct Pages {
    parts: mpsc::Receiver<Part>,
    is_over: bool,
}

enum Part {
    Bytes(Vec<u8>),
    /// All came: an export that ends in any other way was cut off.
    End,
}

impl Pages {
    fn channel(waiting: usize) -> (mpsc::Sender<Part>, Self) {
        let (sender, parts) = mpsc::channel(waiting);
        (sender, Self { parts, is_over: false })
    }

    /// None once all came. An error is the last of them: what came before is not all.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>>> {
        if self.is_over {
            return None;
        }
        match self.parts.recv().await {
            Some(Part::Bytes(bytes)) => Some(Ok(bytes)),
            Some(Part::End) => {
                self.is_over = true;
                None
            }
            None => {
                self.is_over = true;
                Some(Err(Error::Internal("an export was cut off".into())))
            }
        }
    }
}

impl Engine {
    /// Admins export any scope, advertisers and influencers their own.
    pub async fn export(&self, session: &Session, kind: ExportKind, query: &StatsQuery) -> Result<Export> {
        match kind {
            ExportKind::Events | ExportKind::Clicks => session.tenant().map(drop)?,
            ExportKind::Sales => session.influencer().map(drop)?,
        }
        let mut conn = self.db.read().await?;
        let (range, filter) = self.scope(&mut conn, session, query).await?;
        let advertiser = filter.advertiser.and_then(|id| self.catalog.advertiser(id));
        let of = advertiser.map(|advertiser| advertiser.name.clone());
        let (what, rows) = match kind {
            ExportKind::Events => ("events", Rows::Events),
            ExportKind::Clicks => ("clicks", Rows::Clicks { bots: query.include_bots }),
            ExportKind::Sales => ("sales", Rows::Sales),
        };
        Ok(Export { file_name: file_name(what, of.as_deref(), &range), of: slots::holder(session), rows, filter })
    }

    /// Begins an export: its first page is there when this returns. `gzip`: whether it is packed.
    pub async fn begin_export(&self, export: Export, gzip: bool) -> Result<Pages> {
        let slot = self.exports.take(export.of);
        self.counts.exported(&slot);
        let slot = slot?;
        let worker = Worker { db: self.db.clone(), rows: export.rows, filter: export.filter, gzip, _slot: slot };
        worker.start().await
    }
}

/// Such as `events_fjord-outdoor_2026-10-27_2026-11-25.csv`: whose, from which day to which.
fn file_name(what: &str, of: Option<&str>, range: &Range) -> String {
    let last = Timestamp(range.ends_at().0 - 1).max(range.starts_at());
    let last = jiff::Timestamp::from_millisecond(last.0).map(|last| last.to_zoned(range.to.time_zone().clone()));
    let last = last.map_or_else(|_| range.to.date(), |last| last.date());
    let of = of.map(slug).filter(|of| !of.is_empty()).map(|of| format!("_{of}")).unwrap_or_default();
    format!("{what}{of}_{}_{last}.csv", range.from.date())
}

/// A name as part of a file's, in letters that every system takes.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if slug.len() >= 40 {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_all_never_looks_so() {
        for is_all in [true, false] {
            let (sender, mut pages) = Pages::channel(2);
            let _ = sender.send(Part::Bytes(vec![1])).await;
            if is_all {
                let _ = sender.send(Part::End).await;
            }
            // Its worker has ended, or died.
            drop(sender);
            assert!(matches!(pages.next().await, Some(Ok(bytes)) if bytes == [1]));
            assert_eq!(pages.next().await.is_none(), is_all, "cut off, it is an error");
            assert!(pages.next().await.is_none());
        }
    }

    #[test]
    fn a_file_is_named_after_what_it_holds() {
        let query = |from: &str, to: &str| StatsQuery {
            from: Some(from.into()),
            to: Some(to.into()),
            tz: Some("Europe/Berlin".into()),
            ..StatsQuery::default()
        };
        let range = |from: &str, to: &str| Range::resolve(&query(from, to), "UTC", Timestamp(0)).unwrap();
        let days = range("2026-10-27", "2026-11-25");
        assert_eq!(
            file_name("events", Some("Fjord & Outdoor GmbH!"), &days),
            "events_fjord-outdoor-gmbh_2026-10-27_2026-11-25.csv"
        );
        assert_eq!(file_name("sales", None, &days), "sales_2026-10-27_2026-11-25.csv");
        assert_eq!(
            file_name("clicks", Some("店"), &range("2026-01-01", "2026-01-01")),
            "clicks_2026-01-01_2026-01-01.csv"
        );
        let nothing = range("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z");
        assert_eq!(file_name("clicks", None, &nothing), "clicks_2026-01-01_2026-01-01.csv");
    }
}
