//! One field of a form: its label, its control, its hint, and what is wrong with it.

use leptos::prelude::*;

use super::form::is_of;
use crate::{
    admin::page::{Choice, Field, Kind, Pairs},
    error::AppError,
};

pub fn field_id(form: &str, name: &str) -> String {
    format!("{form}-{name}")
}

pub fn field(field: Field, form: &str, entered: Option<&Pairs>, wrong: Signal<Option<AppError>>) -> AnyView {
    let Field { name, label, kind, value, hint, required, autocomplete } = field;
    // What has a value already needs no word about that.
    let is_optional = !required && value.is_empty() && !matches!(kind, Kind::Select(_));
    let values = || entered.into_iter().flatten().filter(|(found, _)| *found == name).map(|(_, value)| value.as_str());
    let value = match (&kind, entered) {
        (_, None) => value,
        (Kind::Many(_), Some(_)) => values().collect::<Vec<_>>().join(","),
        (_, Some(_)) => values().next_back().unwrap_or_default().to_owned(),
    };
    let id = field_id(form, &name);
    let told = format!("{id}-told");
    let message = {
        let name = name.clone();
        move || {
            wrong.with(|wrong| {
                let mut all = wrong.iter().flat_map(|error| &error.fields);
                all.find(|error| is_of(&error.field, &name)).map(|error| error.message.clone())
            })
        }
    };
    let invalid = {
        let message = message.clone();
        move || message().map(|_| "true")
    };
    let below = view! {
        <span id=told.clone() class="told">
            <span class="wrong">{message}</span>
            {hint.map(|hint| view! { <span class="note block">{hint}</span> })}
        </span>
    };
    let control = match kind {
        Kind::Checkbox => {
            // What is not ticked is not sent: the field before it says so.
            return view! {
                <div class="field">
                    <input r#type="hidden" name=name.clone() value="false"/>
                    <label class="pick">
                        <input
                            r#type="checkbox"
                            id=id
                            name=name
                            value="true"
                            checked=value == "true"
                            aria-invalid=invalid
                            aria-describedby=told
                        />
                        {label}
                    </label>
                    {below}
                </div>
            }
            .into_any();
        }
        Kind::Many(choices) => {
            let list = many(&id, &name, choices, &value);
            return view! {
                <fieldset class="field many" aria-describedby=told>
                    <legend>{label}</legend>
                    {list}
                    {below}
                </fieldset>
            }
            .into_any();
        }
        Kind::Select(choices) => view! {
            <select id=id.clone() name=name aria-invalid=invalid aria-describedby=told>
                {options(choices, &value)}
            </select>
        }
        .into_any(),
        kind => {
            let (shape, mode) = match kind {
                Kind::Email => ("email", None),
                Kind::Url => ("url", None),
                Kind::Password => ("password", None),
                Kind::Number => ("text", Some("decimal")),
                Kind::Moment => ("datetime-local", None),
                _ => ("text", None),
            };
            let (value, step) = if shape == "datetime-local" { local(value) } else { (value, None) };
            let (list, suggested) = match kind {
                Kind::Suggest(words) => {
                    let list = format!("{id}-list");
                    let words = words.into_iter().map(|word| view! { <option value=word></option> }).collect_view();
                    (Some(list.clone()), Some(view! { <datalist id=list>{words}</datalist> }))
                }
                _ => (None, None),
            };
            view! {
                <input
                    r#type=shape
                    id=id.clone()
                    name=name
                    value=value
                    required=required
                    step=step
                    inputmode=mode
                    autocomplete=autocomplete
                    list=list
                    data-secret=(shape == "password").then_some("")
                    aria-invalid=invalid
                    aria-describedby=told
                />
                {suggested}
            }
            .into_any()
        }
    };
    view! {
        <div class="field">
            <label for=id>{label} {is_optional.then(|| view! { <span class="note">" optional"</span> })}</label>
            {control}
            {below}
        </div>
    }
    .into_any()
}

/// A moment as browsers show it, no finer than it is: a form that is saved as it was opened changes nothing.
fn local(moment: String) -> (String, Option<&'static str>) {
    let (kept, step) = match moment.get(16..).map(|seconds| seconds.trim_end_matches('Z')) {
        None | Some("" | ":00" | ":00.000") => (16, None),
        Some(seconds) if seconds.len() == 3 || seconds.ends_with(".000") => (19, Some("1")),
        Some(_) => (23, Some("any")),
    };
    let shown = moment.get(..kept).map(str::to_owned);
    (shown.unwrap_or(moment), step)
}

pub fn options(choices: Vec<Choice>, chosen: &str) -> AnyView {
    let options = choices.into_iter().map(|Choice { value, label }| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{label}</option> }
    });
    options.collect_view().into_any()
}

/// Checkboxes, a box that narrows them, and one that ticks all that are shown.
fn many(id: &str, name: &str, choices: Vec<Choice>, chosen: &str) -> AnyView {
    let choices = choices.into_iter().enumerate().map(|(index, Choice { value, label })| {
        let ticked = chosen.split(',').any(|each| each == value);
        let id = if index == 0 { id.to_owned() } else { format!("{id}-{index}") };
        view! {
            <label class="pick">
                <input r#type="checkbox" id=id name=name.to_owned() value=value checked=ticked/>
                {label}
            </label>
        }
    });
    let choices = choices.collect_view();
    view! {
        // None ticked is an answer too.
        <input r#type="hidden" name=name.to_owned() value=""/>
        <div class="narrow scripted">
            <input r#type="search" data-narrow="" aria-label="Narrow the list" placeholder="Narrow…" autocomplete="off"/>
            <label class="pick"><input r#type="checkbox" data-all=""/>"All shown"</label>
        </div>
        <div class="picks" tabindex="0" role="group" aria-label="Choices">{choices}</div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_as_fine_as_it_is() {
        for (moment, shown, step) in [
            ("2026-01-31T23:59:00.000Z", "2026-01-31T23:59", None),
            ("2026-01-31T23:59:59.000Z", "2026-01-31T23:59:59", Some("1")),
            ("2026-01-31T23:59:00.250Z", "2026-01-31T23:59:00.250", Some("any")),
            // As browsers send it.
            ("2026-01-31T23:59", "2026-01-31T23:59", None),
            ("2026-01-31T23:59:59", "2026-01-31T23:59:59", Some("1")),
            ("", "", None),
        ] {
            assert_eq!(local(moment.into()), (shown.to_owned(), step), "{moment}");
        }
    }
}
