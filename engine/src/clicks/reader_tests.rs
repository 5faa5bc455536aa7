//! What of a damaged log is read back: every whole click, and nothing that was never written.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::clicks::{
    ClickBatch,
    spool::{Spool, SpoolOptions},
};

/// A folder whose segments are written by hand.
struct Log(TempDir);

impl Log {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn segment(&self, number: i64, bytes: &[u8]) -> &Self {
        std::fs::write(segment_path(self.0.path(), number), bytes).unwrap();
        self
    }

    /// The clicks' numbers, read as the drain reads them.
    fn read(&self, tail: Position, most: usize) -> (Vec<u128>, u64) {
        let mut at = Position::default();
        let mut read = Vec::new();
        let mut damaged = 0;
        loop {
            let chunk = read_chunk(self.0.path(), at, tail, most).unwrap();
            read.extend(chunk.clicks().map(|click| click.id.0.as_u128()));
            damaged += chunk.damaged;
            if chunk.end == at {
                return (read, damaged);
            }
            assert!(chunk.end > at, "it goes forward");
            at = chunk.end;
        }
    }

    fn read_all(&self) -> Vec<u128> {
        self.read(Position { segment: i64::MAX, offset: 0 }, 500).0
    }

    /// A start of the server: the torn end is cut, and new clicks go into a segment of their own.
    fn start(&self) -> Spool {
        Spool::open(self.0.path(), SpoolOptions::default(), Uuid::nil).unwrap()
    }
}

fn click(number: u128, user_agent: &[u8]) -> Click<'_> {
    Click {
        id: Uuid::from_u128(number).into(),
        advertiser_id: Uuid::from_u128(2).into(),
        campaign_id: Uuid::from_u128(3).into(),
        link_id: Uuid::from_u128(4).into(),
        influencer_id: None,
        at: model::Timestamp(1_800_000_000_000),
        ip: "203.0.113.9".parse().unwrap(),
        is_prefetch: false,
        user_agent,
        referrer: b"",
    }
}

fn frame(number: u128) -> Vec<u8> {
    let mut frame = Vec::new();
    click(number, b"Mozilla/5.0").write(&mut frame);
    frame
}

fn segment_of(numbers: impl IntoIterator<Item = u128>) -> Vec<u8> {
    let frames = numbers.into_iter().map(frame);
    frames.fold(MAGIC.to_vec(), |segment, frame| [segment, frame].concat())
}

fn append(spool: &Spool, number: u128) {
    let mut batch = ClickBatch::default();
    batch.push(&click(number, b"Mozilla/5.0"));
    spool.append(&batch, model::Timestamp(1_800_000_000_000)).unwrap();
}

#[test]
fn a_segment_that_is_cut_anywhere_in_its_last_click_keeps_all_the_others() {
    let whole = segment_of(1..=3);
    let last = frame(3).len();
    for left in 0..last {
        let log = Log::new();
        log.segment(7, &whole[..whole.len() - last + left]);
        assert_eq!(log.read_all(), [1, 2], "{left} bytes are left of it");
        let spool = log.start();
        append(&spool, 4);
        let (read, damaged) = log.read(spool.tail(), 500);
        assert_eq!((read, damaged), (vec![1, 2, 4], 0), "after a start: {left}");
    }
}

#[test]
fn a_segment_that_was_hardly_begun_is_passed() {
    for length in 0..=MAGIC.len() {
        let log = Log::new();
        log.segment(5, &segment_of([1])).segment(7, &MAGIC[..length]);
        assert_eq!(log.read_all(), [1], "{length}");
        let spool = log.start();
        append(&spool, 2);
        assert_eq!(log.read(spool.tail(), 500), (vec![1, 2], 0), "{length}");
    }
}

