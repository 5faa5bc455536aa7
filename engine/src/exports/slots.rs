//! How many exports there may be at once: each keeps a snapshot of the database alive.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use uuid::Uuid;

use crate::{
    Session,
    error::{Error, Result},
};

/// At once, all together and of one holder.
const MOST: usize = 4;
const MOST_OF_ONE: usize = 2;

#[derive(Clone, Default)]
pub(crate) struct Slots(Arc<Mutex<HashMap<Uuid, usize>>>);

/// Held as long as the export is under way.
pub(super) struct Slot {
    of: Uuid,
    slots: Slots,
}

/// An advertiser, an influencer or an admin's account: whoever has many logins has no more slots for it.
pub(super) fn holder(session: &Session) -> Uuid {
    let account = &session.account;
    let tenant = account.advertiser_id.map(|id| id.0).or(account.influencer_id.map(|id| id.0));
    tenant.unwrap_or(account.id.0)
}

impl Slots {
    /// How many are under way.
    pub(crate) fn taken(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    pub(super) fn take(&self, of: Uuid) -> Result<Slot> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.get(&of).is_some_and(|own| *own >= MOST_OF_ONE) {
            return Err(Error::Busy("Two exports of yours are under way; wait until one has ended."));
        }
        if taken.values().sum::<usize>() >= MOST {
            return Err(Error::Busy("Others' exports are under way; try again in a moment."));
        }
        *taken.entry(of).or_default() += 1;
        Ok(Slot { of, slots: self.clone() })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.of) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_it_is_has_two_slots_and_the_install_four() {
        let slots = Slots::default();
        let of = Uuid::from_u128;
        let first = slots.take(of(1)).unwrap();
        let _second = slots.take(of(1)).unwrap();
        assert!(matches!(slots.take(of(1)), Err(Error::Busy(_))), "nobody takes a third");
        let _others = [slots.take(of(2)).unwrap(), slots.take(of(3)).unwrap()];
        assert!(matches!(slots.take(of(4)), Err(Error::Busy(_))), "there are four in all");
        drop(first);
        assert!(slots.take(of(4)).is_ok());
    }
}
