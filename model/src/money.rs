//! Money: whole minor units of one currency. No binary fraction touches it.

use std::{fmt, str::FromStr};

use bigdecimal::{BigDecimal, RoundingMode, Signed, ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::text::RuleError;

/// An ISO 4217 currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    pub const USD: Currency = Currency(iso_currency::Currency::USD);

    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimals of an amount: 2 for USD, 0 for JPY, 3 for KWD. Currencies without minor units have 0.
    pub fn digits(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = RuleError;

    fn from_str(code: &str) -> Result<Self, RuleError> {
        iso_currency::Currency::from_code(&code.to_ascii_uppercase())
            .map(Self)
            .ok_or(RuleError("must be an ISO 4217 currency code, such as USD"))
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// An exact amount. In JSON `{"amount":"12.34","currency":"USD"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// In the currency's smallest unit: cents for USD, yen for JPY. Wide enough for any sum of amounts.
    pub minor: i128,
    pub currency: Currency,
}

impl Money {
    /// The amount with exactly the currency's digits.
    pub fn amount(&self) -> String {
        let digits = self.currency.digits() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let units = self.minor.unsigned_abs().to_string();
        if digits == 0 {
            return format!("{sign}{units}");
        }
        let units = format!("{units:0>width$}", width = digits + 1);
        let (whole, fraction) = units.split_at(units.len() - digits);
        format!("{sign}{whole}.{fraction}")
    }

    /// Reads a decimal as a shop sends it: at least 0, below 10^12, rounded half-even to the currency's digits.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, RuleError> {
        let decimal = parse_decimal(text)?;
        let rounded = decimal.with_scale_round(i64::from(currency.digits()), RoundingMode::HalfEven);
        let minor = (rounded * BigDecimal::from(10_i64.pow(currency.digits())))
            .to_i128()
            .ok_or(RuleError("must be below 1000000000000"))?;
        Ok(Self { minor, currency })
    }
}

/// A decimal of at most two places, as whole hundredths. Browsers read it too, so it does without big numbers.
pub fn hundredths(text: &str) -> Result<i64, RuleError> {
    let error = RuleError("must have at most two decimals");
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let exponent: i32 = exponent.parse().map_err(|_| error)?;
    if !plain(whole) || !plain(fraction) || exponent.unsigned_abs() > 64 {
        return Err(error);
    }
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    let dropped = digits.len() - digits.trim_end_matches('0').len();
    let (Ok(fraction), Ok(dropped)) = (i32::try_from(fraction.len()), i32::try_from(dropped)) else {
        return Err(error);
    };
    match u32::try_from(exponent - fraction + dropped + 2) {
        _ if significant.is_empty() => Ok(0),
        // 10^12 is more than any caller takes.
        Ok(zeros) if significant.len() + zeros as usize <= 14 => {
            significant.parse::<i64>().map(|value| value * 10_i64.pow(zeros)).map_err(|_| error)
        }
        _ => Err(error),
    }
}

/// A plain or scientific decimal of at most 64 characters, 0 ≤ x < 10^12.
fn parse_decimal(text: &str) -> Result<BigDecimal, RuleError> {
    let error = RuleError("must be a number or a decimal string, such as 49.90");
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let digits = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if text.len() > 64 || !plain(whole) || !plain(fraction) {
        return Err(error);
    }
    // A huge exponent would be expanded into as many digits: refuse it before it is.
    if let Some(exponent) = exponent
        && exponent.parse::<i32>().map_err(|_| error)?.unsigned_abs() > 64
    {
        return Err(RuleError("must be at least 0 and below 1000000000000"));
    }
    let decimal: BigDecimal = text.parse().map_err(|_| error)?;
    if decimal.is_negative() {
        return Err(RuleError("must not be negative"));
    }
    if decimal >= 1_000_000_000_000_i64 {
        return Err(RuleError("must be below 1000000000000"));
    }
    Ok(decimal)
}

#[derive(Serialize, Deserialize)]
struct Written {
    amount: String,
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { amount: self.amount(), currency: self.currency }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let digits: String = written.amount.chars().filter(|c| *c != '.').collect();
        let minor = digits.parse().map_err(de::Error::custom)?;
        Ok(Self { minor, currency: written.currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, currency: &str) -> Result<String, RuleError> {
        Money::parse(text, currency.parse().unwrap()).map(|money| money.amount())
    }

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        for (text, currency, amount) in [
            ("49.9", "USD", "49.90"),
            ("0", "USD", "0.00"),
            ("1234", "JPY", "1234"),
            ("1.5", "KWD", "1.500"),
            ("999999999999.99", "USD", "999999999999.99"),
            ("1e2", "USD", "100.00"),
            ("0.1e-1", "USD", "0.01"),
        ] {
            assert_eq!(parsed(text, currency).as_deref(), Ok(amount), "{text} {currency}");
        }
    }

    #[test]
    fn surplus_decimals_round_half_to_even_however_many_there_are() {
        for (text, currency, amount) in [
            ("0.125", "USD", "0.12"),
            ("0.135", "USD", "0.14"),
            ("0.12500000000000000000000000000000000001", "USD", "0.13"),
            ("2.5", "JPY", "2"),
            ("3.5", "JPY", "4"),
        ] {
            assert_eq!(parsed(text, currency).as_deref(), Ok(amount), "{text} {currency}");
        }
    }

    #[test]
    fn hundredths_are_exact_or_refused() {
        for (text, expected) in [
            ("0", Some(0)),
            ("0.00", Some(0)),
            ("12.5", Some(1250)),
            ("12.50000", Some(1250)),
            ("100", Some(10_000)),
            ("1e2", Some(10_000)),
            ("1.25E1", Some(1250)),
            ("1250e-2", Some(1250)),
            ("0.01", Some(1)),
            ("0.015", None),
            ("1e-3", None),
            ("-1", None),
            ("", None),
            (".5", None),
            ("1.", None),
            ("+1", None),
            ("NaN", None),
            ("1e99", None),
            ("1e-2147483648", None),
            ("999999999999999999999", None),
        ] {
            assert_eq!(hundredths(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            "-1",
            "-0.01",
            "1e12",
            "1000000000000",
            "1e999999999",
            "1e-2147483648",
            "NaN",
            "Infinity",
            "0x10",
            "1,5",
            "1_000",
            "+1",
            ".5",
            "1.",
            " 1",
        ] {
            assert!(parsed(text, "USD").is_err(), "{text}");
        }
    }

    #[test]
    fn money_survives_json() {
        for (minor, currency) in [(1234, "USD"), (5, "USD"), (1234, "JPY"), (-1, "KWD")] {
            let money = Money { minor, currency: currency.parse().unwrap() };
            let json = serde_json::to_string(&money).unwrap();
            assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money, "{json}");
        }
    }
}

#[cfg(test)]
#[path = "money_properties.rs"]
mod properties;
