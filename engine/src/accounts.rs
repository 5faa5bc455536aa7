//! Accounts and sessions: who logs in, and what a token allows.

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use model::{
    AccountId, AdvertiserId, InfluencerId, Timestamp,
    account::{Account, AccountStatus, Credentials, LoggedIn, Role},
    text::{Email, NewPassword},
    time::HOUR,
};
use serde::{Deserialize, Serialize};

use crate::{
    Engine,
    clock::new_id,
    db::{self, accounts::StoredAccount},
    error::{Error, Result},
};

/// How long a login lasts.
const SESSION: i64 = 12 * HOUR;
/// Verified where no account matches, so that a wrong e-mail takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlz$Q1Nh2Yr2r1aXUPgsC0tN2ZLS8VGXbNQdPRfSAVxPlPg";

/// Someone who is logged in.
#[derive(Clone, Debug)]
pub struct Session {
    pub account: Account,
    pub expires_at: Timestamp,
}

impl Session {
    /// Only admins pass.
    pub fn admin(&self) -> Result<()> {
        if self.account.role == Role::Admin { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// The only advertiser whose things this session may see; None for admins, who see all. Influencers are refused.
    pub fn tenant(&self) -> Result<Option<AdvertiserId>> {
        match self.account.role {
            Role::Admin => Ok(None),
            Role::Advertiser => self.account.advertiser_id.map(Some).ok_or(Error::Forbidden),
            Role::Influencer => Err(Error::Forbidden),
        }
    }

    /// The only influencer whose figures this session may see, where it is an influencer's.
    pub fn own_influencer(&self) -> Result<Option<InfluencerId>> {
        match self.account.role {
            Role::Influencer => self.account.influencer_id.map(Some).ok_or(Error::Forbidden),
            Role::Admin | Role::Advertiser => Ok(None),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: AccountId,
    /// The account's session version: raising that makes the token void.
    ver: i64,
    /// Seconds, as JWT has it.
    exp: i64,
}

impl Engine {
    pub async fn log_in(&self, credentials: Credentials) -> Result<LoggedIn> {
        let email: Option<Email> = credentials.email.parse().ok();
        let stored = match &email {
            Some(email) => db::accounts::find_by_email(&mut self.db.read().await?, email).await?,
            None => None,
        };
        let hash = stored.as_ref().and_then(|stored| stored.password_hash.clone());
        let known = hash.is_some();
        let matches = self.verify_password(credentials.password, hash.unwrap_or_else(|| NOBODY.to_owned())).await?;
        let stored = stored.filter(|stored| known && matches && stored.account.status == AccountStatus::Active);
        let stored = stored.ok_or(Error::WrongCredentials)?;
        // The account may be newer than what memory holds, where another node made it.
        self.catalog.refresh(&self.db).await?;
        let expires_at = self.clock.now().plus(SESSION);
        let claims = Claims { sub: stored.account.id, ver: stored.session_version, exp: expires_at.0 / 1000 };
        let key = EncodingKey::from_secret(&self.secrets.tokens);
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
            .map_err(|error| Error::Internal(format!("token: {error}")))?;
        Ok(LoggedIn { token, expires_at, account: stored.account })
    }

    /// Who a token belongs to, from memory; None where it is void.
    pub fn session(&self, token: &str) -> Option<Session> {
        let key = DecodingKey::from_secret(&self.secrets.tokens);
        let mut validation = Validation::new(Algorithm::HS256);
        // Against our own clock, below.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).ok()?.claims;
        let expires_at = Timestamp(claims.exp.checked_mul(1000)?);
        let fact = self.catalog.account(claims.sub)?;
        let stands = fact.active && fact.session_version == claims.ver && self.clock.now() < expires_at;
        stands.then(|| Session { account: fact.account.clone(), expires_at })
    }

    /// Ends every session of the account, on every node.
    pub async fn log_out(&self, session: &Session) -> Result<()> {
        let mut conn = self.db.begin().await?;
        let version = db::installation::raise_version(&mut conn).await?;
        db::accounts::raise_session_version(&mut conn, session.account.id, version).await?;
        conn.commit().await?;
        self.catalog.refresh(&self.db).await
    }

    /// Makes an admin where there is none; returns None where there is one.
    pub async fn ensure_admin(&self, email: Email, password: NewPassword) -> Result<Option<Account>> {
        let hash = self.hash_password(password).await?;
        let mut conn = self.db.begin().await?;
        let version = db::installation::raise_version(&mut conn).await?;
        if db::accounts::count_of_role(&mut conn, Role::Admin).await? > 0 {
            return Ok(None);
        }
        let account = self.insert_account(&mut conn, email, hash, Role::Admin, None, None, version).await?;
        conn.commit().await?;
        self.catalog.refresh(&self.db).await?;
        Ok(Some(account))
    }

    pub async fn has_admin(&self) -> Result<bool> {
        Ok(db::accounts::count_of_role(&mut self.db.read().await?, Role::Admin).await? > 0)
    }

    /// A login for an advertiser or an influencer.
    pub async fn create_account(
        &self,
        session: &Session,
        email: Email,
        password: NewPassword,
        role: Role,
        advertiser_id: Option<AdvertiserId>,
        influencer_id: Option<InfluencerId>,
    ) -> Result<Account> {
        session.admin()?;
        let hash = self.hash_password(password).await?;
        let mut conn = self.db.begin().await?;
        let version = db::installation::raise_version(&mut conn).await?;
        let account = self.insert_account(&mut conn, email, hash, role, advertiser_id, influencer_id, version).await?;
        conn.commit().await?;
        self.catalog.refresh(&self.db).await?;
        Ok(account)
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    async fn insert_account(
        &self,
        conn: &mut db::Conn,
        email: Email,
        password_hash: String,
        role: Role,
        advertiser_id: Option<AdvertiserId>,
        influencer_id: Option<InfluencerId>,
        version: i64,
    ) -> Result<Account> {
        let now = self.clock.now();
        let account = Account {
            id: AccountId(new_id(now, &mut rand::rng())),
            email: email.into(),
            role,
            advertiser_id,
            influencer_id,
            status: AccountStatus::Active,
        };
        let new = StoredAccount { account: account.clone(), password_hash: Some(password_hash), session_version: 1 };
        db::accounts::insert(conn, &new, now, version).await?;
        Ok(account)
    }

    async fn hash_password(&self, password: NewPassword) -> Result<String> {
        self.hashing(move || {
            Argon2::default()
                .hash_password(password.as_bytes())
                .map(|hash| hash.to_string())
                .map_err(|error| Error::Internal(format!("argon2: {error}")))
        })
        .await?
    }

    async fn verify_password(&self, password: String, hash: String) -> Result<bool> {
        self.hashing(move || {
            PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await
    }

    /// At most two hashes at a time, off the threads that answer requests: each takes 19 MiB and some 20 ms.
    async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let turn = Arc::clone(&self.hash_turns)
            .acquire_owned()
            .await
            .map_err(|_| Error::Internal("the hashing semaphore is never closed".into()))?;
        // The turn ends with the work, also where the caller has hung up meanwhile.
        let work = move || {
            let done = work();
            drop(turn);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(format!("hashing: {error}")))
    }
}
