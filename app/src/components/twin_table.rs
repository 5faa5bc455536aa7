//! The chart in figures: what it shows, readable without seeing it and without JavaScript.

use leptos::prelude::*;
use model::stats::{Chart, Point};

use crate::{days, format};

#[component]
pub fn TwinTable(#[prop(into)] chart: Signal<Option<Chart>>) -> impl IntoView {
    let rows = move || {
        chart.with(|chart| {
            let chart = chart.as_ref()?;
            Some(
                chart
                    .points
                    .iter()
                    .map(|point| row(point, &days::bucket_label(&point.start, chart.interval)))
                    .collect_view(),
            )
        })
    };
    view! {
        <details class="twin">
            <summary>"Show as table"</summary>
            <div class="scroll" tabindex="0" role="region" aria-label="Figures of the chart">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">"Time"</th>
                            <th scope="col">"Clicks"</th>
                            <th scope="col">"Add to carts"</th>
                            <th scope="col">"Conversions"</th>
                            <th scope="col">"GMV"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

fn row(point: &Point, label: &str) -> impl IntoView + use<> {
    let label = label.to_owned();
    view! {
        <tr>
            <th scope="row">{label} {(!point.complete).then_some(" (so far)")}</th>
            <td>{format::exact_count(point.clicks)}</td>
            <td>{format::exact_count(point.add_to_cart)}</td>
            <td>{format::exact_count(point.conversions)}</td>
            <td>{format::amounts(&point.gmv)}</td>
        </tr>
    }
}
