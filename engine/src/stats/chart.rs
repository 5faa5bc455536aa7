//! A range bucket by bucket.

use jiff::Zoned;
use model::{
    Timestamp,
    stats::{Chart, Figures, Point, PreviousPoint, StatsQuery},
};

use super::{range::written, scope::Asked, tally::Tally};
use crate::{
    Engine, Session,
    db::{
        self, Conn,
        stats::{Filter, Split},
    },
    error::Result,
};

/// A quarter hour, in milliseconds.
const QUARTER: i64 = 15 * model::time::MINUTE;

impl Engine {
    pub async fn chart(&self, session: &Session, query: &StatsQuery) -> Result<Chart> {
        let (mut conn, asked) = self.asked(session, query).await?;
        let interval = asked.range.interval(query.interval.as_deref())?;
        let starts = asked.range.buckets(interval)?;
        let buckets = buckets(&mut conn, &asked, &asked.filter, &starts).await?;
        let mut previous = match asked.comparison()? {
            None => None,
            Some(comparison) => {
                let starts = comparison.starts(&starts)?;
                let buckets = self::buckets(&mut conn, &asked, &asked.within(&comparison.range), &starts).await?;
                Some(starts.into_iter().zip(buckets))
            }
        };
        let ends = starts.iter().skip(1).chain([&asked.range.to]).map(moment);
        let points = starts
            .iter()
            .zip(ends)
            .zip(buckets)
            .map(|((start, end), figures)| Point {
                start: written(start),
                complete: end <= asked.now,
                clicks: figures.clicks,
                add_to_cart: figures.add_to_cart,
                conversions: figures.conversions,
                gmv: figures.gmv,
                previous: previous.as_mut().and_then(Iterator::next).map(|(start, figures)| PreviousPoint {
                    start: written(&start),
                    clicks: figures.clicks,
                    add_to_cart: figures.add_to_cart,
                    conversions: figures.conversions,
                    gmv: figures.gmv,
                }),
            })
            .collect();
        Ok(Chart { interval, tz: asked.range.zone_name, points })
    }
}

/// The figures of each bucket; the last one ends with the filter.
async fn buckets(conn: &mut Conn, asked: &Asked, filter: &Filter, starts: &[Zoned]) -> Result<Vec<Figures>> {
    let edges: Vec<i64> = starts.iter().map(|start| moment(start).0).collect();
    let split = Split { by_quarter: true, ..Split::default() };
    let mut sums = vec![Tally::default(); edges.len()];
    for (key, tally) in &db::stats::tallies(conn, filter, &split).await? {
        // Zones' offsets are whole quarter hours, so a quarter lies in one bucket alone.
        let bucket = edges.partition_point(|edge| *edge < (key.quarter + 1) * QUARTER).saturating_sub(1);
        if let Some(sum) = sums.get_mut(bucket) {
            *sum += tally;
        }
    }
    Ok(sums.iter().map(|sum| sum.figures(asked.include_bots)).collect())
}

fn moment(zoned: &Zoned) -> Timestamp {
    Timestamp(zoned.timestamp().as_millisecond())
}
