//! What the redirect did not stop to find out: device, bot, country, referrer's host, and who the visitor is.

use std::{collections::HashMap, net::IpAddr};

use url::Url;

use super::{
    Click,
    agent::{self, Agent},
    country::Countries,
};
use crate::{db::clicks::ClickRow, secret::keyed_hash};

/// How much of a visitor's address is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpStorage {
    /// IPv4 to /24, IPv6 to /48.
    #[default]
    Truncated,
    Full,
    None,
}

/// Most user agents that are remembered with what they are.
const MOST_AGENTS: usize = 4096;

/// Turns clicks into rows.
pub struct Enricher {
    ip_storage: IpStorage,
    visitor_secret: [u8; 32],
    countries: Countries,
    /// The UTC day the key is for.
    day_key: (i64, [u8; 32]),
    /// Reading a user agent costs more than all else here, and most were seen before.
    agents: HashMap<String, Agent>,
}

impl Enricher {
    pub fn new(ip_storage: IpStorage, visitor_secret: [u8; 32], countries: Countries) -> Self {
        Self { ip_storage, visitor_secret, countries, day_key: (i64::MIN, [0; 32]), agents: HashMap::new() }
    }

    pub fn row(&mut self, click: &Click<'_>) -> ClickRow {
        let user_agent = text(click.user_agent);
        let referrer = text(click.referrer);
        let agent = self.agent(user_agent.as_deref().unwrap_or_default());
        let is_bot = agent.is_bot || click.is_prefetch;
        let visitor = self.visitor(click, is_bot);
        ClickRow {
            id: click.id,
            advertiser_id: click.advertiser_id.0,
            campaign_id: click.campaign_id.0,
            link_id: click.link_id.0,
            influencer_id: click.influencer_id.map(|id| id.0),
            at: click.at,
            device: agent.device,
            browser: agent.browser.map(str::to_owned),
            os: agent.os.map(str::to_owned),
            referrer_host: referrer.as_deref().and_then(host),
            referrer,
            ip: stored_ip(click.ip, self.ip_storage),
            // By the whole address, of which less is stored.
            country: self.countries.of(click.ip),
            is_bot,
            visitor,
            user_agent,
        }
    }

    fn agent(&mut self, user_agent: &str) -> Agent {
        if let Some(known) = self.agents.get(user_agent) {
            return *known;
        }
        // The matchers are other people's, the text is anybody's: no text may stop the drain.
        let agent = std::panic::catch_unwind(|| agent::classify(user_agent)).unwrap_or_else(|_| {
            tracing::error!("a user agent could not be classified");
            Agent { device: "other", browser: None, os: None, is_bot: false }
        });
        if self.agents.len() >= MOST_AGENTS {
            self.agents.clear();
        }
        self.agents.insert(user_agent.to_owned(), agent);
        agent
    }

    /// People and machines are visitors apart: a prefetch takes nothing from the visit that follows it.
    fn visitor(&mut self, click: &Click<'_>, is_bot: bool) -> [u8; 16] {
        let day = click.at.utc_day();
        if self.day_key.0 != day {
            self.day_key = (day, day_key(&self.visitor_secret, day));
        }
        let address = match click.ip {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
            // An IPv4 address that is written as an IPv6 one is the same bytes.
            IpAddr::V6(ip) => ip.octets(),
        };
        keyed_hash(&self.day_key.1, &[&address, click.user_agent, &[u8::from(is_bot)]])
    }
}

/// A header's text; cut characters and controls left out. None where nothing is left.
fn text(bytes: &[u8]) -> Option<String> {
    let text: String = String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control() && *c != '\u{fffd}').collect();
    (!text.is_empty()).then_some(text)
}

fn host(referrer: &str) -> Option<String> {
    // What is no web address, such as android-app://, keeps its case.
    let host = Url::parse(referrer).ok()?.host_str()?.trim_end_matches('.').to_lowercase();
    (!host.is_empty() && host.len() <= 255).then_some(host)
}

/// Each UTC day has its own key, so that a visitor cannot be followed from one day to the next.
fn day_key(secret: &[u8; 32], utc_day: i64) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(&keyed_hash(secret, &[&utc_day.to_le_bytes()]));
    key
}

