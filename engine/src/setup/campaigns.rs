//! Campaigns and assignments.

use model::{
    CampaignId, InfluencerId,
    campaign::{Campaign, NewCampaign},
    influencer::{Hidden, Influencer},
    page::Page,
};

use crate::{
    Engine, Session,
    clicks::location::parse_destination,
    clock::new_id,
    db::{self, page::PageAt},
    error::{Error, Result},
};

impl Engine {
    pub async fn create_campaign(&self, session: &Session, new: NewCampaign) -> Result<Campaign> {
        session.admin()?;
        parse_destination(&new.destination_url).map_err(|rule| Error::invalid("destination_url", rule))?;
        let (mut conn, version) = self.begin_change().await?;
        if db::advertisers::find(&mut conn, new.advertiser_id).await?.is_none() {
            return Err(Error::NotFound);
        }
        let now = self.clock.now();
        let id = CampaignId(new_id(now, &mut rand::rng()));
        db::campaigns::insert(&mut conn, id, &new, now, version).await?;
        let campaign = db::campaigns::find(&mut conn, None, id).await?.ok_or(Error::NotFound)?;
        self.commit_change(conn).await?;
        Ok(campaign)
    }

    pub async fn list_campaigns(&self, session: &Session, at: PageAt) -> Result<Page<Campaign>> {
        let within = session.tenant()?;
        db::campaigns::list(&mut self.db.read().await?, within, at).await
    }

    pub async fn campaign(&self, session: &Session, id: CampaignId) -> Result<Campaign> {
        let within = session.tenant()?;
        db::campaigns::find(&mut self.db.read().await?, within, id).await?.ok_or(Error::NotFound)
    }

    pub async fn assigned_influencers(
        &self,
        session: &Session,
        campaign: CampaignId,
        at: PageAt,
    ) -> Result<Page<Influencer>> {
        let within = session.tenant()?;
        let mut conn = self.db.read().await?;
        db::campaigns::find(&mut conn, within, campaign).await?.ok_or(Error::NotFound)?;
        let mut page = db::influencers::list_assigned(&mut conn, campaign, at).await?;
        if within.is_some() {
            for influencer in &mut page.items {
                influencer.email = Hidden::Hidden;
            }
        }
        Ok(page)
    }

    pub async fn assign(&self, session: &Session, campaign: CampaignId, influencer: InfluencerId) -> Result<()> {
        session.admin()?;
        let (mut conn, _) = self.begin_change().await?;
        db::campaigns::find(&mut conn, None, campaign).await?.ok_or(Error::NotFound)?;
        db::influencers::find(&mut conn, influencer).await?.ok_or(Error::NotFound)?;
        db::campaigns::assign(&mut conn, campaign, influencer, self.clock.now()).await?;
        self.commit_change(conn).await
    }

    /// Links and coupons stay: ending an assignment takes no credit away.
    pub async fn unassign(&self, session: &Session, campaign: CampaignId, influencer: InfluencerId) -> Result<()> {
        session.admin()?;
        let (mut conn, _) = self.begin_change().await?;
        db::campaigns::find(&mut conn, None, campaign).await?.ok_or(Error::NotFound)?;
        db::influencers::find(&mut conn, influencer).await?.ok_or(Error::NotFound)?;
        db::campaigns::unassign(&mut conn, campaign, influencer).await?;
        self.commit_change(conn).await
    }
}
