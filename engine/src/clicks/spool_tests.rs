//! How much of the disk the log takes, and what goes first.

use tempfile::TempDir;

use super::*;
use crate::clicks::Click;

const NOW: Timestamp = Timestamp(1_800_000_000_000);
const MAX: u64 = 64 << 10;

struct Log {
    folder: TempDir,
    spool: Spool,
    batch: ClickBatch,
}

impl Log {
    fn of(max: SpoolMax) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let spool = open(folder.path(), max);
        let mut batch = ClickBatch::default();
        for number in 0..5 {
            batch.push(&Click {
                id: Uuid::from_u128(number).into(),
                advertiser_id: Uuid::from_u128(2).into(),
                campaign_id: Uuid::from_u128(3).into(),
                link_id: Uuid::from_u128(4).into(),
                influencer_id: None,
                at: NOW,
                ip: "203.0.113.9".parse().unwrap(),
                is_prefetch: false,
                user_agent: b"Mozilla/5.0",
                referrer: b"",
            });
        }
        Self { folder, spool, batch }
    }

    fn append(&self) -> io::Result<()> {
        self.spool.append(&self.batch, NOW)
    }

    /// Until it takes no more; how many batches it took.
    fn fill(&self) -> usize {
        (0..10_000).take_while(|_| self.append().is_ok()).count()
    }

    fn segments(&self) -> Vec<i64> {
        segments(self.folder.path()).unwrap()
    }

    fn bytes_on_disk(&self) -> u64 {
        let paths = self.segments().into_iter().map(|number| segment_path(self.folder.path(), number));
        paths.map(|path| fs::metadata(path).unwrap().len()).sum()
    }

    fn restarted(self, max: SpoolMax) -> Self {
        drop(self.spool);
        Self { spool: open(self.folder.path(), max), ..self }
    }
}

fn open(folder: &Path, max: SpoolMax) -> Spool {
    Spool::open(folder, SpoolOptions { max, ..SpoolOptions::default() }, Uuid::nil).unwrap()
}

#[test]
fn a_log_takes_no_more_of_the_disk_than_it_may_and_counts_what_it_refuses() {
    let log = Log::of(SpoolMax::Bytes(MAX));
    let taken = log.fill();
    assert!(log.append().is_err());
    assert_eq!(log.append().unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(log.spool.lost(), 3 * log.batch.clicks(), "the one that ended the filling, and two more");
    let used = log.bytes_on_disk();
    assert_eq!(log.spool.room(), SpoolRoom { used, max: Some(MAX) });
    let batch = log.batch.frames().len() as u64;
    assert!(used <= MAX && used + batch + MAGIC_BYTES > MAX, "{taken} batches of {batch} are {used}");
    assert!(log.segments().len() >= 8, "room is made by segments: {:?}", log.segments());
}

#[test]
fn where_room_is_needed_the_segments_that_were_read_go_first_and_no_click_is_refused() {
    let log = Log::of(SpoolMax::Bytes(MAX));
    log.fill();
    let lost = log.spool.lost();
    let full = log.segments();
    log.spool.read_up_to(Position { segment: full[3], offset: 100 });
    assert_eq!(log.segments(), full, "none goes before there is need");
    log.append().unwrap();
    assert_eq!(log.segments()[0], full[1], "the oldest went");
    log.spool.read_up_to(log.spool.tail());
    for _ in 0..1_000 {
        log.append().unwrap();
        log.spool.read_up_to(log.spool.tail());
    }
    assert_eq!(log.spool.lost(), lost);
    assert!(log.bytes_on_disk() <= MAX);
    assert_eq!(log.spool.room().used, log.bytes_on_disk());
}

#[test]
fn what_is_not_read_is_never_deleted_for_new_clicks() {
    let log = Log::of(SpoolMax::Bytes(MAX));
    log.fill();
    let full = log.segments();
    log.spool.read_up_to(Position { segment: full[2], offset: 0 });
    log.fill();
    assert_eq!(log.segments()[0], full[2], "two were read and went");
    let waiting = log.spool.waiting_bytes(Position { segment: full[2], offset: 0 }).unwrap();
    assert_eq!(waiting, log.bytes_on_disk() - MAGIC_BYTES * log.segments().len() as u64);
}

#[test]
fn a_start_counts_what_lies_there_and_numbers_go_on_above_it() {
    let log = Log::of(SpoolMax::Bytes(MAX));
    log.fill();
    let full = log.segments();
    let log = log.restarted(SpoolMax::Bytes(MAX));
    assert!(log.append().is_err(), "still full");
    assert_eq!(log.segments(), full, "what is refused begins no segment");
    log.spool.read_up_to(log.spool.tail());
    log.append().unwrap();
    let left = log.segments();
    assert!(left[left.len() - 2] == full[full.len() - 1] && left[0] > full[0], "{full:?}, then {left:?}");
    // Less than a single segment of what lies there, all of it read.
    let log = log.restarted(SpoolMax::Bytes(1 << 10));
    log.spool.read_up_to(log.spool.tail());
    log.append().unwrap();
    assert_eq!(log.segments().len(), 1);
    assert!(log.segments()[0] > left[left.len() - 1]);
}

#[test]
fn half_of_what_is_free_is_the_default_and_no_limit_can_be_asked_for() {
    let free = |folder: &Path| {
        let disk = rustix::fs::statvfs(folder).unwrap();
        disk.f_bavail * disk.f_frsize
    };
    let log = Log::of(SpoolMax::default());
    log.append().unwrap();
    let max = log.spool.room().max.unwrap();
    // Others use the same disk meanwhile.
    let half = free(log.folder.path()) / 2;
    assert!(max.abs_diff(half) < half / 4, "{max} of {half}");
    assert_eq!(Log::of(SpoolMax::Unlimited).spool.room().max, None);
}

#[test]
fn kept_segments_go_by_age_once_they_are_read() {
    let log = Log::of(SpoolMax::Bytes(MAX));
    log.fill();
    let full = log.segments();
    log.spool.delete_read(Duration::ZERO);
    assert_eq!(log.segments(), full, "none is read");
    log.spool.read_up_to(Position { segment: full[2], offset: 0 });
    log.spool.delete_read(Duration::from_secs(3600));
    assert_eq!(log.segments(), full, "none is old");
    log.spool.delete_read(Duration::ZERO);
    assert_eq!(log.segments(), full[2..]);
    assert_eq!(log.spool.room().used, log.bytes_on_disk());
}
