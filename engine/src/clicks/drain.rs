//! Moves clicks from the log into the database: rows and the log's position in one transaction.

use std::{net::IpAddr, sync::Arc, time::Duration};

use model::{
    Timestamp,
    time::{DAY, HOUR},
};
use rand::RngExt;
use serde::Deserialize;
use tokio::sync::watch;
use url::Url;
use uuid::Uuid;

use super::{
    Click, agent,
    reader::{self, Chunk},
    spool::{Spool, segment_path, segments},
};
use crate::{
    clock::Clock,
    db::{
        self, Db,
        clicks::{ClickRow, Position},
    },
    error::{Error, Result},
    secret::keyed_hash,
};

/// Clicks in one transaction.
const BATCH: usize = 500;
/// How often the log is looked at while nothing waits.
const IDLE: Duration = Duration::from_millis(100);
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const MOST_BACKOFF: Duration = Duration::from_secs(1);
/// A read segment stays, so that a restored database can be caught up.
const KEEP_SEGMENTS: Duration = Duration::from_secs(24 * 3600);
/// Days a visitor is remembered; clicks may reach the database late.
const KEEP_VISITORS_DAYS: i64 = 3;

/// How much of a visitor's address is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum IpStorage {
    /// IPv4 to /24, IPv6 to /48.
    #[default]
    Truncated,
    Full,
    None,
}

pub struct Drain {
    pub spool: Arc<Spool>,
    pub db: Db,
    pub clock: Clock,
    pub ip_storage: IpStorage,
    /// From this each UTC day's key for visitors is made.
    pub visitor_secret: [u8; 32],
    /// Names this process to the database: only the last to claim a spool may drain it.
    pub nonce: Uuid,
    /// Where the database stands; None until it answered once.
    pub drained: watch::Sender<Option<Position>>,
}

