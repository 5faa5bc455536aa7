//! One UTC day of an archive: two files of lines, packed, and the manifest that says what is in them.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use model::Timestamp;
use object_store::{buffered::BufWriter, path::Path};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::target::{Store, failed};
use crate::{
    db::{self, Conn, Db, exports::Place},
    error::Result,
};

pub struct Day {
    pub from: Timestamp,
    pub to: Timestamp,
    pub schema: i64,
}

/// What was written of a day.
pub struct Written {
    pub clicks: u64,
    pub events: u64,
    pub bytes: u64,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Clicks,
    Events,
}

/// What a day's manifest says. A day without clicks or events has no file of them.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    day: String,
    /// The database's schema, whose columns the lines have.
    schema: i64,
    clicks: Content,
    events: Content,
}

/// A file of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    rows: u64,
    /// Of the lines, before they were packed.
    sha256: String,
    /// The file as it is stored.
    stored_bytes: u64,
    stored_sha256: String,
}

impl Day {
    /// None where it is there as it is.
    pub async fn put(&self, db: &Db, store: &Store) -> Result<Option<Written>> {
        // All of it as of one moment.
        let mut conn = db.snapshot_apart().await?;
        // Deletion may have overtaken this run: what is left of a day must never stand where all of it may stand.
        if db::retention::rows_from(&mut conn).await?.is_some_and(|kept| kept > self.from) {
            return Ok(None);
        }
        let at = store.path(&format!("{}/manifest.json", self.name()));
        let before: Option<Manifest> =
            store.read(&at).await?.and_then(|manifest| serde_json::from_slice(&manifest).ok());
        if let Some(before) = before
            && self.is_there(store, &before).await?
            && self.is_same(&mut conn, &before).await?
        {
            return Ok(None);
        }
        let clicks = self.write(&mut conn, store, Kind::Clicks).await?;
        let events = self.write(&mut conn, store, Kind::Events).await?;
        let written =
            Written { clicks: clicks.rows, events: events.rows, bytes: clicks.stored_bytes + events.stored_bytes };
        let manifest = Manifest { day: self.name(), schema: self.schema, clicks, events };
        // Last: with it the day is there.
        let mut text = serde_json::to_vec_pretty(&manifest).map_err(failed)?;
        text.push(b'\n');
        store.write(&at, text).await?;
        Ok(Some(written))
    }

    /// Such as `2026-01-31`.
    fn name(&self) -> String {
        self.from.to_string().chars().take(10).collect()
    }

    fn path(&self, store: &Store, kind: Kind) -> Path {
        let name = match kind {
            Kind::Clicks => "clicks",
            Kind::Events => "events",
        };
        store.path(&format!("{}/{name}.ndjson.gz", self.name()))
    }

    /// Whether the files are as long as they should be.
    async fn is_there(&self, store: &Store, manifest: &Manifest) -> Result<bool> {
        for (kind, content) in [(Kind::Clicks, &manifest.clicks), (Kind::Events, &manifest.events)] {
            if content.rows > 0 && store.length(&self.path(store, kind)).await? != Some(content.stored_bytes) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the database still says the same.
    async fn is_same(&self, conn: &mut Conn, manifest: &Manifest) -> Result<bool> {
        for (kind, content) in [(Kind::Clicks, &manifest.clicks), (Kind::Events, &manifest.events)] {
            let mut lines = Lines::new(None);
            self.lines(conn, kind, &mut lines).await?;
            if (lines.rows, hex::encode(lines.hash.finalize())) != (content.rows, content.sha256.clone()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn write(&self, conn: &mut Conn, store: &Store, kind: Kind) -> Result<Content> {
        let path = self.path(store, kind);
        let mut lines = Lines::new(Some(store.writer(&path)));
        let done = async {
            self.lines(conn, kind, &mut lines).await?;
            lines.finish().await
        };
        match done.await {
            Ok(content) => Ok(content),
            Err(error) => {
                // Parts that nobody asks for again would be paid for.
                if let Some(out) = &mut lines.out {
                    let _ = out.abort().await;
                }
                Err(error)
            }
        }
    }

    async fn lines(&self, conn: &mut Conn, kind: Kind, lines: &mut Lines) -> Result<()> {
        let mut place = Some(Place::From(self.from.0));
        while let Some(at) = place {
            place = match kind {
                Kind::Clicks => {
                    let (rows, next) = db::archive::clicks(conn, at, self.to).await?;
                    lines.add(&rows).await?;
                    next
                }
                Kind::Events => {
                    let (rows, next) = db::archive::events(conn, at, self.to).await?;
                    lines.add(&rows).await?;
                    next
                }
            }
            // A moment that was read to its end may have been the day's last.
            .filter(|next| !matches!(next, Place::From(moment) if *moment >= self.to.0));
        }
        Ok(())
    }
}

/// Lines on their way: counted, hashed, and, where they are kept, packed and sent on.
struct Lines {
    rows: u64,
    hash: Sha256,
    packing: GzEncoder<Vec<u8>>,
    stored_bytes: u64,
    stored_hash: Sha256,
    out: Option<BufWriter>,
}

impl Lines {
    fn new(out: Option<BufWriter>) -> Self {
        Self {
            rows: 0,
            hash: Sha256::new(),
            packing: GzEncoder::new(Vec::new(), Compression::default()),
            stored_bytes: 0,
            stored_hash: Sha256::new(),
            out,
        }
    }

    async fn add(&mut self, rows: &[impl Serialize]) -> Result<()> {
        let mut text = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut text, row).map_err(failed)?;
            text.push(b'\n');
        }
        self.rows += rows.len() as u64;
        self.hash.update(&text);
        if self.out.is_some() {
            self.packing.write_all(&text).map_err(failed)?;
            let packed = std::mem::take(self.packing.get_mut());
            self.send(&packed).await?;
        }
        Ok(())
    }

    /// Nothing is stored of nothing.
    async fn finish(&mut self) -> Result<Content> {
        let mut content = Content { rows: self.rows, sha256: digest(&self.hash), ..Content::default() };
        if self.rows == 0 {
            self.out = None;
            return Ok(content);
        }
        let packing = std::mem::replace(&mut self.packing, GzEncoder::new(Vec::new(), Compression::default()));
        let packed = packing.finish().map_err(failed)?;
        self.send(&packed).await?;
        if let Some(out) = &mut self.out {
            out.shutdown().await.map_err(failed)?;
        }
        content.stored_bytes = self.stored_bytes;
        content.stored_sha256 = digest(&self.stored_hash);
        Ok(content)
    }

    async fn send(&mut self, packed: &[u8]) -> Result<()> {
        self.stored_hash.update(packed);
        self.stored_bytes += packed.len() as u64;
        let Some(out) = &mut self.out else { return Ok(()) };
        out.write_all(packed).await.map_err(failed)
    }
}

fn digest(hash: &Sha256) -> String {
    hex::encode(hash.clone().finalize())
}