#[test]
fn a_start_that_crashed_again_leaves_two_torn_segments_behind_which_all_goes_on() {
    let cut = |numbers: [u128; 3]| {
        let whole = segment_of(numbers);
        whole[..whole.len() - 9].to_vec()
    };
    let log = Log::new();
    log.segment(5, &cut([1, 2, 3])).segment(7, &cut([4, 5, 6]));
    let spool = log.start();
    append(&spool, 7);
    let (read, damaged) = log.read(spool.tail(), 500);
    assert_eq!(read, [1, 2, 4, 5, 7]);
    assert_eq!(damaged, frame(3).len() as u64 - 9, "what is left of the first one's last click");
}

#[test]
fn one_wrong_bit_anywhere_costs_its_own_click_alone() {
    let whole = segment_of(1..=4);
    let length = frame(1).len();
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let log = Log::new();
        log.segment(7, &bytes);
        // None where the bit is in what the segment opens with.
        let hit = (bit / 8).checked_sub(MAGIC.len()).map(|at| 1 + (at / length) as u128);
        let expected: Vec<u128> = (1..=4).filter(|number| Some(*number) != hit).collect();
        assert_eq!(log.read_all(), expected, "bit {bit}");
    }
}

#[test]
fn whatever_is_damaged_every_click_that_is_whole_is_read_and_none_is_invented() {
    for seed in 0..300 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut bytes = MAGIC.to_vec();
        let mut whole = Vec::new();
        for number in 1..=random.random_range(1..40) {
            let user_agent: Vec<u8> = (0..random.random_range(0..600)).map(|_| random.random()).collect();
            let mut frame = Vec::new();
            click(number, &user_agent).write(&mut frame);
            damage(&mut frame, &mut random);
            let is_whole = matches!(record::read(&frame), Frame::Whole(found, length)
                if length == frame.len() && found == click(number, &user_agent[..user_agent.len().min(record::MOST_USER_AGENT)]));
            if is_whole {
                whole.push(number);
            }
            bytes.extend_from_slice(&frame);
        }
        let log = Log::new();
        log.segment(7, &bytes);
        for most in [1, 7, 500] {
            let (read, _) = log.read(Position { segment: 8, offset: 0 }, most);
            assert_eq!(read, whole, "seed {seed}, {most} at once");
        }
        drop(log.start());
        assert_eq!(log.read_all(), whole, "seed {seed}, after a start");
    }
}

/// Half of the frames stay whole.
fn damage(frame: &mut Vec<u8>, random: &mut StdRng) {
    let at = random.random_range(0..frame.len());
    match random.random_range(0..10) {
        0 => frame[at] ^= 1 << random.random_range(0..8),
        1 => frame.truncate(at),
        2 => drop(frame.drain(..at)),
        // A block that the file system never wrote.
        3 => frame[at..].fill(0),
        4 => frame[..=at].fill_with(|| random.random()),
        _ => {}
    }
}

#[test]
fn damage_where_one_read_ends_and_the_next_begins_costs_no_other_click() {
    let user_agent = [b'x'; record::MOST_USER_AGENT];
    let frames: Vec<Vec<u8>> = (1..=3_000)
        .map(|number| {
            let mut frame = Vec::new();
            click(number, &user_agent).write(&mut frame);
            frame
        })
        .collect();
    let length = frames[0].len();
    let bytes = [&MAGIC[..], &frames.concat()].concat();
    assert!(bytes.len() as u64 > CHUNK + CHUNK / 2);
    // The click on the edge of the first read, and its neighbours.
    let edge = CHUNK as usize / length;
    for hit in edge - 1..=edge + 1 {
        for place in [0, 5, 40, length - 1] {
            let mut bytes = bytes.clone();
            bytes[MAGIC.len() + hit * length + place] ^= 0x10;
            let log = Log::new();
            log.segment(7, &bytes);
            let expected: Vec<u128> = (1..=3_000).filter(|number| *number != hit as u128 + 1).collect();
            let (read, damaged) = log.read(Position { segment: 8, offset: 0 }, 5_000);
            assert_eq!(read, expected, "click {hit}, byte {place}");
            assert_eq!(damaged, length as u64);
        }
    }
}
