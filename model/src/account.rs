//! Accounts: who can log in, as what.

use serde::{Deserialize, Serialize};

use crate::{AccountId, AdvertiserId, Fields, FromFields, InfluencerId, Timestamp, words::words};

words! {
    AccountStatus { Active = "active", Inactive = "inactive" }
}

words! {
    Role { Admin = "admin", Advertiser = "advertiser", Influencer = "influencer" }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub email: String,
    pub role: Role,
    /// The tenant an advertiser's account belongs to.
    pub advertiser_id: Option<AdvertiserId>,
    /// The influencer an influencer's account belongs to.
    pub influencer_id: Option<InfluencerId>,
    pub status: AccountStatus,
}

/// What `POST /api/v1/auth/login` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedIn {
    pub token: String,
    pub expires_at: Timestamp,
    pub account: Account,
}

#[derive(Clone)]
pub struct Credentials {
    /// As typed: a wrong shape is a wrong login, not a hint.
    pub email: String,
    pub password: String,
}

impl FromFields for Credentials {
    fn read(fields: &mut Fields) -> Option<Self> {
        for field in ["email", "password"] {
            if fields.raw(field).is_none() {
                fields.refuse(field, "is required");
            }
        }
        let email = fields.string("email");
        let password = fields.string("password");
        Some(Self { email: email?, password: password? })
    }
}
