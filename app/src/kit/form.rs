//! Forms: fields, what is wrong with them, and the buttons below.

use leptos::prelude::*;

use super::{
    Kit,
    action::{button, send},
    field::{field, field_id},
    parts::small,
};
use crate::{
    admin::{
        forms::FormName,
        page::{Form, Kind, Pairs},
        posted::Outcome,
    },
    error::AppError,
    markup::{Content, Element, Value, el},
};

/// Tells the forms of a page apart: the same form stands there once for each thing it is about.
pub fn id(name: FormName, hidden: &Pairs) -> String {
    let of = hidden.iter().filter(|(name, _)| name != "version" && name != "token");
    of.fold(name.to_string(), |id, (_, value)| format!("{id}-{value}"))
}

/// A field that is sent and not seen.
pub fn kept(name: impl Value, value: impl Value) -> Element {
    el("input").attr("type", "hidden").attr("name", name).attr("value", value)
}

pub fn hidden(name: FormName, fields: Pairs) -> AnyView {
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| kept(name, value)).collect();
    (kept("form", name.as_str()), fields).content()
}

pub fn form(form: Form, kit: Kit, here: &str, in_dialog: bool) -> Element {
    let Form { name, note, fields, more, hidden: kept, submit, cancel, preview, keeps, .. } = form;
    let id = id(name, &kept);
    // What was entered without JavaScript stands where it was entered, with what is wrong with it.
    let posted = kit.posted().filter(|posted| {
        posted.form == Some(name) && kept.iter().all(|pair| posted.fields.contains(pair) || pair.0.contains("token"))
    });
    let (entered, refused) = match posted {
        Some(posted) => match posted.outcome {
            Outcome::Failed(error) => (Some(posted.fields), Some(error)),
            Outcome::Done(_) if keeps => (Some(posted.fields), None),
            _ => (None, None),
        },
        None => (None, None),
    };
    let wrong = {
        let id = id.clone();
        Signal::derive(move || {
            kit.wrong(&id).or_else(|| refused.clone().filter(|_| kit.posted.with_value(Option::is_some)))
        })
    };
    let labels: Vec<_> = fields.iter().chain(&more).map(|field| (field.name.clone(), field.label.clone())).collect();
    let secrets = fields.iter().any(|field| matches!(field.kind, Kind::Password));
    let fields: Vec<_> = fields.into_iter().map(|each| field(each, &id, entered.as_ref(), wrong)).collect();
    let more = (!more.is_empty()).then(|| {
        let folded: Vec<String> = more.iter().map(|field| field.name.clone()).collect();
        let is_open = move || {
            wrong.with(|wrong| {
                let among = |field: &str| folded.iter().any(|name| is_of(field, name));
                wrong.as_ref().is_some_and(|error| error.fields.iter().any(|wrong| among(&wrong.field)))
            })
        };
        let fields: Vec<_> = more.into_iter().map(|each| field(each, &id, entered.as_ref(), wrong)).collect();
        el("details").class("more").live("open", is_open).child(el("summary").child("More settings")).child(fields)
    });
    let cancel = if in_dialog {
        Some(button("button scripted").attr("data-closes", "").child("Cancel"))
    } else {
        cancel.map(|href| el("a").class("button").attr("href", href).child("Cancel"))
    };
    let reveal = secrets.then(|| {
        let tick = el("input").attr("type", "checkbox").attr("data-reveal", "");
        el("label").class("pick scripted").child(tick).child("Show password")
    });
    let (waits, of) = (id.clone(), id.clone());
    let told = move || wrong.get().map(|error| summary(error, &labels, &of));
    let submit = send("button primary").live("aria-disabled", move || kit.is_busy(&waits)).child(submit);
    el("form")
        .attr("id", id)
        .class("fields")
        .attr("method", "post")
        .attr("action", here.to_owned())
        .attr("novalidate", true)
        .attr("data-keeps", keeps)
        .child(note.map(small))
        .child(el("div").attr("role", "alert").child(told))
        .child(hidden(name, kept))
        .child(fields)
        .child(more)
        .child(preview.map(|form| self::preview(form, kit)))
        .child(reveal)
        .child(el("div").class("acts").child(submit).child(cancel))
}

/// What a form shows of itself while it is filled in. The browser asks for it as the fields change.
fn preview(form: FormName, kit: Kit) -> Element {
    super::begin_preview();
    el("div")
        .class("preview scripted")
        .attr("data-preview", form.as_str())
        .attr("aria-live", "polite")
        .child(move || super::parts::parts(kit.preview.get(), kit, ""))
}

/// All that is wrong, each a way to its field.
fn summary(error: AppError, labels: &[(String, String)], form: &str) -> Element {
    if error.fields.is_empty() {
        return el("p").class("problem").child(error.message);
    }
    let each = error.fields.into_iter().map(|wrong| {
        let of = labels.iter().find(|(name, _)| is_of(&wrong.field, name));
        let label = of.map_or(wrong.field.clone(), |(_, label)| label.clone());
        let href = of.map(|(name, _)| format!("#{}", field_id(form, name)));
        let way = el("a").attr("href", href).attr("rel", "external").child(label);
        el("li").child(way).child(" ").child(wrong.message)
    });
    el("ul").class("problem").child(each.collect::<Vec<_>>())
}

/// Whether an error's field is this one, or one of its list.
pub fn is_of(wrong: &str, field: &str) -> bool {
    wrong.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}
