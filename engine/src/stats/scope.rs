//! Whose figures a session may see: tenant and influencer come from the session, never from the query alone.

use model::{
    AdvertiserId, InfluencerId, Timestamp,
    stats::{Compare, StatsQuery},
};
use uuid::Uuid;

use super::{comparison::Comparison, range::Range, sums::Source};
use crate::{
    Engine, Session,
    db::{
        self, Conn,
        stats::{Filter, Stands},
    },
    error::{Error, Result},
};

/// What is asked for, within what may be seen.
pub struct Asked {
    pub range: Range,
    pub filter: Filter,
    pub include_bots: bool,
    /// Whether an influencer asks, who is told what it may earn.
    pub earns: bool,
    pub now: Timestamp,
    pub source: Source,
    compare: Option<Compare>,
}

impl Asked {
    /// What the range is compared with, where that is asked for.
    pub fn comparison(&self) -> Result<Option<Comparison>> {
        let Some(with) = self.compare else { return Ok(None) };
        self.range.compared(with, self.now).map(Some)
    }
}

impl Engine {
    /// What is asked for, and a connection that sees one state of the database until it is dropped: all parts of an
    /// answer are of the same moment.
    pub(super) async fn asked(&self, session: &Session, query: &StatsQuery) -> Result<(Conn, Asked)> {
        let mut conn = self.db.snapshot().await?;
        let asked = self.asked_of(&mut conn, session, query, Source::Sums).await?;
        Ok((conn, asked))
    }

    pub(super) async fn asked_of(
        &self,
        conn: &mut Conn,
        session: &Session,
        query: &StatsQuery,
        source: Source,
    ) -> Result<Asked> {
        let (range, filter) = self.scope(conn, session, query).await?;
        Ok(Asked {
            range,
            filter,
            include_bots: query.include_bots,
            earns: session.own_influencer()?.is_some(),
            now: self.clock.now(),
            source,
            compare: query.compare,
        })
    }

    /// The range and filter that are asked for. An id outside the session's scope is not found, whoever owns it.
    pub(crate) async fn scope(
        &self,
        conn: &mut Conn,
        session: &Session,
        query: &StatsQuery,
    ) -> Result<(Range, Filter)> {
        let own_influencer = session.own_influencer()?;
        let advertiser = self.checked_advertiser(conn, session, query).await?;
        let default_zone = advertiser
            .and_then(|id| self.catalog.advertiser(id))
            .map_or_else(|| "UTC".to_owned(), |advertiser| advertiser.time_zone.clone());
        let range = Range::resolve(query, &default_zone, self.clock.now())?;
        let filter = Filter {
            from: range.starts_at(),
            to: range.ends_at(),
            advertiser: advertiser.or_else(|| self.owner(query)),
            campaign: query.campaign_id,
            influencer: own_influencer.or(query.influencer_id),
            link: query.link_id,
            coupon: query.coupon_id,
            method: query.method,
            stands: self.stands(query),
            rows_from: db::retention::rows_from(conn).await?,
        };
        Ok((range, filter))
    }

    /// Whether all that a question names is the session's to ask about, whatever its range.
    pub async fn check_scope(&self, session: &Session, query: &StatsQuery) -> Result<()> {
        self.checked_advertiser(&mut self.db.read().await?, session, query).await.map(drop)
    }

    /// The one advertiser that is asked about, if it is one, and nothing outside the session's scope.
    async fn checked_advertiser(
        &self,
        conn: &mut Conn,
        session: &Session,
        query: &StatsQuery,
    ) -> Result<Option<AdvertiserId>> {
        if let Some(own) = session.own_influencer()? {
            self.check_influencers_query(conn, own, query).await?;
            return Ok(None);
        }
        let tenant = session.tenant()?;
        if tenant.is_some() && query.advertiser_id.is_some_and(|asked| Some(asked) != tenant) {
            return Err(Error::NotFound);
        }
        let advertiser = tenant.or(query.advertiser_id);
        self.check_owners_query(conn, advertiser, query).await?;
        Ok(advertiser)
    }

    /// Whose the campaign, link or coupon is that is asked for: with the owner's id rows are found sooner.
    fn owner(&self, query: &StatsQuery) -> Option<AdvertiserId> {
        let campaign = || Some(self.catalog.campaign(query.campaign_id?)?.advertiser_id);
        let link = || Some(self.catalog.link_by_id(query.link_id?)?.advertiser_id());
        let coupon = || Some(self.catalog.coupon_by_id(query.coupon_id?)?.advertiser_id);
        campaign().or_else(link).or_else(coupon)
    }

    /// A link and a coupon keep their campaign and their influencer for good.
    fn stands(&self, query: &StatsQuery) -> Option<Stands> {
        let whose = |influencer: Option<InfluencerId>| influencer.map_or(Uuid::nil(), |id| id.0);
        let link = || {
            let link = self.catalog.link_by_id(query.link_id?)?;
            Some(Stands { campaign: link.campaign_id.0, influencer: whose(link.influencer_id), link: link.id.0 })
        };
        let coupon = || {
            let coupon = self.catalog.coupon_by_id(query.coupon_id?)?;
            let (campaign, influencer) = (coupon.campaign_id.0, whose(coupon.influencer_id));
            Some(Stands { campaign, influencer, link: Uuid::nil() })
        };
        link().or_else(coupon)
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
