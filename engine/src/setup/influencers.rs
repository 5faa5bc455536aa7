//! Influencers.

use model::{
    AdvertiserId, InfluencerId,
    influencer::{Hidden, Influencer, InfluencerChange, InfluencerStatus, NewInfluencer},
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
    pub async fn create_influencer(&self, session: &Session, new: NewInfluencer) -> Result<Influencer> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let now = self.clock.now();
        let influencer = Influencer {
            id: InfluencerId(new_id(now, &mut rand::rng())),
            name: new.name.into(),
            email: Hidden::Shown(new.email.map(String::from)),
            handle: new.handle.map(String::from),
            platform: new.platform.map(String::from),
            status: new.status,
            created_at: now,
            version,
        };
        db::influencers::insert(&mut conn, &influencer).await?;
        self.commit_change(conn).await?;
        Ok(influencer)
    }

    /// Advertisers see those who take part in their campaigns, without their e-mail addresses.
    pub async fn list_influencers(&self, session: &Session, query: &ListQuery) -> Result<Page<Influencer>> {
        let within = session.tenant()?;
        let mut conn = self.db.read().await?;
        self.check_list(&mut conn, within, query).await?;
        let page = db::influencers::list(&mut conn, within, query).await?;
        Ok(page.map(|influencer| shown_to(within, influencer)))
    }

    pub async fn influencer(&self, session: &Session, id: InfluencerId) -> Result<Influencer> {
        let within = session.tenant()?;
        let mut conn = self.db.read().await?;
        let found = db::influencers::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
        if within.is_some() && !db::influencers::takes_part(&mut conn, id, within, None).await? {
            return Err(Error::NotFound);
        }
        Ok(shown_to(within, found))
    }

    /// `on_version`: the version the edit was made on, where the caller says so.
    pub async fn change_influencer(
        &self,
        session: &Session,
        id: InfluencerId,
        change: InfluencerChange,
        on_version: Option<i64>,
    ) -> Result<Influencer> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let mut influencer = db::influencers::find(&mut conn, id).await?.ok_or(Error::NotFound)?;
        check_version(influencer.version, on_version)?;
        if let Some(name) = change.name {
            influencer.name = name.into();
        }
        if let Some(email) = change.email {
            influencer.email = Hidden::Shown(email.map(String::from));
        }
        if let Some(handle) = change.handle {
            influencer.handle = handle.map(String::from);
        }
        if let Some(platform) = change.platform {
            influencer.platform = platform.map(String::from);
        }
        influencer.status = change.status.unwrap_or(influencer.status);
        influencer.version = version;
        db::influencers::update(&mut conn, &influencer).await?;
        self.commit_change(conn).await?;
        Ok(influencer)
    }

    /// Nothing is destroyed: links and coupons stay, and credit nobody until the influencer is active again.
    pub async fn archive_influencer(
        &self,
        session: &Session,
        id: InfluencerId,
        on_version: Option<i64>,
    ) -> Result<Influencer> {
        let change = InfluencerChange { status: Some(InfluencerStatus::Archived), ..InfluencerChange::default() };
        self.change_influencer(session, id, change, on_version).await
    }
}

/// Advertisers never see an e-mail address.
pub(super) fn shown_to(within: Option<AdvertiserId>, mut influencer: Influencer) -> Influencer {
    if within.is_some() {
        influencer.email = Hidden::Hidden;
    }
    influencer
}
