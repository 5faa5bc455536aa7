//! Whether an installation is as it should be: what an operator asks before an upgrade, after a restore, or at night.
//! Nothing is changed, nothing is claimed, and a server may be working meanwhile.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant},
};

use model::{
    Timestamp,
    time::{DAY, MINUTE, SECOND},
};

use super::sizes::{self, bytes};
use crate::{
    Options,
    clicks::look::{self, LogSeen},
    db::{self, Db},
    error::{Error, Result},
    events,
    secret::Secrets,
};

/// A database that says nothing for so long is not there.
const MOST_ANSWER: Duration = Duration::from_secs(10);
/// Rows are counted one by one, tens of millions in seconds.
const MOST_COUNT: Duration = Duration::from_secs(600);
/// Nodes sign, limit and order by their clocks: within this nobody notices.
const CLOCKS_MAY_DIFFER: i64 = 2 * SECOND;
/// Beyond it signed events are refused.
const CLOCKS_MUST_NOT_DIFFER: i64 = 60 * SECOND;
/// Events may be said to occur so far ahead.
const AHEAD: i64 = 5 * MINUTE;
/// Clicks that wait longer than this are late.
const LATE: i64 = 5 * MINUTE;
/// Below it the disk is said to be nearly full, and full.
const LITTLE_ROOM: u64 = 1 << 30;
const NO_ROOM: u64 = 100 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Ok,
    Warning,
    Failed,
}

/// What one look has found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What was looked at.
    pub of: &'static str,
    pub state: State,
    pub text: String,
}

/// Findings, in the order they were made.
pub struct Checkup {
    options: Options,
    db: Option<Db>,
    findings: Vec<Finding>,
}

impl Checkup {
    /// Looks at all but figures.
    pub async fn of(options: &Options) -> Vec<Finding> {
        let mut checkup = Self { options: options.clone(), db: None, findings: Vec::new() };
        checkup.configuration();
        checkup.database().await;
        checkup.spool().await;
        checkup.events_aside();
        checkup.room();
        checkup.clock().await;
        if let Some(db) = checkup.db.take() {
            db.close().await;
        }
        checkup.findings
    }

    fn found(&mut self, of: &'static str, state: State, text: impl Into<String>) {
        self.findings.push(Finding { of, state, text: text.into() });
    }

