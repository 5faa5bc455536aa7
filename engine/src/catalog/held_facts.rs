//! What checks and credits events, on disk beside the links, so that a server whose database is away from its start takes
//! events in too.
//!
//! [`MAGIC`], then all of [`HeldFacts`] in postcard, sealed with the installation's secret: signing secrets are among it.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::Arc,
};

use model::{AdvertiserId, InfluencerId, influencer::InfluencerStatus};
use serde::{Deserialize, Serialize};

use super::{AdvertiserFact, CampaignFact, CouponFact, KeyFact, SecretFact};
use crate::secret;

/// Its number is of the layout: whoever changes a fact raises it, and older files are left aside.
const MAGIC: &[u8; 8] = b"TRBFCT01";

#[derive(Serialize, Deserialize)]
pub struct HeldFacts {
    /// The catalog version that all here is at least as new as.
    pub version: i64,
    pub advertisers: Vec<Arc<AdvertiserFact>>,
    pub campaigns: Vec<Arc<CampaignFact>>,
    pub influencers: Vec<(InfluencerId, InfluencerStatus)>,
    /// Each with its normal code.
    pub coupons: Vec<(Box<str>, Arc<CouponFact>)>,
    /// Each with its hash.
    pub keys: Vec<([u8; 32], Arc<KeyFact>)>,
    pub signing: Vec<(AdvertiserId, Arc<Vec<SecretFact>>)>,
}

/// Where they are kept, and what seals them.
#[derive(Clone)]
pub struct FactsFile {
    pub path: PathBuf,
    pub sealing: [u8; 32],
}

impl FactsFile {
    /// None where there is none, or another layout's.
    pub fn read(&self) -> io::Result<Option<HeldFacts>> {
        let bytes = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let Some(sealed) = bytes.strip_prefix(MAGIC) else { return Ok(None) };
        let damaged =
            || io::Error::new(io::ErrorKind::InvalidData, "it is damaged, or was made with another secret key");
        let facts = secret::open(&self.sealing, sealed, MAGIC).ok_or_else(damaged)?;
        postcard::from_bytes(&facts).map(Some).map_err(|_| damaged())
    }

    /// Writes the facts in place of those before: a crash leaves the one or the other.
    pub fn write(&self, facts: &HeldFacts) -> io::Result<()> {
        let facts = postcard::to_allocvec(facts).map_err(io::Error::other)?;
        let partial = self.path.with_extension("new");
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&partial)?;
        file.write_all(MAGIC)?;
        file.write_all(&secret::seal(&self.sealing, &facts, MAGIC, &mut rand::rng()))?;
        file.sync_data()?;
        fs::rename(&partial, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use model::{
        Timestamp,
        campaign::{AttributionSource, CampaignStatus},
        coupon::CouponStatus,
    };
    use uuid::Uuid;

    use super::*;

    const KEY: [u8; 32] = [1; 32];

    fn facts() -> HeldFacts {
        let id = |n| Uuid::from_u128(n);
        HeldFacts {
            version: 42,
            advertisers: vec![Arc::new(AdvertiserFact {
                id: id(1).into(),
                name: "Shop".into(),
                time_zone: "Europe/Berlin".into(),
                require_signature: true,
                active: true,
            })],
            campaigns: vec![Arc::new(CampaignFact {
                id: id(2).into(),
                advertiser_id: id(1).into(),
                status: CampaignStatus::Paused,
                source: AttributionSource::Link,
                starts_at: Some(Timestamp(1_800_000_000_000)),
                ends_at: None,
                append_click_id: false,
            })],
            influencers: vec![(id(3).into(), InfluencerStatus::Archived)],
            coupons: vec![(
                "anna10".into(),
                Arc::new(CouponFact {
                    id: id(4).into(),
                    advertiser_id: id(1).into(),
                    campaign_id: id(2).into(),
                    influencer_id: Some(id(3).into()),
                    status: CouponStatus::Invalidated,
                }),
            )],
            keys: vec![(
                [5; 32],
                Arc::new(KeyFact { id: id(5).into(), advertiser_id: id(1).into(), expires_at: None, revoked: true }),
            )],
            signing: vec![(
                id(1).into(),
                Arc::new(vec![SecretFact {
                    id: id(6).into(),
                    text: "whispered".into(),
                    expires_at: Some(Timestamp(7)),
                }]),
            )],
        }
    }

    #[test]
    fn what_was_written_is_read_with_its_secret_alone_and_nothing_damaged_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.snapshot");
        let file = FactsFile { path: path.clone(), sealing: KEY };
        let foreign = FactsFile { path: path.clone(), sealing: [2; 32] };
        assert!(file.read().unwrap().is_none(), "there is none yet");
        file.write(&facts()).unwrap();
        let again = file.read().unwrap().unwrap();
        assert_eq!(postcard::to_allocvec(&again).unwrap(), postcard::to_allocvec(&facts()).unwrap());
        assert!(foreign.read().is_err(), "another installation's");

        let whole = fs::read(&path).unwrap();
        assert!(!whole.windows(9).any(|part| part == b"whispered"), "secrets are sealed");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert!(!matches!(file.read(), Ok(Some(_))), "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert!(!matches!(file.read(), Ok(Some(_))), "cut at {at}");
        }
    }

    #[test]
    fn the_layout_is_that_of_its_number() {
        let layout = hex::encode(&secret::sha256(&postcard::to_allocvec(&facts()).unwrap())[..8]);
        assert_eq!(
            (MAGIC, layout.as_str()),
            (b"TRBFCT01", "225d6f44b084587b"),
            "facts have changed: raise the number as well"
        );
    }
}
