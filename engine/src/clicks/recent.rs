//! Clicks of the last moments, in memory: an event may name one before the drain has moved it.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
};

use model::{AdvertiserId, ClickId, LinkId};

/// Clicks of one generation; two are held, so that at least this many are known.
const GENERATION: usize = 50_000;

/// Only clicks whose id the shop gets to see are noted.
#[derive(Default)]
pub struct RecentClicks(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    current: HashMap<ClickId, (AdvertiserId, LinkId)>,
    previous: HashMap<ClickId, (AdvertiserId, LinkId)>,
}

impl RecentClicks {
    pub fn note(&self, click: ClickId, advertiser: AdvertiserId, link: LinkId) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.current.len() >= GENERATION {
            generations.previous = mem::take(&mut generations.current);
        }
        generations.current.insert(click, (advertiser, link));
    }

    pub fn find(&self, click: ClickId) -> Option<(AdvertiserId, LinkId)> {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.current.get(&click).or_else(|| generations.previous.get(&click)).copied()
    }
}
