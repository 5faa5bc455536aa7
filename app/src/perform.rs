//! Which pages are composed and which forms are done, and for whom. Server only.

use axum::http::HeaderValue;
use engine::Engine;

use crate::{
    address::{self, ACCOUNT, INTEGRATION, SALES, SET_PASSWORD},
    admin::{
        acts,
        compose::{self, integration, passwords, sales},
        forms::{ChosenPassword, FormName, read},
        page::{Done, Page, Pairs},
    },
    error::AppError,
    session::{self, Asker, CookieRules},
};

/// What came of a form, and the session's new cookie where it changed.
pub struct Performed {
    pub done: Done,
    pub cookie: Option<HeaderValue>,
}

impl From<Done> for Performed {
    fn from(done: Done) -> Self {
        Self { done, cookie: None }
    }
}

/// The page of an address, for whoever may see it.
pub async fn compose(engine: &Engine, asker: &Asker, path: &str, query: &str) -> Result<Page, AppError> {
    if let Some(token) = path.strip_prefix(SET_PASSWORD) {
        return passwords::by_link(engine, token, asker.ip).await;
    }
    let session = asker.required()?;
    match path {
        ACCOUNT => Ok(passwords::own(session)),
        SALES => sales::page(engine, session, path, query).await,
        _ if address::is_own_list(path) => compose::own(engine, session, path, query).await,
        _ if path.starts_with(INTEGRATION) => integration::page(engine, session, path, query).await,
        _ => compose::page(engine, session, path, query).await,
    }
}

/// Does what a form asks for, for whoever may ask for it.
pub async fn act(
    engine: &Engine,
    asker: &Asker,
    rules: CookieRules,
    form: FormName,
    fields: &Pairs,
) -> Result<Performed, AppError> {
    match form {
        // The token itself says who may.
        FormName::SetPassword => {
            let ChosenPassword(password) = read(fields)?;
            engine.set_password(&acts::hidden::<String>(fields, "token")?, password, asker.ip).await?;
            let to = address::password_set();
            Ok(Done::said("Your password is set. Log in with it.").go(to).into())
        }
        FormName::ChangePassword => {
            let entered = engine.change_password(asker.required()?, read(fields)?, asker.ip).await?;
            let cookie = session::cookie(&entered.token, entered.expires_at, rules);
            Ok(Performed { done: Done::said("Your password is changed."), cookie })
        }
        FormName::ValidateEvent => Ok(acts::integration::validate(engine, asker.required()?, fields).await?.into()),
        _ => Ok(acts::act(engine, asker.required()?, form, fields).await?.into()),
    }
}
