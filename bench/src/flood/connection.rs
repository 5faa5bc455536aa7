//! One connection, which carries one request at a time.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::SocketAddr,
};

use mio::{Interest, Registry, Token, net::TcpStream};

use super::answer::{self, Answer, Parsed};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A request can be sent: over it as it stands, or, with a new connection for each, over one to be made.
    Free,
    Connecting,
    /// A request is under way.
    Busy,
    /// Answered; the server has yet to close it, so that the port's wait is the server's and not ours.
    Closing,
    /// Lost: to be made again.
    Down,
}

/// What reading brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    Nothing,
    /// `ended`: and the server has closed the connection.
    Answer {
        answer: Answer,
        ended: bool,
    },
    Broken,
}

#[derive(Debug)]
pub struct Connection {
    stream: Option<TcpStream>,
    pub state: State,
    pub request: Vec<u8>,
    written: usize,
    answer: Vec<u8>,
    /// Of the request under way.
    pub number: u64,
    pub intended: u64,
    /// When to give up, close or try again, by state.
    pub deadline: u64,
}

impl Connection {
    pub fn new(state: State) -> Self {
        Self {
            stream: None,
            state,
            request: Vec::with_capacity(1024),
            written: 0,
            answer: Vec::with_capacity(1024),
            number: 0,
            intended: 0,
            deadline: 0,
        }
    }

    /// Begins to connect. On loopback that is mostly done at once.
    pub fn connect(&mut self, address: SocketAddr, registry: &Registry, token: usize) -> io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        registry.register(&mut stream, Token(token), Interest::READABLE | Interest::WRITABLE)?;
        self.stream = Some(stream);
        Ok(())
    }

    pub fn disconnect(&mut self) {
        self.stream = None;
        self.answer.clear();
    }

    /// Whether the connection stands; an error where it will not.
    pub fn is_established(&self) -> io::Result<bool> {
        let Some(stream) = &self.stream else { return Ok(false) };
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => stream.set_nodelay(true).map(|()| true),
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Begins to send `request`.
    pub fn start(&mut self) -> io::Result<()> {
        self.written = 0;
        self.write()
    }

    /// Whether the server may have seen anything of the request.
    pub fn has_left(&self) -> bool {
        self.written > 0
    }

    pub fn is_written(&self) -> bool {
        self.written >= self.request.len()
    }

    /// Writes what is left of the request, as far as that goes now.
    pub fn write(&mut self) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        while self.written < self.request.len() {
            match stream.write(&self.request[self.written..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(length) => self.written += length,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what is there. `to_end`: until nothing is left, as the server may have closed it; else a read
    /// that does not fill the buffer has emptied the socket, and the kernel will tell of more.
    pub fn read(&mut self, buffer: &mut [u8], to_end: bool) -> Got {
        let Some(stream) = &mut self.stream else { return Got::Broken };
        let mut ended = false;
        loop {
            match stream.read(buffer) {
                Ok(0) => {
                    ended = true;
                    break;
                }
                Ok(length) => {
                    self.answer.extend_from_slice(&buffer[..length]);
                    if length < buffer.len() && !to_end {
                        break;
                    }
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Refused or reset: what was read before still counts.
                Err(_) => {
                    ended = true;
                    break;
                }
            }
        }
        if self.answer.is_empty() {
            return if ended { Got::Broken } else { Got::Nothing };
        }
        match answer::parse(&self.answer, ended) {
            Parsed::Whole(answer) => {
                self.answer.clear();
                Got::Answer { answer, ended }
            }
            Parsed::Cut => Got::Nothing,
            Parsed::Broken => Got::Broken,
        }
    }
}
