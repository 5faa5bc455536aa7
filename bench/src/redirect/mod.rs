//! Redirects, each click recorded, beside nginx with its access log: the maximum over connections that stay and over
//! new ones, the latency at a fixed rate, and all of it with many links.

mod many_links;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use bench::ledger::{Ledger, check};

use crate::{
    Scale,
    contest::{self, Contestant, Outcome, Round, number},
    flood_round,
    load::{CONNECTIONS, Load},
    nginx,
    process::{SERVER_CORE, Server, pinned},
    report::Report,
    tributary::{self, SetUp, Tributary},
    wait,
    wrk::{self, REFERRER, USER_AGENT},
};

pub const DESTINATION: &str = "https://shop.example/summer/dresses";
/// What the yardsticks answer: as long as ours.
pub const LOCATION: &str = "https://shop.example/summer/dresses?ref_code=abcdefghjk";
/// Any code is as good as another to a yardstick.
const ANY_CODE: &str = "abcdefghjk";
const LOGGED: &str = "nginx, access log";
const MOST_DRAIN: Duration = Duration::from_secs(100);

/// The servers of this stage that all of its parts ask.
struct Servers {
    home: PathBuf,
    tributary: Tributary,
    set_up: SetUp,
    logged: Server,
    logged_port: u16,
}

pub async fn measure(folder: &Path, scale: Scale, report: &mut Report) -> Result<()> {
    let home = folder.join("tributary");
    let (tributary, set_up) = Tributary::fresh(&home).await?;
    let (logged, logged_port) = start_nginx(LOGGED, &folder.join("nginx-log"), true)?;
    let servers = Servers { home, tributary, set_up, logged, logged_port };
    let most = maximum(folder, &servers, scale, report).await?;

    let counted = servers.tributary.figure("clicks").await?;
    let close = new_connections(&servers, scale, report)?;
    let (open, ledgers) = fixed_rate(folder, &servers, (most / 2.0).max(1.0), scale, report)?;
    eprintln!("  waiting for the clicks to reach the database");
    servers.tributary.drained(MOST_DRAIN).await?;
    let clicks = servers.tributary.figure("clicks").await? - counted;
    report.check_count("clicks over new connections and at a fixed rate", clicks, &[&close, &open]);
    let database = tributary::database(&servers.home);
    let ledgers = ledgers.iter().map(|file| Ledger::load(file)).collect::<Result<_>>()?;
    report.check_ledgers("clicks at a fixed rate", &check::check(ledgers, &database.display().to_string()).await?);
    servers.tributary.server.stop()?;

    many_links::measure(&folder.join("links"), &servers.logged, servers.logged_port, scale, report).await?;
    servers.logged.stop()
}

/// wrk, 64 connections that stay. Returns the answers a second of nginx with its log.
async fn maximum(folder: &Path, servers: &Servers, scale: Scale, report: &mut Report) -> Result<f64> {
    eprintln!("redirects, maximum:");
    let (silent, silent_port) = start_nginx("nginx, no log", &folder.join("nginx"), false)?;
    let (bare, bare_port) = start_bare(folder)?;
    let cpu_before = servers.tributary.server.cpu();
    let load = |port: u16, code: &str| {
        let url = redirect_url(port, code);
        move |_| {
            Load::Wrk(wrk::Load {
                url: url.clone(),
                headers: vec![("User-Agent", USER_AGENT.to_owned()), ("Referer", REFERRER.to_owned())],
                script: None,
                connections: CONNECTIONS,
            })
        }
    };
    let contestants = [
        servers.ours(Box::new(load(servers.tributary.port, &servers.set_up.code))),
        yardstick(LOGGED, &servers.logged, Box::new(load(servers.logged_port, ANY_CODE))),
        yardstick("nginx, no log", &silent, Box::new(load(silent_port, ANY_CODE))),
        yardstick("bare axum", &bare, Box::new(load(bare_port, ANY_CODE))),
    ];
    let outcomes = contest::run(&contestants, scale.rounds, scale.seconds)?;
    drop(contestants);
    for server in [silent, bare] {
        server.stop()?;
    }
    let [ours, logged, silent, bare] = &outcomes[..] else { unreachable!("as many outcomes as contestants") };
    let title = "redirect, each click recorded: rate to";
    report.ratio(format!("{title} nginx with an access log"), ours.ratio(logged, rate), "≥ 1.0");
    report.ratio(format!("{title} nginx without a log"), ours.ratio(silent, rate), "");
    report.ratio(format!("{title} bare axum"), ours.ratio(bare, rate), "");
    let p99 = |round: &Round| round.counted.p99;
    report.ratio("redirect: p99, saturated, to nginx with an access log", ours.ratio(logged, p99), "");
    let cpu = |round: &Round| round.cpu_each;
    report.ratio("redirect: CPU a click while serving, to nginx with a log", ours.ratio(logged, cpu), "");
    report.outcomes(&outcomes);
    recorded(&servers.tributary, ours, logged, cpu_before, report).await?;
    Ok(logged.rate())
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
    report.check_count("clicks", clicks, &[ours]);
    report.detail(format!("CPU of a click from request to database row: {each:.1} µs"));
    if took > 1.0 {
        let rows = number(clicks.saturating_sub(counted_before)) / took;
        report.detail(format!(
            "the drain took {took:.1} s more after the rounds, at {rows:.0} rows/s with the core to itself"
        ));
    }
    Ok(())
}

