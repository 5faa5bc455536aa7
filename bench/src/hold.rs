//! Keeps everyone else from writing to a SQLite database: what a server costs while its drain stands still.

use std::{path::Path, sync::mpsc, thread::JoinHandle, time::Duration};

use anyhow::{Context, Result};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

/// Held from [`Hold::take`] until dropped.
pub struct Hold {
    release: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Hold {
    /// Waits for the write lock, on a thread of its own: the caller's runtime is not ours to block.
    pub fn take(database: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(database).busy_timeout(Duration::from_secs(10));
        let (release, released) = mpsc::channel::<()>();
        let (taken, is_taken) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let held = runtime().and_then(|runtime| runtime.block_on(hold(&options, &taken, &released)));
            if let Err(error) = held {
                let _ = taken.send(Err(error));
            }
        });
        let hold = Self { release: Some(release), thread: Some(thread) };
        is_taken.recv().context("the holding thread is gone")??;
        Ok(hold)
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

async fn hold(
    options: &SqliteConnectOptions,
    taken: &mpsc::Sender<Result<()>>,
    released: &mpsc::Receiver<()>,
) -> Result<()> {
    let mut conn = SqliteConnection::connect_with(options).await?;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut conn).await?;
    let _ = taken.send(Ok(()));
    // Ends when the holder drops its half.
    let _ = released.recv();
    sqlx::raw_sql("ROLLBACK").execute(&mut conn).await?;
    Ok(conn.close().await?)
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.release = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
