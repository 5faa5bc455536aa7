//! Figures: what a range and a filter come to.

pub mod range;

use std::collections::BTreeMap;

use model::{
    Currency, Money,
    event::Action,
    stats::{Chart, Figures, Overview, Point, StatsQuery},
};

use self::range::{Range, written};
use crate::{
    Engine, Session,
    db::{
        self,
        stats::{ClickCount, EventCount, Filter},
    },
    error::{Error, Result},
};

impl Engine {
    pub async fn overview(&self, session: &Session, query: &StatsQuery) -> Result<Overview> {
        let (range, filter) = self.scope(session, query)?;
        let mut conn = self.db.read().await?;
        let clicks = db::stats::clicks(&mut conn, &filter, false).await?;
        let events = db::stats::events(&mut conn, &filter, false).await?;
        let figures = figures(&clicks, &events, query.include_bots);
        Ok(Overview { from: written(&range.from), to: written(&range.to), tz: range.zone_name, figures })
    }

    pub async fn chart(&self, session: &Session, query: &StatsQuery) -> Result<Chart> {
        let (range, filter) = self.scope(session, query)?;
        let interval = range.interval(query.interval.as_deref())?;
        let starts = range.buckets(interval)?;
        let mut conn = self.db.read().await?;
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

    /// What this session may see of what is asked for: the tenant and the influencer come from the session, not the query.
    fn scope(&self, session: &Session, query: &StatsQuery) -> Result<(Range, Filter)> {
        let own_influencer = session.own_influencer()?;
        let tenant = if own_influencer.is_some() { None } else { session.tenant()? };
        if let (Some(tenant), Some(asked)) = (tenant, query.advertiser_id)
            && tenant != asked
        {
            return Err(Error::NotFound);
        }
        let advertiser = tenant.or(query.advertiser_id);
        self.check_scope(session, advertiser, query)?;
        let default_zone = advertiser
            .and_then(|id| self.catalog.advertiser(id))
            .map_or_else(|| "UTC".to_owned(), |advertiser| advertiser.time_zone.clone());
        let range = Range::resolve(query, &default_zone, self.clock.now())?;
        let filter = Filter {
            from: range.starts_at(),
            to: range.ends_at(),
            advertiser,
            campaign: query.campaign_id,
            influencer: own_influencer.or(query.influencer_id),
            link: query.link_id,
            coupon: query.coupon_id,
            method: query.method,
        };
        Ok((range, filter))
    }

    /// An id outside the scope is not found, whoever owns it.
    fn check_scope(
        &self,
        session: &Session,
        advertiser: Option<model::AdvertiserId>,
        query: &StatsQuery,
    ) -> Result<()> {
        if let Some(id) = advertiser {
            self.catalog.advertiser(id).ok_or(Error::NotFound)?;
        }
        if let Some(id) = query.campaign_id {
            let campaign = self.catalog.campaign(id).ok_or(Error::NotFound)?;
            if advertiser.is_some_and(|owner| owner != campaign.advertiser_id) {
                return Err(Error::NotFound);
            }
        }
        if let Some(id) = query.link_id {
            let link = self.catalog.link_by_id(id).ok_or(Error::NotFound)?;
            if advertiser.is_some_and(|owner| owner != link.advertiser_id) {
                return Err(Error::NotFound);
            }
        }
        if let Some(id) = query.influencer_id {
            self.catalog.influencer_status(id).ok_or(Error::NotFound)?;
            if session.own_influencer()?.is_some_and(|own| own != id) {
                return Err(Error::NotFound);
            }
        }
        Ok(())
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
    let mut gmv: BTreeMap<&str, i64> = BTreeMap::new();
    let mut attributed_gmv: BTreeMap<&str, i64> = BTreeMap::new();
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

fn money(sums: BTreeMap<&str, i64>) -> Vec<Money> {
    let known = |(code, minor): (&str, i64)| {
        let currency: Currency = code.parse().ok()?;
        Some(Money { minor, currency })
    };
    sums.into_iter().filter_map(known).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a rate; counts are far below 2^52")]
fn rate(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
