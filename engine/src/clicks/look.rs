//! A click log as it stands, looked at beside whoever has it: nothing is taken, cut or claimed.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
};

use model::Timestamp;
use uuid::Uuid;

use super::{
    folder::{read_id, segments_and_lengths},
    reader::read_chunk,
};
use crate::db::clicks::Position;

/// Clicks read at once.
const CLICKS: usize = 10_000;

/// A log's outside.
#[derive(Clone, Copy, Debug)]
pub struct LogSeen {
    pub id: Uuid,
    pub segments: usize,
    pub bytes: u64,
    /// Whether a process has it at this moment.
    pub is_held: bool,
}

/// What stands behind a position.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waiting {
    pub clicks: u64,
    pub damaged: u64,
    pub oldest: Option<Timestamp>,
    /// Whether the log ends before the position does.
    pub is_short: bool,
}

/// None where there is none.
pub fn log(folder: &Path) -> io::Result<Option<LogSeen>> {
    let Some(id) = read_id(&folder.join("id"))? else { return Ok(None) };
    let segments = segments_and_lengths(folder)?;
    let bytes = segments.iter().map(|(_, length)| length).sum();
    Ok(Some(LogSeen { id, segments: segments.len(), bytes, is_held: is_held(folder)? }))
}

/// A click that is being written this moment may look like damage at the end: what follows the last whole one is none.
pub fn behind(folder: &Path, from: Position) -> io::Result<Waiting> {
    let segments = segments_and_lengths(folder)?;
    let held = segments.iter().find(|(number, _)| *number == from.segment).map(|(_, length)| *length);
    let mut seen = Waiting {
        is_short: from.segment > 0 && held.is_some_and(|held| held < from.offset.unsigned_abs()),
        ..Waiting::default()
    };
    let Some((last, length)) = segments.last().copied() else { return Ok(seen) };
    let tail = Position { segment: last, offset: i64::try_from(length).unwrap_or(i64::MAX) };
    let (mut at, mut maybe) = (from, 0);
    loop {
        let chunk = read_chunk(folder, at, tail, CLICKS)?;
        if chunk.end == at {
            break;
        }
        let mut clicks = chunk.clicks().peekable();
        if let Some(first) = clicks.peek() {
            seen.oldest = seen.oldest.or(Some(first.at));
            seen.damaged += std::mem::take(&mut maybe);
        }
        seen.clicks += clicks.count() as u64;
        maybe += chunk.damaged_end;
        seen.damaged += chunk.damaged - chunk.damaged_end;
        if chunk.end.segment < last {
            seen.damaged += std::mem::take(&mut maybe);
        }
        at = chunk.end;
    }
    Ok(seen)
}

fn is_held(folder: &Path) -> io::Result<bool> {
    let lock = match File::open(folder.join("lock")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        lock => lock?,
    };
    // A shared one, given back at once.
    match lock.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
