//! Reads the click log in order, from a position to the tail.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use super::{
    folder::{segment_path, segments},
    record::{self, Click, Frame},
    spool::MAGIC,
};
use crate::db::clicks::Position;

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;

/// How much of a segment is read at once.
const CHUNK: u64 = 1 << 20;

/// Whole frames from one segment, and where they end.
pub struct Chunk {
    bytes: Vec<u8>,
    frames: Vec<(usize, usize)>,
    /// Bytes between the frames that are no click's.
    pub damaged: u64,
    /// Of these, the ones behind the last frame.
    pub damaged_end: u64,
    pub end: Position,
}

impl Chunk {
    pub fn clicks(&self) -> impl Iterator<Item = Click<'_>> {
        self.frames.iter().filter_map(|(from, to)| match record::read(&self.bytes[*from..*to]) {
            Frame::Whole(click, _) => Some(click),
            Frame::Cut | Frame::Damaged => None,
        })
    }
}

/// Reads up to `most` clicks that stand between `from` and `tail`. `end` may move on, to the next
/// segment, without any.
pub fn read_chunk(folder: &Path, from: Position, tail: Position, most: usize) -> io::Result<Chunk> {
    let nothing = |end| Chunk { bytes: Vec::new(), frames: Vec::new(), damaged: 0, damaged_end: 0, end };
    let Some(number) = segments(folder)?.into_iter().find(|number| *number >= from.segment) else {
        return Ok(nothing(from));
    };
    let start = if number == from.segment { from.offset.unsigned_abs() } else { 0 };
    let start = start.max(MAGIC.len() as u64);
    let mut file = File::open(segment_path(folder, number))?;
    let is_open = number >= tail.segment;
    let length = if is_open { tail.offset.unsigned_abs() } else { file.metadata()?.len() };
    if start >= length {
        // The open segment may still grow; a closed one is done with.
        let end = if is_open { from } else { Position { segment: number + 1, offset: 0 } };
        return Ok(nothing(end));
    }
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take((length - start).min(CHUNK)).read_to_end(&mut bytes)?;
    let is_last_chunk = start + bytes.len() as u64 >= length;
    let mut frames = Vec::new();
    let mut at = 0;
    let mut damaged = 0;
    while at < bytes.len() && frames.len() < most {
        match record::read(&bytes[at..]) {
            Frame::Whole(_, frame) => {
                frames.push((at, at + frame));
                at += frame;
            }
            Frame::Cut if !is_last_chunk => break,
            // Damage: look for the next place where a checked frame begins.
            Frame::Cut | Frame::Damaged => {
                at += 1;
                damaged += 1;
            }
        }
    }
    let read_to = start + at as u64;
    if damaged > 0 {
        tracing::error!(
            segment = number,
            before = read_to,
            bytes = damaged,
            "the click log is damaged; these bytes are skipped"
        );
    }
    let end = Position { segment: number, offset: i64::try_from(read_to).unwrap_or(i64::MAX) };
    let damaged_end = (at - frames.last().map_or(0, |(_, end)| *end)) as u64;
    Ok(Chunk { bytes, frames, damaged, damaged_end, end })
}
