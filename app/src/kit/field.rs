//! One field of a form: its label, its control, its hint, and what is wrong with it.

use leptos::prelude::*;

use super::{
    cell::note_below,
    form::{is_of, kept},
};
use crate::{
    admin::page::{Choice, Field, Kind, Pairs},
    error::AppError,
    markup::{Content, Element, el},
};

pub fn field_id(form: &str, name: &str) -> String {
    format!("{form}-{name}")
}

pub fn field(field: Field, form: &str, entered: Option<&Pairs>, wrong: Signal<Option<AppError>>) -> Element {
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
    let invalid = message.clone();
    let below = el("span")
        .attr("id", told.clone())
        .class("told")
        .child(el("span").class("wrong").child(message))
        .child(hint.map(note_below));
    if let Kind::Many(choices) = kind {
        return el("fieldset")
            .class("field many")
            .attr("aria-describedby", told)
            .child(el("legend").child(label))
            .child(many(&id, &name, choices, &value))
            .child(below);
    }
    // What every control has.
    let control = |tag: &'static str| {
        el(tag)
            .attr("id", id.clone())
            .attr("name", name.clone())
            .live("aria-invalid", move || invalid().map(|_| "true"))
            .attr("aria-describedby", told)
    };
    if matches!(kind, Kind::Checkbox) {
        let tick = control("input").attr("type", "checkbox").attr("value", "true").attr("checked", value == "true");
        // What is not ticked is not sent: the field before it says so.
        return el("div")
            .class("field")
            .child(kept(name.clone(), "false"))
            .child(el("label").class("pick").child(tick).child(label))
            .child(below);
    }
    let control = match kind {
        Kind::Select(choices) => control("select").child(options(choices, &value)).content(),
        // Another text to begin with is another field: what somebody has typed hides it else.
        Kind::Lines => control("textarea")
            .key(value.clone())
            .attr("rows", "14")
            .attr("required", required)
            .attr("spellcheck", "false")
            .attr("autocomplete", autocomplete)
            .child(value)
            .content(),
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
            let suggested = match kind {
                Kind::Suggest(words) => Some(words),
                _ => None,
            };
            let list = suggested.is_some().then(|| format!("{id}-list"));
            let suggested = suggested.map(|words| {
                let words: Vec<_> = words.into_iter().map(|word| el("option").attr("value", word)).collect();
                el("datalist").attr("id", list.clone()).child(words)
            });
            let input = control("input")
                .attr("type", shape)
                .attr("value", value)
                .attr("required", required)
                .attr("step", step)
                .attr("inputmode", mode)
                .attr("autocomplete", autocomplete)
                .attr("list", list)
                .attr("data-secret", shape == "password");
            (input, suggested).content()
        }
    };
    let optional = is_optional.then(|| el("span").class("note").child(" optional"));
    el("div").class("field").child(el("label").attr("for", id).child(label).child(optional)).child(control).child(below)
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

pub fn options(choices: Vec<Choice>, chosen: &str) -> Vec<Element> {
    let options = choices.into_iter().map(|Choice { value, label }| {
        let selected = value == chosen;
        el("option").attr("value", value).attr("selected", selected).child(label)
    });
    options.collect()
}

/// Checkboxes, a box that narrows them, and one that ticks all that are shown.
fn many(id: &str, name: &str, choices: Vec<Choice>, chosen: &str) -> AnyView {
    let tick = || el("input").attr("type", "checkbox");
    let choices = choices.into_iter().enumerate().map(|(index, Choice { value, label })| {
        let ticked = chosen.split(',').any(|each| each == value);
        let id = if index == 0 { id.to_owned() } else { format!("{id}-{index}") };
        let tick = tick().attr("id", id).attr("name", name.to_owned()).attr("value", value).attr("checked", ticked);
        el("label").class("pick").child(tick).child(label)
    });
    let picks = el("div")
        .class("picks")
        .attr("tabindex", "0")
        .attr("role", "group")
        .attr("aria-label", "Choices")
        .child(choices.collect::<Vec<_>>());
    let narrow = el("input")
        .attr("type", "search")
        .attr("data-narrow", "")
        .attr("aria-label", "Narrow the list")
        .attr("placeholder", "Narrow…")
        .attr("autocomplete", "off");
    let all = el("label").class("pick").child(tick().attr("data-all", "")).child("All shown");
    // None ticked is an answer too.
    (kept(name.to_owned(), ""), el("div").class("narrow scripted").child(narrow).child(all), picks).content()
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
