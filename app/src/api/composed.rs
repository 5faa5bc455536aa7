//! Pages that are composed on the server, and the forms on them.

use leptos::{prelude::*, server_fn::codec::GetUrl};

use crate::{
    admin::{forms::FormName, page::Pairs},
    error::AppError,
    wire::{Packed, Sent},
};

/// The page of an address, for whoever may see it: a [`Page`](crate::admin::page::Page), packed.
#[server(prefix = "/api/ui", endpoint = "page", input = GetUrl, output = Sent)]
pub async fn load_page(path: String, #[server(default)] query: String) -> Result<Packed, AppError> {
    use crate::{api::answer, perform, session, wire};

    answer::told_page(
        async {
            let engine = session::engine()?;
            let asker = session::asker()?;
            wire::pack(&perform::compose(&engine, &asker, &path, &query).await?)
        }
        .await,
    )
}

/// Does what a form asks for, for whoever may ask for it; a [`Done`](crate::admin::page::Done), packed.
#[server(prefix = "/api/ui", endpoint = "act", input = Sent, output = Sent)]
pub async fn act(form: FormName, fields: Pairs) -> Result<Packed, AppError> {
    use axum::http::header::SET_COOKIE;

    use crate::{api::answer, perform, session, wire};

    answer::told(
        async {
            let engine = session::engine()?;
            let (response, rules) = session::response()?;
            let performed = perform::act(&engine, &session::asker()?, rules, form, &fields).await?;
            if let Some(cookie) = performed.cookie {
                response.append_header(SET_COOKIE, cookie);
            }
            wire::pack(&performed.done)
        }
        .await,
    )
}
