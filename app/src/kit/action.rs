//! What can be done, as a link, a button, or a button that opens a form.

use leptos::prelude::*;

use super::{Kit, form};
use crate::{
    admin::{
        forms::FormName,
        page::{Action, Confirm, Deed, Pairs, Tone},
    },
    markup::{Content, Element, el},
};

pub fn action(action: Action, kit: Kit, here: &str) -> AnyView {
    let Action { label, said, tone, deed } = action;
    let class = class(tone);
    match deed {
        Deed::Go(href) => el("a").class(class).attr("href", href).attr("aria-label", said).child(label).content(),
        Deed::Save { href, name } => el("a")
            .class(class)
            .attr("href", href)
            .attr("download", name)
            .attr("rel", "external")
            .attr("aria-label", said)
            .child(label)
            .content(),
        Deed::Copy(text) => {
            button(format!("{class} copy")).attr("data-copy", text).attr("aria-label", said).child(label).content()
        }
        Deed::Do { form, fields, confirm } => {
            let id = form::id(form, &fields);
            let button = submit(label, said, tone, None, confirm, id.clone(), kit);
            el("form")
                .attr("id", id)
                .class("deed")
                .attr("method", "post")
                .attr("action", here.to_owned())
                .child(form::hidden(form, fields))
                .child(button)
                .content()
        }
        Deed::Ask(form) => {
            let id = format!("{}-asked", form::id(form.name, &form.hidden));
            let heading = if form.title.is_empty() { label.clone() } else { form.title.clone() };
            let opens = button(format!("{class} scripted"))
                .attr("data-opens", id.clone())
                .attr("aria-label", said)
                .child(label);
            (opens, dialog(id, "asked", heading).child(form::form(*form, kit, here, true))).content()
        }
    }
}

pub fn actions(all: Vec<Action>, kit: Kit, here: &str) -> Option<Element> {
    (!all.is_empty()).then(|| {
        let all: Vec<_> = all.into_iter().map(|each| action(each, kit, here)).collect();
        el("div").class("acts").child(all)
    })
}

/// The button of a bulk action: it sends the ticked rows of the form it stands in.
pub fn bulk(action: Action, kit: Kit, here: &str, id: &str) -> AnyView {
    match action.deed {
        Deed::Do { form, confirm, .. } => {
            submit(action.label, action.said, action.tone, Some(form), confirm, id.to_owned(), kit)
        }
        _ => self::action(action, kit, here),
    }
}

/// A button that sends its form. Where that is asked first, it opens the question; without JavaScript it sends
/// the form all the same, and the server asks.
fn submit(
    label: String,
    said: Option<String>,
    tone: Tone,
    form: Option<FormName>,
    confirm: Option<Confirm>,
    id: String,
    kit: Kit,
) -> AnyView {
    let name = form.map(|_| "form");
    let value = form.map(FormName::as_str);
    let asked = format!("{id}-{}-confirm", value.unwrap_or_default());
    let opens = confirm.is_some().then(|| asked.clone());
    let question = confirm.map(|Confirm { title, text, button: deed }| {
        let deed = send("button bad").attr("name", name).attr("value", value).child(deed);
        dialog(asked, "confirm", title)
            .child(el("p").child(text))
            .child(el("div").class("acts").child(button("button").attr("data-closes", "").child("Cancel")).child(deed))
    });
    let button = send(class(tone))
        .attr("name", name)
        .attr("value", value)
        .attr("aria-label", said)
        .attr("data-opens", opens)
        .live("aria-disabled", move || kit.is_busy(&id))
        .child(label);
    (button, question).content()
}

fn dialog(id: String, class: &'static str, heading: String) -> Element {
    let title = format!("{id}-title");
    el("dialog")
        .attr("id", id)
        .class(class)
        .attr("aria-labelledby", title.clone())
        .child(el("h2").attr("id", title).child(heading))
}

/// A button that by itself sends nothing.
pub fn button(class: impl crate::markup::Value) -> Element {
    el("button").attr("type", "button").class(class)
}

/// A button that sends its form.
pub fn send(class: &'static str) -> Element {
    el("button").attr("type", "submit").class(class)
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain | Tone::Warn => "button",
        Tone::Good => "button primary",
        Tone::Bad => "button bad",
    }
}

/// The page that asks before something that cannot be undone, where there is no JavaScript to ask.
pub fn question(confirm: Confirm, form: FormName, fields: Pairs, here: &str) -> AnyView {
    let Confirm { title, text, button } = confirm;
    let form = el("form")
        .class("acts")
        .attr("method", "post")
        .attr("action", here.to_owned())
        .child(form::hidden(form, fields))
        .child(form::kept("confirmed", "yes"))
        .child(el("a").class("button").attr("href", here.to_owned()).child("Cancel"))
        .child(send("button bad").child(button));
    el("section").class("message").child(el("h1").child(title)).child(el("p").child(text)).child(form).content()
}
