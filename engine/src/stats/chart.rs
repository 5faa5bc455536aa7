//! A range bucket by bucket.

use jiff::Zoned;
use model::{
    Timestamp,
    stats::{Chart, Figures, Point, PreviousPoint, StatsQuery},
};

use super::{range::written, scope::Asked, sum};
use crate::{
    Engine, Session,
    db::{Conn, stats::Split},
    error::Result,
};

impl Engine {
    pub async fn chart(&self, session: &Session, query: &StatsQuery) -> Result<Chart> {
        let (mut conn, asked) = self.asked(session, query).await?;
        chart(&mut conn, &asked, query).await
    }
}

pub(super) async fn chart(conn: &mut Conn, asked: &Asked, query: &StatsQuery) -> Result<Chart> {
    let interval = asked.range.interval(query.interval.as_deref())?;
    let starts = asked.range.buckets(interval)?;
    let figures = buckets(conn, asked, &starts, &asked.range.to).await?;
    let mut previous = match asked.comparison()? {
        None => None,
        Some(comparison) => {
            let starts = comparison.starts(&starts)?;
            let figures = buckets(conn, asked, &starts, &comparison.range.to).await?;
            Some(starts.into_iter().zip(figures))
        }
    };
    let ends = starts.iter().skip(1).chain([&asked.range.to]).map(moment);
    let points = starts
        .iter()
        .zip(ends)
        .zip(figures)
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
    Ok(Chart { interval, tz: asked.range.zone_name.clone(), points })
}

/// The figures of each bucket, as far as it lies before the end.
async fn buckets(conn: &mut Conn, asked: &Asked, starts: &[Zoned], end: &Zoned) -> Result<Vec<Figures>> {
    let end = moment(end);
    let edges: Vec<i64> = starts.iter().map(|start| moment(start).min(end).0).chain([end.0]).collect();
    let buckets = asked.source.between(conn, &edges, &asked.filter, &Split::default()).await?;
    Ok(buckets.iter().map(|tallies| sum(tallies.values()).figures(asked.include_bots)).collect())
}

fn moment(zoned: &Zoned) -> Timestamp {
    Timestamp(zoned.timestamp().as_millisecond())
}
