//! The pages that are composed on the server: all of the admin, the lists of advertisers and influencers, the
//! integration of a shop, an account's own, and the setting of a password.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    address,
    admin::{ADMIN, page::Page},
    api::{
        asked::{Answer, Answers, answers},
        composed::load_page,
    },
    components::{WindowTitle, frame, freshness, plain},
    elsewhere::GoTo,
    error::{AppError, ErrorKind},
    kit::{Kit, feedback, page, shown},
    markup::{Content, Element, el},
    viewer::viewer,
};

#[component]
pub fn ComposedPage() -> impl IntoView {
    let location = use_location();
    let path = location.pathname.get_untracked();
    match viewer() {
        _ if path.starts_with(address::SET_PASSWORD) => plain(composed()),
        Some(account) => frame(&account, composed()),
        None => {
            let here = address::whole(&path, &location.search.get_untracked());
            view! { <GoTo to=address::log_in(Some(&here), None)/> }.into_any()
        }
    }
}

/// What is shown: the last page of an address, and what went wrong since.
#[derive(Clone)]
struct Sight {
    here: String,
    page: Result<Page, AppError>,
    stale: Option<AppError>,
}

impl Sight {
    fn after(before: Option<&Self>, answer: Answer) -> Self {
        let here = answer.question.clone();
        let page = answer.read();
        let kept = before.filter(|before| before.path() == path_of(&here) && before.page.is_ok());
        match (&page, kept) {
            (Err(error), Some(before)) if matches!(error.kind, ErrorKind::Offline | ErrorKind::Unavailable) => {
                Self { here, stale: Some(error.clone()), ..before.clone() }
            }
            _ => Self { here, page, stale: None },
        }
    }

    fn path(&self) -> &str {
        path_of(&self.here)
    }
}

fn path_of(address: &str) -> &str {
    address.split('?').next().unwrap_or_default()
}

fn is_composed(path: &str) -> bool {
    [ADMIN, address::INTEGRATION, address::ACCOUNT, address::SALES, address::SET_PASSWORD]
        .iter()
        .any(|ours| path.starts_with(ours))
        || address::is_own_list(path)
}

fn composed() -> AnyView {
    let kit = Kit::get();
    let location = use_location();
    // On the way to another page the address is no longer ours, while this one still stands.
    let asked = Memo::new(move |before: Option<&String>| {
        let path = location.pathname.get();
        match before.filter(|_| !is_composed(&path)) {
            Some(before) => before.clone(),
            None => address::whole(&path, &location.search.get()),
        }
    });
    let answer = answers(
        move || (asked.get(), kit.acted()),
        |here| async move {
            let (path, query) = here.split_once('?').unwrap_or((&here, ""));
            load_page(path.to_owned(), query.to_owned()).await
        },
    );
    view! {
        <Transition fallback=|| el("p").class("loading").child("Loading…")>{body(asked, answer)}</Transition>
    }
    .into_any()
}

/// Reads the answer inside the transition, so that the page waits for it.
fn body(asked: Memo<String>, answer: Answers) -> AnyView {
    let kit = Kit::get();
    // The window's title is read last, when what this part of the page owns may be gone already.
    let held = ArcMemo::new_with_compare(
        move |before: Option<&Option<Sight>>| {
            let before = before.and_then(Option::as_ref);
            answer.get().map(|answer| Sight::after(before, answer)).or_else(|| before.cloned())
        },
        |_, _| true,
    );
    let sight = Memo::from(held.clone());
    let here =
        Memo::new(move |_| sight.with(|sight| sight.as_ref().map(|sight| sight.here.clone()).unwrap_or_default()));
    let waiting = move || asked.with(|asked| here.with(|here| here != asked));
    Effect::new(move |before: Option<String>| {
        let path = here.with(|here| path_of(here).to_owned());
        if before.is_some_and(|before| !before.is_empty() && before != path) {
            kit.turn();
            request_animation_frame(focus_heading);
        }
        path
    });
    Effect::new(move |_| {
        sight.track();
        kit.settle();
    });
    let title = move || {
        held.with(|sight| {
            let title = sight.as_ref().and_then(|sight| sight.page.as_ref().ok()).map(|page| page.title.as_str());
            title.unwrap_or("Not to be shown").to_owned()
        })
    };
    let stale = move || {
        let stale = sight.with(|sight| sight.as_ref().and_then(|sight| sight.stale.clone()));
        stale.map(|error| el("p").class("stale").child("This is no longer fresh. ").child(error.message))
    };
    // Another address is another page, nothing of the old one stays; the same with another question is mended.
    let body = move || {
        let content = sight.with(|sight| {
            sight.as_ref().map(|sight| match &sight.page {
                Ok(found) => page(found.clone(), kit, &sight.here),
                Err(error) => failed(error.clone(), &sight.here).content(),
            })
        });
        el("div")
            .class("composed")
            .key(here.with(|here| path_of(here).to_owned()))
            .live("aria-busy", move || if waiting() { "true" } else { "false" })
            .child(content)
    };
    let live = Memo::new(move |_| {
        sight.with(|sight| sight.as_ref().and_then(|sight| sight.page.as_ref().ok()).is_some_and(|page| page.live))
    });
    let arrived = move || answer.with(|answer| answer.as_ref().is_some_and(Answer::is_told));
    let age = move || live.get().then(|| el("p").class("facts").child(freshness(arrived, move || answer.refetch())));
    let status = el("div").attr("role", "status").child(stale);
    view! {
        <WindowTitle text=title/>
        {(status, shown(here), body, age, feedback(here)).content()}
    }
    .into_any()
}

/// The page could not be had. Retrying is a link to itself, so it works without JavaScript too.
fn failed(error: AppError, here: &str) -> Element {
    let (label, target) = match error.kind {
        ErrorKind::LoggedOut => ("Log in again", address::log_in(Some(here), None)),
        ErrorKind::NotFound | ErrorKind::Forbidden | ErrorKind::Invalid => ("Go to the start", "/".to_owned()),
        _ => ("Retry", here.to_owned()),
    };
    let title = match error.kind {
        ErrorKind::NotFound => "There is no such page",
        _ => "This page cannot be shown",
    };
    let fields = error.fields.into_iter();
    let fields = fields.map(|wrong| el("li").child(el("code").child(wrong.field)).child(" ").child(wrong.message));
    el("section")
        .class("message failed")
        .child(el("h1").attr("tabindex", "-1").child(title))
        .child(el("p").child(error.message))
        .child(el("ul").child(fields.collect::<Vec<_>>()))
        .child(el("a").class("button").attr("href", target).attr("rel", "external").child(label))
}

/// Whoever listens hears where they are.
fn focus_heading() {
    use leptos::{wasm_bindgen::JsCast, web_sys::HtmlElement};

    let heading = document().query_selector("main h1").ok().flatten();
    if let Some(heading) = heading.and_then(|heading| heading.dyn_into::<HtmlElement>().ok()) {
        // What cannot be focused is left as it is.
        let _ = heading.focus();
    }
}
