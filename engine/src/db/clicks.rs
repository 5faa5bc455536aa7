//! Clicks, their visitors, and how far each spool has been read.

use std::collections::HashSet;

use model::{AdvertiserId, ClickId, LinkId, Timestamp};
use sqlx::{AssertSqlSafe, QueryBuilder};
use uuid::Uuid;

use super::{Conn, on, round};
use crate::error::Result;

/// A click as it is stored.
#[derive(Clone, Debug)]
pub struct ClickRow {
    pub id: ClickId,
    pub advertiser_id: Uuid,
    pub campaign_id: Uuid,
    pub link_id: Uuid,
    pub influencer_id: Option<Uuid>,
    pub at: Timestamp,
    pub user_agent: Option<String>,
    pub device: &'static str,
    pub browser: Option<String>,
    pub os: Option<String>,
    pub referrer: Option<String>,
    pub referrer_host: Option<String>,
    pub ip: Option<String>,
    pub country: Option<String>,
    pub is_bot: bool,
    /// A hash keyed for this UTC day.
    pub visitor: [u8; 16],
}

/// A place in a spool: everything before it is in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub segment: i64,
    pub offset: i64,
}

/// Takes a spool over for the process that owns `nonce`, and tells where to go on.
pub async fn claim_spool(conn: &mut Conn, spool: Uuid, nonce: Uuid, now: Timestamp) -> Result<Position> {
    let insert = format!(
        "INSERT INTO spools (id, nonce, segment, position, moved_at) VALUES (?, ?, 0, 0, ?){}",
        conn.or_keep("id")
    );
    const TAKE: &str = "UPDATE spools SET nonce = ? WHERE id = ?";
    const GET: &str = "SELECT segment, position FROM spools WHERE id = ?";
    on!(conn, c => sqlx::query(AssertSqlSafe(insert)).bind(spool).bind(nonce).bind(now.0).execute(c).await.map(drop))?;
    on!(conn, c => sqlx::query(TAKE).bind(nonce).bind(spool).execute(c).await.map(drop))?;
    let (segment, offset) = on!(conn, c => sqlx::query_as(GET).bind(spool).fetch_one(c).await)?;
    Ok(Position { segment, offset })
}

/// Up to where a spool was read, whoever holds it; None where it is not known here.
pub async fn spool_position(conn: &mut Conn, spool: Uuid) -> Result<Option<Position>> {
    const SQL: &str = "SELECT segment, position FROM spools WHERE id = ?";
    let found: Option<(i64, i64)> = on!(conn, c => sqlx::query_as(SQL).bind(spool).fetch_optional(c).await)?;
    Ok(found.map(|(segment, offset)| Position { segment, offset }))
}

/// Where a spool stands that this process holds; None where another has taken it.
pub async fn held_position(conn: &mut Conn, spool: Uuid, nonce: Uuid) -> Result<Option<Position>> {
    const SQL: &str = "SELECT segment, position FROM spools WHERE id = ? AND nonce = ?";
    let found: Option<(i64, i64)> =
        on!(conn, c => sqlx::query_as(SQL).bind(spool).bind(nonce).fetch_optional(c).await)?;
    Ok(found.map(|(segment, offset)| Position { segment, offset }))
}

