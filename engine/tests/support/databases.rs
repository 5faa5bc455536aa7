//! A fresh database for each test: SQLite always, MySQL or MariaDB where `TEST_MYSQL_URL` names a server.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, MySqlConnection};

/// Writes one test for both databases. The MySQL half says so where it has no server to run on.
#[macro_export]
macro_rules! on_both {
    ($(async fn $name:ident($arg:ident : $type:ty) $body:block)*) => {
        $(async fn $name($arg: $type) $body)*

        mod sqlite {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(<$type>::start($crate::databases::Database::sqlite()).await).await;
            })*
        }

        mod mysql {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                match $crate::databases::Database::mysql().await {
                    Some(database) => super::$name(<$type>::start(database).await).await,
                    None => println!("not run on MySQL: TEST_MYSQL_URL is not set"),
                }
            })*
        }
    };
}

pub enum Database {
    /// In the test's own data folder.
    Sqlite,
    MySql {
        server: String,
        name: String,
    },
}

impl Database {
    pub fn sqlite() -> Self {
        Self::Sqlite
    }

    pub async fn mysql() -> Option<Self> {
        let server = std::env::var("TEST_MYSQL_URL").ok().filter(|url| !url.is_empty())?;
        let server = server.trim_end_matches('/').to_owned();
        let name = format!("t_{}", uuid::Uuid::from_u128(rand::random()).simple());
        let database = Self::MySql { server, name };
        database.on_server("CREATE DATABASE").await;
        Some(database)
    }

    pub fn url(&self, data_dir: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", data_dir.join("tributary.db").display()),
            Self::MySql { server, name } => format!("{server}/{name}"),
        }
    }

    pub async fn remove(&self) {
        self.on_server("DROP DATABASE").await;
    }

    async fn on_server(&self, what: &str) {
        if let Self::MySql { server, name } = self {
            let mut connection = MySqlConnection::connect(server).await.expect("TEST_MYSQL_URL answers");
            sqlx::raw_sql(AssertSqlSafe(format!("{what} {name}"))).execute(&mut connection).await.expect(what);
        }
    }
}
