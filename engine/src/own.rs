//! What influencers see of their own. The session says whose it is; the query can only narrow it.

use std::collections::HashMap;

use model::{
    Currency, InfluencerId, LinkId, Money, Timestamp,
    activity::ActivityQuery,
    campaign::Campaign,
    coupon::Coupon,
    link::Link,
    own::{OwnCampaign, Sale},
    page::{ListQuery, Page},
    stats::StatsQuery,
};
use uuid::Uuid;

use crate::{
    Engine, Session,
    db::{
        self, Conn,
        activity::{Newest, SaleRow},
        names::Within,
        word,
    },
    error::{Error, Result},
    setup::links::qr_code,
};

impl Engine {
    pub async fn own_links(&self, session: &Session, query: &ListQuery) -> Result<Page<Link>> {
        let own = session.influencer()?;
        let mut conn = self.db.read().await?;
        let query = self.own_list(&mut conn, own, query).await?;
        Ok(db::links::list(&mut conn, None, &query).await?.map(|link| self.shown(link)))
    }

    /// The address of an own link as a QR code, in SVG.
    pub async fn own_link_qr(&self, session: &Session, id: LinkId) -> Result<String> {
        let own = session.influencer()?;
        let found = db::links::find(&mut self.db.read().await?, None, id).await?;
        let link = found.filter(|link| link.influencer_id == Some(own)).ok_or(Error::NotFound)?;
        qr_code(&self.shown(link).url)
    }

    pub async fn own_coupons(&self, session: &Session, query: &ListQuery) -> Result<Page<Coupon>> {
        let own = session.influencer()?;
        let mut conn = self.db.read().await?;
        let query = self.own_list(&mut conn, own, query).await?;
        db::coupons::list(&mut conn, None, &query).await
    }

    /// Those the influencer is assigned to, and those with a link or coupon of theirs.
    pub async fn own_campaigns(&self, session: &Session, query: &ListQuery) -> Result<Page<OwnCampaign>> {
        let own = session.influencer()?;
        let mut conn = self.db.read().await?;
        let query = self.own_list(&mut conn, own, query).await?;
        let page = db::campaigns::of_influencer(&mut conn, own, &query).await?;
        Ok(page.map(|campaign| self.to_participant(campaign)))
    }

    /// Purchases that were credited to the influencer, newest first; without a range all of them.
    pub async fn own_sales(&self, session: &Session, query: &ActivityQuery) -> Result<Page<Sale>> {
        let own = session.influencer()?;
        let newest = Newest::read(query.limit, query.cursor.as_deref())?;
        let mut conn = self.db.read().await?;
        let filter = self.activity_filter(&mut conn, session, &query.within).await?;
        let Page { items, next_cursor } = db::activity::sales(&mut conn, &filter, &newest).await?;
        let ids = items.iter().flat_map(|row| [Some(row.campaign_id), row.link_id, row.coupon_id]);
        let mut ids: Vec<Uuid> = ids.flatten().collect();
        ids.sort_unstable();
        ids.dedup();
        let names = db::names::within(&mut conn, Within::Influencer(own), &ids).await?;
        let items = items.into_iter().map(|row| sale(row, &names)).collect::<Result<_>>()?;
        Ok(Page { items, next_cursor })
    }

    /// The query narrowed to what is the influencer's own; an id that is not is not found.
    async fn own_list(&self, conn: &mut Conn, own: InfluencerId, query: &ListQuery) -> Result<ListQuery> {
        let named = StatsQuery {
            advertiser_id: query.advertiser_id,
            campaign_id: query.campaign_id,
            influencer_id: query.influencer_id,
            link_id: query.link_id,
            coupon_id: query.coupon_id,
            ..StatsQuery::default()
        };
        self.check_influencers_query(conn, own, &named).await?;
        Ok(ListQuery { influencer_id: Some(own), ..query.clone() })
    }

    fn to_participant(&self, campaign: Campaign) -> OwnCampaign {
        let advertiser = self.catalog.advertiser(campaign.advertiser_id);
        OwnCampaign {
            id: campaign.id,
            advertiser_id: campaign.advertiser_id,
            advertiser_name: advertiser.map(|advertiser| advertiser.name.clone()).unwrap_or_default(),
            name: campaign.name,
            destination_url: campaign.destination_url,
            starts_at: campaign.starts_at,
            ends_at: campaign.ends_at,
            attribution_source: campaign.attribution_source,
            currency: campaign.currency,
            commission_percent: campaign.commission_percent,
            status: campaign.status,
            created_at: campaign.created_at,
        }
    }
}

fn sale(row: SaleRow, names: &HashMap<Uuid, String>) -> Result<Sale> {
    let currency: Currency = word(&row.currency)?;
    let name = |id: Option<Uuid>| id.and_then(|id| names.get(&id).cloned());
    Ok(Sale {
        id: row.receipt_id.into(),
        occurred_at: Timestamp(row.occurred_at),
        value: row.value_minor.map(|minor| Money { minor: minor.into(), currency }),
        method: word(&row.method)?,
        campaign_id: row.campaign_id.into(),
        campaign_name: name(Some(row.campaign_id)).unwrap_or_default(),
        link_id: row.link_id.map(Into::into),
        link_code: name(row.link_id),
        coupon_id: row.coupon_id.map(Into::into),
        coupon_code: name(row.coupon_id),
    })
}
