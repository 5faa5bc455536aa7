//! The forms: their names, and the rules their fields are checked by, which are the API's own, in browser and
//! server alike.

use std::fmt;

use model::{
    FieldError, Fields, FromFields, InfluencerId,
    account::{AccountChange, NewAccount, PasswordChange},
    advertiser::{AdvertiserChange, NewAdvertiser},
    api_key::{NewApiKey, Rotation},
    campaign::{CampaignChange, NewCampaign},
    coupon::{CodeRules, GenerateCoupons, MOST_GENERATED, MOST_NAMED, NewCoupon, Target},
    fields::Shape,
    influencer::{InfluencerChange, NewInfluencer},
    link::NewLink,
    text::NewPassword,
};
use serde::{Deserialize, Serialize};

/// Name, text and the request each form is read as. A new form is a line here and an arm in `acts`.
macro_rules! forms {
    ($($form:ident = $text:literal: $request:ty),* $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum FormName {
            $(#[serde(rename = $text)] $form,)*
        }

        impl FormName {
            pub const ALL: &[Self] = &[$(Self::$form,)*];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$form => $text,)*
                }
            }

            pub fn named(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$form),)*
                    _ => None,
                }
            }

            /// All that is wrong with the fields, as far as it can be told without the database.
            pub fn check(self, fields: &[(String, String)]) -> Vec<FieldError> {
                match self {
                    $(Self::$form => read::<$request>(fields).err(),)*
                }
                .unwrap_or_default()
            }
        }
    };
}

forms! {
    CreateAdvertiser = "create_advertiser": NewAdvertiser,
    ChangeAdvertiser = "change_advertiser": AdvertiserChange,
    IssueKey = "issue_key": NewApiKey,
    RotateKey = "rotate_key": Rotation,
    RevokeKey = "revoke_key": Unchecked,
    MakeSigningSecret = "make_signing_secret": Rotation,
    CreateAccount = "create_account": AccountToMake,
    ChangeAccount = "change_account": AccountChange,
    NewPasswordLink = "new_password_link": Unchecked,
    StartCampaign = "start_campaign": CampaignToStart,
    ChangeCampaign = "change_campaign": CampaignChange,
    CreateInfluencer = "create_influencer": NewInfluencer,
    ChangeInfluencer = "change_influencer": InfluencerChange,
    Assign = "assign": Chosen,
    Unassign = "unassign": Unchecked,
    CreateCoupon = "create_coupon": NewCoupon,
    GenerateCoupons = "generate_coupons": CouponsToMake,
    PreviewCoupons = "preview_coupons": Unchecked,
    RegenerateCoupon = "regenerate_coupon": Unchecked,
    InvalidateCoupon = "invalidate_coupon": Unchecked,
    CreateLink = "create_link": NewLink,
    GenerateLinks = "generate_links": Unchecked,
    ActivateLink = "activate_link": Unchecked,
    DeactivateLink = "deactivate_link": Unchecked,
    RegenerateLink = "regenerate_link": Unchecked,
    RetryFailure = "retry_failure": Unchecked,
    RetryFailures = "retry_failures": Unchecked,
    // Not the admin's alone.
    // The event is judged by the server: its rules would double what browsers load.
    ValidateEvent = "validate_event": Unchecked,
    ChangePassword = "change_password": PasswordChange,
    SetPassword = "set_password": ChosenPassword,
}

impl fmt::Display for FormName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// For forms that hold nothing but ids, which the server alone can judge.
pub struct Unchecked;

impl FromFields for Unchecked {
    fn read(_: &mut Fields) -> Option<Self> {
        Some(Self)
    }
}

/// Influencers that were chosen from a list.
pub struct Chosen(pub Vec<InfluencerId>);

impl FromFields for Chosen {
    fn read(fields: &mut Fields) -> Option<Self> {
        if matches!(fields.raw("influencer_ids"), None | Some("[]")) {
            fields.refuse("influencer_ids", "choose at least one");
            return None;
        }
        fields.ids("influencer_ids", MOST_NAMED).map(Self)
    }
}

/// A login whose owner chooses the password by a link: whoever makes it on a page chooses none.
pub struct AccountToMake(pub NewAccount);

impl FromFields for AccountToMake {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields.leave_out("password");
        NewAccount::read(fields).map(Self)
    }
}

/// A campaign and what it begins with.
pub struct CampaignToStart {
    pub campaign: NewCampaign,
    pub influencers: Vec<InfluencerId>,
    /// A link for each.
    pub links: bool,
    /// A coupon for each, by these rules.
    pub coupons: Option<CodeRules>,
}

