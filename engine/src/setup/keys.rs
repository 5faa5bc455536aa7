//! API keys: made, checked, revoked.

use std::sync::Arc;

use model::{
    AdvertiserId, ApiKeyId,
    api_key::{ApiKey, IssuedApiKey, NewApiKey},
    page::Page,
};

use super::codes;
use crate::{
    Engine, Session,
    catalog::AdvertiserFact,
    clock::new_id,
    db::{self, page::PageAt},
    error::{Error, Result},
    secret::sha256,
};

/// `trb_live_` and the first four characters: enough to tell keys apart, too few to guess one.
const PREFIX: usize = 13;

impl Engine {
    /// The key is shown in this answer and never again.
    pub async fn issue_api_key(
        &self,
        session: &Session,
        advertiser_id: AdvertiserId,
        new: NewApiKey,
    ) -> Result<IssuedApiKey> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        db::advertisers::find(&mut conn, advertiser_id).await?.ok_or(Error::NotFound)?;
        let now = self.clock.now();
        let key = codes::api_key(&mut rand::rng());
        let stored = ApiKey {
            id: ApiKeyId(new_id(now, &mut rand::rng())),
            advertiser_id,
            name: new.name.into(),
            prefix: key[..PREFIX].to_owned(),
            created_at: now,
            expires_at: None,
            revoked_at: None,
        };
        db::api_keys::insert(&mut conn, &stored, &sha256(key.as_bytes()), version).await?;
        self.commit_change(conn).await?;
        Ok(IssuedApiKey { id: stored.id, name: stored.name, prefix: stored.prefix, key })
    }

    pub async fn list_api_keys(&self, session: &Session, of: AdvertiserId, at: PageAt) -> Result<Page<ApiKey>> {
        session.admin()?;
        let mut conn = self.db.read().await?;
        db::advertisers::find(&mut conn, of).await?.ok_or(Error::NotFound)?;
        db::api_keys::list(&mut conn, of, at).await
    }

    pub async fn revoke_api_key(&self, session: &Session, id: ApiKeyId) -> Result<()> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        db::api_keys::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
        db::api_keys::revoke(&mut conn, id, self.clock.now(), version).await?;
        self.commit_change(conn).await
    }

    /// Whose key this is, from memory. The lookup is by hash, so its time tells nothing about the key.
    pub fn advertiser_of_key(&self, key: &str) -> Option<Arc<AdvertiserFact>> {
        let fact = self.catalog.key(&sha256(key.as_bytes()))?;
        let expired = fact.expires_at.is_some_and(|at| at <= self.clock.now());
        if fact.revoked || expired {
            return None;
        }
        self.catalog.advertiser(fact.advertiser_id)
    }
}
