//! Admins as an operator makes and frees them, on the database alone: a server may be working on it, and knows of it
//! within a second.

use model::{
    account::{Account, AccountStatus, Role},
    text::{Email, NewPassword},
};

use super::{manage::Owner, passwords::hash};
use crate::{
    Options,
    db::{self, Db},
    error::{Error, Result},
};

/// Makes an admin; others stay as they are.
pub async fn create_admin(options: &Options, email: Email, password: NewPassword) -> Result<Account> {
    let db = open(options).await?;
    let hash = hash(&password)?;
    let mut conn = db.begin().await?;
    let version = db::installation::raise_version(&mut conn).await?;
    let new = Owner::ADMIN.account(email, Some(hash), options.clock.now(), version);
    db::accounts::insert(&mut conn, &new).await?;
    conn.commit().await?;
    db.close().await;
    Ok(new.account)
}

/// Gives an admin another password. Its sessions and its one-time links end.
pub async fn reset_admin_password(options: &Options, email: &Email, password: NewPassword) -> Result<Account> {
    let db = open(options).await?;
    let hash = hash(&password)?;
    let mut conn = db.begin().await?;
    let version = db::installation::raise_version(&mut conn).await?;
    let found = db::accounts::find_by_email(&mut conn, email).await?.ok_or(Error::NotFound)?.account;
    if found.role != Role::Admin {
        return Err(Error::Conflict(
            "this is no admin's account: an admin hands its owner a link to set a password, on the page Accounts"
                .into(),
        ));
    }
    if found.status != AccountStatus::Active {
        return Err(Error::Conflict(
            "this account was deactivated by another admin: make one of your own by `tributary admin create`".into(),
        ));
    }
    db::accounts::set_password(&mut conn, found.id, &hash, version).await?;
    db::accounts::forget_password_links(&mut conn, found.id).await?;
    conn.commit().await?;
    db.close().await;
    Ok(found)
}

async fn open(options: &Options) -> Result<Db> {
    let db = Db::open_existing(&options.database_url)?;
    // Older nodes may be working on it: a new schema is for `migrate`, or a start, to bring.
    db.schema().await?.check()?;
    Ok(db)
}
