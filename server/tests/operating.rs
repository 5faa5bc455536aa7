//! The real binary as containers and systemd start it: secrets in files, and a check that needs no other program.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

const MOST_WAIT: Duration = Duration::from_secs(20);

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn tributary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
    command.args(["--log", "error"]);
    command
}

fn healthcheck(addr: &str, more: &[&str]) -> Output {
    tributary().arg("healthcheck").env("TRIBUTARY_ADDR", addr).args(more).output().unwrap()
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[tokio::test]
async fn a_server_whose_secrets_are_in_files_serves_and_healthcheck_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let addr = format!("0.0.0.0:{port}");
    let before = healthcheck(&addr, &[]);
    assert_eq!(before.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&before.stderr).contains("nobody listens"), "{before:?}");

    let database = folder.path().join("elsewhere.db");
    let url = write(folder.path(), "database-url", &format!("sqlite://{}\n", database.display()));
    let password = write(folder.path(), "admin-password", "correct horse battery\n");
    fs::create_dir(folder.path().join("site")).unwrap();
    write(folder.path(), "site/manifest.json", r#"{"js":"a","wasm":"b","css":"c","charts":"d"}"#);
    let log = folder.path().join("log");
    let mut serve = Command::new(env!("CARGO_BIN_EXE_tributary"));
    serve.stderr(fs::File::create(&log).unwrap());
    serve.args(["serve", "--addr", &addr, "--database-url-file", &url, "--admin-password-file", &password]);
    serve.arg("--data-dir").arg(folder.path().join("data")).arg("--site-dir").arg(folder.path().join("site"));
    let running = Running(serve.stdin(Stdio::null()).spawn().unwrap());

    let begun = Instant::now();
    while !healthcheck(&addr, &["--ready"]).status.success() {
        assert!(begun.elapsed() < MOST_WAIT, "{:?}", healthcheck(&addr, &["--ready"]));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(healthcheck(&addr, &[]).status.success());
    assert!(database.exists());
    let login = json!({ "email": "admin@example.com", "password": "correct horse battery" });
    let log_in = async || {
        let request = reqwest::Client::new().post(format!("http://127.0.0.1:{port}/api/v1/auth/login")).json(&login);
        assert!(request.send().await.unwrap().status().is_success());
    };
    log_in().await;
    let log = fs::read_to_string(log).unwrap();
    assert!(
        log.contains("listening on http://") && !log.contains('\u{1b}'),
        "no colours where nobody sees them: {log}"
    );

    // Each hash takes 19 MiB for a moment, on whichever thread, and keeps none of it.
    let before = memory_kb(&running);
    for _ in 0..3 {
        // As many as one account may have under way.
        futures_util::future::join_all((0..8).map(|_| log_in())).await;
    }
    let after = memory_kb(&running);
    assert!(after < before + (24 << 10), "24 logins left {} KiB behind: {before} KiB before", after - before);
}

fn memory_kb(running: &Running) -> u64 {
    let told = fs::read_to_string(format!("/proc/{}/status", running.0.id())).unwrap();
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_secret_that_is_told_twice_or_cannot_be_read_is_said_and_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    let url = write(folder.path(), "database-url", "mysql://root:s3cret@127.0.0.1:1/x\n");
    for (arguments, said) in [
        (["--database-url-file", "/nowhere", "--data-dir", "x"], "cannot be read"),
        (["--database-url-file", &url, "--database-url", "sqlite://x.db"], "cannot be used with"),
    ] {
        let refused = tributary().arg("serve").args(arguments).current_dir(folder.path()).output().unwrap();
        let told = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{told}");
        assert!(told.contains(said) && !told.contains("s3cret"), "{told}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
}
