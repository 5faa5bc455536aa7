//! Ids of clicks: UUIDv7 that ascend in the order the clicks came, also within a millisecond.
//!
//! RFC 9562, section 6.2: the twelve bits behind the milliseconds are their fraction (method 3), and a click that
//! comes at the same moment, or after the clock was set back a little, takes the next number. 62 random bits stay.

use std::sync::atomic::{AtomicU64, Ordering};

use rand::Rng;
use uuid::Uuid;

use crate::clock::{FRACTION_BITS, Moment};

/// Milliseconds. A clock that is set back by no more than this leaves the order as it is; by more, it is believed.
const MOST_STEP_BACK: u64 = 2_000;

/// Shared by all that answer: one number, raised without a lock.
#[derive(Debug, Default)]
pub struct ClickIds {
    /// Of the last click: milliseconds and fraction.
    last: AtomicU64,
}

impl ClickIds {
    pub fn next(&self, moment: Moment, random: &mut impl Rng) -> Uuid {
        let wanted = (u64::try_from(moment.at.0).unwrap_or_default() << FRACTION_BITS) | u64::from(moment.fraction);
        let following = |last: u64| {
            if last.saturating_sub(wanted) > MOST_STEP_BACK << FRACTION_BITS { wanted } else { wanted.max(last + 1) }
        };
        let raised = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(following(last)));
        let (Ok(last) | Err(last)) = raised;
        let number = following(last);
        let mut bytes = [0; 10];
        random.fill_bytes(&mut bytes[2..]);
        #[expect(clippy::cast_possible_truncation, reason = "the builder takes its twelve lower bits")]
        bytes[..2].copy_from_slice(&(number as u16).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(number >> FRACTION_BITS, &bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, thread};

    use model::Timestamp;

    use super::*;
    use crate::clock::Clock;

    fn at(milliseconds: i64, fraction: u16) -> Moment {
        Moment { at: Timestamp(milliseconds), fraction }
    }

    fn ids_at(moments: impl IntoIterator<Item = Moment>) -> Vec<Uuid> {
        let ids = ClickIds::default();
        moments.into_iter().map(|moment| ids.next(moment, &mut rand::rng())).collect()
    }

    fn milliseconds(id: &Uuid) -> i64 {
        (id.as_u128() >> 80) as i64
    }

    #[test]
    fn clicks_of_one_moment_ascend_in_the_order_they_came() {
        let ids = ids_at((0..10_000).map(|_| at(1_800_000_000_000, 7)));
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122));
        assert_eq!(milliseconds(&ids[0]), 1_800_000_000_000);
        assert_eq!(milliseconds(&ids[4_000]), 1_800_000_000_000, "some 4,000 fit in a millisecond");
    }

    #[test]
    fn an_id_tells_the_moment_of_its_click() {
        let ids = ids_at([at(1_000, 4_095), at(1_001, 0), at(1_001, 2_048), at(2_000, 1)]);
        assert!(ids.is_sorted());
        assert_eq!(ids.iter().map(milliseconds).collect::<Vec<_>>(), [1_000, 1_001, 1_001, 2_000]);
    }

    #[test]
    fn a_clock_that_is_set_back_a_little_changes_no_order_and_one_set_back_far_is_believed() {
        let ids = ids_at([at(50_000, 0), at(48_500, 0), at(50_001, 0), at(40_000, 0), at(40_000, 0)]);
        assert!(ids[..3].is_sorted());
        assert!(ids[3] < ids[0]);
        assert_eq!(milliseconds(&ids[3]), 40_000);
        assert!(ids[3] < ids[4]);
    }

    #[test]
    fn sixty_two_bits_are_random() {
        let ids = ids_at((0..1_000).map(|_| at(1_000, 0)));
        let tail = |id: &Uuid| id.as_u128() as u64 & (u64::MAX >> 2);
        let (mut ones, mut zeros) = (0, 0);
        for id in &ids {
            ones |= tail(id);
            zeros |= !tail(id) & (u64::MAX >> 2);
        }
        assert_eq!((ones.count_ones(), zeros.count_ones()), (62, 62));
    }

    #[test]
    fn threads_share_one_order_and_no_id() {
        let ids = ClickIds::default();
        let one = || {
            let made = (0..20_000).map(|_| ids.next(Clock::System.moment(), &mut rand::rng()));
            let made: Vec<Uuid> = made.collect();
            assert!(made.is_sorted());
            made
        };
        let all = thread::scope(|scope| {
            let threads = [scope.spawn(one), scope.spawn(one), scope.spawn(one)];
            threads.map(|thread| thread.join().unwrap()).concat()
        });
        let places: HashSet<u128> = all.iter().map(|id| id.as_u128() >> 64).collect();
        assert_eq!(places.len(), all.len(), "no two clicks share a place in the order");
    }
}
