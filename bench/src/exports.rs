//! Exports beside `sqlite3 -csv` of the same rows, on the same core; the memory they take, by how many rows there are;
//! and what redirects notice of them.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    Scale,
    contest::{median, number},
    flood_round,
    load::Load,
    process::{GENERATOR_CORE, SERVER_CORE, pinned, typed},
    report::Report,
    tributary::{self, Tributary},
};

/// Rows whose export's memory is compared with.
const FEW: u64 = 10_000;
/// MiB that more rows may take.
const MOST_MEMORY: f64 = 8.0;
/// Redirects offered a second while exports run.
const RATE: f64 = 30_000.0;
const MOST_DRAIN: Duration = Duration::from_secs(200);
/// The rows' own columns, in the order of the index: no names are looked up, no ids, moments and amounts made readable.
const YARDSTICK: &str = "SELECT id, event_id, action, name, value_minor, currency, occurred_at, received_at, method, \
    influencer_id, campaign_id, link_id, coupon_id, click_id FROM events INDEXED BY events_time \
    WHERE occurred_at >= 0 ORDER BY occurred_at";
/// Rows as an advertiser's shop sends them, one every so many milliseconds, up to a moment.
const FILL: &str = "INSERT INTO events (receipt_id, id, advertiser_id, event_id, fingerprint, action, name, value_minor,
        currency, occurred_at, occurred_at_sent, quarter, received_at, customer, attribution_keys, method, influencer_id,
        campaign_id, link_id, coupon_id, click_id, trace)
    WITH RECURSIVE n(i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
    SELECT randomblob(16), randomblob(16), l.advertiser_id, 'order-' || i, randomblob(32),
        CASE i % 3 WHEN 0 THEN 'purchase' ELSE 'add_to_cart' END, NULL, CASE i % 3 WHEN 0 THEN 100 + i % 90000 END,
        'USD', ?3 - i * ?4, 0, (?3 - i * ?4) / 900000, ?3 - i * ?4 + 20, NULL, '{\"ref_code\":\"' || l.code || '\"}',
        'ref_code', l.influencer_id, l.campaign_id, l.id, NULL, NULL,
        '[{\"candidate\":\"ref_code\",\"value\":\"' || l.code || '\",\"outcome\":\"won\",\"reason\":\"an active link of this influencer\"}]'
    FROM n, (SELECT * FROM links LIMIT 1) l";

pub async fn measure(folder: &Path, rows: u64, scale: Scale, report: &mut Report) -> Result<()> {
    eprintln!("exports:");
    let home = folder.join("tributary");
    let (tributary, set_up) = Tributary::fresh(&home).await?;
    tributary.server.stop()?;
    let database = tributary::database(&home);
    fill(&database, 0, FEW, rows).await?;
    let few = memory(&home, FEW).await?;
    fill(&database, FEW, rows, rows).await?;
    let many = memory(&home, rows).await?;
    report.ratio(
        format!("export: memory of {rows} rows beyond that of {FEW}, to {MOST_MEMORY} MiB"),
        format!("{:.2} ×", (many - few).max(0.0) / MOST_MEMORY),
        "≤ 1.0",
    );
    report.detail(format!("export: at most {few:.1} MiB resident with {FEW} rows, {many:.1} MiB with {rows}"));

    let mut tributary = Tributary::start(&home, None)?;
    tributary.log_in().await?;
    rates(&tributary, &database, rows, scale, report)?;
    beside_redirects(&tributary, &set_up.code, scale, report).await?;
    tributary.server.stop()
}

async fn fill(database: &Path, from: u64, to: u64, of: u64) -> Result<()> {
    let options = SqliteConnectOptions::new().filename(database);
    let mut conn = SqliteConnection::connect_with(&options).await?;
    let now = i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis())?;
    // Three hundred days, however many there are.
    let step = 300 * 24 * 3_600_000 / i64::try_from(of)?;
    sqlx::query(FILL)
        .bind(i64::try_from(from)?)
        .bind(i64::try_from(to)?)
        .bind(now)
        .bind(step)
        .execute(&mut conn)
        .await?;
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await?;
    Ok(conn.close().await?)
}

/// The most that was resident in a process that has served two exports, in MiB.
async fn memory(home: &Path, rows: u64) -> Result<f64> {
    let mut tributary = Tributary::start(home, None)?;
    tributary.log_in().await?;
    for _ in 0..2 {
        let read = read(ours(&tributary, SERVER_CORE))?;
        ensure!(read.lines == rows + 1, "{} lines of {rows} events were exported", read.lines);
    }
    let most = tributary.server.memory("VmHWM");
    tributary.server.stop()?;
    Ok(most)
}

