//! What stands around every page: the bar for those who are logged in, the plain one for the rest.

use leptos::{prelude::*, server_fn::ServerFn, wasm_bindgen::JsCast, web_sys::HtmlElement};
use leptos_router::hooks::use_location;
use model::account::{Account, Role};

use super::brand::wordmark;
use crate::{
    address,
    admin::ADMIN,
    api::account::LogOut,
    kit::{attend, send},
    markup::{Content, Element, el},
};

/// The admin's pages, in the order of setting up, then of looking after.
const ADMIN_PAGES: [(&str, &str); 10] = [
    ("/admin", "Overview"),
    ("/admin/advertisers", "Advertisers"),
    ("/admin/campaigns", "Campaigns"),
    ("/admin/influencers", "Influencers"),
    ("/admin/coupons", "Coupons"),
    ("/admin/links", "Links"),
    ("/admin/clicks", "Clicks"),
    ("/admin/events", "Events"),
    ("/admin/failures", "Failures"),
    ("/admin/accounts", "Accounts"),
];

/// An advertiser's pages beside the dashboard.
const ADVERTISER_PAGES: [(&str, &str); 4] = [
    (address::EVENTS, "Events"),
    (address::CLICKS, "Clicks"),
    (address::FAILURES, "Failures"),
    (address::INTEGRATION, "Integration"),
];

/// An influencer's.
const INFLUENCER_PAGES: [(&str, &str); 1] = [(address::SALES, "Sales")];

pub fn frame(account: &Account, content: impl Content) -> AnyView {
    attend();
    let home = address::landing(account.role);
    // Many pages have a line of their own, and a box that leads to what they hold.
    let is_full = account.role != Role::Influencer;
    let pathname = use_location().pathname;
    show_chosen(".bar ul", move || pathname.track());
    let role = match account.role {
        Role::Admin => "Admin",
        Role::Advertiser => "Advertiser",
        Role::Influencer => "Influencer",
    };
    let others: &[_] = match account.role {
        Role::Admin => &ADMIN_PAGES,
        Role::Advertiser => &ADVERTISER_PAGES,
        Role::Influencer => &INFLUENCER_PAGES,
    };
    let pages = [(address::DASHBOARD, "Dashboard")].into_iter().chain(others.iter().copied());
    let pages: Vec<_> = pages.map(|(to, label)| el("li").child(page_link(to, label))).collect();
    // A plain form: leaving loads a new page, and nothing of the session stays in memory.
    let leave =
        el("form").attr("method", "post").attr("action", LogOut::PATH).child(send("button quiet").child("Log out"));
    let email = el("a").class("email").attr("href", address::ACCOUNT).attr("title", "Your account");
    let who = el("div")
        .class("who")
        .child(email.child(account.email.to_string()))
        .child(el("span").class("role").child(role))
        .child(leave);
    let inner = el("div")
        .class("inner")
        .child(el("a").class("brand").attr("href", home).child(wordmark()))
        .child(el("nav").attr("aria-label", "Main").child(el("ul").child(pages)))
        .child(is_full.then(|| look_up(account.role)))
        .child(who);
    let bar = el("header").class(if is_full { "bar full" } else { "bar" }).child(inner);
    (skip_link(), bar, main(content), heard()).content()
}

pub fn plain(content: impl Content) -> AnyView {
    attend();
    let page = el("div").class("plain").child(el("header").child(wordmark())).child(main(content));
    (skip_link(), page, heard()).content()
}

fn main(content: impl Content) -> Element {
    el("main").attr("id", "content").attr("tabindex", "-1").child(content)
}

fn page_link(to: &'static str, label: &'static str) -> Element {
    let pathname = use_location().pathname;
    // A page below one of the list is a part of it; the overview has all of them below it.
    let current = move || {
        pathname.with(|path| match path.strip_prefix(to) {
            Some("") => Some("page"),
            Some(below) if below.starts_with('/') && to != ADMIN => Some("true"),
            _ => None,
        })
    };
    el("a").attr("href", to).live("aria-current", current).child(label)
}

/// Where a list is wider than the screen, brings the chosen link into sight, now and after each change.
pub fn show_chosen(list: &'static str, changed: impl Fn() + 'static) {
    Effect::new(move |_| {
        changed();
        request_animation_frame(move || {
            let found = |selector: &str| document().query_selector(selector).ok()??.dyn_into::<HtmlElement>().ok();
            if let (Some(list), Some(chosen)) = (found(list), found(&format!("{list} [aria-current]"))) {
                list.set_scroll_left(chosen.offset_left() - (list.client_width() - chosen.offset_width()) / 2);
            }
        });
    });
}

/// Leads from a code, an order's number or an id to its record; `/` leads here.
fn look_up(role: Role) -> Element {
    let there = if role == Role::Admin { address::LOOK_UP } else { address::OWN_LOOK_UP };
    let field = el("input")
        .attr("id", "look-up")
        .attr("type", "search")
        .attr("name", "q")
        .attr("aria-label", "Look up a code, an order or an id")
        .attr("aria-keyshortcuts", "/")
        .attr("placeholder", "Look up code, order, id")
        .attr("autocomplete", "off");
    el("form")
        .class("look-up")
        .attr("aria-label", "Everything")
        .attr("role", "search")
        .attr("method", "get")
        .attr("action", there)
        .child(field)
}

/// Where what has no place to be read is said, such as that something was copied.
fn heard() -> Element {
    el("div").attr("id", "heard").class("heard").attr("role", "status")
}

/// `rel="external"` keeps the router's hands off it: only the browser moves the focus too.
fn skip_link() -> Element {
    el("a").class("skip").attr("href", "#content").attr("rel", "external").child("Skip to content")
}
