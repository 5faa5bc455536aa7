//! Amounts of bytes as people write them: `500MB`, `20 GiB`, `4096`.

const UNITS: [(&str, u64); 9] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("b", 1),
];

pub fn parse(text: &str) -> Result<u64, String> {
    let lower = text.trim().to_ascii_lowercase();
    let unit = UNITS.iter().find_map(|(name, bytes)| Some((lower.strip_suffix(name)?, *bytes)));
    let (number, unit) = unit.unwrap_or((&lower, 1));
    let number: Option<u64> = number.trim_end().parse().ok();
    number
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "must be a whole number of bytes, KiB, MiB, GiB, TiB, kB, MB, GB or TB, such as 20GiB".into())
}

/// For people: `1.5 GiB`.
pub fn show(bytes: u64) -> String {
    let (name, unit) = match bytes {
        0..0x400 => return format!("{bytes} bytes"),
        0x400..0x10_0000 => ("KiB", 1 << 10),
        0x10_0000..0x4000_0000 => ("MiB", 1 << 20),
        _ => ("GiB", 1 << 30),
    };
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let amount = bytes as f64 / f64::from(unit);
    format!("{amount:.1} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_in_powers_of_ten_and_of_two() {
        for (text, bytes) in [
            ("4096", 4096),
            ("1b", 1),
            ("500MB", 500_000_000),
            ("2 kB", 2_000),
            ("20GiB", 20 << 30),
            (" 1tib ", 1 << 40),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "GiB", "-1", "1.5GiB", "10 G", "99999999999TiB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_are_shown_by_the_largest_unit_that_fits() {
        assert_eq!([show(7), show(1536), show(3 << 20), show(20 << 30)], ["7 bytes", "1.5 KiB", "3.0 MiB", "20.0 GiB"]);
    }
}
