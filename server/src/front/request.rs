//! Reads one request as far as the redirect needs it. Whatever is out of the ordinary is left to the router.

use std::mem::MaybeUninit;

use httparse::{Header, Status};

use crate::{connections::MOST_ADDRESS, visit::says_prefetch};

/// More headers than any browser sends.
pub const MOST_HEADERS: usize = 64;
/// A longer head is the router's to refuse.
const MOST_HEAD: usize = 16 << 10;
const START: &[u8] = b"GET /r/";

pub type Headers<'b> = [MaybeUninit<Header<'b>>; MOST_HEADERS];

pub enum Parsed<'h, 'b> {
    /// Somebody follows a link; the head's length.
    Follow(Follow<'h, 'b>, usize),
    /// More is to come.
    Partial,
    /// The router's.
    Other,
}

pub struct Follow<'h, 'b> {
    pub code: &'b str,
    pub query: Option<&'b str>,
    pub user_agent: &'b [u8],
    pub referrer: &'b [u8],
    pub is_prefetch: bool,
    pub connection: Persistence,
    pub headers: &'h [Header<'b>],
}

/// What becomes of the connection after the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    Stays,
    /// It stays, and the answer has to say so: HTTP/1.0.
    StaysIfSaid,
    Closes,
}

pub fn parse<'h, 'b>(bytes: &'b [u8], headers: &'h mut Headers<'b>) -> Parsed<'h, 'b> {
    let compared = bytes.len().min(START.len());
    if bytes[..compared] != START[..compared] {
        return Parsed::Other;
    }
    let mut request = httparse::Request::new(&mut []);
    let length = match request.parse_with_uninit_headers(bytes, headers) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) if bytes.len() < MOST_HEAD => return Parsed::Partial,
        Ok(Status::Partial) | Err(_) => return Parsed::Other,
    };
    let (Some(target), Some(version)) = (request.path, request.version) else { return Parsed::Other };
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let code = path.strip_prefix("/r/").unwrap_or_default();
    let is_too_long = target.len() > MOST_ADDRESS;
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    if is_too_long
        || code.is_empty()
        || !code.bytes().all(|byte| byte.is_ascii_alphanumeric())
        || !query.is_none_or(is_plain)
    {
        return Parsed::Other;
    }
    let mut follow = Follow {
        code,
        query,
        user_agent: b"",
        referrer: b"",
        is_prefetch: false,
        connection: if version == 0 { Persistence::Closes } else { Persistence::Stays },
        headers: request.headers,
    };
    let mut has_host = version == 0;
    let (mut has_agent, mut has_referrer) = (false, false);
    for Header { name, value } in follow.headers {
        // By length first: most names need no comparison.
        match name.len() {
            4 if name.eq_ignore_ascii_case("host") => has_host = true,
            10 if !has_agent && name.eq_ignore_ascii_case("user-agent") => {
                (follow.user_agent, has_agent) = (value, true);
            }
            7 if !has_referrer && name.eq_ignore_ascii_case("referer") => {
                (follow.referrer, has_referrer) = (value, true);
            }
            7 if name.eq_ignore_ascii_case("purpose") => follow.is_prefetch |= says_prefetch(value),
            11 if name.eq_ignore_ascii_case("sec-purpose") => follow.is_prefetch |= says_prefetch(value),
            10 if name.eq_ignore_ascii_case("connection") => match persistence(value, version) {
                Some(connection) => follow.connection = connection,
                None => return Parsed::Other,
            },
            // A body, or a change of protocol.
            14 if name.eq_ignore_ascii_case("content-length") && *value != b"0" => return Parsed::Other,
            17 if name.eq_ignore_ascii_case("transfer-encoding") => return Parsed::Other,
            6 if name.eq_ignore_ascii_case("expect") => return Parsed::Other,
            7 if name.eq_ignore_ascii_case("upgrade") => return Parsed::Other,
            _ => {}
        }
    }
    if has_host { Parsed::Follow(follow, length) } else { Parsed::Other }
}