impl FromFields for CampaignToStart {
    fn read(fields: &mut Fields) -> Option<Self> {
        let campaign = NewCampaign::read(fields);
        let influencers = match fields.raw("influencer_ids") {
            None | Some("[]") => Some(Vec::new()),
            Some(_) => fields.ids("influencer_ids", MOST_NAMED),
        };
        let links = fields.json("links", "true or false").unwrap_or_default();
        let wants_coupons = fields.json("coupons", "true or false").unwrap_or_default();
        let coupons = if wants_coupons { Some(CodeRules::read(fields)?) } else { None };
        Some(Self { campaign: campaign?, influencers: influencers?, links, coupons })
    }
}

/// What the generator's form asks for: its rules, and whom the codes are for.
pub struct CouponsToMake(pub GenerateCoupons);

impl FromFields for CouponsToMake {
    fn read(fields: &mut Fields) -> Option<Self> {
        let whom = fields.string("for");
        if whom.as_deref() == Some("named") && matches!(fields.raw("influencer_ids"), None | Some("[]")) {
            fields.refuse("influencer_ids", "choose at least one");
            return None;
        }
        let campaign_id = fields.require("campaign_id");
        let target = match whom.as_deref() {
            Some("assigned") => Some(Target::AllAssigned),
            Some("nobody") => Some(Target::Nobody),
            _ => ids_or_all(fields),
        };
        let count = match fields.raw("count") {
            None => Some(1),
            Some(_) => fields.number("count", 1, MOST_GENERATED),
        };
        let rules = CodeRules::read(fields);
        let count = usize::try_from(count?).ok()?;
        Some(Self(GenerateCoupons { campaign_id: campaign_id?, target: target?, count, rules: rules? }))
    }
}

/// Rows that were ticked, influencers that were chosen, or all.
pub fn ids_or_all(fields: &mut Fields) -> Option<Target> {
    for name in ["ids", "influencer_ids"] {
        if !matches!(fields.raw(name), None | Some("[]")) {
            return fields.ids(name, MOST_NAMED).map(Target::Named);
        }
    }
    Some(Target::AllAssigned)
}

/// A password that is typed twice: nobody knows it yet.
pub struct ChosenPassword(pub NewPassword);

impl FromFields for ChosenPassword {
    fn read(fields: &mut Fields) -> Option<Self> {
        let password = fields.require::<NewPassword>("new_password");
        if fields.raw("new_password") != fields.raw("repeated_password") {
            fields.refuse("repeated_password", "is not the same password");
        }
        password.map(Self)
    }
}

/// Reads a form's fields as the request they make.
pub fn read<T: FromFields>(fields: &[(String, String)]) -> Result<T, Vec<FieldError>> {
    read_with(fields, T::read)
}

/// Reads a part of what a form's fields make.
pub fn read_with<T>(
    fields: &[(String, String)],
    read: impl FnOnce(&mut Fields) -> Option<T>,
) -> Result<T, Vec<FieldError>> {
    let mut fields = of_form(fields);
    let whole = read(&mut fields);
    fields.finish(whole).map_err(in_words_of_forms)
}

// Apart from the request's type: browsers load what stands there once for each.
fn of_form(fields: &[(String, String)]) -> Fields {
    Fields::from_form(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())), shape)
}

/// An empty field is sent as null, which is not a word of forms.
fn in_words_of_forms(mut errors: Vec<FieldError>) -> Vec<FieldError> {
    for error in &mut errors {
        if error.message == "must not be null" {
            "is required".clone_into(&mut error.message);
        }
    }
    errors
}

/// What is no text, by the API's own names.
fn shape(field: &str) -> Shape {
    match field {
        "require_signature" | "append_click_id" | "all_assigned" | "links" | "coupons" => Shape::Flag,
        "commission_percent" | "count" | "length" | "overlap_seconds" => Shape::Number,
        "influencer_ids" | "ids" => Shape::List,
        "starts_at" | "ends_at" => Shape::Moment,
        _ => Shape::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(form: FormName, fields: &[(&str, &str)]) -> Vec<String> {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        form.check(&fields).into_iter().map(|error| format!("{} {}", error.field, error.message)).collect()
    }

    #[test]
    fn a_form_is_judged_by_the_rules_of_the_api() {
        let form = FormName::CreateAdvertiser;
        let ticked = [("name", "Shop"), ("require_signature", "false"), ("require_signature", "true")];
        assert_eq!(named(form, &ticked), Vec::<String>::new());
        assert_eq!(
            named(form, &[("name", " "), ("time_zone", "No such"), ("status", "x")]),
            [
                "name is required",
                "time_zone must be an IANA time zone, such as Europe/Berlin",
                "status must be one of: active, inactive"
            ]
        );
    }

    #[test]
    fn every_form_is_found_by_its_name() {
        assert_eq!(FormName::named("change_advertiser"), Some(FormName::ChangeAdvertiser));
        assert_eq!(FormName::named("nosuch"), None);
    }
}
