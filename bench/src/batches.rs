//! Events in batches, beside a bare loop that stores as many rows in each transaction of the same durability.

use std::{fs, path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};

use crate::{
    Scale,
    contest::{Ratio, median},
    load::Load,
    mariadb::MariaDb,
    process::{SERVER_CORE, pinned, typed},
    report::Report,
    tributary::Tributary,
    wrk,
};

/// Events in one request, and rows in one transaction of the yardstick.
const BATCH: u32 = 500;

/// What is under way when a round ends is work for the next one: little.
const CONNECTIONS: u64 = 2;

/// Arguments: key, link code, round, events in a request.
const SCRIPT: &str = r#"local head, round, size, count, code
function init(args)
  head, code = 'POST /api/v1/events/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-API-KEY: ' .. args[1] ..
    '\r\nContent-Length: ', args[2]
  round, size, count = args[3], tonumber(args[4]), 0
end
function request()
  local events = {}
  for n = 1, size do
    count = count + 1
    events[n] = string.format('{"event_id":"b-%s-%09d","action":"purchase","value":49.90,"currency":"USD","ref_code":"%s","customer_id":"customer-%09d"}', round, count, code, count)
  end
  local body = '{"events":[' .. table.concat(events, ',') .. ']}'
  return head .. #body .. '\r\n\r\n' .. body
end
"#;

pub async fn measure(folder: &Path, scale: Scale, report: &mut Report) -> Result<()> {
    measure_on("SQLite", None, folder, scale, report).await?;
    let (ours, theirs) = (MariaDb::take("batches").await?, MariaDb::take("bare_batches").await?);
    let Some((ours, theirs)) = ours.zip(theirs) else { return Ok(()) };
    let urls = Some((&*ours.url, &*theirs.url));
    let measured = measure_on("MariaDB", urls, &folder.join("mariadb"), scale, report).await;
    ours.drop().await?;
    theirs.drop().await?;
    measured
}

/// `urls`: of Tributary's database and of the yardstick's; none for files of SQLite.
async fn measure_on(
    database: &str,
    urls: Option<(&str, &str)>,
    folder: &Path,
    scale: Scale,
    report: &mut Report,
) -> Result<()> {
    eprintln!("event batches, on {database}:");
    fs::create_dir_all(folder)?;
    let (tributary, set_up) = Tributary::fresh_on(&folder.join("tributary"), urls.map(|(ours, _)| ours)).await?;
    let bare_rows = urls.map_or_else(|| folder.join("bare.db").display().to_string(), |(_, theirs)| theirs.to_owned());
    let script = folder.join("batch.lua");
    fs::write(&script, SCRIPT)?;
    let mut rounds = Vec::new();
    let mut answered = 0;
    for round in 0..=scale.rounds {
        let seconds = if round == 0 { 1 } else { scale.seconds };
        let arguments = [&set_up.api_key, &set_up.code, &round.to_string(), &BATCH.to_string()].map(Clone::clone);
        let load = Load::Wrk(wrk::Load {
            url: format!("http://127.0.0.1:{}", tributary.port),
            headers: Vec::new(),
            script: Some((script.clone(), arguments.into())),
            connections: CONNECTIONS,
        });
        let counted = load.run(seconds)?;
        answered += counted.answers;
        let ours = counted.per_second * f64::from(BATCH);
        let theirs = bare(&bare_rows, seconds, report, round == 0)?;
        eprintln!("  round {round} of {}: ours {ours:.0} events/s, bare loop {theirs:.0} rows/s", scale.rounds);
        if round > 0 {
            rounds.push((ours, theirs));
        }
    }
    let of = |side: fn(&(f64, f64)) -> f64| median(rounds.iter().map(side).collect());
    let ratios: Vec<f64> = rounds.iter().map(|(ours, theirs)| ours / theirs).collect();
    let ratio = Ratio {
        median: of(|round| round.0) / of(|round| round.1),
        least: ratios.iter().copied().fold(f64::INFINITY, f64::min),
        most: ratios.iter().copied().fold(0.0, f64::max),
    };
    report.ratio(
        format!("{database}, events in batches of {BATCH}: rate to a bare loop into our table"),
        ratio,
        "≥ 0.7",
    );
    let stored = tributary.figure("purchases").await?;
    ensure!(
        stored >= answered * u64::from(BATCH),
        "{stored} events are stored of {answered} answered batches of {BATCH}"
    );
    tributary.server.stop()
}

/// Rows a second of the yardstick, on the servers' core.
fn bare(database: &str, seconds: u64, report: &mut Report, is_first: bool) -> Result<f64> {
    let mut command = pinned(SERVER_CORE, "KILL", std::env::current_exe()?);
    command.args(["bare-batches", database]).args([BATCH.to_string(), seconds.to_string()]);
    if is_first {
        report.command(&typed(&command));
    }
    let said = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    ensure!(said.status.success(), "the bare loop ended with {}", said.status);
    String::from_utf8(said.stdout)?.trim().parse().context("the bare loop says no rate")
}
