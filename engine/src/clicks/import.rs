//! Takes the click log of a node that is no more into the database, exactly once.
//!
//! The log keeps its own id: what its node's drain has moved is not moved again, and a node that still lives with
//! that id is displaced. Everything is settled before the log is taken over; after that each step stands by itself,
//! so that an import which ends early goes on where it was.

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    country::CountryFile,
    enrich::{Enricher, IpStorage},
    folder::{Folder, is_read_only, segment_path, segments_and_lengths, whole_end},
    spool::MAGIC,
    transfer::{LogName, Moved, Transfer},
};
use crate::{
    clock::{Clock, new_id},
    db::{self, Db, clicks::Position},
    error::{Error, Result},
    secret::Secrets,
};

const BETWEEN_TRIES: Duration = Duration::from_millis(500);
const MOST_CLOSING: Duration = Duration::from_millis(500);

/// What is imported, and into what.
#[derive(Clone, Debug)]
pub struct Import {
    /// A click log, or a data folder that holds one.
    pub folder: PathBuf,
    pub database_url: String,
    pub secret_key_file: PathBuf,
    pub ip_storage: IpStorage,
    pub country_file: CountryFile,
    pub clock: Clock,
    /// Goes on where the folder lacks a part that cannot be imported afterwards.
    pub takes_incomplete: bool,
    /// How long a database that is away is waited for, once there was progress.
    pub patience: Duration,
}

/// How far an import is, or has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Clicks read.
    pub clicks: u64,
    /// Of these, the ones that were not in the database yet.
    pub new: u64,
    /// Clicks that the database does not take: see the log.
    pub refused: u64,
    /// Bytes in the middle of the log that are no click's, and were skipped.
    pub damaged_bytes: u64,
    /// Bytes of a half-written click at its end, which was never answered.
    pub torn_bytes: u64,
    /// Bytes still to be read.
    pub waiting_bytes: u64,
}

impl Import {
    /// Calls `progress` with each step.
    pub async fn run(self, mut progress: impl FnMut(&Imported)) -> Result<Imported> {
        let folder = self.take_folder()?;
        let secrets = Secrets::load(&self.secret_key_file)
            .map_err(|error| Error::Internal(format!("secret key file {}: {error}", self.secret_key_file.display())))?;
        let countries = self.country_file.open().map_err(Error::Internal)?;
        let db = Db::open_existing(&self.database_url)?;
        check_owner(&db, &secrets).await?;
        let read = db::clicks::spool_position(&mut db.read().await?, folder.id).await?.unwrap_or_default();
        let of_log = |error: io::Error| Error::Internal(format!("click log {}: {error}", folder.path.display()));
        if !self.takes_incomplete {
            check_complete(&segments_and_lengths(&folder.path).map_err(of_log)?, read)?;
        }
        db.migrate().await?;
        let torn_bytes = cut_if_writable(&folder).map_err(of_log)?;
        let segments = segments_and_lengths(&folder.path).map_err(of_log)?;
        // The last segment stays open: a fuller copy of it can be imported later.
        let tail = match segments.last() {
            Some((last, _)) => end_of(&folder.path, *last).map_err(of_log)?,
            None => Position::default(),
        };
        let mut so_far = Imported { torn_bytes, waiting_bytes: waiting(&segments, read, tail), ..Imported::default() };
        if so_far.waiting_bytes == 0 {
            // Whoever has the log keeps it.
            return Ok(so_far);
        }
        progress(&so_far);
        let log = LogName {
            folder: folder.path.clone(),
            spool: folder.id,
            nonce: new_id(self.clock.now(), &mut rand::rng()),
        };
        let enricher = Enricher::new(self.ip_storage, secrets.visitors, countries);
        let mut transfer = Transfer::new(db.clone(), self.clock.clone(), log, enricher).counting_new();
        while let Some(moved) = self.step(&mut transfer, tail).await? {
            so_far.add(&moved);
            so_far.waiting_bytes = waiting(&segments, transfer.position().await?, tail);
            progress(&so_far);
            if matches!(db, Db::Sqlite { .. }) {
                // A server on the same file writes too, and SQLite lets nobody queue.
                tokio::time::sleep(moved.took).await;
            }
        }
        let _ = tokio::time::timeout(MOST_CLOSING, db.close()).await;
        Ok(so_far)
    }

