//! Composes the pages: each function asks the engine and says the answer in the words of [`page`](super::page).

mod accounts;
pub mod activity;
mod advertisers;
mod asked;
mod campaigns;
mod clicks;
pub mod coupons;
pub mod events;
mod failure_groups;
mod failures;
mod influencers;
pub mod integration;
mod links;
pub mod lists;
mod lookup;
mod overview;
pub mod passwords;
pub mod sales;
pub mod snippets;
pub mod words;

use engine::{Engine, Session};

use self::activity::Places;
pub use self::asked::Asked;
use super::page::Page;
use crate::error::{AppError, ErrorKind};

/// The lists of an advertiser's own.
pub async fn own(engine: &Engine, session: &Session, path: &str, query: &str) -> Result<Page, AppError> {
    session.tenant()?;
    let asked = Asked::new(path, query);
    match asked.segments().as_slice() {
        ["clicks"] => clicks::clicks(engine, session, &asked).await,
        ["events"] => events::events(engine, session, &asked).await,
        ["events", id] => events::event(engine, session, Places::OWN, asked::id(id)?).await,
        ["failures"] => failures::failures(engine, session, &asked).await,
        ["failures", id] => failures::failure(engine, session, Places::OWN, asked::id(id)?).await,
        ["lookup"] => lookup::look_up(engine, session, &asked).await,
        _ => Err(AppError::new(ErrorKind::NotFound)),
    }
}

/// The page of an address under `/admin`.
pub async fn page(engine: &Engine, session: &Session, path: &str, query: &str) -> Result<Page, AppError> {
    session.admin()?;
    let asked = Asked::new(path, query);
    match asked.segments().as_slice() {
        ["admin"] => overview::overview(engine, session).await,
        ["admin", "advertisers"] => advertisers::list(engine, session, &asked).await,
        ["admin", "advertisers", "new"] => Ok(advertisers::new()),
        ["admin", "advertisers", id] => advertisers::one(engine, session, asked::id(id)?).await,
        ["admin", "campaigns"] => campaigns::list(engine, session, &asked).await,
        ["admin", "campaigns", "new"] => campaigns::new(engine, session, &asked).await,
        ["admin", "campaigns", id] => campaigns::one(engine, session, &asked, asked::id(id)?, None).await,
        ["admin", "campaigns", id, view] => campaigns::one(engine, session, &asked, asked::id(id)?, Some(view)).await,
        ["admin", "influencers"] => influencers::list(engine, session, &asked).await,
        ["admin", "influencers", "new"] => Ok(influencers::new()),
        ["admin", "influencers", id] => influencers::one(engine, session, asked::id(id)?).await,
        ["admin", "coupons"] => coupons::list(engine, session, &asked).await,
        ["admin", "coupons", "new"] => coupons::new(engine, session, &asked).await,
        ["admin", "coupons", "generate"] => coupons::generate(engine, session, &asked).await,
        ["admin", "links"] => links::list(engine, session, &asked).await,
        ["admin", "links", "new"] => links::new(engine, session, &asked).await,
        ["admin", "links", id] => links::one(engine, session, asked::id(id)?).await,
        ["admin", "clicks"] => clicks::clicks(engine, session, &asked).await,
        ["admin", "events"] => events::events(engine, session, &asked).await,
        ["admin", "events", id] => events::event(engine, session, Places::ADMIN, asked::id(id)?).await,
        ["admin", "failures"] => failures::failures(engine, session, &asked).await,
        ["admin", "failures", id] => failures::failure(engine, session, Places::ADMIN, asked::id(id)?).await,
        ["admin", "accounts"] => accounts::list(engine, session, &asked).await,
        ["admin", "accounts", "new"] => accounts::new(engine, session, &asked).await,
        ["admin", "accounts", id] => accounts::one(engine, session, asked::id(id)?).await,
        ["admin", "lookup"] => lookup::look_up(engine, session, &asked).await,
        _ => Err(AppError::new(ErrorKind::NotFound)),
    }
}
