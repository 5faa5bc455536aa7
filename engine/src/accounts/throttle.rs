//! How often a secret may be guessed: failed logins of the last 15 minutes, by account and address together and by
//! address alone. Only failures count, so that whoever knows the password is never held up by having used it.
//!
//! Limiters that leak, such as the one requests are counted by, cannot serve here. They are paid before it is known
//! whether a try fails, cannot be paid back, and let a whole burst through beside what has leaked in one window.
//!
//! Of each failure its moment and a keyed hash are kept, no address and no e-mail. There is room for so many of them,
//! whatever the number of addresses: then the oldest are forgotten first. Whoever has that many addresses to guess from
//! has no need of it.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use model::{Timestamp, time::MINUTE};

use crate::{
    error::{Error, Result},
    network::network,
};

const WINDOW: i64 = 15 * MINUTE;
/// A login is two of them. Two hashes at a time make some 60,000 logins in the window.
const MOST_KEPT: usize = 131_072;

/// How many failures there may be in 15 minutes; 0: any number.
#[derive(Clone, Copy, Debug)]
pub struct LoginLimits {
    /// Of one account, from one address.
    pub per_account: u32,
    /// From one address, whatever the account.
    pub per_address: u32,
}

impl Default for LoginLimits {
    fn default() -> Self {
        Self { per_account: 10, per_address: 25 }
    }
}

pub struct Throttle {
    limits: LoginLimits,
    hasher: RandomState,
    tries: Mutex<Tries>,
    closed: [AtomicU64; 2],
}

/// How many tries were not let through since the process began.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    pub of_account: u64,
    pub of_address: u64,
}

#[derive(Default)]
struct Tries {
    /// Every failure that is kept, oldest first.
    failures: VecDeque<(Timestamp, u64)>,
    /// When each key failed, oldest first.
    by_key: HashMap<u64, VecDeque<Timestamp>>,
    /// Whose end is not known yet: at once a guess must not be worth more than one after the other.
    under_way: HashMap<u64, u32>,
}

/// A try whose end is not known yet. Dropped, it has failed: whoever hangs up has guessed all the same.
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    at: Timestamp,
    /// What it counts for, and how often that may fail.
    counted: Counted,
}

type Counted = [Option<(u64, usize)>; 2];

impl Throttle {
    pub fn new(limits: LoginLimits) -> Self {
        Self { limits, hasher: RandomState::new(), tries: Mutex::default(), closed: Default::default() }
    }

    pub fn closed(&self) -> Closed {
        let [of_account, of_address] = [0, 1].map(|which| self.closed[which].load(Ordering::Relaxed));
        Closed { of_account, of_address }
    }

    /// Whether a try would be let through.
    pub fn check(&self, now: Timestamp, from: IpAddr, account: Option<&str>) -> Result<()> {
        let counted = self.counted(from, account);
        self.let_through(&mut self.tries(), now, &counted)
    }

    fn let_through(&self, tries: &mut Tries, now: Timestamp, counted: &Counted) -> Result<()> {
        let Some((which, wait)) = tries.closed(now, counted) else { return Ok(()) };
        self.closed[which].fetch_add(1, Ordering::Relaxed);
        Err(Error::TooManyFailures { wait })
    }

    /// Lets a try through, or says when to come again. `account`: what somebody says their name is; none of
    /// whoever comes by a set-password link, which are counted apart.
    pub fn begin(&self, now: Timestamp, from: IpAddr, account: Option<&str>) -> Result<Attempt<'_>> {
        let counted = self.counted(from, account);
        let mut tries = self.tries();
        self.let_through(&mut tries, now, &counted)?;
        for (key, _) in counted.iter().flatten() {
            *tries.under_way.entry(*key).or_default() += 1;
        }
        Ok(Attempt { throttle: self, at: now, counted })
    }

    fn counted(&self, from: IpAddr, account: Option<&str>) -> Counted {
        let network = network(from);
        if account.is_none() {
            // Any page can have its visitors' browsers ask for links: that must close nobody's login.
            let links = (self.hasher.hash_one((network, "links")), at_most(self.limits.per_address));
            return [None, (self.limits.per_address > 0).then_some(links)];
        }
        let key = |account: Option<&str>, most: u32| {
            (most > 0).then(|| (self.hasher.hash_one((network, account)), at_most(most)))
        };
        let account = account.map(name);
        let of_account = account.and_then(|account| key(Some(&account), self.limits.per_account));
        [of_account, key(None, self.limits.per_address)]
    }

    fn tries(&self) -> MutexGuard<'_, Tries> {
        // Whatever a fault has left: counts alone.
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn at_most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// An account's name, however it is written.
pub(super) fn name(said: &str) -> String {
    said.trim().to_lowercase()
}

