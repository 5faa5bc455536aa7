//! One connection of the front.

use std::{
    io::{self, ErrorKind, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::{Interest, Registry, Token, net::TcpStream};

use crate::connections::{Place, Times};

/// How long a connection may do nothing where places are short.
const MOST_IDLE_IF_SHORT: Duration = Duration::from_secs(5);

pub struct Connection {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    /// The beginning of a request that is still arriving.
    pub begun: Vec<u8>,
    /// The rest of answers that the client has not taken yet.
    pub unsent: Vec<u8>,
    pub closes: bool,
    /// Whether it has carried a request.
    pub has_asked: bool,
    /// Since when it is in the state it is in.
    pub since: Instant,
    place: Place,
    interest: Option<Interest>,
}

/// A connection on its way to the router.
pub struct HandedOver {
    pub stream: std::net::TcpStream,
    pub peer: SocketAddr,
    /// What was read of its request already.
    pub read: Vec<u8>,
    /// The rest of answers to earlier requests: it goes first.
    pub unsent: Vec<u8>,
    pub place: Place,
}

impl Connection {
    pub fn new(stream: TcpStream, peer: SocketAddr, place: Place, now: Instant) -> Self {
        let (begun, unsent) = (Vec::new(), Vec::new());
        Self { stream, peer, begun, unsent, closes: false, has_asked: false, since: now, place, interest: None }
    }

    /// Sends what the client takes at once; the rest waits in `unsent`.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = loop {
            match self.stream.write(bytes) {
                Ok(sent) => break sent,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break 0,
                Err(error) => return Err(error),
            }
        };
        self.unsent = bytes[sent..].to_vec();
        Ok(())
    }

    /// Asks to be told when there is something to do for it.
    pub fn watch(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let wanted = if self.unsent.is_empty() { Interest::READABLE } else { Interest::READABLE | Interest::WRITABLE };
        match self.interest {
            Some(interest) if interest == wanted => return Ok(()),
            Some(_) => registry.reregister(&mut self.stream, token, wanted)?,
            None => registry.register(&mut self.stream, token, wanted)?,
        }
        self.interest = Some(wanted);
        Ok(())
    }

    /// Whether it waits for a request of which nothing has come.
    pub fn is_idle(&self) -> bool {
        self.begun.is_empty() && self.unsent.is_empty()
    }

    pub fn is_overdue(&self, now: Instant, times: Times, places_are_short: bool) -> bool {
        let most = if !self.is_idle() {
            times.slow
        } else if places_are_short {
            times.idle.min(MOST_IDLE_IF_SHORT)
        } else {
            times.idle
        };
        now.duration_since(self.since) > most
    }

    pub fn hand_over(mut self, registry: &Registry, read: Vec<u8>) -> io::Result<HandedOver> {
        if self.interest.is_some() {
            registry.deregister(&mut self.stream)?;
        }
        Ok(HandedOver { stream: self.stream.into(), peer: self.peer, read, unsent: self.unsent, place: self.place })
    }
}
