//! The links on disk, so that a server whose database is away still knows where they lead.
//!
//! Numbers are little-endian. [`MAGIC`]; the secret's fingerprint (32 bytes); the catalog's version (i64); then three
//! tables, each after its count (u32). Owners: id, whether active (u8). Locations: whether the click's id is added
//! (u8), the destination (u32 length, bytes). Links: id, owner (u32, its place), campaign, influencer or nil,
//! status (u8), location (u32, its place), code (u8 length, bytes). Last the CRC-32 of all before it.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use model::{AdvertiserId, link::LinkStatus};
use uuid::Uuid;

use super::facts::{LinkFact, Owner};
use crate::clicks::location::Location;

const MAGIC: &[u8; 8] = b"TRBLNK01";

/// What a snapshot brought. Its links are made one by one, as they are asked for: a start has no time to gather them.
pub struct Snapshot {
    pub head: Head,
    bytes: Vec<u8>,
    /// Where in the bytes the links begin.
    links_at: usize,
}

/// All before the links.
pub struct Head {
    pub version: i64,
    pub owners: Vec<Arc<Owner>>,
    locations: Vec<Arc<Location>>,
    /// How many links come.
    count: usize,
}

impl Snapshot {
    /// How many links it has.
    pub fn count(&self) -> usize {
        self.head.count
    }

    pub fn links(&self) -> impl Iterator<Item = LinkFact> {
        let mut reader = Reader(&self.bytes[self.links_at..]);
        // What the checksum has passed is whole.
        (0..self.head.count).map_while(move |_| reader.link(&self.head))
    }
}

/// Reads a snapshot. None where there is none, or it was made with another secret.
pub fn read(path: &Path, fingerprint: &[u8; 32]) -> io::Result<Option<Snapshot>> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "it is damaged");
    let (body, check) = bytes.split_last_chunk::<4>().ok_or_else(damaged)?;
    if crc32fast::hash(body) != u32::from_le_bytes(*check) {
        return Err(damaged());
    }
    let mut reader = Reader(body);
    if reader.take(MAGIC.len()) != Some(MAGIC) || reader.take(fingerprint.len()) != Some(fingerprint) {
        return Ok(None);
    }
    let head = reader.head().ok_or_else(damaged)?;
    let links_at = body.len() - reader.0.len();
    Ok(Some(Snapshot { head, bytes, links_at }))
}

/// Writes a snapshot in place of the one before: a crash leaves the one or the other.
pub fn write(path: &Path, fingerprint: &[u8; 32], version: i64, links: &[&Arc<LinkFact>]) -> io::Result<()> {
    let partial = path.with_extension("new");
    let file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&partial)?;
    let mut file = Checked { file: BufWriter::with_capacity(1 << 18, file), check: crc32fast::Hasher::new() };
    file.write_all(MAGIC)?;
    file.write_all(fingerprint)?;
    file.write_all(&version.to_le_bytes())?;

    let (mut owners, mut locations) = (Table::default(), Table::default());
    for link in links {
        owners.note(&link.owner);
        locations.note(&link.location);
    }
    file.count(owners.things.len())?;
    for owner in &owners.things {
        file.write_all(owner.id.0.as_bytes())?;
        file.write_all(&[u8::from(owner.active.load(Ordering::Relaxed))])?;
    }
    file.count(locations.things.len())?;
    for location in &locations.things {
        file.write_all(&[u8::from(location.tells_click_id())])?;
        file.count(location.destination().len())?;
        file.write_all(location.destination().as_bytes())?;
    }
    file.count(links.len())?;
    for link in links {
        file.write_all(link.id.0.as_bytes())?;
        file.count(owners.place(&link.owner))?;
        file.write_all(link.campaign_id.0.as_bytes())?;
        file.write_all(link.influencer_id.map_or(Uuid::nil(), |id| id.0).as_bytes())?;
        file.write_all(&[status_byte(link.status)])?;
        file.count(locations.place(&link.location))?;
        file.write_all(&[u8::try_from(link.code.len()).map_err(io::Error::other)?])?;
        file.write_all(link.code.as_bytes())?;
    }
    let check = file.check.finalize();
    file.file.write_all(&check.to_le_bytes())?;
    file.file.into_inner()?.sync_data()?;
    fs::rename(&partial, path)
}

/// What several links share, each once.
struct Table<'a, T> {
    things: Vec<&'a Arc<T>>,
    places: HashMap<*const T, usize>,
}

impl<T> Default for Table<'_, T> {
    fn default() -> Self {
        Self { things: Vec::new(), places: HashMap::new() }
    }
}

