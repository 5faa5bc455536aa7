//! Passwords hashed by argon2id, in memory that goes back to the system as soon as it was used.

use argon2::{
    Algorithm, Argon2, Block, Params, RECOMMENDED_SALT_LEN, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};

use crate::error::{Error, Result};

/// The C library keeps what is freed for the next who asks, a heap for every few threads: after some dozen logins the
/// process would hold hundreds of megabytes for good. It never does so with what is larger than this (its
/// `DEFAULT_MMAP_THRESHOLD_MAX`, and a page). Address space alone is taken: of what nobody writes to there is nothing.
const NEVER_KEPT: usize = (32 << 20) + 4096;

/// With a salt of its own, as text that names algorithm and cost.
pub fn hash(password: &[u8]) -> Result<String> {
    let argon2 = Argon2::default();
    let salt: [u8; RECOMMENDED_SALT_LEN] = rand::random();
    let output = output(&argon2, password, &salt, Params::DEFAULT_OUTPUT_LEN)?;
    let hash = PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon2.params()).map_err(internal)?,
        salt: Some(Salt::new(&salt).map_err(internal)?),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// Whether it is the password of a hash. Takes the same time wherever they differ.
pub fn is_of(password: &[u8], hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return false };
    let Ok(params) = Params::try_from(&hash) else { return false };
    let Ok(algorithm) = Algorithm::try_from(hash.algorithm.as_str()) else { return false };
    let Ok(version) = hash.version.map_or(Ok(Version::default()), Version::try_from) else { return false };
    let argon2 = Argon2::new(algorithm, version, params);
    // Outputs compare in constant time.
    output(&argon2, password, salt.as_ref(), expected.len()).is_ok_and(|output| output == *expected)
}

fn output(argon2: &Argon2<'_>, password: &[u8], salt: &[u8], length: usize) -> Result<Output> {
    let mut out = vec![0; length];
    let blocks = argon2.params().block_count();
    let mut memory = Vec::with_capacity(blocks.max(NEVER_KEPT / Block::SIZE + 1));
    memory.resize(blocks, Block::new());
    argon2.hash_password_into_with_memory(password, salt, &mut out, &mut memory).map_err(internal)?;
    Output::new(&out).map_err(internal)
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("argon2: {error}"))
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

    use super::*;

    const PASSWORD: &[u8] = b"correct horse battery";

    #[test]
    fn a_hash_is_of_its_password_alone_and_never_the_same_twice() {
        let hashes = [hash(PASSWORD).unwrap(), hash(PASSWORD).unwrap()];
        assert_ne!(hashes[0], hashes[1]);
        for hash in &hashes {
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
            assert!(is_of(PASSWORD, hash));
            assert!(!is_of(b"wrong horse battery", hash));
        }
    }

    #[test]
    fn it_is_argon2_as_everybody_has_it() {
        let ours = hash(PASSWORD).unwrap();
        Argon2::default().verify_password(PASSWORD, &PasswordHash::new(&ours).unwrap()).unwrap();
        let theirs = Argon2::default().hash_password(PASSWORD).unwrap().to_string();
        assert!(is_of(PASSWORD, &theirs));
        // Another cost than today's, as an earlier or later version may have chosen.
        let dear = Argon2::from(Params::new(4096, 3, 1, Some(24)).unwrap());
        assert!(is_of(PASSWORD, &dear.hash_password(PASSWORD).unwrap().to_string()));
    }

    #[test]
    fn what_is_no_hash_is_of_no_password() {
        for hash in [
            "",
            "$",
            "plain",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ",
            "$argon2id$v=7$m=8,t=1,p=1$c2FsdHNhbHQ$AAAA",
        ] {
            assert!(!is_of(b"", hash) && !is_of(PASSWORD, hash), "{hash}");
        }
    }
}
