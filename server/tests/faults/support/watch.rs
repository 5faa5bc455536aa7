//! What a process holds, once a second: memory and descriptors.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::Server;

#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub at: Duration,
    pub memory_kb: u64,
    pub descriptors: usize,
}

pub struct Watch {
    stop: Arc<AtomicBool>,
    watching: Option<JoinHandle<Vec<Sample>>>,
}

impl Watch {
    pub fn start(server: &Server) -> Self {
        let process = server.id();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let watching = thread::spawn(move || {
            let begun = Instant::now();
            let mut samples = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let (memory_kb, descriptors) = (memory_kb(process), descriptors(process));
                samples.push(Sample { at: begun.elapsed(), memory_kb, descriptors });
                thread::sleep(Duration::from_secs(1));
            }
            samples
        });
        Self { stop, watching: Some(watching) }
    }

    pub fn end(mut self) -> Watched {
        self.stop.store(true, Ordering::Relaxed);
        Watched(self.watching.take().unwrap().join().unwrap())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

pub struct Watched(Vec<Sample>);

impl Watched {
    /// How much more memory the last quarter of the time took than the second did: the first is for caches to fill.
    pub fn drift_kb(&self) -> i64 {
        let quarter = self.0.len() / 4;
        assert!(quarter >= 5, "{} seconds are too few to tell anything", self.0.len());
        let of = |from: usize| i64::try_from(median(&self.0[from..from + quarter])).unwrap();
        of(self.0.len() - quarter) - of(quarter)
    }

    /// Before anybody came.
    pub fn first_kb(&self) -> u64 {
        self.0[0].memory_kb
    }

    pub fn most_kb(&self) -> u64 {
        self.0.iter().map(|sample| sample.memory_kb).max().unwrap()
    }

    pub fn most_descriptors(&self) -> usize {
        self.0.iter().map(|sample| sample.descriptors).max().unwrap()
    }

    /// Medians of ten stretches, to look at.
    pub fn course(&self) -> String {
        let stretch = (self.0.len() / 10).max(1);
        let medians = self
            .0
            .chunks(stretch)
            .map(|samples| format!("{:.0} s {:.1} MiB", samples[0].at.as_secs_f64(), median(samples) as f64 / 1024.0));
        medians.collect::<Vec<_>>().join(", ")
    }
}

fn median(samples: &[Sample]) -> u64 {
    let mut memory: Vec<u64> = samples.iter().map(|sample| sample.memory_kb).collect();
    memory.sort_unstable();
    memory[memory.len() / 2]
}

/// What it holds of the machine's memory.
pub fn memory_kb(process: u32) -> u64 {
    let told = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

pub fn descriptors(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}
