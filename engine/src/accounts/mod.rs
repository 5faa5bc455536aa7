//! Accounts and sessions: who logs in, as what, and what that allows.

mod argon;
mod hashing;
mod manage;
mod notices;
mod operator;
mod passwords;
mod sessions;
mod throttle;

use model::{
    AdvertiserId, InfluencerId, Timestamp,
    account::{Account, Role},
};

pub use self::throttle::{Closed, LoginLimits};
pub(crate) use self::{hashing::HashTurns, throttle::Throttle};
use crate::error::{Error, Result};

pub use self::operator::{create_admin, reset_admin_password};

/// Someone who is logged in.
#[derive(Clone, Debug)]
pub struct Session {
    pub account: Account,
    pub expires_at: Timestamp,
}

impl Session {
    /// Only admins pass.
    pub fn admin(&self) -> Result<()> {
        if self.account.role == Role::Admin { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// The only advertiser whose things this session may see; None for admins, who see all. Influencers are refused.
    pub fn tenant(&self) -> Result<Option<AdvertiserId>> {
        match self.account.role {
            Role::Admin => Ok(None),
            Role::Advertiser => self.account.advertiser_id.map(Some).ok_or(Error::Forbidden),
            Role::Influencer => Err(Error::Forbidden),
        }
    }

    /// Only influencers pass, as whom they are.
    pub fn influencer(&self) -> Result<InfluencerId> {
        self.own_influencer()?.ok_or(Error::Forbidden)
    }

    /// The only influencer whose figures this session may see, where it is an influencer's.
    pub fn own_influencer(&self) -> Result<Option<InfluencerId>> {
        match self.account.role {
            Role::Influencer => self.account.influencer_id.map(Some).ok_or(Error::Forbidden),
            Role::Admin | Role::Advertiser => Ok(None),
        }
    }

    /// An admin's own session, which is told what this influencer would be told: for showing their pages as they see
    /// them. Whether there is such an influencer is the caller's to know.
    pub fn as_influencer(&self, id: InfluencerId) -> Result<Self> {
        self.admin()?;
        let account = Account { role: Role::Influencer, influencer_id: Some(id), ..self.account.clone() };
        Ok(Self { account, expires_at: self.expires_at })
    }
}
