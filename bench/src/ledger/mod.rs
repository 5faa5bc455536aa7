//! What became of each request, and whether the database says the same.
//!
//! A request's number is in its `Referer`, `https://bench.example/RUN/NUMBER`, which is stored with the click. Every
//! answered one must be recorded, none twice, and of the others only those that nobody knows the fate of.

mod bitmap;
pub mod check;

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

pub use bitmap::Bitmap;

/// What all referers of ledgers begin with.
pub const PREFIX: &str = "https://bench.example/";
const FORMAT: u32 = 1;

/// A request is in one of the three at most; in none, it never left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    run: String,
    /// Answered with 302.
    pub redirected: Bitmap,
    /// Answered with anything else.
    pub otherwise: Bitmap,
    /// Left, and was not answered.
    pub unknown: Bitmap,
}

/// The first line of a ledger's file; the three maps follow, each of `words` numbers of eight bytes.
#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    run: String,
    words: [usize; 3],
}

impl Ledger {
    /// `run` tells it from others in the same database.
    pub fn new(run: u64) -> Self {
        Self {
            run: format!("{run:016x}"),
            redirected: Bitmap::default(),
            otherwise: Bitmap::default(),
            unknown: Bitmap::default(),
        }
    }

    pub fn run(&self) -> &str {
        &self.run
    }

    pub fn answered(&mut self, number: u64, status: u16) {
        let map = if status == 302 { &mut self.redirected } else { &mut self.otherwise };
        map.set(number);
    }

    pub fn unanswered(&mut self, number: u64) {
        self.unknown.set(number);
    }

    pub fn save(&self, file: &Path) -> Result<()> {
        let maps = [&self.redirected, &self.otherwise, &self.unknown];
        let head = Head { format: FORMAT, run: self.run.clone(), words: maps.map(|map| map.words().len()) };
        let mut bytes = serde_json::to_vec(&head)?;
        bytes.push(b'\n');
        bytes.extend(maps.into_iter().flat_map(Bitmap::words).flat_map(|word| word.to_le_bytes()));
        fs::write(file, bytes).with_context(|| file.display().to_string())
    }

    pub fn load(file: &Path) -> Result<Self> {
        let bytes = fs::read(file).with_context(|| file.display().to_string())?;
        Self::read(&bytes).with_context(|| format!("{} is no ledger", file.display()))
    }

    fn read(bytes: &[u8]) -> Result<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n').context("it has no first line")?;
        let head: Head = serde_json::from_slice(&bytes[..end])?;
        ensure!(head.format == FORMAT, "its format is {}, not {FORMAT}", head.format);
        let (words, rest) = bytes[end + 1..].as_chunks::<8>();
        ensure!(rest.is_empty() && words.len() == head.words.iter().sum::<usize>(), "it is cut");
        let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
        let [redirected, otherwise, unknown] = head.words.map(|count| words.by_ref().take(count).collect());
        Ok(Self { run: head.run, redirected, otherwise, unknown })
    }
}

/// Writes a request's `Referer`.
pub fn write_referer(run: &str, number: u64, into: &mut Vec<u8>) {
    into.extend_from_slice(PREFIX.as_bytes());
    into.extend_from_slice(run.as_bytes());
    into.push(b'/');
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b"0123456789"[(rest % 10) as usize];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    into.extend_from_slice(&digits[at..]);
}

/// A `Referer`'s run and number, where it is a ledger's.
pub fn read_referer(referer: &str) -> Option<(&str, u64)> {
    let (run, number) = referer.strip_prefix(PREFIX)?.split_once('/')?;
    Some((run, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_by_its_referer() {
        for number in [0, 9, 10, 123_456_789, u64::MAX] {
            let mut referer = Vec::new();
            write_referer("00ff", number, &mut referer);
            let referer = String::from_utf8(referer).unwrap();
            assert_eq!(referer, format!("https://bench.example/00ff/{number}"));
            assert_eq!(read_referer(&referer), Some(("00ff", number)));
        }
        for other in ["", "https://bench.example/", "https://bench.example/00ff/x", "https://www.instagram.com/p/1"] {
            assert_eq!(read_referer(other), None, "{other}");
        }
    }

    #[test]
    fn a_ledger_is_read_back_as_it_was_saved() {
        let mut ledger = Ledger::new(255);
        (0..1000).filter(|n| n % 7 != 0).for_each(|n| ledger.answered(n, 302));
        ledger.answered(7, 503);
        ledger.unanswered(70_000);
        let file = std::env::temp_dir().join(format!("ledger-{}", std::process::id()));
        ledger.save(&file).unwrap();
        let bytes = fs::read(&file).unwrap();
        let read = Ledger::load(&file);
        fs::remove_file(&file).unwrap();
        assert_eq!(read.unwrap(), ledger);
        assert!(Ledger::read(&bytes[..bytes.len() - 1]).is_err(), "cut");
        assert!(Ledger::read(b"{}\n").is_err());
    }
}
