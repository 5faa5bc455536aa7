//! Advertisers and their keys: made, changed, revoked.

use engine::{Engine, Session};
use model::{
    AdvertiserId,
    advertiser::{AdvertiserChange, NewAdvertiser},
    api_key::{IssuedApiKey, NewApiKey, Rotation},
};

use super::{hidden, version};
use crate::{
    admin::{
        compose::{snippets, words::pair},
        forms::{FormName, read},
        page::{Action, Done, Pairs, Part},
    },
    error::AppError,
};

const SHOWN_ONCE: &str = "Copy it now: it is not kept in readable form and cannot be shown again.";

pub async fn create(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let made = engine.create_advertiser(session, read::<NewAdvertiser>(fields)?).await?;
    Ok(Done::said(format!("{} is created.", made.name)).go(format!("/admin/advertisers/{}", made.id)))
}

pub async fn change(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let id: AdvertiserId = hidden(fields, "id")?;
    let before = engine.advertiser(session, id).await?;
    let change = read::<AdvertiserChange>(fields)?;
    let after = engine.change_advertiser(session, id, change, version(fields)).await?;
    let undo = vec![
        pair("id", id),
        pair("version", after.version),
        pair("name", before.name),
        pair("time_zone", before.time_zone),
        pair("require_signature", before.require_signature),
        pair("status", before.status),
    ];
    let said = match after.status {
        status if status != before.status => format!("{} is {status} now.", after.name),
        _ => format!("{} is changed.", after.name),
    };
    Ok(Done { undo: Some(Action::act("Undo", FormName::ChangeAdvertiser, undo)), ..Done::said(said) })
}

pub async fn issue_key(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let made = engine.issue_api_key(session, hidden(fields, "id")?, read::<NewApiKey>(fields)?).await?;
    Ok(Done { show: key(engine, made), ..Done::said("The key is created.") })
}

/// The key, and what to try it with.
fn key(engine: &Engine, made: IssuedApiKey) -> Vec<Part> {
    let first = Part::code("First event with it", snippets::first_event(engine.public_url(), &made.key));
    let text = format!("API key \"{}\"", made.name);
    vec![Part::secret(&text, made.key, SHOWN_ONCE), Part::Details { summary: "Try it".into(), parts: vec![first] }]
}

pub async fn revoke_key(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    engine.revoke_api_key(session, hidden(fields, "id")?).await?;
    Ok(Done::said("The key is revoked."))
}

pub async fn rotate_key(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let made = engine.rotate_api_key(session, hidden(fields, "id")?, read::<Rotation>(fields)?).await?;
    Ok(Done { show: key(engine, made), ..Done::said("A new key is created; put it in the old one's place.") })
}

pub async fn make_signing_secret(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let made = engine.make_signing_secret(session, hidden(fields, "id")?, read::<Rotation>(fields)?).await?;
    let secret = Part::secret("Signing secret", made.secret, SHOWN_ONCE);
    Ok(Done { show: vec![secret], ..Done::said("The signing secret is created.") })
}
