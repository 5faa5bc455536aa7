//! Clicks and events of closed UTC days, as they are stored, in an object storage: gzip files of JSON lines, and for each
//! day a manifest, written last, that says what they hold. What is there and right is left alone.

mod day;
mod target;

use model::{Timestamp, time::DAY};

pub use self::target::Target;
use self::{
    day::{Day, Written},
    target::Store,
};
use crate::{
    Options,
    db::{self, Db},
    error::{Error, Result},
};

/// What is put where.
#[derive(Clone, Debug)]
pub struct Archive {
    pub to: Target,
    /// From this UTC midnight on; None: all that is there.
    pub since: Option<Timestamp>,
    /// Up to this UTC midnight.
    pub before: Timestamp,
}

/// What an archive's run has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archived {
    /// Days that were written, and what was in them.
    pub days: u64,
    pub clicks: u64,
    pub events: u64,
    pub bytes: u64,
    /// Days that were there as they are.
    pub left: u64,
}

impl Archive {
    /// Puts each day there, oldest first; `step` hears of each. Once all days up to `before` are there, without a gap,
    /// the database remembers it: then they may be deleted.
    pub async fn run(&self, options: &Options, mut step: impl FnMut(Timestamp, &Archived)) -> Result<Archived> {
        let now = options.clock.now();
        if self.before.0 > now.utc_day() * DAY {
            return Err(Error::invalid("before", "must be a day that has begun: only closed days are archived"));
        }
        let store = Store::open(&self.to)?;
        let db = Db::open_existing(&options.database_url)?;
        let schema = db.schema().await?;
        schema.check()?;
        let mut conn = db.read().await?;
        let kept = db::retention::rows_from(&mut conn).await?;
        let first = db::archive::first_row(&mut conn).await?.unwrap_or(self.before);
        drop(conn);
        // Days whose rows may be gone must never be written over by what is left of them.
        let first = kept.unwrap_or(first).max(first).utc_day();
        let from = self.since.map_or(first, |since| since.utc_day().max(first));
        let mut done = Archived::default();
        for number in from..self.before.utc_day() {
            let day = Day { from: Timestamp(number * DAY), to: Timestamp((number + 1) * DAY), schema: schema.version };
            step(day.from, &done);
            match day.put(&db, &store).await? {
                None => done.left += 1,
                Some(Written { clicks, events, bytes }) => {
                    done.days += 1;
                    done.clicks += clicks;
                    done.events += events;
                    done.bytes += bytes;
                }
            }
        }
        // Only where every day that is kept was looked at: an event may come months after its day was written.
        if from <= first {
            let mut conn = db.begin().await?;
            db::retention::raise_archived_to(&mut conn, self.before).await?;
            conn.commit().await?;
        }
        db.close().await;
        Ok(done)
    }
}
