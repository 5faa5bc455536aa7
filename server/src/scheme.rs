//! How a request travelled: over https, or in the clear.
//!
//! Whoever accepts a connection puts its own [`Scheme`] beside each of its requests, as an extension; where none stands,
//! the connection is plain. What the client's way to us was is [`travelled`]'s to say: a proxy that the operator trusts
//! knows better than the connection that it opened to us.

use std::net::IpAddr;

use crate::client_ip::TrustedProxies;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    #[default]
    Http,
    Https,
}

/// The client's way to us. The headers' lines come in the order in which they stand in the request.
///
/// A trusted proxy's word counts, also against a connection that is encrypted from there to us. Where such a proxy says
/// nothing, https ends there: that is what it is for, and whether it listens in the clear as well is the operator's to
/// decide. Anybody else is believed nothing but the connection.
pub fn travelled<'a>(
    trusted: &TrustedProxies,
    peer: IpAddr,
    connection: Scheme,
    x_forwarded_proto: impl Iterator<Item = &'a [u8]>,
    forwarded: impl Iterator<Item = &'a [u8]>,
) -> Scheme {
    if trusted.trusts(peer) { trusted.proto(x_forwarded_proto, forwarded).unwrap_or(Scheme::Https) } else { connection }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(trusted: &str, peer: &str, connection: Scheme, x: &[&str], forwarded: &[&str]) -> Scheme {
        let trusted: TrustedProxies = trusted.parse().unwrap();
        let lines = |lines: &[&str]| lines.iter().map(|line| line.as_bytes().to_owned()).collect::<Vec<_>>();
        let (x, forwarded) = (lines(x), lines(forwarded));
        let (x, forwarded) = (x.iter().map(Vec::as_slice), forwarded.iter().map(Vec::as_slice));
        travelled(&trusted, peer.parse().unwrap(), connection, x, forwarded)
    }

    #[test]
    fn a_stranger_s_word_on_https_counts_for_nothing() {
        for trusted in ["", "10.0.0.0/8"] {
            for connection in [Scheme::Http, Scheme::Https] {
                for said in ["https", "http"] {
                    let told = of(trusted, "203.0.113.7", connection, &[said], &[&format!("proto={said}")]);
                    assert_eq!(told, connection, "{trusted} {said}");
                }
            }
        }
    }

    #[test]
    fn a_trusted_proxy_says_how_the_client_came() {
        use Scheme::{Http, Https};
        for (x, forwarded, told) in [
            (&["https"][..], &[][..], Https),
            (&["http"], &[], Http),
            (&["HTTP"], &[], Http),
            (&["Https "], &[], Https),
            (&["wss"], &[], Https),
            (&["ws"], &[], Http),
            // The client's own way is the first.
            (&["http, https"], &[], Http),
            (&["https,http"], &[], Https),
            (&["https", "http"], &[], Https),
            (&[], &["for=203.0.113.7;proto=http;host=a"], Http),
            (&[], &["For=203.0.113.7; Proto=\"https\""], Https),
            (&[], &["proto=http, for=10.0.0.2;proto=https"], Http),
            (&[], &["for=203.0.113.7;host=\"a;proto=http\""], Https),
            // X-Forwarded-Proto first, where the proxies may write both.
            (&["https"], &["proto=http"], Https),
            // What says nothing that can be read is no word for plain, and none against it.
            (&[], &[], Https),
            (&[""], &["for=203.0.113.7"], Https),
            (&["gopher"], &["proto=http"], Http),
        ] {
            for connection in [Http, Https] {
                assert_eq!(of("10.0.0.0/8", "10.0.0.1", connection, x, forwarded), told, "{x:?} {forwarded:?}");
            }
        }
        // A socket that takes both kinds of address names IPv4 peers so.
        assert_eq!(of("loopback", "::ffff:127.0.0.1", Http, &["http"], &[]), Http);
        assert_eq!(of("loopback", "::ffff:127.0.0.1", Http, &[], &[]), Https);
    }
}
