//! The loop: sends what is due, reads what has come, and makes lost connections again.

use std::{
    collections::VecDeque,
    io::ErrorKind,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use mio::{Events, Poll};

use super::{
    Outcome, Pace, Plan,
    answer::Answer,
    connection::{Connection, Got, State},
    request::Composer,
    schedule::Schedule,
};
use crate::ledger::Ledger;

/// How often deadlines are looked at, and how soon a lost connection is tried again.
const SWEEP: u64 = 5_000_000;
/// Answers that are read, and requests that are sent, before the other is looked at again: neither may hold up the other.
const MOST_EVENTS: usize = 16;
/// How long to wait for the first connections.
const MOST_CONNECTING: Duration = Duration::from_secs(2);
/// An answered connection that the server does not close is closed by us.
const MOST_CLOSING: u64 = 1_000_000_000;

pub fn run(plan: &Plan, stop: &AtomicBool) -> Result<Outcome> {
    let mut generator = Generator::new(plan)?;
    if !plan.close {
        generator.connect_all()?;
    }
    generator.clock = Instant::now();
    generator.drive(stop)?;
    Ok(generator.finish())
}

struct Generator<'a> {
    plan: &'a Plan,
    poll: Poll,
    connections: Vec<Connection>,
    /// Those free, the longest free first. May name one that is not free any more.
    free: VecDeque<usize>,
    schedule: Schedule,
    /// How many are lost at the moment.
    down: usize,
    /// Moments that have come, with nothing sent yet.
    backlog: VecDeque<u64>,
    /// So many at the backlog's front found no connection free: their delay is not ours.
    waiting: usize,
    composer: Composer,
    next_number: u64,
    clock: Instant,
    end: u64,
    buffer: Vec<u8>,
    outcome: Outcome,
}

impl<'a> Generator<'a> {
    fn new(plan: &'a Plan) -> Result<Self> {
        let ledger = plan.ledger.then(|| Ledger::new(rand::random()));
        let end = nanoseconds(plan.time);
        let state = if plan.close { State::Free } else { State::Down };
        Ok(Self {
            plan,
            poll: Poll::new()?,
            connections: (0..plan.connections).map(|_| Connection::new(state)).collect(),
            free: if plan.close { (0..plan.connections).collect() } else { VecDeque::new() },
            down: if plan.close { 0 } else { plan.connections },
            schedule: Schedule::new(plan.pace, end, plan.seed),
            backlog: VecDeque::new(),
            waiting: 0,
            composer: Composer::new(plan, ledger.as_ref().map(Ledger::run)),
            next_number: 0,
            clock: Instant::now(),
            end,
            buffer: vec![0; 16 * 1024],
            outcome: Outcome::new(plan, ledger)?,
        })
    }

    fn now(&self) -> u64 {
        nanoseconds(self.clock.elapsed())
    }

    /// Connections that stand before the first request is due; at least one has to.
    fn connect_all(&mut self) -> Result<()> {
        let mut events = Events::with_capacity(MOST_EVENTS);
        while self.count(State::Free) < self.connections.len() && self.clock.elapsed() < MOST_CONNECTING {
            let now = self.now();
            self.sweep(now);
            self.wait(&mut events, Duration::from_millis(5))?;
            for event in &events {
                self.on_event(event.token().0, event.is_read_closed());
            }
        }
        if self.count(State::Free) == 0 {
            bail!("nothing listens at {}", self.plan.target.address);
        }
        self.outcome.breaks = 0;
        Ok(())
    }

    fn drive(&mut self, stop: &AtomicBool) -> Result<()> {
        let mut events = Events::with_capacity(MOST_EVENTS);
        let (mut before, mut next_sweep) = (0, 0);
        loop {
            let pause = self.pause(before);
            self.wait(&mut events, pause)?;
            if !pause.is_zero() {
                before = self.now();
            }
            for event in &events {
                self.on_event(event.token().0, event.is_read_closed());
            }
            let is_over = stop.load(Ordering::Relaxed);
            let now = self.now();
            if is_over {
                self.end = self.end.min(now);
            } else {
                while let Some(moment) = self.schedule.take(now) {
                    self.backlog.push_back(moment);
                }
            }
            let has_sent = self.send_due(now);
            if now >= next_sweep {
                self.sweep(now);
                next_sweep = now + SWEEP;
            }
            let after = self.now();
            if before < self.end && (has_sent || !events.is_empty()) {
                self.outcome.worked += after - before;
            }
            before = after;
            let is_late = after >= self.end + nanoseconds(self.plan.timeout);
            if after >= self.end && (is_late || (self.backlog.is_empty() && self.count(State::Busy) == 0)) {
                return Ok(());
            }
        }
    }

