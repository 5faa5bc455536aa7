//! Events that were accepted while the database was away: a log on disk, flushed before the answer, read in order once
//! the database is back.
//!
//! Segments hold frames, one an event: [`MARK`], the length and the CRC-32 of what follows (u32 each, little-endian),
//! and the event as JSON. To read a frame twice does no harm: the event carries its own id.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use model::Timestamp;
use tokio::sync::watch;

use super::Submitted;
use crate::clicks::disk::Disk;

const MARK: &[u8; 4] = b"TRBE";
/// Mark, length and checksum.
const HEAD: usize = 12;
/// A segment is closed when it has grown to this; once all of it is recorded it is deleted.
const SEGMENT_BYTES: u64 = 16 << 20;
/// So much is read at once: many times the largest frame.
const CHUNK: u64 = 4 << 20;

pub struct Aside {
    folder: PathBuf,
    disk: Disk,
    log: Mutex<Log>,
    state: watch::Sender<AsideState>,
}

/// What waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AsideState {
    pub events: u64,
    /// No event that waits arrived earlier.
    pub oldest: Option<Timestamp>,
}

struct Log {
    open: Option<Segment>,
    last_number: u64,
    /// Everything before this place is recorded.
    read: Place,
}

struct Segment {
    number: u64,
    file: File,
    /// Up to here every frame is whole, and on the disk.
    length: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    segment: u64,
    offset: u64,
}

/// Events in the order they came.
pub struct Waiting {
    pub events: Vec<Submitted>,
    end: Place,
}

/// What a log of events aside holds, seen from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AsideSeen {
    /// At most: a running server may have recorded some of them already.
    pub events: u64,
    /// Bytes between events that are no event's.
    pub damaged: u64,
}

/// Looks at a log beside whoever has it. What follows the last whole event may be one that is being written.
pub fn look(folder: &Path) -> io::Result<AsideSeen> {
    let mut seen = AsideSeen::default();
    let numbers = match segments(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(seen),
        numbers => numbers?,
    };
    for number in numbers {
        let bytes = match fs::read(segment_path(folder, number)) {
            // All of it was recorded meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            bytes => bytes?,
        };
        let mut frames = Frames::of(&bytes);
        seen.events += frames.by_ref().count() as u64;
        seen.damaged += (frames.skipped - (bytes.len() - frames.whole)) as u64;
    }
    Ok(seen)
}

