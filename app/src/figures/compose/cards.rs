//! The scorecard: each figure with what it is compared with.

use model::{
    Money,
    stats::{Figures, Overview},
};

use crate::{
    figures::sheet::{Card, Change, Direction, Value},
    format::{self, NONE},
};

/// The six figures that answer "how is it going?" for whoever pays.
pub fn of_advertiser(overview: &Overview, bots: bool) -> Vec<Card> {
    let (now, before) = sides(overview);
    let robots = match (now.bot_clicks, bots) {
        (0, _) => "no bots among them".to_owned(),
        (some, true) => format!("{} of them by bots", format::count(some).short),
        (some, false) => format!("{} more by bots", format::count(some).short),
    };
    let carts = format::per_hundred(now.add_to_cart, now.clicks).map(|per| format!("{per} per 100 clicks"));
    let attributed = format!("{} attributed", format::count(now.attributed_conversions).short);
    vec![
        counted("Clicks", now, before, |it| it.clicks, robots),
        counted("Unique visitors", now, before, |it| it.unique_visitors, "per link and UTC day".to_owned()),
        counted("Add to carts", now, before, |it| it.add_to_cart, carts.unwrap_or_default()),
        counted("Conversions", now, before, |it| it.conversions, attributed),
        money("GMV", &now.gmv, before.map(|it| it.gmv.as_slice()), attributed_gmv(now)),
        rate(now, before, "attributed ÷ clicks"),
    ]
}

/// What an influencer asks first.
pub fn of_influencer(overview: &Overview) -> Vec<Card> {
    let (now, before) = sides(overview);
    let estimate = |figures: &Figures| figures.commission_estimate.clone().unwrap_or_default();
    let (earned, earned_before) = (estimate(now), before.map(estimate));
    let note = match earned.is_empty() {
        true => "no sale with a commission yet",
        false => "by each campaign's percentage",
    };
    let visitors = match now.unique_visitors {
        1 => "1 visitor".to_owned(),
        some => format!("{} visitors", format::count(some).short),
    };
    let sold = match now.gmv.as_slice() {
        [] => "none with a value".to_owned(),
        sums => format!("worth {}", format::amounts(sums)),
    };
    vec![
        counted("Clicks", now, before, |it| it.clicks, visitors),
        counted("Sales", now, before, |it| it.conversions, sold),
        money("Commission estimate", &earned, earned_before.as_deref(), note.to_owned()),
        per_click(&earned, now.clicks, earned_before.as_deref().zip(before.map(|it| it.clicks))),
    ]
}

fn sides(overview: &Overview) -> (&Figures, Option<&Figures>) {
    (&overview.figures, overview.previous.as_ref().map(|previous| &previous.figures))
}

fn counted(label: &str, now: &Figures, before: Option<&Figures>, of: impl Fn(&Figures) -> i64, note: String) -> Card {
    let format::Shown { short, exact } = format::count(of(now));
    let change = before.map(|before| {
        let (now, before) = (i128::from(of(now)), i128::from(of(before)));
        change(now, before, format::exact_count(of_i128(before)))
    });
    Card { label: label.to_owned(), values: vec![Value { short, exact, unit: String::new(), change }], note }
}

/// Counts come as 64 bits and leave as such.
fn of_i128(count: i128) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// One value for each currency that is there now or was before: they are never added together. A lone currency stands
/// beside the label, where it takes no room from the amount.
fn money(label: &str, now: &[Money], before: Option<&[Money]>, note: String) -> Card {
    let gone = before.into_iter().flatten().filter(|sum| now.iter().all(|it| it.currency != sum.currency));
    let gone = gone.map(|sum| Money { minor: 0, ..*sum });
    let mut sums: Vec<Money> = now.iter().copied().chain(gone).collect();
    sums.sort_by_key(|sum| sum.currency.code());
    let alone = sums.len() == 1;
    let value = |sum: &Money| {
        let format::Shown { short, exact } = format::amount(sum);
        let change = before.map(|before| {
            let before = before.iter().find(|it| it.currency == sum.currency);
            let before = before.copied().unwrap_or(Money { minor: 0, ..*sum });
            change(sum.minor, before.minor, format::exact_amount(&before))
        });
        Value { short, exact, unit: if alone { String::new() } else { sum.currency.code().to_owned() }, change }
    };
    let label = match sums.as_slice() {
        [only] => format!("{label}, {}", only.currency),
        _ => label.to_owned(),
    };
    let none = Value { short: NONE.to_owned(), change: before.map(|_| level(NONE)), ..Value::default() };
    let values = if sums.is_empty() { vec![none] } else { sums.iter().map(value).collect() };
    Card { label, values, note }
}

