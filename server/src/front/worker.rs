//! One thread of the front: waits for requests, answers a round of them, and waits again.

use std::{
    io::{self, ErrorKind, Read},
    mem::MaybeUninit,
    net::{SocketAddr, TcpListener},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use engine::{ClickBatch, Visit};
use mio::{Events, Poll, Token, Waker, event::Event};
use slab::Slab;

use super::{
    Around,
    answer::{self, Date},
    connection::Connection,
    request::{Follow, MOST_HEADERS, Parsed, Persistence, parse},
};
use crate::{
    client_ip::client_ip, connections::say_not_accepted, metrics::FollowCounts, scheme::Scheme, serve::Arrived,
    stage::FIRST_REQUEST,
};

const LISTENER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);
/// The shortest time between two looks at connections that take too long.
const SWEEP: Duration = Duration::from_secs(1);
/// How soon a connection is accepted again after the system had no room for one.
const PAUSE: Duration = Duration::from_millis(50);
/// How often connections are looked at while the server ends.
const ENDING: Duration = Duration::from_millis(10);
/// Answers of one round: the first of them waits for the last.
const MOST_ANSWERS: usize = 256;
const MOST_READ: usize = 64 << 10;
/// Bytes of answers that one connection gets in a round.
const MOST_ANSWERED: usize = 256 << 10;

pub struct Worker {
    around: Around,
    poll: Poll,
    /// None once the server ends.
    listener: Option<mio::net::TcpListener>,
    accepting: Accepting,
    connections: Slab<Connection>,
    swept: Instant,
    round: Round,
    counts: Arc<FollowCounts>,
}

/// Whether somebody may be waiting to be accepted.
struct Accepting {
    is_due: bool,
    /// Not before then: the system had no room for another connection.
    after: Instant,
}

/// What is gathered until the answers leave; kept between rounds for the room it has.
struct Round {
    now: Instant,
    /// The server leaves: answers are the last on their connections.
    is_last: bool,
    date: Date,
    input: Box<[u8]>,
    answers: Vec<u8>,
    clicks: ClickBatch,
    replies: Vec<Reply>,
    redirected: u64,
}

/// What one connection gets.
struct Reply {
    connection: usize,
    /// Of the answers.
    bytes: Range<usize>,
    then: Then,
}

#[derive(Debug, PartialEq, Eq)]
enum Then {
    Stay,
    Close,
    /// To the router, with what was read.
    HandOver(Vec<u8>),
}

