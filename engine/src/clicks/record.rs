//! A click as it is written down: a checked frame that a crash can cut but not falsify.
//!
//! Frame: length of the payload (u32), CRC-32 of the payload (u32), payload. Numbers are little-endian.
//! Payload: format (u8), flags (u8), click id, advertiser, campaign, link, influencer (16 bytes each),
//! time (i64, epoch ms), address (16 bytes, IPv4 mapped), user agent and referrer (u16 length, bytes).

use std::net::{IpAddr, Ipv6Addr};

use model::{AdvertiserId, CampaignId, ClickId, InfluencerId, LinkId, Timestamp};
use uuid::Uuid;

const FORMAT: u8 = 1;
const HAS_INFLUENCER: u8 = 1;
const IS_PREFETCH: u8 = 2;
const FIXED: usize = 2 + 5 * 16 + 8 + 16 + 2 + 2;
pub const FRAME_HEAD: usize = 8;
/// Longer texts are cut: what follows tells nothing more about a browser or a page.
pub const MOST_USER_AGENT: usize = 512;
pub const MOST_REFERRER: usize = 1024;
/// No frame is longer: a length above this is damage.
pub const MOST_PAYLOAD: usize = FIXED + MOST_USER_AGENT + MOST_REFERRER;

/// One followed link, as the redirect saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click<'a> {
    pub id: ClickId,
    pub advertiser_id: AdvertiserId,
    pub campaign_id: CampaignId,
    pub link_id: LinkId,
    pub influencer_id: Option<InfluencerId>,
    pub at: Timestamp,
    pub ip: IpAddr,
    /// Said so by `Sec-Purpose` or `Purpose`.
    pub is_prefetch: bool,
    pub user_agent: &'a [u8],
    pub referrer: &'a [u8],
}

impl Click<'_> {
    /// Appends the whole frame.
    pub fn write(&self, frame: &mut Vec<u8>) {
        let start = frame.len();
        frame.extend_from_slice(&[0; FRAME_HEAD]);
        let mut flags = 0;
        if self.influencer_id.is_some() {
            flags |= HAS_INFLUENCER;
        }
        if self.is_prefetch {
            flags |= IS_PREFETCH;
        }
        frame.extend_from_slice(&[FORMAT, flags]);
        let influencer = self.influencer_id.map_or(Uuid::nil(), |id| id.0);
        for id in [self.id.0, self.advertiser_id.0, self.campaign_id.0, self.link_id.0, influencer] {
            frame.extend_from_slice(id.as_bytes());
        }
        frame.extend_from_slice(&self.at.0.to_le_bytes());
        let ip = match self.ip {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        frame.extend_from_slice(&ip.octets());
        for (text, most) in [(self.user_agent, MOST_USER_AGENT), (self.referrer, MOST_REFERRER)] {
            let text = &text[..text.len().min(most)];
            #[expect(clippy::cast_possible_truncation, reason = "at most 1024")]
            frame.extend_from_slice(&(text.len() as u16).to_le_bytes());
            frame.extend_from_slice(text);
        }
        let payload = &frame[start + FRAME_HEAD..];
        #[expect(clippy::cast_possible_truncation, reason = "at most MOST_PAYLOAD")]
        let length = (payload.len() as u32).to_le_bytes();
        let check = crc32fast::hash(payload).to_le_bytes();
        frame[start..start + 4].copy_from_slice(&length);
        frame[start + 4..start + FRAME_HEAD].copy_from_slice(&check);
    }
}

/// What stands at the start of some bytes of a segment.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A whole click and the length of its frame.
    Whole(Click<'a>, usize),
    /// The bytes end inside the frame.
    Cut,
    /// What stands here was never written so.
    Damaged,
}

