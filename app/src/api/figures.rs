//! The figures of a dashboard.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::stats::{Chart, Overview, StatsQuery};
use serde::{Deserialize, Serialize};

use crate::error::AppError;

/// What a dashboard shows at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    pub overview: Overview,
    pub chart: Chart,
}

/// The figures of one range and filter, within what the session may see.
#[server(prefix = "/api/ui", endpoint = "figures", input = GetUrl)]
pub async fn load_figures(query: StatsQuery) -> Result<Figures, AppError> {
    use crate::{api::answer, session};

    answer::told(
        async {
            let (engine, session) = session::required()?;
            let overview = engine.overview(&session, &query).await?;
            let chart = engine.chart(&session, &query).await?;
            Ok(Figures { overview, chart })
        }
        .await,
    )
}
