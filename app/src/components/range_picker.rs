//! The dates: named ranges, steps back and forth, a range of one's own. All are links and a plain form.

use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html::{self, Ul},
    prelude::*,
};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use model::stats::{Preset, StatsQuery};

use super::frame::show_chosen;
use crate::{
    address::{self, DASHBOARD},
    days::Days,
};

const PRESETS: [(Preset, &str); 9] = [
    (Preset::Today, "Today"),
    (Preset::Yesterday, "Yesterday"),
    (Preset::Last7Days, "7 days"),
    (Preset::Last30Days, "30 days"),
    (Preset::MonthToDate, "This month"),
    (Preset::LastMonth, "Last month"),
    (Preset::YearToDate, "This year"),
    (Preset::Last12Months, "12 months"),
    (Preset::All, "All time"),
];

#[component]
pub fn RangePicker(
    #[prop(into)] asked: Signal<StatsQuery>,
    /// The days the figures are of, once they are known.
    #[prop(into)]
    days: Signal<Option<Days>>,
    /// Whether the range reaches the present: there is nothing after it.
    #[prop(into)]
    open: Signal<bool>,
) -> impl IntoView {
    let presets = PRESETS.map(|(preset, label)| {
        let chosen = move || {
            asked.with(|asked| {
                asked.from.is_none() && asked.to.is_none() && asked.range.as_deref() == Some(preset.as_str())
            })
        };
        let target = move || {
            let range = Some(preset.to_string());
            address::link(DASHBOARD, &StatsQuery { from: None, to: None, range, interval: None, ..asked.get() })
        };
        view! {
            <li><a href=target data-noscroll aria-current=move || chosen().then_some("true")>{label}</a></li>
        }
    });
    let list = NodeRef::<Ul>::new();
    show_chosen(list, move || asked.track());
    view! {
        <div class="range">
            <div class="steps" hidden=move || days.get().is_none()>
                <Step asked label="Earlier" sign="‹" to=Signal::derive(move || days.get().and_then(Days::before))/>
                <strong>{move || days.get().map(Days::label)}</strong>
                <Step
                    asked
                    label="Later"
                    sign="›"
                    to=Signal::derive(move || days.get().filter(|_| !open.get()).and_then(Days::after))
                />
            </div>
            <nav class="presets" aria-label="Date range">
                <ul class="segments" node_ref=list>{presets}</ul>
            </nav>
            <OwnRange asked days/>
        </div>
    }
    .into_any()
}

/// A step to another range of the same length, or its place where there is none.
#[component]
fn Step(asked: Signal<StatsQuery>, label: &'static str, sign: &'static str, to: Signal<Option<Days>>) -> impl IntoView {
    move || match to.get() {
        Some(days) => {
            let target = address::link(DASHBOARD, &dated(&asked.get(), days));
            let said = format!("{label}: {}", days.label());
            view! { <a class="step" href=target data-noscroll aria-label=said.clone() title=said>{sign}</a> }.into_any()
        }
        None => view! { <span class="step" aria-hidden="true">{sign}</span> }.into_any(),
    }
}

fn dated(asked: &StatsQuery, days: Days) -> StatsQuery {
    StatsQuery { range: None, from: Some(days.first.to_string()), to: Some(days.last.to_string()), ..asked.clone() }
}

/// A range of one's own: a plain form, which the router takes over in the browser.
#[component]
fn OwnRange(asked: Signal<StatsQuery>, days: Signal<Option<Days>>) -> impl IntoView {
    let own = move || asked.with(|asked| asked.from.is_some() || asked.to.is_some());
    let kept = Signal::derive(move || StatsQuery { range: None, from: None, to: None, interval: None, ..asked.get() });
    let hidden = move || {
        let fields = address::pairs(&kept.get()).into_iter();
        fields.map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> }).collect_view()
    };
    let (details, from, to) =
        (NodeRef::<html::Details>::new(), NodeRef::<html::Input>::new(), NodeRef::<html::Input>::new());
    let navigate = use_navigate();
    let show = move |event: SubmitEvent| {
        let (Some(details), Some(from), Some(to)) = (details.get(), from.get(), to.get()) else { return };
        event.prevent_default();
        details.set_open(false);
        let query = StatsQuery { from: Some(from.value()), to: Some(to.value()), ..kept.get_untracked() };
        navigate(&address::link(DASHBOARD, &query), NavigateOptions { scroll: false, ..Default::default() });
    };
    let close = move |event: KeyboardEvent| {
        if event.key() == "Escape"
            && let Some(details) = details.get()
        {
            details.set_open(false);
        }
    };
    let first = move || days.get().map(|days| days.first.to_string()).unwrap_or_default();
    let last = move || days.get().map(|days| days.last.to_string()).unwrap_or_default();
    view! {
        <details class="own" node_ref=details on:keydown=close>
            <summary class:chosen=own>"Dates…"</summary>
            <form method="get" action=DASHBOARD on:submit=show>
                {hidden}
                <label>
                    <span>"From"</span>
                    <input r#type="date" name="from" required value=first prop:value=first node_ref=from/>
                </label>
                <label>
                    <span>"To"</span>
                    <input r#type="date" name="to" required value=last prop:value=last node_ref=to/>
                </label>
                <button class="button primary" r#type="submit">"Show"</button>
            </form>
        </details>
    }
}
