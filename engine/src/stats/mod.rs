//! Figures: what a range and a filter come to.

mod chart;
mod comparison;
pub mod range;
mod scope;
mod tables;
pub mod tally;

use std::collections::HashMap;

use model::{
    CampaignId,
    stats::{Figures, Funnel, Overview, Previous, StatsQuery},
};
use uuid::Uuid;

use self::{
    range::written,
    scope::Asked,
    tally::{Earned, Tally},
};
use crate::{
    Engine, Session,
    db::{
        self, Conn,
        stats::{Filter, Key, Split, Tallies},
    },
    error::Result,
};

pub use self::range::faults as range_faults;

impl Engine {
    /// Influencers are told of their own, with what it may earn them.
    pub async fn overview(&self, session: &Session, query: &StatsQuery) -> Result<Overview> {
        let (mut conn, asked) = self.asked(session, query).await?;
        let figures = total(&mut conn, &asked, &asked.filter).await?;
        let previous = match asked.comparison()? {
            None => None,
            Some(comparison) => {
                let filter = asked.within(&comparison.range);
                let figures = total(&mut conn, &asked, &filter).await?;
                let (from, to) = (written(&comparison.range.from), written(&comparison.range.to));
                Some(Previous { from, to, figures })
            }
        };
        let range = asked.range;
        Ok(Overview { from: written(&range.from), to: written(&range.to), tz: range.zone_name, figures, previous })
    }

    pub async fn funnel(&self, session: &Session, query: &StatsQuery) -> Result<Funnel> {
        let (mut conn, asked) = self.asked(session, query).await?;
        let tallies = db::stats::tallies(&mut conn, &asked.filter, &Split::default()).await?;
        Ok(sum(tallies.values()).funnel(query.include_bots))
    }
}

/// All that a filter lets through, as one.
async fn total(conn: &mut Conn, asked: &Asked, filter: &Filter) -> Result<Figures> {
    let split = Split { by_campaign: asked.earns, ..Split::default() };
    let tallies = db::stats::tallies(conn, filter, &split).await?;
    let percentages = percentages(conn, asked, &tallies).await?;
    Ok(figures(tallies.iter(), asked, &percentages))
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
        all += tally;
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
        sum += tally;
    }
    sum
}
