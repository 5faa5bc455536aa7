//! A new certificate without a restart: the files are looked at every few seconds, and at once on SIGHUP.
//!
//! What is read is compared, not its time: certificates come by links that are swung, by volumes, by copies that keep
//! their times. A new pair is taken only as a whole; connections go on with what their handshake was made with.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwap;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::certificate::{Contents, Files, Validity};

const EVERY: Duration = Duration::from_secs(5);
/// From then on a certificate's end is spoken of once a day.
const SOON: Duration = Duration::from_secs(14 * 86_400);
const DAY: Duration = Duration::from_secs(86_400);

/// What handshakes are made with now.
#[derive(Debug)]
pub struct Current {
    certified: ArcSwap<CertifiedKey>,
    /// Seconds since 1970.
    until: AtomicU64,
}

impl Current {
    pub fn new(certified: CertifiedKey, validity: &Validity) -> Self {
        Self { certified: ArcSwap::from_pointee(certified), until: AtomicU64::new(seconds(validity.until)) }
    }

    /// When the certificate ends, in seconds since 1970.
    pub fn until(&self) -> u64 {
        self.until.load(Ordering::Relaxed)
    }

    fn replace(&self, certified: CertifiedKey, validity: &Validity) {
        self.certified.store(Arc::new(certified));
        self.until.store(seconds(validity.until), Ordering::Relaxed);
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.certified.load_full())
    }
}

pub struct Reload {
    files: Files,
    current: Arc<Current>,
    /// Of what is in use.
    contents: Contents,
    validity: Validity,
    /// What cannot be used, and was found at the last look, or None where the files could not be read.
    refused: Option<Option<Contents>>,
    /// Whether that was said.
    is_said: bool,
    spoke_of_end: Option<SystemTime>,
}

impl Reload {
    pub fn new(files: Files, contents: Contents, validity: Validity, current: Arc<Current>) -> Self {
        Self { files, current, contents, validity, refused: None, is_said: false, spoke_of_end: None }
    }

    /// Looks at the files for as long as the server runs.
    pub async fn run(mut self) {
        let mut hang_up = match signal(SignalKind::hangup()) {
            Ok(hang_up) => Some(hang_up),
            Err(error) => {
                tracing::warn!(%error, "SIGHUP cannot be caught; certificates are looked at every few seconds all the same");
                None
            }
        };
        loop {
            self.warn_of_end(SystemTime::now());
            let told = async {
                match &mut hang_up {
                    Some(hang_up) => hang_up.recv().await,
                    None => std::future::pending().await,
                }
            };
            let is_told = tokio::select! {
                () = tokio::time::sleep(EVERY) => false,
                _ = told => true,
            };
            self = match tokio::task::spawn_blocking(move || self.looked(is_told)).await {
                Ok(looked) => looked,
                Err(error) => {
                    tracing::error!(%error, "TLS certificates are no longer looked at");
                    return;
                }
            };
        }
    }

    fn looked(mut self, is_told: bool) -> Self {
        self.look(is_told);
        self
    }

    /// Takes what is new in the files. What is wrong is said when it is found for the second time: certificate and key
    /// are two files, and whoever renews them writes one after the other.
    fn look(&mut self, is_told: bool) {
        let read = self.files.read();
        let found = read.as_ref().ok();
        if found == Some(&self.contents) {
            if is_told {
                tracing::info!("the TLS certificate is the one that is in use");
            }
            (self.refused, self.is_said) = (None, false);
            return;
        }
        let is_known = self.refused.as_ref().is_some_and(|refused| refused.as_ref() == found);
        if is_known && self.is_said && !is_told {
            return;
        }
        match read.and_then(|contents| Ok((self.files.load(&contents)?, contents))) {
            Ok((loaded, contents)) => {
                self.current.replace(loaded.certified, &loaded.validity);
                (self.contents, self.validity, self.refused, self.is_said) = (contents, loaded.validity, None, false);
                self.spoke_of_end = None;
                tracing::info!(valid_until = %date(self.validity.until), "a new TLS certificate is in use");
                self.files.warn_of_readers();
            }
            Err(error) if is_known || is_told => {
                let error = format!("{error:#}");
                tracing::error!(error, "the TLS certificate was not renewed; the one before stays in use");
                (self.refused, self.is_said) = (Some(self.files.read().ok()), true);
            }
            Err(_) => (self.refused, self.is_said) = (Some(self.files.read().ok()), false),
        }
    }

