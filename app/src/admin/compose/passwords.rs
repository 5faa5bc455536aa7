//! The pages that set passwords: one's own, and by a one-time link.

use std::net::IpAddr;

use engine::{Engine, Session};

use super::words::way;
use crate::{
    address,
    admin::{
        forms::FormName,
        page::{Cell, Field, Form, Kind, Notice, Page, Part, Tone},
    },
    error::AppError,
};

/// `/account`: for every role.
pub fn own(session: &Session) -> Page {
    let account = &session.account;
    let current = Field { autocomplete: "current-password".into(), ..password("current_password", "Current password") };
    let form = Form::new(FormName::ChangePassword, "Change password", vec![current, chosen()]);
    Page {
        title: "Your account".into(),
        parts: vec![
            Part::Facts(vec![
                ("E-mail".into(), Cell::text(&account.email)),
                ("Role".into(), Cell::text(super::words::capital(account.role.as_str()))),
            ]),
            Part::Group {
                title: "Password".into(),
                note: Some("Every other session of this account ends.".into()),
                actions: Vec::new(),
                parts: vec![Part::Form(form)],
            },
        ],
        ..Page::default()
    }
}

/// `/set-password/{token}`: for whoever holds the token. Looking does not use it up.
pub async fn by_link(engine: &Engine, token: &str, from: IpAddr) -> Result<Page, AppError> {
    let title = "Set your password".to_owned();
    let Some(owner) = engine.owner_of_link(token, from).await? else {
        let text = "This link was used already, or is older than 72 hours. An admin can give you another.".into();
        let notice = Notice { tone: Tone::Warn, text, way: Some(way("Log in", address::LOG_IN)) };
        return Ok(Page { title, parts: vec![Part::Notice(notice)], ..Page::default() });
    };
    let repeated = password("repeated_password", "Repeat the password");
    let form = Form::new(FormName::SetPassword, "Set password", vec![chosen(), repeated]).hidden("token", token);
    // Who holds the link may log in as its owner: here stands what as.
    let parts = vec![Part::Facts(vec![("Login".into(), Cell::text(owner.email))]), Part::Form(form)];
    Ok(Page { title, parts, ..Page::default() })
}

fn chosen() -> Field {
    password("new_password", "New password").hint("10 to 200 characters.")
}

fn password(name: &str, label: &str) -> Field {
    Field { autocomplete: "new-password".into(), ..Field::new(Kind::Password, name, label).required() }
}
