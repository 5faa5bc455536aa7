//! What a plain form came back with: known before anything is rendered, and the same in server and browser.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    forms::FormName,
    page::{Confirm, Done, Pairs},
    wire::unpack,
};
use crate::error::AppError;

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
    let packed = SharedValue::new(of_request).into_inner();
    provide_context(Standing(packed.and_then(|packed| unpack(&packed).ok())));
}

/// What the page was asked for with. It holds for the first page that is shown, no longer.
pub fn posted() -> Option<Posted> {
    use_context::<Standing>().and_then(|Standing(posted)| posted)
}

#[cfg(feature = "ssr")]
fn of_request() -> Option<String> {
    let posted = use_context::<Posted>().or_else(super::plain::take_said)?;
    super::wire::pack(&posted).ok()
}

#[cfg(not(feature = "ssr"))]
fn of_request() -> Option<String> {
    None
}
