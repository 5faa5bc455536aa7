//! Whose address it is: the socket's, or, behind proxies that the operator trusts, the one that they forwarded.
//!
//! Anybody can send `X-Forwarded-For`. What counts is what a trusted proxy added to it, and that stands at the right
//! end: read from there, the first address that is not a trusted proxy's own is the client's. Decision 0016.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use clap::ValueEnum;
use ipnet::IpNet;

use crate::scheme::Scheme;

/// Which header tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ForwardedHeader {
    /// X-Forwarded-For; Forwarded where there is none of it.
    #[default]
    Any,
    /// X-Forwarded-For alone.
    XForwardedFor,
    /// Forwarded (RFC 7239) alone.
    Forwarded,
}

/// The networks of the operator's own proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

impl TrustedProxies {
    #[must_use]
    pub fn read_from(self, header: ForwardedHeader) -> Self {
        Self { header, ..self }
    }

    /// Whether what a connection's other end says of its clients is believed.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        !self.networks.is_empty() && self.has(peer.to_canonical())
    }

    fn has(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&ip))
    }

    /// How the proxies say that the client came: the first to speak is the one it came to. None where none says it.
    pub fn proto<'a>(
        &self,
        x_forwarded_proto: impl Iterator<Item = &'a [u8]>,
        forwarded: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Scheme> {
        let reads = |header| self.header == ForwardedHeader::Any || self.header == header;
        let x = x_forwarded_proto.filter(|_| reads(ForwardedHeader::XForwardedFor)).flat_map(elements).next();
        x.and_then(proto).or_else(|| {
            let forwarded = forwarded.filter(|_| reads(ForwardedHeader::Forwarded)).flat_map(elements).next();
            forwarded.and_then(|element| proto(pair(element, b"proto=")?))
        })
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct NotANetwork(String);

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "“{}” is no address, no network such as 10.0.0.0/8, and neither `loopback` nor `private`", self.0)
    }
}

impl std::error::Error for NotANetwork {}

impl FromStr for TrustedProxies {
    type Err = NotANetwork;

    /// Addresses, networks and words, with commas between them.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        const LOOPBACK: &[&str] = &["127.0.0.0/8", "::1/128"];
        const PRIVATE: &[&str] =
            &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"];
        let mut networks = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let one = [part];
            let texts = match part {
                "loopback" => LOOPBACK,
                "private" => PRIVATE,
                _ => &one,
            };
            for text in texts {
                let network = text.parse().or_else(|_| text.parse().map(|ip: IpAddr| IpNet::from(ip.to_canonical())));
                networks.push(network.map_err(|_| NotANetwork(part.to_owned()))?);
            }
        }
        Ok(Self { networks, header: ForwardedHeader::default() })
    }
}

/// The client's address. The headers' lines come in the order in which they stand in the request.
pub fn client_ip<'a>(
    trusted: &TrustedProxies,
    peer: IpAddr,
    x_forwarded_for: impl Iterator<Item = &'a [u8]>,
    forwarded: impl Iterator<Item = &'a [u8]>,
) -> IpAddr {
    if trusted.networks.is_empty() {
        return peer;
    }
    let peer = peer.to_canonical();
    if !trusted.trusts(peer) {
        return peer;
    }
    let mut x_forwarded_for = x_forwarded_for.peekable();
    let reads_forwarded = match trusted.header {
        ForwardedHeader::Any => x_forwarded_for.peek().is_none(),
        ForwardedHeader::XForwardedFor => false,
        ForwardedHeader::Forwarded => true,
    };
    let mut walk = Walk { trusted, client: None };
    if reads_forwarded {
        forwarded.for_each(|line| elements(line).for_each(|element| walk.step(forwarded_for(element))));
    } else {
        x_forwarded_for.for_each(|line| elements(line).for_each(|element| walk.step(address(element))));
    }
    walk.client.unwrap_or(peer)
}

/// Walks from left to right and ends where a walk from right to left would: at the first address that is not trusted,
/// or at the last good one before something that is no address.
struct Walk<'a> {
    trusted: &'a TrustedProxies,
    /// None: the peer, as nothing better is known.
    client: Option<IpAddr>,
}