/// None where it asks for more than to stay or to go.
fn persistence(value: &[u8], version: u8) -> Option<Persistence> {
    if value.eq_ignore_ascii_case(b"keep-alive") {
        Some(if version == 0 { Persistence::StaysIfSaid } else { Persistence::Stays })
    } else if value.eq_ignore_ascii_case(b"close") {
        Some(Persistence::Closes)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_other(bytes: &[u8]) -> bool {
        matches!(parse(bytes, &mut [const { MaybeUninit::uninit() }; MOST_HEADERS]), Parsed::Other)
    }

    #[test]
    fn a_browser_s_request_is_read() {
        let bytes = b"GET /r/abcDEF234?utm_source=ig HTTP/1.1\r\nHost: t.example\r\nUser-Agent: Mozilla/5.0\r\n\
            REFERER: https://ig.example/\r\nSec-Purpose: prefetch;prerender\r\n\r\nGET";
        let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
        let Parsed::Follow(follow, length) = parse(bytes, &mut headers) else { panic!("a link is followed") };
        assert_eq!((follow.code, follow.query), ("abcDEF234", Some("utm_source=ig")));
        assert_eq!((follow.user_agent, follow.referrer), (&b"Mozilla/5.0"[..], &b"https://ig.example/"[..]));
        assert_eq!((follow.is_prefetch, follow.connection), (true, Persistence::Stays));
        assert_eq!(&bytes[length..], b"GET");
    }

    #[test]
    fn a_request_that_is_still_arriving_is_waited_for() {
        let whole = b"GET /r/abc HTTP/1.1\r\nHost: t.example\r\n\r\n";
        for length in 0..whole.len() {
            let parsed = parse(&whole[..length], &mut [const { MaybeUninit::uninit() }; MOST_HEADERS]).is_partial();
            assert!(parsed, "{length}");
        }
    }

    #[test]
    fn whether_the_connection_stays_is_the_client_s_word_and_the_version_s() {
        for (bytes, stays) in [
            (&b"GET /r/a HTTP/1.0\r\n\r\n"[..], Persistence::Closes),
            (b"GET /r/a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", Persistence::StaysIfSaid),
            (b"GET /r/a HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", Persistence::Closes),
        ] {
            let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
            let Parsed::Follow(follow, _) = parse(bytes, &mut headers) else { panic!("a link is followed") };
            assert_eq!(follow.connection, stays);
        }
    }

    #[test]
    fn whatever_is_out_of_the_ordinary_is_the_router_s() {
        for bytes in [
            &b"POST /r/abc HTTP/1.1\r\nHost: t\r\n\r\n"[..],
            b"HEAD /r/abc HTTP/1.1\r\nHost: t\r\n\r\n",
            b"GET /login HTTP/1.1\r\nHost: t\r\n\r\n",
            b"GET /r/ HTTP/1.1\r\nHost: t\r\n\r\n",
            b"GET /r/a/b HTTP/1.1\r\nHost: t\r\n\r\n",
            b"GET /r/%61bc HTTP/1.1\r\nHost: t\r\n\r\n",
            b"GET /r/abc?x#y HTTP/1.1\r\nHost: t\r\n\r\n",
            b"GET /r/abc HTTP/1.1\r\n\r\n",
            b"GET /r/abc HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\n",
            b"GET /r/abc HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"GET /r/abc HTTP/1.1\r\nHost: t\r\nConnection: upgrade\r\n\r\n",
            b"GET /r/abc HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n\r\n",
            b"GET /r/abc HTTP/1.1\r\nHo st: t\r\n\r\n",
            b"\x16\x03\x01",
            b"PRI * HTTP/2.0\r\n\r\n",
        ] {
            assert!(is_other(bytes), "{}", String::from_utf8_lossy(bytes));
        }
        let endless = [&b"GET /r/abc HTTP/1.1\r\nX: "[..], &[b'x'; MOST_HEAD]].concat();
        assert!(is_other(&endless));
        let long = format!("GET /r/abc?{} HTTP/1.1\r\nHost: t\r\n\r\n", "x".repeat(MOST_ADDRESS));
        assert!(is_other(long.as_bytes()));
    }

    impl Parsed<'_, '_> {
        fn is_partial(&self) -> bool {
            matches!(self, Parsed::Partial)
        }
    }
}
