//! A client that says exactly what it is told to, byte by byte.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::api::Api;

pub struct Raw(pub TcpStream);

impl Raw {
    pub fn open(api: &Api) -> Self {
        let stream = TcpStream::connect(api.base.strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self(stream)
    }

    pub fn say(&mut self, text: &str) -> &mut Self {
        self.0.write_all(text.as_bytes()).unwrap();
        self
    }

    /// Reads the next answer's head, in lower case, and its body where it names a length.
    pub fn answer(&mut self) -> String {
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            answer.push(byte[0]);
        }
        let head = String::from_utf8(answer).unwrap().to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).unwrap();
        head
    }

    pub fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0))
    }
}

/// The client's side blocks: it gets a thread.
pub async fn on_a_connection(api: &Api, talk: impl FnOnce(Raw) + Send + 'static) {
    let raw = Raw::open(api);
    tokio::task::spawn_blocking(move || talk(raw)).await.unwrap();
}
