//! Accounts and sessions: who logs in, as what, and what that allows.

mod manage;
mod notices;
mod passwords;
mod sessions;

use model::{
    AdvertiserId, InfluencerId, Timestamp,
    account::{Account, Role},
};

use crate::error::{Error, Result};

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
}
