//! Short ways to say the words of a page.

use std::fmt::Display;

use crate::admin::{
    forms::FormName,
    page::{Action, Cell, Choice, Code, Confirm, Deed, Field, Form, Kind, Pairs, Part, Tone, Way},
    table::{Column, Order, Row, Sort},
};

/// The choices of a closed set of words, as they are shown.
pub fn choices<T: Display>(words: &[T]) -> Vec<Choice> {
    words.iter().map(|word| Choice { value: word.to_string(), label: capital(&word.to_string()) }).collect()
}

/// A select of a filter: any of them, or the one that is asked for.
pub fn either(field: Field, asked: Option<&str>) -> Field {
    let Field { kind: Kind::Select(mut choices), .. } = field.clone() else { return field };
    choices.insert(0, Choice { value: String::new(), label: "Any".into() });
    Field { kind: Kind::Select(choices), ..field }.value(asked.unwrap_or_default())
}

/// `coupon_and_link` as "Coupon and link".
pub fn capital(word: &str) -> String {
    let mut text = word.replace('_', " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// A status' word in the colour of what it means.
pub fn status(word: impl Display) -> Cell {
    let word = word.to_string();
    let tone = match word.as_str() {
        "active" => Tone::Good,
        "paused" => Tone::Warn,
        "revoked" | "invalidated" => Tone::Bad,
        _ => Tone::Plain,
    };
    Cell::Status(tone, capital(&word))
}

pub fn way(label: impl Into<String>, href: impl Into<String>) -> Way {
    Way { label: label.into(), href: href.into() }
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn code(text: impl Into<String>) -> Self {
        Self::Code(text.into())
    }

    pub fn link(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self::Link(way(label, href))
    }

    pub fn maybe(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::None, |text| Self::Text(text.into()))
    }

    #[must_use]
    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self::Person { name: Box::new(self), note: note.into() }
    }
}

impl Action {
    fn new(label: impl Into<String>, deed: Deed) -> Self {
        Self { label: label.into(), said: None, tone: Tone::Plain, deed }
    }

    pub fn go(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self::new(label, Deed::Go(href.into()))
    }

    /// Done at once: it must be possible to take it back.
    pub fn act(label: impl Into<String>, form: FormName, fields: Pairs) -> Self {
        Self::new(label, Deed::Do { form, fields, confirm: None })
    }

    /// Asks first: for what cannot be taken back.
    pub fn after(confirm: Confirm, label: impl Into<String>, form: FormName, fields: Pairs) -> Self {
        Self::new(label, Deed::Do { form, fields, confirm: Some(confirm) })
    }

    pub fn copy(label: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(label, Deed::Copy(text.into()))
    }

    pub fn save(label: impl Into<String>, href: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(label, Deed::Save { href: href.into(), name: name.into() })
    }

    /// Opens the form in a dialog.
    pub fn ask(label: impl Into<String>, form: Form) -> Self {
        Self::new(label, Deed::Ask(Box::new(form)))
    }

    /// The one thing to do on a page.
    #[must_use]
    pub fn primary(self) -> Self {
        Self { tone: Tone::Good, ..self }
    }

    /// The label for those who do not see what it stands beside.
    #[must_use]
    pub fn said(self, said: impl Into<String>) -> Self {
        Self { said: Some(said.into()), ..self }
    }
}

impl Field {
    pub fn new(kind: Kind, name: &str, label: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            value: String::new(),
            hint: None,
            required: false,
            autocomplete: "off".to_owned(),
        }
    }

    pub fn text(name: &str, label: &str) -> Self {
        Self::new(Kind::Text, name, label)
    }

    /// A closed set: one of these, the first where none is chosen.
    pub fn select(name: &str, label: &str, choices: Vec<Choice>) -> Self {
        Self::new(Kind::Select(choices), name, label)
    }

    pub fn checkbox(name: &str, label: &str, ticked: bool) -> Self {
        Self::new(Kind::Checkbox, name, label).value(ticked)
    }

    #[must_use]
    pub fn value(self, value: impl Display) -> Self {
        Self { value: value.to_string(), ..self }
    }

    #[must_use]
    pub fn hint(self, hint: &str) -> Self {
        Self { hint: Some(hint.to_owned()), ..self }
    }

    #[must_use]
    pub fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

