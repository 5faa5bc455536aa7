//! Figures: what a range and a filter come to.

mod cells;
mod chart;
mod check;
mod comparison;
pub mod range;
mod scope;
mod sums;
mod tables;
pub mod tally;
mod verify;

use std::collections::HashMap;

use model::{
    CampaignId,
    stats::{Figures, Funnel, Overview, Previous, StatsQuery},
};
use uuid::Uuid;

use self::{
    range::{Range, written},
    scope::Asked,
    tally::{Earned, Tally},
};
use crate::{
    Engine, Session,
    db::{
        self, Conn,
        stats::{Key, Split, Tallies},
    },
    error::Result,
};

pub use self::{
    check::{FiguresChecked, FiguresDiffer, check_figures},
    range::faults as range_faults,
    sums::Source,
    verify::Answers,
};

impl Engine {
    /// Influencers are told of their own, with what it may earn them.
    pub async fn overview(&self, session: &Session, query: &StatsQuery) -> Result<Overview> {
        let (mut conn, asked) = self.asked(session, query).await?;
        overview(&mut conn, &asked).await
    }

    pub async fn funnel(&self, session: &Session, query: &StatsQuery) -> Result<Funnel> {
        let (mut conn, asked) = self.asked(session, query).await?;
        funnel(&mut conn, &asked).await
    }
}

async fn overview(conn: &mut Conn, asked: &Asked) -> Result<Overview> {
    let figures = total(conn, asked, &asked.range).await?;
    let previous = match asked.comparison()? {
        None => None,
        Some(comparison) => {
            let figures = total(conn, asked, &comparison.range).await?;
            let (from, to) = (written(&comparison.range.from), written(&comparison.range.to));
            Some(Previous { from, to, figures })
        }
    };
    let range = &asked.range;
    let tz = range.zone_name.clone();
    Ok(Overview { from: written(&range.from), to: written(&range.to), tz, figures, previous })
}

async fn funnel(conn: &mut Conn, asked: &Asked) -> Result<Funnel> {
    let tallies = tallies(conn, asked, &asked.range, &Split::default()).await?;
    Ok(sum(tallies.values()).funnel(asked.include_bots))
}

/// All that a range holds, as one.
async fn total(conn: &mut Conn, asked: &Asked, range: &Range) -> Result<Figures> {
    let split = Split { by_campaign: asked.earns, ..Split::default() };
    let tallies = tallies(conn, asked, range, &split).await?;
    let percentages = percentages(conn, asked, &tallies).await?;
    Ok(figures(tallies.iter(), asked, &percentages))
}

async fn tallies(conn: &mut Conn, asked: &Asked, range: &Range, split: &Split) -> Result<Tallies> {
    let edges = [range.starts_at().0, range.ends_at().0];
    let mut buckets = asked.source.between(conn, &edges, &asked.filter, split).await?;
    Ok(buckets.pop().unwrap_or_default())
}

/// Campaigns' percentages, in hundredths of a percent, where the answer needs them.
type Percentages = HashMap<CampaignId, i64>;

async fn percentages(conn: &mut Conn, asked: &Asked, tallies: &Tallies) -> Result<Percentages> {
    if !asked.earns {
        return Ok(Percentages::new());
    }
    let mut campaigns: Vec<Uuid> = tallies.keys().filter_map(|key| key.campaign).collect();
    campaigns.sort_unstable();
    campaigns.dedup();
    let labels = db::stats::campaign_labels(conn, &campaigns).await?;
    Ok(labels.into_iter().filter_map(|label| Some((label.id.into(), label.basis_points?))).collect())
}

/// Folds tallies into the figures that whoever asked is told.
fn figures<'a>(
    tallies: impl Iterator<Item = (&'a Key, &'a Tally)>,
    asked: &Asked,
    percentages: &Percentages,
) -> Figures {
    let (mut all, mut earned) = (Tally::default(), Earned::default());
    for (key, tally) in tallies {
        all.add_times(tally, 1);
        if let Some(basis_points) = key.campaign.and_then(|id| percentages.get(&id.into())) {
            earned.add(tally, *basis_points);
        }
    }
    let commission_estimate = asked.earns.then(|| earned.money());
    Figures { commission_estimate, ..all.figures(asked.include_bots) }
}

fn sum<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Tally {
    let mut sum = Tally::default();
    for tally in tallies {
        sum.add_times(tally, 1);
    }
    sum
}
