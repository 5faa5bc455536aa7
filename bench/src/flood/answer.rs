//! Reads one answer: where it ends, its status, and whether the connection lives on.

/// As many headers as any server of ours sends, and more.
const MOST_HEADERS: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub keeps_alive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// These bytes are one whole answer.
    Whole(Answer),
    /// More has to come.
    Cut,
    /// No HTTP, or more than was asked for.
    Broken,
}

/// `has_ended`: the server has closed its side, so no more will come.
pub fn parse(bytes: &[u8], has_ended: bool) -> Parsed {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return if has_ended { Parsed::Broken } else { Parsed::Cut },
        Err(_) => return Parsed::Broken,
    };
    let (mut length, mut is_chunked, mut keeps_alive) = (None, false, response.version == Some(1));
    for header in response.headers.iter() {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("content-length") {
            length = std::str::from_utf8(header.value).ok().and_then(|text| text.trim().parse::<usize>().ok());
        } else if is("transfer-encoding") {
            is_chunked = header.value.eq_ignore_ascii_case(b"chunked");
        } else if is("connection") && header.value.eq_ignore_ascii_case(b"close") {
            keeps_alive = false;
        }
    }
    let status = response.code.unwrap_or_default();
    let body = &bytes[head..];
    let whole = match (status, is_chunked, length) {
        (204 | 304, ..) => Some(0),
        (_, true, _) => match chunks(body) {
            Ok(length) => length,
            Err(()) => return Parsed::Broken,
        },
        (_, false, Some(length)) => Some(length),
        // Neither: the body ends where the connection does.
        (_, false, None) => {
            keeps_alive = false;
            has_ended.then_some(body.len())
        }
    };
    match whole {
        Some(length) if body.len() == length => Parsed::Whole(Answer { status, keeps_alive }),
        Some(length) if body.len() > length => Parsed::Broken,
        _ if has_ended => Parsed::Broken,
        _ => Parsed::Cut,
    }
}

/// The length of a chunked body, once it is all there. Trailers are not expected.
fn chunks(body: &[u8]) -> Result<Option<usize>, ()> {
    let mut at = 0;
    loop {
        match httparse::parse_chunk_size(&body[at..]) {
            Ok(httparse::Status::Complete((head, size))) => {
                let size = usize::try_from(size).map_err(drop)?;
                at = at.checked_add(head).and_then(|at| at.checked_add(size)?.checked_add(2)).ok_or(())?;
                if size == 0 {
                    return Ok(Some(at));
                }
                if at > body.len() {
                    return Ok(None);
                }
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(status: u16, keeps_alive: bool) -> Parsed {
        Parsed::Whole(Answer { status, keeps_alive })
    }

    #[test]
    fn an_answer_ends_where_it_says() {
        let nginx = b"HTTP/1.1 302 Moved Temporarily\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello";
        assert_eq!(parse(nginx, false), whole(302, true));
        for length in 0..nginx.len() {
            assert_eq!(parse(&nginx[..length], false), Parsed::Cut, "{length}");
            assert_eq!(parse(&nginx[..length], true), Parsed::Broken, "{length}");
        }
        let more = [&nginx[..], b"!"].concat();
        assert_eq!(parse(&more, false), Parsed::Broken, "more than was asked for");
    }

    #[test]
    fn a_chunked_body_ends_with_its_last_chunk() {
        let answer = b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n";
        assert_eq!(parse(answer, false), whole(404, true));
        for length in 0..answer.len() {
            assert_eq!(parse(&answer[..length], false), Parsed::Cut, "{length}");
        }
    }

    #[test]
    fn without_a_length_the_end_of_the_connection_ends_the_answer() {
        let answer = b"HTTP/1.1 302 Found\r\n\r\n";
        assert_eq!(parse(answer, false), Parsed::Cut);
        assert_eq!(parse(answer, true), whole(302, false));
        assert_eq!(
            parse(b"HTTP/1.1 302 Found\r\nConnection: close\r\ncontent-length: 0\r\n\r\n", false),
            whole(302, false)
        );
        assert_eq!(parse(b"SSH-2.0-OpenSSH\r\n", false), Parsed::Broken);
    }
}