impl Aside {
    /// The folder is this process's alone: whoever holds the click log beside it holds this one.
    pub fn open(folder: &Path, disk: Disk) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let numbers = segments(folder)?;
        let mut events = 0;
        for number in &numbers {
            let bytes = fs::read(segment_path(folder, *number))?;
            let mut frames = Frames::of(&bytes);
            events += frames.by_ref().count() as u64;
            if frames.skipped > 0 {
                tracing::error!(
                    segment = number,
                    bytes = frames.skipped,
                    "the log of events aside is damaged, or ends in one that was never answered; these bytes are skipped"
                );
            }
        }
        let log = Log { open: None, last_number: numbers.last().copied().unwrap_or(0), read: Place::default() };
        let state = AsideState { events, oldest: None };
        let aside = Self { folder: folder.into(), disk, log: Mutex::new(log), state: watch::Sender::new(state) };
        if events > 0 {
            tracing::warn!(events, "events that were put aside before this start are recorded first");
            let oldest = aside.first(1)?.events.first().map(|event| event.prepared.received_at);
            aside.state.send_modify(|state| state.oldest = oldest);
        }
        Ok(aside)
    }

    pub fn state(&self) -> AsideState {
        *self.state.borrow()
    }

    pub fn is_empty(&self) -> bool {
        self.state().events == 0
    }

    pub fn watch(&self) -> watch::Receiver<AsideState> {
        self.state.subscribe()
    }

    /// Puts events behind those that wait. Once this returns Ok they survive the process and the loss of power; after
    /// an error none of them is there.
    pub fn append(&self, events: &[Submitted]) -> io::Result<()> {
        let Some(first) = events.first() else { return Ok(()) };
        let mut frames = Vec::new();
        for event in events {
            write_frame(event, &mut frames)?;
        }
        let mut log = self.log();
        log.append(&self.folder, &self.disk, &frames)?;
        self.state.send_modify(|state| {
            state.events += events.len() as u64;
            state.oldest = state.oldest.or(Some(first.prepared.received_at));
        });
        Ok(())
    }

    /// The first that wait, up to `most`.
    pub fn first(&self, most: usize) -> io::Result<Waiting> {
        let from = self.log().read;
        for number in segments(&self.folder)?.into_iter().filter(|number| *number >= from.segment) {
            let mut at = if number == from.segment { from.offset } else { 0 };
            let mut file = File::open(segment_path(&self.folder, number))?;
            loop {
                file.seek(SeekFrom::Start(at))?;
                let mut bytes = Vec::new();
                (&file).take(CHUNK).read_to_end(&mut bytes)?;
                if bytes.is_empty() {
                    break;
                }
                let mut frames = Frames::of(&bytes);
                let events: Vec<Submitted> = frames.by_ref().take(most).map(read_event).collect::<io::Result<_>>()?;
                if !events.is_empty() {
                    let end = Place { segment: number, offset: at + frames.whole as u64 };
                    return Ok(Waiting { events, end });
                }
                // Nothing but damage. A frame may begin in its last part and end behind it.
                let length = bytes.len() as u64;
                at += if length < CHUNK { length } else { CHUNK / 2 };
            }
        }
        Ok(Waiting { events: Vec::new(), end: from })
    }

    /// These are recorded: segments that hold nothing else go.
    pub fn recorded(&self, waiting: &Waiting) {
        let mut log = self.log();
        log.read = waiting.end;
        self.state.send_modify(|state| {
            state.events = state.events.saturating_sub(waiting.events.len() as u64);
            let last = waiting.events.last().map(|event| event.prepared.received_at);
            state.oldest = last.filter(|_| state.events > 0);
        });
        if self.is_empty() {
            log.open = None;
            log.read = Place { segment: log.last_number + 1, offset: 0 };
        }
        for number in segments(&self.folder).unwrap_or_default().into_iter().filter(|number| *number < log.read.segment)
        {
            if let Err(error) = fs::remove_file(segment_path(&self.folder, number)) {
                tracing::warn!(%error, segment = number, "events that are recorded by now stay in the log of events aside");
            }
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // A panic while it was held left at most a torn frame, which is skipped.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn append(&mut self, folder: &Path, disk: &Disk, frames: &[u8]) -> io::Result<()> {
        let mut segment = match self.open.take() {
            Some(open) if open.length < SEGMENT_BYTES => open,
            _ => self.begin_segment(folder)?,
        };
        let written = segment.file.write_all(frames).and_then(|()| disk.sync(&segment.file));
        if let Err(error) = written {
            // What a failed write or flush has left is unknown: this one ends where it was whole, and is left alone.
            if let Err(error) = segment.file.set_len(segment.length).and_then(|()| segment.file.sync_data()) {
                tracing::error!(%error, segment = segment.number, "events that were refused may stand in the log of events aside");
            }
            return Err(error);
        }
        segment.length += frames.len() as u64;
        self.open = Some(segment);
        Ok(())
    }

    fn begin_segment(&mut self, folder: &Path) -> io::Result<Segment> {
        let number = self.last_number + 1;
        let path = segment_path(folder, number);
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path)?;
        self.last_number = number;
        // Its name has to be on the disk too.
        File::open(folder)?.sync_all()?;
        Ok(Segment { number, file, length: 0 })
    }
}

fn write_frame(event: &Submitted, frames: &mut Vec<u8>) -> io::Result<()> {
    let begin = frames.len();
    frames.extend_from_slice(&[0; HEAD]);
    serde_json::to_writer(&mut *frames, event)?;
    let (head, json) = frames[begin..].split_at_mut(HEAD);
    let length = u32::try_from(json.len()).map_err(io::Error::other)?;
    head[..4].copy_from_slice(MARK);
    head[4..8].copy_from_slice(&length.to_le_bytes());
    head[8..].copy_from_slice(&crc32fast::hash(json).to_le_bytes());
    Ok(())
}

/// What the checksum has passed is as it was written: another version's, where it cannot be read.
fn read_event(json: &[u8]) -> io::Result<Submitted> {
    Ok(serde_json::from_slice(json)?)
}

/// The whole frames among bytes; what is none is skipped.
struct Frames<'b> {
    bytes: &'b [u8],
    at: usize,
    /// The end of the last whole one.
    whole: usize,
    skipped: usize,
}

impl<'b> Frames<'b> {
    fn of(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0, whole: 0, skipped: 0 }
    }
}

impl<'b> Iterator for Frames<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        while self.at < self.bytes.len() {
            if let Some(json) = frame(&self.bytes[self.at..]) {
                self.at += HEAD + json.len();
                self.whole = self.at;
                return Some(json);
            }
            self.at += 1;
            self.skipped += 1;
        }
        None
    }
}

fn frame(bytes: &[u8]) -> Option<&[u8]> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let (mark, numbers) = head.split_first_chunk::<4>()?;
    let (length, check) = numbers.split_first_chunk::<4>()?;
    let json = rest.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    (mark == MARK && crc32fast::hash(json).to_le_bytes() == check).then_some(json)
}