    fn take_folder(&self) -> Result<Folder> {
        let within = self.folder.join("clicks");
        let path = if !self.folder.join("id").exists() && within.join("id").exists() { &within } else { &self.folder };
        if !path.is_dir() {
            return Err(Error::Internal(format!("there is no folder {}", path.display())));
        }
        Folder::open_left(path).map_err(|error| Error::Internal(error.to_string()))
    }

    /// Waits for a database that is busy or away, as long as it may.
    async fn step(&self, transfer: &mut Transfer, tail: Position) -> Result<Option<Moved>> {
        let begun = Instant::now();
        loop {
            match transfer.step(tail).await {
                Err(error @ Error::Unavailable(_)) if begun.elapsed() < self.patience => {
                    tracing::warn!(%error, "the import waits");
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                // One that is refused is found by moving them one by one.
                Err(Error::Unstorable(reason)) if begun.elapsed() < self.patience => {
                    tracing::warn!(reason, "the database refuses one of these clicks; the others are imported");
                }
                Err(Error::Displaced) => {
                    return Err(Error::Internal(
                        "another process has taken this click log over meanwhile: its node lives, and reads it itself. \
                         No click is doubled. Stop that node before its log is imported"
                            .into(),
                    ));
                }
                done => return done,
            }
        }
    }
}

impl Imported {
    fn add(&mut self, moved: &Moved) {
        self.clicks += moved.clicks;
        self.new += moved.new;
        self.refused += moved.refused;
        self.damaged_bytes += moved.damaged;
    }
}

/// Visitors are told by keys from the installation's secret: with another one, each would be new.
async fn check_owner(db: &Db, secrets: &Secrets) -> Result<()> {
    let advice = "name the one that the node wrote to, or start a server on it first";
    let known = match db::installation::known_fingerprint(&mut db.read().await?).await {
        Err(error @ Error::Unavailable(_)) => return Err(error),
        Err(error) => return Err(Error::Internal(format!("this is no database of Tributary's ({error}); {advice}"))),
        Ok(None) => return Err(Error::Internal(format!("this database holds no installation yet; {advice}"))),
        Ok(Some(known)) => known,
    };
    if known == secrets.fingerprint {
        return Ok(());
    }
    Err(Error::Internal(
        "this database was made with another secret key; name its --secret-key-file (nodes share one)".into(),
    ))
}

/// Refuses a folder that ends before what the database has read: what it lacks would never be asked for again.
fn check_complete(segments: &[(i64, u64)], read: Position) -> Result<()> {
    let held = segments.iter().find(|(number, _)| *number == read.segment).map(|(_, length)| *length);
    if read.offset.unsigned_abs() <= held.unwrap_or(MAGIC.len() as u64) {
        return Ok(());
    }
    let held = held.map_or("does not have it".to_owned(), |held| format!("has {held} bytes of it"));
    Err(Error::Internal(format!(
        "the database has read this click log up to byte {} of segment {}, but the folder {held}: the copy is not \
         complete. Copy the whole folder again. Where there is no more of it (its machine lost power, or it was \
         deleted), --incomplete imports what is there",
        read.offset, read.segment,
    )))
}

fn cut_if_writable(folder: &Folder) -> io::Result<u64> {
    match folder.cut_torn_end() {
        Err(error) if is_read_only(&error) => {
            tracing::info!("nothing can be written in the folder: the half-written click at its end stays there");
            Ok(0)
        }
        cut => cut,
    }
}

/// Behind the last whole click of a segment.
fn end_of(folder: &Path, segment: i64) -> io::Result<Position> {
    let whole = whole_end(&segment_path(folder, segment))?;
    Ok(Position { segment, offset: i64::try_from(whole).unwrap_or(i64::MAX) })
}

/// Bytes of clicks between two places.
fn waiting(segments: &[(i64, u64)], from: Position, tail: Position) -> u64 {
    let waiting = segments.iter().filter(|(number, _)| *number >= from.segment).map(|(number, length)| {
        let end = if *number == tail.segment { tail.offset.unsigned_abs() } else { *length };
        let start = if *number == from.segment { from.offset.unsigned_abs() } else { 0 };
        end.saturating_sub(start.max(MAGIC.len() as u64))
    });
    waiting.sum()
}
