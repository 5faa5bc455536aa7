//! Who is credited for an event: a pure function over facts, and its table of tests.
//!
//! The candidates in order, the first that stands wins: coupon, first touch, click id,
//! ref code, ref code in the landing URL, ref code in the referrer.

use std::{borrow::Cow, sync::Arc};

use model::{
    AdvertiserId, CampaignId, ClickId, CouponId, InfluencerId, LinkId, Timestamp,
    attribution::{Attribution, Method, Outcome, Step},
    campaign::CampaignStatus,
    coupon::CouponStatus,
    influencer::InfluencerStatus,
    link::LinkStatus,
};

use serde::{Deserialize, Serialize};

use crate::catalog::{CampaignFact, CouponFact};

/// Longest part of a candidate's value that is kept in a trace.
const MOST_VALUE: usize = 100;

/// A link with what decides whether it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkFacts {
    pub id: LinkId,
    pub advertiser_id: AdvertiserId,
    pub campaign_id: CampaignId,
    pub influencer_id: Option<InfluencerId>,
    pub status: LinkStatus,
    pub owner: OwnerFacts,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CouponFacts {
    pub coupon: Arc<CouponFact>,
    pub owner: OwnerFacts,
}

/// The campaign and influencer a link or coupon belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OwnerFacts {
    pub campaign: Option<Arc<CampaignFact>>,
    pub influencer: Option<InfluencerStatus>,
}

/// A key as the event sent it, and what it names; None where it names nothing known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Key<T> {
    pub sent: String,
    pub found: Option<T>,
}

/// A click the event names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClickFacts {
    pub id: ClickId,
    pub advertiser_id: AdvertiserId,
    pub link: Option<LinkFacts>,
}

/// All that a decision rests on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    pub advertiser_id: AdvertiserId,
    pub advertiser_active: bool,
    pub occurred_at: Timestamp,
    pub coupons: Vec<Key<CouponFacts>>,
    /// The links this customer's earlier events were credited through, earliest first.
    /// None where the event names no customer, or a new one.
    pub touches: Vec<LinkFacts>,
    pub click: Option<Key<ClickFacts>>,
    pub ref_code: Option<Key<LinkFacts>>,
    pub landing: Option<Key<LinkFacts>>,
    pub referrer: Option<Key<LinkFacts>>,
}

/// Mostly words that stand in the program: traces are made for every event.
type Reason = Cow<'static, str>;

/// What a candidate that stands gives.
struct Credit {
    influencer_id: Option<InfluencerId>,
    campaign_id: CampaignId,
    link_id: Option<LinkId>,
    coupon_id: Option<CouponId>,
    reason: Reason,
}

/// Weighs every candidate; at most one is credited.
pub fn decide(facts: &Facts) -> Attribution {
    let mut decision = Decision { trace: Vec::new(), won: None };
    let mut generic: Option<&CouponFact> = None;
    for key in &facts.coupons {
        decision.weigh(Method::Coupon, &key.sent, || weigh_coupon(facts, key, &mut generic));
    }
    if !facts.touches.is_empty() {
        let own_campaign = own_link(facts).map(|own| own.campaign_id);
        weigh_touches(facts, own_campaign, &mut decision);
    }
    if let Some(key) = &facts.click {
        decision.weigh(Method::ClickId, &key.sent, || weigh_click(facts, key));
    }
    for (method, key) in
        [(Method::RefCode, &facts.ref_code), (Method::LandingUrl, &facts.landing), (Method::Referrer, &facts.referrer)]
    {
        if let Some(key) = key {
            decision.weigh(method, &key.sent, || weigh_link(facts, key.found.as_ref()));
        }
    }
    let click_id = facts
        .click
        .as_ref()
        .and_then(|key| key.found.as_ref())
        .filter(|click| click.advertiser_id == facts.advertiser_id)
        .map(|click| click.id);
    decision.finish(generic, click_id)
}

struct Decision {
    trace: Vec<Step>,
    won: Option<(Method, Credit)>,
}

impl Decision {
    fn weigh(&mut self, candidate: Method, sent: &str, look: impl FnOnce() -> Result<Credit, Reason>) {
        let (outcome, reason) = if let Some((winner, _)) = &self.won {
            (Outcome::NotReached, format!("{winner} was credited before").into())
        } else {
            match look() {
                Ok(credit) => {
                    let reason = credit.reason.clone();
                    self.won = Some((candidate, credit));
                    (Outcome::Won, reason)
                }
                Err(reason) => (Outcome::Rejected, reason),
            }
        };
        let value = sent.chars().take(MOST_VALUE).collect();
        self.trace.push(Step { candidate, value, outcome, reason });
    }

    fn finish(self, generic: Option<&CouponFact>, click_id: Option<ClickId>) -> Attribution {
        let Some((method, credit)) = self.won else {
            return Attribution {
                method: Method::None,
                confidence: Method::None.confidence(),
                influencer_id: None,
                // A generic code counts for its campaign, unattributed.
                campaign_id: generic.map(|coupon| coupon.campaign_id),
                link_id: None,
                coupon_id: generic.map(|coupon| coupon.id),
                click_id,
                trace: self.trace,
            };
        };
        Attribution {
            method,
            confidence: method.confidence(),
            influencer_id: credit.influencer_id,
            campaign_id: Some(credit.campaign_id),
            link_id: credit.link_id,
            coupon_id: credit.coupon_id,
            click_id,
            trace: self.trace,
        }
    }
}