impl Tries {
    /// Which limit is reached, and for how many seconds; of both the one that stays so longer.
    fn closed(&mut self, now: Timestamp, counted: &Counted) -> Option<(usize, u32)> {
        self.forget(now);
        let wait = |(which, counted): (usize, &Option<(u64, usize)>)| {
            let (key, most) = (*counted)?;
            Some((which, self.wait(now, key, most)?))
        };
        counted.iter().enumerate().filter_map(wait).max_by_key(|(_, wait)| *wait)
    }

    /// In how many seconds a key may try again, where it may not now.
    fn wait(&self, now: Timestamp, key: u64, most: usize) -> Option<u32> {
        let failed = self.by_key.get(&key);
        let count = failed.map_or(0, VecDeque::len);
        let under_way = self.under_way.get(&key).map_or(0, |count| usize::try_from(*count).unwrap_or(usize::MAX));
        if count + under_way < most {
            return None;
        }
        // Those under way are known in a moment.
        let until = failed.zip(count.checked_sub(most)).and_then(|(failed, at)| failed.get(at));
        let wait = until.map_or(0, |at| (at.0 + WINDOW - now.0).max(0));
        Some(u32::try_from(wait.unsigned_abs().div_ceil(1000)).unwrap_or(u32::MAX).max(1))
    }

    /// How often the key has failed by now.
    fn failed(&mut self, key: u64, at: Timestamp) -> usize {
        // In order, whoever ended first: then the front is always the oldest.
        let at = self.failures.back().map_or(at, |(last, _)| at.max(*last));
        self.failures.push_back((at, key));
        let of_key = self.by_key.entry(key).or_default();
        of_key.push_back(at);
        let count = of_key.len();
        if self.failures.len() > MOST_KEPT {
            self.forget_oldest();
        }
        count
    }

    /// A clock that was set back must not lock anybody out until it has caught up.
    fn forget(&mut self, now: Timestamp) {
        while self.failures.front().is_some_and(|(at, _)| (now.0 - at.0).abs() >= WINDOW) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((_, key)) = self.failures.pop_front() else { return };
        if let Some(failed) = self.by_key.get_mut(&key) {
            failed.pop_front();
            if failed.is_empty() {
                self.by_key.remove(&key);
            }
        }
    }
}

impl Attempt<'_> {
    /// It was no failed guess: the secret was right, or what went wrong is our own fault.
    pub fn forgive(mut self) {
        self.end(false);
    }

    fn end(&mut self, failed: bool) {
        let counted = std::mem::take(&mut self.counted);
        let mut tries = self.throttle.tries();
        for (key, most) in counted.into_iter().flatten() {
            if let Some(count) = tries.under_way.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    tries.under_way.remove(&key);
                }
            }
            if failed && tries.failed(key, self.at) == most {
                // Once, not with each try that comes then.
                tracing::warn!("too many tries have failed: an address is closed out for a while");
            }
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.end(true);
    }
}

#[cfg(test)]
mod tests {
    use model::time::HOUR;

    use super::*;

    const NOON: Timestamp = Timestamp(1_800_000_000_000);
    const ANNA: Option<&str> = Some("anna@social.example");

