//! The figures of a dashboard.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::stats::{Chart, Figures, StatsQuery};
use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// What a dashboard shows at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// RFC 3339 in the zone's own offset.
    pub from: String,
    /// Exclusive.
    pub to: String,
    pub tz: String,
    pub figures: Figures,
    pub chart: Chart,
}

/// The figures of one range and filter, within what the session may see.
#[server(prefix = "/api/ui", endpoint = "figures", input = GetUrl)]
pub async fn load_figures(query: StatsQuery) -> Result<Sheet, AppError> {
    use model::stats::Overview;

    use crate::{api::answer, session};

    answer::told(
        async {
            let (engine, session) = session::required()?;
            let Overview { from, to, tz, figures } = engine.overview(&session, &query).await?;
            let chart = engine.chart(&session, &query).await?;
            Ok(Sheet { from, to, tz, figures, chart })
        }
        .await,
    )
}
