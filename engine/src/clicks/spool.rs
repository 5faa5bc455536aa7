//! The click log on disk: append-only segment files, written before the redirect is answered.
//!
//! A segment opens with [`MAGIC`] and holds frames of [`super::record`]. Each start of
//! the server begins a new segment, after cutting what a crash left half written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use model::Timestamp;
use uuid::Uuid;

use super::{
    ClickBatch,
    disk::{ClickDurability, Disk},
    folder::{Folder, segment_path, segments},
    reader::read_chunk,
    room::{Room, SpoolMax, delete},
};
use crate::db::clicks::Position;

#[cfg(test)]
#[path = "spool_tests.rs"]
mod tests;

pub const MAGIC: &[u8; 8] = b"TRBCLK01";
const MAGIC_BYTES: u64 = MAGIC.len() as u64;

/// How a spool keeps what it is given.
#[derive(Clone, Debug, Default)]
pub struct SpoolOptions {
    pub durability: ClickDurability,
    pub disk: Disk,
    pub max: SpoolMax,
}

pub struct Spool {
    folder: Folder,
    options: SpoolOptions,
    writer: Mutex<Writer>,
    /// Held by whoever flushes for all that wait.
    flushed: Mutex<Flushed>,
    /// Clicks that were written down.
    recorded: AtomicU64,
    /// Clicks that were answered but could not be written down.
    lost: AtomicU64,
    /// Segments before this one are in the database.
    read: AtomicI64,
}

/// How much of the disk the log has, and may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpoolRoom {
    pub used: u64,
    /// None without a limit.
    pub max: Option<u64>,
}

struct Writer {
    /// None until the next click opens one: the first of this process, or after a fault.
    open: Option<OpenSegment>,
    last_number: i64,
    room: Room,
    disk: Disk,
    /// The last segment whose flush failed: what it holds may not be on the disk.
    failed: i64,
    /// Written since the last flush.
    is_dirty: bool,
}

struct OpenSegment {
    number: i64,
    file: Arc<File>,
    /// Up to here every frame is whole.
    length: u64,
}

/// Everything before this place is on the disk, but what stands in segments that failed.
#[derive(Default)]
struct Flushed(Position);

impl Spool {
    /// Takes the folder for this process, and cuts a torn end.
    pub fn open(folder: &Path, options: SpoolOptions, new_id: impl FnOnce() -> Uuid) -> io::Result<Self> {
        let folder = Folder::open(folder, new_id)?;
        folder.cut_torn_end()?;
        let room = Room::in_folder(&folder.path, options.max)?;
        let last_number = segments(&folder.path)?.last().copied().unwrap_or(0);
        let disk = options.disk.clone();
        let writer = Writer { open: None, last_number, room, disk, failed: 0, is_dirty: false };
        Ok(Self {
            folder,
            options,
            writer: Mutex::new(writer),
            flushed: Mutex::default(),
            recorded: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            read: AtomicI64::new(0),
        })
    }

    /// Names this log's clicks in the database.
    pub fn id(&self) -> Uuid {
        self.folder.id
    }

    /// Writes clicks down, by one write. Once this returns Ok, they survive what the durability says.
    pub fn append(&self, batch: &ClickBatch, now: Timestamp) -> io::Result<()> {
        let written = self.append_durably(batch, now);
        if written.is_ok() {
            self.recorded.fetch_add(batch.clicks(), Ordering::Relaxed);
        }
        if let Err(error) = &written {
            let before = self.lost.fetch_add(batch.clicks(), Ordering::Relaxed);
            let lost = before + batch.clicks();
            // At full load a line for each would only fill the disk further.
            if before.checked_ilog2() != lost.checked_ilog2() {
                tracing::error!(%error, lost, "the click log cannot be written: clicks are answered but not counted");
            }
        }
        written
    }

    fn append_durably(&self, batch: &ClickBatch, now: Timestamp) -> io::Result<()> {
        let end = self.append_at_once(batch, now)?;
        if self.options.durability != ClickDurability::Fsync || self.flush_up_to(end).is_ok() {
            return Ok(());
        }
        // Once more, into the segment that was begun: the drain knows a click by its id, and counts it once.
        // Where that fails too, what was written still survives the process.
        let end = self.append_at_once(batch, now)?;
        let _ = self.flush_up_to(end);
        Ok(())
    }

