//! Renders the words of a page, and does what its forms and buttons ask for. It decides nothing.
//!
//! What happens in the browser is listened for once, at the window: elements say by a `data-` attribute what they
//! do, so that views stay plain and small.

mod action;
#[cfg(feature = "hydrate")]
mod browser;
mod cell;
mod feedback;
mod field;
mod form;
#[cfg(feature = "hydrate")]
mod keys;
mod page;
mod parts;
mod table;

use leptos::{ev::SubmitEvent, prelude::*};

pub use self::{
    action::{actions, button, send},
    feedback::{feedback, shown},
    form::kept,
    page::page,
    parts::{empty, parts, tabs},
    table::{chips, choice, table},
};
use crate::{
    admin::{
        page::{Done, Pairs, Part},
        posted::{Outcome, Posted, posted},
    },
    error::AppError,
};

/// What is going on on the page: provided once, for the whole app.
#[derive(Clone, Copy)]
pub struct Kit {
    /// The form under way, by its id, and how many ticked rows it is about.
    busy: RwSignal<Option<(String, usize)>>,
    /// The form that was refused.
    wrong: RwSignal<Option<Wrong>>,
    /// What the last act came to.
    said: RwSignal<Option<Result<Done, AppError>>>,
    /// Counts the acts that may have changed what a page shows.
    acted: RwSignal<u32>,
    /// The form to be cleared once the page shows what it did.
    sent: StoredValue<Option<String>>,
    /// Whether what was said is for the page that comes next.
    goes_on: StoredValue<bool>,
    /// What the page came back with from a plain form; until another page is shown.
    posted: StoredValue<Option<Posted>>,
    /// What the form being filled in would do.
    preview: RwSignal<Vec<Part>>,
}

#[derive(Clone)]
struct Wrong {
    form: String,
    error: AppError,
    /// Whether it was found here: then it can be looked at again here.
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "read where people type"))]
    local: bool,
}

pub fn provide_kit() {
    let posted = posted();
    let said = posted.as_ref().and_then(|posted| match &posted.outcome {
        Outcome::Done(done) => Some(Ok(done.clone())),
        Outcome::Failed(error) => Some(Err(error.clone())),
        Outcome::Ask(_) => None,
    });
    provide_context(Kit {
        busy: RwSignal::new(None),
        wrong: RwSignal::new(None),
        said: RwSignal::new(said),
        acted: RwSignal::new(0),
        sent: StoredValue::new(None),
        goes_on: StoredValue::new(false),
        posted: StoredValue::new(posted),
        preview: RwSignal::new(Vec::new()),
    });
}

impl Kit {
    pub fn get() -> Self {
        expect_context()
    }

    /// Changes with each act: what was read before it may no longer be so.
    pub fn acted(self) -> u32 {
        self.acted.get()
    }

    /// What the page came back with from a plain form.
    pub fn posted(self) -> Option<Posted> {
        self.posted.get_value()
    }

    fn is_busy(self, form: &str) -> Option<&'static str> {
        self.busy.with(|busy| busy.as_ref().is_some_and(|(id, _)| id == form).then_some("true"))
    }

    fn wrong(self, form: &str) -> Option<AppError> {
        self.wrong.with(|wrong| wrong.as_ref().filter(|wrong| wrong.form == form).map(|wrong| wrong.error.clone()))
    }

    /// Another page is shown: what was said of the one before goes with it.
    pub fn turn(self) {
        self.wrong.set(None);
        self.posted.set_value(None);
        self.preview.set(Vec::new());
        if !self.goes_on.try_update_value(std::mem::take).unwrap_or_default() {
            self.said.set(None);
        }
    }

    /// The page shows what the act did: the form that did it is as new.
    pub fn settle(self) {
        if let Some(form) = self.sent.try_update_value(Option::take).flatten() {
            renew(form);
        }
    }
}

#[cfg(feature = "hydrate")]
fn renew(form: String) {
    browser::renew(form);
}

#[cfg(not(feature = "hydrate"))]
fn renew(_form: String) {}

#[cfg(feature = "hydrate")]
fn begin_preview() {
    browser::begin_preview(Kit::get());
}

#[cfg(not(feature = "hydrate"))]
fn begin_preview() {}

/// What was entered into the form that is sent.
#[cfg(feature = "hydrate")]
pub fn entered(event: &SubmitEvent) -> Pairs {
    browser::entered(event)
}

#[cfg(not(feature = "hydrate"))]
pub fn entered(_event: &SubmitEvent) -> Pairs {
    Pairs::new()
}

/// Listens to forms, buttons and keys for as long as the caller is on the page.
#[cfg(feature = "hydrate")]
pub fn attend() {
    browser::attend(Kit::get());
}

#[cfg(not(feature = "hydrate"))]
pub fn attend() {}
