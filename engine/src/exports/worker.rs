//! An export at work: on a thread of its own, of the lowest priority, so that redirects wait for none, over a connection
//! of its own, which sees the database as it was at the start.
//!
//! Pages are read while those before are on their way; whoever takes them sets the pace.

use std::{io::Write as _, mem, time::Duration};

use flate2::{Compression, write::GzEncoder};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::{
    Pages, Part,
    slots::Slot,
    table::{self, Names, broken},
};
use crate::{
    db::{
        Conn, Db,
        exports::{self, Named, Packed, Place, Rows, settle},
        stats::Filter,
    },
    error::{Error, Result},
    lowest,
};

/// Pages that wait for whoever takes them.
const WAITING: usize = 2;
/// A reader who takes nothing for so long holds the database's past no longer.
const MOST_IDLE: Duration = Duration::from_secs(60);
/// Nor does one who takes a little now and then, for ever: a database that must remember what it was grows.
const MOST_TIME: Duration = Duration::from_secs(3600);
/// A read that takes longer hangs.
const MOST_READ: Duration = Duration::from_secs(60);
/// Between two looks at whether anybody still waits, in the database's own steps: a few times a millisecond.
const STEPS: i32 = 10_000;

pub(super) struct Worker {
    pub db: Db,
    pub rows: Rows,
    pub filter: Filter,
    pub gzip: bool,
    pub _slot: Slot,
}

impl Worker {
    /// Returns once the first page is there, or what is wrong is known.
    pub async fn start(self) -> Result<Pages> {
        let (sender, pages) = Pages::channel(WAITING);
        let (begun, beginning) = oneshot::channel();
        let failed = |error| Error::Internal(format!("an export cannot start: {error}"));
        lowest::spawn("export", move || async move { self.run(begun, &sender).await }).map_err(failed)?;
        beginning.await.unwrap_or_else(|_| Err(Error::Internal("an export ended with a fault".into())))?;
        Ok(pages)
    }

    async fn run(self, begun: oneshot::Sender<Result<()>>, pages: &mpsc::Sender<Part>) {
        let mut out = Out { pages, packing: self.gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast())) };
        let mut begun = Some(begun);
        let ended = tokio::select! {
            ended = timeout(MOST_TIME, self.pages(&mut out, &mut begun)) => {
                ended.unwrap_or_else(|_| Err(Error::Internal("its reader was too slow".into())))
            }
            // Whoever asked has left. What is dropped here ends the connection, and with it the read.
            () = pages.closed() => return,
        };
        let Err(error) = ended else { return };
        match begun.take() {
            Some(begun) => drop(begun.send(Err(error))),
            // Its reader hears of it by the end that does not come.
            None => tracing::warn!(%error, "an export was cut off"),
        }
    }

    async fn pages(&self, out: &mut Out<'_>, begun: &mut Option<oneshot::Sender<Result<()>>>) -> Result<()> {
        let mut conn = self.db.snapshot_apart().await?;
        // Its end is told by the last sender: this is none.
        let waiting = out.pages.downgrade();
        conn.give_up_when(STEPS, move || waiting.upgrade().is_none_or(|pages| pages.is_closed())).await?;
        let mut names = Names::default();
        let mut place = Some(Place::From(self.filter.from.0));
        // A click has no coupon: as in the figures, with one there are none.
        if matches!(self.rows, Rows::Clicks { .. }) && self.filter.coupon.is_some() {
            place = None;
        }
        let mut text = table::header(self.rows).as_bytes().to_vec();
        while let Some(at) = place {
            let packed = timeout(MOST_READ, exports::read(&mut conn, self.rows, &self.filter, at));
            let packed = packed.await.map_err(|_| Error::unavailable("it hangs"))??;
            let (next, lines) = self.page(&mut conn, &packed, at, &mut names).await?;
            text.extend(lines);
            out.write(mem::take(&mut text), begun).await?;
            place = next;
        }
        out.finish(text, begun).await
    }

    /// A page's lines, and where the next begins.
    async fn page(
        &self,
        conn: &mut Conn,
        packed: &[u8],
        at: Place,
        names: &mut Names,
    ) -> Result<(Option<Place>, Vec<u8>)> {
        let packed = Packed(packed);
        let mut page = table::Page::new();
        let next;
        match self.rows {
            Rows::Clicks { .. } => {
                let mut lines = packed.clicks()?;
                next = settle(&mut lines, at, |line| (line.clicked_at, line.id));
                names.forget_some();
                names.learn(conn, Named::Influencer, lines.iter().map(|line| line.influencer_id)).await?;
                names.learn(conn, Named::Campaign, lines.iter().map(|line| line.campaign_id)).await?;
                names.learn(conn, Named::Link, lines.iter().map(|line| line.link_id)).await?;
                lines.iter().try_for_each(|line| page.click(line, names)).map_err(broken)?;
            }
            Rows::Events | Rows::Sales => {
                let mut lines = packed.events()?;
                next = settle(&mut lines, at, |line| (line.occurred_at, line.id));
                names.forget_some();
                names.learn(conn, Named::Influencer, lines.iter().map(|line| line.influencer_id)).await?;
                names.learn(conn, Named::Campaign, lines.iter().map(|line| line.campaign_id)).await?;
                names.learn(conn, Named::Link, lines.iter().map(|line| line.link_id)).await?;
                names.learn(conn, Named::Coupon, lines.iter().map(|line| line.coupon_id)).await?;
                let written = if self.rows == Rows::Sales {
                    lines.iter().try_for_each(|line| page.sale(line, names))
                } else {
                    lines.iter().try_for_each(|line| page.event(line, names))
                };
                written.map_err(broken)?;
            }
        }
        Ok((next, page.finish()?))
    }
}

/// Where pages go.
struct Out<'a> {
    pages: &'a mpsc::Sender<Part>,
    packing: Option<GzEncoder<Vec<u8>>>,
}

impl Out<'_> {
    async fn write(&mut self, text: Vec<u8>, begun: &mut Option<oneshot::Sender<Result<()>>>) -> Result<()> {
        let bytes = match &mut self.packing {
            None => text,
            Some(packing) => {
                packing.write_all(&text).map_err(broken)?;
                mem::take(packing.get_mut())
            }
        };
        if let Some(begun) = begun.take() {
            let _ = begun.send(Ok(()));
        }
        if bytes.is_empty() { Ok(()) } else { self.send(Part::Bytes(bytes)).await }
    }

    async fn finish(&mut self, text: Vec<u8>, begun: &mut Option<oneshot::Sender<Result<()>>>) -> Result<()> {
        self.write(text, begun).await?;
        if let Some(packing) = self.packing.take() {
            self.send(Part::Bytes(packing.finish().map_err(broken)?)).await?;
        }
        self.send(Part::End).await
    }

    async fn send(&self, part: Part) -> Result<()> {
        match timeout(MOST_IDLE, self.pages.send(part)).await {
            // Where nobody waits for it, the end comes by another way.
            Ok(_) => Ok(()),
            Err(_) => Err(Error::Internal("its reader took nothing for a minute".into())),
        }
    }
}
