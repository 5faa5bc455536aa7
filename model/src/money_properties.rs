//! Money against an oracle that knows nothing but digits.

use proptest::{prelude::*, sample::select};

use super::*;
use crate::{
    Fields, Timestamp,
    event::{Arrival, NewEvent},
};

/// Of 0, 2, 3 and 4 digits, and one without minor units.
fn currency() -> impl Strategy<Value = Currency> {
    select(vec!["JPY", "USD", "EUR", "KWD", "CLF", "XAU"]).prop_map(|code| code.parse().unwrap())
}

/// A plain decimal below 10^12.
fn decimal() -> impl Strategy<Value = (String, String)> {
    let halves = "[0-9]{0,4}[05]0{0,12}[01]?";
    ("0{0,3}[0-9]{1,12}", prop_oneof!["[0-9]{0,30}", halves]).prop_map(|(whole, fraction)| (whole, fraction))
}

fn written(whole: &str, fraction: &str) -> String {
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// Half-even by digits: what is kept, one more where the rest says so.
fn rounded(whole: &str, fraction: &str, digits: usize) -> i128 {
    let padded = format!("{fraction:0<digits$}");
    let (kept, rest) = padded.split_at(digits);
    let kept: i128 = format!("{whole}{kept}").parse().unwrap();
    let half = format!("{:0<width$}", "5", width = rest.len().max(1));
    let up = match format!("{rest:0<1}").cmp(&half) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => kept % 2 == 1,
        std::cmp::Ordering::Greater => true,
    };
    kept + i128::from(up)
}

/// The same decimal with its point moved, as `…e<exponent>` says.
fn moved(whole: &str, fraction: &str, exponent: i32) -> (String, String) {
    let zeros = "0".repeat(exponent.unsigned_abs() as usize);
    let digits = match exponent {
        0.. => format!("{whole}{fraction}{zeros}"),
        _ => format!("{zeros}{whole}{fraction}"),
    };
    let point = if exponent >= 0 { whole.len() + exponent.unsigned_abs() as usize } else { whole.len() };
    let (whole, fraction) = digits.split_at(point);
    (whole.to_owned(), fraction.to_owned())
}

/// What an event makes of a value as it stands in the body.
fn of_event(value: &str, currency: Currency) -> Option<Money> {
    let body = format!(r#"{{"action":"purchase","value":{value},"currency":"{currency}"}}"#);
    let mut fields = Fields::parse(body.as_bytes()).ok()?;
    let arrival = Arrival { now: Timestamp(1_800_000_000_000), action: None, idempotency_key: None };
    let event = NewEvent::read(&mut fields, arrival);
    fields.finish(event).ok()?.value
}

proptest! {
    #[test]
    fn an_amount_is_read_as_it_was_written(currency in currency(), minor in 0..1_000_000_000_000_i128) {
        for minor in [minor, minor * 10_i128.pow(currency.digits()), 10_i128.pow(12 + currency.digits()) - 1 - minor] {
            let money = Money { minor, currency };
            prop_assert_eq!(Money::parse(&money.amount(), currency), Ok(money));
        }
    }

    #[test]
    fn an_amount_has_exactly_the_digits_of_its_currency(currency in currency(), (whole, fraction) in decimal()) {
        let amount = Money::parse(&written(&whole, &fraction), currency).unwrap().amount();
        let decimals = amount.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        prop_assert_eq!(decimals, currency.digits() as usize);
    }

    #[test]
    fn surplus_decimals_round_half_to_even(currency in currency(), (whole, fraction) in decimal()) {
        let text = written(&whole, &fraction);
        let minor = rounded(&whole, &fraction, currency.digits() as usize);
        prop_assert_eq!(Money::parse(&text, currency), Ok(Money { minor, currency }), "{}", text);
    }

    #[test]
    fn an_exponent_moves_the_point_and_rounds_once(
        currency in currency(), whole in "[0-9]{1,8}", fraction in "[0-9]{0,20}", exponent in -12..=4_i32
    ) {
        let text = format!("{}e{exponent}", written(&whole, &fraction));
        let (whole, fraction) = moved(&whole, &fraction, exponent);
        let minor = rounded(&whole, &fraction, currency.digits() as usize);
        prop_assert_eq!(Money::parse(&text, currency), Ok(Money { minor, currency }), "{}", text);
    }

    #[test]
    fn a_number_and_a_string_are_one_amount_and_no_binary_fraction_comes_between(
        currency in currency(), whole in "(0|[1-9][0-9]{0,11})", fraction in "[0-9]{0,30}"
    ) {
        let text = written(&whole, &fraction);
        let minor = rounded(&whole, &fraction, currency.digits() as usize);
        let expected = Some(Money { minor, currency });
        prop_assert_eq!(of_event(&text, currency), expected, "{}", text);
        prop_assert_eq!(of_event(&format!("\"{text}\""), currency), expected, "{}", text);
    }

    #[test]
    fn nothing_from_a_million_million_on_is_an_amount(
        currency in currency(), surplus in 0..u64::MAX, fraction in "[0-9]{0,10}"
    ) {
        let whole = (1_000_000_000_000 + u128::from(surplus)).to_string();
        prop_assert!(Money::parse(&written(&whole, &fraction), currency).is_err());
        prop_assert!(of_event(&whole, currency).is_none());
    }

    #[test]
    fn nothing_below_zero_is_an_amount(currency in currency(), whole in "[1-9][0-9]{0,11}", fraction in "[0-9]{0,10}") {
        let text = format!("-{}", written(&whole, &fraction));
        prop_assert!(Money::parse(&text, currency).is_err());
    }

    #[test]
    fn whatever_is_sent_is_an_amount_within_bounds_or_refused(
        currency in currency(), text in prop_oneof![".{0,80}", "[-+]?[0-9.]{0,40}([eE][-+]?[0-9]{0,12})?"]
    ) {
        if let Ok(money) = Money::parse(&text, currency) {
            // What is sent is below 10^12; its last decimals may round up to that.
            prop_assert!((0..=10_i128.pow(12 + currency.digits())).contains(&money.minor), "{}", text);
        }
        let _ = hundredths(&text);
    }

    #[test]
    fn any_sum_survives_json(currency in currency(), minor in any::<i128>()) {
        let money = Money { minor, currency };
        let json = serde_json::to_string(&money).unwrap();
        prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
    }
}
