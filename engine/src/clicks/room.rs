//! How much of the disk the click log may take. Where it needs room, the segments read longest ago go first.

use std::{collections::VecDeque, fs, io, path::Path};

use model::{Timestamp, time::SECOND};
use rustix::fs::statvfs;

use super::folder::{segment_path, segments_and_lengths};

/// A segment is closed when it has grown to this, or to a part of what the whole log may take.
const MOST_SEGMENT: u64 = 64 << 20;
const LEAST_SEGMENT: u64 = 4 << 10;
/// Room is made by whole segments: the log is many of them, however little it may take.
const SEGMENTS: u64 = 8;
/// Milliseconds between two looks at a disk on which nothing more fits.
const LOOK_AGAIN: i64 = SECOND;

/// Most that all segments of a log together may take: what waits to be read and what is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SpoolMax {
    /// Half of what is free, the log's own share counted as free.
    #[default]
    HalfOfFree,
    Bytes(u64),
    Unlimited,
}

pub struct Room {
    max: SpoolMax,
    /// In bytes, as of the last look; None without a limit.
    cap: Option<u64>,
    looked_at: Timestamp,
    /// Segments that nothing more is written into and their lengths, oldest first.
    closed: VecDeque<(i64, u64)>,
    closed_bytes: u64,
}

impl Room {
    pub fn in_folder(folder: &Path, max: SpoolMax) -> io::Result<Self> {
        let closed: VecDeque<_> = segments_and_lengths(folder)?.into();
        let closed_bytes = closed.iter().map(|(_, length)| length).sum();
        let mut room = Self { max, cap: None, looked_at: Timestamp(0), closed, closed_bytes };
        room.look(folder, 0, Timestamp(0));
        Ok(room)
    }

    /// Asks the disk how much the log may take. `open`: bytes of the segment that is written into.
    pub fn look(&mut self, folder: &Path, open: u64, now: Timestamp) {
        self.looked_at = now;
        self.cap = match self.max {
            SpoolMax::Unlimited => None,
            SpoolMax::Bytes(bytes) => Some(bytes),
            SpoolMax::HalfOfFree => match statvfs(folder) {
                Ok(disk) => Some((disk.f_bavail.saturating_mul(disk.f_frsize).saturating_add(self.used(open))) / 2),
                Err(error) => {
                    tracing::warn!(%error, "the disk does not say how much is free for the click log");
                    self.cap
                }
            },
        }
    }

    /// The same while nothing fits, now and then.
    pub fn look_again(&mut self, folder: &Path, open: u64, now: Timestamp) {
        if !(0..LOOK_AGAIN).contains(&now.0.saturating_sub(self.looked_at.0)) {
            self.look(folder, open, now);
        }
    }

    pub fn cap(&self) -> Option<u64> {
        self.cap
    }

    pub fn used(&self, open: u64) -> u64 {
        self.closed_bytes + open
    }

    pub fn fits(&self, open: u64, more: u64) -> bool {
        self.cap.is_none_or(|cap| self.used(open) + more <= cap)
    }

    /// How long a segment may grow.
    pub fn segment_bytes(&self) -> u64 {
        self.cap.map_or(MOST_SEGMENT, |cap| (cap / SEGMENTS).clamp(LEAST_SEGMENT, MOST_SEGMENT))
    }

    pub fn close(&mut self, number: i64, length: u64) {
        self.closed.push_back((number, length));
        self.closed_bytes += length;
    }

    /// Segments before `read`, all of which are in the database. `has_open`: whether one is written into.
    /// The last one of the folder stays: it tells where the numbers go on.
    pub fn read_ones(&self, read: i64, has_open: bool) -> Vec<i64> {
        let most = if has_open { self.closed.len() } else { self.closed.len().saturating_sub(1) };
        self.closed.iter().take(most).map(|(number, _)| *number).take_while(|number| *number < read).collect()
    }

    /// A segment was deleted.
    pub fn forget(&mut self, number: i64) {
        if let Some(at) = self.closed.iter().position(|(closed, _)| *closed == number)
            && let Some((_, length)) = self.closed.remove(at)
        {
            self.closed_bytes -= length;
        }
    }

    /// Deletes the oldest segment if it is read; false where it is not. The last one goes too: another follows it.
    pub fn delete_oldest_read(&mut self, folder: &Path, read: i64) -> bool {
        let Some(&(number, _)) = self.closed.front().filter(|(number, _)| *number < read) else { return false };
        delete(folder, number);
        self.forget(number);
        true
    }
}

/// Deletes a read segment. One that stays costs room, and is said once.
pub fn delete(folder: &Path, number: i64) {
    match fs::remove_file(segment_path(folder, number)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, segment = number, "a read segment of the click log could not be deleted");
        }
        _ => {}
    }
}
