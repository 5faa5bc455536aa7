//! The figures of a dashboard.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::{
    error::AppError,
    wire::{Packed, Sent},
};

/// The dashboard that the query of an address asks for, within what the session may see: a
/// [`Sheet`](crate::figures::sheet::Sheet), packed.
#[server(prefix = "/api/ui", endpoint = "figures", input = GetUrl, output = Sent)]
pub async fn load_figures(#[server(default)] query: String) -> Result<Packed, AppError> {
    use crate::{api::answer, figures::compose, session, wire};

    answer::told(
        async {
            let (engine, session) = session::required()?;
            wire::pack(&compose::sheet(&engine, &session, &query).await?)
        }
        .await,
    )
}
