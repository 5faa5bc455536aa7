//! Certificate and key: read from their files, checked, and what is wrong with them in words for whoever put them there.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, anyhow, bail, ensure};
use tokio_rustls::rustls::{
    Error, InconsistentKeys,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use x509_cert::{Certificate, der::Decode};

const ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
const ENCRYPTED_BEFORE: &[u8] = b"Proc-Type: 4,ENCRYPTED";

#[derive(Debug)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// What stands in the files.
#[derive(Clone, PartialEq, Eq)]
pub struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

pub struct Loaded {
    pub certified: CertifiedKey,
    pub validity: Validity,
}

/// Since when and until when a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub from: SystemTime,
    pub until: SystemTime,
}

impl Files {
    pub fn read(&self) -> anyhow::Result<Contents> {
        let read =
            |flag, path: &Path| fs::read(path).with_context(|| format!("{flag} {}: cannot be read", path.display()));
        Ok(Contents { certificate: read("--tls-cert", &self.certificate)?, key: read("--tls-key", &self.key)? })
    }

    /// Whether they can be used, together.
    pub fn load(&self, contents: &Contents) -> anyhow::Result<Loaded> {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents.certificate).collect();
        let chain = chain.map_err(|error| anyhow!("--tls-cert {certificate}: is damaged: {error}"))?;
        let first = chain.first().with_context(|| {
            format!("--tls-cert {certificate}: holds no certificate; it must be PEM (-----BEGIN CERTIFICATE-----)")
        })?;
        let validity = validity(first)
            .with_context(|| format!("--tls-cert {certificate}: its first certificate cannot be read"))?;
        let has = |part: &[u8]| contents.key.windows(part.len()).any(|window| window == part);
        ensure!(
            !has(ENCRYPTED) && !has(ENCRYPTED_BEFORE),
            "--tls-key {key}: is encrypted; give the key without a passphrase (openssl pkey -in … -out …)"
        );
        let private = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|_| {
            anyhow!("--tls-key {key}: holds no private key; it must be PEM (-----BEGIN PRIVATE KEY-----)")
        })?;
        let certified = match CertifiedKey::from_der(chain, private, &default_provider()) {
            Ok(certified) => certified,
            Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                bail!("--tls-key {key}: is not the key of the certificate in {certificate}")
            }
            Err(error) => bail!("--tls-cert {certificate}, --tls-key {key}: cannot be used: {error}"),
        };
        Ok(Loaded { certified, validity })
    }

    /// A key that others on this machine can read is no secret.
    pub fn warn_of_readers(&self) {
        let Ok(metadata) = fs::metadata(&self.key) else { return };
        if metadata.permissions().mode() & 0o007 != 0 {
            let key = self.key.display();
            tracing::warn!(%key, "every user of this machine can read the TLS key: chmod o-rwx");
        }
    }
}

fn validity(certificate: &CertificateDer<'_>) -> anyhow::Result<Validity> {
    let read = Certificate::from_der(certificate.as_ref()).map_err(|error| anyhow!("{error}"))?;
    let validity = read.tbs_certificate.validity;
    let time = |since: Duration| UNIX_EPOCH + since;
    Ok(Validity {
        from: time(validity.not_before.to_unix_duration()),
        until: time(validity.not_after.to_unix_duration()),
    })
}

#[cfg(test)]
pub mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use tempfile::TempDir;

    use super::*;

    /// A certificate for `localhost` and its key, as PEM.
    pub fn pair(expires: i32) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
        params.not_after = date_time_ymd(expires, 1, 1);
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    pub fn files(folder: &TempDir, certificate: &str, key: &str) -> Files {
        let files = Files { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.key, key).unwrap();
        files
    }

    fn fault(certificate: &str, key: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let files = files(&folder, certificate, key);
        let error = files.read().and_then(|contents| files.load(&contents)).err().expect("it cannot be used");
        format!("{error:#}")
    }

    #[test]
    fn a_pair_is_read_with_its_chain_and_its_validity() {
        let ((certificate, key), (other, _)) = (pair(2090), pair(2091));
        let folder = tempfile::tempdir().unwrap();
        let files = files(&folder, &format!("{certificate}{other}"), &key);
        let loaded = files.load(&files.read().unwrap()).unwrap();
        assert_eq!(loaded.certified.cert.len(), 2);
        assert_eq!(loaded.validity.until.duration_since(UNIX_EPOCH).unwrap().as_secs(), 3_786_912_000);
        assert!(loaded.validity.from < loaded.validity.until);
    }

    #[test]
    fn what_is_wrong_is_said_with_the_flag_and_the_file() {
        let ((certificate, key), (_, other)) = (pair(2090), pair(2090));
        for (certificate, key, said) in [
            (&*certificate, &*other, "is not the key of the certificate in"),
            ("nonsense", &key, "--tls-cert"),
            ("nonsense", &key, "holds no certificate; it must be PEM"),
            (&key, &key, "holds no certificate"),
            (
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                &key,
                "first certificate cannot be read",
            ),
            ("-----BEGIN CERTIFICATE-----\n@@@@\n-----END CERTIFICATE-----\n", &key, "is damaged"),
            (&certificate, "", "holds no private key; it must be PEM"),
            (&certificate, &certificate, "holds no private key"),
            (
                &certificate,
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "passphrase",
            ),
        ] {
            let told = fault(certificate, key);
            assert!(told.contains(said) && told.contains(".pem"), "{said}: {told}");
        }
        let files = Files { certificate: "/nowhere/cert.pem".into(), key: "/nowhere/key.pem".into() };
        let told = format!("{:#}", files.read().err().unwrap());
        assert_eq!(told, "--tls-cert /nowhere/cert.pem: cannot be read: No such file or directory (os error 2)");
    }
}
