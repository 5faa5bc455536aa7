//! API keys: made, checked, revoked.

use std::sync::Arc;

use model::{
    AdvertiserId, ApiKeyId,
    api_key::{ApiKey, IssuedApiKey, NewApiKey, Rotation},
    page::Page,
};

use super::codes;
use crate::{
    Engine, Session,
    catalog::AdvertiserFact,
    clock::new_id,
    db::{self, Conn, page::PageAt},
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
        let issued = self.insert_key(&mut conn, advertiser_id, new.name.into(), version).await?;
        self.commit_change(conn).await?;
        Ok(issued)
    }

    /// A new key of the same name; the old one lives on for the overlap.
    pub async fn rotate_api_key(&self, session: &Session, id: ApiKeyId, rotation: Rotation) -> Result<IssuedApiKey> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let old = db::api_keys::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
        let now = self.clock.now();
        if old.revoked_at.is_some() || old.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::Conflict("this key has ended already; make a new one instead".into()));
        }
        let ends = now.plus(rotation.overlap);
        let ends = old.expires_at.map_or(ends, |earlier| earlier.min(ends));
        db::api_keys::expire(&mut conn, id, ends, version).await?;
        let issued = self.insert_key(&mut conn, old.advertiser_id, old.name, version).await?;
        self.commit_change(conn).await?;
        Ok(issued)
    }

    async fn insert_key(
        &self,
        conn: &mut Conn,
        advertiser_id: AdvertiserId,
        name: String,
        version: i64,
    ) -> Result<IssuedApiKey> {
        let now = self.clock.now();
        let key = codes::api_key(&mut rand::rng());
        let stored = ApiKey {
            id: ApiKeyId(new_id(now, &mut rand::rng())),
            advertiser_id,
            name,
            prefix: key[..PREFIX].to_owned(),
            created_at: now,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        db::api_keys::insert(conn, &stored, &sha256(key.as_bytes()), version).await?;
        Ok(IssuedApiKey { id: stored.id, name: stored.name, prefix: stored.prefix, key })
    }

    pub async fn list_api_keys(&self, session: &Session, of: AdvertiserId, at: PageAt) -> Result<Page<ApiKey>> {
        session.admin()?;
        let mut conn = self.db.read().await?;
        db::advertisers::find(&mut conn, of).await?.ok_or(Error::NotFound)?;
        let mut page = db::api_keys::list(&mut conn, of, at).await?;
        for key in &mut page.items {
            key.last_used_at = key.last_used_at.max(self.key_uses.of(key.id));
        }
        Ok(page)
    }

    pub async fn revoke_api_key(&self, session: &Session, id: ApiKeyId) -> Result<()> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        db::api_keys::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
        db::api_keys::revoke(&mut conn, id, self.clock.now(), version).await?;
        self.commit_change(conn).await
    }

    /// The key and whose it is, from memory. The lookup is by hash, so its time tells nothing about the key.
    pub fn advertiser_of_key(&self, key: &str) -> Option<(ApiKeyId, Arc<AdvertiserFact>)> {
        let fact = self.catalog.key(&sha256(key.as_bytes()))?;
        let expired = fact.expires_at.is_some_and(|at| at <= self.clock.now());
        if fact.revoked || expired {
            return None;
        }
        self.key_uses.note(fact.id, self.clock.now());
        Some((fact.id, self.catalog.advertiser(fact.advertiser_id)?))
    }
}
