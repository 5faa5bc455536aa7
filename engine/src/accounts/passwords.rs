//! Passwords: hashed, changed, and set by one-time links.

use std::net::IpAddr;

use model::{
    AccountId, Timestamp,
    account::{Account, LoggedIn, PasswordChange, PasswordLink},
    text::NewPassword,
    time::HOUR,
};

use super::{Session, argon, hashing::Turn};
use crate::{
    Engine,
    db::{self, Conn},
    error::{Error, Result},
    secret::sha256,
    setup::codes,
};

/// How long a link to set a password is good for.
const LINK_LIFE: i64 = 72 * HOUR;

impl Engine {
    /// Changes the session's own password. Every session of the account ends, this one too; the answer begins another.
    /// `from`: the client's address. A session that was stolen is no way to guess the password: wrong ones count as
    /// failed logins do.
    pub async fn change_password(&self, session: &Session, change: PasswordChange, from: IpAddr) -> Result<LoggedIn> {
        let name = session.account.email.as_str();
        self.throttle.check(self.clock.now(), from, Some(name))?;
        let id = session.account.id;
        let verified = db::accounts::find(&mut self.db.read().await?, id).await?.ok_or(Error::NotFound)?;
        let hash = verified.password_hash.clone().ok_or_else(|| Error::invalid("current_password", "is wrong"))?;
        let turn = self.hash_turns.next(Some(name), Some(from)).await?;
        let attempt = self.throttle.begin(self.clock.now(), from, Some(name))?;
        if !verify(turn, change.current_password, hash).await? {
            return Err(Error::invalid("current_password", "is wrong"));
        }
        attempt.forgive();
        let hash = self.hash_password(change.new_password, Some(name), Some(from)).await?;
        let (mut conn, version) = self.begin_change().await?;
        // Hashing takes a while: whoever has set another password meanwhile, or ended the sessions, is not overruled.
        let stands = db::accounts::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
        if !stands.is_same_login(&verified) {
            return Err(Error::Conflict("this login has changed meanwhile; log in again".into()));
        }
        db::accounts::set_password(&mut conn, id, &hash, version).await?;
        db::accounts::forget_password_links(&mut conn, id).await?;
        let stored = db::accounts::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
        self.commit_change(conn).await?;
        self.begin_session(stored)
    }

    /// A one-time link for the account's owner; earlier ones end. The password stays until the link is used.
    pub async fn new_password_link(&self, session: &Session, id: AccountId) -> Result<PasswordLink> {
        session.admin()?;
        let (mut conn, _) = self.begin_change().await?;
        db::accounts::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
        let link = self.insert_password_link(&mut conn, id).await?;
        self.commit_change(conn).await?;
        Ok(link)
    }

    pub(super) async fn insert_password_link(&self, conn: &mut Conn, id: AccountId) -> Result<PasswordLink> {
        let token = codes::password_link(&mut rand::rng());
        let now = self.clock.now();
        let expires_at = now.plus(LINK_LIFE);
        db::accounts::replace_password_link(conn, id, &sha256(token.as_bytes()), now, expires_at).await?;
        Ok(PasswordLink { set_password_url: format!("{}/set-password/{token}", self.public_url), expires_at })
    }

    /// Whose password a link still sets. Looking does not use it up. One that sets none counts against the client's
    /// address as a failed login does.
    pub async fn owner_of_link(&self, token: &str, from: IpAddr) -> Result<Option<Account>> {
        let now = self.clock.now();
        let attempt = self.throttle.begin(now, from, None)?;
        let owner = self.find_owner_of_link(token, now).await;
        if !matches!(owner, Ok(None)) {
            attempt.forgive();
        }
        owner
    }

    async fn find_owner_of_link(&self, token: &str, now: Timestamp) -> Result<Option<Account>> {
        let hash = sha256(token.as_bytes());
        let mut conn = self.db.read().await?;
        let Some(id) = db::accounts::password_link(&mut conn, &hash, now).await? else { return Ok(None) };
        Ok(db::accounts::find(&mut conn, id).await?.map(|stored| stored.account))
    }

    /// Uses a link up. Every session of the account ends.
    pub async fn set_password(&self, token: &str, password: NewPassword, from: IpAddr) -> Result<()> {
        let token_hash = sha256(token.as_bytes());
        // Hashing is dear: not for links that do not stand.
        let owner = self.owner_of_link(token, from).await?.ok_or(Error::NotFound)?;
        let hash = self.hash_password(password, Some(owner.email.as_str()), Some(from)).await?;
        let (mut conn, version) = self.begin_change().await?;
        // Again, now that nobody else can use it.
        let now: Timestamp = self.clock.now();
        let id = db::accounts::password_link(&mut conn, &token_hash, now).await?.ok_or(Error::NotFound)?;
        db::accounts::set_password(&mut conn, id, &hash, version).await?;
        db::accounts::forget_password_links(&mut conn, id).await?;
        self.commit_change(conn).await
    }

    /// `account`, `from`: as [`super::HashTurns::next`] has them.
    pub(super) async fn hash_password(
        &self,
        password: NewPassword,
        account: Option<&str>,
        from: Option<IpAddr>,
    ) -> Result<String> {
        self.hash_turns.next(account, from).await?.hash(move || hash(&password)).await?
    }
}

/// In constant time, as argon2 compares.
pub(super) async fn verify(turn: Turn, password: String, hash: String) -> Result<bool> {
    turn.hash(move || argon::is_of(password.as_bytes(), &hash)).await
}

/// Takes some 20 ms.
pub(super) fn hash(password: &NewPassword) -> Result<String> {
    argon::hash(password.as_bytes())
}