/// Moves a spool's position if it still stands where this process left it, and says whether it did.
pub async fn move_spool(
    conn: &mut Conn,
    spool: Uuid,
    nonce: Uuid,
    from: Position,
    to: Position,
    now: Timestamp,
) -> Result<bool> {
    const SQL: &str = "UPDATE spools SET segment = ?, position = ?, moved_at = ?
        WHERE id = ? AND nonce = ? AND segment = ? AND position = ?";
    // Both drivers count the rows found, which is what is asked here.
    let found = on!(conn, c => sqlx::query(SQL)
        .bind(to.segment).bind(to.offset).bind(now.0)
        .bind(spool).bind(nonce).bind(from.segment).bind(from.offset)
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(found == 1)
}

/// Notes the clicks' visitors and returns the clicks that are the first of theirs on their link and day.
pub async fn note_visitors(conn: &mut Conn, clicks: &[ClickRow]) -> Result<HashSet<ClickId>> {
    let (begin, keep) = (conn.insert(), conn.or_keep("utc_day, link_id, visitor"));
    // Sorted, so that nodes with the same visitors do not wait for each other. Of a visitor's clicks the first stays first.
    let mut clicks: Vec<&ClickRow> = clicks.iter().collect();
    clicks.sort_by_key(|click| (click.at.utc_day(), click.link_id, click.visitor));
    on!(conn, c => {
        let mut insert = QueryBuilder::new(begin);
        insert.push("visitors (utc_day, link_id, visitor, click_id) ");
        insert.push_values(round::filled(&clicks), |mut row, click| {
            row.push_bind(click.at.utc_day())
                .push_bind(click.link_id)
                .push_bind(&click.visitor[..])
                .push_bind(click.id.0);
        });
        insert.push(keep);
        insert.build().execute(&mut *c).await?;
    });
    // Whoever noted the visitor first is the first click: ours, where our id stands there.
    let rows = conn.rows();
    let ids: Vec<Uuid> = on!(conn, c => {
        let mut read = QueryBuilder::new("SELECT click_id FROM visitors WHERE (utc_day, link_id, visitor) IN (");
        read.push(rows);
        let mut list = read.separated(", ");
        for click in round::filled(&clicks) {
            list.push("(")
                .push_bind_unseparated(click.at.utc_day())
                .push_unseparated(", ")
                .push_bind_unseparated(click.link_id)
                .push_unseparated(", ")
                .push_bind_unseparated(&click.visitor[..])
                .push_unseparated(")");
        }
        read.push(")");
        read.build_query_scalar().fetch_all(&mut *c).await?
    });
    Ok(ids.into_iter().map(ClickId).collect())
}

/// Those of these that are there already.
pub async fn known_of(conn: &mut Conn, clicks: &[ClickRow]) -> Result<HashSet<ClickId>> {
    const NEWER: &str = "SELECT id FROM clicks WHERE id >= ? LIMIT 1";
    let ids: Vec<ClickId> = clicks.iter().map(|click| click.id).collect();
    let Some(first) = ids.iter().min() else { return Ok(HashSet::new()) };
    // Ids are in the order of time: mostly nothing is as new as these.
    let newer: Option<(Uuid,)> = on!(conn, c => sqlx::query_as(NEWER).bind(first.0).fetch_optional(c).await)?;
    if newer.is_none() {
        return Ok(HashSet::new());
    }
    Ok(links_of(conn, &ids).await?.into_iter().map(|(id, ..)| id).collect())
}

/// A click that is there already (a log read twice after a restore) stays as it is.
pub async fn insert_or_keep(conn: &mut Conn, clicks: &[ClickRow], firsts: &HashSet<ClickId>) -> Result<()> {
    let (begin, keep) = (conn.insert(), conn.or_keep("id"));
    on!(conn, c => {
        let mut insert = QueryBuilder::new(begin);
        insert.push(
            "clicks (id, advertiser_id, campaign_id, link_id, influencer_id, clicked_at, quarter, user_agent,
                device, browser, os, referrer, referrer_host, ip, country, is_bot, is_first) ",
        );
        insert.push_values(round::filled(clicks), |mut row, click| {
            row.push_bind(click.id.0)
                .push_bind(click.advertiser_id)
                .push_bind(click.campaign_id)
                .push_bind(click.link_id)
                .push_bind(click.influencer_id)
                .push_bind(click.at.0)
                .push_bind(click.at.quarter_hour())
                .push_bind(&click.user_agent)
                .push_bind(click.device)
                .push_bind(&click.browser)
                .push_bind(&click.os)
                .push_bind(&click.referrer)
                .push_bind(&click.referrer_host)
                .push_bind(&click.ip)
                .push_bind(&click.country)
                .push_bind(click.is_bot)
                .push_bind(firsts.contains(&click.id));
        });
        insert.push(keep);
        insert.build().execute(&mut *c).await?;
    });
    Ok(())
}

/// The links of clicks, each with its owner.
pub async fn links_of(conn: &mut Conn, ids: &[ClickId]) -> Result<Vec<(ClickId, AdvertiserId, LinkId)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(Uuid, Uuid, Uuid)> = on!(conn, c => {
        let mut read = QueryBuilder::new("SELECT id, advertiser_id, link_id FROM clicks WHERE id IN (");
        let mut list = read.separated(", ");
        for id in round::filled(ids) {
            list.push_bind(id.0);
        }
        read.push(")");
        read.build_query_as().fetch_all(&mut *c).await?
    });
    Ok(rows.into_iter().map(|(id, advertiser, link)| (id.into(), advertiser.into(), link.into())).collect())
}

/// Forgets some visitors of days before this one; false once none is left.
pub async fn forget_visitors(conn: &mut Conn, before_utc_day: i64) -> Result<bool> {
    const OLD: &str = "SELECT utc_day, link_id, visitor FROM visitors WHERE utc_day < ?
        ORDER BY utc_day, link_id, visitor LIMIT 1000";
    let old: Vec<(i64, Uuid, Vec<u8>)> = on!(conn, c => sqlx::query_as(OLD).bind(before_utc_day).fetch_all(c).await)?;
    if old.is_empty() {
        return Ok(false);
    }
    let rows = conn.rows();
    on!(conn, c => {
        let mut delete = QueryBuilder::new("DELETE FROM visitors WHERE (utc_day, link_id, visitor) IN (");
        delete.push(rows);
        let mut list = delete.separated(", ");
        for (day, link, visitor) in &old {
            list.push("(")
                .push_bind_unseparated(*day)
                .push_unseparated(", ")
                .push_bind_unseparated(*link)
                .push_unseparated(", ")
                .push_bind_unseparated(&visitor[..])
                .push_unseparated(")");
        }
        delete.push(")");
        delete.build().execute(&mut *c).await?;
    });
    Ok(true)
}
