//! What a shop's developer needs to know of an advertiser, for whoever may see it: never a key, never a secret.

use model::{AdvertiserId, advertiser::Advertiser, api_key::ApiKey};

use crate::{
    Engine, Session,
    db::{self, page::PageAt},
    error::{Error, Result},
};

pub struct Integration {
    pub advertiser: Advertiser,
    /// Those that still open, newest first.
    pub keys: Vec<ApiKey>,
    /// Whether there is a secret to sign with.
    pub has_secret: bool,
}

impl Engine {
    /// The advertiser that a session may ask about: its own; admins any there is, which they must name.
    pub fn advertiser_in_scope(&self, session: &Session, asked: Option<AdvertiserId>) -> Result<AdvertiserId> {
        let found = match session.tenant()? {
            Some(own) => Some(own).filter(|own| asked.is_none_or(|asked| asked == *own)),
            None => asked,
        };
        found.filter(|id| self.catalog.advertiser(*id).is_some()).ok_or(Error::NotFound)
    }

    /// Whether this advertiser's events are taken.
    pub fn takes_events(&self, id: AdvertiserId) -> bool {
        self.catalog.advertiser(id).is_some_and(|advertiser| advertiser.active)
    }

    pub async fn integration(&self, session: &Session, asked: Option<AdvertiserId>) -> Result<Integration> {
        let id = self.advertiser_in_scope(session, asked)?;
        let now = self.clock.now();
        let mut conn = self.db.read().await?;
        let advertiser = db::advertisers::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
        let mut keys = db::api_keys::list(&mut conn, id, PageAt::default()).await?.items;
        keys.retain(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|at| at > now));
        for key in &mut keys {
            key.last_used_at = key.last_used_at.max(self.key_uses.of(key.id));
        }
        let has_secret = !db::signing_secrets::live(&mut conn, id, now).await?.is_empty();
        Ok(Integration { advertiser, keys, has_secret })
    }
}