    fn append_at_once(&self, batch: &ClickBatch, now: Timestamp) -> io::Result<Position> {
        let read = self.read.load(Ordering::Relaxed);
        self.writer().append(&self.folder.path, batch, read, now)
    }

    /// Waits until everything before a place is on the disk. One flush serves all that wait meanwhile.
    fn flush_up_to(&self, end: Position) -> io::Result<()> {
        let mut flushed = self.flushed.lock().unwrap_or_else(PoisonError::into_inner);
        if flushed.0 < end {
            let tail = self.tail();
            self.flush()?;
            flushed.0 = tail;
        }
        if self.writer().failed >= end.segment {
            return Err(io::Error::other("the segment could not be flushed"));
        }
        Ok(())
    }

    /// How many clicks were written down since the start.
    pub fn recorded(&self) -> u64 {
        self.recorded.load(Ordering::Relaxed)
    }

    /// How many clicks were answered but could not be written down since the start.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Where the next frame will be written: everything before is whole.
    pub fn tail(&self) -> Position {
        let writer = self.writer();
        match &writer.open {
            Some(open) => open.end(),
            None => Position { segment: writer.last_number + 1, offset: 0 },
        }
    }

    /// Bytes that wait between a position and the tail.
    pub fn waiting_bytes(&self, from: Position) -> io::Result<u64> {
        let tail = self.tail();
        let mut waiting = 0;
        for number in segments(&self.folder.path)?.into_iter().filter(|number| *number >= from.segment) {
            let end = if number == tail.segment {
                tail.offset.unsigned_abs()
            } else {
                fs::metadata(segment_path(&self.folder.path, number))?.len()
            };
            let start = if number == from.segment { from.offset.unsigned_abs() } else { 0 };
            waiting += end.saturating_sub(start.max(MAGIC_BYTES));
        }
        Ok(waiting)
    }

    /// Keeps new segments behind what the database says was read: a folder whose read segments were
    /// deleted must not number its next ones from the start again.
    pub fn begin_after(&self, read: Position) {
        let mut writer = self.writer();
        if writer.last_number < read.segment {
            writer.close();
            writer.last_number = read.segment;
        }
    }

    /// Everything before this place is in the database: its segments may go where room is needed.
    pub fn read_up_to(&self, place: Position) {
        // Not under the writer's lock: whoever calls this must not be waited for.
        self.read.store(place.segment, Ordering::Relaxed);
    }

    /// Deletes segments that were read, and written to for the last time so long ago.
    pub fn delete_read(&self, age: Duration) {
        let read = self.read.load(Ordering::Relaxed);
        let numbers = {
            let writer = self.writer();
            writer.room.read_ones(read, writer.open.is_some())
        };
        for number in numbers {
            let written = fs::metadata(segment_path(&self.folder.path, number)).and_then(|meta| meta.modified());
            if written.ok().and_then(|at| at.elapsed().ok()).is_some_and(|past| past > age) {
                delete(&self.folder.path, number);
                self.writer().room.forget(number);
            }
        }
    }

    pub fn room(&self) -> SpoolRoom {
        let writer = self.writer();
        SpoolRoom { used: writer.room.used(writer.open_bytes()), max: writer.room.cap() }
    }

    /// Puts what was written onto the disk itself.
    pub fn flush(&self) -> io::Result<()> {
        let (number, file) = {
            let mut writer = self.writer();
            if !std::mem::take(&mut writer.is_dirty) {
                return Ok(());
            }
            let Some(open) = &writer.open else { return Ok(()) };
            (open.number, Arc::clone(&open.file))
        };
        self.options.disk.sync(&file).inspect_err(|error| {
            // What a failed flush left on the disk is unknown: never write behind it.
            tracing::error!(%error, segment = number, "the click log could not be flushed; a new segment is begun");
            self.writer().leave(number);
        })
    }

    pub fn durability(&self) -> ClickDurability {
        self.options.durability
    }

