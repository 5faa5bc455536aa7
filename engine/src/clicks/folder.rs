//! The folder of a click log: held by one process, named by one id, filled with numbered segments.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use uuid::Uuid;

use super::{
    record::{self, Frame},
    spool::MAGIC,
};

const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// A folder that this process holds.
pub struct Folder {
    pub path: PathBuf,
    /// Names this folder's clicks in the database.
    pub id: Uuid,
    /// Held as long as this process has the folder.
    _lock: File,
}

impl Folder {
    /// Takes the folder, and makes what is missing.
    pub fn open(path: &Path, new_id: impl FnOnce() -> Uuid) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path.join("lock"))?;
        take(&lock, path)?;
        let id_path = path.join("id");
        let id = match read_id(&id_path)? {
            Some(id) => id,
            None => make_id(&id_path, new_id)?,
        };
        Ok(Self { path: path.into(), id, _lock: lock })
    }

    /// Takes a folder that another process has left. Makes nothing but the lock, and not even that where nothing
    /// can be written.
    pub fn open_left(path: &Path) -> io::Result<Self> {
        let id_path = path.join("id");
        let missing = |_| {
            let text = format!("{} is no click log: it has no file `id`", path.display());
            io::Error::new(io::ErrorKind::NotFound, text)
        };
        let id = read_id(&id_path)?.ok_or(()).map_err(missing)?;
        let lock_path = path.join("lock");
        let lock = match OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&lock_path) {
            Err(error) if is_read_only(&error) => File::open(&lock_path).or_else(|_| File::open(path))?,
            lock => lock?,
        };
        take(&lock, path)?;
        Ok(Self { path: path.into(), id, _lock: lock })
    }

    /// Cuts the last segment behind its last whole frame, and returns how much was cut. Damage before that stays:
    /// the reader finds its way past it.
    pub fn cut_torn_end(&self) -> io::Result<u64> {
        let Some(last) = segments(&self.path)?.last().copied() else { return Ok(0) };
        let path = segment_path(&self.path, last);
        let length = fs::metadata(&path)?.len();
        let whole = whole_end(&path)?;
        if whole >= length {
            return Ok(0);
        }
        let torn = length - whole;
        let file = OpenOptions::new().write(true).open(&path)?;
        file.set_len(whole)?;
        file.sync_all()?;
        tracing::warn!(
            segment = %path.display(),
            bytes = torn,
            "the click log ended in a half-written click, which was never answered; it was cut off"
        );
        Ok(torn)
    }
}

/// A click log's folder, there or not, held against servers for as long as this stands.
pub struct Hold(#[expect(dead_code, reason = "it is held, not used")] File);

impl Hold {
    pub fn of(folder: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(folder.join("lock"))?;
        take(&lock, folder)?;
        Ok(Self(lock))
    }
}

/// Nothing can be written there, by this process at least.
pub fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}

fn take(lock: &File, folder: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match lock.try_lock() {
            // Whoever only looks at the log holds it for a moment.
            Err(TryLockError::WouldBlock) if tries < 5 => {
                tries += 1;
                std::thread::sleep(BETWEEN_TRIES);
            }
            taken => break taken,
        }
    }
    .map_err(|error| match error {
        TryLockError::WouldBlock => io::Error::new(
            io::ErrorKind::ResourceBusy,
            format!("another process has the click log {}; each needs a folder of its own", folder.display()),
        ),
        TryLockError::Error(error) => error,
    })
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

/// The same, with their lengths in bytes.
pub fn segments_and_lengths(folder: &Path) -> io::Result<Vec<(i64, u64)>> {
    let numbers = segments(folder)?.into_iter();
    numbers.map(|number| Ok((number, fs::metadata(segment_path(folder, number))?.len()))).collect()
}

pub fn segment_path(folder: &Path, number: i64) -> PathBuf {
    folder.join(format!("{number:016}.clicks"))
}

/// None where there is none.
pub fn read_id(path: &Path) -> io::Result<Option<Uuid>> {
    match fs::read_to_string(path) {
        Ok(text) => Uuid::try_parse(text.trim())
            .map(Some)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("{} must hold a UUID", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn make_id(path: &Path, new_id: impl FnOnce() -> Uuid) -> io::Result<Uuid> {
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

/// A name in a folder survives power loss only once the folder is flushed too.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Where the last whole frame of a segment ends.
pub fn whole_end(path: &Path) -> io::Result<u64> {
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
    Ok(whole as u64)
}
