//! Advertisers: made and changed.

use engine::{Engine, Session};
use model::advertiser::NewAdvertiser;

use crate::{
    admin::{
        forms::read,
        page::{Done, Pairs},
    },
    error::{AppError, ErrorKind},
};

pub async fn create(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let made = engine.create_advertiser(session, read::<NewAdvertiser>(fields)?).await?;
    Ok(Done::said(format!("{} is made.", made.name)).go(format!("/admin/advertisers/{}", made.id)))
}

pub async fn change(_engine: &Engine, _session: &Session, _fields: &Pairs) -> Result<Done, AppError> {
    Err(AppError::new(ErrorKind::NotFound))
}
