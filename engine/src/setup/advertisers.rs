//! Advertisers.

use jiff::tz::TimeZone;
use model::{
    AdvertiserId,
    advertiser::{Advertiser, NewAdvertiser},
    page::Page,
};

use crate::{
    Engine, Session,
    clock::new_id,
    db::{self, page::PageAt},
    error::{Error, Result},
};

impl Engine {
    pub async fn create_advertiser(&self, session: &Session, new: NewAdvertiser) -> Result<Advertiser> {
        session.admin()?;
        let time_zone = new.time_zone.map_or_else(|| "UTC".to_owned(), String::from);
        if TimeZone::get(&time_zone).is_err() {
            return Err(Error::invalid("time_zone", "must be an IANA time zone, such as Europe/Berlin"));
        }
        let now = self.clock.now();
        let advertiser = Advertiser {
            id: AdvertiserId(new_id(now, &mut rand::rng())),
            name: new.name.into(),
            time_zone,
            require_signature: new.require_signature,
            status: new.status,
            created_at: now,
        };
        let (mut conn, version) = self.begin_change().await?;
        db::advertisers::insert(&mut conn, &advertiser, version).await?;
        self.commit_change(conn).await?;
        Ok(advertiser)
    }

    /// Advertisers see themselves.
    pub async fn list_advertisers(&self, session: &Session, at: PageAt) -> Result<Page<Advertiser>> {
        let within = session.tenant()?;
        db::advertisers::list(&mut self.db.read().await?, within, at).await
    }

    pub async fn advertiser(&self, session: &Session, id: AdvertiserId) -> Result<Advertiser> {
        session.admin()?;
        db::advertisers::find(&mut self.db.read().await?, id).await?.ok_or(Error::NotFound)
    }
}
