//! The click log on disk: append-only segment files, written before the redirect is answered.
//!
//! A segment opens with [`MAGIC`] and holds frames of [`super::record`]. Each start of
//! the server begins a new segment, after cutting what a crash left half written.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use model::Timestamp;
use uuid::Uuid;

use super::{
    ClickBatch,
    disk::{ClickDurability, Disk},
    reader::read_chunk,
    record::{self, Frame},
};
use crate::db::clicks::Position;

pub const MAGIC: &[u8; 8] = b"TRBCLK01";
/// A segment is closed when it has grown to this.
const SEGMENT_BYTES: u64 = 64 << 20;

/// How a spool keeps what it is given.
#[derive(Clone, Debug, Default)]
pub struct SpoolOptions {
    pub durability: ClickDurability,
    pub disk: Disk,
}

pub struct Spool {
    folder: PathBuf,
    /// Names this folder's clicks in the database.
    pub id: Uuid,
    options: SpoolOptions,
    writer: Mutex<Writer>,
    /// Held by whoever flushes for all that wait.
    flushed: Mutex<Flushed>,
    /// Clicks that were answered but could not be written down.
    lost: AtomicU64,
    /// Held as long as this process has the folder.
    _lock: File,
}

struct Writer {
    /// None until the next click opens one: the first of this process, or after a fault.
    open: Option<OpenSegment>,
    last_number: i64,
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
        fs::create_dir_all(folder)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(
                    io::ErrorKind::ResourceBusy,
                    format!("another process has the click log {}; each needs a folder of its own", folder.display()),
                ));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let id = read_or_make_id(&folder.join("id"), new_id)?;
        let last_number = segments(folder)?.last().copied().unwrap_or(0);
        if last_number > 0 {
            cut_torn_end(&segment_path(folder, last_number))?;
        }
        let disk = options.disk.clone();
        let writer = Writer { open: None, last_number, disk, failed: 0, is_dirty: false };
        Ok(Self {
            folder: folder.into(),
            id,
            options,
            writer: Mutex::new(writer),
            flushed: Mutex::default(),
            lost: AtomicU64::new(0),
            _lock: lock,
        })
    }

    /// Writes clicks down, by one write. Once this returns Ok, they survive what the durability says.
    pub fn append(&self, batch: &ClickBatch, now: Timestamp) -> io::Result<()> {
        let written = self.append_durably(batch, now);
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
        let end = self.writer().append(&self.folder, batch, now)?;
        if self.options.durability != ClickDurability::Fsync || self.flush_up_to(end).is_ok() {
            return Ok(());
        }
        // Once more, into the segment that was begun: the drain knows a click by its id, and counts it once.
        // Where that fails too, what was written still survives the process.
        let end = self.writer().append(&self.folder, batch, now)?;
        let _ = self.flush_up_to(end);
        Ok(())
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
        for number in segments(&self.folder)?.into_iter().filter(|number| *number >= from.segment) {
            let end = if number == tail.segment {
                tail.offset.unsigned_abs()
            } else {
                fs::metadata(segment_path(&self.folder, number))?.len()
            };
            let start = if number == from.segment { from.offset.unsigned_abs() } else { MAGIC.len() as u64 };
            waiting += end.saturating_sub(start);
        }
        Ok(waiting)
    }

    /// Keeps new segments behind what the database says was read: a folder whose read segments were
    /// deleted must not number its next ones from the start again.
    pub fn begin_after(&self, read: Position) {
        let mut writer = self.writer();
        if writer.last_number < read.segment {
            writer.last_number = read.segment;
            writer.open = None;
        }
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
            let chunk = read_chunk(&self.folder, at, tail, 1).ok()?;
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
        &self.folder
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A panic while it was held left at most a torn frame, which `length` does not count.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    /// Where the batch ends, once it is written.
    fn append(&mut self, folder: &Path, batch: &ClickBatch, now: Timestamp) -> io::Result<Position> {
        if self.open.as_ref().is_none_or(|open| open.length >= SEGMENT_BYTES) {
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
                    self.open = None;
                }
                Err(error)
            }
        }
    }

    /// Nothing more is written into this segment.
    fn leave(&mut self, number: i64) {
        self.failed = self.failed.max(number);
        if self.open.as_ref().is_some_and(|open| open.number == number) {
            self.open = None;
        }
    }

    /// Segments are numbered by the moment they begin, and always upward: also where every earlier one was
    /// deleted, a new number is above all that the database has seen.
    fn begin_segment(&mut self, folder: &Path, now: Timestamp) -> io::Result<()> {
        if let Some(full) = self.open.take()
            && let Err(error) = self.disk.sync(&full.file)
        {
            self.failed = full.number;
            tracing::error!(%error, segment = full.number, "a full segment of the click log could not be flushed");
        }
        let number = now.0.max(self.last_number + 1);
        let path = segment_path(folder, number);
        let mut file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path)?;
        self.last_number = number;
        if let Err(error) = file.write_all(MAGIC).and_then(|()| File::open(folder)?.sync_all()) {
            // An empty segment tells nothing; the next try takes the next number.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        self.open = Some(OpenSegment { number, file: Arc::new(file), length: MAGIC.len() as u64 });
        Ok(())
    }
}

impl OpenSegment {
    fn end(&self) -> Position {
        Position { segment: self.number, offset: i64::try_from(self.length).unwrap_or(i64::MAX) }
    }
}

/// The numbers of the segments in a folder, ascending.
pub fn segments(folder: &Path) -> io::Result<Vec<i64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number: Option<i64> =
            name.to_str().and_then(|name| name.strip_suffix(".clicks")).and_then(|stem| stem.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

pub fn segment_path(folder: &Path, number: i64) -> PathBuf {
    folder.join(format!("{number:016}.clicks"))
}

fn read_or_make_id(path: &Path, new_id: impl FnOnce() -> Uuid) -> io::Result<Uuid> {
    match fs::read_to_string(path) {
        Ok(text) => Uuid::try_parse(text.trim())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("{} must hold a UUID", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = new_id();
            // Renamed into place: a crash leaves the whole id or none.
            let partial = path.with_extension("new");
            let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&partial)?;
            writeln!(file, "{id}")?;
            file.sync_all()?;
            fs::rename(&partial, path)?;
            sync_folder_of(path)?;
            Ok(id)
        }
        Err(error) => Err(error),
    }
}

/// A name in a folder survives power loss only once the folder is flushed too.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Cuts a segment behind its last whole frame. Damage before that stays: the reader finds its way past it.
fn cut_torn_end(path: &Path) -> io::Result<()> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    let mut at = MAGIC.len();
    let mut whole = at;
    while at < bytes.len() {
        if let Frame::Whole(_, length) = record::read(&bytes[at..]) {
            at += length;
            whole = at;
        } else {
            at += 1;
        }
    }
    if whole < bytes.len() {
        tracing::warn!(
            segment = %path.display(),
            bytes = bytes.len() - whole,
            "the click log ends in a half-written click, which was never answered; it is cut off"
        );
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(whole as u64)?;
        file.sync_all()?;
    }
    Ok(())
}