    fn throttle() -> Throttle {
        Throttle::new(LoginLimits::default())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Fails at once; seconds to wait where that was not even let through.
    fn fail(throttle: &Throttle, now: Timestamp, from: &str, account: Option<&str>) -> Option<u32> {
        match throttle.begin(now, ip(from), account) {
            Ok(attempt) => {
                drop(attempt);
                None
            }
            Err(Error::TooManyFailures { wait }) => Some(wait),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn ten_failures_of_an_account_close_it_to_this_address_alone() {
        let throttle = throttle();
        for _ in 0..10 {
            assert_eq!(fail(&throttle, NOON, "192.0.2.1", ANNA), None);
        }
        for spelling in [ANNA, Some(" ANNA@social.example ")] {
            assert_eq!(fail(&throttle, NOON, "192.0.2.1", spelling), Some(900), "{spelling:?}");
            assert!(throttle.check(NOON, ip("192.0.2.1"), spelling).is_err());
        }
        assert_eq!(fail(&throttle, NOON, "192.0.2.2", ANNA), None, "elsewhere its owner gets in");
        assert_eq!(fail(&throttle, NOON, "192.0.2.1", Some("ben@social.example")), None);
        assert_eq!((throttle.closed().of_account, throttle.closed().of_address), (4, 0));
    }

    #[test]
    fn twenty_five_failures_close_an_address_whatever_the_accounts() {
        let throttle = throttle();
        for guess in 0..25 {
            assert_eq!(fail(&throttle, NOON, "192.0.2.1", Some(&format!("{guess}@social.example"))), None);
        }
        assert_eq!(fail(&throttle, NOON, "192.0.2.1", ANNA), Some(900));
        assert_eq!(fail(&throttle, NOON, "192.0.2.1", None), None, "links are counted apart");
        assert_eq!(fail(&throttle, NOON, "192.0.2.2", ANNA), None);
    }

    #[test]
    fn what_did_not_fail_does_not_count() {
        let throttle = throttle();
        for _ in 0..100 {
            throttle.begin(NOON, ip("192.0.2.1"), ANNA).unwrap().forgive();
        }
        assert_eq!(fail(&throttle, NOON, "192.0.2.1", ANNA), None);
    }

    #[test]
    fn guesses_at_once_are_worth_no_more_than_one_after_the_other() {
        let throttle = throttle();
        let under_way: Vec<_> = (0..10).map(|_| throttle.begin(NOON, ip("192.0.2.1"), ANNA).unwrap()).collect();
        assert_eq!(fail(&throttle, NOON, "192.0.2.1", ANNA), Some(1), "what these come to is soon known");
        drop(under_way);
        assert_eq!(fail(&throttle, NOON, "192.0.2.1", ANNA), Some(900));
    }

    #[test]
    fn the_window_slides_and_says_when_it_opens() {
        let throttle = throttle();
        for minute in 0..10 {
            assert_eq!(fail(&throttle, NOON.plus(minute * MINUTE), "192.0.2.1", ANNA), None);
        }
        let at = |minutes: i64, ms: i64| NOON.plus(minutes * MINUTE + ms);
        assert_eq!(fail(&throttle, at(10, 0), "192.0.2.1", ANNA), Some(5 * 60));
        assert_eq!(fail(&throttle, at(15, -1), "192.0.2.1", ANNA), Some(1));
        assert_eq!(fail(&throttle, at(15, 0), "192.0.2.1", ANNA), None, "the first is forgotten: one more");
        assert_eq!(fail(&throttle, at(15, 0), "192.0.2.1", ANNA), Some(60), "and only one");
    }

    #[test]
    fn an_ipv6_household_is_one_address_and_a_mapped_one_is_ipv4() {
        let throttle = throttle();
        for n in 0..10 {
            assert_eq!(fail(&throttle, NOON, &format!("2001:db8:0:1:{n}::{n}"), ANNA), None);
        }
        assert!(fail(&throttle, NOON, "2001:db8:0:1:ffff::1", ANNA).is_some());
        assert_eq!(fail(&throttle, NOON, "2001:db8:0:2::1", ANNA), None);
        for _ in 0..10 {
            assert_eq!(fail(&throttle, NOON, "192.0.2.1", ANNA), None);
        }
        assert!(fail(&throttle, NOON, "::ffff:192.0.2.1", ANNA).is_some());
    }

    #[test]
    fn nought_switches_a_limit_off_and_leaves_the_other() {
        let throttle = Throttle::new(LoginLimits { per_account: 0, per_address: 25 });
        for _ in 0..25 {
            assert_eq!(fail(&throttle, NOON, "192.0.2.1", ANNA), None);
        }
        assert!(fail(&throttle, NOON, "192.0.2.1", ANNA).is_some());
        let throttle = Throttle::new(LoginLimits { per_account: 0, per_address: 0 });
        for _ in 0..1000 {
            assert_eq!(fail(&throttle, NOON, "192.0.2.1", ANNA), None);
        }
        assert!(throttle.tries().failures.is_empty());
    }

    #[test]
    fn a_million_addresses_take_no_more_room_than_there_is() {
        let throttle = throttle();
        for n in 0..1_000_000_u32 {
            drop(throttle.begin(NOON, IpAddr::V4(n.into()), ANNA).unwrap());
        }
        let mut tries = throttle.tries();
        assert_eq!((tries.failures.len(), tries.by_key.len()), (MOST_KEPT, MOST_KEPT));
        tries.forget(NOON.plus(WINDOW));
        assert!(tries.failures.is_empty() && tries.by_key.is_empty() && tries.under_way.is_empty());
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out_for_longer() {
        let throttle = throttle();
        for _ in 0..10 {
            assert_eq!(fail(&throttle, NOON, "192.0.2.1", ANNA), None);
        }
        assert_eq!(fail(&throttle, NOON.plus(-HOUR), "192.0.2.1", ANNA), None);
    }
}
