//! Lines of the log that clients can cause at will: so many of each kind are said at once, and the rest are counted.
//! Whoever floods a server must not fill its disk as well, nor bury what others did.

use std::{
    collections::BTreeMap,
    mem,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Lines of one kind in a minute.
const AT_ONCE: u32 = 10;
const MINUTE: Duration = Duration::from_secs(60);

/// Lines of one kind. `K`: what is counted apart, such as the account that caused them, of which there must not be more
/// than memory has room for.
pub struct Seldom<K = ()>(Mutex<BTreeMap<K, Minute>>);

struct Minute {
    began: Instant,
    said: u32,
    left_out: u64,
}

impl<K: Ord> Seldom<K> {
    #[expect(clippy::new_without_default, reason = "it is made in statics")]
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Has a line said where it is due. `line` is given how many like it were left out since the last one, if any were.
    pub fn say(&self, of: K, line: impl FnOnce(Option<u64>)) {
        if let Some(left_out) = self.due(of, Instant::now()) {
            line((left_out > 0).then_some(left_out));
        }
    }

    /// How many lines were left out before this one; None where this one is.
    fn due(&self, of: K, now: Instant) -> Option<u64> {
        let mut minutes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = minutes.entry(of).or_insert(Minute { began: now, said: 0, left_out: 0 });
        if now.duration_since(minute.began) >= MINUTE {
            (minute.began, minute.said) = (now, 0);
        }
        if minute.said >= AT_ONCE {
            minute.left_out += 1;
            return None;
        }
        minute.said += 1;
        Some(mem::take(&mut minute.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_said_at_once_and_the_rest_are_counted_until_the_next_minute() {
        let (seldom, start) = (Seldom::new(), Instant::now());
        let due = |of: &'static str, seconds: u64| seldom.due(of, start + Duration::from_secs(seconds));
        assert!((0..10).all(|second| due("anna", second) == Some(0)));
        assert!((0..1_000).all(|n| due("anna", 10 + n % 50).is_none()));
        assert_eq!(due("bert", 30), Some(0), "whom another's flood does not hide");
        assert_eq!(due("anna", 60), Some(1_000), "a minute after the first");
        assert_eq!(due("anna", 60), Some(0));
        assert!((0..8).all(|_| due("anna", 61) == Some(0)) && due("anna", 119).is_none());
        assert_eq!(due("anna", 3_600), Some(1), "whenever the next one comes");
    }
}