impl Worker {
    pub fn new(listener: TcpListener, around: Around, counts: Arc<FollowCounts>) -> io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let mut listener = mio::net::TcpListener::from_std(listener);
        poll.registry().register(&mut listener, LISTENER, mio::Interest::READABLE)?;
        let now = Instant::now();
        let round = Round {
            now,
            is_last: false,
            date: Date::new(),
            input: vec![0; MOST_READ].into(),
            answers: Vec::new(),
            clicks: ClickBatch::default(),
            replies: Vec::new(),
            redirected: 0,
        };
        let connections = Slab::new();
        let accepting = Accepting { is_due: false, after: now };
        Ok((Self { around, poll, listener: Some(listener), accepting, connections, swept: now, round, counts }, waker))
    }

    /// Runs until the server ends, and then until all that has come is answered.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        let mut end = None;
        loop {
            let most = match end {
                Some(_) => ENDING,
                None if self.accepting.is_due => PAUSE,
                None => SWEEP,
            };
            if let Err(error) = self.poll.poll(&mut events, Some(most))
                && error.kind() != ErrorKind::Interrupted
            {
                tracing::error!(%error, "the front cannot wait for requests");
                return;
            }
            self.round.now = Instant::now();
            self.round.is_last = self.around.stage.is_leaving();
            let is_ending = self.round.is_last && self.around.stage.is_ending();
            self.round.date.refresh(SystemTime::now());
            for event in &events {
                match event.token() {
                    WAKER => {}
                    LISTENER => self.accepting.is_due = true,
                    Token(connection) => self.on_event(connection, event),
                }
            }
            if (self.accepting.is_due && self.round.now >= self.accepting.after) || (is_ending && end.is_none()) {
                self.accept();
            }
            self.answer();
            if is_ending {
                // Those who are still to be accepted come to the next process, or to nobody.
                self.listener = None;
                self.let_go();
                let end = *end.get_or_insert(self.round.now + FIRST_REQUEST);
                if self.connections.is_empty() || self.round.now >= end {
                    return;
                }
            }
            self.counts.open.store(self.connections.len() as u64, Ordering::Relaxed);
            if self.round.now.duration_since(self.swept) >= SWEEP {
                self.sweep();
            }
        }
    }

    fn accept(&mut self) {
        let now = self.round.now;
        while let Some(listener) = &self.listener {
            match listener.accept() {
                Ok((stream, peer)) => match self.around.places.take(peer.ip()) {
                    Ok(place) => {
                        add(&self.counts.accepted, 1);
                        let connection = self.connections.insert(Connection::new(stream, peer, place, now));
                        // The request has often come with it.
                        self.read(connection, false);
                    }
                    Err(refused) => refused.tell(&stream, |how| {
                        let _ = stream.shutdown(how);
                    }),
                },
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(error) => {
                    // No file descriptors, mostly: those that end make room.
                    self.accepting.after = now + PAUSE;
                    say_not_accepted(&error);
                    return;
                }
            }
        }
        self.accepting.is_due = false;
    }

    /// At the end: whoever has nothing more to ask goes. Who has not asked yet is waited for a little.
    fn let_go(&mut self) {
        let may_go = |connection: &Connection| connection.is_idle() && connection.has_asked;
        let keys: Vec<usize> = self.connections.iter().filter(|(_, it)| may_go(it)).map(|(key, _)| key).collect();
        for key in keys {
            // A connection that is closed with something unread is reset.
            self.read(key, false);
        }
        self.answer();
        self.connections.retain(|_, connection| !may_go(connection));
    }

    fn on_event(&mut self, key: usize, event: &Event) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if !connection.unsent.is_empty() {
            let unsent = std::mem::take(&mut connection.unsent);
            if connection.send(&unsent).is_err() || (connection.closes && connection.unsent.is_empty()) {
                self.connections.remove(key);
                return;
            }
            // Whoever does not take answers gets no further ones.
            if !connection.unsent.is_empty() {
                return;
            }
        }
        self.read(key, event.is_read_closed());
    }

    /// Reads what has come by a connection, and gathers the answers to it.
    fn read(&mut self, key: usize, is_read_closed: bool) {
        let connection = &mut self.connections[key];
        let begin = self.round.answers.len();
        let mut then = Then::Stay;
        while then == Then::Stay {
            let length = match connection.stream.read(&mut self.round.input) {
                Ok(0) => {
                    then = Then::Close;
                    break;
                }
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => {
                    self.connections.remove(key);
                    return;
                }
            };
            then = self.round.take(&self.around, connection, length);
            // Whoever sends without end would keep all others waiting: the router answers no faster than is read.
            if then == Then::Stay && self.round.answers.len() - begin > MOST_ANSWERED {
                then = Then::HandOver(std::mem::take(&mut connection.begun));
            }
            // Less than there was room for: that was all, unless the end came with it.
            if length < MOST_READ && !is_read_closed {
                break;
            }
        }
        let bytes = begin..self.round.answers.len();
        self.round.replies.push(Reply { connection: key, bytes, then });
        if self.round.replies.len() >= MOST_ANSWERS {
            self.answer();
        }
    }

    /// Writes the round's clicks down, and only then sends its answers.
    fn answer(&mut self) {
        if !self.round.clicks.is_empty() {
            self.around.engine.keep_clicks(&self.round.clicks);
            self.round.clicks.clear();
            add(&self.counts.redirected, std::mem::take(&mut self.round.redirected));
        }
        for Reply { connection: key, bytes, then } in self.round.replies.drain(..) {
            let connection = &mut self.connections[key];
            let sent = if bytes.is_empty() { Ok(()) } else { connection.send(&self.round.answers[bytes]) };
            let is_done = match then {
                _ if sent.is_err() => true,
                Then::Close if connection.unsent.is_empty() => true,
                Then::Stay | Then::Close => {
                    connection.closes = then == Then::Close;
                    connection.watch(self.poll.registry(), Token(key)).is_err()
                }
                Then::HandOver(read) => {
                    add(&self.counts.handed_over, 1);
                    let connection = self.connections.remove(key);
                    if let Ok(other) = connection.hand_over(self.poll.registry(), read) {
                        // Nobody takes it once the server stops.
                        let _ = self.around.others.send(Arrived::HandedOver(other));
                    }
                    continue;
                }
            };
            if is_done {
                self.connections.remove(key);
            }
        }
        self.round.answers.clear();
    }

    fn sweep(&mut self) {
        self.swept = self.round.now;
        let (times, are_short) = (self.around.times, self.around.places.are_short());
        self.connections.retain(|_, connection| !connection.is_overdue(self.swept, times, are_short));
    }
}

