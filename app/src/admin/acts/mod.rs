//! What forms do: one function for each form, on the server alone.

mod accounts;
mod advertisers;
mod campaigns;
mod codes;
mod failures;
pub mod integration;

use engine::{Engine, Session};

use super::{
    forms::FormName,
    page::{Done, Pairs},
};
use crate::error::{AppError, ErrorKind};

/// Does what an admin's form asks for.
pub async fn act(engine: &Engine, session: &Session, form: FormName, fields: &Pairs) -> Result<Done, AppError> {
    session.admin()?;
    let wrong = form.check(fields);
    if !wrong.is_empty() {
        return Err(AppError::invalid(wrong));
    }
    match form {
        FormName::CreateAdvertiser => advertisers::create(engine, session, fields).await,
        FormName::ChangeAdvertiser => advertisers::change(engine, session, fields).await,
        FormName::IssueKey => advertisers::issue_key(engine, session, fields).await,
        FormName::RotateKey => advertisers::rotate_key(engine, session, fields).await,
        FormName::RevokeKey => advertisers::revoke_key(engine, session, fields).await,
        FormName::MakeSigningSecret => advertisers::make_signing_secret(engine, session, fields).await,
        FormName::CreateAccount => accounts::create(engine, session, fields).await,
        FormName::ChangeAccount => accounts::change(engine, session, fields).await,
        FormName::NewPasswordLink => accounts::new_password_link(engine, session, fields).await,
        FormName::StartCampaign => campaigns::start(engine, session, fields).await,
        FormName::ChangeCampaign => campaigns::change(engine, session, fields).await,
        FormName::CreateInfluencer => campaigns::create_influencer(engine, session, fields).await,
        FormName::ChangeInfluencer => campaigns::change_influencer(engine, session, fields).await,
        FormName::Assign => campaigns::assign(engine, session, fields).await,
        FormName::Unassign => campaigns::unassign(engine, session, fields).await,
        FormName::CreateCoupon => codes::create_coupon(engine, session, fields).await,
        FormName::GenerateCoupons => codes::generate_coupons(engine, session, fields).await,
        FormName::PreviewCoupons => codes::preview_coupons(engine, session, fields),
        FormName::RegenerateCoupon => codes::regenerate_coupon(engine, session, fields).await,
        FormName::InvalidateCoupon => codes::invalidate_coupon(engine, session, fields).await,
        FormName::CreateLink => codes::create_link(engine, session, fields).await,
        FormName::GenerateLinks => codes::generate_links(engine, session, fields).await,
        FormName::ActivateLink => codes::set_link_active(engine, session, fields, true).await,
        FormName::DeactivateLink => codes::set_link_active(engine, session, fields, false).await,
        FormName::RegenerateLink => codes::regenerate_link(engine, session, fields).await,
        FormName::RetryFailure => failures::retry(engine, session, fields).await,
        FormName::RetryFailures => failures::retry_all(engine, session, fields).await,
        // Those of every account are done before an admin is asked for.
        FormName::ValidateEvent | FormName::ChangePassword | FormName::SetPassword => {
            Err(AppError::new(ErrorKind::NotFound))
        }
    }
}

/// The value of a field that the page itself set, such as an id. What is none names nothing.
pub fn hidden<T: std::str::FromStr>(fields: &Pairs, name: &str) -> Result<T, AppError> {
    let text = fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    text.and_then(|text| text.parse().ok()).ok_or_else(|| AppError::new(ErrorKind::NotFound))
}

/// The version an edit was made on, where its form says so.
pub fn version(fields: &Pairs) -> Option<i64> {
    hidden(fields, "version").ok()
}

/// The ticked rows of a bulk action.
pub fn ticked<T: std::str::FromStr>(fields: &Pairs) -> Result<Vec<T>, AppError> {
    let ids = fields.iter().filter(|(name, value)| name == "ids" && !value.is_empty());
    ids.map(|(_, value)| value.parse().map_err(|_| AppError::new(ErrorKind::NotFound))).collect()
}

impl Done {
    pub fn said(said: impl Into<String>) -> Self {
        Self { said: said.into(), ..Self::default() }
    }

    #[must_use]
    pub fn go(self, href: impl Into<String>) -> Self {
        Self { go: Some(href.into()), ..self }
    }
}
