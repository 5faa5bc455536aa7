//! Sessions: a token by e-mail and password, checked from memory.

use std::net::IpAddr;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use model::{
    AccountId, Timestamp,
    account::{AccountStatus, Credentials, LoggedIn},
    text::Email,
    time::HOUR,
};
use serde::{Deserialize, Serialize};

use super::{Session, passwords::verify};
use crate::{
    Engine, Seldom,
    clicks::enrich::{IpStorage, stored_ip},
    db::{self, accounts::StoredAccount},
    error::{Error, Result},
};

/// How long a login lasts.
const SESSION: i64 = 12 * HOUR;
/// Verified where no account matches, so that a wrong e-mail takes as long as a wrong password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlz$Q1Nh2Yr2r1aXUPgsC0tN2ZLS8VGXbNQdPRfSAVxPlPg";

/// Lines about logins, counted for each account; in one for all names that are nobody's.
static FAILED: Seldom<Option<AccountId>> = Seldom::new();
static SUCCEEDED: Seldom<AccountId> = Seldom::new();

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: AccountId,
    /// The account's session version: raising that makes the token void.
    ver: i64,
    /// Seconds, as JWT has it.
    exp: i64,
}

impl Engine {
    /// `from`: the client's address. Whoever has guessed wrong too often hears that alone, whatever is sent.
    pub async fn log_in(&self, credentials: Credentials, from: IpAddr) -> Result<LoggedIn> {
        self.throttle.check(self.clock.now(), from, Some(&credentials.email))?;
        let email: Option<Email> = credentials.email.parse().ok();
        let stored = match &email {
            Some(email) => db::accounts::find_by_email(&mut self.db.read().await?, email).await?,
            None => None,
        };
        let hash = stored.as_ref().and_then(|stored| stored.password_hash.clone());
        let known = hash.is_some();
        let tried = stored.as_ref().map(|stored| stored.account.id);
        let turn = self.hash_turns.next(Some(&credentials.email), Some(from)).await?;
        // Others may have failed while this one waited. What is dropped from here on has failed.
        let attempt = self.throttle.begin(self.clock.now(), from, Some(&credentials.email))?;
        let matches = verify(turn, credentials.password, hash.unwrap_or_else(|| NOBODY.to_owned())).await?;
        let stored = stored.filter(|stored| known && matches && stored.account.status == AccountStatus::Active);
        self.counts.logged_in(stored.is_some());
        let network = stored_ip(from, IpStorage::Truncated);
        let Some(stored) = stored else {
            // Whose it would have been, where it is anybody's: never the address that was tried.
            FAILED.say(tried, |left_out| {
                tracing::info!(account_id = tried.map(tracing::field::display), network, left_out, "a login failed");
            });
            return Err(Error::WrongCredentials);
        };
        let id = stored.account.id;
        SUCCEEDED.say(id, |left_out| tracing::info!(account_id = %id, network, left_out, "logged in"));
        attempt.forgive();
        name_account(stored.account.id);
        // The account may be newer than what memory holds, where another node made it.
        self.catalog.refresh(&self.db).await?;
        self.begin_session(stored)
    }

    pub(super) fn begin_session(&self, stored: StoredAccount) -> Result<LoggedIn> {
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
        stands.then(|| {
            name_account(fact.account.id);
            Session { account: fact.account.clone(), expires_at }
        })
    }

    /// Ends every session of the account, on every node.
    pub async fn log_out(&self, session: &Session) -> Result<()> {
        let (mut conn, version) = self.begin_change().await?;
        db::accounts::raise_session_version(&mut conn, session.account.id, version).await?;
        conn.commit().await?;
        self.catalog.refresh(&self.db).await
    }
}

/// Who a request's lines in the log are about, where they have room for it.
fn name_account(id: AccountId) {
    tracing::Span::current().record("account_id", tracing::field::display(id));
}
