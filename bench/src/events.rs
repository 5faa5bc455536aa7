//! Single events, each durable before its answer, beside a bare insert of the same durability.

use std::{fs, path::Path};

use anyhow::Result;

use crate::{
    Scale,
    contest::{self, Contestant, Round},
    load::{CONNECTIONS, Load},
    mariadb::MariaDb,
    process::{SERVER_CORE, Server, pinned},
    report::Report,
    tributary::Tributary,
    wait, wrk, yardstick,
};

/// Makes each request's `event_id` one of its own. Arguments: key, link code, round.
const SCRIPT: &str = r#"local head, tail, round, count
function init(args)
  local key, code = args[1], args[2]
  round, count = args[3], 0
  tail = '","action":"purchase","value":49.90,"currency":"USD","ref_code":"' .. code .. '","customer_id":"customer-'
  local length = #body('00000000')
  head = 'POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-API-KEY: ' .. key ..
    '\r\nContent-Length: ' .. length .. '\r\n\r\n'
end
function body(number)
  return '{"event_id":"order-' .. round .. '-' .. number .. tail .. number .. '"}'
end
function request()
  count = count + 1
  return head .. body(string.format('%08d', count))
end
"#;

/// On SQLite, and on MariaDB where there is one. There it runs where the system puts it: its part of the work is the
/// same for both.
pub async fn measure(folder: &Path, scale: Scale, report: &mut Report) -> Result<()> {
    eprintln!("events:");
    measure_on("SQLite", None, folder, scale, report).await?;
    let (ours, theirs) = (MariaDb::take("events").await?, MariaDb::take("bare_events").await?);
    let Some((ours, theirs)) = ours.zip(theirs) else {
        report.detail("events on MariaDB: not measured, TEST_MYSQL_URL is not set (make bench sets it)");
        return Ok(());
    };
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
    eprintln!("events, on {database}:");
    fs::create_dir_all(folder)?;
    let (tributary, set_up) = Tributary::fresh_on(&folder.join("tributary"), urls.map(|(ours, _)| ours)).await?;
    let file = |name: &str| folder.join(name).display().to_string();
    let our_rows = urls.map_or_else(|| file("ours.db"), |(_, theirs)| theirs.to_owned());
    let (bare, bare_port) = start_bare("bare insert, our table", folder, &our_rows, "ours")?;
    let least_rows = file("least.db");
    let least = match urls {
        None => Some(start_bare("bare insert, least table", folder, &least_rows, "least")?),
        Some(_) => None,
    };
    let script = folder.join("event.lua");
    fs::write(&script, SCRIPT)?;

    let load = |port: u16, key: &str| {
        let (key, code, script) = (key.to_owned(), set_up.code.clone(), script.clone());
        move |round: usize| {
            Load::Wrk(wrk::Load {
                url: format!("http://127.0.0.1:{port}"),
                headers: Vec::new(),
                script: Some((script.clone(), vec![key.clone(), code.clone(), round.to_string()])),
                connections: CONNECTIONS,
            })
        }
    };
    let contestant = |name, server, port, key: &str| Contestant {
        name,
        server,
        load: Box::new(load(port, key)),
        has_backlog: false,
        held: None,
    };
    let mut contestants = vec![
        contestant("tributary", &tributary.server, tributary.port, &set_up.api_key),
        contestant("bare insert, our table", &bare, bare_port, yardstick::events::KEY),
    ];
    if let Some((least, port)) = &least {
        contestants.push(contestant("bare insert, least table", least, *port, yardstick::events::KEY));
    }
    let outcomes = contest::run(&contestants, scale.rounds, scale.seconds)?;
    drop(contestants);
    let [ours, theirs, ..] = &outcomes[..] else { unreachable!("as many outcomes as contestants") };

    let title = format!("{database}, event, single, durable");
    let rate = |round: &Round| round.counted.per_second;
    report.ratio(format!("{title}: rate to a bare insert into our table"), ours.ratio(theirs, rate), "≥ 0.8");
    let p99 = |round: &Round| round.counted.p99;
    report.ratio(format!("{title}: p99, saturated, to our table's"), ours.ratio(theirs, p99), "");
    let cpu = |round: &Round| round.cpu_each;
    report.ratio(format!("{title}: CPU an event, to our table's"), ours.ratio(theirs, cpu), "");
    if let Some(least) = outcomes.get(2) {
        report.ratio(format!("{title}: rate to a bare insert into the least table"), ours.ratio(least, rate), "");
        let stored = yardstick::events::least_rows(&least_rows).await?;
        report.check_count("bare events, least table", stored, &[least]);
    }
    report.outcomes(&outcomes);
    report.check_count("events", tributary.figure("purchases").await?, &[ours]);
    report.check_count("bare events", yardstick::events::our_rows(&our_rows).await?, &[theirs]);
    bare.stop()?;
    if let Some((least, _)) = least {
        least.stop()?;
    }
    tributary.server.stop()
}

fn start_bare(name: &'static str, folder: &Path, database: &str, table: &str) -> Result<(Server, u16)> {
    let port = wait::free_port()?;
    let mut command = pinned(SERVER_CORE, "KILL", std::env::current_exe()?);
    command.args(["bare-events", &port.to_string(), database, table]);
    let mut server = Server::start(name, command, &folder.join(format!("bare-{table}.log")))?;
    wait::until_answered(&mut server, port, "/", 404)?;
    Ok((server, port))
}
