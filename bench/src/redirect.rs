//! Redirects, each click recorded, beside nginx with and without its access log, and beside bare axum.

use std::{path::Path, time::Duration};

use anyhow::Result;

use crate::{
    Scale,
    contest::{self, Contestant, Outcome, number},
    nginx,
    process::{SERVER_CORE, Server, pinned},
    report::Report,
    tributary::Tributary,
    wait,
    wrk::{Load, REFERRER, USER_AGENT},
};

pub const DESTINATION: &str = "https://shop.example/summer/dresses";
/// What the yardsticks answer: as long as ours.
pub const LOCATION: &str = "https://shop.example/summer/dresses?ref_code=abcdefghjk";
const MOST_DRAIN: Duration = Duration::from_secs(80);

pub async fn measure(folder: &Path, scale: Scale, report: &mut Report) -> Result<()> {
    eprintln!("redirects:");
    let (tributary, set_up) = Tributary::fresh(&folder.join("tributary")).await?;
    let set_up_memory = tributary.server.memory("VmRSS");
    let (logged, logged_port) = start_nginx("nginx, access log", &folder.join("nginx-log"), true)?;
    let (silent, silent_port) = start_nginx("nginx, no log", &folder.join("nginx"), false)?;
    let (bare, bare_port) = start_bare(folder)?;
    let cpu_before = tributary.server.cpu();

    let load = |port: u16, code: &str| {
        let url = format!("http://127.0.0.1:{port}/r/{code}");
        move |_| Load {
            url: url.clone(),
            headers: vec![("User-Agent", USER_AGENT.to_owned()), ("Referer", REFERRER.to_owned())],
            script: None,
        }
    };
    let yardstick = |server, port| Contestant { server, load: Box::new(load(port, "abcdefghjk")), has_backlog: false };
    let contestants = [
        Contestant { server: &tributary.server, load: Box::new(load(tributary.port, &set_up.code)), has_backlog: true },
        yardstick(&logged, logged_port),
        yardstick(&silent, silent_port),
        yardstick(&bare, bare_port),
    ];
    let outcomes = contest::run(&contestants, scale.rounds, scale.seconds)?;
    let loaded = (tributary.server.memory("VmRSS"), tributary.server.memory("VmHWM"));
    let nginx_memory = logged.memory("VmRSS");
    drop(contestants);
    for server in [logged, silent, bare] {
        server.stop()?;
    }
    let [ours, logged, silent, bare] = &outcomes[..] else { unreachable!("as many outcomes as contestants") };

    let rate = |round: &contest::Round| round.counted.per_second;
    let title = "redirect, each click recorded: rate to";
    report.ratio(format!("{title} nginx with an access log"), ours.ratio(logged, rate), "≥ 1.0");
    report.ratio(format!("{title} nginx without a log"), ours.ratio(silent, rate), "");
    report.ratio(format!("{title} bare axum"), ours.ratio(bare, rate), "");
    let p99 = |round: &contest::Round| round.counted.p99;
    report.ratio("redirect: p99, saturated, to nginx with an access log", ours.ratio(logged, p99), "");
    let cpu = |round: &contest::Round| round.cpu_each;
    report.ratio("redirect: CPU a click while serving, to nginx with a log", ours.ratio(logged, cpu), "");

    recorded(&tributary, ours, logged, cpu_before, report).await?;
    report.ratio(
        "memory under load, 1 link: to 60 MiB",
        format!("{:.2} ×", loaded.0 / 60.0),
        "≤ 1.0 (with 10,000 links)",
    );
    report.outcomes(&outcomes);
    report.detail(format!(
        "resident memory with 1 link: {set_up_memory:.0} MiB after a login and the set-up, {:.0} MiB after the rounds \
         (most {:.0}); nginx {nginx_memory:.0} MiB",
        loaded.0, loaded.1
    ));
    tributary.server.stop()
}

/// Waits for the database to have every click, and counts.
async fn recorded(
    tributary: &Tributary,
    ours: &Outcome,
    logged: &Outcome,
    cpu_before: f64,
    report: &mut Report,
) -> Result<()> {
    eprintln!("  waiting for the clicks to reach the database");
    let counted_before = tributary.figure("clicks").await?;
    let took = tributary.drained(MOST_DRAIN).await?.as_secs_f64();
    let cpu = tributary.server.cpu() - cpu_before;
    let clicks = tributary.figure("clicks").await?;
    let each = cpu * 1e6 / number(clicks.max(1));
    report.ratio(
        "redirect: CPU a click, the drain included, to nginx with a log",
        format!("{:.2} ×", each / logged.median(|round| round.cpu_each)),
        "",
    );
    report.check_count("clicks", clicks, ours);
    report.detail(format!("CPU of a click from request to database row: {each:.1} µs"));
    if took > 1.0 {
        let rows = number(clicks.saturating_sub(counted_before)) / took;
        report.detail(format!(
            "the drain took {took:.1} s more after the rounds, at {rows:.0} rows/s with the core to itself"
        ));
    }
    Ok(())
}

pub fn start_nginx(name: &'static str, folder: &Path, has_log: bool) -> Result<(Server, u16)> {
    let port = wait::free_port()?;
    let mut server = nginx::start(name, folder, port, has_log)?;
    wait::until_answered(&mut server, port, "/r/x", 302)?;
    Ok((server, port))
}

fn start_bare(folder: &Path) -> Result<(Server, u16)> {
    let port = wait::free_port()?;
    let mut command = pinned(SERVER_CORE, "KILL", std::env::current_exe()?);
    command.args(["bare-axum", &port.to_string()]);
    let mut server = Server::start("bare axum", command, &folder.join("bare-axum.log"))?;
    wait::until_answered(&mut server, port, "/r/x", 302)?;
    Ok((server, port))
}
