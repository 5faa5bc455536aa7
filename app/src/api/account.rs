//! Logging in and out.

use leptos::prelude::*;

use crate::{error::AppError, wire::Sent};

/// Opens a session in a cookie and answers the page to go to next. A plain form is sent there at once;
/// a failed one is sent back to the login page with the kind of its error in the address.
#[server(prefix = "/api/ui", endpoint = "log_in", output = Sent)]
pub async fn log_in(email: String, password: String, #[server(default)] next: String) -> Result<String, AppError> {
    use crate::{address, api::answer, elsewhere};

    let entered = ssr::enter(email, password).await;
    let next = address::local(&next).map(str::to_owned);
    if answer::wants_page() {
        let target = match &entered {
            Ok(account) => next.clone().unwrap_or_else(|| address::landing(account.role).to_owned()),
            Err(error) => address::log_in(next.as_deref(), Some(error.kind)),
        };
        elsewhere::answer_with(&target);
    }
    answer::told(entered.map(|account| next.unwrap_or_else(|| address::landing(account.role).to_owned())))
}

/// Ends the session, here and everywhere, and leads to the login page.
#[server(prefix = "/api/ui", endpoint = "log_out")]
pub async fn log_out() -> Result<(), AppError> {
    ssr::leave().await?;
    crate::elsewhere::answer_with(crate::address::LOG_IN);
    Ok(())
}

#[cfg(feature = "ssr")]
mod ssr {
    use axum::http::header::SET_COOKIE;
    use model::account::{Account, Credentials};

    use crate::{
        error::{AppError, ErrorKind},
        session,
    };

    fn internal() -> AppError {
        AppError::new(ErrorKind::Internal)
    }

    pub async fn enter(email: String, password: String) -> Result<Account, AppError> {
        let engine = session::engine()?;
        let (response, rules) = session::response()?;
        let logged_in = engine.log_in(Credentials { email, password }, session::client_ip()?).await?;
        let cookie = session::cookie(&logged_in.token, logged_in.expires_at, rules).ok_or_else(internal)?;
        response.append_header(SET_COOKIE, cookie);
        Ok(logged_in.account)
    }

    /// The cookie goes in any case: a browser that was told to forget must not remember.
    pub async fn leave() -> Result<(), AppError> {
        if let Ok((engine, session)) = session::required()
            && let Err(error) = engine.log_out(&session).await
        {
            tracing::warn!(%error, "a session was ended in the browser alone; its token runs out by itself");
        }
        let (response, rules) = session::response()?;
        response.append_header(SET_COOKIE, session::cleared(rules).ok_or_else(internal)?);
        Ok(())
    }
}