impl Round {
    /// Answers every request among what was just read.
    fn take(&mut self, around: &Around, connection: &mut Connection, length: usize) -> Then {
        let mut begun = std::mem::take(&mut connection.begun);
        if begun.is_empty() {
            connection.since = self.now;
        } else {
            begun.extend_from_slice(&self.input[..length]);
        }
        let bytes = if begun.is_empty() { &self.input[..length] } else { &begun[..] };
        let mut at = 0;
        while at < bytes.len() {
            let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
            match parse(&bytes[at..], &mut headers) {
                Parsed::Follow(mut follow, length) => {
                    if self.is_last && at + length == bytes.len() {
                        follow.connection = Persistence::Closes;
                    }
                    let peer = connection.peer;
                    let Some(()) = redirect(around, peer, &follow, &self.date, &mut self.clicks, &mut self.answers)
                    else {
                        return Then::HandOver(bytes[at..].to_vec());
                    };
                    at += length;
                    self.redirected += 1;
                    (connection.since, connection.has_asked) = (self.now, true);
                    if follow.connection == Persistence::Closes {
                        return Then::Close;
                    }
                }
                Parsed::Partial => {
                    connection.begun = bytes[at..].to_vec();
                    break;
                }
                Parsed::Other => return Then::HandOver(bytes[at..].to_vec()),
            }
        }
        Then::Stay
    }
}

/// This thread alone adds: no other has to be kept out.
fn add(count: &AtomicU64, more: u64) {
    count.store(count.load(Ordering::Relaxed) + more, Ordering::Relaxed);
}

/// Notes the click and writes the answer. None where the link does not redirect, or over https alone: the router says so.
fn redirect(
    Around { engine, proxies, https, .. }: &Around,
    peer: SocketAddr,
    follow: &Follow<'_, '_>,
    date: &Date,
    clicks: &mut ClickBatch,
    answers: &mut Vec<u8>,
) -> Option<()> {
    let link = engine.link(follow.code)?;
    if !link.redirects() {
        return None;
    }
    let lines = |name: &'static str| {
        let found = follow.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value)
    };
    // The connections of the front are plain ones.
    if https.is_broken(peer.ip(), Scheme::Http, lines("x-forwarded-proto"), lines("forwarded")) {
        return None;
    }
    let visit = Visit {
        ip: client_ip(proxies, peer.ip(), lines("x-forwarded-for"), lines("forwarded")),
        is_prefetch: follow.is_prefetch,
        user_agent: follow.user_agent,
        referrer: follow.referrer,
    };
    let click = engine.note_click(&link, &visit, clicks);
    answer::begin(answers);
    link.location.write(answers, &link.code, follow.query, click);
    answer::end(answers, date, https.line(), follow.connection);
    Some(())
}
