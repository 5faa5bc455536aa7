//! Random codes: uniform, from a cryptographic source.

use rand::{CryptoRng, RngExt};

/// Without 0 O, 1 l I: a code can be read aloud and typed.
const UNAMBIGUOUS: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// 57^10 codes, about 3.6 × 10^17.
const LINK_CODE: usize = 10;

pub fn link_code(random: &mut impl CryptoRng) -> String {
    pick(UNAMBIGUOUS, LINK_CODE, random)
}

/// `trb_live_` and 32 characters, 190 bits.
pub fn api_key(random: &mut impl CryptoRng) -> String {
    format!("trb_live_{}", pick(BASE62, 32, random))
}

/// 40 characters, 234 bits: it stands in an address for three days.
pub fn password_link(random: &mut impl CryptoRng) -> String {
    pick(UNAMBIGUOUS, 40, random)
}

/// `trb_sign_` and 32 characters, 190 bits.
pub fn signing_secret(random: &mut impl CryptoRng) -> String {
    format!("trb_sign_{}", pick(BASE62, 32, random))
}

pub fn password(random: &mut impl CryptoRng) -> String {
    pick(UNAMBIGUOUS, 20, random)
}

pub(super) fn pick(alphabet: &[u8], length: usize, random: &mut impl CryptoRng) -> String {
    (0..length).map(|_| char::from(alphabet[random.random_range(0..alphabet.len())])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_codes_have_their_shape_and_differ() {
        let mut random = rand::rng();
        let key = api_key(&mut random);
        assert!(key.starts_with("trb_live_") && key.len() == 41 && key[9..].bytes().all(|b| b.is_ascii_alphanumeric()));
        let code = link_code(&mut random);
        assert!(code.len() >= 9 && !code.contains(['0', 'O', '1', 'l', 'I']), "{code}");
        assert_ne!(code, link_code(&mut random));
    }
}
