//! Which pages are composed and which forms are done, and for whom. Server only.

use axum::http::HeaderValue;
use engine::{Engine, Session};

use crate::{
    admin::{
        acts, compose,
        forms::FormName,
        page::{Done, Page, Pairs},
    },
    error::{AppError, ErrorKind},
    session::CookieRules,
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

fn required(session: Option<&Session>) -> Result<&Session, AppError> {
    session.ok_or_else(|| AppError::new(ErrorKind::LoggedOut))
}

/// The page of an address, for whoever may see it.
pub async fn compose(engine: &Engine, session: Option<&Session>, path: &str, query: &str) -> Result<Page, AppError> {
    compose::page(engine, required(session)?, path, query).await
}

/// Does what a form asks for, for whoever may ask for it.
pub async fn act(
    engine: &Engine,
    session: Option<&Session>,
    _rules: CookieRules,
    form: FormName,
    fields: &Pairs,
) -> Result<Performed, AppError> {
    Ok(acts::act(engine, required(session)?, form, fields).await?.into())
}
