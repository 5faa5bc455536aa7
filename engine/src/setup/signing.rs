//! Signing secrets: made and rotated.

use model::{
    AdvertiserId, SigningSecretId,
    api_key::{IssuedSigningSecret, Rotation, SigningSecret},
};

use super::codes;
use crate::{
    Engine, Session,
    clock::new_id,
    db::{self, signing_secrets::StoredSecret},
    error::{Error, Result},
    secret::seal,
    signature::{self, SignatureFault},
};

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

    /// Checks an `X-Signature` with what memory holds.
    pub fn check_signature(&self, advertiser: AdvertiserId, header: &str, body: &[u8]) -> Result<(), SignatureFault> {
        signature::check(header, body, &self.catalog.signing_secrets(advertiser), self.clock.now())
    }
}
