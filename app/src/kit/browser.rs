//! What forms, buttons and keys do in the browser: one listener each, for the whole window.

use std::time::Duration;

use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Element, Event, FormData, HtmlDialogElement, HtmlElement, HtmlFormElement, HtmlInputElement, HtmlTextAreaElement,
};

use super::{Kit, Wrong, keys};
use crate::{
    address::with_query,
    admin::{
        forms::FormName,
        page::{Done, Pairs},
    },
    api::composed::act,
    error::{AppError, ErrorKind},
    wire::unpack,
};

/// Searches follow the typing, not each key.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a button says that it has copied.
const COPIED: Duration = Duration::from_secs(2);

type Go = std::rc::Rc<dyn Fn(&str, NavigateOptions)>;

pub fn attend(kit: Kit) {
    let go: Go = std::rc::Rc::new(use_navigate());
    let go = StoredValue::new_local(go);
    let pause = StoredValue::new_local(None::<TimeoutHandle>);
    let preview_pause = StoredValue::new_local(None::<TimeoutHandle>);
    // Whether the form is sent by the typing in it: then Back must not undo letter by letter.
    let live = StoredValue::new(false);
    let pressed = StoredValue::new_local(Pressed::default());
    Effect::new(move |_| {
        let handles = [
            window_event_listener(ev::submit, move |event| {
                let replace = live.try_update_value(std::mem::take).unwrap_or_default();
                submit(&event, kit, &go.get_value(), replace);
            }),
            window_event_listener(ev::click, move |event| click(&event, kit)),
            window_event_listener(ev::pointerdown, move |_| pressed.update_value(|pressed| pressed.is_down = true)),
            window_event_listener(ev::pointerup, move |_| released(pressed, kit)),
            window_event_listener(ev::pointercancel, move |_| released(pressed, kit)),
            window_event_listener(ev::focusout, move |event| left(&event, pressed, kit)),
            window_event_listener(ev::input, move |event| {
                let Some(field) = target::<HtmlInputElement>(&event) else { return };
                preview_of(&field, kit, preview_pause);
                if field.has_attribute("data-narrow") {
                    narrow(&field);
                } else if field.has_attribute("data-live") {
                    pause.update_value(|pause| {
                        if let Some(pause) = pause.take() {
                            pause.clear();
                        }
                        let send = move || {
                            live.set_value(true);
                            send_form_of(&field);
                        };
                        *pause = set_timeout_with_handle(send, PAUSE).ok();
                    });
                }
            }),
            window_event_listener(ev::change, move |event| {
                let Some(field) = target::<Element>(&event) else { return };
                preview_of(&field, kit, preview_pause);
                if field.has_attribute("data-keys") {
                    keys::switch(&field);
                } else if field.has_attribute("data-apply") {
                    send_form_of(&field);
                } else if field.has_attribute("data-reveal") {
                    reveal(&field);
                }
            }),
            window_event_listener(ev::keydown, |event| {
                if let Some(at) = target::<Element>(&event) {
                    if event.key() == "Escape" {
                        fold(&at);
                    }
                    keys::pressed(&event, &at);
                }
            }),
        ];
        on_cleanup(move || handles.into_iter().for_each(WindowListenerHandle::remove));
    });
}

fn target<T: JsCast>(event: &Event) -> Option<T> {
    event.target()?.dyn_into().ok()
}

/// Never the property: a form's fields hide its own under their names, and ours are called `id` and `status`.
fn attribute(of: &Element, name: &str) -> String {
    of.get_attribute(name).unwrap_or_default()
}

pub(super) fn closest<T: JsCast>(from: &Element, selector: &str) -> Option<T> {
    from.closest(selector).ok()??.dyn_into().ok()
}

/// Everything below that matches.
fn all<T: JsCast>(within: &Element, selector: &str) -> Vec<T> {
    let Ok(found) = within.query_selector_all(selector) else { return Vec::new() };
    (0..found.length()).filter_map(|index| found.item(index)?.dyn_into().ok()).collect()
}

fn focus(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    found.and_then(|found| found.dyn_into::<HtmlElement>().ok()).is_some_and(|found| found.focus().is_ok())
}

/// Asks what the form that a field stands in would do, once nothing changes for a moment.
fn preview_of(field: &Element, kit: Kit, pause: StoredValue<Option<TimeoutHandle>, LocalStorage>) {
    let Some(form) = closest::<HtmlFormElement>(field, "form:has([data-preview])") else { return };
    pause.update_value(|pause| {
        if let Some(pause) = pause.take() {
            pause.clear();
        }
        *pause = set_timeout_with_handle(move || preview(&form, kit), PAUSE).ok();
    });
}

fn preview(form: &HtmlFormElement, kit: Kit) {
    let shows = form.query_selector("[data-preview]").ok().flatten();
    let name = shows.and_then(|shows| shows.get_attribute("data-preview"));
    let Some(name) = name.and_then(|name| FormName::named(&name)) else { return };
    let fields = pairs(form);
    spawn_local(async move {
        // What cannot be had now is not worth a word: the next change asks again.
        if let Ok(Ok(done)) = act(name, fields).await.map(|done| unpack::<Done>(&done)) {
            kit.preview.set(done.show);
        }
    });
}