/// Our own generator, a new connection for each request.
fn new_connections(servers: &Servers, scale: Scale, report: &mut Report) -> Result<Outcome> {
    eprintln!("redirects, a new connection for each:");
    let load = |port: u16, code: &str| {
        let url = redirect_url(port, code);
        move |_| Load::Flood(flood_round::Load { close: true, ..flood_round::Load::new(url.clone()) })
    };
    let contestants = [
        servers.ours(Box::new(load(servers.tributary.port, &servers.set_up.code))),
        yardstick(LOGGED, &servers.logged, Box::new(load(servers.logged_port, ANY_CODE))),
    ];
    let mut outcomes = contest::run(&contestants, scale.rounds, scale.short())?;
    let [ours, logged] = &outcomes[..] else { unreachable!("as many outcomes as contestants") };
    report.ratio("redirect, Connection: close: rate to nginx with an access log", ours.ratio(logged, rate), "≥ 1.0");
    let cpu = |round: &Round| round.cpu_each;
    report.ratio("redirect, Connection: close: CPU a click to nginx with a log", ours.ratio(logged, cpu), "≤ 1.0");
    if ours.is_generators_limit() || logged.is_generators_limit() {
        // On loopback the kernel does much of a server's work for a new connection on the client's account.
        report.detail(
            "over new connections the generator was the limit, not the servers: compare their CPU, not their rates",
        );
    }
    report.outcomes(&outcomes);
    Ok(outcomes.swap_remove(0))
}

/// Our own generator, the same rate to both, latency from the intended moment. Returns the ledgers of ours too.
fn fixed_rate(
    folder: &Path,
    servers: &Servers,
    offered: f64,
    scale: Scale,
    report: &mut Report,
) -> Result<(Outcome, Vec<PathBuf>)> {
    eprintln!("redirects, {offered:.0} offered a second:");
    let ledger = |name: &str, round: usize| folder.join(format!("{name}-{round}.ledger"));
    let load = |name: &'static str, port: u16, code: &str| {
        let url = redirect_url(port, code);
        move |round| {
            let (rate, ledger) = (Some(offered), Some(ledger(name, round)));
            Load::Flood(flood_round::Load { rate, ledger, ..flood_round::Load::new(url.clone()) })
        }
    };
    let contestants = [
        servers.ours(Box::new(load("tributary", servers.tributary.port, &servers.set_up.code))),
        yardstick(LOGGED, &servers.logged, Box::new(load("nginx", servers.logged_port, ANY_CODE))),
    ];
    let mut outcomes = contest::run(&contestants, scale.rounds, scale.seconds)?;
    let [ours, logged] = &outcomes[..] else { unreachable!("as many outcomes as contestants") };
    for (name, of, target) in [
        ("p50", (|round| round.counted.p50) as fn(&Round) -> f64, ""),
        ("p99", |round| round.counted.p99, "≤ 1.5"),
        ("p99.9", |round| round.counted.p999, ""),
    ] {
        report.ratio(format!("redirect at half of nginx's maximum: {name} to nginx"), ours.ratio(logged, of), target);
    }
    let lag = |outcome: &Outcome| outcome.median(|round| round.counted.lag) * 1000.0;
    report.detail(format!(
        "open loop, {offered:.0} requests offered a second, latency from the intended moment, the generator's own delay in it \
         (p99 {:.0} µs with ours, {:.0} µs with nginx):",
        lag(ours),
        lag(logged)
    ));
    report.outcomes(&outcomes);
    let ledgers = (0..=scale.rounds).map(|round| ledger("tributary", round)).collect();
    Ok((outcomes.swap_remove(0), ledgers))
}

impl Servers {
    fn ours<'a>(&'a self, load: Box<dyn Fn(usize) -> Load + 'a>) -> Contestant<'a> {
        let server = &self.tributary.server;
        Contestant { name: "tributary", server, load, has_backlog: true, held: None }
    }
}

fn yardstick<'a>(name: &'static str, server: &'a Server, load: Box<dyn Fn(usize) -> Load + 'a>) -> Contestant<'a> {
    Contestant { name, server, load, has_backlog: false, held: None }
}

fn rate(round: &Round) -> f64 {
    round.counted.per_second
}

fn redirect_url(port: u16, code: &str) -> String {
    format!("http://127.0.0.1:{port}/r/{code}")
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
