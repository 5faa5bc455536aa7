//! What redirects, keys, sessions and attribution need to know, in memory: none of them waits for the database.
//!
//! Each map follows the database by one number, the catalog's version: a change raises it in
//! its own transaction, and [`Catalog::refresh`] reads what is newer than what is held.

mod facts;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use model::{
    AccountId, AdvertiserId, CampaignId, CouponId, InfluencerId, LinkId, account::AccountStatus,
    influencer::InfluencerStatus,
};
use papaya::HashMap;
use tokio::sync::Mutex;

pub use self::facts::{AccountFact, AdvertiserFact, CampaignFact, CouponFact, KeyFact, LinkFact, SecretFact};
use crate::{
    clicks::location::Location,
    db::{self, Db},
    error::Result,
    secret,
};

#[derive(Default)]
pub struct Catalog {
    pub(crate) advertisers: HashMap<AdvertiserId, Arc<AdvertiserFact>>,
    pub(crate) campaigns: HashMap<CampaignId, Arc<CampaignFact>>,
    pub(crate) influencers: HashMap<InfluencerId, InfluencerStatus>,
    links: HashMap<Box<str>, Arc<LinkFact>>,
    links_by_id: HashMap<LinkId, Arc<LinkFact>>,
    coupons: HashMap<(AdvertiserId, Box<str>), Arc<CouponFact>>,
    coupons_by_id: HashMap<CouponId, Arc<CouponFact>>,
    keys: HashMap<[u8; 32], Arc<KeyFact>>,
    signing: HashMap<AdvertiserId, Arc<Vec<SecretFact>>>,
    /// Opens sealed signing secrets.
    sealing: [u8; 32],
    accounts: HashMap<AccountId, Arc<AccountFact>>,
    /// The catalog version that everything here is at least as new as.
    version: AtomicI64,
    refreshing: Mutex<()>,
}

impl Catalog {
    pub(crate) fn new(sealing: [u8; 32]) -> Self {
        Self { sealing, ..Self::default() }
    }

    pub fn link(&self, code: &str) -> Option<Arc<LinkFact>> {
        self.links.pin().get(code).cloned()
    }

    pub fn link_by_id(&self, id: LinkId) -> Option<Arc<LinkFact>> {
        self.links_by_id.pin().get(&id).cloned()
    }

    /// `normal`: as [`model::text::normal_code`] makes it.
    pub fn coupon(&self, advertiser: AdvertiserId, normal: &str) -> Option<Arc<CouponFact>> {
        self.coupons.pin().get(&(advertiser, normal.into())).cloned()
    }

    pub fn coupon_by_id(&self, id: CouponId) -> Option<Arc<CouponFact>> {
        self.coupons_by_id.pin().get(&id).cloned()
    }

    pub fn key(&self, hash: &[u8; 32]) -> Option<Arc<KeyFact>> {
        self.keys.pin().get(hash).cloned()
    }

    pub fn account(&self, id: AccountId) -> Option<Arc<AccountFact>> {
        self.accounts.pin().get(&id).cloned()
    }

    /// An advertiser's signing secrets, ended ones perhaps among them.
    pub fn signing_secrets(&self, of: AdvertiserId) -> Arc<Vec<SecretFact>> {
        self.signing.pin().get(&of).cloned().unwrap_or_default()
    }

    pub fn advertiser_ids(&self) -> Vec<AdvertiserId> {
        self.advertisers.pin().keys().copied().collect()
    }

    pub fn advertiser(&self, id: AdvertiserId) -> Option<Arc<AdvertiserFact>> {
        self.advertisers.pin().get(&id).cloned()
    }

    pub fn campaign(&self, id: CampaignId) -> Option<Arc<CampaignFact>> {
        self.campaigns.pin().get(&id).cloned()
    }

    pub fn influencer_status(&self, id: InfluencerId) -> Option<InfluencerStatus> {
        self.influencers.pin().get(&id).copied()
    }

    /// Reads everything that changed since the last time. A row read twice is harmless,
    /// and one that commits meanwhile has a higher version and comes with the next call.
    pub async fn refresh(&self, db: &Db) -> Result<()> {
        let _one_at_a_time = self.refreshing.lock().await;
        let mut conn = db.read().await?;
        let held = self.version.load(Ordering::Acquire);
        let newest = db::installation::version(&mut conn).await?;
        if newest == held {
            return Ok(());
        }
        // Owners before what they own: nobody finds a link whose campaign is not there yet.
        for advertiser in db::advertisers::changed_since(&mut conn, held).await? {
            self.advertisers.pin().insert(advertiser.id, Arc::new(advertiser.into()));
        }
        for campaign in db::campaigns::changed_since(&mut conn, held).await? {
            self.campaigns.pin().insert(campaign.id, Arc::new(campaign.into()));
        }
        for (id, status) in db::influencers::changed_since(&mut conn, held).await? {
            self.influencers.pin().insert(id, status);
        }
        for link in db::links::changed_since(&mut conn, held).await? {
            self.hold_link(link);
        }
        for coupon in db::coupons::changed_since(&mut conn, held).await? {
            let key = (coupon.advertiser_id, model::text::normal_code(&coupon.code).into());
            let fact: Arc<CouponFact> = Arc::new(coupon.into());
            self.coupons_by_id.pin().insert(fact.id, Arc::clone(&fact));
            self.coupons.pin().insert(key, fact);
        }
        for (hash, key) in db::api_keys::changed_since(&mut conn, held).await? {
            self.keys.pin().insert(hash, Arc::new(key.into()));
        }
        for secret in db::signing_secrets::changed_since(&mut conn, held).await? {
            self.hold_secret(&secret);
        }
        for stored in db::accounts::changed_since(&mut conn, held).await? {
            let active = stored.account.status == AccountStatus::Active;
            let fact = AccountFact { account: stored.account, session_version: stored.session_version, active };
            self.accounts.pin().insert(fact.account.id, Arc::new(fact));
        }
        self.version.store(newest, Ordering::Release);
        Ok(())
    }

    fn hold_secret(&self, stored: &db::signing_secrets::StoredSecret) {
        let opened = secret::open(&self.sealing, &stored.sealed, stored.id.0.as_bytes());
        let Some(text) = opened.and_then(|text| String::from_utf8(text).ok()) else {
            tracing::error!(secret = %stored.id, "a stored signing secret cannot be opened; its signatures are refused");
            return;
        };
        let fact = SecretFact { id: stored.id, text, expires_at: stored.expires_at };
        // Two live at most, and what has ended is never needed again.
        let held = self.signing_secrets(stored.advertiser_id);
        let other = held.iter().rfind(|other| other.id != fact.id).cloned();
        let secrets = other.into_iter().chain([fact]).collect();
        self.signing.pin().insert(stored.advertiser_id, Arc::new(secrets));
    }

    fn hold_link(&self, link: db::links::StoredLink) {
        let append_click_id = self.campaign(link.campaign_id).is_some_and(|campaign| campaign.append_click_id);
        let location = match Location::build(&link.destination_url, &link.code, append_click_id) {
            Ok(location) => location,
            Err(reason) => {
                tracing::error!(link = %link.id, reason, "a stored destination is no web address; the link does not redirect");
                return;
            }
        };
        let fact = Arc::new(LinkFact {
            id: link.id,
            advertiser_id: link.advertiser_id,
            campaign_id: link.campaign_id,
            influencer_id: link.influencer_id,
            status: link.status,
            location,
        });
        self.links_by_id.pin().insert(fact.id, Arc::clone(&fact));
        self.links.pin().insert(link.code.into(), fact);
    }
}
