//! Campaigns and assignments.

use model::{
    CampaignId, InfluencerId,
    campaign::{Campaign, CampaignChange, CampaignStatus, NewCampaign},
    coupon::{Coupon, Target},
    influencer::Influencer,
    link::{GenerateLinks, Link},
    page::{ListQuery, Page},
};

use super::{check_version, coupons::CouponRequest, influencers::shown_to};
use crate::{
    Engine, Session,
    clicks::location::parse_destination,
    clock::new_id,
    db::{self, Conn},
    error::{Error, Result},
};

/// What a new campaign begins with.
#[derive(Clone, Debug, Default)]
pub struct CampaignStart {
    pub influencers: Vec<InfluencerId>,
    /// A tracking link for each.
    pub links: bool,
    /// Coupons for each.
    pub coupons: Option<CouponRequest>,
}

/// A campaign just set up.
#[derive(Clone, Debug)]
pub struct CampaignStarted {
    pub campaign: Campaign,
    pub links: Vec<Link>,
    pub coupons: Vec<Coupon>,
}

impl Engine {
    pub async fn create_campaign(&self, session: &Session, new: NewCampaign) -> Result<Campaign> {
        Ok(self.start_campaign(session, new, CampaignStart::default()).await?.campaign)
    }

    /// A campaign with its influencers, links and coupons, all or nothing.
    pub async fn start_campaign(
        &self,
        session: &Session,
        new: NewCampaign,
        start: CampaignStart,
    ) -> Result<CampaignStarted> {
        session.admin()?;
        parse_destination(&new.destination_url).map_err(|rule| Error::invalid("destination_url", rule))?;
        let (mut conn, version) = self.begin_change().await?;
        db::advertisers::find(&mut conn, new.advertiser_id).await?.ok_or(Error::NotFound)?;
        let now = self.clock.now();
        let id = CampaignId(new_id(now, &mut rand::rng()));
        db::campaigns::insert(&mut conn, id, &new, now, version).await?;
        let campaign = db::campaigns::find(&mut conn, None, id).await?.ok_or(Error::NotFound)?;
        let (mut links, mut coupons) = (Vec::new(), Vec::new());
        if !start.influencers.is_empty() {
            self.check_influencers(&mut conn, &start.influencers).await?;
            db::campaigns::assign_all(&mut conn, id, &start.influencers, now).await?;
            let target = Target::Named(start.influencers);
            if start.links {
                let wanted = GenerateLinks { campaign_id: id, target: target.clone() };
                links = self.insert_links(&mut conn, &campaign, wanted, version).await?;
            }
            if let Some(request) = start.coupons {
                coupons = self.insert_coupons(&mut conn, &campaign, &target, &request, version).await?;
            }
        }
        self.commit_change(conn).await?;
        Ok(CampaignStarted { campaign, links, coupons })
    }

    pub async fn list_campaigns(&self, session: &Session, query: &ListQuery) -> Result<Page<Campaign>> {
        let within = session.tenant()?;
        let mut conn = self.db.read().await?;
        self.check_list(&mut conn, within, query).await?;
        db::campaigns::list(&mut conn, within, query).await
    }

    pub async fn campaign(&self, session: &Session, id: CampaignId) -> Result<Campaign> {
        let within = session.tenant()?;
        db::campaigns::find(&mut self.db.read().await?, within, id).await?.ok_or(Error::NotFound)
    }

