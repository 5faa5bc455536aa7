//! Who looks at the page. Known before anything is rendered, and the same in server and browser.

use leptos::prelude::*;
use model::account::Account;

use crate::wire::InPage;

/// The account of the session the page was asked for with; None without one.
#[derive(Clone, Debug, PartialEq)]
pub struct Viewer(pub Option<Account>);

/// Reads the viewer from the request, or in the browser from what the server wrote into the page.
/// Logging in and out load a new page, so it never changes under a page.
pub fn provide_viewer() {
    let viewer = SharedValue::<_, InPage>::new_with_encoding(of_request).into_inner();
    provide_context(Viewer(viewer));
}

pub fn viewer() -> Option<Account> {
    use_context::<Viewer>().and_then(|Viewer(account)| account)
}

#[cfg(feature = "ssr")]
fn of_request() -> Option<Account> {
    crate::session::current().map(|session| session.account)
}

#[cfg(not(feature = "ssr"))]
fn of_request() -> Option<Account> {
    None
}