/// A form that shows what it would do shows it from the start.
pub fn begin_preview(kit: Kit) {
    request_animation_frame(move || {
        let form = document().query_selector("form:has([data-preview])").ok().flatten();
        if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            preview(&form, kit);
        }
    });
}

/// Closes what folds, once it has served.
fn fold(within: &Element) {
    if let Some(details) = closest::<Element>(within, "details[data-folds]") {
        // Refused for no name that is one.
        let _ = details.remove_attribute("open");
    }
}

fn send_form_of(field: &Element) {
    if let Some(form) = closest::<HtmlFormElement>(field, "form") {
        // Refused where the field has left the page meanwhile: then there is nothing to send.
        let _ = form.request_submit();
    }
}

fn pairs(form: &HtmlFormElement) -> Pairs {
    let Ok(data) = FormData::new_with_form(form) else { return Pairs::new() };
    let pairs = data.entries().into_iter().flatten().filter_map(|pair| {
        let pair = js_sys::Array::from(&pair);
        Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
    });
    pairs.collect()
}

pub fn entered(event: &Event) -> Pairs {
    target(event).map(|form: HtmlFormElement| pairs(&form)).unwrap_or_default()
}

/// The form of ours that these fields are of.
fn name_of(fields: &Pairs) -> Option<FormName> {
    fields.iter().rev().find(|(name, _)| name == "form").and_then(|(_, text)| FormName::named(text))
}

fn submit(event: &web_sys::SubmitEvent, kit: Kit, go: &Go, replace: bool) {
    let Some(form) = target::<HtmlFormElement>(event).filter(|_| !event.default_prevented()) else { return };
    let mut fields = pairs(&form);
    if let Some(button) = event.submitter()
        && let Some(name) = button.get_attribute("name")
    {
        fields.push((name, button.get_attribute("value").unwrap_or_default()));
    }
    if attribute(&form, "method") == "get" {
        event.prevent_default();
        let asked = fields.iter().filter(|(_, value)| !value.is_empty());
        let path = attribute(&form, "action");
        let scroll = !replace && !form.has_attribute("data-noscroll");
        let manner = NavigateOptions { replace, scroll, ..NavigateOptions::default() };
        go(&with_query(&path, asked.map(|(name, value)| (name.as_str(), value))), manner);
        fold(&form);
    } else if let Some(name) = name_of(&fields) {
        event.prevent_default();
        send(&form, name, fields, kit, go.clone());
    }
}

fn send(form: &HtmlFormElement, name: FormName, fields: Pairs, kit: Kit, go: Go) {
    if kit.busy.with_untracked(Option::is_some) {
        return;
    }
    let id = attribute(form, "id");
    let shows_errors = attribute(form, "class") == "fields";
    let wrong = name.check(&fields);
    if shows_errors && !wrong.is_empty() {
        return refuse(kit, id, AppError::invalid(wrong), true);
    }
    kit.busy.set(Some((id.clone(), fields.iter().filter(|(name, _)| name == "ids").count())));
    spawn_local(async move {
        let result = act(name, fields).await.and_then(|done| unpack::<Done>(&done));
        kit.busy.set(None);
        match result {
            Err(error) if shows_errors && error.kind != ErrorKind::LoggedOut => refuse(kit, id, error, false),
            result => {
                kit.wrong.set(None);
                close_dialogs();
                if let Ok(done) = &result {
                    if let Some(to) = done.go.as_deref().filter(|_| done.show.is_empty()) {
                        kit.goes_on.set_value(true);
                        go(to, NavigateOptions::default());
                    } else {
                        kit.sent.set_value(Some(id));
                        kit.acted.update(|acted| *acted += 1);
                    }
                    if !done.show.is_empty() {
                        request_animation_frame(|| {
                            focus(".shown");
                        });
                    }
                }
                kit.said.set(Some(result));
            }
        }
    });
}

fn refuse(kit: Kit, form: String, error: AppError, local: bool) {
    let of_form = format!("form[id=\"{form}\"] ");
    kit.wrong.set(Some(Wrong { form, error, local }));
    request_animation_frame(move || {
        focus(&format!("{of_form}[aria-invalid]"));
    });
}

/// What a pointer holds down, and the form that was left by it.
#[derive(Default)]
struct Pressed {
    is_down: bool,
    left: Option<HtmlFormElement>,
}

/// A field was left. An error that goes moves all that is below it: not while a pointer is on its way down to a button there,
/// which would not be under it any more when it comes up.
fn left(event: &Event, pressed: StoredValue<Pressed, LocalStorage>, kit: Kit) {
    let Some(form) = target::<Element>(event).and_then(|field| closest::<HtmlFormElement>(&field, "form")) else {
        return;
    };
    if pressed.with_value(|pressed| pressed.is_down) {
        pressed.update_value(|pressed| pressed.left = Some(form));
    } else {
        look_again(&form, kit);
    }
}

