//! Whether what was sent was sent by whom it says: a pure function over header, body, secrets and the moment.

use model::{Timestamp, time::SECOND};

use crate::{catalog::SecretFact, secret::is_signed};

/// How old a signature may be, and how far ahead of our clock, in seconds.
const MOST_PAST: i64 = 300;
const MOST_FUTURE: i64 = 60;

/// Why a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFault {
    Missing,
    Malformed,
    Stale,
    NoSecret,
    Wrong,
}

/// Checks `X-Signature: t=<unix seconds>,v1=<hex>[,v1=…]` over `<t>.<body>` with those secrets that live now.
pub fn check(header: &str, body: &[u8], secrets: &[SecretFact], now: Timestamp) -> Result<(), SignatureFault> {
    let signature = Signature::parse(header).ok_or(SignatureFault::Malformed)?;
    // In whole seconds, as the signature has it.
    let age = (now.0 / SECOND).saturating_sub(signature.at);
    if !(-MOST_FUTURE..=MOST_PAST).contains(&age) {
        return Err(SignatureFault::Stale);
    }
    let live = secrets.iter().filter(|secret| secret.expires_at.is_none_or(|at| at > now));
    let mut known = false;
    let mut stands = false;
    for secret in live {
        known = true;
        for v1 in &signature.v1 {
            stands |= is_signed(secret.text.as_bytes(), &[signature.t.as_bytes(), b".", body], v1);
        }
    }
    match (known, stands) {
        (_, true) => Ok(()),
        (true, false) => Err(SignatureFault::Wrong),
        (false, false) => Err(SignatureFault::NoSecret),
    }
}

/// The parts of the header.
struct Signature<'a> {
    /// As it was sent: that text is what was signed.
    t: &'a str,
    at: i64,
    v1: Vec<Vec<u8>>,
}

/// More signatures than secrets can be live is no mistake anybody makes.
const MOST_SIGNATURES: usize = 8;

impl<'a> Signature<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let mut t = None;
        let mut v1 = Vec::new();
        for part in header.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            match name {
                "t" if t.is_none() && value.bytes().all(|b| b.is_ascii_digit()) => t = Some(value),
                "t" => return None,
                "v1" if v1.len() < MOST_SIGNATURES => v1.push(hex::decode(value).ok()?),
                "v1" => return None,
                // Versions to come stand beside this one.
                _ => {}
            }
        }
        let t = t?;
        if v1.is_empty() { None } else { Some(Self { t, at: t.parse().ok()?, v1 }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_header_has_one_time_and_one_or_more_signatures() {
        let parsed = Signature::parse("t=1767225600, v1=00ff,v1=0a,v2=x").unwrap();
        assert_eq!((parsed.t, parsed.at, parsed.v1), ("1767225600", 1_767_225_600, vec![vec![0, 255], vec![10]]));
        for bad in ["", "t=1", "v1=00", "t=1,t=2,v1=00", "t=-1,v1=00", "t=1,v1=0g", "t=99999999999999999999,v1=00", "x"]
        {
            assert!(Signature::parse(bad).is_none(), "{bad}");
        }
    }
}

#[cfg(test)]
#[path = "signature_properties.rs"]
mod properties;
