//! Click logs made by hand: what a node leaves behind.

use std::{fs, path::Path};

use engine::{
    ClickBatch, SpoolOptions,
    clicks::{Click, spool::Spool},
};
use model::Timestamp;
use tempfile::TempDir;
use uuid::Uuid;

use crate::world::{CHROME, NOON, Running};

/// The data folder of a node that is not running.
pub struct DeadNode(pub TempDir);

impl DeadNode {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn clicks(&self) -> std::path::PathBuf {
        self.0.path().join("clicks")
    }

    /// A start, clicks of as many visitors, and the end of it: one more segment.
    pub fn records(&self, running: &Running, clicks: usize) -> Vec<Uuid> {
        let spool = Spool::open(&self.clicks(), SpoolOptions::default(), || Uuid::from_u128(rand::random())).unwrap();
        let ids: Vec<Uuid> = (0..clicks).map(|_| Uuid::from_u128(rand::random())).collect();
        for (n, id) in ids.iter().enumerate() {
            let mut batch = ClickBatch::default();
            batch.push(&click(running, *id, n));
            spool.append(&batch, NOON).unwrap();
        }
        ids
    }

    /// The files of its segments, oldest first.
    pub fn segments(&self) -> Vec<std::path::PathBuf> {
        let mut paths: Vec<_> = fs::read_dir(self.clicks()).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "clicks"));
        paths.sort();
        paths
    }

    /// The same folder on another disk.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        copy_log(self.0.path(), copy.0.path());
        copy
    }
}

pub fn copy_log(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("clicks")).unwrap();
    for entry in fs::read_dir(from.join("clicks")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join("clicks").join(entry.file_name())).unwrap();
    }
}

fn click(running: &Running, id: Uuid, visitor: usize) -> Click<'static> {
    Click {
        id: id.into(),
        advertiser_id: running.advertiser.id,
        campaign_id: running.campaign.id,
        link_id: running.link.id,
        influencer_id: Some(running.influencer.id),
        at: Timestamp(NOON.0),
        ip: std::net::Ipv4Addr::new(203, 0, (visitor / 256) as u8, (visitor % 256) as u8).into(),
        is_prefetch: false,
        user_agent: CHROME.as_bytes(),
        referrer: b"https://social.example/p/1",
    }
}
