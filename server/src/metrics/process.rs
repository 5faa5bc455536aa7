//! What the system knows of this process, under the names that every Prometheus client uses.

use std::fmt;

use procfs::process::{LimitValue, Process as Own};
use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};

use super::told::{counter, gauge};

#[derive(Debug)]
pub struct Process {
    cpu_seconds: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    threads: i64,
    open_fds: Option<u64>,
    max_fds: Option<u64>,
    started: Option<f64>,
}

impl Process {
    /// None where the system does not tell.
    pub fn look() -> Option<Self> {
        let own = Own::myself().ok()?;
        let stat = own.stat().ok()?;
        #[expect(clippy::cast_precision_loss, reason = "times of a process, in hundredths of a second")]
        let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        let started = procfs::boot_time_secs().ok().map(|boot| boot as f64 + seconds(stat.starttime));
        let max_fds = own.limits().ok().and_then(|limits| match limits.max_open_files.soft_limit {
            LimitValue::Value(most) => Some(most),
            LimitValue::Unlimited => None,
        });
        Some(Self {
            cpu_seconds: seconds(stat.utime + stat.stime),
            resident_bytes: stat.rss * procfs::page_size(),
            virtual_bytes: stat.vsize,
            threads: stat.num_threads,
            open_fds: own.fd_count().ok().map(|count| count as u64),
            max_fds,
            started,
        })
    }
}

impl Collector for Process {
    fn encode(&self, mut to: DescriptorEncoder) -> fmt::Result {
        let to = &mut to;
        counter(to, "process_cpu_seconds", "Time that the process had on processors.", self.cpu_seconds)?;
        gauge(to, "process_resident_memory_bytes", "Memory that the process holds.", self.resident_bytes)?;
        gauge(to, "process_virtual_memory_bytes", "Addresses that the process has.", self.virtual_bytes)?;
        gauge(to, "process_threads", "Threads of the process.", self.threads)?;
        if let Some(open) = self.open_fds {
            gauge(to, "process_open_fds", "Open file descriptors.", open)?;
        }
        if let Some(most) = self.max_fds {
            gauge(to, "process_max_fds", "Most file descriptors that may be open.", most)?;
        }
        if let Some(started) = self.started {
            gauge(to, "process_start_time_seconds", "When the process began, since the Unix epoch.", started)?;
        }
        Ok(())
    }
}
