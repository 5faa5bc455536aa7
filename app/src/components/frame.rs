//! What stands around every page: the bar for those who are logged in, the plain one for the rest.

use leptos::{html::Ul, prelude::*, server_fn::ServerFn, wasm_bindgen::JsCast, web_sys::HtmlElement};
use leptos_router::hooks::use_location;
use model::account::{Account, Role};

use super::brand::Wordmark;
use crate::{address, admin::ADMIN, api::account::LogOut, kit::attend};

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

#[component]
pub fn Frame(account: Account, children: Children) -> impl IntoView {
    attend();
    let home = address::landing(account.role);
    let is_admin = account.role == Role::Admin;
    let list = NodeRef::<Ul>::new();
    let pathname = use_location().pathname;
    show_chosen(list, move || pathname.track());
    let role = match account.role {
        Role::Admin => "Admin",
        Role::Advertiser => "Advertiser",
        Role::Influencer => "Influencer",
    };
    view! {
        <SkipLink/>
        <header class="bar" class:full=is_admin>
            <div class="inner">
                <a class="brand" href=home><Wordmark/></a>
                <nav aria-label="Main">
                    <ul node_ref=list>
                        <li><PageLink to=address::DASHBOARD label="Dashboard"/></li>
                        {is_admin
                            .then(|| ADMIN_PAGES.map(|(to, label)| view! { <li><PageLink to label/></li> }).collect_view())}
                    </ul>
                </nav>
                {is_admin.then(|| view! { <LookUp/> })}
                <div class="who">
                    <a class="email" href=address::ACCOUNT title="Your account">{account.email.clone()}</a>
                    <span class="role">{role}</span>
                    // A plain form: leaving loads a new page, and nothing of the session stays in memory.
                    <form method="post" action=LogOut::PATH>
                        <button class="button quiet" r#type="submit">"Log out"</button>
                    </form>
                </div>
            </div>
        </header>
        <main id="content" tabindex="-1">{children()}</main>
        <Heard/>
    }
    .into_any()
}

#[component]
pub fn Plain(children: Children) -> impl IntoView {
    attend();
    view! {
        <SkipLink/>
        <div class="plain">
            <header><Wordmark/></header>
            <main id="content" tabindex="-1">{children()}</main>
        </div>
        <Heard/>
    }
    .into_any()
}

#[component]
fn PageLink(to: &'static str, label: &'static str) -> impl IntoView {
    let pathname = use_location().pathname;
    // A page below one of the list is a part of it; the overview has all of them below it.
    let current = move || {
        pathname.with(|path| match path.strip_prefix(to) {
            Some("") => Some("page"),
            Some(below) if below.starts_with('/') && to != ADMIN => Some("true"),
            _ => None,
        })
    };
    view! { <a href=to aria-current=current>{label}</a> }
}

/// Where the list is wider than the screen, brings the chosen link into sight, now and after each change.
pub fn show_chosen(list: NodeRef<Ul>, changed: impl Fn() + 'static) {
    Effect::new(move |_| {
        changed();
        let Some(list) = list.get() else { return };
        request_animation_frame(move || {
            let chosen = list.query_selector("[aria-current]").ok().flatten();
            if let Some(chosen) = chosen.and_then(|chosen| chosen.dyn_into::<HtmlElement>().ok()) {
                list.set_scroll_left(chosen.offset_left() - (list.client_width() - chosen.offset_width()) / 2);
            }
        });
    });
}

/// Leads from a code, an order's number or an id to its record; `/` leads here.
#[component]
fn LookUp() -> impl IntoView {
    view! {
        <form class="look-up" role="search" method="get" action=address::LOOK_UP>
            <input
                id="look-up"
                r#type="search"
                name="q"
                aria-label="Look up a code, an order or an id"
                aria-keyshortcuts="/"
                placeholder="Look up code, order, id"
                autocomplete="off"
            />
        </form>
    }
}

/// Where what has no place to be read is said, such as that something was copied.
#[component]
fn Heard() -> impl IntoView {
    view! { <div id="heard" class="heard" role="status"></div> }
}

/// `rel="external"` keeps the router's hands off it: only the browser moves the focus too.
#[component]
fn SkipLink() -> impl IntoView {
    view! { <a class="skip" href="#content" rel="external">"Skip to content"</a> }
}
