//! Figures as people read them: exact below a million, compact above, "–" where there is none.

use model::Money;

/// Stands where there is no figure; a zero would be a claim.
pub const NONE: &str = "–";

const COMPACT_FROM: u128 = 1_000_000;

/// A figure in its short form and, where that form leaves digits out, in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub short: String,
    pub exact: Option<String>,
}

pub fn count(number: i64) -> Shown {
    let size = u128::from(number.unsigned_abs());
    let (sign, exact) = (minus(number < 0), grouped(size));
    match compact(size) {
        Some(short) => Shown { short: format!("{sign}{short}"), exact: Some(format!("{sign}{exact}")) },
        None => Shown { short: format!("{sign}{exact}"), exact: None },
    }
}

/// The amount alone; its currency is shown beside it.
pub fn amount(money: &Money) -> Shown {
    let exact = exact_amount(money);
    let whole = money.minor.unsigned_abs() / 10_u128.pow(money.currency.digits());
    match compact(whole) {
        Some(short) => Shown { short: format!("{}{short}", minus(money.minor < 0)), exact: Some(exact) },
        None => Shown { short: exact, exact: None },
    }
}

#[cfg(feature = "ssr")]
pub fn exact_count(number: i64) -> String {
    format!("{}{}", minus(number < 0), grouped(u128::from(number.unsigned_abs())))
}

pub fn exact_amount(money: &Money) -> String {
    let unit = 10_u128.pow(money.currency.digits());
    let minor = money.minor.unsigned_abs();
    let whole = grouped(minor / unit);
    let sign = minus(money.minor < 0);
    match money.currency.digits() as usize {
        0 => format!("{sign}{whole}"),
        digits => format!("{sign}{whole}.{:0>digits$}", minor % unit),
    }
}

/// An amount shared among so many, with two digits more than its currency has; None among none. Half is rounded up.
#[cfg(feature = "ssr")]
pub fn per_each(sum: &Money, count: i64) -> Option<String> {
    let count = i128::from(count);
    if count <= 0 {
        return None;
    }
    let digits = sum.currency.digits() as usize + 2;
    let unit = 10_i128.pow(sum.currency.digits() + 2);
    let share = (sum.minor.abs() * 200 / count + 1) / 2;
    let whole = grouped((share / unit).unsigned_abs());
    Some(format!("{}{whole}.{:0>digits$}", minus(sum.minor < 0), share % unit))
}

/// Every currency of a sum, exactly: `1,234.50 USD, 900 JPY`.
#[cfg(feature = "ssr")]
pub fn amounts(sums: &[Money]) -> String {
    if sums.is_empty() {
        return NONE.to_owned();
    }
    let each: Vec<_> = sums.iter().map(|sum| format!("{} {}", exact_amount(sum), sum.currency)).collect();
    each.join(", ")
}

/// A fraction as a percentage of two decimals.
#[cfg(feature = "ssr")]
pub fn rate(fraction: Option<f64>) -> String {
    fraction.map_or_else(|| NONE.to_owned(), |fraction| format!("{:.2}%", fraction * 100.0))
}

/// Thousandths as a percentage of one decimal.
pub fn per_mille(share: u32) -> String {
    format!("{}.{}%", share / 10, share % 10)
}

/// One part of a whole, for small print: "3.1 per 100 clicks".
#[cfg(feature = "ssr")]
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub fn per_hundred(part: i64, whole: i64) -> Option<String> {
    (whole > 0).then(|| format!("{:.1}", part as f64 * 100.0 / whole as f64))
}

fn minus(negative: bool) -> &'static str {
    // U+2212: as wide as a plus, and no line breaks after it.
    if negative { "−" } else { "" }
}

fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits and a letter, from a million up.
fn compact(number: u128) -> Option<String> {
    if number < COMPACT_FROM {
        return None;
    }
    let mut unit = COMPACT_FROM;
    for letter in ["M", "B", "T"] {
        for decimals in [2_u32, 1, 0] {
            let step = unit / 10_u128.pow(decimals);
            let steps = number / step + u128::from(number % step >= step.div_ceil(2));
            if steps < 1_000 {
                let scale = 10_u128.pow(decimals);
                let fraction = steps % scale;
                let digits = decimals as usize;
                let point = if digits > 0 { format!(".{fraction:0>digits$}") } else { String::new() };
                return Some(format!("{}{point}{letter}", steps / scale));
            }
        }
        unit *= 1_000;
    }
    Some(format!("{}T", grouped(number / 1_000_000_000_000)))
}

#[cfg(feature = "ssr")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_below_a_million_and_compact_above() {
        for (number, short, exact) in [
            (0, "0", None),
            (7, "7", None),
            (1_234, "1,234", None),
            (999_999, "999,999", None),
            (-1_234, "−1,234", None),
            (1_000_000, "1.00M", Some("1,000,000")),
            (1_234_567, "1.23M", Some("1,234,567")),
            (9_996_000, "10.0M", Some("9,996,000")),
            (12_345_678, "12.3M", Some("12,345,678")),
            (999_999_999, "1.00B", Some("999,999,999")),
            (4_200_000_000_000, "4.20T", Some("4,200,000,000,000")),
        ] {
            let shown = count(number);
            assert_eq!((shown.short.as_str(), shown.exact.as_deref()), (short, exact), "{number}");
        }
    }

    #[test]
    fn amounts_keep_the_digits_of_their_currency() {
        for (minor, currency, short, exact) in [
            (5, "USD", "0.05", None),
            (123_456, "USD", "1,234.56", None),
            (1234, "JPY", "1,234", None),
            (-1_500, "KWD", "−1.500", None),
            (123_456_789, "USD", "1.23M", Some("1,234,567.89")),
        ] {
            let shown = amount(&Money { minor, currency: currency.parse().unwrap() });
            assert_eq!((shown.short.as_str(), shown.exact.as_deref()), (short, exact), "{minor} {currency}");
        }
    }

    #[test]
    fn what_is_not_there_is_a_dash_and_never_a_zero() {
        assert_eq!(rate(None), "–");
        assert_eq!(rate(Some(0.0342)), "3.42%");
        assert_eq!(amounts(&[]), "–");
        assert_eq!(per_hundred(3, 0), None);
        assert_eq!(per_hundred(3, 96).as_deref(), Some("3.1"));
    }
}
