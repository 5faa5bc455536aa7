//! A MariaDB of a test's own: its folder, its port, its process. Gone with the test, however that ends.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, MySqlConnection};
use tempfile::TempDir;

use super::{free_port, until};

pub struct MariaDb {
    folder: TempDir,
    port: u16,
    process: Child,
    /// Options of its own.
    more: Vec<String>,
}

impl MariaDb {
    pub async fn start() -> Self {
        Self::start_with(Vec::new()).await
    }

    pub async fn start_with(more: Vec<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(prepared(), &folder.path().join("data"));
        let port = free_port();
        let process = serve(folder.path(), port, &more);
        let database = Self { folder, port, process, more };
        database.until_it_answers("").await;
        let mut conn = MySqlConnection::connect(&database.server()).await.unwrap();
        sqlx::raw_sql("CREATE DATABASE tributary").execute(&mut conn).await.unwrap();
        database
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The database itself, whatever stands between it and the server.
    pub fn url(&self) -> String {
        url(self.port)
    }

    fn server(&self) -> String {
        format!("mysql://root@127.0.0.1:{}/", self.port)
    }

    /// SIGTERM, or SIGKILL, and its end.
    pub fn stop(&mut self, signal: Signal) {
        self.signal(signal);
        self.process.wait().unwrap();
    }

    /// On the same port and data as before.
    pub async fn start_again(&mut self) {
        self.process = serve(self.folder.path(), self.port, &self.more);
        self.until_it_answers("tributary").await;
    }

    /// It keeps its connections, and answers nothing.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    async fn until_it_answers(&self, name: &str) {
        let url = format!("{}{name}", self.server());
        until("MariaDB answers", async || {
            let connecting = tokio::time::timeout(Duration::from_secs(1), MySqlConnection::connect(&url));
            connecting.await.is_ok_and(|connected| connected.is_ok())
        })
        .await;
    }
}

impl Drop for MariaDb {
    fn drop(&mut self) {
        // Also while it is paused.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn url(port: u16) -> String {
    format!("mysql://root@127.0.0.1:{port}/tributary")
}

/// As in `scripts/mariadb.sh`: its options for speed change nothing that a process could see.
fn serve(folder: &Path, port: u16, more: &[String]) -> Child {
    let path = |name: &str| folder.join(name).display().to_string();
    let log = fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
    Command::new(program("mariadbd"))
        .args(["--no-defaults", &user(), "--bind-address=127.0.0.1", "--character-set-server=utf8mb4"])
        .args([format!("--datadir={}", path("data")), format!("--port={port}")])
        .args([format!("--socket={}", path("socket")), format!("--pid-file={}", path("pid"))])
        .args(["--innodb-flush-log-at-trx-commit=2", "--innodb-log-file-size=32M", "--innodb-buffer-pool-size=64M"])
        .args(["--innodb-doublewrite=OFF", "--innodb-use-native-aio=OFF", "--performance-schema=OFF"])
        .args(["--skip-log-bin", "--max-connections=200"])
        .args(more)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("MariaDB starts")
}

/// A data folder to copy, made once and kept for the next run.
fn prepared() -> &'static Path {
    static PREPARED: OnceLock<PathBuf> = OnceLock::new();
    PREPARED.get_or_init(|| {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mariadb");
        if !kept.exists() {
            let partial = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            let data = partial.path().join("data");
            let made = Command::new(program("mariadb-install-db"))
                .args(["--no-defaults", &user(), "--skip-test-db", "--auth-root-authentication-method=normal"])
                .arg(format!("--datadir={}", data.display()))
                .output()
                .expect("mariadb-install-db runs");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            // Another run of these tests may have been first.
            let _ = fs::rename(&data, &kept);
        }
        kept
    })
}

/// It runs as whoever runs the tests, which root has to ask for.
fn user() -> String {
    let told = Command::new("id").arg("-un").output().expect("id runs");
    format!("--user={}", String::from_utf8_lossy(&told.stdout).trim())
}

fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let mut places = folders.map(|folder| folder.join(name));
    places.find(|place| place.exists()).unwrap_or_else(|| {
        panic!("{name} is missing, and the faults need it: scripts/ensure-apt.sh mariadb-server-core=mariadbd")
    })
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
