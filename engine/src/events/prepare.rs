//! Gathers what memory knows of an event at the moment it arrives: no later change alters its credit.

use std::sync::Arc;

use model::{AdvertiserId, ClickId, EventId, InfluencerId, LinkId, Timestamp, event::NewEvent, text::normal_code};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ref_code;
use crate::{
    attribution::{ClickFacts, CouponFacts, Facts, Key, LinkFacts, OwnerFacts},
    catalog::{Catalog, LinkFact},
    clicks::RecentClicks,
    clock::new_id,
    secret::{keyed_hash, sha256},
};

/// An event with everything but what only the database knows: earlier events, and clicks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Prepared {
    pub receipt_id: Uuid,
    pub id: EventId,
    /// Whether the id may have been recorded before: a new one cannot.
    pub may_stand: bool,
    pub advertiser_id: AdvertiserId,
    pub event: NewEvent,
    pub fingerprint: [u8; 32],
    pub occurred_at: Timestamp,
    pub received_at: Timestamp,
    pub customer: Option<[u8; 16]>,
    /// The click the event names, where that is a UUID at all.
    pub click_id: Option<ClickId>,
    /// As of the arrival. A click that memory does not know, and `touches`, are filled in by the recorder.
    pub facts: Facts,
}

impl Prepared {
    /// Whether it names a click that memory did not know.
    pub fn is_click_open(&self) -> bool {
        self.click_id.is_some() && self.facts.click.as_ref().is_some_and(|click| click.found.is_none())
    }
}

pub fn prepare(
    catalog: &Catalog,
    recent: &RecentClicks,
    customer_secret: &[u8; 32],
    advertiser_id: AdvertiserId,
    event: NewEvent,
    now: Timestamp,
) -> Prepared {
    let occurred_at = event.occurred_at.unwrap_or(now);
    let keys = Keys::of(&event);
    let recent = |id| recent.find(id);
    let facts = facts(catalog, recent, advertiser_id, occurred_at, &keys);
    Prepared {
        receipt_id: new_id(now, &mut rand::rng()),
        id: event_id(advertiser_id, event.event_id.as_deref(), now),
        may_stand: event.event_id.is_some(),
        advertiser_id,
        fingerprint: sha256(event.canonical().as_bytes()),
        occurred_at,
        received_at: now,
        customer: event
            .customer_id
            .as_deref()
            .map(|id| keyed_hash(customer_secret, &[advertiser_id.0.as_bytes(), id.as_bytes()])),
        click_id: keys.click(),
        facts,
        event,
    }
}

/// What an event names that may credit somebody. It is stored with the event, as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Keys {
    pub coupon_codes: Vec<String>,
    pub ref_code: Option<String>,
    pub click_id: Option<String>,
    pub landing_url: Option<String>,
    pub referrer: Option<String>,
}

impl Keys {
    pub fn of(event: &NewEvent) -> Self {
        Self {
            coupon_codes: event.coupon_codes.clone(),
            ref_code: event.ref_code.clone(),
            click_id: event.click_id.clone(),
            landing_url: event.landing_url.clone(),
            referrer: event.referrer.clone(),
        }
    }

    /// The click, where what was sent is an id at all.
    pub fn click(&self) -> Option<ClickId> {
        self.click_id.as_deref().and_then(|id| id.trim().parse().ok())
    }
}

/// What memory knows of an event's keys now. `click`: whose a click is, and its link.
pub fn facts(
    catalog: &Catalog,
    click: impl Fn(ClickId) -> Option<(AdvertiserId, LinkId)>,
    advertiser_id: AdvertiserId,
    occurred_at: Timestamp,
    keys: &Keys,
) -> Facts {
    let known_click = || {
        let id = keys.click()?;
        let (advertiser_id, link) = click(id)?;
        Some(ClickFacts { id, advertiser_id, link: link_facts(catalog, link) })
    };
    let link_key = |sent: &str| {
        let found = catalog.link(sent.trim()).map(|link| facts_of(catalog, &link));
        Key { sent: sent.to_owned(), found }
    };
    let lazy_key = |address: &Option<String>| address.as_deref().and_then(ref_code::find).map(|code| link_key(&code));
    Facts {
        advertiser_id,
        advertiser_active: catalog.advertiser(advertiser_id).is_some_and(|advertiser| advertiser.active),
        occurred_at,
        coupons: keys
            .coupon_codes
            .iter()
            .map(|sent| Key { sent: sent.clone(), found: coupon_facts(catalog, advertiser_id, sent) })
            .collect(),
        touches: Vec::new(),
        click: keys.click_id.as_ref().map(|sent| Key { sent: sent.clone(), found: known_click() }),
        ref_code: keys.ref_code.as_deref().map(link_key),
        landing: lazy_key(&keys.landing_url),
        referrer: lazy_key(&keys.referrer),
    }
}

/// With an `event_id`, the id follows from it: every node and every retry names the same row.
fn event_id(advertiser: AdvertiserId, event_id: Option<&str>, now: Timestamp) -> EventId {
    event_id.map_or_else(|| EventId(new_id(now, &mut rand::rng())), |event_id| derived_id(advertiser, event_id))
}

/// The row an advertiser's `event_id` names, recorded or not.
pub fn derived_id(advertiser: AdvertiserId, event_id: &str) -> EventId {
    let hash = sha256(&[advertiser.0.as_bytes(), event_id.as_bytes()].concat());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    EventId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// A link as it stands now.
pub fn link_facts(catalog: &Catalog, id: LinkId) -> Option<LinkFacts> {
    catalog.link_by_id(id).map(|link| facts_of(catalog, &link))
}

fn facts_of(catalog: &Catalog, link: &LinkFact) -> LinkFacts {
    LinkFacts {
        id: link.id,
        advertiser_id: link.advertiser_id(),
        campaign_id: link.campaign_id,
        influencer_id: link.influencer_id,
        status: link.status,
        owner: owner(catalog, link.campaign_id, link.influencer_id),
    }
}

fn owner(catalog: &Catalog, campaign: model::CampaignId, influencer: Option<InfluencerId>) -> OwnerFacts {
    OwnerFacts {
        campaign: catalog.campaign(campaign),
        influencer: influencer.and_then(|influencer| catalog.influencer_status(influencer)),
    }
}

fn coupon_facts(catalog: &Catalog, advertiser: AdvertiserId, code: &str) -> Option<CouponFacts> {
    let coupon = catalog.coupon(advertiser, &normal_code(code))?;
    Some(CouponFacts { owner: owner(catalog, coupon.campaign_id, coupon.influencer_id), coupon: Arc::clone(&coupon) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_id_of_one_advertiser_always_names_one_row() {
        let (shop, other) = (AdvertiserId(Uuid::from_u128(1)), AdvertiserId(Uuid::from_u128(2)));
        let id = |advertiser, event: &str, now| event_id(advertiser, Some(event), Timestamp(now));
        assert_eq!(id(shop, "A-1", 1), id(shop, "A-1", 2));
        assert_ne!(id(shop, "A-1", 1), id(shop, "A-2", 1));
        assert_ne!(id(shop, "A-1", 1), id(other, "A-1", 1));
    }
}