impl Walk<'_> {
    fn step(&mut self, address: Option<IpAddr>) {
        self.client = match address {
            None => None,
            // Who reached our proxy is known, and whoever came before can be passed over only if this is ours.
            Some(ip) if self.trusted.has(ip) => self.client.or(Some(ip)),
            client => client,
        };
    }
}

/// What stands between commas that are not quoted; nothing for what is empty.
fn elements(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    unquoted(line, b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// Splits where `by` stands outside of quotes.
fn unquoted(line: &[u8], by: u8) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    line.split(move |byte| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\\' if is_quoted => is_escaped = true,
            byte => return *byte == by && !is_quoted,
        }
        false
    })
}

/// The `for` of one hop: `for=192.0.2.60;proto=http`, `For="[2001:db8::1]:4711"`. None where it hides: `unknown`, `_x`.
fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    address(pair(element, b"for=")?)
}

/// The value of one hop's pair of this name, which ends in `=`.
fn pair<'a>(element: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut pairs = unquoted(element, b';').map(<[u8]>::trim_ascii);
    pairs
        .find_map(|pair| pair.split_at_checked(name.len()).filter(|(found, _)| found.eq_ignore_ascii_case(name)))
        .map(|(_, value)| value)
}

/// A scheme as proxies write it, bare or quoted.
fn proto(text: &[u8]) -> Option<Scheme> {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    let is = |names: [&str; 2]| names.iter().any(|name| text.eq_ignore_ascii_case(name.as_bytes()));
    match text {
        _ if is(["https", "wss"]) => Some(Scheme::Https),
        _ if is(["http", "ws"]) => Some(Scheme::Http),
        _ => None,
    }
}

