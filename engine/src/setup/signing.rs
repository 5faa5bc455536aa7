//! Signing secrets: made, rotated, and the signatures made with them checked.

use model::{
    AdvertiserId, SigningSecretId,
    api_key::{IssuedSigningSecret, Rotation, SigningSecret},
    time::SECOND,
};

use super::codes;
use crate::{
    Engine, Session,
    clock::new_id,
    db::{self, signing_secrets::StoredSecret},
    error::{Error, Result},
    secret::{is_signed, seal},
};

/// How old a signature may be, and how far ahead of our clock, in seconds.
const MOST_PAST: i64 = 300;
const MOST_FUTURE: i64 = 60;

/// Why a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFault {
    Missing,
    Malformed,
    Stale,
    NoSecret,
    Wrong,
}

impl Engine {
    /// Makes an advertiser's signing secret; where there is one, it lives on for the overlap. Two live at most.
    pub async fn make_signing_secret(
        &self,
        session: &Session,
        advertiser_id: AdvertiserId,
        rotation: Rotation,
    ) -> Result<IssuedSigningSecret> {
        session.admin()?;
        let (mut conn, version) = self.begin_change().await?;
        db::advertisers::find(&mut conn, advertiser_id).await?.ok_or(Error::NotFound)?;
        let now = self.clock.now();
        let overlap_ends = now.plus(rotation.overlap);
        for (age, old) in db::signing_secrets::live(&mut conn, advertiser_id, now).await?.into_iter().enumerate() {
            let ends = if age == 0 { old.expires_at.map_or(overlap_ends, |at| at.min(overlap_ends)) } else { now };
            db::signing_secrets::expire(&mut conn, old.id, ends, version).await?;
        }
        let secret = codes::signing_secret(&mut rand::rng());
        let id = SigningSecretId(new_id(now, &mut rand::rng()));
        let stored = StoredSecret {
            id,
            advertiser_id,
            sealed: seal(&self.secrets.sealing, secret.as_bytes(), id.0.as_bytes(), &mut rand::rng()),
            created_at: now,
            expires_at: None,
        };
        db::signing_secrets::insert(&mut conn, &stored, version).await?;
        self.commit_change(conn).await?;
        Ok(IssuedSigningSecret { secret })
    }

    /// Those that have not ended, newest first.
    pub async fn signing_secrets(&self, session: &Session, of: AdvertiserId) -> Result<Vec<SigningSecret>> {
        session.admin()?;
        let mut conn = self.db.read().await?;
        db::advertisers::find(&mut conn, of).await?.ok_or(Error::NotFound)?;
        let live = db::signing_secrets::live(&mut conn, of, self.clock.now()).await?;
        Ok(live.into_iter().map(Into::into).collect())
    }

    /// Checks `X-Signature: t=<unix seconds>,v1=<hex>[,v1=…]` over `<t>.<body>`, with what memory holds.
    pub fn check_signature(&self, advertiser: AdvertiserId, header: &str, body: &[u8]) -> Result<(), SignatureFault> {
        let signature = Signature::parse(header).ok_or(SignatureFault::Malformed)?;
        let now = self.clock.now();
        // In whole seconds, as the signature has it.
        let age = (now.0 / SECOND).saturating_sub(signature.at);
        if !(-MOST_FUTURE..=MOST_PAST).contains(&age) {
            return Err(SignatureFault::Stale);
        }
        let secrets = self.catalog.signing_secrets(advertiser);
        let live = secrets.iter().filter(|secret| secret.expires_at.is_none_or(|at| at > now));
        let mut known = false;
        let mut stands = false;
        for secret in live {
            known = true;
            for v1 in &signature.v1 {
                stands |= is_signed(secret.text.as_bytes(), &[signature.t.as_bytes(), b".", body], v1);
            }
        }
        match (known, stands) {
            (_, true) => Ok(()),
            (true, false) => Err(SignatureFault::Wrong),
            (false, false) => Err(SignatureFault::NoSecret),
        }
    }
}

/// The parts of the header.
struct Signature<'a> {
    /// As it was sent: that text is what was signed.
    t: &'a str,
    at: i64,
    v1: Vec<Vec<u8>>,
}

/// More signatures than secrets can be live is no mistake anybody makes.
const MOST_SIGNATURES: usize = 8;

impl<'a> Signature<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let mut t = None;
        let mut v1 = Vec::new();
        for part in header.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            match name {
                "t" if t.is_none() && value.bytes().all(|b| b.is_ascii_digit()) => t = Some(value),
                "t" => return None,
                "v1" if v1.len() < MOST_SIGNATURES => v1.push(hex::decode(value).ok()?),
                "v1" => return None,
                // Versions to come stand beside this one.
                _ => {}
            }
        }
        let t = t?;
        if v1.is_empty() { None } else { Some(Self { t, at: t.parse().ok()?, v1 }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_header_has_one_time_and_one_or_more_signatures() {
        let parsed = Signature::parse("t=1767225600, v1=00ff,v1=0a,v2=x").unwrap();
        assert_eq!((parsed.t, parsed.at, parsed.v1), ("1767225600", 1_767_225_600, vec![vec![0, 255], vec![10]]));
        for bad in ["", "t=1", "v1=00", "t=1,t=2,v1=00", "t=-1,v1=00", "t=1,v1=0g", "t=99999999999999999999,v1=00", "x"]
        {
            assert!(Signature::parse(bad).is_none(), "{bad}");
        }
    }
}