/// An address as it may be kept.
pub(crate) fn stored_ip(ip: IpAddr, storage: IpStorage) -> Option<String> {
    match (storage, ip.to_canonical()) {
        (IpStorage::None, _) => None,
        (IpStorage::Full, ip) => Some(ip.to_string()),
        (IpStorage::Truncated, IpAddr::V4(ip)) => {
            let [a, b, c, _] = ip.octets();
            Some(format!("{a}.{b}.{c}.0"))
        }
        (IpStorage::Truncated, IpAddr::V6(ip)) => {
            let [a, b, c, ..] = ip.segments();
            Some(std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cut_before_they_are_stored() {
        let stored = |ip: &str, storage| stored_ip(ip.parse().unwrap(), storage);
        assert_eq!(stored("203.0.113.77", IpStorage::Truncated).as_deref(), Some("203.0.113.0"));
        assert_eq!(stored("2001:db8:1:2::3", IpStorage::Truncated).as_deref(), Some("2001:db8:1::"));
        assert_eq!(stored("203.0.113.77", IpStorage::None), None);
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_cut_as_ipv4() {
        let stored = |storage| stored_ip("::ffff:203.0.113.77".parse().unwrap(), storage);
        assert_eq!(stored(IpStorage::Truncated).as_deref(), Some("203.0.113.0"));
        assert_eq!(stored(IpStorage::Full).as_deref(), Some("203.0.113.77"));
    }

    #[test]
    fn a_referrers_host_is_lower_case_ascii_whatever_its_scheme() {
        for (referrer, expected) in [
            ("https://WWW.Instagram.COM/p/1?x=2", Some("www.instagram.com")),
            ("https://l.instagram.com:443/", Some("l.instagram.com")),
            ("https://user:secret@example.com./a", Some("example.com")),
            ("https://bücher.example/", Some("xn--bcher-kva.example")),
            ("android-app://com.Google.android.gm/", Some("com.google.android.gm")),
            ("http://[2001:DB8::1]/", Some("[2001:db8::1]")),
            ("not a url", None),
            ("about:blank", None),
            ("/path", None),
        ] {
            assert_eq!(host(referrer).as_deref(), expected, "{referrer}");
        }
    }

    fn click(at: i64) -> Click<'static> {
        Click {
            id: uuid::Uuid::from_u128(1).into(),
            advertiser_id: uuid::Uuid::from_u128(2).into(),
            campaign_id: uuid::Uuid::from_u128(3).into(),
            link_id: uuid::Uuid::from_u128(4).into(),
            influencer_id: None,
            at: model::Timestamp(at),
            ip: "203.0.113.9".parse().unwrap(),
            is_prefetch: false,
            user_agent: b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            referrer: b"",
        }
    }

    #[test]
    fn a_visitor_is_address_agent_and_utc_day_and_a_prefetch_is_another() {
        let mut enricher = Enricher::new(IpStorage::None, [7; 32], Countries::default());
        let day = 86_400_000;
        let last = click(20_000 * day - 1);
        let first = click(20_000 * day);
        let visitor = enricher.row(&first).visitor;
        assert_ne!(enricher.row(&last).visitor, visitor, "the day has ended");
        // Out of order, as after an outage.
        assert_eq!(enricher.row(&click(20_001 * day - 1)).visitor, visitor, "the same day");
        let mapped = Click { ip: "::ffff:203.0.113.9".parse().unwrap(), ..first.clone() };
        assert_eq!(enricher.row(&mapped).visitor, visitor, "the same address");
        for other in [
            Click { ip: "203.0.113.10".parse().unwrap(), ..first.clone() },
            Click { user_agent: b"Mozilla/5.0", ..first.clone() },
            Click { is_prefetch: true, ..first.clone() },
        ] {
            assert_ne!(enricher.row(&other).visitor, visitor);
        }
        // Another node shares the secret; another installation does not.
        let node = |secret| Enricher::new(IpStorage::Full, secret, Countries::default()).row(&first).visitor;
        assert_eq!(node([7; 32]), visitor);
        assert_ne!(node([8; 32]), visitor);
        let prefetch = enricher.row(&Click { is_prefetch: true, ..first });
        assert!(prefetch.is_bot);
        assert_eq!((prefetch.device, prefetch.ip), ("desktop", None));
    }

    #[test]
    fn a_visitor_has_another_hash_each_day() {
        assert_ne!(day_key(&[1; 32], 20_000), day_key(&[1; 32], 20_001));
    }

    #[test]
    fn header_text_is_stored_without_controls_or_broken_characters() {
        assert_eq!(text(b"Mozilla\x00/5.0 \xff\xc3").as_deref(), Some("Mozilla/5.0 "));
        assert_eq!(text(b""), None);
    }
}