    /// `on_version`: the version the edit was made on, where the caller says so.
    pub async fn change_campaign(
        &self,
        session: &Session,
        id: CampaignId,
        change: CampaignChange,
        on_version: Option<i64>,
    ) -> Result<Campaign> {
        session.admin()?;
        if let Some(url) = &change.destination_url {
            parse_destination(url).map_err(|rule| Error::invalid("destination_url", rule))?;
        }
        let (mut conn, version) = self.begin_change().await?;
        let campaign = db::campaigns::find(&mut conn, None, id).await?.ok_or(Error::NotFound)?;
        check_version(campaign.version, on_version)?;
        if change.advertiser_id.is_some_and(|advertiser| advertiser != campaign.advertiser_id) {
            return Err(Error::invalid("advertiser_id", "cannot be changed: a campaign stays with its advertiser"));
        }
        let starts_at = change.starts_at.unwrap_or(campaign.starts_at);
        let ends_at = change.ends_at.unwrap_or(campaign.ends_at);
        if let (Some(starts_at), Some(ends_at)) = (starts_at, ends_at)
            && ends_at <= starts_at
        {
            return Err(Error::invalid("ends_at", "must be after starts_at"));
        }
        db::campaigns::update(&mut conn, id, &change, version).await?;
        let campaign = db::campaigns::find(&mut conn, None, id).await?.ok_or(Error::NotFound)?;
        self.commit_change(conn).await?;
        Ok(campaign)
    }

    /// Nothing is destroyed: its links go on redirecting, and credit nobody until it is active again.
    pub async fn archive_campaign(
        &self,
        session: &Session,
        id: CampaignId,
        on_version: Option<i64>,
    ) -> Result<Campaign> {
        let change = CampaignChange { status: Some(CampaignStatus::Archived), ..CampaignChange::default() };
        self.change_campaign(session, id, change, on_version).await
    }

    pub async fn assigned_influencers(
        &self,
        session: &Session,
        campaign: CampaignId,
        query: &ListQuery,
    ) -> Result<Page<Influencer>> {
        let within = session.tenant()?;
        let mut conn = self.db.read().await?;
        db::campaigns::find(&mut conn, within, campaign).await?.ok_or(Error::NotFound)?;
        self.check_list(&mut conn, within, query).await?;
        let query = ListQuery { campaign_id: Some(campaign), advertiser_id: None, ..query.clone() };
        let page = db::influencers::list(&mut conn, within, &query).await?;
        Ok(page.map(|influencer| shown_to(within, influencer)))
    }

    pub async fn assign(&self, session: &Session, campaign: CampaignId, influencer: InfluencerId) -> Result<()> {
        self.assign_all(session, campaign, &[influencer]).await
    }

    /// Assigning twice is the same as once.
    pub async fn assign_all(
        &self,
        session: &Session,
        campaign: CampaignId,
        influencers: &[InfluencerId],
    ) -> Result<()> {
        session.admin()?;
        let (mut conn, _) = self.begin_change().await?;
        db::campaigns::find(&mut conn, None, campaign).await?.ok_or(Error::NotFound)?;
        self.check_influencers(&mut conn, influencers).await?;
        db::campaigns::assign_all(&mut conn, campaign, influencers, self.clock.now()).await?;
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

    /// All of them exist, or nothing is found.
    pub(super) async fn check_influencers(&self, conn: &mut Conn, ids: &[InfluencerId]) -> Result<()> {
        let found = db::influencers::existing(conn, ids).await?;
        let known: std::collections::HashSet<_> = found.into_iter().collect();
        if ids.iter().all(|id| known.contains(id)) { Ok(()) } else { Err(Error::NotFound) }
    }

    /// Whom links or coupons of a campaign are made for; empty for nobody in particular.
    pub(super) async fn influencers_of(
        &self,
        conn: &mut Conn,
        campaign: CampaignId,
        target: &Target,
    ) -> Result<Vec<InfluencerId>> {
        match target {
            Target::Nobody => Ok(Vec::new()),
            Target::Named(ids) => {
                self.check_influencers(conn, ids).await?;
                Ok(ids.clone())
            }
            Target::AllAssigned => {
                let ids = db::influencers::active_of(conn, campaign).await?;
                if ids.is_empty() {
                    return Err(Error::invalid("all_assigned", "nobody who is active is assigned to this campaign"));
                }
                Ok(ids)
            }
        }
    }
}
