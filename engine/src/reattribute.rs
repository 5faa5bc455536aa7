//! Credits worked out again, under what stands now: a coupon was mapped late, a campaign's dates were wrong.
//!
//! What was credited then still stands, whatever became of its link, coupon, campaign or influencer since: status is
//! judged as of an event's arrival. Every other candidate is judged by what stands now.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use model::{
    AdvertiserId, ClickId, EventId, LinkId, Timestamp,
    attribution::{Attribution, Method},
    campaign::CampaignStatus,
    coupon::CouponStatus,
    influencer::InfluencerStatus,
    link::LinkStatus,
};
use uuid::Uuid;

use crate::{
    Options,
    attribution::{self, Facts, LinkFacts, OwnerFacts},
    catalog::Catalog,
    db::{
        self, Conn, Db,
        events::CreditedEvent,
        names::Within,
        rollups::{Added, Credit, EventFact},
    },
    error::{Error, Result},
    events::prepare::{self, Keys},
    secret::Secrets,
    start::Start,
};

/// Events looked at at once.
const PART: usize = 500;
/// Credits changed in one transaction: others wait for it.
const TRANSACTION: usize = 200;

pub struct Reattribution {
    db: Db,
    catalog: Arc<Catalog>,
}

/// An event whose credit would be another.
#[derive(Clone, Debug)]
pub struct Change {
    pub id: EventId,
    pub event_id: Option<String>,
    pub action: String,
    pub occurred_at: Timestamp,
    pub before: Attribution,
    pub after: Attribution,
}

/// Where an event stands among those that arrived.
type Arrival = (Timestamp, Uuid);

/// A customer's events that were credited through links, by (time, id), with their arrivals.
type Touches = Vec<((Timestamp, EventId), LinkId, Arrival)>;

impl Reattribution {
    /// Opens the database alone: a server may be working on it.
    pub async fn open(options: &Options) -> Result<Self> {
        let secrets = Secrets::load(&options.secret_key_file).map_err(|error| {
            Error::Internal(format!("secret key file {}: {error}", options.secret_key_file.display()))
        })?;
        let db = Db::open(&options.database_url)?;
        let catalog = Arc::new(Catalog::new(secrets.sealing, 0));
        Start { db: db.clone(), catalog: Arc::clone(&catalog), fingerprint: secrets.fingerprint }.prepare().await?;
        Ok(Self { db, catalog })
    }

    /// The events that occurred since a moment and whose credit would be another now. `looked_at` hears how many were
    /// looked at so far.
    pub async fn changes(
        &self,
        since: Timestamp,
        only: Option<AdvertiserId>,
        mut looked_at: impl FnMut(usize),
    ) -> Result<Vec<Change>> {
        let mut advertisers = self.catalog.advertiser_ids();
        advertisers.retain(|advertiser| only.is_none_or(|only| only == *advertiser));
        if advertisers.is_empty() && only.is_some() {
            return Err(Error::NotFound);
        }
        if let Some(kept) = db::retention::rows_from(&mut self.db.read().await?).await?.filter(|kept| since < *kept) {
            return Err(Error::Conflict(format!(
                "events before {kept} are no longer kept, so their credits stay as they are: give --since {kept} or later"
            )));
        }
        let (mut changes, mut seen) = (Vec::new(), 0);
        for advertiser in advertisers {
            let mut customers: HashMap<[u8; 16], Touches> = HashMap::new();
            let mut conn = self.db.read().await?;
            for part in db::events::since(&mut conn, advertiser, since).await?.chunks(PART) {
                let events = db::events::credited(&mut conn, advertiser, part).await?;
                seen += events.len();
                self.weigh(&mut conn, advertiser, since, events, &mut customers, &mut changes).await?;
                looked_at(seen);
            }
        }
        Ok(changes)
    }

    /// Stores the new credits, and moves what the events count for, in one transaction. An event whose credit is
    /// another than it was by now keeps it.
    pub async fn apply(&self, changes: &[Change]) -> Result<()> {
        for part in changes.chunks(TRANSACTION) {
            let mut conn = self.db.begin().await?;
            let ids: Vec<EventId> = part.iter().map(|change| change.id).collect();
            let standing = db::rollups_read::held_facts(&mut conn, &ids).await?;
            let mut added = Added::default();
            for Change { id, before, after, .. } in part {
                let Some(fact) = standing.get(id).filter(|fact| fact.credit == Credit::from(before)) else { continue };
                db::events::credit_anew(&mut conn, *id, after).await?;
                added.event_no_more(fact);
                added.event(&EventFact { credit: Credit::from(after), ..*fact });
            }
            // Then what many write, in the order of whoever records events.
            let used = part.iter().filter_map(|change| Some((change.after.coupon_id?.0, change.occurred_at)));
            db::uses::note(&mut conn, used).await?;
            added.write(&mut conn).await?;
            conn.commit().await?;
        }
        Ok(())
    }

    /// What influencers, campaigns and the like are called.
    pub async fn names(&self, mut ids: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
        ids.sort_unstable();
        ids.dedup();
        db::names::within(&mut self.db.read().await?, Within::All, &ids).await
    }

    pub async fn close(self) {
        self.db.close().await;
    }

