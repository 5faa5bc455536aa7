//! The same question answered both ways, of one state of the database.

use model::stats::{Chart, Dimension, Funnel, Overview, StatsQuery, Table};

use super::{Source, chart::chart, funnel, overview, tables::table};
use crate::{Engine, Session, db::Conn, error::Result};

/// All that can be answered to a question.
#[derive(Debug, PartialEq)]
pub struct Answers {
    pub overview: Overview,
    pub chart: Chart,
    pub funnel: Funnel,
    /// By influencer, campaign, link and coupon; influencers are not told apart from others.
    pub tables: Vec<Table>,
}

impl Engine {
    /// From sums, and then from clicks and events alone. They are equal, whatever is written meanwhile.
    pub async fn answers_both_ways(&self, session: &Session, query: &StatsQuery) -> Result<[Answers; 2]> {
        let mut conn = self.db.snapshot().await?;
        let sums = self.answers(&mut conn, session, query, Source::Sums).await?;
        let rows = self.answers(&mut conn, session, query, Source::Rows).await?;
        Ok([sums, rows])
    }

    /// One way alone: to see how long it takes.
    pub async fn answers_from(&self, session: &Session, query: &StatsQuery, source: Source) -> Result<Answers> {
        let mut conn = self.db.snapshot().await?;
        self.answers(&mut conn, session, query, source).await
    }

    async fn answers(&self, conn: &mut Conn, session: &Session, query: &StatsQuery, source: Source) -> Result<Answers> {
        let asked = self.asked_of(conn, session, query, source).await?;
        let mut tables = Vec::new();
        for by in Dimension::ALL.iter().filter(|by| !(asked.earns && **by == Dimension::Influencer)) {
            tables.push(table(conn, &asked, *by).await?);
        }
        Ok(Answers {
            overview: overview(conn, &asked).await?,
            chart: chart(conn, &asked, query).await?,
            funnel: funnel(conn, &asked).await?,
            tables,
        })
    }
}
