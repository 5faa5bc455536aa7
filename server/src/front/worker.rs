//! One thread of the front: waits for requests, answers a round of them, and waits again.

use std::{
    io::{self, ErrorKind, Read},
    mem::MaybeUninit,
    net::{SocketAddr, TcpListener},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use engine::{ClickBatch, Engine, Visit};
use mio::{Events, Poll, Token, Waker, event::Event};
use slab::Slab;
use tokio::sync::mpsc;

use super::{
    answer::{self, Date},
    connection::{Connection, HandedOver},
    request::{Follow, MOST_HEADERS, Parsed, Persistence, parse},
};
use crate::{
    client_ip::{TrustedProxies, client_ip},
    https::HttpsRule,
    metrics::FollowCounts,
    scheme::Scheme,
};

const LISTENER: Token = Token(usize::MAX);
const WAKER: Token = Token(usize::MAX - 1);
/// The shortest time between two looks at connections that take too long.
const SWEEP: Duration = Duration::from_secs(1);
/// Answers of one round: the first of them waits for the last.
const MOST_ANSWERS: usize = 256;
const MOST_READ: usize = 64 << 10;
/// Bytes of answers that one connection gets in a round.
const MOST_ANSWERED: usize = 256 << 10;

pub struct Worker {
    asked: Asked,
    others: mpsc::UnboundedSender<HandedOver>,
    stop: Arc<AtomicBool>,
    poll: Poll,
    listener: mio::net::TcpListener,
    /// Somebody may be waiting whom we were not told of: the system had no room for another connection.
    must_accept: bool,
    connections: Slab<Connection>,
    swept: Instant,
    round: Round,
    counts: Arc<FollowCounts>,
}

/// Whom a redirect asks.
struct Asked {
    engine: Engine,
    proxies: Arc<TrustedProxies>,
    https: HttpsRule,
}

/// What is gathered until the answers leave; kept between rounds for the room it has.
struct Round {
    now: Instant,
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
    pub fn new(
        listener: TcpListener,
        engine: Engine,
        proxies: Arc<TrustedProxies>,
        https: HttpsRule,
        others: mpsc::UnboundedSender<HandedOver>,
        stop: Arc<AtomicBool>,
        counts: Arc<FollowCounts>,
    ) -> io::Result<(Self, Waker)> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let mut listener = mio::net::TcpListener::from_std(listener);
        poll.registry().register(&mut listener, LISTENER, mio::Interest::READABLE)?;
        let now = Instant::now();
        let round = Round {
            now,
            date: Date::new(),
            input: vec![0; MOST_READ].into(),
            answers: Vec::new(),
            clicks: ClickBatch::default(),
            replies: Vec::new(),
            redirected: 0,
        };
        let connections = Slab::new();
        let worker = Self {
            asked: Asked { engine, proxies, https },
            others,
            stop,
            poll,
            listener,
            must_accept: false,
            connections,
            swept: now,
            round,
            counts,
        };
        Ok((worker, waker))
    }

    /// Runs until told to stop.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        loop {
            if let Err(error) = self.poll.poll(&mut events, Some(SWEEP))
                && error.kind() != ErrorKind::Interrupted
            {
                tracing::error!(%error, "the front cannot wait for requests");
                return;
            }
            if self.stop.load(Ordering::Acquire) {
                return;
            }
            self.round.now = Instant::now();
            self.round.date.refresh(SystemTime::now());
            for event in &events {
                match event.token() {
                    WAKER => {}
                    LISTENER => self.must_accept = true,
                    Token(connection) => self.on_event(connection, event),
                }
            }
            if self.must_accept {
                self.accept();
            }
            self.answer();
            self.counts.open.store(self.connections.len() as u64, Ordering::Relaxed);
            if self.round.now.duration_since(self.swept) >= SWEEP {
                self.sweep();
            }
        }
    }

    fn accept(&mut self) {
        loop {
            match self.listener.accept() {
                Ok((stream, peer)) => {
                    add(&self.counts.accepted, 1);
                    let connection = self.connections.insert(Connection::new(stream, peer, self.round.now));
                    // The request has often come with it.
                    self.read(connection, false);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(error) => {
                    // No file descriptors, mostly: those that end make room.
                    tracing::error!(%error, "connections cannot be accepted now");
                    return;
                }
            }
        }
        self.must_accept = false;
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
            then = self.round.take(&self.asked, connection, length);
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
            self.asked.engine.keep_clicks(&self.round.clicks);
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
                        let _ = self.others.send(other);
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
        self.connections.retain(|_, connection| !connection.is_overdue(self.swept));
    }
}

impl Round {
    /// Answers every request among what was just read.
    fn take(&mut self, asked: &Asked, connection: &mut Connection, length: usize) -> Then {
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
                Parsed::Follow(follow, length) => {
                    let peer = connection.peer;
                    let Some(()) = redirect(asked, peer, &follow, &self.date, &mut self.clicks, &mut self.answers)
                    else {
                        return Then::HandOver(bytes[at..].to_vec());
                    };
                    at += length;
                    self.redirected += 1;
                    connection.since = self.now;
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
    Asked { engine, proxies, https }: &Asked,
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