/// The numbers of the segments in a folder, ascending.
fn segments(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".events"));
        numbers.extend(stem.and_then(|stem| stem.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:016}.events"))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    use model::{
        Fields,
        event::{Arrival, NewEvent},
    };
    use uuid::Uuid;

    use super::*;
    use crate::{
        catalog::Catalog,
        clicks::RecentClicks,
        events::{Call, kept_body, prepare},
    };

    fn event(number: i64) -> Submitted {
        let now = Timestamp(1_800_000_000_000 + number);
        let body = format!(
            r#"{{"action":"purchase","event_id":"A-{number}","value":"4.99","customer_id":"ü","click_id":"no"}}"#
        );
        let mut fields = Fields::parse(body.as_bytes()).unwrap();
        let event = NewEvent::read(&mut fields, Arrival { now, action: None, idempotency_key: None }).unwrap();
        let shop = Uuid::from_u128(1).into();
        let prepared = prepare::prepare(&Catalog::default(), &RecentClicks::default(), &[7; 32], shop, event, now);
        let call = Call {
            key: Uuid::nil().into(),
            action: None,
            idempotency_key: None,
            body: kept_body(body.as_bytes()),
            request_id: "r".into(),
        };
        Submitted { prepared, call }
    }

    fn numbers(waiting: &Waiting) -> Vec<i64> {
        waiting.events.iter().map(|event| event.prepared.received_at.0 - 1_800_000_000_000).collect()
    }

    fn only_segment(folder: &Path) -> PathBuf {
        segment_path(folder, *segments(folder).unwrap().last().unwrap())
    }

    #[test]
    fn events_come_back_whole_in_order_and_go_once_they_are_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let aside = Aside::open(folder.path(), Disk::System).unwrap();
        let sent: Vec<_> = (1..=5).map(event).collect();
        aside.append(&sent[..2]).unwrap();
        aside.append(&sent[2..]).unwrap();
        drop(aside);
        let aside = Aside::open(folder.path(), Disk::System).unwrap();
        assert_eq!(aside.state(), AsideState { events: 5, oldest: Some(sent[0].prepared.received_at) });
        let first = aside.first(3).unwrap();
        assert_eq!(numbers(&first), [1, 2, 3]);
        assert_eq!(format!("{:?}", first.events), format!("{:?}", &sent[..3]));
        aside.recorded(&first);
        aside.append(&[event(6)]).unwrap();
        let rest = aside.first(100).unwrap();
        assert_eq!(numbers(&rest), [4, 5]);
        aside.recorded(&rest);
        let last = aside.first(100).unwrap();
        assert_eq!(numbers(&last), [6]);
        aside.recorded(&last);
        assert!(aside.is_empty() && aside.first(1).unwrap().events.is_empty());
        assert!(segments(folder.path()).unwrap().is_empty(), "nothing is left on disk");
        aside.append(&[event(7)]).unwrap();
        assert_eq!(numbers(&aside.first(1).unwrap()), [7]);
    }

    #[test]
    fn a_torn_end_is_skipped_wherever_it_is_torn() {
        let folder = tempfile::tempdir().unwrap();
        let aside = Aside::open(folder.path(), Disk::System).unwrap();
        aside.append(&[event(1)]).unwrap();
        let whole = fs::read(only_segment(folder.path())).unwrap().len();
        aside.append(&[event(2)]).unwrap();
        let path = only_segment(folder.path());
        let bytes = fs::read(&path).unwrap();
        drop(aside);
        for cut in whole..bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            let aside = Aside::open(folder.path(), Disk::System).unwrap();
            assert_eq!(aside.state().events, 1, "cut at {cut}");
            aside.append(&[event(3)]).unwrap();
            let first = aside.first(10).unwrap();
            aside.recorded(&first);
            let second = aside.first(10).unwrap();
            assert_eq!([numbers(&first), numbers(&second)].concat(), [1, 3]);
            aside.recorded(&second);
        }
    }

    #[test]
    fn an_event_that_could_not_be_flushed_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let fails = Arc::new(AtomicBool::new(false));
        let aside = Aside::open(folder.path(), Disk::Failing(Arc::clone(&fails))).unwrap();
        aside.append(&[event(1)]).unwrap();
        fails.store(true, Ordering::Relaxed);
        assert!(aside.append(&[event(2)]).is_err());
        fails.store(false, Ordering::Relaxed);
        aside.append(&[event(3)]).unwrap();
        assert_eq!(aside.state().events, 2);
        drop(aside);
        assert_eq!(Aside::open(folder.path(), Disk::System).unwrap().state().events, 2);
    }

    #[test]
    fn damage_costs_no_event_but_the_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let aside = Aside::open(folder.path(), Disk::System).unwrap();
        aside.append(&[event(1)]).unwrap();
        let path = only_segment(folder.path());
        let first = fs::read(&path).unwrap().len();
        aside.append(&[event(2), event(3)]).unwrap();
        drop(aside);
        let mut bytes = fs::read(&path).unwrap();
        bytes[first + 20] ^= 1;
        fs::write(&path, bytes).unwrap();
        let aside = Aside::open(folder.path(), Disk::System).unwrap();
        assert_eq!(numbers(&aside.first(10).unwrap()), [1, 3]);
    }
}
