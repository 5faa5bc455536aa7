//! Figures: what a range and a filter come to.

pub mod range;
mod scope;

use std::collections::BTreeMap;

use model::{
    Currency, Money,
    event::Action,
    stats::{Chart, Figures, Overview, Point, StatsQuery},
};

use self::range::written;
use crate::{
    Engine, Session,
    db::{
        self,
        stats::{ClickCount, EventCount},
    },
    error::Result,
};

impl Engine {
    pub async fn overview(&self, session: &Session, query: &StatsQuery) -> Result<Overview> {
        let mut conn = self.db.read().await?;
        let (range, filter) = self.scope(&mut conn, session, query).await?;
        let clicks = db::stats::clicks(&mut conn, &filter, false).await?;
        let events = db::stats::events(&mut conn, &filter, false).await?;
        let figures = figures(&clicks, &events, query.include_bots);
        Ok(Overview { from: written(&range.from), to: written(&range.to), tz: range.zone_name, figures })
    }

    pub async fn chart(&self, session: &Session, query: &StatsQuery) -> Result<Chart> {
        let mut conn = self.db.read().await?;
        let (range, filter) = self.scope(&mut conn, session, query).await?;
        let interval = range.interval(query.interval.as_deref())?;
        let starts = range.buckets(interval)?;
        let clicks = db::stats::clicks(&mut conn, &filter, true).await?;
        let events = db::stats::events(&mut conn, &filter, true).await?;
        let now = self.clock.now();
        let edges: Vec<i64> = starts.iter().map(|start| start.timestamp().as_millisecond()).collect();
        // Zones' offsets are whole quarter hours, so a quarter lies in one bucket alone.
        let bucket = |quarter: i64| edges.partition_point(|edge| *edge < (quarter + 1) * QUARTER).saturating_sub(1);
        let mut by_bucket: Vec<(Vec<ClickCount>, Vec<EventCount>)> = vec![Default::default(); starts.len()];
        for count in clicks {
            if let Some((clicks, _)) = by_bucket.get_mut(bucket(count.quarter)) {
                clicks.push(count);
            }
        }
        for count in events {
            if let Some((_, events)) = by_bucket.get_mut(bucket(count.quarter)) {
                events.push(count);
            }
        }
        let ends = edges.iter().copied().skip(1).chain([range.ends_at().0]);
        let points = starts
            .iter()
            .zip(ends)
            .zip(by_bucket)
            .map(|((start, end), (clicks, events))| {
                let figures = figures(&clicks, &events, query.include_bots);
                Point {
                    start: written(start),
                    complete: end <= now.0,
                    clicks: figures.clicks,
                    add_to_cart: figures.add_to_cart,
                    conversions: figures.conversions,
                    gmv: figures.gmv,
                }
            })
            .collect();
        Ok(Chart { interval, tz: range.zone_name, points })
    }
}

/// A quarter hour, in milliseconds.
const QUARTER: i64 = 15 * model::time::MINUTE;

/// Folds counts into the figures everybody reads.
fn figures(clicks: &[ClickCount], events: &[EventCount], include_bots: bool) -> Figures {
    let mut figures = Figures::default();
    let mut human_clicks = 0;
    for count in clicks {
        human_clicks += count.human;
        figures.bot_clicks += count.bots;
        figures.clicks += count.human + if include_bots { count.bots } else { 0 };
        figures.unique_visitors += count.human_first + if include_bots { count.bots_first } else { 0 };
    }
    // Currencies apart, in the order of their codes.
    let mut gmv: BTreeMap<&str, i128> = BTreeMap::new();
    let mut attributed_gmv: BTreeMap<&str, i128> = BTreeMap::new();
    for count in events {
        match count.action {
            Action::AddToCart => figures.add_to_cart += count.count,
            Action::Signup => figures.signups += count.count,
            Action::DropOff => figures.drop_offs += count.count,
            Action::Custom => {}
            Action::Purchase => {
                figures.purchases += count.count;
                if count.attributed {
                    figures.attributed_conversions += count.count;
                }
                if count.valued > 0 {
                    *gmv.entry(&count.currency).or_default() += count.sum_minor;
                    if count.attributed {
                        *attributed_gmv.entry(&count.currency).or_default() += count.sum_minor;
                    }
                }
            }
        }
    }
    figures.conversions = figures.purchases;
    figures.gmv = money(gmv);
    figures.attributed_gmv = money(attributed_gmv);
    figures.conversion_rate = rate(figures.attributed_conversions, human_clicks);
    figures
}

fn money(sums: BTreeMap<&str, i128>) -> Vec<Money> {
    let known = |(code, minor): (&str, i128)| {
        let currency: Currency = code.parse().ok()?;
        Some(Money { minor, currency })
    };
    sums.into_iter().filter_map(known).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a rate; counts are far below 2^52")]
fn rate(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