    fn configuration(&mut self) {
        const OF: &str = "configuration";
        let before = self.findings.len();
        let url = self.options.public_url.clone();
        match url::Url::parse(&url) {
            Err(error) => self.found(OF, State::Failed, format!("the public address {url} is none: {error}")),
            Ok(parsed) if parsed.scheme() == "http" && !is_local(&parsed) => self.found(
                OF,
                State::Warning,
                format!("the public address {url} is plain http: passwords and keys can be read on their way"),
            ),
            Ok(_) => {}
        }
        let folder = self.options.data_dir.clone();
        match mode(&folder) {
            Err(error) => self.found(OF, State::Failed, format!("data folder {}: {error}", folder.display())),
            Ok(mode) if mode & 0o077 != 0 => self.found(
                OF,
                State::Warning,
                format!("data folder {} is open to others (mode {mode:o}): `chmod 700`", folder.display()),
            ),
            Ok(_) => {}
        }
        let key = self.options.secret_key_file.clone();
        match mode(&key) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.found(OF, State::Failed, format!("secret key file {}: {error}", key.display())),
            Ok(mode) if mode & 0o077 != 0 => self.found(
                OF,
                State::Warning,
                format!("secret key file {} is open to others (mode {mode:o}): `chmod 600`", key.display()),
            ),
            Ok(_) => {}
        }
        if let Err(error) = self.options.country_file.clone().open() {
            self.found(OF, State::Failed, error);
        }
        if self.findings.len() == before {
            self.found(OF, State::Ok, format!("data folder {}, public address {url}", folder.display()));
        }
    }

    async fn database(&mut self) {
        const OF: &str = "database";
        let looked = tokio::time::timeout(MOST_ANSWER, self.look_at_database()).await;
        let (db, text) = match looked {
            Err(_) => {
                return self.found(OF, State::Failed, format!("does not answer within {} s", MOST_ANSWER.as_secs()));
            }
            Ok(Err(error)) => return self.found(OF, State::Failed, error.to_string()),
            Ok(Ok(looked)) => looked,
        };
        let written = async { db::overview::written(&mut db.read().await?).await };
        match tokio::time::timeout(MOST_COUNT, written).await {
            Err(_) => self.found(OF, State::Warning, format!("{text}; its rows could not be counted in time")),
            Ok(Err(error)) => self.found(OF, State::Failed, error.to_string()),
            Ok(Ok((clicks, events))) => self.found(OF, State::Ok, format!("{text}, {clicks} clicks, {events} events")),
        }
        self.db = Some(db);
    }

    /// Whether the database is one of ours, and what it is.
    async fn look_at_database(&self) -> Result<(Db, String)> {
        let db = Db::open_existing(&self.options.database_url)?;
        let begun = Instant::now();
        let schema = db.schema().await?;
        let took = begun.elapsed();
        schema.check()?;
        let mut conn = db.read().await?;
        let known = db::installation::known_fingerprint(&mut conn).await?;
        let key = &self.options.secret_key_file;
        let ours = match Secrets::load(key) {
            Ok(secrets) => Some(secrets.fingerprint),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::Internal(format!("secret key file {}: {error}", key.display()))),
        };
        match (known, ours) {
            (Some(_), None) => {
                return Err(Error::Internal(format!("its secret key file {} is missing: restore it", key.display())));
            }
            (Some(known), Some(ours)) if known != ours => {
                return Err(Error::Internal(format!("was made with another secret key than {}", key.display())));
            }
            _ => {}
        }
        let (version, size) = db::overview::about(&mut conn).await?;
        drop(conn);
        let kind = if db.has_one_writer() { "SQLite" } else { "MySQL" };
        let text = format!(
            "{kind} {}, schema {}, {}, answers in {:.1} ms",
            version.unwrap_or_default(),
            schema.version,
            bytes(size.unwrap_or(0).unsigned_abs()),
            took.as_secs_f64() * 1000.0,
        );
        Ok((db, text))
    }

    async fn spool(&mut self) {
        const OF: &str = "spool";
        let folder = self.options.data_dir.join("clicks");
        let log = match look::log(&folder) {
            Err(error) => return self.found(OF, State::Failed, format!("click log {}: {error}", folder.display())),
            Ok(None) => {
                return self.found(OF, State::Ok, "there is no click log yet: no server has run on this folder");
            }
            Ok(Some(log)) => log,
        };
        let Some(db) = &self.db else {
            return self.found(OF, State::Warning, format!("{}; what of it waits is unknown", held(&log)));
        };
        let read = match position(db, log.id).await {
            Err(error) => return self.found(OF, State::Failed, error.to_string()),
            Ok(read) => read,
        };
        let seen = match look::behind(&folder, read) {
            Err(error) => return self.found(OF, State::Failed, format!("click log {}: {error}", folder.display())),
            Ok(seen) => seen,
        };
        if seen.is_short {
            let text =
                "the database has read this click log further than the folder goes: it is a copy that is not whole";
            self.found(OF, State::Warning, text);
        }
        if seen.damaged > 0 {
            self.found(OF, State::Failed, format!("{} bytes among waiting clicks are damaged", seen.damaged));
        }
        let age = seen.oldest.map_or(0, |at| self.options.clock.now().0 - at.0);
        let text = format!("{}; {} clicks wait{}", held(&log), seen.clicks, sizes::since(age));
        let is_late = seen.clicks > 0 && age > LATE;
        self.found(OF, if is_late { State::Warning } else { State::Ok }, text);
    }

    fn events_aside(&mut self) {
        const OF: &str = "events aside";
        let folder = self.options.data_dir.join("events");
        match events::look_aside(&folder) {
            Err(error) => self.found(OF, State::Failed, format!("{}: {error}", folder.display())),
            Ok(seen) if seen.damaged > 0 => self.found(
                OF,
                State::Failed,
                format!("{} wait, and {} bytes among them are damaged", seen.events, seen.damaged),
            ),
            Ok(seen) if seen.events > 0 => {
                let text = format!("{} wait for the database; a running server records them first", seen.events);
                self.found(OF, State::Warning, text);
            }
            Ok(_) => self.found(OF, State::Ok, "none"),
        }
    }

    fn room(&mut self) {
        const OF: &str = "disk";
        let folder = self.options.data_dir.clone();
        match rustix::fs::statvfs(&folder) {
            Err(error) => self.found(OF, State::Failed, format!("{}: {error}", folder.display())),
            Ok(disk) => {
                let (free, all) = (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize);
                let state = match free {
                    0..NO_ROOM => State::Failed,
                    NO_ROOM..LITTLE_ROOM => State::Warning,
                    _ => State::Ok,
                };
                self.found(OF, state, format!("{} free of {} at {}", bytes(free), bytes(all), folder.display()));
            }
        }
    }

    async fn clock(&mut self) {
        const OF: &str = "clock";
        let Some(db) = &self.db else {
            return self.found(OF, State::Warning, "without the database there is nothing to compare it with");
        };
        let now = || self.options.clock.now();
        let looked = async {
            let mut conn = db.read().await?;
            let before = now();
            let theirs = db::installation::clock(&mut conn).await?;
            // Half way there and back.
            let ours = Timestamp(before.0.midpoint(now().0));
            Ok::<_, Error>((ours.0 - theirs.0, db::installation::newest_row(&mut conn).await?, ours))
        };
        let (differs, newest, ours) = match looked.await {
            Err(error) => return self.found(OF, State::Failed, error.to_string()),
            Ok(looked) => looked,
        };
        let ahead = newest.map_or(0, |newest| newest.0 - ours.0);
        let before = self.findings.len();
        if differs.abs() > CLOCKS_MAY_DIFFER {
            let state = if differs.abs() > CLOCKS_MUST_NOT_DIFFER { State::Failed } else { State::Warning };
            let (side, by) = (if differs > 0 { "ahead of" } else { "behind" }, sizes::time(differs.abs()));
            self.found(OF, state, format!("{by} {side} the database's: have both follow a time server"));
        }
        if ahead > AHEAD {
            let state = if ahead > DAY { State::Failed } else { State::Warning };
            let by = sizes::time(ahead);
            self.found(OF, state, format!("the newest click or event lies {by} ahead: a clock was, or is, wrong"));
        }
        if self.findings.len() == before {
            self.found(OF, State::Ok, format!("{} ms from the database's", differs.abs()));
        }
    }
}

async fn position(db: &Db, spool: uuid::Uuid) -> Result<db::clicks::Position> {
    Ok(db::clicks::spool_position(&mut db.read().await?, spool).await?.unwrap_or_default())
}

fn held(log: &LogSeen) -> String {
    let by = if log.is_held { "a server has it" } else { "no server has it" };
    format!("{} segments, {}, {by}", log.segments, bytes(log.bytes))
}

fn mode(path: &Path) -> io::Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

fn is_local(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}
