//! What stands around every page: the bar for those who are logged in, the plain one for the rest.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_location;
use model::account::{Account, Role};

use super::brand::Wordmark;
use crate::{address, api::account::LogOut};

#[component]
pub fn Frame(account: Account, children: Children) -> impl IntoView {
    let home = address::landing(account.role);
    let role = match account.role {
        Role::Admin => "Admin",
        Role::Advertiser => "Advertiser",
        Role::Influencer => "Influencer",
    };
    view! {
        <SkipLink/>
        <header class="bar">
            <div class="inner">
                <a class="brand" href=home><Wordmark/></a>
                <nav aria-label="Main">
                    <ul>
                        <li><PageLink to=address::DASHBOARD label="Dashboard"/></li>
                    </ul>
                </nav>
                <div class="who">
                    <span class="email" title=account.email.clone()>{account.email.clone()}</span>
                    <span class="role">{role}</span>
                    // A plain form: leaving loads a new page, and nothing of the session stays in memory.
                    <form method="post" action=LogOut::PATH>
                        <button class="button quiet" r#type="submit">"Log out"</button>
                    </form>
                </div>
            </div>
        </header>
        <main id="content" tabindex="-1">{children()}</main>
    }
    .into_any()
}

#[component]
pub fn Plain(children: Children) -> impl IntoView {
    view! {
        <SkipLink/>
        <div class="plain">
            <header><Wordmark/></header>
            <main id="content" tabindex="-1">{children()}</main>
        </div>
    }
    .into_any()
}

#[component]
fn PageLink(to: &'static str, label: &'static str) -> impl IntoView {
    let pathname = use_location().pathname;
    view! { <a href=to aria-current=move || pathname.with(|path| path == to).then_some("page")>{label}</a> }
}

/// `rel="external"` keeps the router's hands off it: only the browser moves the focus too.
#[component]
fn SkipLink() -> impl IntoView {
    view! { <a class="skip" href="#content" rel="external">"Skip to content"</a> }
}
