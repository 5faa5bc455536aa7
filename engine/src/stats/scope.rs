//! Whose figures a session may see: tenant and influencer come from the session, never from the query alone.

use model::{AdvertiserId, InfluencerId, stats::StatsQuery};

use super::range::Range;
use crate::{
    Engine, Session,
    db::{self, Conn, stats::Filter},
    error::{Error, Result},
};

impl Engine {
    /// The range and filter that are asked for. An id outside the session's scope is not found, whoever owns it.
    pub(crate) async fn scope(
        &self,
        conn: &mut Conn,
        session: &Session,
        query: &StatsQuery,
    ) -> Result<(Range, Filter)> {
        let own_influencer = session.own_influencer()?;
        let advertiser = match own_influencer {
            Some(own) => {
                self.check_influencers_query(conn, own, query).await?;
                None
            }
            None => {
                let tenant = session.tenant()?;
                if tenant.is_some() && query.advertiser_id.is_some_and(|asked| Some(asked) != tenant) {
                    return Err(Error::NotFound);
                }
                let advertiser = tenant.or(query.advertiser_id);
                self.check_owners_query(conn, advertiser, query).await?;
                advertiser
            }
        };
        let default_zone = advertiser
            .and_then(|id| self.catalog.advertiser(id))
            .map_or_else(|| "UTC".to_owned(), |advertiser| advertiser.time_zone.clone());
        let range = Range::resolve(query, &default_zone, self.clock.now())?;
        let filter = Filter {
            from: range.starts_at(),
            to: range.ends_at(),
            advertiser,
            campaign: query.campaign_id,
            influencer: own_influencer.or(query.influencer_id),
            link: query.link_id,
            coupon: query.coupon_id,
            method: query.method,
        };
        Ok((range, filter))
    }

    /// For admins (`advertiser` is whom they asked for, if anyone) and advertisers (themselves).
    async fn check_owners_query(
        &self,
        conn: &mut Conn,
        advertiser: Option<AdvertiserId>,
        query: &StatsQuery,
    ) -> Result<()> {
        let belongs = |owner: AdvertiserId| advertiser.is_none_or(|advertiser| advertiser == owner);
        let known = advertiser.is_none_or(|id| self.catalog.advertiser(id).is_some())
            && query.campaign_id.is_none_or(|id| self.catalog.campaign(id).is_some_and(|it| belongs(it.advertiser_id)))
            && query.link_id.is_none_or(|id| self.catalog.link_by_id(id).is_some_and(|it| belongs(it.advertiser_id())))
            && query
                .coupon_id
                .is_none_or(|id| self.catalog.coupon_by_id(id).is_some_and(|it| belongs(it.advertiser_id)));
        let influencer_known = match query.influencer_id {
            None => true,
            Some(id) if advertiser.is_none() => self.catalog.influencer_status(id).is_some(),
            Some(id) => db::influencers::takes_part(conn, id, advertiser, None).await?,
        };
        if known && influencer_known { Ok(()) } else { Err(Error::NotFound) }
    }

    /// For influencers: only their own links and coupons, and campaigns they take part in.
    pub(crate) async fn check_influencers_query(
        &self,
        conn: &mut Conn,
        own: InfluencerId,
        query: &StatsQuery,
    ) -> Result<()> {
        let is_own = |owner: Option<InfluencerId>| owner == Some(own);
        let known = query.advertiser_id.is_none()
            && query.influencer_id.is_none_or(|id| id == own)
            && query.link_id.is_none_or(|id| self.catalog.link_by_id(id).is_some_and(|it| is_own(it.influencer_id)))
            && query
                .coupon_id
                .is_none_or(|id| self.catalog.coupon_by_id(id).is_some_and(|it| is_own(it.influencer_id)));
        let campaign_known = match query.campaign_id {
            None => true,
            Some(id) => db::influencers::takes_part(conn, own, None, Some(id)).await?,
        };
        if known && campaign_known { Ok(()) } else { Err(Error::NotFound) }
    }
}
