//! Accounts: who can log in, as what.

use serde::{Deserialize, Serialize};

use crate::{
    AccountId, AdvertiserId, Fields, FromFields, InfluencerId, Timestamp,
    text::{Email, NewPassword},
    words::words,
};

words! {
    AccountStatus { Active = "active", Inactive = "inactive" }
}

words! {
    Role { Admin = "admin", Advertiser = "advertiser", Influencer = "influencer" }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    pub id: AccountId,
    pub email: String,
    pub role: Role,
    /// The tenant an advertiser's account belongs to.
    pub advertiser_id: Option<AdvertiserId>,
    /// The influencer an influencer's account belongs to.
    pub influencer_id: Option<InfluencerId>,
    pub status: AccountStatus,
    /// False until a password is set: nobody can log in yet.
    pub has_password: bool,
    pub created_at: Timestamp,
    /// Changes with every change; an edit may say which it was made on.
    pub version: i64,
}

/// What `POST /api/v1/auth/login` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoggedIn {
    pub token: String,
    pub expires_at: Timestamp,
    pub account: Account,
}

#[derive(Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

/// A login to be made. Without a password the answer holds a link to set one.
#[derive(Clone)]
pub struct NewAccount {
    pub email: Email,
    pub role: Role,
    pub advertiser_id: Option<AdvertiserId>,
    pub influencer_id: Option<InfluencerId>,
    pub password: Option<NewPassword>,
}

impl FromFields for NewAccount {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = fields.require("email");
        let role = fields.require("role");
        let advertiser_id = fields.get("advertiser_id");
        let influencer_id = fields.get("influencer_id");
        for (of, field) in [(Role::Advertiser, "advertiser_id"), (Role::Influencer, "influencer_id")] {
            match role {
                Some(role) if role == of && fields.raw(field).is_none() => {
                    fields.refuse(field, format!("is required for the role {of}"));
                }
                Some(role) if role != of && fields.raw(field).is_some() => {
                    fields.refuse(field, format!("is for the role {of} alone"));
                }
                _ => {}
            }
        }
        let password = fields.get("password");
        Some(Self { email: email?, role: role?, advertiser_id, influencer_id, password })
    }
}

/// What `POST /api/v1/accounts` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedAccount {
    #[serde(flatten)]
    pub account: Account,
    /// Shown this once; whoever has it chooses the password. Absent where a password was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_password_url: Option<String>,
}

/// A one-time link to set a password, shown this once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordLink {
    pub set_password_url: String,
    pub expires_at: Timestamp,
}

/// What an edit may change; what is absent stays as it is. Role and owner stay: another login is another account.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountChange {
    #[cfg_attr(feature = "openapi", schema(value_type = Email, required = false))]
    pub email: Option<Email>,
    #[cfg_attr(feature = "openapi", schema(value_type = AccountStatus, required = false))]
    pub status: Option<AccountStatus>,
}

impl FromFields for AccountChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { email: fields.change("email"), status: fields.change("status") })
    }
}

/// What `POST /api/v1/auth/password` takes.
#[derive(Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordChange {
    pub current_password: String,
    pub new_password: NewPassword,
}

impl FromFields for PasswordChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        if fields.raw("current_password").is_none() {
            fields.refuse("current_password", "is required");
        }
        let current_password = fields.string("current_password");
        let new_password = fields.require("new_password");
        Some(Self { current_password: current_password?, new_password: new_password? })
    }
}
