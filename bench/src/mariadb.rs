//! The MariaDB that `make bench` starts: a database of one's own in it, as durable as SQLite at `synchronous=FULL`.

use anyhow::Result;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection};

pub struct MariaDb {
    conn: MySqlConnection,
    name: String,
    pub url: String,
}

impl MariaDb {
    /// An empty database; None where `TEST_MYSQL_URL` names no server.
    pub async fn take(what: &str) -> Result<Option<Self>> {
        let Ok(server) = std::env::var("TEST_MYSQL_URL") else { return Ok(None) };
        let mut conn = MySqlConnection::connect(&server).await?;
        let name = format!("bench_{what}_{}", std::process::id());
        // Tests start it so that it leaves commits to the kernel, which a power cut would lose.
        sqlx::query("SET GLOBAL innodb_flush_log_at_trx_commit = 1").execute(&mut conn).await?;
        sqlx::query("SET GLOBAL wait_timeout = 28800").execute(&mut conn).await?;
        sqlx::query("SET SESSION wait_timeout = 28800").execute(&mut conn).await?;
        sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut conn).await?;
        let url = format!("{}/{name}", server.trim_end_matches('/'));
        Ok(Some(Self { conn, name, url }))
    }

    pub async fn drop(mut self) -> Result<()> {
        sqlx::query(AssertSqlSafe(format!("DROP DATABASE {}", self.name))).execute(&mut self.conn).await?;
        Ok(())
    }
}
