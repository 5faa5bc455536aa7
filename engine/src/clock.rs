//! The time, as an argument: real in the server, set by hand in tests.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use model::Timestamp;
use rand::Rng;
use uuid::Uuid;

#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// Stands still until the number is changed.
    Set(Arc<AtomicI64>),
}

impl Clock {
    pub fn at(moment: Timestamp) -> Self {
        Self::Set(Arc::new(AtomicI64::new(moment.0)))
    }

    pub fn now(&self) -> Timestamp {
        self.moment().at
    }

    pub fn moment(&self) -> Moment {
        match self {
            Self::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let nanoseconds = since.subsec_nanos() % 1_000_000;
                Moment {
                    at: Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
                    // Less than a million becomes less than 4,096.
                    fraction: ((nanoseconds << FRACTION_BITS) / 1_000_000) as u16,
                }
            }
            Self::Set(moment) => Moment { at: Timestamp(moment.load(Ordering::Relaxed)), fraction: 0 },
        }
    }
}

/// How finely a millisecond is divided: into 4,096 parts, of 244 ns each.
pub const FRACTION_BITS: u32 = 12;

/// A time, finer than it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub at: Timestamp,
    /// In 4,096ths of a millisecond.
    pub fraction: u16,
}

/// A UUIDv7: it sorts by the moment it was made.
pub fn new_id(now: Timestamp, random: &mut impl Rng) -> Uuid {
    let mut bytes = [0; 10];
    random.fill_bytes(&mut bytes);
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.0).unwrap_or_default(), &bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_seven_and_sort_by_time() {
        let mut random = rand::rng();
        let early = new_id(Timestamp(1_000), &mut random);
        let late = new_id(Timestamp(2_000), &mut random);
        assert_eq!(early.get_version_num(), 7);
        assert!(early < late);
    }
}