fn released(pressed: StoredValue<Pressed, LocalStorage>, kit: Kit) {
    if let Some(form) = pressed.try_update_value(std::mem::take).and_then(|pressed| pressed.left) {
        // After the click that comes of it.
        set_timeout(move || look_again(&form, kit), Duration::ZERO);
    }
}

/// What was wrong and is mended is no longer shown as wrong.
fn look_again(form: &HtmlFormElement, kit: Kit) {
    let id = attribute(form, "id");
    if kit.wrong.with_untracked(|wrong| wrong.as_ref().is_some_and(|wrong| wrong.local && wrong.form == id)) {
        let fields = pairs(form);
        let errors = name_of(&fields).map(|name| name.check(&fields)).unwrap_or_default();
        let wrong = Wrong { form: id, error: AppError::invalid(errors), local: true };
        kit.wrong.set(Some(wrong).filter(|wrong| !wrong.error.fields.is_empty()));
    }
}

fn close_dialogs() {
    if let Some(body) = document().body() {
        all::<HtmlDialogElement>(&body, "dialog[open]").iter().for_each(HtmlDialogElement::close);
    }
}

/// Empties a form, or gives it the values the page has now.
pub fn renew(id: String) {
    request_animation_frame(move || {
        let form = document().get_element_by_id(&id);
        let form = form.filter(|form| !form.has_attribute("data-keeps"));
        if let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) {
            form.reset();
        }
    });
}

fn click(event: &web_sys::MouseEvent, kit: Kit) {
    let within = "[data-copy],[data-opens],[data-closes],[data-all],[data-dismiss]";
    let Some(button) = target::<Element>(event).and_then(|at| closest::<HtmlElement>(&at, within)) else { return };
    if let Some(text) = button.get_attribute("data-copy") {
        copy(button, text);
    } else if let Some(id) = button.get_attribute("data-opens") {
        event.prevent_default();
        keys::show_switch();
        let dialog = document().get_element_by_id(&id).and_then(|found| found.dyn_into::<HtmlDialogElement>().ok());
        // Refused where it is open already.
        let _ = dialog.map(|dialog| dialog.show_modal());
    } else if button.has_attribute("data-all") {
        tick_all(&button);
    } else if button.has_attribute("data-dismiss") {
        kit.said.set(None);
    } else {
        close_dialogs();
    }
}

/// Ticks all that are shown, or none.
fn tick_all(tick: &HtmlElement) {
    let Some(tick) = tick.dyn_ref::<HtmlInputElement>() else { return };
    if let Some(of) = closest::<Element>(tick, "table, fieldset") {
        let boxes = all::<HtmlInputElement>(&of, "tbody [type=checkbox], label:not([hidden]) > [name]");
        boxes.iter().for_each(|each| each.set_checked(tick.checked()));
    }
}

/// Hides the choices that do not hold the words.
fn narrow(field: &HtmlInputElement) {
    let words = field.value().to_lowercase();
    if let Some(of) = closest::<Element>(field, "fieldset") {
        for choice in all::<HtmlElement>(&of, ".picks > label") {
            let text = choice.text_content().unwrap_or_default().to_lowercase();
            choice.set_hidden(!text.contains(words.trim()));
        }
    }
}

fn reveal(tick: &Element) {
    let shown = tick.dyn_ref::<HtmlInputElement>().is_some_and(HtmlInputElement::checked);
    if let Some(form) = closest::<Element>(tick, "form") {
        for field in all::<HtmlInputElement>(&form, "[data-secret]") {
            field.set_type(if shown { "text" } else { "password" });
        }
    }
}

fn copy(button: HtmlElement, text: String) {
    spawn_local(async move {
        if write(&button, &text).await.is_ok() {
            // The stylesheet says it in the button; the attribute goes by itself.
            let _ = button.set_attribute("data-copied", "");
            set_timeout(move || drop(button.remove_attribute("data-copied")), COPIED);
            if let Some(heard) = document().get_element_by_id("heard") {
                heard.set_text_content(Some("Copied"));
                set_timeout(move || heard.set_text_content(None), COPIED);
            }
        }
    });
}

/// Browsers offer the clipboard to https and to this machine alone; elsewhere the old way still works.
async fn write(button: &HtmlElement, text: &str) -> Result<(), JsValue> {
    let navigator = window().navigator();
    if !js_sys::Reflect::get(&navigator, &"clipboard".into())?.is_undefined() {
        JsFuture::from(navigator.clipboard().write_text(text)).await?;
        return Ok(());
    }
    let area: HtmlTextAreaElement = document().create_element("textarea")?.unchecked_into();
    area.set_value(text);
    area.set_class_name("heard");
    button.after_with_node_1(&area)?;
    area.select();
    let done = document().unchecked_into::<web_sys::HtmlDocument>().exec_command("copy");
    area.remove();
    button.focus()?;
    if done? { Ok(()) } else { Err(JsValue::NULL) }
}
