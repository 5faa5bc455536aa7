//! The six figures that answer "how is it going?".

use leptos::prelude::*;
use model::{Money, stats::Figures};

use super::Now;
use crate::{
    format::{self, Shown},
    markup::{Content, Element, el},
};

/// `own`: whether the figures are the reader's own; then everything in them is credited to them.
pub fn scorecard(figures: impl Now<Option<Figures>>, bots: impl Now<bool>, own: bool) -> Element {
    let cards = move || figures().map(|figures| cards(&figures, bots(), own));
    el("dl").class("cards").child(cards)
}

fn cards(figures: &Figures, bots: bool, own: bool) -> Vec<Element> {
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
    let rate = Shown { short: format::rate(figures.conversion_rate), exact: None };
    let of_what = if own { "conversions ÷ clicks" } else { "attributed ÷ clicks" };
    vec![
        card("Clicks", vec![counted(figures.clicks)], robots),
        card("Unique visitors", vec![counted(figures.unique_visitors)], "per link and UTC day".to_owned()),
        card("Add to carts", vec![counted(figures.add_to_cart)], carts.unwrap_or_default()),
        card("Conversions", vec![counted(figures.conversions)], conversions),
        card(gmv_label(figures), valued(&figures.gmv), gmv),
        card("Conversion rate", vec![(rate, "")], of_what.to_owned()),
    ]
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

fn card(label: impl Content, values: Vec<Value>, note: String) -> Element {
    let class = if values.len() > 1 { "value several" } else { "value" };
    let values = values.into_iter().map(|(shown, unit)| {
        let unit = (!unit.is_empty()).then(|| el("span").class("unit").child(" ").child(unit));
        el("dd").class(class).child(number(shown)).child(unit)
    });
    el("div")
        .class("card")
        .child(el("dt").child(label))
        .child(values.collect::<Vec<_>>())
        .child(el("dd").class("note").child(note))
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
