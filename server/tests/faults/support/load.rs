//! Visitors: so many a second, whatever the server does, each with a name of its own in the ledger.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use bench::flood::{self, Outcome, Pace, Plan, Target};

/// Followed links a second.
pub const RATE: f64 = 1000.0;
/// Nobody ends a load by waiting for it.
const LONG: Duration = Duration::from_secs(24 * 3600);

pub struct Load {
    stop: Arc<AtomicBool>,
    running: Option<JoinHandle<Outcome>>,
}

impl Load {
    pub fn start(base: &str, code: &str) -> Self {
        Self::at_rate(base, code, RATE)
    }

    pub fn at_rate(base: &str, code: &str, rate: f64) -> Self {
        let target = Target::parse(&format!("{base}/r/{code}")).unwrap();
        Self::of(Plan { pace: Pace::Constant(rate), connections: 32, ledger: true, ..Plan::new(target) })
    }

    /// Each of them opens a connection of its own.
    pub fn one_each(base: &str, code: &str, rate: f64) -> Self {
        let target = Target::parse(&format!("{base}/r/{code}")).unwrap();
        // As many as may come while nobody answers.
        let plan = Plan { pace: Pace::Constant(rate), connections: 2_000, ledger: true, ..Plan::new(target) };
        Self::of(Plan { close: true, ..plan })
    }

    /// Until it is told to end.
    pub fn of(plan: Plan) -> Self {
        let plan = Plan { time: LONG, ..plan };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let running = thread::spawn(move || flood::run(&plan, &stopped).unwrap());
        Self { stop, running: Some(running) }
    }

    pub fn end(mut self) -> Outcome {
        self.stop.store(true, Ordering::Relaxed);
        self.running.take().unwrap().join().unwrap()
    }

    /// The same, where the server was there all the time: every visitor was sent on.
    pub fn end_without_a_miss(self) -> Outcome {
        let outcome = self.end();
        let summary = outcome.summary();
        assert_eq!(summary.redirects, summary.answers, "{summary}");
        assert_eq!((summary.unknown, summary.refused, summary.unsent), (0, 0, 0), "{summary}");
        assert!(summary.answers > 100, "too little to prove anything: {summary}");
        outcome
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
