//! Letter keys: what they do is said on a sheet, where they can be switched off too. The browser keeps that.

use super::range_picker::{EARLIER, LATER, PRESETS};
use crate::{
    kit::button,
    markup::{Element, el},
};

const SHEET: &str = "keys";

/// Opens the sheet, as its key does.
pub fn keys_button() -> Element {
    button("key-sheet scripted")
        .attr("data-opens", SHEET)
        .attr("data-key", "?")
        .attr("aria-keyshortcuts", "?")
        .child("Shortcuts")
}

pub fn keys_sheet() -> Element {
    let others = [
        (EARLIER, "Earlier range"),
        (LATER, "Later range"),
        ("c", "Dates of one's own"),
        ("/", "Look something up"),
        ("?", "This sheet"),
    ];
    let all = PRESETS.into_iter().map(|(_, label, key)| (key, label)).chain(others);
    let all = all.map(|(key, label)| {
        let key = el("kbd").child(key.to_uppercase());
        el("div").child(el("dt").child(key)).child(el("dd").child(label))
    });
    let switch = el("input").attr("type", "checkbox").attr("data-keys", "").attr("checked", true);
    el("dialog")
        .attr("id", SHEET)
        .class("keys")
        .attr("aria-labelledby", "keys-title")
        .child(el("h2").attr("id", "keys-title").child("Keyboard shortcuts"))
        .child(el("dl").child(all.collect::<Vec<_>>()))
        .child(el("label").class("pick").child(switch).child("Use these keys in this browser"))
        .child(el("div").class("acts").child(button("button primary").attr("data-closes", "").child("Close")))
}