impl Form {
    pub fn new(name: FormName, submit: &str, fields: Vec<Field>) -> Self {
        Self {
            name,
            title: String::new(),
            note: None,
            fields,
            more: Vec::new(),
            hidden: Vec::new(),
            submit: submit.to_owned(),
            cancel: None,
            preview: None,
            keeps: false,
        }
    }

    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Self {
        Self { title: title.into(), ..self }
    }

    #[must_use]
    pub fn hidden(mut self, name: &str, value: impl Display) -> Self {
        self.hidden.push((name.to_owned(), value.to_string()));
        self
    }

    #[must_use]
    pub fn cancel(self, href: impl Into<String>) -> Self {
        Self { cancel: Some(href.into()), ..self }
    }
}

impl Part {
    pub fn group(title: &str, parts: Vec<Part>) -> Self {
        Self::Group { title: title.to_owned(), note: None, actions: Vec::new(), parts }
    }

    /// A key or a secret that is shown this once.
    pub fn secret(label: &str, text: impl Into<String>, note: &str) -> Self {
        Self::Code(Code { label: label.to_owned(), text: text.into(), note: Some(note.to_owned()), once: true })
    }

    pub fn code(label: &str, text: impl Into<String>) -> Self {
        Self::Code(Code { label: label.to_owned(), text: text.into(), note: None, once: false })
    }
}

impl Column {
    pub fn text(label: &str) -> Self {
        Self { label: label.to_owned(), ..Self::default() }
    }

    pub fn figure(label: &str) -> Self {
        Self { numeric: true, ..Self::text(label) }
    }

    #[must_use]
    pub fn sorted(self, href: String, order: Order) -> Self {
        Self { sort: Some(Sort { href, order }), ..self }
    }
}

impl Row {
    pub fn new(cells: Vec<Cell>) -> Self {
        Self { cells, ..Self::default() }
    }

    #[must_use]
    pub fn tick(self, id: impl Display) -> Self {
        Self { tick: Some(id.to_string()), ..self }
    }

    #[must_use]
    pub fn actions(self, actions: Vec<Action>) -> Self {
        Self { actions, ..self }
    }
}

/// One name and value of a form.
pub fn pair(name: &str, value: impl Display) -> (String, String) {
    (name.to_owned(), value.to_string())
}

/// "3 hours ago", for sentences.
pub fn ago(at: model::Timestamp, now: model::Timestamp) -> String {
    use model::time::{DAY, HOUR, MINUTE};
    let past = now.0.saturating_sub(at.0).max(0);
    let (count, unit) = match past {
        past if past < MINUTE => return "moments ago".to_owned(),
        past if past < HOUR => (past / MINUTE, "minute"),
        past if past < DAY => (past / HOUR, "hour"),
        past => (past / DAY, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// A size as people say it: "812 MB".
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    if tenths < 100 {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    } else {
        format!("{} {}", tenths / 10, UNITS[unit])
    }
}

/// How long something took, or takes: "3 h 5 min".
pub fn lasting(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

/// "1 link", "20 links".
pub fn counted(count: usize, of: &str) -> String {
    format!("{count} {of}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_said_as_people_say_them() {
        for (size, said) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (9_949, "9.9 kB"),
            (812_000_000, "812 MB"),
            (1_500_000_000, "1.5 GB"),
            (77_000_000_000, "77 GB"),
            (u64::MAX, "18446 PB"),
        ] {
            assert_eq!(bytes(size), said);
        }
        for (time, said) in
            [(-1, "0 s"), (59_999, "59 s"), (60_000, "1 min"), (3_660_000, "1 h 1 min"), (90_000_000, "1 d 1 h")]
        {
            assert_eq!(lasting(time), said);
        }
    }
}
