//! What redirects, keys, sessions and attribution need to know, in memory: none of them waits for the database.
//!
//! Each map follows the database by one number, the catalog's version: a change raises it in
//! its own transaction, and [`Catalog::refresh`] reads what is newer than what is held.

mod facts;
pub mod held_facts;
pub mod snapshot;

use std::{
    collections::HashMap as Map,
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use model::{
    AccountId, AdvertiserId, CampaignId, CouponId, InfluencerId, LinkId, account::AccountStatus,
    advertiser::AdvertiserStatus, influencer::InfluencerStatus,
};
use papaya::HashMap;
use tokio::sync::Mutex;

pub use self::facts::{AccountFact, AdvertiserFact, CampaignFact, CouponFact, KeyFact, LinkFact, Owner, SecretFact};
use self::{held_facts::HeldFacts, snapshot::Snapshot};
use crate::{
    clicks::location::Location,
    db::{self, Db},
    error::Result,
    secret,
};

/// Nobody outside chooses what these maps hold: a quick hash is enough.
type FastHash = foldhash::fast::RandomState;

/// The version of a catalog that knows nothing of the database.
const NEVER_READ: i64 = -1;

#[derive(Default)]
pub struct Catalog {
    pub(crate) advertisers: HashMap<AdvertiserId, Arc<AdvertiserFact>>,
    pub(crate) campaigns: HashMap<CampaignId, Arc<CampaignFact>>,
    pub(crate) influencers: HashMap<InfluencerId, InfluencerStatus>,
    links: HashMap<Arc<str>, Arc<LinkFact>, FastHash>,
    links_by_id: HashMap<LinkId, Arc<LinkFact>, FastHash>,
    owners: HashMap<AdvertiserId, Arc<Owner>, FastHash>,
    coupons: HashMap<(AdvertiserId, Box<str>), Arc<CouponFact>>,
    coupons_by_id: HashMap<CouponId, Arc<CouponFact>>,
    keys: HashMap<[u8; 32], Arc<KeyFact>>,
    signing: HashMap<AdvertiserId, Arc<Vec<SecretFact>>>,
    /// Opens sealed signing secrets.
    sealing: [u8; 32],
    accounts: HashMap<AccountId, Arc<AccountFact>>,
    /// The catalog version that everything here is at least as new as, but for links and accounts.
    version: AtomicI64,
    /// The same of the links, which a snapshot may have brought before all else.
    links_version: AtomicI64,
    /// And of the accounts, which no snapshot brings.
    accounts_version: AtomicI64,
    refreshing: Mutex<()>,
}

/// How many there are of everything in memory, what has ended among them, and the version it is of.
#[derive(Clone, Copy, Debug)]
pub struct CatalogSizes {
    pub version: i64,
    pub advertisers: u64,
    pub campaigns: u64,
    pub influencers: u64,
    pub links: u64,
    pub coupons: u64,
    pub keys: u64,
    pub accounts: u64,
}

impl Catalog {
    /// With room for so many links.
    pub(crate) fn new(sealing: [u8; 32], links: usize) -> Self {
        Self {
            sealing,
            links: HashMap::with_capacity_and_hasher(links, FastHash::default()),
            version: AtomicI64::new(NEVER_READ),
            accounts_version: AtomicI64::new(NEVER_READ),
            ..Self::default()
        }
    }

    /// Takes over the links of a snapshot. Only redirects ask before more is known, and they know codes alone.
    pub(crate) fn hold_snapshot(&self, snapshot: &Snapshot) {
        let owners = self.owners.pin();
        for owner in &snapshot.head.owners {
            owners.insert(owner.id, Arc::clone(owner));
        }
        let links = self.links.pin();
        for link in snapshot.links() {
            links.insert(Arc::clone(&link.code), Arc::new(link));
        }
        self.links_version.store(snapshot.head.version, Ordering::Release);
    }

    /// Takes over what checks and credits events, as it was written. The links are held already.
    pub(crate) fn hold_facts(&self, held: HeldFacts) {
        for advertiser in held.advertisers {
            self.owner(advertiser.id).active.store(advertiser.active, Ordering::Relaxed);
            self.advertisers.pin().insert(advertiser.id, advertiser);
        }
        for campaign in held.campaigns {
            self.campaigns.pin().insert(campaign.id, campaign);
        }
        for (id, status) in held.influencers {
            self.influencers.pin().insert(id, status);
        }
        for (normal, coupon) in held.coupons {
            self.coupons_by_id.pin().insert(coupon.id, Arc::clone(&coupon));
            self.coupons.pin().insert((coupon.advertiser_id, normal), coupon);
        }
        for (hash, key) in held.keys {
            self.keys.pin().insert(hash, key);
        }
        for (of, secrets) in held.signing {
            self.signing.pin().insert(of, secrets);
        }
        self.hold_links_by_id();
        self.version.store(held.version, Ordering::Release);
    }

    /// What [`Self::hold_facts`] takes over after the next start.
    pub(crate) fn facts(&self) -> HeldFacts {
        // First: what is newer than the version it is told with is read once more, and does no harm.
        let version = self.version();
        HeldFacts {
            version,
            advertisers: self.advertisers.pin().values().cloned().collect(),
            campaigns: self.campaigns.pin().values().cloned().collect(),
            influencers: self.influencers.pin().iter().map(|(id, status)| (*id, *status)).collect(),
            coupons: self
                .coupons
                .pin()
                .iter()
                .map(|((_, normal), coupon)| (normal.clone(), Arc::clone(coupon)))
                .collect(),
            keys: self.keys.pin().iter().map(|(hash, key)| (*hash, Arc::clone(key))).collect(),
            signing: self.signing.pin().iter().map(|(of, secrets)| (*of, Arc::clone(secrets))).collect(),
        }
    }

    /// Writes the links where [`snapshot::read`] finds them.
    pub(crate) fn write_snapshot(&self, path: &Path, fingerprint: &[u8; 32]) -> io::Result<()> {
        let version = self.links_version.load(Ordering::Acquire);
        let links = self.links.pin();
        snapshot::write(path, fingerprint, version, &links.values().collect::<Vec<_>>())
    }

    pub(crate) fn links_version(&self) -> i64 {
        self.links_version.load(Ordering::Acquire)
    }

    pub(crate) fn version(&self) -> i64 {
        self.version.load(Ordering::Acquire)
    }

    /// Whether it knows what checks and credits events, from the database or as it was at the last run; before, it knows
    /// links at most.
    pub fn is_complete(&self) -> bool {
        self.version() > NEVER_READ
    }

    /// How much there is of everything.
    pub(crate) fn sizes(&self) -> CatalogSizes {
        CatalogSizes {
            version: self.version.load(Ordering::Acquire).max(0),
            advertisers: self.advertisers.len() as u64,
            campaigns: self.campaigns.len() as u64,
            influencers: self.influencers.len() as u64,
            links: self.links.len() as u64,
            coupons: self.coupons.len() as u64,
            keys: self.keys.len() as u64,
            accounts: self.accounts.len() as u64,
        }
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
        let newest = db::installation::version(&mut conn).await?;
        let accounts_held = self.accounts_version.load(Ordering::Acquire);
        // Of all that it holds they are never the newest.
        if newest == accounts_held {
            return Ok(());
        }
        // An older database than the one that was read, from a backup, is read from its beginning.
        let since = |held: i64| if held > newest { 0 } else { held.max(0) };
        let links_held = since(self.links_version.load(Ordering::Acquire));
        let (held, accounts_held) = (since(self.version()), since(accounts_held));
        // Owners before what they own: nobody finds a link whose campaign is not there yet.
        for advertiser in db::advertisers::changed_since(&mut conn, held).await? {
            let active = advertiser.status == AdvertiserStatus::Active;
            self.owner(advertiser.id).active.store(active, Ordering::Relaxed);
            self.advertisers.pin().insert(advertiser.id, Arc::new(advertiser.into()));
        }
        for campaign in db::campaigns::changed_since(&mut conn, held).await? {
            self.campaigns.pin().insert(campaign.id, Arc::new(campaign.into()));
        }
        for (id, status) in db::influencers::changed_since(&mut conn, held).await? {
            self.influencers.pin().insert(id, status);
        }
        if !self.is_complete() {
            self.hold_links_by_id();
        }
        self.hold_links(db::links::changed_since(&mut conn, links_held).await?);
        self.links_version.store(newest, Ordering::Release);
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
        for stored in db::accounts::changed_since(&mut conn, accounts_held).await? {
            let active = stored.account.status == AccountStatus::Active;
            let fact = AccountFact { account: stored.account, session_version: stored.session_version, active };
            self.accounts.pin().insert(fact.account.id, Arc::new(fact));
        }
        self.version.store(newest, Ordering::Release);
        self.accounts_version.store(newest, Ordering::Release);
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

    /// Those of a snapshot, which nobody has asked for by id yet.
    fn hold_links_by_id(&self) {
        let by_id = self.links_by_id.pin();
        for link in self.links.pin().values() {
            by_id.insert(link.id, Arc::clone(link));
        }
    }

    fn hold_links(&self, links: Vec<db::links::StoredLink>) {
        let mut locations = Locations::default();
        for link in links {
            let append_click_id = self.campaign(link.campaign_id).is_some_and(|campaign| campaign.append_click_id);
            let Some(location) = locations.get(&link.destination_url, append_click_id) else {
                tracing::error!(link = %link.id, "a stored destination is no web address; the link does not redirect");
                continue;
            };
            let fact = Arc::new(LinkFact {
                id: link.id,
                code: link.code.into(),
                campaign_id: link.campaign_id,
                influencer_id: link.influencer_id,
                status: link.status,
                owner: self.owner(link.advertiser_id),
                location,
            });
            self.links_by_id.pin().insert(fact.id, Arc::clone(&fact));
            self.links.pin().insert(Arc::clone(&fact.code), fact);
        }
    }

    /// An advertiser's part in its links; active until the database says otherwise.
    fn owner(&self, id: AdvertiserId) -> Arc<Owner> {
        let new = || Arc::new(Owner { id, active: AtomicBool::new(true) });
        Arc::clone(self.owners.pin().get_or_insert_with(id, new))
    }
}

/// The locations of one reading: links that lead to the same place share it.
#[derive(Default)]
struct Locations(Map<(String, bool), Option<Arc<Location>>>);

impl Locations {
    /// None where the destination is no web address.
    fn get(&mut self, destination: &str, append_click_id: bool) -> Option<Arc<Location>> {
        let build = || Location::build(destination, append_click_id).ok().map(Arc::new);
        self.0.entry((destination.to_owned(), append_click_id)).or_insert_with(build).clone()
    }
}
