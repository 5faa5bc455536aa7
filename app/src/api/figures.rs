//! The figures of a dashboard.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::stats::{Chart, Figures};
use serde::{Deserialize, Serialize};

use crate::{
    error::AppError,
    wire::{Packed, Sent},
};

/// What a dashboard shows at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// RFC 3339 in the zone's own offset.
    pub from: String,
    /// Exclusive.
    pub to: String,
    pub tz: String,
    pub figures: Figures,
    /// What it is compared with, where the address asks for it.
    pub previous: Option<Figures>,
    pub chart: Chart,
}

/// The figures that the query of a dashboard's address asks for, within what the session may see: a [`Sheet`], packed.
#[server(prefix = "/api/ui", endpoint = "figures", input = GetUrl, output = Sent)]
pub async fn load_figures(#[server(default)] query: String) -> Result<Packed, AppError> {
    use model::stats::Overview;

    use crate::{address, api::answer, session, wire};

    answer::told(
        async {
            let (engine, session) = session::required()?;
            let query = address::read(&address::params(&query), session.account.role)?;
            let Overview { from, to, tz, figures, previous } = engine.overview(&session, &query).await?;
            let chart = engine.chart(&session, &query).await?;
            let previous = previous.map(|previous| previous.figures);
            wire::pack(&Sheet { from, to, tz, figures, previous, chart })
        }
        .await,
    )
}
