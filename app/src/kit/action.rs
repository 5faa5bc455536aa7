//! What can be done, as a link, a button, or a button that opens a form.

use leptos::prelude::*;

use super::{Kit, form};
use crate::admin::{
    forms::FormName,
    page::{Action, Confirm, Deed, Pairs, Tone},
};

pub fn action(action: Action, kit: Kit, here: &str) -> AnyView {
    let Action { label, said, tone, deed } = action;
    let class = class(tone);
    match deed {
        Deed::Go(href) => view! { <a class=class href=href aria-label=said>{label}</a> }.into_any(),
        Deed::Save { href, name } => {
            view! { <a class=class href=href download=name rel="external" aria-label=said>{label}</a> }.into_any()
        }
        Deed::Copy(text) => view! {
            <button r#type="button" class=format!("{class} copy") data-copy=text aria-label=said>{label}</button>
        }
        .into_any(),
        Deed::Do { form, fields, confirm } => {
            let id = form::id(form, &fields);
            let button = submit(label, said, tone, None, confirm, id.clone(), kit);
            view! {
                <form id=id class="deed" method="post" action=here.to_owned()>
                    {form::hidden(form, fields)}
                    {button}
                </form>
            }
            .into_any()
        }
        Deed::Ask(form) => {
            let id = format!("{}-asked", form::id(form.name, &form.hidden));
            let title = format!("{id}-title");
            let heading = if form.title.is_empty() { label.clone() } else { form.title.clone() };
            view! {
                <button r#type="button" class=format!("{class} scripted") data-opens=id.clone() aria-label=said>
                    {label}
                </button>
                <dialog id=id class="asked" aria-labelledby=title.clone()>
                    <h2 id=title.clone()>{heading}</h2>
                    {form::form(*form, kit, here, true)}
                </dialog>
            }
            .into_any()
        }
    }
}

pub fn actions(all: Vec<Action>, kit: Kit, here: &str) -> Option<AnyView> {
    (!all.is_empty()).then(|| {
        let all = all.into_iter().map(|each| action(each, kit, here)).collect_view();
        view! { <div class="acts">{all}</div> }.into_any()
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
    let question = confirm.map(|Confirm { title, text, button }| {
        let heading = format!("{asked}-title");
        view! {
            <dialog id=asked class="confirm" aria-labelledby=heading.clone()>
                <h2 id=heading.clone()>{title}</h2>
                <p>{text}</p>
                <div class="acts">
                    <button r#type="button" class="button" data-closes="">"Cancel"</button>
                    <button r#type="submit" class="button bad" name=name value=value>{button}</button>
                </div>
            </dialog>
        }
    });
    view! {
        <button
            r#type="submit"
            class=class(tone)
            name=name
            value=value
            aria-label=said
            data-opens=opens
            aria-disabled=move || kit.is_busy(&id)
        >
            {label}
        </button>
        {question}
    }
    .into_any()
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
    view! {
        <section class="message">
            <h1>{title}</h1>
            <p>{text}</p>
            <form class="acts" method="post" action=here.to_owned()>
                {form::hidden(form, fields)}
                <input r#type="hidden" name="confirmed" value="yes"/>
                <a class="button" href=here.to_owned()>"Cancel"</a>
                <button r#type="submit" class="button bad">{button}</button>
            </form>
        </section>
    }
    .into_any()
}