impl<'a, T> Table<'a, T> {
    fn note(&mut self, thing: &'a Arc<T>) {
        let things = &mut self.things;
        self.places.entry(Arc::as_ptr(thing)).or_insert_with(|| {
            things.push(thing);
            things.len() - 1
        });
    }

    /// Where a noted thing stands.
    fn place(&self, thing: &Arc<T>) -> usize {
        self.places[&Arc::as_ptr(thing)]
    }
}

struct Checked {
    file: BufWriter<File>,
    check: crc32fast::Hasher,
}

impl Checked {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.check.update(bytes);
        self.file.write_all(bytes)
    }

    fn count(&mut self, count: usize) -> io::Result<()> {
        self.write_all(&u32::try_from(count).map_err(io::Error::other)?.to_le_bytes())
    }
}

/// None, wherever the bytes end too early or say what cannot be.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn head(&mut self) -> Option<Head> {
        let version = i64::from_le_bytes(self.array()?);
        let owners: Option<Vec<Arc<Owner>>> = (0..self.count()?)
            .map(|_| {
                let id = AdvertiserId(self.uuid()?);
                Some(Arc::new(Owner { id, active: AtomicBool::new(self.byte()? == 1) }))
            })
            .collect();
        let owners = owners?;
        let locations: Option<Vec<Arc<Location>>> = (0..self.count()?)
            .map(|_| {
                let append_click_id = self.byte()? == 1;
                let length = self.count()?;
                let destination = str::from_utf8(self.take(length)?).ok()?;
                Location::build(destination, append_click_id).ok().map(Arc::new)
            })
            .collect();
        Some(Head { version, owners, locations: locations?, count: self.count()? })
    }

    fn link(&mut self, head: &Head) -> Option<LinkFact> {
        let id = self.uuid()?.into();
        let owner = Arc::clone(head.owners.get(self.count()?)?);
        let campaign_id = self.uuid()?.into();
        let influencer_id = Some(self.uuid()?).filter(|id| !id.is_nil()).map(Into::into);
        let status = status_of(self.byte()?)?;
        let location = Arc::clone(head.locations.get(self.count()?)?);
        let length = self.byte()?;
        let code = str::from_utf8(self.take(length.into())?).ok()?.into();
        Some(LinkFact { id, code, campaign_id, influencer_id, status, owner, location })
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }

    fn uuid(&mut self) -> Option<Uuid> {
        self.array().map(Uuid::from_bytes)
    }
}

fn status_byte(status: LinkStatus) -> u8 {
    match status {
        LinkStatus::Active => 0,
        LinkStatus::Inactive => 1,
        LinkStatus::Replaced => 2,
    }
}

fn status_of(byte: u8) -> Option<LinkStatus> {
    [LinkStatus::Active, LinkStatus::Inactive, LinkStatus::Replaced].get(usize::from(byte)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(n: u128, owner: &Arc<Owner>, location: &Arc<Location>) -> Arc<LinkFact> {
        Arc::new(LinkFact {
            id: Uuid::from_u128(n).into(),
            code: format!("code{n}").into(),
            campaign_id: Uuid::from_u128(7).into(),
            influencer_id: n.is_multiple_of(2).then(|| Uuid::from_u128(8).into()),
            status: if n == 3 { LinkStatus::Replaced } else { LinkStatus::Active },
            owner: Arc::clone(owner),
            location: Arc::clone(location),
        })
    }

    fn described(link: &LinkFact) -> String {
        format!("{link:?}")
    }

    #[test]
    fn what_was_written_is_read_and_nothing_damaged_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("links.snapshot");
        assert!(read(&path, &[1; 32]).unwrap().is_none(), "there is none yet");
        let owner = Arc::new(Owner { id: Uuid::from_u128(9).into(), active: AtomicBool::new(false) });
        let location = Arc::new(Location::build("https://shop.example/p?x=1#top", true).unwrap());
        let links: Vec<_> = (1..=4).map(|n| link(n, &owner, &location)).collect();
        write(&path, &[1; 32], 42, &links.iter().collect::<Vec<_>>()).unwrap();

        let snapshot = read(&path, &[1; 32]).unwrap().unwrap();
        assert_eq!(snapshot.head.version, 42);
        let read_again: Vec<String> = snapshot.links().map(|link| described(&link)).collect();
        assert_eq!(read_again, links.iter().map(|link| described(link)).collect::<Vec<_>>());

        assert!(read(&path, &[2; 32]).unwrap().is_none(), "another installation's");
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert!(!matches!(read(&path, &[1; 32]), Ok(Some(_))), "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert!(!matches!(read(&path, &[1; 32]), Ok(Some(_))), "cut at {at}");
        }
    }
}