fn rates(tributary: &Tributary, database: &Path, rows: u64, scale: Scale, report: &mut Report) -> Result<()> {
    let (mut own, mut packed, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = (0, 0);
    for round in 0..=scale.rounds {
        let read_ours = read(ours(tributary, GENERATOR_CORE))?;
        let mut gzip = ours(tributary, GENERATOR_CORE);
        gzip.args(["-H", "Accept-Encoding: gzip"]);
        let read_packed = read(gzip)?;
        let read_theirs = read(yardstick(database))?;
        ensure!(read_ours.lines == rows + 1 && read_theirs.lines >= rows, "not all rows were exported");
        let rate = |read: &Read| number(rows) / read.time.as_secs_f64();
        eprintln!(
            "  round {round} of {}: {:>9.0} rows/s, {:>9.0} packed, sqlite3 {:>9.0}",
            scale.rounds,
            rate(&read_ours),
            rate(&read_packed),
            rate(&read_theirs)
        );
        bytes = (read_ours.bytes, read_packed.bytes);
        // The first warms what is read.
        if round > 0 {
            own.push(rate(&read_ours));
            packed.push(rate(&read_packed));
            theirs.push(rate(&read_theirs));
        }
    }
    let theirs = median(theirs);
    for (what, own, target) in [("as it is", median(own), "≥ 0.5"), ("packed by gzip", median(packed), "")] {
        report.ratio(
            format!("export, {what}: rows a second to sqlite3 -csv of the same rows"),
            format!("{:.2} ×", own / theirs),
            target,
        );
        report.detail(format!("export of {rows} events, {what}: {own:.0} rows/s (sqlite3 -csv {theirs:.0})"));
    }
    report.detail(format!("an export of {rows} events has {} bytes, packed {}", bytes.0, bytes.1));
    report.command(&typed(&yardstick(database)));
    Ok(())
}

/// The same rate of redirects with and without two exports that are read as fast as they come.
async fn beside_redirects(tributary: &Tributary, code: &str, scale: Scale, report: &mut Report) -> Result<()> {
    let (mut quiet, mut busy) = (Vec::new(), Vec::new());
    let mut exported = 0;
    for round in 0..=scale.rounds {
        for with in [false, true] {
            tributary.drained(MOST_DRAIN).await?;
            let seconds = if round == 0 { 1 } else { scale.seconds };
            let readers: Vec<Reader> =
                (0..if with { 2 } else { 0 }).map(|_| Reader::start(tributary, seconds)).collect::<Result<_>>()?;
            let url = format!("http://127.0.0.1:{}/r/{code}", tributary.port);
            let load = Load::Flood(flood_round::Load { rate: Some(RATE), ..flood_round::Load::new(url) });
            let counted = load.run(seconds)?;
            let read = readers.into_iter().map(Reader::stop).sum::<Result<u64>>()?;
            eprintln!(
                "  round {round} of {}: p99 {:.3} ms {}",
                scale.rounds,
                counted.p99,
                if with { "beside exports" } else { "" }
            );
            if round > 0 {
                if with {
                    busy.push(counted.p99)
                } else {
                    quiet.push(counted.p99)
                }
                exported += read;
            }
            report.command(&typed(&load.command(scale.seconds)));
        }
    }
    let (quiet, busy) = (median(quiet), median(busy));
    report.ratio("redirect beside exports: p99 to that without", format!("{:.2} ×", busy / quiet), "≤ 2.0");
    let seconds = number(scale.seconds) * number(scale.rounds.try_into()?);
    report.detail(format!(
        "{RATE:.0} redirects a second: p99 {quiet:.3} ms, {busy:.3} ms beside two exports, which took what was left of the \
         core: {:.1} MB/s",
        number(exported) / seconds / 1e6
    ));
    Ok(())
}

/// What was read, and how long it took.
struct Read {
    lines: u64,
    bytes: u64,
    time: Duration,
}

/// Reads all that a command says.
fn read(mut command: Command) -> Result<Read> {
    let shown = typed(&command);
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().with_context(|| shown.clone())?;
    let mut stdout = child.stdout.take().context("its output is piped above")?;
    let (mut lines, mut bytes) = (0, 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = std::io::Read::read(&mut stdout, &mut buffer)?;
        if count == 0 {
            break;
        }
        bytes += u64::try_from(count)?;
        lines += u64::try_from(buffer[..count].iter().filter(|byte| **byte == b'\n').count())?;
    }
    ensure!(child.wait()?.success(), "it failed: {shown}");
    Ok(Read { lines, bytes, time: start.elapsed() })
}

/// Reads an export, on this core.
fn ours(tributary: &Tributary, core: u32) -> Command {
    let mut curl = pinned(core, "KILL", "curl");
    curl.args(["--silent", "--show-error", "--fail", "--no-buffer", "-H"]);
    curl.arg(format!("Authorization: Bearer {}", tributary.token()));
    curl.arg(format!("http://127.0.0.1:{}/api/v1/exports/events.csv?range=all", tributary.port));
    curl
}

fn yardstick(database: &Path) -> Command {
    let mut sqlite3 = pinned(SERVER_CORE, "KILL", "sqlite3");
    sqlite3.arg("-csv").arg("-readonly").arg(database).arg(YARDSTICK);
    sqlite3
}

/// Reads exports, one after the other, at the lowest priority: what it takes of the core is nobody's who redirects.
struct Reader(Child);

impl Reader {
    fn start(tributary: &Tributary, seconds: u64) -> Result<Self> {
        let curl = ours(tributary, SERVER_CORE);
        let words: Vec<String> = curl.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let script = "end=$((SECONDS + $0)); while left=$((end - SECONDS)); [ $left -gt 0 ]; do \
            nice -n 19 taskset \"$@\" --max-time $left --write-out '%{size_download}\\n' --output /dev/null; done";
        let mut shell = pinned(SERVER_CORE, "KILL", "bash");
        shell.args(["-c", script, &seconds.to_string()]).args(words);
        let child = shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        Ok(Self(child))
    }

    /// Waits for its end; how many bytes came.
    fn stop(self) -> Result<u64> {
        let said = self.0.wait_with_output()?.stdout;
        let said = String::from_utf8(said)?;
        Ok(said.lines().filter_map(|line| line.parse::<u64>().ok()).sum())
    }
}
