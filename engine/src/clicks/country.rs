//! Which country an address is in, by a GeoLite2-style file (`.mmdb`).
//!
//! The file is read once into two sorted tables of ranges: a third of its size, quick to search, and nothing that an
//! operator does to the file later (cut it, replace it in place) can reach the drain. It is looked at again each hour.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, RwLock, Weak},
    time::{Duration, SystemTime},
};

use maxminddb::{PathElement, Reader, WithinOptions};

use crate::lowest;

/// How often a changed file is looked for.
const REREAD: Duration = Duration::from_secs(3600);

/// Two letters of ISO 3166; zeros where nothing is known.
type Code = [u8; 2];
const UNKNOWN: Code = [0; 2];

/// Starts of ranges, ascending; each ends where the next begins. IPv6 by its upper half: no country's share is smaller.
#[derive(Default)]
struct Table {
    v4: (Vec<u32>, Vec<Code>),
    v6: (Vec<u64>, Vec<Code>),
}

/// Where the file is.
#[derive(Clone, Debug, Default)]
pub enum CountryFile {
    /// Clicks have no country.
    #[default]
    None,
    /// Lies where one may lie: what is wrong with it is only said.
    Found(PathBuf),
    /// The operator named it: what is wrong with it ends the start.
    Named(PathBuf),
}

impl CountryFile {
    pub fn open(&self) -> Result<Countries, String> {
        match self {
            Self::None => {
                tracing::info!("there is no country file (--country-db): clicks are recorded without a country");
                Ok(Countries::default())
            }
            Self::Found(path) => Ok(Countries::open(path).unwrap_or_else(|error| {
                tracing::warn!(error, "the country file cannot be read: clicks are recorded without a country");
                Countries::default()
            })),
            Self::Named(path) => Countries::open(path),
        }
    }
}

/// A cheap handle; clones share the tables. The default knows no country.
#[derive(Clone, Default)]
pub struct Countries(Option<Arc<Shared>>);

#[derive(Default)]
struct Shared {
    table: RwLock<Table>,
    /// Set once the file has been read, or could not be.
    is_ready: OnceLock<()>,
}

impl Countries {
    /// Opens the file, and reads it behind the start: clicks wait in their log for as long.
    pub fn open(path: &Path) -> Result<Self, String> {
        let named = |error: String| format!("country file {}: {error}", path.display());
        let seen = modified(path);
        if !is_whole(path).map_err(|error| named(error.to_string()))? {
            return Err(named("it is no MaxMind database, or a part of one".into()));
        }
        let shared = Arc::new(Shared::default());
        let follow = {
            let (shared, path) = (Arc::downgrade(&shared), path.to_owned());
            move || follow(&shared, &path, seen)
        };
        let thread = std::thread::Builder::new().name("country file".into()).spawn(follow);
        thread.map_err(|error| named(error.to_string()))?;
        Ok(Self(Some(shared)))
    }

    /// ISO 3166 alpha-2.
    pub fn of(&self, ip: IpAddr) -> Option<String> {
        let shared = self.0.as_ref()?;
        shared.is_ready.wait();
        let table = shared.table.read().ok()?;
        let code = match ip.to_canonical() {
            IpAddr::V4(ip) => find(&table.v4, ip.to_bits()),
            IpAddr::V6(ip) => find(&table.v6, upper_half(ip.to_bits())),
        };
        (code != UNKNOWN).then(|| code.map(char::from).iter().collect())
    }
}

/// Reads the file, and again each time it has changed, until nobody asks any more.
fn follow(shared: &Weak<Shared>, path: &Path, mut seen: Option<SystemTime>) {
    // Whoever starts has better things to do.
    lowest::here();
    let mut is_to_be_read = true;
    loop {
        // The reader is other people's, the file is anybody's: whatever happens, nobody waits for ever.
        let table = is_to_be_read.then(|| {
            std::panic::catch_unwind(|| Table::read(path)).unwrap_or_else(|_| Err("it cannot be read".into()))
        });
        let Some(shared) = shared.upgrade() else { return };
        match table {
            Some(Ok(new)) => {
                tracing::info!(file = %path.display(), ranges = new.len(), "countries are told by this file");
                if let Ok(mut table) = shared.table.write() {
                    *table = new;
                }
            }
            Some(Err(error)) => {
                tracing::error!(file = %path.display(), error, "the country file cannot be read to its end; what was known before stays");
            }
            None => {}
        }
        shared.is_ready.get_or_init(|| ());
        drop(shared);
        std::thread::sleep(REREAD);
        let now = modified(path);
        is_to_be_read = now.is_some() && now != seen;
        if is_to_be_read {
            seen = now;
        }
    }
}

/// Whether the file has an end such as these have: its metadata, behind a marker. All of it is read behind the start.
fn is_whole(path: &Path) -> io::Result<bool> {
    const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
    const MOST_METADATA: u64 = 128 << 10;
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST_METADATA)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    Ok(end.windows(MARKER.len()).any(|bytes| bytes == MARKER))
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

impl Table {
    fn len(&self) -> usize {
        self.v4.0.len() + self.v6.0.len()
    }

