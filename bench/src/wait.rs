//! Free ports, and waiting until a server answers.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::process::Server;

const MOST: Duration = Duration::from_secs(20);

/// A port that was free a moment ago.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Asks again and again, until the answer has this status.
pub fn until_answered(server: &mut Server, port: u16, path: &str, status: u16) -> Result<()> {
    let start = Instant::now();
    let expected = format!("HTTP/1.1 {status} ");
    loop {
        if first_line(port, path).is_ok_and(|line| line.starts_with(&expected)) {
            return Ok(());
        }
        server.check()?;
        if start.elapsed() > MOST {
            bail!("{} did not answer {path} with {status} within {} s", server.name, MOST.as_secs());
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn first_line(port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
