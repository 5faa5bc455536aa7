//! Single keys: each clicks what says by `data-key` that it is its own. Whoever wants none switches them off, and this
//! browser keeps that.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent, Storage};

use super::browser::closest;

/// Under which the browser keeps that there are none.
const KEPT: &str = "keys";
const OFF: &str = "off";

/// None where the browser keeps nothing for us.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

fn are_on() -> bool {
    storage().and_then(|kept| kept.get_item(KEPT).ok().flatten()).as_deref() != Some(OFF)
}

pub fn pressed(event: &KeyboardEvent, at: &Element) {
    let typing = matches!(at.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT");
    let key = event.key();
    let is_single = key.chars().count() == 1 && !event.ctrl_key() && !event.meta_key() && !event.alt_key();
    // A dialog is answered first.
    if typing || !is_single || closest::<Element>(at, "dialog").is_some() || !are_on() {
        return;
    }
    let found = || {
        let key = key.to_lowercase();
        let is_known = key == "?" || key.bytes().all(|byte| byte.is_ascii_lowercase());
        is_known.then(|| document().query_selector(&format!("[data-key=\"{key}\"]")).ok().flatten())?
    };
    if key == "/" {
        let look_up =
            document().get_element_by_id("look-up").and_then(|found| found.dyn_into::<HtmlInputElement>().ok());
        if let Some(look_up) = look_up {
            event.prevent_default();
            // What is typed now takes the place of what was looked up before.
            look_up.select();
        }
    } else if let Some(found) = found().and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        event.prevent_default();
        found.click();
    }
}

/// The switch was thrown.
pub fn switch(by: &Element) {
    let (Some(kept), Some(by)) = (storage(), by.dyn_ref::<HtmlInputElement>()) else { return };
    // Refused where there is no room; then they stay as they are.
    let _ = if by.checked() { kept.remove_item(KEPT) } else { kept.set_item(KEPT, OFF) };
}

/// The switch stands as it was left.
pub fn show_switch() {
    let switch = document().query_selector("[data-keys]").ok().flatten();
    if let Some(switch) = switch.and_then(|switch| switch.dyn_into::<HtmlInputElement>().ok()) {
        switch.set_checked(are_on());
    }
}
