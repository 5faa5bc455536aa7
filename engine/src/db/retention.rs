//! From when on clicks and events are kept, and the deletion of those before.

use model::Timestamp;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    Conn,
    list::{Arg, Select},
    on,
};
use crate::error::Result;

/// What is deleted once it is old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    Clicks,
    Events,
    Failures,
}

impl Old {
    pub const ALL: [Self; 3] = [Self::Clicks, Self::Events, Self::Failures];

    fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::Clicks => ("clicks", "clicked_at"),
            Self::Events => ("events", "occurred_at"),
            // Its index is the id's, which begins with the moment it was made.
            Self::Failures => ("ingest_failures", "id"),
        }
    }
}

/// Clicks and events before this UTC midnight may be gone: what they come to stands in sums alone. None: all are there.
pub async fn rows_from(conn: &mut Conn) -> Result<Option<Timestamp>> {
    column(conn, "rows_from").await
}

/// Days before this UTC midnight are in the archive.
pub async fn archived_to(conn: &mut Conn) -> Result<Option<Timestamp>> {
    column(conn, "archived_to").await
}

async fn column(conn: &mut Conn, name: &str) -> Result<Option<Timestamp>> {
    let found: Vec<(Option<i64>,)> =
        Select::new(&format!("SELECT {name} FROM retention WHERE id = 1")).fetch(conn).await?;
    Ok(found.into_iter().find_map(|(at,)| at).map(Timestamp))
}

/// Says that what lies before may be deleted from now on. What was said stands: nothing deleted comes back.
pub async fn raise_rows_from(conn: &mut Conn, to: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE retention SET rows_from = ? WHERE id = 1 AND (rows_from IS NULL OR rows_from < ?)";
    on!(conn, c => sqlx::query(SQL).bind(to.0).bind(to.0).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn raise_archived_to(conn: &mut Conn, to: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE retention SET archived_to = ? WHERE id = 1 AND (archived_to IS NULL OR archived_to < ?)";
    on!(conn, c => sqlx::query(SQL).bind(to.0).bind(to.0).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes the turn to delete, or keeps it, and says whether it is ours. Another's ends where it was not renewed in time.
pub async fn take_turn(conn: &mut Conn, holder: Uuid, now: Timestamp, until: Timestamp) -> Result<bool> {
    const SQL: &str = "UPDATE retention SET holder = ?, held_until = ?
        WHERE id = 1 AND (holder IS NULL OR holder = ? OR held_until < ?)";
    // Both drivers count the rows found, which is what is asked here.
    let found = on!(conn, c => sqlx::query(SQL)
        .bind(holder).bind(until.0).bind(holder).bind(now.0)
        .execute(c).await.map(|done| done.rows_affected()))?;
    Ok(found == 1)
}

/// Whether there is a click or an event before a moment.
pub async fn is_any_before(conn: &mut Conn, moment: Timestamp) -> Result<bool> {
    for old in [Old::Clicks, Old::Events] {
        let (table, at) = old.table();
        let mut select = Select::new(&format!("SELECT 1 FROM {table}"));
        select.and(&format!("{at} < ?"), [Arg::Number(moment.0)]).push(" LIMIT 1");
        if !select.fetch::<(i64,)>(conn).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Deletes some of what lies before a moment, and says how many. Sums stay as they are.
pub async fn delete_some(conn: &mut Conn, old: Old, before: Timestamp, most: i64) -> Result<usize> {
    let (table, at) = old.table();
    let end = match old {
        Old::Clicks | Old::Events => Arg::Number(before.0),
        Old::Failures => {
            Arg::Id(uuid::Builder::from_unix_timestamp_millis(before.0.max(0).unsigned_abs(), &[0; 10]).into_uuid())
        }
    };
    let mut select = Select::new(&format!("SELECT id FROM {table}"));
    select.and(&format!("{at} < ?"), [end]).push(&format!(" ORDER BY {at} LIMIT ?")).bind([Arg::Number(most)]);
    let ids: Vec<(Uuid,)> = select.fetch(conn).await?;
    if !ids.is_empty() {
        delete(conn, table, ids.iter().map(|(id,)| *id)).await?;
    }
    Ok(ids.len())
}

/// These rows of a table, by their ids.
pub(super) async fn delete(conn: &mut Conn, table: &str, ids: impl Iterator<Item = Uuid>) -> Result<()> {
    let sql = format!("DELETE FROM {table} WHERE id IN (");
    on!(conn, c => {
        let mut delete = QueryBuilder::new(&sql);
        let mut list = delete.separated(", ");
        for id in ids {
            list.push_bind(id);
        }
        delete.push(")");
        delete.build().execute(&mut *c).await?;
    });
    Ok(())
}