fn attributed_gmv(figures: &Figures) -> String {
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

/// Rates differ by points: a percentage of a percentage says something else.
fn rate(now: &Figures, before: Option<&Figures>, note: &str) -> Card {
    let change = before.map(|before| match (now.conversion_rate, before.conversion_rate) {
        (Some(now), Some(before)) => {
            let points = format!("{:.2}", (now - before).abs() * 100.0);
            let (way, sign) = match now.total_cmp(&before) {
                _ if points == "0.00" => {
                    return Change { before: from(&format::rate(Some(before))), ..level("±0 pp") };
                }
                std::cmp::Ordering::Less => (Direction::Down, "▼ −"),
                _ => (Direction::Up, "▲ +"),
            };
            Change { way, text: format!("{sign}{points} pp"), before: from(&format::rate(Some(before))) }
        }
        (_, Some(before)) => Change { before: from(&format::rate(Some(before))), ..level(NONE) },
        (_, None) => level(NONE),
    });
    let value = Value { short: format::rate(now.conversion_rate), change, ..Value::default() };
    Card { label: "Conversion rate".to_owned(), values: vec![value], note: note.to_owned() }
}

/// With two digits more than the currency has: a click earns little.
fn per_click(earned: &[Money], clicks: i64, before: Option<(&[Money], i64)>) -> Card {
    let label = "Earnings per click";
    let alone = earned.len() == 1;
    let values = earned.iter().filter_map(|sum| {
        let short = format::per_each(sum, clicks)?;
        let change = before.map(|(earned, clicks_before)| {
            let before = earned.iter().find(|it| it.currency == sum.currency);
            let before = before.copied().unwrap_or(Money { minor: 0, ..*sum });
            match format::per_each(&before, clicks_before) {
                // Both over the same divisor.
                Some(text) => change(sum.minor * i128::from(clicks_before), before.minor * i128::from(clicks), text),
                None => level(NONE),
            }
        });
        let unit = if alone { String::new() } else { sum.currency.code().to_owned() };
        Some(Value { short, unit, change, exact: None })
    });
    let values: Vec<_> = values.collect();
    let label = match (earned, values.is_empty()) {
        ([only], false) => format!("{label}, {}", only.currency),
        _ => label.to_owned(),
    };
    let none = Value { short: NONE.to_owned(), change: before.map(|_| level(NONE)), ..Value::default() };
    let values = if values.is_empty() { vec![none] } else { values };
    Card { label, values, note: "commission ÷ clicks".to_owned() }
}

fn from(before: &str) -> String {
    format!("from {before}")
}

fn level(text: &str) -> Change {
    Change { way: Direction::Level, text: text.to_owned(), before: String::new() }
}

/// In percent, to one decimal; whole from a thousand on. From nothing there is no percentage.
fn change(now: i128, before: i128, written: String) -> Change {
    let before_words = from(&written);
    if now == before {
        return Change { before: before_words, ..level("±0%") };
    }
    let (way, arrow, sign) = if now > before { (Direction::Up, "▲", "+") } else { (Direction::Down, "▼", "−") };
    if before == 0 {
        return Change { way, text: format!("{arrow} new"), before: before_words };
    }
    let thousandths = ((now - before).abs() * 2_000 / before.abs() + 1) / 2;
    let percent = match thousandths {
        0 => "<0.1".to_owned(),
        large if large >= 10_000 => format!("{}", (large + 5) / 10),
        some => format!("{}.{}", some / 10, some % 10),
    };
    Change { way, text: format!("{arrow} {sign}{percent}%"), before: before_words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(now: i128, before: i128) -> String {
        change(now, before, before.to_string()).text
    }

    #[test]
    fn a_change_carries_an_arrow_and_a_sign_and_is_rounded_half_up() {
        for (now, before, said) in [
            (110, 100, "▲ +10.0%"),
            (90, 100, "▼ −10.0%"),
            (100, 100, "±0%"),
            (5, 0, "▲ new"),
            (0, 0, "±0%"),
            (0, 7, "▼ −100.0%"),
            (3_000, 100, "▲ +2900%"),
            (2_001, 2_000, "▲ +0.1%"),
            (100_001, 100_000, "▲ +<0.1%"),
            (2, 3, "▼ −33.3%"),
        ] {
            assert_eq!(text(now, before), said, "{now} after {before}");
        }
    }

    fn sums(all: &[(i128, &str)]) -> Vec<Money> {
        all.iter().map(|(minor, code)| Money { minor: *minor, currency: code.parse().unwrap() }).collect()
    }

    #[test]
    fn each_currency_is_compared_with_itself_also_where_it_is_gone() {
        let card = money("GMV", &sums(&[(1_000, "USD")]), Some(&sums(&[(500, "USD"), (900, "JPY")])), String::new());
        let said: Vec<_> = card.values.iter().map(|it| (it.unit.as_str(), it.short.as_str())).collect();
        assert_eq!(said, [("JPY", "0"), ("USD", "10.00")]);
        let changes: Vec<_> = card.values.iter().map(|it| it.change.clone().unwrap().text).collect();
        assert_eq!(changes, ["▼ −100.0%", "▲ +100.0%"]);
        let none = money("GMV", &[], Some(&[]), String::new());
        assert_eq!((none.label.as_str(), none.values[0].short.as_str()), ("GMV", "–"));
    }

    #[test]
    fn what_was_not_compared_says_nothing_and_what_cannot_be_says_a_dash() {
        let figures = |rate| Figures { conversion_rate: rate, ..Figures::default() };
        assert_eq!(rate(&figures(Some(0.5)), None, "").values[0].change, None);
        let change =
            |now, before| rate(&figures(now), Some(&figures(before)), "").values[0].change.clone().unwrap().text;
        assert_eq!(change(Some(0.05), None), "–");
        assert_eq!(change(Some(0.0512), Some(0.05)), "▲ +0.12 pp");
        assert_eq!(change(Some(0.05), Some(0.0512)), "▼ −0.12 pp");
        assert_eq!(change(Some(0.05), Some(0.05)), "±0 pp");
    }

    #[test]
    fn earnings_per_click_need_clicks() {
        let before = sums(&[(1_234, "USD")]);
        let card = per_click(&sums(&[(1_234, "USD")]), 1_000, Some((&before, 2_000)));
        assert_eq!(card.values[0].change.as_ref().unwrap().text, "▲ +100.0%");
        assert_eq!((card.label.as_str(), card.values[0].short.as_str()), ("Earnings per click, USD", "0.0123"));
        assert_eq!(per_click(&sums(&[(1_234, "USD")]), 0, None).values[0].short, "–");
        assert_eq!(per_click(&[], 5, None).values[0].short, "–");
    }
}
