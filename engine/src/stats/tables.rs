//! Figures told apart by influencer, campaign, link or coupon.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

use model::stats::{Dimension, Row, StatsQuery, Table};
use uuid::Uuid;

use super::{figures, percentages, scope::Asked, sum, tallies, tally::Tally};
use crate::{
    Engine, Session,
    db::{
        self, Conn,
        stats::{Key, Label, Split},
    },
    error::{Error, Result},
};

impl Engine {
    /// Whoever has a click or an event in the range, and nobody's share, which is always there. An influencer is not
    /// told apart from others.
    pub async fn table(&self, session: &Session, query: &StatsQuery, by: Dimension) -> Result<Table> {
        let (mut conn, asked) = self.asked(session, query).await?;
        table(&mut conn, &asked, by).await
    }
}

pub(super) async fn table(conn: &mut Conn, asked: &Asked, by: Dimension) -> Result<Table> {
    if asked.earns && by == Dimension::Influencer {
        return Err(Error::Forbidden);
    }
    let split = Split { by: Some(by), by_campaign: asked.earns };
    let tallies = tallies(conn, asked, &asked.range, &split).await?;
    let percentages = percentages(conn, asked, &tallies).await?;
    let mut parts: BTreeMap<Option<Uuid>, Vec<(&Key, &Tally)>> = BTreeMap::from([(None, Vec::new())]);
    for (key, tally) in &tallies {
        parts.entry(key.id).or_default().push((key, tally));
    }
    let ids: Vec<Uuid> = parts.keys().flatten().copied().collect();
    let labels = labels(conn, by, &ids).await?;
    let mut rows: Vec<Row> = parts
        .into_iter()
        .map(|(id, parts)| {
            let label = id.and_then(|id| labels.get(&id));
            let basis_points = label.and_then(|label| label.basis_points).filter(|_| !asked.earns);
            Row {
                id,
                label: label.map(|label| label.label.clone()),
                figures: figures(parts.iter().copied(), asked, &percentages),
                commission: basis_points.map(|of| sum(parts.iter().map(|(_, tally)| *tally)).commission(of)),
            }
        })
        .collect();
    // Equals stand by clicks, then by name.
    rows.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let total = figures(tallies.iter(), asked, &percentages);
    Ok(Table { rows, total })
}

fn rank(row: &Row) -> (bool, Reverse<i64>, Reverse<i64>, Option<&str>, Option<Uuid>) {
    let figures = &row.figures;
    (row.id.is_none(), Reverse(figures.conversions), Reverse(figures.clicks), row.label.as_deref(), row.id)
}

async fn labels(conn: &mut Conn, by: Dimension, ids: &[Uuid]) -> Result<HashMap<Uuid, Label>> {
    let labels = match by {
        Dimension::Influencer => db::stats::influencer_labels(conn, ids).await?,
        Dimension::Campaign => db::stats::campaign_labels(conn, ids).await?,
        Dimension::Link => db::stats::link_labels(conn, ids).await?,
        Dimension::Coupon => db::stats::coupon_labels(conn, ids).await?,
    };
    Ok(labels.into_iter().map(|label| (label.id, label)).collect())
}
