//! Names in lower case, for rows that came without them: those of before there were such columns, and those that a node
//! of an earlier version writes meanwhile.

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::{
    Conn, Db, influencers,
    list::{Arg, Select},
    on,
};
use crate::error::Result;

/// Rows of one transaction.
const ROWS: i64 = 500;

pub async fn fill(db: &Db) -> Result<()> {
    for table in ["advertisers", "campaigns", "influencers"] {
        loop {
            let mut conn = db.begin().await?;
            let filled = fill_some(&mut conn, table).await?;
            conn.commit().await?;
            if filled == 0 {
                break;
            }
        }
    }
    Ok(())
}

/// How many were without; no name is empty.
async fn fill_some(conn: &mut Conn, table: &str) -> Result<usize> {
    let mut select = Select::new(&format!("SELECT id, name FROM {table}"));
    select.and("name_lower = ''", []).push(" LIMIT ?").bind([Arg::Number(ROWS)]);
    let rows: Vec<(Uuid, String)> = select.fetch(conn).await?;
    let sql = format!("UPDATE {table} SET name_lower = ? WHERE id = ?");
    for (id, name) in &rows {
        on!(conn, c => sqlx::query(AssertSqlSafe(sql.clone()))
            .bind(name.to_lowercase()).bind(id)
            .execute(c).await.map(drop))?;
        if table == "influencers" {
            influencers::fill_search(conn, (*id).into()).await?;
        }
    }
    Ok(rows.len())
}
