//! Accounts as admins manage them.

use model::{
    AccountId, AdvertiserId, InfluencerId, Timestamp,
    account::{Account, AccountChange, AccountStatus, CreatedAccount, NewAccount, Role},
    page::{ListQuery, Page},
    text::{Email, NewPassword},
};

use super::Session;
use crate::{
    Engine,
    clock::new_id,
    db::{self, Conn, accounts::StoredAccount},
    error::{Error, Result},
    setup::check_version,
};

impl Engine {
    /// Makes an admin where there is none; returns None where there is one.
    pub async fn ensure_admin(&self, email: Email, password: NewPassword) -> Result<Option<Account>> {
        let hash = self.hash_password(password, None, None).await?;
        let (mut conn, version) = self.begin_change().await?;
        if db::accounts::count_of_role(&mut conn, Role::Admin).await? > 0 {
            return Ok(None);
        }
        let account = self.insert_account(&mut conn, email, Some(hash), Owner::ADMIN, version).await?;
        self.commit_change(conn).await?;
        Ok(Some(account))
    }

    pub async fn has_admin(&self) -> Result<bool> {
        Ok(db::accounts::count_of_role(&mut self.db.read().await?, Role::Admin).await? > 0)
    }

    pub async fn list_accounts(&self, session: &Session, query: &ListQuery) -> Result<Page<Account>> {
        session.admin()?;
        let mut conn = self.db.read().await?;
        self.check_list(&mut conn, None, query).await?;
        db::accounts::list(&mut conn, query).await
    }

    pub async fn account(&self, session: &Session, id: AccountId) -> Result<Account> {
        session.admin()?;
        let stored = db::accounts::find(&mut self.db.read().await?, id).await?.ok_or(Error::NotFound)?;
        Ok(stored.account)
    }

    /// A login. Without a password the answer holds a link for its owner to set one: there is no e-mail.
    pub async fn create_account(&self, session: &Session, new: NewAccount) -> Result<CreatedAccount> {
        session.admin()?;
        let hash = match new.password {
            Some(password) => Some(self.hash_password(password, Some(session.account.email.as_str()), None).await?),
            None => None,
        };
        let (mut conn, version) = self.begin_change().await?;
        if let Some(advertiser) = new.advertiser_id {
            db::advertisers::find(&mut conn, advertiser).await?.ok_or(Error::NotFound)?;
        }
        if let Some(influencer) = new.influencer_id {
            db::influencers::find(&mut conn, influencer).await?.ok_or(Error::NotFound)?;
        }
        let needs_link = hash.is_none();
        let owner = Owner { role: new.role, advertiser_id: new.advertiser_id, influencer_id: new.influencer_id };
        let account = self.insert_account(&mut conn, new.email, hash, owner, version).await?;
        let set_password_url = match needs_link {
            true => Some(self.insert_password_link(&mut conn, account.id).await?.set_password_url),
            false => None,
        };
        self.commit_change(conn).await?;
        Ok(CreatedAccount { account, set_password_url })
    }

    /// `on_version`: the version the edit was made on, where the caller says so. Deactivating ends every session.
    pub async fn change_account(
        &self,
        session: &Session,
        id: AccountId,
        change: AccountChange,
        on_version: Option<i64>,
    ) -> Result<Account> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let mut stored = db::accounts::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
        check_version(stored.account.version, on_version)?;
        let ends = change.status == Some(AccountStatus::Inactive) && stored.account.status == AccountStatus::Active;
        if ends && stored.account.role == Role::Admin && db::accounts::other_admins(&mut conn, id).await? == 0 {
            return Err(Error::Conflict("this is the last admin who can log in; make another one first".into()));
        }
        if ends {
            stored.session_version += 1;
            db::accounts::forget_password_links(&mut conn, id).await?;
        }
        if let Some(email) = change.email {
            stored.account.email = email.into();
        }
        stored.account.status = change.status.unwrap_or(stored.account.status);
        stored.account.version = version;
        db::accounts::update(&mut conn, &stored).await?;
        self.commit_change(conn).await?;
        Ok(stored.account)
    }

    pub async fn deactivate_account(
        &self,
        session: &Session,
        id: AccountId,
        on_version: Option<i64>,
    ) -> Result<Account> {
        let change = AccountChange { status: Some(AccountStatus::Inactive), ..AccountChange::default() };
        self.change_account(session, id, change, on_version).await
    }

    async fn insert_account(
        &self,
        conn: &mut Conn,
        email: Email,
        password_hash: Option<String>,
        owner: Owner,
        version: i64,
    ) -> Result<Account> {
        let new = owner.account(email, password_hash, self.clock.now(), version);
        db::accounts::insert(conn, &new).await?;
        Ok(new.account)
    }
}

/// What an account is for.
pub(super) struct Owner {
    role: Role,
    advertiser_id: Option<AdvertiserId>,
    influencer_id: Option<InfluencerId>,
}

impl Owner {
    pub const ADMIN: Self = Self { role: Role::Admin, advertiser_id: None, influencer_id: None };

    /// A new login.
    pub fn account(self, email: Email, password_hash: Option<String>, now: Timestamp, version: i64) -> StoredAccount {
        let account = Account {
            id: AccountId(new_id(now, &mut rand::rng())),
            email: email.into(),
            role: self.role,
            advertiser_id: self.advertiser_id,
            influencer_id: self.influencer_id,
            status: AccountStatus::Active,
            has_password: password_hash.is_some(),
            created_at: now,
            version,
        };
        StoredAccount { account, password_hash, session_version: 1 }
    }
}
