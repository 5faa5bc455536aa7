//! The dates: named ranges, steps back and forth, a range of one's own. All are links and a plain form.

use leptos::prelude::*;
use leptos_router::components::Form;
use model::stats::{Preset, StatsQuery};

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
        let chosen = move || asked.with(|asked| asked.from.is_none() && asked.to.is_none() && asked.range.as_deref() == Some(preset.as_str()));
        let target = move || {
            let range = Some(preset.to_string());
            address::link(DASHBOARD, &StatsQuery { from: None, to: None, range, interval: None, ..asked.get() })
        };
        view! {
            <li><a href=target data-noscroll aria-current=move || chosen().then_some("true")>{label}</a></li>
        }
    });
    view! {
        <nav class="ranges" aria-label="Date range">
            <ul class="segments">{presets}</ul>
            <OwnRange asked days/>
        </nav>
        <div class="steps">
            <Step asked label="Earlier" sign="‹" to=Signal::derive(move || days.get().and_then(Days::before))/>
            <strong>{move || days.get().map(Days::label)}</strong>
            <Step
                asked
                label="Later"
                sign="›"
                to=Signal::derive(move || days.get().filter(|_| !open.get()).and_then(Days::after))
            />
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

#[component]
fn OwnRange(asked: Signal<StatsQuery>, days: Signal<Option<Days>>) -> impl IntoView {
    let own = move || asked.with(|asked| asked.from.is_some() || asked.to.is_some());
    let kept = move || {
        let kept = StatsQuery { range: None, from: None, to: None, interval: None, ..asked.get() };
        let fields = address::pairs(&kept).into_iter();
        fields.map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> }).collect_view()
    };
    view! {
        <details class="own">
            <summary class:chosen=own>"Dates…"</summary>
            <Form method="get" action=DASHBOARD noscroll=true>
                {kept}
                <label>"From " <input r#type="date" name="from" required value=move || days.get().map(|days| days.first.to_string())/></label>
                <label>"to " <input r#type="date" name="to" required value=move || days.get().map(|days| days.last.to_string())/></label>
                <button class="button" r#type="submit">"Show"</button>
            </Form>
        </details>
    }
}