    async fn weigh(
        &self,
        conn: &mut Conn,
        advertiser: AdvertiserId,
        since: Timestamp,
        events: Vec<CreditedEvent>,
        customers: &mut HashMap<[u8; 16], Touches>,
        changes: &mut Vec<Change>,
    ) -> Result<()> {
        let mut keyed = Vec::with_capacity(events.len());
        for event in events {
            let keys: Keys = serde_json::from_str(&event.attribution_keys)
                .map_err(|error| Error::Internal(format!("stored attribution keys of event {}: {error}", event.id)))?;
            keyed.push((event, keys));
        }
        let clicks: Vec<ClickId> = keyed.iter().filter_map(|(_, keys)| keys.click()).collect();
        let clicks: HashMap<ClickId, (AdvertiserId, LinkId)> = db::clicks::links_of(conn, &clicks)
            .await?
            .into_iter()
            .map(|(click, advertiser, link)| (click, (advertiser, link)))
            .collect();
        for (event, keys) in keyed {
            let click = |id| clicks.get(&id).copied();
            let mut facts = prepare::facts(&self.catalog, click, advertiser, event.occurred_at, &keys);
            let arrival = (event.received_at, event.receipt_id);
            if let Some(customer) = event.customer {
                let known = match customers.entry(customer) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(earlier_touches(conn, advertiser, &customer, since).await?),
                };
                facts.touches = self.touches(known.iter().filter(|(_, _, other)| *other < arrival));
            }
            self.first_touch_stands(&mut facts, &event.attribution);
            still_stands(&mut facts, &event.attribution);
            let after = attribution::decide(&facts);
            if let (Some(customer), Some(link)) = (event.customer, after.link_id) {
                let touches = customers.entry(customer).or_default();
                let place = touches.partition_point(|(other, _, _)| *other < (event.occurred_at, event.id));
                touches.insert(place, ((event.occurred_at, event.id), link, arrival));
            }
            if credit(&event.attribution) != credit(&after) {
                let CreditedEvent { id, event_id, action, occurred_at, attribution: before, .. } = event;
                changes.push(Change { id, event_id, action, occurred_at, before, after });
            }
        }
        Ok(())
    }

    /// The event that a customer came with first may be deleted by now; what it was credited for is not.
    fn first_touch_stands(&self, facts: &mut Facts, before: &Attribution) {
        let Some(link) = before.link_id.filter(|_| before.method == Method::FirstTouch) else { return };
        if facts.touches.iter().all(|touch| touch.id != link) {
            facts.touches.splice(0..0, prepare::link_facts(&self.catalog, link));
        }
    }

    /// Each link once, at its earliest event.
    fn touches<'a>(&self, known: impl Iterator<Item = &'a ((Timestamp, EventId), LinkId, Arrival)>) -> Vec<LinkFacts> {
        let mut links: Vec<LinkId> = Vec::new();
        for (_, link, _) in known {
            if !links.contains(link) {
                links.push(*link);
            }
        }
        links.into_iter().filter_map(|link| prepare::link_facts(&self.catalog, link)).collect()
    }
}

async fn earlier_touches(
    conn: &mut Conn,
    advertiser: AdvertiserId,
    customer: &[u8; 16],
    before: Timestamp,
) -> Result<Touches> {
    let touches = db::events::touches_before(conn, advertiser, customer, before).await?;
    let touch = |touch: db::events::ArrivedTouch| {
        let at = (Timestamp(touch.occurred_at), EventId(touch.id));
        (at, LinkId(touch.link_id), (Timestamp(touch.received_at), touch.receipt_id))
    };
    Ok(touches.into_iter().map(touch).collect())
}

/// What was credited when the event arrived stood then.
fn still_stands(facts: &mut Facts, before: &Attribution) {
    let won = before.influencer_id.is_some() || before.link_id.is_some();
    if !won {
        return;
    }
    if let Some(coupon) = before.coupon_id {
        for found in facts.coupons.iter_mut().filter_map(|key| key.found.as_mut()) {
            if found.coupon.id == coupon {
                Arc::make_mut(&mut found.coupon).status = CouponStatus::Active;
                revive(&mut found.owner);
            }
        }
        facts.advertiser_active = true;
    }
    if let Some(link) = before.link_id {
        let keys = [&mut facts.ref_code, &mut facts.landing, &mut facts.referrer];
        let of_click = facts.click.as_mut().and_then(|key| key.found.as_mut()).and_then(|click| click.link.as_mut());
        let named = keys.into_iter().filter_map(|key| key.as_mut().and_then(|key| key.found.as_mut())).chain(of_click);
        for found in named.chain(&mut facts.touches) {
            if found.id == link {
                found.status = LinkStatus::Active;
                revive(&mut found.owner);
            }
        }
        facts.advertiser_active = true;
    }
}

fn revive(owner: &mut OwnerFacts) {
    if let Some(campaign) = &mut owner.campaign {
        Arc::make_mut(campaign).status = CampaignStatus::Active;
    }
    owner.influencer = owner.influencer.map(|_| InfluencerStatus::Active);
}

/// What a credit comes to; its trace may be told in other words by now.
fn credit(attribution: &Attribution) -> impl PartialEq {
    let Attribution { method, influencer_id, campaign_id, link_id, coupon_id, click_id, .. } = attribution;
    (*method, *influencer_id, *campaign_id, *link_id, *coupon_id, *click_id)
}
