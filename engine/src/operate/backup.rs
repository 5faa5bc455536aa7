//! A copy of an SQLite database while a server writes into it: whole or not there, and looked through before it is
//! called a backup.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    Options,
    db::{self, Db, copies},
    error::{Error, Result},
};

/// How often progress is told.
const LOOK: Duration = Duration::from_millis(200);

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub bytes: u64,
    pub clicks: i64,
    pub events: i64,
    pub schema: i64,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub enum BackupStep {
    /// Bytes written, of at most so many.
    Copied {
        bytes: u64,
        of: u64,
    },
    Verifying,
}

/// Copies the database into a new file that only its owner can read. Redirects, clicks and events go on.
pub async fn backup(options: &Options, target: &Path, mut step: impl FnMut(BackupStep)) -> Result<Held> {
    if copies::file_of(&options.database_url)?.is_none() {
        return Err(Error::Internal("only SQLite databases are backed up by Tributary itself".into()));
    }
    let at = |error: io::Error| Error::Internal(format!("{}: {error}", target.display()));
    if fs::symlink_metadata(target).is_ok() {
        return Err(Error::Conflict(format!("{} is there already; a backup overwrites nothing", target.display())));
    }
    let db = Db::open_existing(&options.database_url)?;
    db.schema().await?.check_not_newer()?;
    let (_, of) = db::overview::about(&mut db.read().await?).await?;
    let of = of.unwrap_or(0).unsigned_abs();
    let partial = Partial::new(target).map_err(at)?;
    copy(&db, &partial.0, of, &mut step).await?;
    File::open(&partial.0).and_then(|file| file.sync_all()).map_err(at)?;
    step(BackupStep::Verifying);
    let held = verify(&partial.0).await?;
    partial.becomes(target).map_err(at)?;
    db.close().await;
    Ok(held)
}

async fn copy(db: &Db, into: &Path, of: u64, step: &mut impl FnMut(BackupStep)) -> Result<()> {
    let mut copying = std::pin::pin!(db.copy_into(into));
    loop {
        tokio::select! {
            done = &mut copying => return done,
            () = tokio::time::sleep(LOOK) => {
                let bytes = fs::metadata(into).map_or(0, |file| file.len());
                step(BackupStep::Copied { bytes, of });
            }
        }
    }
}

/// Looks a database through that nobody works on.
pub(super) async fn verify(file: &Path) -> Result<Held> {
    let name = file.display();
    let copy = Db::open_copy(file);
    let looked = async {
        let mut conn = copy.read().await?;
        if !copies::is_ours(&mut conn).await? {
            return Err(Error::Internal("it is no database of Tributary's".into()));
        }
        if let Some(damage) = copies::damage(&mut conn).await? {
            return Err(Error::Internal(format!("it is damaged: {damage}")));
        }
        let (clicks, events) = db::overview::written(&mut conn).await?;
        drop(conn);
        let schema = copy.schema().await?;
        schema.check_not_newer()?;
        Ok((clicks, events, schema.version))
    };
    let looked = looked.await.map_err(|error| Error::Internal(format!("{name}: {error}")));
    copy.close().await;
    let (clicks, events, schema) = looked?;
    let bytes = fs::metadata(file).map_err(|error| Error::Internal(format!("{name}: {error}")))?.len();
    Ok(Held { bytes, clicks, events, schema })
}

/// A file that goes again unless it becomes what it was begun for.
pub(super) struct Partial(pub PathBuf);

impl Partial {
    /// Beside its target, named so that nobody takes it for one.
    pub fn new(target: &Path) -> io::Result<Self> {
        let mut name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        name.push(format!(".{}.partial", std::process::id()));
        let path = target.with_file_name(name);
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self(path))
    }

    /// Never over another file.
    pub fn becomes(self, target: &Path) -> io::Result<()> {
        match fs::hard_link(&self.0, target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            // Not every file system has links.
            Err(_) => fs::rename(&self.0, target)?,
            Ok(()) => {}
        }
        sync_folder_of(target)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A name survives the loss of power only once its folder is flushed.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