impl Drain {
    /// Runs until `stop`; then empties what is left, as far as the database takes it at once.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut backoff = FIRST_BACKOFF;
        let mut position = None;
        let mut tidied = Timestamp(0);
        loop {
            let is_last_round = *stop.borrow();
            let wait = match self.round(&mut position, &mut tidied).await {
                Ok(moved) => {
                    if backoff > FIRST_BACKOFF {
                        tracing::info!("clicks are reaching the database again");
                        backoff = FIRST_BACKOFF;
                    }
                    if moved {
                        continue;
                    }
                    IDLE
                }
                Err(error) => {
                    // What is not known to be committed is read again from where the database says.
                    position = None;
                    tracing::error!(%error, "clicks wait in the log: the database does not take them");
                    backoff = (backoff * 2).min(MOST_BACKOFF);
                    backoff.mul_f64(rand::rng().random_range(0.5..1.0))
                }
            };
            if is_last_round {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Moves one batch; false where nothing waits.
    async fn round(&self, position: &mut Option<Position>, tidied: &mut Timestamp) -> Result<bool> {
        let from = match *position {
            Some(position) => position,
            None => *position.insert(self.claim().await?),
        };
        let chunk = self.read(from).await?;
        if chunk.end == from {
            let now = self.clock.now();
            if now.0 - tidied.0 > HOUR {
                *tidied = now;
                self.tidy(from, now).await?;
            }
            return Ok(false);
        }
        self.store(&chunk, from).await?;
        *position = Some(chunk.end);
        self.drained.send_replace(Some(chunk.end));
        Ok(true)
    }

    async fn claim(&self) -> Result<Position> {
        let mut conn = self.db.begin().await?;
        let position = db::clicks::claim_spool(&mut conn, self.spool.id, self.nonce, self.clock.now()).await?;
        conn.commit().await?;
        self.drained.send_replace(Some(position));
        Ok(position)
    }

    async fn read(&self, from: Position) -> Result<Chunk> {
        let spool = Arc::clone(&self.spool);
        let read = tokio::task::spawn_blocking(move || reader::read_chunk(spool.folder(), from, spool.tail(), BATCH));
        read.await
            .map_err(|error| Error::Internal(format!("click log reader: {error}")))?
            .map_err(|error| Error::Internal(format!("click log: {error}")))
    }

    async fn store(&self, chunk: &Chunk, from: Position) -> Result<()> {
        let rows: Vec<ClickRow> = chunk.clicks().map(|click| self.enrich(&click)).collect();
        let mut conn = self.db.begin().await?;
        let moved =
            db::clicks::move_spool(&mut conn, self.spool.id, self.nonce, from, chunk.end, self.clock.now()).await?;
        if !moved {
            return Err(Error::Internal(
                "another process drains this click log's id; was the data folder copied?".into(),
            ));
        }
        if !rows.is_empty() {
            let firsts = db::clicks::note_visitors(&mut conn, &rows).await?;
            db::clicks::insert(&mut conn, &rows, &firsts).await?;
        }
        conn.commit().await
    }

    fn enrich(&self, click: &Click<'_>) -> ClickRow {
        let user_agent = text(click.user_agent);
        let referrer = text(click.referrer);
        let agent = agent::classify(user_agent.as_deref().unwrap_or_default());
        let day_key = day_key(&self.visitor_secret, click.at.utc_day());
        let address = match click.ip {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        ClickRow {
            id: click.id,
            advertiser_id: click.advertiser_id.0,
            campaign_id: click.campaign_id.0,
            link_id: click.link_id.0,
            influencer_id: click.influencer_id.map(|id| id.0),
            at: click.at,
            device: agent.device,
            browser: agent.browser,
            os: agent.os,
            referrer_host: referrer.as_deref().and_then(host),
            referrer,
            ip: stored_ip(click.ip, self.ip_storage),
            country: None,
            is_bot: agent.is_bot || click.is_prefetch,
            visitor: keyed_hash(&day_key, &[&address, click.user_agent]),
            user_agent,
        }
    }

    /// Deletes what was read long ago.
    async fn tidy(&self, position: Position, now: Timestamp) -> Result<()> {
        for number in segments(self.spool.folder()).unwrap_or_default().into_iter().filter(|n| *n < position.segment) {
            let path = segment_path(self.spool.folder(), number);
            let age = std::fs::metadata(&path).and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
            if age.is_some_and(|age| age > KEEP_SEGMENTS)
                && let Err(error) = std::fs::remove_file(&path)
            {
                tracing::warn!(%error, segment = number, "a read segment of the click log could not be deleted");
            }
        }
        let mut conn = self.db.begin().await?;
        db::clicks::forget_visitors(&mut conn, now.0.div_euclid(DAY) - KEEP_VISITORS_DAYS).await?;
        conn.commit().await
    }
}

/// A header's text; cut characters and controls left out. None where nothing is left.
fn text(bytes: &[u8]) -> Option<String> {
    let text: String = String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control() && *c != '\u{fffd}').collect();
    (!text.is_empty()).then_some(text)
}

fn host(referrer: &str) -> Option<String> {
    let host = Url::parse(referrer).ok()?.host_str()?.to_owned();
    (host.len() <= 255).then_some(host)
}

/// Each UTC day has its own key, so that a visitor cannot be followed from one day to the next.
fn day_key(secret: &[u8; 32], utc_day: i64) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&keyed_hash(secret, &[&utc_day.to_le_bytes()]));
    key
}

fn stored_ip(ip: IpAddr, storage: IpStorage) -> Option<String> {
    match (storage, ip) {
        (IpStorage::None, _) => None,
        (IpStorage::Full, ip) => Some(ip.to_string()),
        (IpStorage::Truncated, IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            Some(format!("{a}.{b}.{c}.0"))
        }
        (IpStorage::Truncated, IpAddr::V6(ip)) => {
            let [a, b, c, ..] = ip.segments();
            Some(std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cut_before_they_are_stored() {
        let stored = |ip: &str, storage| stored_ip(ip.parse().unwrap(), storage);
        assert_eq!(stored("203.0.113.77", IpStorage::Truncated).as_deref(), Some("203.0.113.0"));
        assert_eq!(stored("2001:db8:1:2::3", IpStorage::Truncated).as_deref(), Some("2001:db8:1::"));
        assert_eq!(stored("203.0.113.77", IpStorage::None), None);
    }

    #[test]
    fn a_visitor_has_another_hash_each_day() {
        assert_ne!(day_key(&[1; 32], 20_000), day_key(&[1; 32], 20_001));
    }

    #[test]
    fn header_text_is_stored_without_controls_or_broken_characters() {
        assert_eq!(text(b"Mozilla\x00/5.0 \xff\xc3").as_deref(), Some("Mozilla/5.0 "));
        assert_eq!(text(b""), None);
    }
}