    /// When the first click was recorded that stands behind a position.
    pub fn first_click_after(&self, from: Position) -> Option<Timestamp> {
        let tail = self.tail();
        let mut at = from;
        loop {
            let chunk = read_chunk(&self.folder.path, at, tail, 1).ok()?;
            if let Some(click) = chunk.clicks().next() {
                return Some(click.at);
            }
            // Nothing there, and nothing further on.
            if chunk.end == at || chunk.end >= tail {
                return None;
            }
            at = chunk.end;
        }
    }

    pub fn folder(&self) -> &Path {
        &self.folder.path
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A panic while it was held left at most a torn frame, which `length` does not count.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Where the batch ends, once it is written. Where there is no room for it, segments before `read` go first.
    fn append(&mut self, folder: &Path, batch: &ClickBatch, read: i64, now: Timestamp) -> io::Result<Position> {
        loop {
            match self.try_append(folder, batch, now) {
                Err(error) if is_full(&error) && self.room.delete_oldest_read(folder, read) => {}
                Err(error) => {
                    if is_full(&error) && error.raw_os_error().is_some() {
                        // The disk itself is full: once this segment is read it makes room for the next.
                        self.end_segment();
                    }
                    return Err(error);
                }
                done => return done,
            }
        }
    }

    fn try_append(&mut self, folder: &Path, batch: &ClickBatch, now: Timestamp) -> io::Result<Position> {
        if self.open_bytes() >= self.room.segment_bytes() {
            // Also where no other can be begun: the drain reads it to its end, and then it may go.
            self.end_segment();
        }
        let more = batch.frames().len() as u64 + if self.open.is_none() { MAGIC_BYTES } else { 0 };
        if !self.room.fits(self.open_bytes(), more) {
            self.room.look_again(folder, self.open_bytes(), now);
            if !self.room.fits(self.open_bytes(), more) {
                return Err(io::Error::new(io::ErrorKind::StorageFull, "the click log is as large as it may be"));
            }
        }
        if self.open.is_none() {
            self.begin_segment(folder, now)?;
        }
        let open = self.open.as_mut().expect("begun above");
        match (&*open.file).write_all(batch.frames()) {
            Ok(()) => {
                open.length += batch.frames().len() as u64;
                self.is_dirty = true;
                Ok(open.end())
            }
            Err(error) => {
                // Half a frame may stand there. Cut it, or leave this segment for good.
                if open.file.set_len(open.length).is_err() {
                    self.close();
                }
                Err(error)
            }
        }
    }

    fn open_bytes(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.length)
    }

    /// The open segment is one of the others from now on.
    fn close(&mut self) -> Option<OpenSegment> {
        let open = self.open.take()?;
        self.room.close(open.number, open.length);
        Some(open)
    }

    /// Nothing more is written into this segment.
    fn leave(&mut self, number: i64) {
        self.failed = self.failed.max(number);
        if self.open.as_ref().is_some_and(|open| open.number == number) {
            self.close();
        }
    }

    fn end_segment(&mut self) {
        if let Some(full) = self.close()
            && let Err(error) = self.disk.sync(&full.file)
        {
            self.failed = full.number;
            tracing::error!(%error, segment = full.number, "a full segment of the click log could not be flushed");
        }
    }

    /// Segments are numbered by the moment they begin, and always upward: also where every earlier one was
    /// deleted, a new number is above all that the database has seen.
    fn begin_segment(&mut self, folder: &Path, now: Timestamp) -> io::Result<()> {
        let number = now.0.max(self.last_number + 1);
        let path = segment_path(folder, number);
        let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path)?;
        self.last_number = number;
        if let Err(error) = file.write_all(MAGIC).and_then(|()| File::open(folder)?.sync_all()) {
            // An empty segment tells nothing; the next try takes the next number.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        self.open = Some(OpenSegment { number, file: Arc::new(file), length: MAGIC_BYTES });
        self.room.look(folder, MAGIC_BYTES, now);
        Ok(())
    }
}

impl OpenSegment {
    fn end(&self) -> Position {
        Position { segment: self.number, offset: i64::try_from(self.length).unwrap_or(i64::MAX) }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
