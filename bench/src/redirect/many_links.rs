//! The maximum over random codes with 1, 10,000 and 1,000,000 active links; with 10,000 also memory under load, and
//! what a click costs while the drain is kept from the database.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{ANY_CODE, LOGGED, rate, redirect_url, yardstick};
use crate::{
    Scale,
    contest::{self, Contestant, Round},
    flood_round, links,
    load::Load,
    process::Server,
    report::Report,
    tributary::{self, Tributary},
    wait,
};

/// Links added to the one that is set up, and what to call them all.
const SIZES: [(u32, &str); 3] = [(0, "1 link"), (9_999, "10,000 links"), (999_999, "1,000,000 links")];
const HELD: &str = "10,000 links, drain held";
const MOST_MEMORY: f64 = 60.0;

struct Installation {
    name: &'static str,
    home: PathBuf,
    tributary: Tributary,
    /// Where to send requests, and which codes to put into it.
    url: String,
    codes: Option<PathBuf>,
    idle_memory: f64,
}

pub async fn measure(
    folder: &Path,
    logged: &Server,
    logged_port: u16,
    scale: Scale,
    report: &mut Report,
) -> Result<()> {
    eprintln!("redirects, many links:");
    let mut installations = Vec::new();
    for (more, name) in SIZES {
        installations.push(Installation::with_links(&folder.join(more.to_string()), more, name).await?);
    }
    let mut contestants: Vec<Contestant<'_>> =
        installations.iter().map(|installation| installation.contestant(None)).collect();
    let middle = &installations[1];
    contestants.push(Contestant { name: HELD, ..middle.contestant(Some(tributary::database(&middle.home))) });
    let url = redirect_url(logged_port, ANY_CODE);
    let load = move |_| Load::Flood(flood_round::Load::new(url.clone()));
    contestants.push(yardstick(LOGGED, logged, Box::new(load)));
    let outcomes = contest::run(&contestants, scale.rounds, scale.short())?;
    drop(contestants);

    let [one, many, million, held, logged] = &outcomes[..] else { unreachable!("as many outcomes as contestants") };
    for outcome in [one, many, million] {
        let title = format!("redirect, {}, random codes: rate to nginx with a log", outcome.name);
        report.ratio(title, outcome.ratio(logged, rate), "≥ 1.0");
    }
    let cpu = |round: &Round| round.cpu_each;
    let title = "redirect, 10,000 links: CPU a click";
    report.ratio(format!("{title} with the drain at work, to nginx"), many.ratio(logged, cpu), "");
    report.ratio(format!("{title} with the drain held, to nginx"), held.ratio(logged, cpu), "");
    let most = middle.tributary.server.memory("VmHWM");
    report.ratio(
        format!("memory under full load, 10,000 links: to {MOST_MEMORY} MiB"),
        format!("{:.2} ×", most / MOST_MEMORY),
        "≤ 1.0",
    );
    for installation in &installations {
        let server = &installation.tributary.server;
        report.detail(format!(
            "resident memory with {}: {:.1} MiB idle, {:.1} MiB after the rounds, {:.1} MiB at most",
            installation.name,
            installation.idle_memory,
            server.memory("VmRSS"),
            server.memory("VmHWM")
        ));
    }
    report.outcomes(&outcomes);
    for installation in &mut installations {
        installation.tributary.log_in().await?;
        // Fails where a click was answered and could not be written down.
        installation.tributary.waiting_bytes().await?;
    }
    // Their backlog is nobody's concern: other rounds have shown that all of it arrives.
    Ok(())
}

impl Installation {
    async fn with_links(home: &Path, more: u32, name: &'static str) -> Result<Self> {
        let (tributary, set_up) = Tributary::fresh(home).await?;
        tributary.server.stop()?;
        let (mut code, mut codes) = (set_up.code, None);
        if more > 0 {
            links::add(&tributary::database(home), 1, more).await?;
            let file = home.join("codes.txt");
            links::write_codes(&file, more)?;
            codes = Some(file);
            code = links::code(more);
        }
        let mut tributary = Tributary::start(home, None)?;
        wait::until_answered(&mut tributary.server, tributary.port, &format!("/r/{code}"), 302)?;
        std::thread::sleep(std::time::Duration::from_secs(1));
        let idle_memory = tributary.server.memory("VmRSS");
        let url = redirect_url(tributary.port, if codes.is_some() { "{code}" } else { &code });
        Ok(Self { name, home: home.to_owned(), tributary, url, codes, idle_memory })
    }

    fn contestant(&self, held: Option<PathBuf>) -> Contestant<'_> {
        let load = |_| {
            let codes = self.codes.clone();
            Load::Flood(flood_round::Load { codes, ..flood_round::Load::new(self.url.clone()) })
        };
        Contestant { name: self.name, server: &self.tributary.server, load: Box::new(load), has_backlog: true, held }
    }
}
