//! Where a redirect leads: the destination taken apart once, the link's code and the visitor's parameters added on
//! the way.

use model::ClickId;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use url::Url;

/// What may not stand in a `Location`: everything beyond visible ASCII, and what ends or quotes an address.
const UNSAFE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'#').add(b'\\').add(b'{').add(b'}');

/// Where links lead, taken apart so that an answer is put together by copying. Links of one campaign share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// As it was given.
    destination: Box<str>,
    /// Up to and with `ref_code=`: visible ASCII, nothing else.
    head: Box<str>,
    /// `#…`, or nothing.
    fragment: Box<str>,
    /// The parameters of the destination itself, as shops read their names.
    own: Box<[String]>,
    append_click_id: bool,
}

impl Location {
    /// Takes a destination apart. The error says what it breaks.
    pub fn build(destination: &str, append_click_id: bool) -> Result<Self, &'static str> {
        let url = parse_destination(destination)?;
        let mut head = String::from(&url[..url::Position::AfterPath]);
        let mut own = Vec::new();
        let mut separator = '?';
        for part in url.query().unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            let name = parameter_name(part);
            if name == "ref_code" || (append_click_id && name == "click_id") {
                continue;
            }
            head.push(separator);
            head.push_str(part);
            separator = '&';
            own.push(name);
        }
        head.push(separator);
        head.push_str("ref_code=");
        let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
        let destination = destination.into();
        Ok(Self { destination, head: head.into(), fragment: fragment.into(), own: own.into(), append_click_id })
    }

    pub fn destination(&self) -> &str {
        &self.destination
    }

    /// Whether shops get to see the click's id.
    pub fn tells_click_id(&self) -> bool {
        self.append_click_id
    }

    /// Writes the value of the `Location` header for one click of a link. `visitor_query` is what followed `?` in
    /// the link as it was opened. Only visible ASCII is written.
    pub fn write(&self, to: &mut Vec<u8>, code: &str, visitor_query: Option<&str>, click: ClickId) {
        to.extend_from_slice(self.head.as_bytes());
        to.extend_from_slice(code.as_bytes());
        for part in visitor_query.unwrap_or_default().split('&').filter(|part| !part.is_empty()) {
            // Some shops part parameters at `;` too.
            let overrides = part.split(';').map(parameter_name).any(|name| self.is_protected(&name));
            if !overrides {
                to.push(b'&');
                for safe in utf8_percent_encode(part, UNSAFE) {
                    to.extend_from_slice(safe.as_bytes());
                }
            }
        }
        if self.append_click_id {
            to.extend_from_slice(b"&click_id=");
            to.extend_from_slice(click.0.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()).as_bytes());
        }
        to.extend_from_slice(self.fragment.as_bytes());
    }

    fn is_protected(&self, name: &str) -> bool {
        name == "ref_code" || name == "click_id" || self.own.iter().any(|own| own == name)
    }
}

/// The full rule for destinations; its shape alone is checked in `model`.
pub fn parse_destination(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be an absolute http or https address")?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("must be an absolute http or https address");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password");
    }
    if !url.as_str().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("must not hold control characters");
    }
    Ok(url)
}

/// A parameter's name as shops read it, in the widest sense: decoded, without case, cut at NUL, and with
/// what PHP makes of it, so that `ref%5Fcode`, `REF_CODE`, `ref.code`, `+ref_code` and `ref_code[]` are all
/// known for what they are.
fn parameter_name(part: &str) -> String {
    let name = part.split('=').next().unwrap_or(part).replace('+', " ");
    let decoded = percent_decode_str(&name).decode_utf8_lossy();
    let base = decoded.split('\0').next().unwrap_or_default().trim_start();
    let base = match base.split_once('[') {
        Some((before, after)) if after.contains(']') && !before.is_empty() => before.to_owned(),
        _ => base.replace('[', "_"),
    };
    base.replace(['.', ' '], "_").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLICK: ClickId = ClickId(uuid::Uuid::nil());

    fn written(location: &Location, query: Option<&str>) -> String {
        let mut bytes = Vec::new();
        location.write(&mut bytes, "CODE", query, CLICK);
        String::from_utf8(bytes).unwrap()
    }

    fn leads(destination: &str, query: Option<&str>) -> String {
        written(&Location::build(destination, false).unwrap(), query)
    }

    #[test]
    fn the_ref_code_joins_what_the_destination_has() {
        assert_eq!(leads("https://shop.example", None), "https://shop.example/?ref_code=CODE");
        assert_eq!(leads("https://shop.example/p?x=1#top", None), "https://shop.example/p?x=1&ref_code=CODE#top");
        assert_eq!(leads("https://shop.example/p?ref_code=old&x=1", None), "https://shop.example/p?x=1&ref_code=CODE");
    }

    #[test]
    fn what_the_visitor_brought_is_passed_through_but_overrides_nothing() {
        let leads = |query| leads("https://shop.example/p?x=1", Some(query));
        assert_eq!(leads("utm_source=ig"), "https://shop.example/p?x=1&ref_code=CODE&utm_source=ig");
        for hostile in [
            "ref_code=EVIL",
            "ref%5Fcode=EVIL",
            "ref.code=EVIL",
            "ref_code[]=EVIL",
            "+ref_code=EVIL",
            "ref[code=EVIL",
            "ref_code%00=EVIL",
            "REF_CODE=EVIL",
            "a=1;ref_code=EVIL",
            "x=2",
            "click_id=1",
            "%78=2",
            "&&",
        ] {
            assert_eq!(leads(hostile), "https://shop.example/p?x=1&ref_code=CODE", "{hostile}");
        }
    }

    #[test]
    fn the_click_id_is_added_where_the_campaign_wants_it() {
        let location = Location::build("https://shop.example/?click_id=7#f", true).unwrap();
        assert_eq!(
            written(&location, Some("click_id=8")),
            "https://shop.example/?ref_code=CODE&click_id=00000000-0000-0000-0000-000000000000#f"
        );
    }

    #[test]
    fn nothing_but_visible_ascii_reaches_the_header() {
        let location = leads("https://shöp.example/ü?ä=ö#é", Some("a=\"b\"\r\nSet-Cookie: x&c=ü#f"));
        assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "{location}");
        assert!(location.contains("%0D%0A"), "encoded, not dropped: {location}");
    }

    #[test]
    fn only_web_addresses_are_destinations() {
        for bad in [
            "javascript:alert(1)",
            "//shop.example",
            "/p",
            "ftp://shop.example",
            "https://user:pass@shop.example/",
            "data:text/html,x",
        ] {
            assert!(parse_destination(bad).is_err(), "{bad}");
        }
    }
}
