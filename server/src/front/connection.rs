//! One connection of the front.

use std::{
    io::{self, ErrorKind, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

use mio::{Interest, Registry, Token, net::TcpStream};

/// How long a connection may wait for its next request.
const MOST_IDLE: Duration = Duration::from_secs(75);
/// How long a request may take to arrive, or an answer to be taken.
const MOST_SLOW: Duration = Duration::from_secs(15);

pub struct Connection {
    pub stream: TcpStream,
    pub peer: SocketAddr,
    /// The beginning of a request that is still arriving.
    pub begun: Vec<u8>,
    /// The rest of answers that the client has not taken yet.
    pub unsent: Vec<u8>,
    pub closes: bool,
    /// Since when it is in the state it is in.
    pub since: Instant,
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
}

impl Connection {
    pub fn new(stream: TcpStream, peer: SocketAddr, now: Instant) -> Self {
        let (begun, unsent) = (Vec::new(), Vec::new());
        Self { stream, peer, begun, unsent, closes: false, since: now, interest: None }
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

    pub fn is_overdue(&self, now: Instant) -> bool {
        let most = if self.begun.is_empty() && self.unsent.is_empty() { MOST_IDLE } else { MOST_SLOW };
        now.duration_since(self.since) > most
    }

    pub fn hand_over(mut self, registry: &Registry, read: Vec<u8>) -> io::Result<HandedOver> {
        if self.interest.is_some() {
            registry.deregister(&mut self.stream)?;
        }
        Ok(HandedOver { stream: self.stream.into(), peer: self.peer, read, unsent: self.unsent })
    }
}
