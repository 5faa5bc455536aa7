//! Forms: fields, what is wrong with them, and the buttons below.

use leptos::prelude::*;

use super::{
    Kit,
    field::{field, field_id},
};
use crate::{
    admin::{
        forms::FormName,
        page::{Form, Kind, Pairs},
        posted::Outcome,
    },
    error::AppError,
};

/// Tells the forms of a page apart: the same form stands there once for each thing it is about.
pub fn id(name: FormName, hidden: &Pairs) -> String {
    let of = hidden.iter().filter(|(name, _)| name != "version" && name != "token");
    of.fold(name.to_string(), |id, (_, value)| format!("{id}-{value}"))
}

pub fn hidden(name: FormName, fields: Pairs) -> AnyView {
    let fields = fields.into_iter().map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> });
    view! {
        <input r#type="hidden" name="form" value=name.as_str()/>
        {fields.collect_view()}
    }
    .into_any()
}

pub fn form(form: Form, kit: Kit, here: &str, in_dialog: bool) -> AnyView {
    let Form { name, note, fields, more, hidden: kept, submit, cancel, preview, .. } = form;
    let id = id(name, &kept);
    // What was entered without JavaScript stands where it was entered, with what is wrong with it.
    let posted = kit.posted().filter(|posted| {
        posted.form == Some(name) && kept.iter().all(|pair| posted.fields.contains(pair) || pair.0.contains("token"))
    });
    let (entered, refused) = match posted {
        Some(posted) => match posted.outcome {
            Outcome::Failed(error) => (Some(posted.fields), Some(error)),
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
    let fields = fields.into_iter().map(|each| field(each, &id, entered.as_ref(), wrong)).collect_view();
    let folded: Vec<String> = more.iter().map(|field| field.name.clone()).collect();
    let is_open = move || {
        wrong.with(|wrong| {
            let among = |field: &str| folded.iter().any(|name| is_of(field, name));
            wrong.as_ref().is_some_and(|error| error.fields.iter().any(|wrong| among(&wrong.field)))
        })
    };
    let more = (!more.is_empty()).then(|| {
        let fields = more.into_iter().map(|each| field(each, &id, entered.as_ref(), wrong)).collect_view();
        view! {
            <details class="more" open=is_open>
                <summary>"More settings"</summary>
                {fields}
            </details>
        }
    });
    let preview = preview.map(|form| view! { <Preview form/> });
    let cancel = if in_dialog {
        Some(view! { <button r#type="button" class="button scripted" data-closes="">"Cancel"</button> }.into_any())
    } else {
        cancel.map(|href| view! { <a class="button" href=href>"Cancel"</a> }.into_any())
    };
    let waits = id.clone();
    let of = id.clone();
    let told = move || wrong.get().map(|error| summary(error, &labels, &of));
    view! {
        <form id=id class="fields" method="post" action=here.to_owned() novalidate>
            {note.map(|note| view! { <p class="note">{note}</p> })}
            <div role="alert">{told}</div>
            {hidden(name, kept)}
            {fields}
            {more}
            {preview}
            {secrets
                .then(|| {
                    view! {
                        <label class="pick scripted">
                            <input r#type="checkbox" data-reveal=""/>
                            "Show password"
                        </label>
                    }
                })}
            <div class="acts">
                <button r#type="submit" class="button primary" aria-disabled=move || kit.is_busy(&waits)>{submit}</button>
                {cancel}
            </div>
        </form>
    }
    .into_any()
}

/// What a form shows of itself while it is filled in. The browser asks for it as the fields change.
#[component]
fn Preview(form: FormName) -> impl IntoView {
    let kit = Kit::get();
    let shown = move || super::parts::parts(kit.preview.get(), kit, "");
    super::begin_preview();
    view! { <div class="preview scripted" data-preview=form.as_str() aria-live="polite">{shown}</div> }
}

/// All that is wrong, each a way to its field.
fn summary(error: AppError, labels: &[(String, String)], form: &str) -> AnyView {
    if error.fields.is_empty() {
        return view! { <p class="problem">{error.message}</p> }.into_any();
    }
    let each = error.fields.into_iter().map(|wrong| {
        let of = labels.iter().find(|(name, _)| is_of(&wrong.field, name));
        let label = of.map_or(wrong.field.clone(), |(_, label)| label.clone());
        let href = of.map(|(name, _)| format!("#{}", field_id(form, name)));
        view! { <li><a href=href rel="external">{label}</a> " " {wrong.message}</li> }
    });
    view! { <ul class="problem">{each.collect_view()}</ul> }.into_any()
}

/// Whether an error's field is this one, or one of its list.
pub fn is_of(wrong: &str, field: &str) -> bool {
    wrong.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}
