//! Composes the pages: each function asks the engine and says the answer in the words of [`page`](super::page).

mod advertisers;
mod asked;
pub mod passwords;
pub mod words;

use engine::{Engine, Session};

pub use self::asked::Asked;
use super::page::Page;
use crate::error::{AppError, ErrorKind};

/// The page of an address under `/admin`.
pub async fn page(engine: &Engine, session: &Session, path: &str, query: &str) -> Result<Page, AppError> {
    session.admin()?;
    let asked = Asked::new(path, query);
    match asked.segments().as_slice() {
        ["admin"] => Ok(overview()),
        ["admin", "advertisers"] => advertisers::list(engine, session, &asked).await,
        ["admin", "advertisers", "new"] => Ok(advertisers::new()),
        ["admin", "advertisers", id] => advertisers::one(engine, session, asked::id(id)?).await,
        _ => Err(AppError::new(ErrorKind::NotFound)),
    }
}

fn overview() -> Page {
    Page { title: "Overview".into(), ..Page::default() }
}
