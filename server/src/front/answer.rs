//! The bytes of a redirect.

use std::time::{SystemTime, UNIX_EPOCH};

use super::request::Persistence;

/// The `Date` of answers, written anew once a second.
pub struct Date {
    second: u64,
    text: String,
}

impl Date {
    pub fn new() -> Self {
        Self { second: u64::MAX, text: String::new() }
    }

    pub fn refresh(&mut self, now: SystemTime) {
        let second = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if second != self.second {
            *self = Self { second, text: httpdate::fmt_http_date(now) };
        }
    }
}

/// Up to the value of `Location`, which comes next.
pub fn begin(answers: &mut Vec<u8>) {
    answers.extend_from_slice(b"HTTP/1.1 302 Found\r\nlocation: ");
}

/// `more`: further lines, each with the end of the one before.
pub fn end(answers: &mut Vec<u8>, date: &Date, more: &[u8], connection: Persistence) {
    answers.extend_from_slice(b"\r\ncache-control: no-store\r\ncontent-length: 0\r\ndate: ");
    answers.extend_from_slice(date.text.as_bytes());
    answers.extend_from_slice(more);
    answers.extend_from_slice(match connection {
        Persistence::Stays => b"\r\n\r\n",
        Persistence::StaysIfSaid => b"\r\nconnection: keep-alive\r\n\r\n",
        Persistence::Closes => b"\r\nconnection: close\r\n\r\n",
    });
}
