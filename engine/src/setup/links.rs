//! Tracking links.

use model::{
    LinkId,
    link::{Link, LinkStatus, NewLink},
    page::Page,
};

use super::codes;
use crate::{
    Engine, Session,
    clicks::location::parse_destination,
    clock::new_id,
    db::{self, links::StoredLink, page::PageAt},
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
        let now = self.clock.now();
        let own = new.destination_url.as_deref();
        let link = StoredLink {
            id: LinkId(new_id(now, &mut rand::rng())),
            advertiser_id: campaign.advertiser_id,
            campaign_id: campaign.id,
            influencer_id: new.influencer_id,
            code: codes::link_code(&mut rand::rng()),
            destination_url: own.unwrap_or(&campaign.destination_url).to_owned(),
            status: LinkStatus::Active,
            created_at: now,
        };
        db::links::insert(&mut conn, &link, own, version).await?;
        self.commit_change(conn).await?;
        Ok(self.shown(link))
    }

    pub async fn list_links(&self, session: &Session, at: PageAt) -> Result<Page<Link>> {
        let within = session.tenant()?;
        let page = db::links::list(&mut self.db.read().await?, within, at).await?;
        let items = page.items.into_iter().map(|link| self.shown(link)).collect();
        Ok(Page { items, next_cursor: page.next_cursor })
    }

    /// Turns a link on or off. A replaced link stays so.
    pub async fn set_link_active(&self, session: &Session, id: LinkId, active: bool) -> Result<Link> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        let mut link = db::links::find(&mut conn, None, id).await?.ok_or(Error::NotFound)?;
        if link.status == LinkStatus::Replaced {
            return Err(Error::Conflict("this link was replaced by another".into()));
        }
        link.status = if active { LinkStatus::Active } else { LinkStatus::Inactive };
        db::links::set_status(&mut conn, id, link.status, version).await?;
        self.commit_change(conn).await?;
        Ok(self.shown(link))
    }

    fn shown(&self, link: StoredLink) -> Link {
        Link {
            url: format!("{}/r/{}", self.public_url, link.code),
            id: link.id,
            advertiser_id: link.advertiser_id,
            campaign_id: link.campaign_id,
            influencer_id: link.influencer_id,
            code: link.code,
            destination_url: link.destination_url,
            status: link.status,
            created_at: link.created_at,
        }
    }
}
