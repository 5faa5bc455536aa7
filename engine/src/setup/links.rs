//! Tracking links.

use model::{
    InfluencerId, LinkId,
    campaign::Campaign,
    coupon::MOST_GENERATED,
    link::{GenerateLinks, Link, LinkStatus, NewLink},
    page::{ListQuery, Page},
};
use qrcode::{EcLevel, QrCode, render::svg};

use super::codes;
use crate::{
    Engine, Session,
    clicks::location::parse_destination,
    clock::new_id,
    db::{self, Conn, links::StoredLink},
    error::{Error, Result},
};

impl Engine {
    pub async fn create_link(&self, session: &Session, new: NewLink) -> Result<Link> {
        session.admin()?;
        if let Some(own) = &new.destination_url {
            parse_destination(own).map_err(|rule| Error::invalid("destination_url", rule))?;
        }
        let (mut conn, version) = self.begin_change().await?;
        let campaign = db::campaigns::find(&mut conn, None, new.campaign_id).await?.ok_or(Error::NotFound)?;
        if let Some(influencer) = new.influencer_id {
            db::influencers::find(&mut conn, influencer).await?.ok_or(Error::NotFound)?;
        }
        let own = new.destination_url.as_deref();
        let mut link = self.new_link(&campaign, new.influencer_id);
        if let Some(own) = own {
            own.clone_into(&mut link.destination_url);
        }
        db::links::insert(&mut conn, std::slice::from_ref(&link), own, version).await?;
        self.commit_change(conn).await?;
        Ok(self.shown(link))
    }

    /// One link for each influencer, all or none.
    pub async fn generate_links(&self, session: &Session, wanted: GenerateLinks) -> Result<Vec<Link>> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let campaign = db::campaigns::find(&mut conn, None, wanted.campaign_id).await?.ok_or(Error::NotFound)?;
        let links = self.insert_links(&mut conn, &campaign, wanted, version).await?;
        self.commit_change(conn).await?;
        Ok(links)
    }

    pub(super) async fn insert_links(
        &self,
        conn: &mut Conn,
        campaign: &Campaign,
        wanted: GenerateLinks,
        version: i64,
    ) -> Result<Vec<Link>> {
        let influencers = self.influencers_of(conn, campaign.id, &wanted.target).await?;
        let total = influencers.len();
        if i64::try_from(total).is_ok_and(|total| total > MOST_GENERATED) {
            let message = format!("would make {total} links; at most {MOST_GENERATED} at once");
            return Err(Error::invalid("all_assigned", message));
        }
        let links: Vec<_> =
            influencers.into_iter().map(|influencer| self.new_link(campaign, Some(influencer))).collect();
        db::links::insert(conn, &links, None, version).await?;
        Ok(links.into_iter().map(|link| self.shown(link)).collect())
    }

    fn new_link(&self, campaign: &Campaign, influencer_id: Option<InfluencerId>) -> StoredLink {
        let now = self.clock.now();
        StoredLink {
            id: LinkId(new_id(now, &mut rand::rng())),
            advertiser_id: campaign.advertiser_id,
            campaign_id: campaign.id,
            influencer_id,
            code: codes::link_code(&mut rand::rng()),
            destination_url: campaign.destination_url.clone(),
            status: LinkStatus::Active,
            replaced_by: None,
            created_at: now,
        }
    }

    pub async fn list_links(&self, session: &Session, query: &ListQuery) -> Result<Page<Link>> {
        let within = session.tenant()?;
        let mut conn = self.db.read().await?;
        self.check_list(&mut conn, within, query).await?;
        Ok(db::links::list(&mut conn, within, query).await?.map(|link| self.shown(link)))
    }

    pub async fn tracking_link(&self, session: &Session, id: LinkId) -> Result<Link> {
        let within = session.tenant()?;
        let found = db::links::find(&mut self.db.read().await?, within, id).await?.ok_or(Error::NotFound)?;
        Ok(self.shown(found))
    }

    /// Turns a link on or off. A replaced link stays so.
    pub async fn set_link_active(&self, session: &Session, id: LinkId, active: bool) -> Result<Link> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let mut link = not_replaced(&mut conn, id).await?;
        link.status = if active { LinkStatus::Active } else { LinkStatus::Inactive };
        db::links::set_status(&mut conn, id, link.status, None, version).await?;
        self.commit_change(conn).await?;
        Ok(self.shown(link))
    }

    /// Makes a link in this one's place; this one stops redirecting.
    pub async fn regenerate_link(&self, session: &Session, id: LinkId) -> Result<Link> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let old = not_replaced(&mut conn, id).await?;
        let campaign = db::campaigns::find(&mut conn, None, old.campaign_id).await?.ok_or(Error::NotFound)?;
        let own = db::links::own_destination(&mut conn, id).await?;
        let new = StoredLink { destination_url: old.destination_url, ..self.new_link(&campaign, old.influencer_id) };
        db::links::insert(&mut conn, std::slice::from_ref(&new), own.as_deref(), version).await?;
        db::links::set_status(&mut conn, id, LinkStatus::Replaced, Some(new.id), version).await?;
        self.commit_change(conn).await?;
        Ok(self.shown(new))
    }

    /// The link's address as a QR code, in SVG.
    pub async fn link_qr(&self, session: &Session, id: LinkId) -> Result<String> {
        qr_code(&self.tracking_link(session, id).await?.url)
    }

    pub(crate) fn shown(&self, link: StoredLink) -> Link {
        Link {
            url: format!("{}/r/{}", self.public_url, link.code),
            id: link.id,
            advertiser_id: link.advertiser_id,
            campaign_id: link.campaign_id,
            influencer_id: link.influencer_id,
            code: link.code,
            destination_url: link.destination_url,
            status: link.status,
            replaced_by: link.replaced_by,
            created_at: link.created_at,
        }
    }
}

/// An address as a QR code, in SVG.
pub(crate) fn qr_code(url: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(url.as_bytes(), EcLevel::M)
        .map_err(|error| Error::Internal(format!("QR code: {error}")))?;
    Ok(code.render::<svg::Color>().min_dimensions(240, 240).build())
}

async fn not_replaced(conn: &mut Conn, id: LinkId) -> Result<StoredLink> {
    let link = db::links::find(conn, None, id).await?.ok_or(Error::NotFound)?;
    if link.status == LinkStatus::Replaced {
        return Err(Error::Conflict("this link was replaced by another".into()));
    }
    Ok(link)
}
