//! The one secret of an installation and the keys derived from it.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::{Digest, Sha256};

/// Keys for each purpose. The secret itself is not kept.
#[derive(Clone)]
pub struct Secrets {
    /// Signs session tokens.
    pub tokens: [u8; 32],
    /// Hashes customers' ids.
    pub customers: [u8; 32],
    /// From this each UTC day's key for visitors is made.
    pub visitors: [u8; 32],
    /// Seals what must be read back, such as signing secrets.
    pub sealing: [u8; 32],
    /// Seals what is said after a form, on its way through the browser.
    pub notices: [u8; 32],
    /// Tells, without revealing anything, whether two nodes share the secret.
    pub fingerprint: [u8; 32],
}

impl Secrets {
    /// Reads the secret file, or makes one that only its owner may read.
    pub fn load_or_create(path: &Path, random: &mut impl Rng) -> io::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut secret = [0; 32];
                random.fill_bytes(&mut secret);
                write_once(path, &hex::encode(secret))?;
                // Another node may have been first: its secret holds.
                Self::parse(&fs::read_to_string(path)?)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the secret file; never makes one.
    pub fn load(path: &Path) -> io::Result<Self> {
        Self::parse(&fs::read_to_string(path)?)
    }

    fn parse(text: &str) -> io::Result<Self> {
        let secret = hex::decode(text.trim()).ok().filter(|secret| secret.len() >= 32);
        let secret = secret.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "the secret key file must hold at least 64 hexadecimal digits")
        })?;
        Ok(Self::derive(&secret))
    }

    pub fn derive(secret: &[u8]) -> Self {
        let source = Hkdf::<Sha256>::new(Some(b"tributary"), secret);
        let key = |purpose: &str| {
            let mut key = [0; 32];
            source.expand(purpose.as_bytes(), &mut key).expect("32 bytes are within what HKDF-SHA256 gives");
            key
        };
        Self {
            tokens: key("session tokens"),
            customers: key("customer ids"),
            visitors: key("visitors"),
            sealing: key("sealing"),
            notices: key("notices"),
            fingerprint: key("fingerprint"),
        }
    }
}

/// Writes a file that is there whole or not at all, and never over another.
fn write_once(path: &Path, text: &str) -> io::Result<()> {
    let partial = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    let linked = fs::hard_link(&partial, path);
    fs::remove_file(&partial)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

/// XChaCha20-Poly1305 with a random nonce in front. `bound_to` names the row: a sealed text moved to another does not open.
pub fn seal(key: &[u8; 32], text: &[u8], bound_to: &[u8], random: &mut impl Rng) -> Vec<u8> {
    let mut nonce = [0; 24];
    random.fill_bytes(&mut nonce);
    let cipher = XChaCha20Poly1305::new(key.into());
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: text, aad: bound_to })
        .expect("texts are far shorter than the cipher's limit");
    [&nonce[..], &sealed].concat()
}

/// None where the text was sealed with another key, for another row, or is damaged.
pub fn open(key: &[u8; 32], sealed: &[u8], bound_to: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_at_checked(24)?;
    let nonce: [u8; 24] = nonce.try_into().ok()?;
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: bound_to }).ok()
}

/// Whether `signature` is the HMAC-SHA256 of the parts in a row; compared in constant time.
pub fn is_signed(key: &[u8], parts: &[&[u8]], signature: &[u8]) -> bool {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.verify_slice(signature).is_ok()
}

/// HMAC-SHA256, cut to the 16 bytes that are stored.
pub fn keyed_hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        // Lengths apart: ("ab", "c") and ("a", "bc") differ.
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    let mut hash = [0; 16];
    hash.copy_from_slice(&mac.finalize().into_bytes()[..16]);
    hash
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_secret_file_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let first = Secrets::load_or_create(&path, &mut rand::rng()).unwrap();
        let second = Secrets::load_or_create(&path, &mut rand::rng()).unwrap();
        assert_eq!(first.tokens, second.tokens);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_was_sealed_opens_with_its_key_and_for_its_row_alone() {
        let sealed = seal(&[1; 32], b"secret", b"row", &mut rand::rng());
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(open(&[1; 32], &sealed, b"row").as_deref(), Some(&b"secret"[..]));
        assert_eq!(open(&[2; 32], &sealed, b"row"), None);
        assert_eq!(open(&[1; 32], &sealed, b"another row"), None);
        assert_eq!(open(&[1; 32], &sealed[..20], b"row"), None);
    }

    #[test]
    fn each_purpose_has_its_own_key() {
        let secrets = Secrets::derive(&[7; 32]);
        assert_ne!(secrets.tokens, secrets.customers);
        assert_ne!(secrets.customers, secrets.visitors);
        assert_ne!(secrets.sealing, secrets.notices);
    }

    #[test]
    fn a_damaged_secret_file_is_an_error_not_a_new_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        fs::write(&path, "abc").unwrap();
        assert!(Secrets::load_or_create(&path, &mut rand::rng()).is_err());
    }
}
