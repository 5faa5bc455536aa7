//! Accounts: made, changed, and given links to set a password.

use engine::{Engine, Session};
use model::{AccountId, account::AccountChange};

use super::{hidden, version};
use crate::{
    admin::{
        compose::words::pair,
        forms::{AccountToMake, FormName, read},
        page::{Action, Done, Pairs, Part},
    },
    error::AppError,
};

const HAND_OVER: &str =
    "Hand it to the account's owner: whoever opens it chooses the password. It works once, within 72 hours.";

pub async fn create(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let AccountToMake(new) = read(fields)?;
    let made = engine.create_account(session, new).await?;
    let show = made.set_password_url.map(|url| Part::secret("Link to set the password", url, HAND_OVER));
    let said = format!("The login of {} is created.", made.account.email);
    Ok(Done { show: show.into_iter().collect(), ..Done::said(said) })
}

pub async fn change(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let id: AccountId = hidden(fields, "id")?;
    let before = engine.account(session, id).await?;
    let after = engine.change_account(session, id, read::<AccountChange>(fields)?, version(fields)).await?;
    let undo = vec![
        pair("id", id),
        pair("version", after.version),
        pair("email", before.email),
        pair("status", before.status),
    ];
    let said = match after.status {
        status if status != before.status => format!("{} is {status} now.", after.email),
        _ => format!("{} is changed.", after.email),
    };
    Ok(Done { undo: Some(Action::act("Undo", FormName::ChangeAccount, undo)), ..Done::said(said) })
}

pub async fn new_password_link(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let made = engine.new_password_link(session, hidden(fields, "id")?).await?;
    let secret = Part::secret("Link to set the password", made.set_password_url, HAND_OVER);
    Ok(Done { show: vec![secret], ..Done::said("The link is created; earlier ones have ended.") })
}
