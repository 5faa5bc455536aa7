//! `X-Signature`: as it comes, it is refused; beside a right signature it may spoil the header, but never lets another
//! body pass.
#![no_main]

use std::str;

use engine::{SignatureFault, catalog::SecretFact, signature::check};
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use model::{SigningSecretId, Timestamp};
use sha2::Sha256;
use uuid::Uuid;

const NOW: i64 = 1_800_000_000;
const SECRET: &str = "whsec_test";

fuzz_target!(|data: &[u8]| {
    let (header, body) = data.split_at(data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len()));
    let Ok(header) = str::from_utf8(header) else { return };
    let secrets = [SecretFact { id: SigningSecretId(Uuid::nil()), text: SECRET.to_owned(), expires_at: None }];
    let now = Timestamp(NOW * 1000);
    let fault = check(header, body, &secrets, now).expect_err("nobody guesses an HMAC");
    assert!(!matches!(fault, SignatureFault::Missing | SignatureFault::NoSecret));

    let signed = format!("t={NOW},v1={}", hex::encode(signature(body)));
    assert_eq!(check(&signed, body, &secrets, now), Ok(()));
    let beside = format!("{signed},{header}");
    let other = [body, b"x"].concat();
    assert_ne!(check(&beside, &other, &secrets, now), Ok(()));
    // What stands beside is either no header at all, or one more part that does not matter.
    assert!(matches!(check(&beside, body, &secrets, now), Ok(()) | Err(SignatureFault::Malformed)));
});

fn signature(body: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(NOW.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}