pub fn read(bytes: &[u8]) -> Frame<'_> {
    let Some((head, rest)) = bytes.split_at_checked(FRAME_HEAD) else { return Frame::Cut };
    let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let length = number(0) as usize;
    if !(FIXED..=MOST_PAYLOAD).contains(&length) {
        return Frame::Damaged;
    }
    let Some(payload) = rest.get(..length) else { return Frame::Cut };
    if crc32fast::hash(payload) != number(4) {
        return Frame::Damaged;
    }
    parse(payload).map_or(Frame::Damaged, |click| Frame::Whole(click, FRAME_HEAD + length))
}

fn parse(payload: &[u8]) -> Option<Click<'_>> {
    let mut rest = payload;
    let mut take = |length: usize| -> Option<&[u8]> {
        let (taken, left) = rest.split_at_checked(length)?;
        rest = left;
        Some(taken)
    };
    let [format, flags] = take(2)? else { return None };
    if *format != FORMAT {
        return None;
    }
    let flags = *flags;
    let mut ids = [Uuid::nil(); 5];
    for id in &mut ids {
        *id = Uuid::from_slice(take(16)?).ok()?;
    }
    let at = i64::from_le_bytes(take(8)?.try_into().ok()?);
    let ip: [u8; 16] = take(16)?.try_into().ok()?;
    let mut text = || -> Option<&[u8]> {
        let length = u16::from_le_bytes(take(2)?.try_into().ok()?);
        take(length.into())
    };
    let user_agent = text()?;
    let referrer = text()?;
    Some(Click {
        id: ids[0].into(),
        advertiser_id: ids[1].into(),
        campaign_id: ids[2].into(),
        link_id: ids[3].into(),
        influencer_id: (flags & HAS_INFLUENCER != 0).then_some(InfluencerId(ids[4])),
        at: Timestamp(at),
        ip: Ipv6Addr::from(ip).to_canonical(),
        is_prefetch: flags & IS_PREFETCH != 0,
        user_agent,
        referrer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn click<'a>() -> Click<'a> {
        let id = |n: u128| Uuid::from_u128(n);
        Click {
            id: id(1).into(),
            advertiser_id: id(2).into(),
            campaign_id: id(3).into(),
            link_id: id(4).into(),
            influencer_id: Some(id(5).into()),
            at: Timestamp(1_800_000_000_123),
            ip: "203.0.113.9".parse().unwrap(),
            is_prefetch: true,
            user_agent: b"Mozilla/5.0",
            referrer: b"https://social.example/post",
        }
    }

    #[test]
    fn a_click_is_read_back_as_it_was_written() {
        for click in
            [click(), Click { influencer_id: None, ip: "2001:db8::1".parse().unwrap(), user_agent: b"", ..click() }]
        {
            let mut frame = Vec::new();
            click.write(&mut frame);
            assert_eq!(read(&frame), Frame::Whole(click, frame.len()));
        }
    }

    #[test]
    fn a_frame_cut_anywhere_is_known_to_be_cut() {
        let mut frame = Vec::new();
        click().write(&mut frame);
        for length in 0..frame.len() {
            assert_eq!(read(&frame[..length]), Frame::Cut, "{length}");
        }
    }

    #[test]
    fn one_wrong_byte_anywhere_is_never_a_click() {
        let mut frame = Vec::new();
        click().write(&mut frame);
        for at in 0..frame.len() {
            let mut damaged = frame.clone();
            damaged[at] ^= 0x40;
            assert!(!matches!(read(&damaged), Frame::Whole(..)), "{at}");
        }
        assert_eq!(read(&[0; 64]), Frame::Damaged, "zeros, as a file system may leave them");
    }

    #[test]
    fn long_texts_are_cut() {
        let long = vec![b'x'; 5000];
        let mut frame = Vec::new();
        Click { user_agent: &long, referrer: &long, ..click() }.write(&mut frame);
        let Frame::Whole(click, _) = read(&frame) else { panic!("not whole") };
        assert_eq!((click.user_agent.len(), click.referrer.len()), (MOST_USER_AGENT, MOST_REFERRER));
    }
}
