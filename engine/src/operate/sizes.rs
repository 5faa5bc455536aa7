//! Bytes and times as people read them.

use model::time::{DAY, HOUR, MINUTE, SECOND};

/// Such as `1.5 GiB`.
pub fn bytes(bytes: u64) -> String {
    let (name, unit) = match bytes {
        0..0x400 => return format!("{bytes} bytes"),
        0x400..0x10_0000 => ("KiB", 1_u32 << 10),
        0x10_0000..0x4000_0000 => ("MiB", 1 << 20),
        _ => ("GiB", 1 << 30),
    };
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let amount = bytes as f64 / f64::from(unit);
    format!("{amount:.1} {name}")
}

/// Such as `4 min`.
pub fn time(millis: i64) -> String {
    match millis {
        ..SECOND => format!("{millis} ms"),
        SECOND..MINUTE => format!("{} s", millis / SECOND),
        MINUTE..HOUR => format!("{} min", millis / MINUTE),
        HOUR..DAY => format!("{} h", millis / HOUR),
        _ => format!("{} days", millis / DAY),
    }
}

/// For how long something has waited, where it has.
pub fn since(millis: i64) -> String {
    if millis < SECOND { String::new() } else { format!(", the oldest for {}", time(millis)) }
}