/// An address as proxies write it: bare, quoted, with a port, in brackets.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?.trim_ascii();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let ip: IpAddr =
        text.parse().ok().or_else(|| text.parse().ok().map(|at: SocketAddr| at.ip())).or_else(bracketed)?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(trusted: &str, peer: &str, x_forwarded_for: &[&str], forwarded: &[&str]) -> String {
        with(&trusted.parse().unwrap(), peer, x_forwarded_for, forwarded)
    }

    fn with(trusted: &TrustedProxies, peer: &str, x_forwarded_for: &[&str], forwarded: &[&str]) -> String {
        let bytes = |lines: &[&str]| lines.iter().map(|line| line.as_bytes().to_owned()).collect::<Vec<_>>();
        let (x, f) = (bytes(x_forwarded_for), bytes(forwarded));
        client_ip(trusted, peer.parse().unwrap(), x.iter().map(Vec::as_slice), f.iter().map(Vec::as_slice)).to_string()
    }

    #[test]
    fn the_peer_is_the_client_unless_it_is_a_trusted_proxy() {
        for (trusted, peer, forwarded, client) in [
            ("", "10.0.0.1", "203.0.113.7", "10.0.0.1"),
            ("10.0.0.0/8", "192.0.2.1", "203.0.113.7", "192.0.2.1"),
            ("10.0.0.0/8", "10.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "10.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "10.0.0.2", "203.0.113.7", "10.0.0.2"),
            ("loopback", "127.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("loopback", "::1", "203.0.113.7", "203.0.113.7"),
            // A socket that takes both kinds names IPv4 peers so.
            ("loopback", "::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("private", "fd00::1", "2001:db8::7", "2001:db8::7"),
            ("private, 198.51.100.0/24", "198.51.100.3", "203.0.113.7", "203.0.113.7"),
            ("::ffff:10.0.0.1", "10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ] {
            assert_eq!(of(trusted, peer, &[forwarded], &[]), client, "{trusted} {peer}");
        }
    }

    #[test]
    fn what_the_client_made_up_stands_left_of_what_the_proxies_say() {
        for (lines, client) in [
            (&["1.2.3.4, 203.0.113.7"][..], "203.0.113.7"),
            (&["1.2.3.4", "203.0.113.7"], "203.0.113.7"),
            (&["127.0.0.1, 203.0.113.7, 10.1.1.1"], "203.0.113.7"),
            (&["203.0.113.7, 10.1.1.1", "10.1.1.2"], "203.0.113.7"),
            // All are ours: the farthest.
            (&["10.1.1.1, 10.1.1.2"], "10.1.1.1"),
            // Nonsense ends the walk.
            (&["203.0.113.7, nonsense, 10.1.1.1"], "10.1.1.1"),
            (&["203.0.113.7, unknown"], "10.0.0.1"),
            (&["203.0.113.7, 10.1.1.1.1"], "10.0.0.1"),
            (&["\u{ff11}.2.3.4"], "10.0.0.1"),
            (&[""], "10.0.0.1"),
            (&[" , ,203.0.113.7 ,, "], "203.0.113.7"),
            (&["203.0.113.7:51234"], "203.0.113.7"),
            (&["[2001:db8::7]:443"], "2001:db8::7"),
            (&["2001:DB8::7"], "2001:db8::7"),
            (&["::ffff:203.0.113.7"], "203.0.113.7"),
            (&["::ffff:10.1.1.1, 203.0.113.7, ::ffff:10.1.1.2"], "203.0.113.7"),
            (&["fe80::1%eth0"], "10.0.0.1"),
        ] {
            assert_eq!(of("10.0.0.0/8", "10.0.0.1", lines, &[]), client, "{lines:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (lines, client) in [
            (&["for=203.0.113.7"][..], "203.0.113.7"),
            (&["by=10.0.0.1; For=203.0.113.7 ;proto=http"], "203.0.113.7"),
            (&["for=\"[2001:db8:cafe::17]:4711\""], "2001:db8:cafe::17"),
            (&["for=\"[2001:db8:cafe::17]\""], "2001:db8:cafe::17"),
            (&["for=\"203.0.113.7:4711\";proto=https"], "203.0.113.7"),
            (&["for=1.2.3.4, for=203.0.113.7;host=\"a,b;for=9.9.9.9\", for=10.1.1.1"], "203.0.113.7"),
            (&["for=1.2.3.4", "for=203.0.113.7"], "203.0.113.7"),
            (&["for=203.0.113.7, for=unknown, for=10.1.1.1"], "10.1.1.1"),
            (&["for=203.0.113.7, for=_hidden"], "10.0.0.1"),
            (&["for=203.0.113.7, for=\"_hidden:_port\", for=10.1.1.1"], "10.1.1.1"),
            (&["proto=https"], "10.0.0.1"),
            (&["for=203.0.113.7, proto=https"], "10.0.0.1"),
            (&["for=\"203.0.113.7"], "10.0.0.1"),
        ] {
            assert_eq!(of("10.0.0.0/8", "10.0.0.1", &[], lines), client, "{lines:?}");
        }
    }

    #[test]
    fn a_header_that_the_proxies_do_not_write_is_not_read() {
        let (x, f) = (&["203.0.113.1"][..], &["for=203.0.113.2"][..]);
        for (header, both, x_alone, f_alone) in [
            (ForwardedHeader::Any, "203.0.113.1", "203.0.113.1", "203.0.113.2"),
            (ForwardedHeader::XForwardedFor, "203.0.113.1", "203.0.113.1", "10.0.0.1"),
            (ForwardedHeader::Forwarded, "203.0.113.2", "10.0.0.1", "203.0.113.2"),
        ] {
            let trusted = "10.0.0.1".parse::<TrustedProxies>().unwrap().read_from(header);
            let of = |x, f| with(&trusted, "10.0.0.1", x, f);
            assert_eq!((&*of(x, f), &*of(x, &[]), &*of(&[], f)), (both, x_alone, f_alone), "{header:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        for wrong in ["10.0.0.0/33", "proxies", "10.0.0", "127.0.0.1, everybody"] {
            assert!(wrong.parse::<TrustedProxies>().is_err(), "{wrong}");
        }
        assert_eq!("10.0.0.0/8, oops".parse::<TrustedProxies>(), Err(NotANetwork("oops".into())));
        assert_eq!(" , ".parse(), Ok(TrustedProxies::default()));
    }
}
