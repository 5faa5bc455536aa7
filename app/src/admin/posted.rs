//! What a plain form came back with: known before anything is rendered, and the same in server and browser.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    forms::FormName,
    page::{Confirm, Done, Pairs},
};
use crate::{error::AppError, wire::InPage};

/// A form that was sent without JavaScript, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Posted {
    pub form: Option<FormName>,
    /// As entered, without passwords.
    pub fields: Pairs,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    Done(Done),
    Failed(AppError),
    /// Nothing was done: it cannot be undone, so it is asked first.
    Ask(Confirm),
}

#[derive(Clone)]
struct Standing(Option<Posted>);

/// Reads it from the request, or in the browser from what the server wrote into the page.
pub fn provide_posted() {
    provide_context(Standing(SharedValue::<_, InPage>::new_with_encoding(of_request).into_inner()));
}

/// What the page was asked for with. It holds for the first page that is shown, no longer.
pub fn posted() -> Option<Posted> {
    use_context::<Standing>().and_then(|Standing(posted)| posted)
}

#[cfg(feature = "ssr")]
fn of_request() -> Option<Posted> {
    use_context::<Posted>().or_else(super::plain::take_said)
}

#[cfg(not(feature = "ssr"))]
fn of_request() -> Option<Posted> {
    None
}
