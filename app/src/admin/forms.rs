//! The forms: their names, and the rules their fields are checked by, which are the API's own, in browser and
//! server alike.

use std::fmt;

use model::{
    FieldError, Fields, FromFields,
    account::PasswordChange,
    advertiser::{AdvertiserChange, NewAdvertiser},
    api_key::NewApiKey,
    fields::Shape,
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
    RevokeKey = "revoke_key": Unchecked,
    // Not the admin's alone.
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
    let mut fields = Fields::from_form(fields.iter().map(|(name, value)| (name.as_str(), value.as_str())), shape);
    let whole = T::read(&mut fields);
    fields.finish(whole).map_err(|mut errors| {
        for error in &mut errors {
            // An empty field is sent as null, which is not a word of forms.
            if error.message == "must not be null" {
                "is required".clone_into(&mut error.message);
            }
        }
        errors
    })
}

/// What is no text, by the API's own names.
fn shape(field: &str) -> Shape {
    match field {
        "require_signature" | "append_click_id" | "all_assigned" => Shape::Flag,
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