/// The link that the event itself names first, among those of this advertiser.
fn own_link(facts: &Facts) -> Option<&LinkFacts> {
    let of_click = facts.click.as_ref().and_then(|key| key.found.as_ref()).and_then(|click| click.link.as_ref());
    let of_codes = [&facts.ref_code, &facts.landing, &facts.referrer]
        .into_iter()
        .filter_map(|key| key.as_ref().and_then(|key| key.found.as_ref()));
    of_click.into_iter().chain(of_codes).find(|link| link.advertiser_id == facts.advertiser_id)
}

fn weigh_coupon<'a>(
    facts: &'a Facts,
    key: &'a Key<CouponFacts>,
    generic: &mut Option<&'a CouponFact>,
) -> Result<Credit, Reason> {
    // As with links: another advertiser's code looks like none at all.
    let found = key.found.as_ref().filter(|found| found.coupon.advertiser_id == facts.advertiser_id);
    let CouponFacts { coupon, owner } = found.ok_or("this advertiser has no such code")?;
    match coupon.status {
        CouponStatus::Active => {}
        CouponStatus::Invalidated => return Err("the code was invalidated".into()),
        CouponStatus::Replaced => return Err("the code was replaced by another".into()),
    }
    let campaign = stands(facts, owner, coupon.influencer_id)?;
    if !campaign.source.takes_coupons() {
        return Err("the campaign credits links alone".into());
    }
    let Some(influencer_id) = coupon.influencer_id else {
        generic.get_or_insert(coupon);
        return Err("a generic code names no influencer".into());
    };
    Ok(Credit {
        influencer_id: Some(influencer_id),
        campaign_id: coupon.campaign_id,
        link_id: None,
        coupon_id: Some(coupon.id),
        reason: "an active code of this influencer".into(),
    })
}

/// The earliest touch whose link still stands. All that were looked at are in the trace.
fn weigh_touches(facts: &Facts, own_campaign: Option<CampaignId>, decision: &mut Decision) {
    for touch in &facts.touches {
        let was_won = decision.won.is_some();
        decision.weigh(Method::FirstTouch, &touch.id.to_string(), || {
            if own_campaign.is_some_and(|own| own != touch.campaign_id) {
                return Err("the event names a link of another campaign".into());
            }
            let credit = weigh_link(facts, Some(touch))?;
            Ok(Credit { reason: "the customer came through this link first".into(), ..credit })
        });
        if was_won || decision.won.is_some() {
            return;
        }
    }
}

fn weigh_click(facts: &Facts, key: &Key<ClickFacts>) -> Result<Credit, Reason> {
    let click = key.found.as_ref().ok_or("no such click is known")?;
    if click.advertiser_id != facts.advertiser_id {
        return Err("no such click is known".into());
    }
    weigh_link(facts, click.link.as_ref())
}

fn weigh_link(facts: &Facts, found: Option<&LinkFacts>) -> Result<Credit, Reason> {
    // Another advertiser's link is nobody's business here: it looks like none at all.
    let link =
        found.filter(|found| found.advertiser_id == facts.advertiser_id).ok_or("this advertiser has no such link")?;
    match link.status {
        LinkStatus::Active => {}
        LinkStatus::Inactive => return Err("the link is inactive".into()),
        LinkStatus::Replaced => return Err("the link was replaced by another".into()),
    }
    let campaign = stands(facts, &link.owner, link.influencer_id)?;
    if !campaign.source.takes_links() {
        return Err("the campaign credits coupons alone".into());
    }
    Ok(Credit {
        influencer_id: link.influencer_id,
        campaign_id: link.campaign_id,
        link_id: Some(link.id),
        coupon_id: None,
        reason: if link.influencer_id.is_some() {
            "an active link of this influencer".into()
        } else {
            "an active link of the campaign, without an influencer".into()
        },
    })
}

/// What coupons and links have in common: owner, status and dates.
fn stands<'a>(
    facts: &Facts,
    owner: &'a OwnerFacts,
    influencer: Option<InfluencerId>,
) -> Result<&'a CampaignFact, Reason> {
    if !facts.advertiser_active {
        return Err("the advertiser is inactive".into());
    }
    let campaign = owner.campaign.as_deref().ok_or("the campaign is unknown")?;
    match campaign.status {
        CampaignStatus::Active => {}
        CampaignStatus::Paused => return Err("the campaign is paused".into()),
        CampaignStatus::Archived => return Err("the campaign is archived".into()),
    }
    if influencer.is_some() && owner.influencer != Some(InfluencerStatus::Active) {
        return Err("the influencer is not active".into());
    }
    if campaign.starts_at.is_some_and(|starts_at| facts.occurred_at < starts_at) {
        return Err("it happened before the campaign starts".into());
    }
    if campaign.ends_at.is_some_and(|ends_at| facts.occurred_at >= ends_at) {
        return Err("it happened after the campaign ended".into());
    }
    Ok(campaign)
}

#[cfg(test)]
#[path = "attribution_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "attribution_properties.rs"]
mod properties;
