//! Forms without JavaScript: a plain post to the page's own address. Server only.

use axum::http::{HeaderValue, header, request::Parts};
use engine::{Engine, Session};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::{
    forms::FormName,
    page::{Action, Confirm, Deed, Done, Page, Pairs, Part},
    posted::{Outcome, Posted},
};
use crate::{
    error::{AppError, ErrorKind},
    perform::{self, Performed},
    session::{self, Asker, CookieRules},
};

/// Carries what is said from the act to the page it leads to: no longer than that takes, and only to pages. Text alone,
/// and sealed: a neighbouring host can set cookies for ours, and a page must not offer what such a one says.
const SAID: &str = "trb_said";
/// What browsers keep in a cookie.
const MOST_SAID: usize = 3_500;

/// How a plain form is answered.
pub enum Answer {
    /// 303; the cookies go along.
    Go { to: String, cookies: Vec<HeaderValue> },
    /// The page of this address, with what came of the form.
    Page { status: u16, posted: Box<Posted>, cookies: Vec<HeaderValue> },
}

/// Does what a plain form asks for, or asks back.
pub async fn post(
    engine: &Engine,
    asker: &Asker,
    rules: CookieRules,
    path: &str,
    query: &str,
    fields: Pairs,
) -> Answer {
    let form = fields.iter().rev().find(|(name, _)| name == "form").and_then(|(_, name)| FormName::named(name));
    let back = |status, outcome, cookies| {
        // Neither passwords nor what is ours to set again.
        let kept = |(name, _): &(String, String)| name != "form" && !name.contains("password");
        let fields = fields.iter().filter(|pair| kept(pair)).cloned().collect();
        Answer::Page { status, posted: Box::new(Posted { form, fields, outcome }), cookies }
    };
    let Some(form) = form else {
        let error = AppError::new(ErrorKind::Invalid);
        return back(error.kind.status(), Outcome::Failed(error), Vec::new());
    };
    let is_confirmed = fields.iter().any(|(name, _)| name == "confirmed");
    if !is_confirmed
        && let Ok(page) = perform::compose(engine, asker, path, query).await
        && let Some(confirm) = asked_first(&page, form, &fields)
    {
        return back(200, Outcome::Ask(confirm), Vec::new());
    }
    match perform::act(engine, asker, rules, form, &fields).await {
        Err(error) => back(error.kind.status(), Outcome::Failed(error), Vec::new()),
        Ok(Performed { done, cookie }) if !done.show.is_empty() => {
            back(200, Outcome::Done(done), cookie.into_iter().collect())
        }
        Ok(Performed { done, cookie }) => {
            let here = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
            let to = done.go.clone().unwrap_or(here);
            let said = asker.session.as_ref().and_then(|session| said(engine, session, &done.said, rules));
            Answer::Go { to, cookies: cookie.into_iter().chain(said).collect() }
        }
    }
}

/// The question the page asks before this form, where it asks one.
fn asked_first(page: &Page, form: FormName, fields: &Pairs) -> Option<Confirm> {
    let mut actions: Vec<&Action> = page.actions.iter().collect();
    for part in &page.parts {
        collect(part, &mut actions);
    }
    actions.into_iter().find_map(|action| match &action.deed {
        Deed::Do { form: found, fields: set, confirm: Some(confirm) }
            if *found == form && set.iter().all(|pair| fields.contains(pair)) =>
        {
            Some(confirm.clone())
        }
        _ => None,
    })
}

fn collect<'a>(part: &'a Part, into: &mut Vec<&'a Action>) {
    match part {
        Part::Group { actions, parts, .. } => {
            into.extend(actions);
            parts.iter().for_each(|part| collect(part, into));
        }
        Part::Details { parts, .. } => parts.iter().for_each(|part| collect(part, into)),
        Part::Table(table) => {
            into.extend(&table.bulk);
            into.extend(table.rows.iter().flat_map(|row| &row.actions));
        }
        _ => {}
    }
}

fn said(engine: &Engine, session: &Session, said: &str, rules: CookieRules) -> Option<HeaderValue> {
    let value = engine.seal_notice(session, said);
    if value.len() > MOST_SAID {
        return None;
    }
    cookie(&value, 60, rules)
}

/// Where browsers reach us over https, they take a cookie of such a name from us alone.
fn name(rules: CookieRules) -> String {
    if rules.secure { format!("__Host-{SAID}") } else { SAID.to_owned() }
}

fn cookie(value: &str, seconds: u32, rules: CookieRules) -> Option<HeaderValue> {
    let (name, secure) = (name(rules), if rules.secure { "; Secure" } else { "" });
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}")).ok()
}

/// What the act before this page had to say: said once.
pub fn take_said() -> Option<Posted> {
    let parts = use_context::<Parts>()?;
    let (response, rules) = use_context::<ResponseOptions>().zip(use_context::<CookieRules>())?;
    let value = session::cookie_value(&parts.headers, &name(rules))?;
    response.append_header(header::SET_COOKIE, cookie("", 0, rules)?);
    let said = use_context::<Engine>()?.open_notice(&session::current()?, value)?;
    Some(Posted { form: None, fields: Vec::new(), outcome: Outcome::Done(Done::said(said)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_no_other_host_can_set_what_is_said() {
        let set = cookie("x", 60, CookieRules { secure: true }).unwrap();
        let expected = "__Host-trb_said=x; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure";
        assert_eq!(set.to_str().unwrap(), expected);
    }
}
