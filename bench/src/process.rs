//! Children of the bench: pinned to a core, watched through `/proc`, and ended by their own process ids.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

/// Servers run here.
pub const SERVER_CORE: u32 = 0;
/// The load generator runs here.
pub const GENERATOR_CORE: u32 = 1;

/// The kernel's clock ticks in `/proc`: `USER_HZ`, 100 on every Linux.
const TICKS: f64 = 100.0;
/// The nicest value.
const LOWEST_PRIORITY: i32 = 19;
const GRACE: Duration = Duration::from_secs(10);

/// A command that runs on one core alone, under the same process id as its child, and gets `at_our_end`
/// should the bench itself be killed.
pub fn pinned(core: u32, at_our_end: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string(), "setpriv", "--pdeathsig", at_our_end]).arg(program);
    command
}

/// A command as it could be typed in the folder the bench was started in.
pub fn typed(command: &Command) -> String {
    let here = std::env::current_dir().map(|folder| format!("{}/", folder.display())).unwrap_or_default();
    let word = |text: &std::ffi::OsStr| {
        let text = text.to_string_lossy();
        let text = text.strip_prefix(&here).unwrap_or(&text).to_owned();
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=,+@%".contains(&byte));
        if is_plain && !text.is_empty() { text } else { format!("'{text}'") }
    };
    std::iter::once(command.get_program()).chain(command.get_args()).map(word).collect::<Vec<_>>().join(" ")
}

/// A server that was started here. Dropped, it is gone.
pub struct Server {
    pub name: &'static str,
    /// How it was started.
    pub typed: String,
    child: Child,
}

impl Server {
    /// Starts it; what it says goes to `log`.
    pub fn start(name: &'static str, mut command: Command, log: &Path) -> Result<Self> {
        let log = fs::OpenOptions::new().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("starting {name}"))?;
        Ok(Self { name, typed: typed(&command), child })
    }

    /// It and its own children.
    fn processes(&self) -> Vec<u32> {
        let mut all = vec![self.child.id()];
        let mut next = 0;
        while let Some(&id) = all.get(next) {
            let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
            all.extend(children.split_ascii_whitespace().filter_map(|child| child.parse::<u32>().ok()));
            next += 1;
        }
        all
    }

    /// CPU time so far, in seconds, of all its processes.
    pub fn cpu(&self) -> f64 {
        self.processes().into_iter().filter_map(cpu_of).sum()
    }

    /// The same of its threads but those of the lowest priority, which take what is left of a core: an answer waits
    /// for none of them, and how much there is for them depends on the load.
    pub fn serving_cpu(&self) -> f64 {
        self.processes().into_iter().map(serving_cpu_of).sum()
    }

    /// Resident memory of all its processes, in MiB; `key` is a line of `/proc/PID/status`.
    pub fn memory(&self, key: &str) -> f64 {
        let of = |id: u32| -> Option<f64> {
            let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
            line.trim().trim_end_matches(" kB").parse().ok()
        };
        self.processes().into_iter().filter_map(of).sum::<f64>() / 1024.0
    }

    /// Stands still, so that it takes nothing from whoever is measured meanwhile.
    pub fn pause(&self) -> Result<()> {
        self.signal("STOP")
    }

    pub fn go_on(&self) -> Result<()> {
        self.signal("CONT")
    }

    /// Fails where it has ended on its own.
    pub fn check(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("{} ended early ({status}); it was: {}", self.name, self.typed);
        }
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(mut self) -> Result<()> {
        // It alone: its children are its own to end.
        send("TERM", &[self.child.id()])?;
        let asked = Instant::now();
        while asked.elapsed() < GRACE {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success() || status.signal() == Some(15), "{} ended with {status}", self.name);
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("{} did not stop within {} s", self.name, GRACE.as_secs())
    }

    fn signal(&self, signal: &str) -> Result<()> {
        send(signal, &self.processes())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Only while it is ours to end: once waited for, its number may be another's.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = send("KILL", &self.processes());
            let _ = self.child.wait();
        }
    }
}

fn send(signal: &str, processes: &[u32]) -> Result<()> {
    let mut kill = Command::new("sh");
    // The shell's own `kill`: no package has to be there for it.
    kill.args(["-c", "kill -s \"$@\"", "kill", signal]).args(processes.iter().map(u32::to_string));
    let status = kill.stderr(Stdio::null()).status()?;
    ensure!(status.success(), "kill -s {signal} {processes:?} failed");
    Ok(())
}

/// CPU time of a process, threads included, in seconds. Also of one that has ended but was not waited for.
pub fn cpu_of(id: u32) -> Option<f64> {
    Some(Stat::read(&format!("/proc/{id}/stat"))?.cpu)
}

fn serving_cpu_of(id: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let stats = threads.filter_map(|thread| Stat::read(thread.path().join("stat").to_str()?));
    stats.filter(|stat| stat.nice < LOWEST_PRIORITY).map(|stat| stat.cpu).sum()
}

struct Stat {
    cpu: f64,
    nice: i32,
}

impl Stat {
    fn read(path: &str) -> Option<Self> {
        let stat = fs::read_to_string(path).ok()?;
        // The name, in brackets, may hold anything; utime, stime and nice are the 12th, 13th and 17th words behind it.
        let words: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let ticks = |at: usize| words.get(at)?.parse::<f64>().ok();
        Some(Self { cpu: (ticks(11)? + ticks(12)?) / TICKS, nice: words.get(16)?.parse().ok()? })
    }
}

/// What a core has spent in programs and the kernel for them, and what the hypervisor took, in seconds.
pub fn core_time(core: u32) -> Result<(f64, f64)> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().find_map(|line| line.strip_prefix(&format!("cpu{core} ")));
    let words: Vec<f64> = line.unwrap_or_default().split_ascii_whitespace().flat_map(str::parse).collect();
    let [user, nice, system, _idle, _iowait, _irq, _softirq, steal, ..] = words[..] else {
        bail!("/proc/stat tells nothing of core {core}: the bench needs two cores");
    };
    Ok(((user + nice + system) / TICKS, steal / TICKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_could_be_typed() {
        let mut command = pinned(1, "KILL", "wrk");
        command.args(["-c64", "-H", "User-Agent: a b"]);
        assert_eq!(typed(&command), "taskset -c 1 setpriv --pdeathsig KILL wrk -c64 -H 'User-Agent: a b'");
    }

    #[test]
    fn our_own_cpu_time_can_be_read() {
        assert!(cpu_of(std::process::id()).is_some());
        assert!(core_time(0).unwrap().0 > 0.0);
    }
}