    /// Once a day, from two weeks before its end.
    fn warn_of_end(&mut self, now: SystemTime) {
        if self.spoke_of_end.is_some_and(|spoke| now < spoke + DAY) {
            return;
        }
        let (valid_from, valid_until) = (date(self.validity.from), date(self.validity.until));
        if now < self.validity.from {
            tracing::warn!(%valid_from, "the TLS certificate is not valid yet; browsers refuse it");
        } else if now >= self.validity.until {
            tracing::warn!(%valid_until, "the TLS certificate has expired; browsers refuse it");
        } else if now + SOON >= self.validity.until {
            tracing::warn!(%valid_until, "the TLS certificate expires soon");
        } else {
            return;
        }
        self.spoke_of_end = Some(now);
    }
}

/// As HTTP writes it.
fn date(time: SystemTime) -> httpdate::HttpDate {
    time.into()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{
        super::certificate::tests::{files, pair},
        *,
    };

    fn reload(folder: &tempfile::TempDir) -> Reload {
        let (certificate, key) = pair(2090);
        let files = files(folder, &certificate, &key);
        let contents = files.read().unwrap();
        let loaded = files.load(&contents).unwrap();
        let current = Current::new(loaded.certified, &loaded.validity);
        Reload::new(files, contents, loaded.validity, Arc::new(current))
    }

    impl Reload {
        fn in_use(&self) -> Vec<u8> {
            self.current.certified.load().cert[0].to_vec()
        }
    }

    #[test]
    fn a_new_pair_is_taken_once_both_of_its_files_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut reload = reload(&folder);
        let before = reload.in_use();
        let (certificate, key) = pair(2091);
        fs::write(&reload.files.certificate, certificate).unwrap();
        reload.look(false);
        assert_eq!(reload.in_use(), before, "the key is still the one before");
        assert!(!reload.is_said, "which may be so for a moment");
        fs::write(&reload.files.key, key).unwrap();
        reload.look(false);
        assert_ne!(reload.in_use(), before);
        assert!(reload.refused.is_none());
    }

    #[test]
    fn what_cannot_be_used_leaves_the_one_before_and_is_said_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut reload = reload(&folder);
        let (before, contents) = (reload.in_use(), reload.contents.clone());
        for broken in [Some("nonsense"), None] {
            match broken {
                Some(text) => fs::write(&reload.files.certificate, text).unwrap(),
                None => fs::remove_file(&reload.files.certificate).unwrap(),
            }
            reload.look(false);
            assert!(!reload.is_said);
            reload.look(false);
            assert!(reload.is_said, "it is still so");
            reload.look(false);
            assert_eq!(reload.in_use(), before);
            assert!(reload.contents == contents, "what is in use is known");
        }
    }

    #[test]
    fn a_certificate_that_ends_is_spoken_of_once_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let mut reload = reload(&folder);
        let end = reload.validity.until;
        let spoke = |reload: &mut Reload, at| {
            let before = reload.spoke_of_end;
            reload.warn_of_end(at);
            reload.spoke_of_end != before
        };
        assert!(!spoke(&mut reload, end - 2 * SOON));
        assert!(spoke(&mut reload, end - SOON));
        assert!(!spoke(&mut reload, end - SOON + DAY / 2));
        assert!(spoke(&mut reload, end + DAY));
    }
}
