//! Advertisers.

use jiff::tz::TimeZone;
use model::{
    AdvertiserId,
    advertiser::{Advertiser, AdvertiserChange, AdvertiserStatus, NewAdvertiser},
    page::{ListQuery, Page},
};

use super::check_version;
use crate::{
    Engine, Session,
    clock::new_id,
    db,
    error::{Error, Result},
};

impl Engine {
    pub async fn create_advertiser(&self, session: &Session, new: NewAdvertiser) -> Result<Advertiser> {
        session.admin()?;
        let time_zone = new.time_zone.map_or_else(|| "UTC".to_owned(), String::from);
        check_zone(&time_zone)?;
        let (mut conn, version) = self.begin_change().await?;
        let now = self.clock.now();
        let advertiser = Advertiser {
            id: AdvertiserId(new_id(now, &mut rand::rng())),
            name: new.name.into(),
            time_zone,
            require_signature: new.require_signature,
            status: new.status,
            created_at: now,
            version,
        };
        db::advertisers::insert(&mut conn, &advertiser).await?;
        self.commit_change(conn).await?;
        Ok(advertiser)
    }

    /// Advertisers see themselves.
    pub async fn list_advertisers(&self, session: &Session, query: &ListQuery) -> Result<Page<Advertiser>> {
        let within = session.tenant()?;
        db::advertisers::list(&mut self.db.read().await?, within, query).await
    }

    pub async fn advertiser(&self, session: &Session, id: AdvertiserId) -> Result<Advertiser> {
        session.admin()?;
        db::advertisers::find(&mut self.db.read().await?, id).await?.ok_or(Error::NotFound)
    }

    /// `on_version`: the version the edit was made on, where the caller says so.
    pub async fn change_advertiser(
        &self,
        session: &Session,
        id: AdvertiserId,
        change: AdvertiserChange,
        on_version: Option<i64>,
    ) -> Result<Advertiser> {
        session.admin()?;
        if let Some(zone) = &change.time_zone {
            check_zone(zone)?;
        }
        let (mut conn, version) = self.begin_change().await?;
        let mut advertiser = db::advertisers::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
        check_version(advertiser.version, on_version)?;
        if let Some(name) = change.name {
            advertiser.name = name.into();
        }
        if let Some(zone) = change.time_zone {
            advertiser.time_zone = zone.into();
        }
        advertiser.require_signature = change.require_signature.unwrap_or(advertiser.require_signature);
        advertiser.status = change.status.unwrap_or(advertiser.status);
        advertiser.version = version;
        db::advertisers::update(&mut conn, &advertiser).await?;
        self.commit_change(conn).await?;
        Ok(advertiser)
    }

    /// Nothing is destroyed: its links answer 410 and its events are refused until it is active again.
    pub async fn deactivate_advertiser(
        &self,
        session: &Session,
        id: AdvertiserId,
        on_version: Option<i64>,
    ) -> Result<Advertiser> {
        let change = AdvertiserChange { status: Some(AdvertiserStatus::Inactive), ..AdvertiserChange::default() };
        self.change_advertiser(session, id, change, on_version).await
    }
}

fn check_zone(name: &str) -> Result<()> {
    match TimeZone::get(name) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::invalid("time_zone", "must be an IANA time zone, such as Europe/Berlin")),
    }
}