    fn wait(&mut self, events: &mut Events, pause: Duration) -> Result<()> {
        match self.poll.poll(events, Some(pause)) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// How long nothing can be due. The kernel's waits are whole milliseconds, rounded up.
    fn pause(&self, now: u64) -> Duration {
        let is_due = !self.backlog.is_empty() || (self.plan.pace == Pace::Closed && now < self.end);
        if self.plan.spin || (is_due && !self.free.is_empty()) {
            return Duration::ZERO;
        }
        let next = self.schedule.next().map_or(SWEEP, |next| next.saturating_sub(now).min(SWEEP));
        Duration::from_nanos(next)
    }

    fn send_due(&mut self, now: u64) -> bool {
        let is_closed = self.plan.pace == Pace::Closed;
        let mut sent = 0;
        while sent < MOST_EVENTS && if is_closed { now < self.end } else { !self.backlog.is_empty() } {
            let Some(free) = self.take_free() else {
                self.waiting = self.backlog.len();
                break;
            };
            let moment = self.now();
            let intended = if is_closed { moment } else { self.backlog.pop_front().unwrap_or(moment) };
            if self.waiting > 0 {
                self.waiting -= 1;
                self.outcome.waited += 1;
            } else {
                self.outcome.lag.saturating_record(moment.saturating_sub(intended));
            }
            self.send(free, intended, moment);
            sent += 1;
        }
        // Nobody is there, and nobody is being asked: the visitor would see an error.
        if !self.backlog.is_empty() && self.down == self.connections.len() {
            self.outcome.refused += self.backlog.len() as u64;
            self.backlog.clear();
            self.waiting = 0;
        }
        sent > 0
    }

    fn take_free(&mut self) -> Option<usize> {
        while let Some(index) = self.free.pop_front() {
            if self.connections[index].state == State::Free {
                return Some(index);
            }
        }
        None
    }

    fn send(&mut self, index: usize, intended: u64, now: u64) {
        let number = self.next_number;
        self.next_number += 1;
        let connection = &mut self.connections[index];
        connection.number = number;
        connection.intended = intended;
        connection.deadline = now + nanoseconds(self.plan.timeout);
        self.composer.compose(number, &mut connection.request);
        connection.state = State::Busy;
        let connected = if self.plan.close {
            connection.connect(self.plan.target.address, self.poll.registry(), index)
        } else {
            Ok(())
        };
        if connected.and_then(|()| connection.start()).is_err() {
            self.lose(index);
        }
    }

    fn on_event(&mut self, index: usize, read_closed: bool) {
        let connection = &mut self.connections[index];
        match connection.state {
            State::Connecting => match connection.is_established() {
                Ok(true) => self.release(index),
                Ok(false) => {}
                Err(_) => self.lose(index),
            },
            State::Busy => {
                if !connection.is_written() && connection.write().is_err() {
                    return self.lose(index);
                }
                let close = self.plan.close;
                match connection.read(&mut self.buffer, close || read_closed) {
                    Got::Nothing => {}
                    Got::Answer { answer, ended } => self.answered(index, answer, ended),
                    Got::Broken => self.lose(index),
                }
            }
            // An end, or bytes that nobody asked for.
            State::Free if !self.plan.close => {
                if connection.read(&mut self.buffer, true) != Got::Nothing {
                    self.reconnect(index);
                }
            }
            State::Closing => {
                if connection.read(&mut self.buffer, true) != Got::Nothing {
                    connection.disconnect();
                    self.release(index);
                }
            }
            State::Free | State::Down => {}
        }
    }

    fn answered(&mut self, index: usize, answer: Answer, ended: bool) {
        let now = self.now();
        let connection = &mut self.connections[index];
        self.outcome.answered(connection.number, answer.status, now - connection.intended, now <= self.end);
        if self.plan.close && !ended {
            connection.state = State::Closing;
            connection.deadline = now + MOST_CLOSING;
        } else if self.plan.close {
            connection.disconnect();
            self.release(index);
        } else if ended || !answer.keeps_alive {
            self.reconnect(index);
        } else {
            self.release(index);
        }
    }

    fn release(&mut self, index: usize) {
        self.connections[index].state = State::Free;
        self.free.push_back(index);
    }

    /// The connection is no more, and with it the request that was under way.
    fn lose(&mut self, index: usize) {
        let now = self.now();
        let connection = &mut self.connections[index];
        let was_busy = connection.state == State::Busy;
        connection.disconnect();
        if was_busy && connection.has_left() {
            self.outcome.unknown(connection.number);
        } else if was_busy && self.plan.close {
            self.outcome.refused += 1;
        } else if was_busy && self.plan.pace != Pace::Closed {
            // The server had closed it before anything left: as browsers do, over another one.
            self.backlog.push_front(connection.intended);
            self.waiting += 1;
        }
        connection.state = State::Down;
        connection.deadline = now + SWEEP;
        self.down += 1;
    }

    fn reconnect(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        connection.disconnect();
        connection.state = State::Connecting;
        connection.deadline = u64::MAX;
        if connection.connect(self.plan.target.address, self.poll.registry(), index).is_err() {
            self.lose(index);
        }
    }

    /// Gives up what takes too long, and tries again what was lost.
    fn sweep(&mut self, now: u64) {
        for index in 0..self.connections.len() {
            let connection = &mut self.connections[index];
            if connection.deadline > now {
                continue;
            }
            match connection.state {
                State::Busy => self.lose(index),
                State::Down => {
                    self.down -= 1;
                    if self.plan.close { self.release(index) } else { self.reconnect(index) }
                }
                State::Closing => {
                    connection.disconnect();
                    self.release(index);
                }
                State::Free | State::Connecting => {}
            }
        }
    }

    fn count(&self, state: State) -> usize {
        self.connections.iter().filter(|connection| connection.state == state).count()
    }

    fn finish(mut self) -> Outcome {
        let now = self.now();
        for connection in self.connections.iter().filter(|connection| connection.state == State::Busy) {
            if connection.has_left() {
                self.outcome.unknown(connection.number);
            }
        }
        // They would have taken at least as long: left out, a server that cannot keep up would look quick.
        for intended in &self.backlog {
            self.outcome.latency.saturating_record(now.saturating_sub(*intended));
        }
        self.outcome.unsent = self.backlog.len() as u64;
        self.outcome.time = Duration::from_nanos(self.end);
        self.outcome
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