    fn read(path: &Path) -> Result<Self, String> {
        let reader = Reader::open_readfile(path).map_err(|error| error.to_string())?;
        let mut table = Self::default();
        // Many networks share one record: each is decoded once.
        let mut last = (usize::MAX, UNKNOWN);
        let networks = reader.networks(WithinOptions::default()).map_err(|error| error.to_string())?;
        for network in networks {
            let network = network.map_err(|error| error.to_string())?;
            let range = network.network().map_err(|error| error.to_string())?;
            let offset = network.offset().unwrap_or(usize::MAX);
            if last.0 != offset || offset == usize::MAX {
                let code = country(&network).map_err(|error| error.to_string())?;
                last = (offset, code);
            }
            let (first, end) = (range.network(), range.broadcast());
            match (first.to_canonical(), end.to_canonical()) {
                (IpAddr::V4(first), IpAddr::V4(end)) => {
                    add(&mut table.v4, first.to_bits(), end.to_bits().checked_add(1), last.1);
                }
                (IpAddr::V6(first), IpAddr::V6(end)) => {
                    // A file of both kinds keeps IPv4 in the lowest addresses of IPv6.
                    if let (0, Ok(first), Ok(end)) =
                        (first.to_bits() >> 32, u32::try_from(first.to_bits()), u32::try_from(end.to_bits()))
                    {
                        add(&mut table.v4, first, end.checked_add(1), last.1);
                    } else {
                        add(
                            &mut table.v6,
                            upper_half(first.to_bits()),
                            upper_half(end.to_bits()).checked_add(1),
                            last.1,
                        );
                    }
                }
                _ => {}
            }
        }
        if table.len() == 0 {
            return Err("it names no country".into());
        }
        table.v4.0.shrink_to_fit();
        table.v4.1.shrink_to_fit();
        table.v6.0.shrink_to_fit();
        table.v6.1.shrink_to_fit();
        Ok(table)
    }
}

/// GeoLite2 nests the code, smaller files name it at the top.
fn country<S: AsRef<[u8]>>(network: &maxminddb::LookupResult<'_, S>) -> Result<Code, maxminddb::MaxMindDbError> {
    let nested = [PathElement::Key("country"), PathElement::Key("iso_code")];
    let flat = [PathElement::Key("country_code")];
    let code: Option<&str> = match network.decode_path(&nested) {
        Ok(Some(code)) => Some(code),
        _ => network.decode_path(&flat)?,
    };
    let code = code.map(|code| code.to_ascii_uppercase().into_bytes());
    Ok(code
        .and_then(|code| <[u8; 2]>::try_from(code).ok())
        .filter(|code| code.iter().all(u8::is_ascii_uppercase))
        .unwrap_or(UNKNOWN))
}

fn upper_half(bits: u128) -> u64 {
    (bits >> 64) as u64
}

/// Adds a range behind all others. Its end opens a range of which nothing is known, until the next one takes its place.
fn add<N: Copy + Ord>((starts, codes): &mut (Vec<N>, Vec<Code>), first: N, end: Option<N>, code: Code) {
    match starts.last() {
        Some(last) if *last == first => {
            starts.pop();
            codes.pop();
        }
        // Two networks of one upper half: the first has it.
        Some(last) if *last > first => return,
        _ => {}
    }
    if codes.last() != Some(&code) {
        starts.push(first);
        codes.push(code);
    }
    if let Some(end) = end {
        starts.push(end);
        codes.push(UNKNOWN);
    }
}

fn find<N: Ord>((starts, codes): &(Vec<N>, Vec<Code>), address: N) -> Code {
    let at = starts.partition_point(|start| *start <= address);
    at.checked_sub(1).and_then(|at| codes.get(at)).copied().unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_country_are_one_range_and_gaps_are_unknown() {
        let mut table = (Vec::new(), Vec::new());
        add(&mut table, 10, Some(20), *b"DE");
        add(&mut table, 20, Some(30), *b"DE");
        add(&mut table, 30, Some(40), *b"FR");
        add(&mut table, 50, None, *b"US");
        assert_eq!(table.0, [10, 30, 40, 50]);
        let found = [9, 10, 29, 30, 39, 40, 49, 50, u32::MAX].map(|address| find(&table, address));
        assert_eq!(found, [UNKNOWN, *b"DE", *b"DE", *b"FR", *b"FR", UNKNOWN, UNKNOWN, *b"US", *b"US"]);
    }

    #[test]
    fn a_file_that_is_none_is_named_so_and_no_country_is_known_without_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("country.mmdb");
        assert!(CountryFile::Named(path.clone()).open().is_err());
        std::fs::write(&path, b"not a database").unwrap();
        assert!(CountryFile::Named(path.clone()).open().is_err());
        let found = CountryFile::Found(path).open().unwrap();
        assert_eq!(found.of("8.8.8.8".parse().unwrap()), None);
        assert_eq!(Countries::default().of("8.8.8.8".parse().unwrap()), None);
    }

    /// With the file that set-up fetches; where it was not fetched there is nothing to test.
    #[test]
    fn addresses_have_the_countries_that_the_fetched_file_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb");
        if !path.exists() {
            eprintln!("skipped: {} is missing", path.display());
            return;
        }
        let countries = CountryFile::Named(path.clone()).open().unwrap();
        let of = |ip: &str| countries.of(ip.parse().unwrap());
        let reader = Reader::open_readfile(&path).unwrap();
        for ip in [
            "8.8.8.8",
            "193.0.6.139",
            "200.160.2.3",
            "2001:67c:2e8::1",
            "2a00:1450:4001::1",
            "::ffff:193.0.6.139",
            "133.11.0.1",
        ] {
            let address: IpAddr = ip.parse().unwrap();
            let said = country(&reader.lookup(address.to_canonical()).unwrap()).unwrap();
            assert_eq!(of(ip).as_deref(), std::str::from_utf8(&said).ok(), "{ip}");
        }
        assert_eq!(of("127.0.0.1"), None);
        assert_eq!(of("10.1.2.3"), None);
        let mut random = 1_u32;
        for _ in 0..100_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let address = IpAddr::from(random.to_be_bytes());
            let said = country(&reader.lookup(address).unwrap()).unwrap();
            assert_eq!(
                countries.of(address),
                (said != UNKNOWN).then(|| String::from_utf8(said.to_vec()).unwrap()),
                "{address}"
            );
        }
    }
}
