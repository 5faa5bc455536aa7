//! The six figures that answer "how is it going?".

use leptos::prelude::*;
use model::{Money, stats::Figures};

use crate::{
    format::{self, Shown},
    markup::{Content, el},
};

#[component]
pub fn Scorecard(
    #[prop(into)] figures: Signal<Option<Figures>>,
    #[prop(into)] bots: Signal<bool>,
    /// Whether the figures are the reader's own: then everything in them is credited to them.
    own: bool,
) -> impl IntoView {
    let cards = move || figures.with(|figures| figures.as_ref().map(|figures| cards(figures, bots.get(), own)));
    view! { <dl class="cards">{cards}</dl> }.into_any()
}

fn cards(figures: &Figures, bots: bool, own: bool) -> impl IntoView + use<> {
    let robots = match (figures.bot_clicks, bots) {
        (0, _) => "no bots among them".to_owned(),
        (some, true) => format!("{} of them by bots", format::count(some).short),
        (some, false) => format!("{} more by bots", format::count(some).short),
    };
    let carts = format::per_hundred(figures.add_to_cart, figures.clicks).map(|per| format!("{per} per 100 clicks"));
    let conversions = match own {
        true => "credited to you".to_owned(),
        false => format!("{} attributed", format::count(figures.attributed_conversions).short),
    };
    let gmv = if own { conversions.clone() } else { attributed(figures) };
    view! {
        <Card label="Clicks" values=vec![counted(figures.clicks)] note=robots/>
        <Card label="Unique visitors" values=vec![counted(figures.unique_visitors)] note="per link and UTC day"/>
        <Card label="Add to carts" values=vec![counted(figures.add_to_cart)] note=carts.unwrap_or_default()/>
        <Card
            label="Conversions"
            values=vec![counted(figures.conversions)]
            note=conversions
        />
        <Card label=gmv_label(figures) values=valued(&figures.gmv) note=gmv/>
        <Card
            label="Conversion rate"
            values=vec![(Shown { short: format::rate(figures.conversion_rate), exact: None }, "")]
            note=if own { "conversions ÷ clicks" } else { "attributed ÷ clicks" }
        />
    }
}

type Value = (Shown, &'static str);

fn counted(number: i64) -> Value {
    (format::count(number), "")
}

/// One value for each currency: they are never added together.
fn valued(sums: &[Money]) -> Vec<Value> {
    if sums.is_empty() {
        return vec![(Shown { short: format::NONE.to_owned(), exact: None }, "")];
    }
    match sums {
        [only] => vec![(format::amount(only), "")],
        several => several.iter().map(|sum| (format::amount(sum), sum.currency.code())).collect(),
    }
}

fn attributed(figures: &Figures) -> String {
    if figures.gmv.is_empty() {
        return "no purchase with a value".to_owned();
    }
    let share = |sum: &Money| figures.attributed_gmv.iter().find(|share| share.currency == sum.currency).copied();
    let each = figures.gmv.iter().map(|sum| {
        let share = share(sum).unwrap_or(Money { minor: 0, ..*sum });
        match figures.gmv.len() {
            1 => format::amount(&share).short,
            _ => format!("{} {}", format::amount(&share).short, share.currency),
        }
    });
    format!("{} attributed", each.collect::<Vec<_>>().join(", "))
}

/// A lone currency stands beside the label, where it takes no room from the amount.
fn gmv_label(figures: &Figures) -> String {
    match figures.gmv.as_slice() {
        [only] => format!("GMV, {}", only.currency),
        _ => "GMV".to_owned(),
    }
}

#[component]
fn Card(#[prop(into)] label: String, values: Vec<Value>, #[prop(into)] note: String) -> impl IntoView {
    let class = if values.len() > 1 { "value several" } else { "value" };
    let values = values.into_iter().map(|(shown, unit)| {
        view! {
            <dd class=class>
                {number(shown)}
                {(!unit.is_empty()).then(|| view! { <span class="unit">" " {unit}</span> })}
            </dd>
        }
    });
    view! {
        <div class="card">
            <dt>{label}</dt>
            {values.collect_view()}
            <dd class="note">{note}</dd>
        </div>
    }
}

/// The short form for the eye, with the exact one on hover; the exact one for those who listen.
pub fn number(Shown { short, exact }: Shown) -> AnyView {
    let seen = el("span").class("number").attr("title", exact.clone());
    match exact {
        None => seen.child(short).content(),
        Some(exact) => {
            (seen.attr("aria-hidden", "true").child(short), el("span").class("heard").child(exact)).content()
        }
    }
}
