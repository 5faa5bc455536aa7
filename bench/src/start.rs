//! From start to the first redirect, and idle memory, with one link, ten thousand and a hundred thousand.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{
    contest::median,
    links, nginx,
    process::Server,
    report::Report,
    tributary::{self, Tributary},
    wait,
};

const STARTS: usize = 5;
/// Links added to the one that is set up, and what to call them all.
const SIZES: [(u32, &str); 3] = [(0, "1 link"), (9_999, "10,000 links"), (99_999, "100,000 links")];
/// Targets: MiB with ten thousand links, milliseconds with a hundred thousand.
const MOST_MEMORY: f64 = 20.0;
const MOST_TIME: f64 = 50.0;

/// What starts came to: medians, but for the first.
struct Starts {
    /// How it was started, the last time.
    typed: String,
    /// Milliseconds of the first start after the links were added.
    first: f64,
    /// Milliseconds of the starts after it.
    later: f64,
    /// MiB a second after a start.
    memory: f64,
}

pub async fn measure(folder: &Path, report: &mut Report) -> Result<()> {
    eprintln!("starts:");
    let home = folder.join("tributary");
    let (tributary, set_up) = Tributary::fresh(&home).await?;
    tributary.server.stop()?;
    let yardstick = starts("/r/x", |port| nginx::start("nginx", &folder.join("nginx"), port, true))?;

    let mut added = 0;
    for (more, name) in SIZES {
        let mut path = format!("/r/{}", set_up.code);
        if more > added {
            links::add(&tributary::database(&home), added + 1, more).await?;
            added = more;
            // The last one that was added: what a snapshot from before does not have.
            path = format!("/r/{}", links::code(more));
        }
        let ours = starts(&path, |port| tributary::spawn(&home, port, None))?;
        for (what, measured, most, unit, targeted) in [
            ("start to first redirect", ours.later, MOST_TIME, "ms", 99_999),
            ("memory idle", ours.memory, MOST_MEMORY, "MiB", 9_999),
        ] {
            let target = if more == targeted { "≤ 1.0" } else { "" };
            report.ratio(format!("{what}, {name}: to {most} {unit}"), format!("{:.2} ×", measured / most), target);
        }
        if more == 0 {
            report.command(&ours.typed);
        }
        report.detail(format!(
            "start with {name}: first redirect after {:.0} ms (the first start since they were added: {:.0} ms; nginx {:.0} ms), \
             idle {:.1} MiB (nginx {:.1})",
            ours.later, ours.first, yardstick.later, ours.memory, yardstick.memory
        ));
    }
    report.command(&yardstick.typed);
    Ok(())
}

fn starts(path: &str, start: impl Fn(u16) -> Result<Server>) -> Result<Starts> {
    let (mut times, mut memory, mut typed) = (Vec::new(), f64::NAN, String::new());
    for number in 0..STARTS {
        let port = wait::free_port()?;
        let begin = Instant::now();
        let mut server = start(port)?;
        wait::until_answered(&mut server, port, path, 302)?;
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
        // What the first start leaves for later ones may be written a moment after it. And memory moves little
        // from start to start: that of the second is enough to wait for.
        if number < 2 {
            std::thread::sleep(Duration::from_millis(1500));
            memory = server.memory("VmRSS");
        }
        typed.clone_from(&server.typed);
        server.stop()?;
    }
    Ok(Starts { typed, first: times.remove(0), later: median(times), memory })
}
