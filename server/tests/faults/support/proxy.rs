//! The way from server to database, which can become slow, or swallow all that is sent.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Open,
    /// Each packet takes so long.
    Slow(Duration),
    /// Connections are accepted and never answered. What was swallowed stays lost: a connection that met this is dead.
    Swallows,
    /// Open until events are to be committed: from that very packet on it swallows.
    SwallowsFromCommit,
}

pub struct Proxy {
    pub port: u16,
    way: Arc<Mutex<Way>>,
}

impl Proxy {
    /// Its threads live as long as its connections do.
    pub fn start(to: u16, way: Way) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let way = Arc::new(Mutex::new(way));
        let now = Arc::clone(&way);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, way) = (client.unwrap(), Arc::clone(&now));
                thread::spawn(move || join(client, to, &way));
            }
        });
        Self { port, way }
    }

    pub fn set(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }

    pub fn way(&self) -> Way {
        *self.way.lock().unwrap()
    }
}

fn join(client: TcpStream, to: u16, way: &Arc<Mutex<Way>>) {
    if *way.lock().unwrap() == Way::Swallows {
        return swallow(client);
    }
    // Nobody behind it: the client sees its connection end.
    let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { return };
    let back = (server.try_clone().unwrap(), client.try_clone().unwrap(), Arc::clone(way));
    thread::spawn(move || forward(back.0, back.1, &back.2));
    forward(client, server, way);
}

fn forward(mut from: TcpStream, mut to: TcpStream, way: &Mutex<Way>) {
    let _ = to.set_nodelay(true);
    let mut buffer = [0; 16 * 1024];
    let mut has_events = false;
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        has_events |= holds(&buffer[..length], "INSERT INTO events");
        if has_events && holds(&buffer[..length], "COMMIT") {
            let mut way = way.lock().unwrap();
            if *way == Way::SwallowsFromCommit {
                *way = Way::Swallows;
            }
        }
        let now = *way.lock().unwrap();
        match now {
            Way::Open | Way::SwallowsFromCommit => {}
            Way::Slow(time) => thread::sleep(time),
            // The other side hears nothing of it, not even the end: it keeps its half of the connection, and its locks.
            Way::Swallows => return swallow(from),
        }
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

fn holds(packet: &[u8], text: &str) -> bool {
    packet.windows(text.len()).any(|part| part == text.as_bytes())
}

/// Reads until whoever sends gives up.
fn swallow(mut from: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(1..) = from.read(&mut buffer) {}
}
