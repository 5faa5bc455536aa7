//! A backup put in the place of an SQLite database, or into an empty data folder. Whatever can be refused is refused
//! before anything is moved; what stood there is kept aside.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::backup::{Held, Partial, sync_folder_of, verify};
use crate::{
    Options,
    clicks::{Hold, look},
    db::{
        self, Db,
        copies::{self, is_broken},
    },
    error::{Error, Result},
    secret::Secrets,
};

/// What was done.
#[derive(Clone, Debug)]
pub struct Restored {
    pub held: Held,
    /// Where the database is that stood there before.
    pub before: Option<PathBuf>,
    /// Clicks in the kept log that the backup does not have: the next start reads them.
    pub waiting: u64,
}

/// Puts a backup in place. `force`: where there is a database already, that one is kept aside.
pub async fn restore(options: &Options, backup: &Path, force: bool) -> Result<Restored> {
    let Some(file) = copies::file_of(&options.database_url)? else {
        return Err(Error::Internal("only SQLite databases are restored by Tributary itself".into()));
    };
    let named = |path: &Path, error: io::Error| Error::Internal(format!("{}: {error}", path.display()));
    check_source(options, backup).await?;
    let stands = fs::symlink_metadata(&file).is_ok();
    if stands && !force {
        return Err(Error::Conflict(format!(
            "there is a database already, {}; --force puts the backup in its place and keeps it aside",
            file.display()
        )));
    }
    // Whoever has the click log has the database.
    let _held = Hold::of(&options.data_dir.join("clicks"))
        .map_err(|error| Error::Conflict(format!("{error}: stop the server first")))?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| named(folder, error))?;
    }
    let partial = Partial::new(&file).map_err(|error| named(&file, error))?;
    copy(backup, &partial.0).map_err(|error| named(&partial.0, error))?;
    let held = verify(&partial.0).await?;
    if stands {
        match copies::let_go(&file).await {
            Err(error @ Error::Unavailable(_)) => {
                return Err(Error::Conflict(format!("another process has the database open; stop it first ({error})")));
            }
            // It is kept as it is, with what stands beside it.
            Err(error) if !is_broken(&error) => return Err(error),
            _ => {}
        }
    }
    // Also where the database itself is gone: what it left behind would be taken for the backup's.
    let before = set_aside(&file, options.clock.now().0).map_err(|error| named(&file, error))?;
    partial.becomes(&file).map_err(|error| named(&file, error))?;
    // Keys and accounts of later than the backup: only the database says now which there are.
    match fs::remove_file(options.data_dir.join("catalog.snapshot")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(named(&options.data_dir, error)),
        _ => {}
    }
    let waiting = waiting(options, &file).await?;
    Ok(Restored { held, before, waiting })
}

/// The file must be a whole backup, and of this installation.
async fn check_source(options: &Options, backup: &Path) -> Result<()> {
    let name = backup.display();
    if !fs::metadata(backup).is_ok_and(|file| file.is_file()) {
        return Err(Error::Internal(format!("there is no backup {name}")));
    }
    if fs::metadata(beside(backup, "-wal")).is_ok_and(|log| log.len() > 0) {
        return Err(Error::Internal(format!(
            "{name} is a database that is worked on, or was copied by other means: what stands beside it would be lost"
        )));
    }
    let copy = Db::open_copy(backup);
    let known = async { db::installation::known_fingerprint(&mut copy.read().await?).await };
    let known = known.await.map_err(|error| Error::Internal(format!("{name} is no backup of Tributary's: {error}")));
    copy.close().await;
    let Some(known) = known? else { return Ok(()) };
    let key = &options.secret_key_file;
    let secrets = Secrets::load(key).map_err(|error| {
        Error::Internal(format!(
            "secret key file {}: {error}. It is not in the backup: put the one that was kept beside it there first",
            key.display()
        ))
    })?;
    if known == secrets.fingerprint {
        return Ok(());
    }
    Err(Error::Internal(format!("{name} was made with another secret key than {}", key.display())))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    // Made for its owner alone.
    let mut to = File::options().write(true).open(to)?;
    io::copy(&mut File::open(from)?, &mut to)?;
    to.sync_all()
}

/// The database, and its log and index where it has any.
fn set_aside(file: &Path, now: i64) -> io::Result<Option<PathBuf>> {
    let aside = beside(file, &format!(".replaced-{now}"));
    let mut moved = None;
    for part in ["", "-wal", "-shm"] {
        match fs::rename(beside(file, part), beside(&aside, part)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(()) => moved = Some(aside.clone()),
        }
    }
    if moved.is_some() {
        sync_folder_of(file)?;
    }
    Ok(moved)
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

/// Clicks of the kept log behind where the backup had read it.
async fn waiting(options: &Options, file: &Path) -> Result<u64> {
    let folder = options.data_dir.join("clicks");
    let of_log = |error: io::Error| Error::Internal(format!("click log {}: {error}", folder.display()));
    let Some(log) = look::log(&folder).map_err(of_log)? else { return Ok(0) };
    let copy = Db::open_copy(file);
    let position = db::clicks::spool_position(&mut copy.read().await?, log.id).await?.unwrap_or_default();
    copy.close().await;
    Ok(look::behind(&folder, position).map_err(of_log)?.clicks)
}
