//! Edits that do not undo each other: `ETag` says which version was read, `If-Match` which one is to be changed.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use model::{
    FieldError,
    account::{Account, CreatedAccount},
    advertiser::Advertiser,
    campaign::Campaign,
    influencer::Influencer,
};
use serde::Serialize;
use utoipa::{
    IntoParams,
    openapi::{
        Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::ObjectBuilder,
    },
};

use crate::problem::{ApiError, ApiResult};

/// More versions than anybody has read.
const MOST_TAGS: usize = 8;
/// No version has this number.
const NO_VERSION: i64 = -1;

/// What carries its version, which is its entity tag.
pub trait Versioned: Serialize {
    fn version(&self) -> i64;
}

macro_rules! versioned {
    ($($type:ty => $($part:ident).+),* $(,)?) => {$(
        impl Versioned for $type {
            fn version(&self) -> i64 {
                self.$($part).+
            }
        }
    )*};
}

versioned! {
    Advertiser => version,
    Campaign => version,
    Influencer => version,
    Account => version,
    CreatedAccount => account.version,
}

/// An answer under its entity tag.
pub struct Tagged<T>(pub StatusCode, pub T);

impl<T: Versioned> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let Self(status, it) = self;
        let tag = HeaderValue::from_str(&format!("\"{}\"", it.version()));
        let mut response = (status, Json(it)).into_response();
        if let Ok(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// The versions that an edit may be made on (RFC 9110, 13.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// Not sent, or `*`: whichever stands.
    Any,
    /// Those of our own tags that were sent. Weak and foreign tags match nothing.
    OneOf(Vec<i64>),
}

impl IfMatch {
    fn parse<'a>(lines: impl Iterator<Item = &'a HeaderValue>) -> Option<Self> {
        let lines: Vec<&[u8]> = lines.map(HeaderValue::as_bytes).collect();
        if lines.iter().any(|line| line.trim_ascii() == b"*") {
            return (lines.len() == 1).then_some(Self::Any);
        }
        let mut versions = Vec::new();
        let mut count = 0;
        for line in &lines {
            let mut rest = line.trim_ascii();
            while !rest.is_empty() {
                // Empty members of a list are passed over.
                if let Some(after) = rest.strip_prefix(b",") {
                    rest = after.trim_ascii_start();
                    continue;
                }
                let (tag, after) = entity_tag(rest)?;
                count += 1;
                versions.extend(tag);
                rest = after.trim_ascii_start();
                if !rest.is_empty() {
                    rest = rest.strip_prefix(b",")?.trim_ascii_start();
                }
            }
        }
        (count <= MOST_TAGS).then_some(Self::OneOf(versions))
    }

    /// Makes an edit on whichever of these versions stands; where none does, the edit is refused as stale.
    pub async fn edit<T, F>(self, edit: impl Fn(Option<i64>) -> F) -> ApiResult<T>
    where
        F: Future<Output = engine::Result<T>>,
    {
        let Self::OneOf(versions) = self else { return Ok(edit(None).await?) };
        for version in versions {
            match edit(Some(version)).await {
                Err(engine::Error::Stale) => {}
                done => return Ok(done?),
            }
        }
        // Where there is nothing of that id, that is what is said.
        Ok(edit(Some(NO_VERSION)).await?)
    }
}

/// The first entity tag and what follows it; of the tag, our version's number.
fn entity_tag(text: &[u8]) -> Option<(Option<i64>, &[u8])> {
    let (is_weak, rest) = text.strip_prefix(b"W/").map_or((false, text), |rest| (true, rest));
    let rest = rest.strip_prefix(b"\"")?;
    let end = rest.iter().position(|b| *b == b'"')?;
    let (tag, after) = (&rest[..end], &rest[end + 1..]);
    let stands = tag.iter().all(|b| *b == 0x21 || (0x23..=0x7e).contains(b) || *b >= 0x80);
    let version = || std::str::from_utf8(tag).ok().filter(|tag| !tag.starts_with('+'))?.parse().ok();
    stands.then(|| (if is_weak { None } else { version() }, after))
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        if !parts.headers.contains_key(header::IF_MATCH) {
            return Ok(Self::Any);
        }
        Self::parse(parts.headers.get_all(header::IF_MATCH).iter()).ok_or_else(|| {
            let rule = format!("must be * or at most {MOST_TAGS} entity tags, such as \"7\"");
            ApiError::invalid(vec![FieldError::new("If-Match", rule)])
        })
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let tag = r#"(W/)?"[!#-~]*""#;
        let pattern = format!("^(\\*|{tag}(, ?{tag}){{0,{}}})?$", MOST_TAGS - 1);
        let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern)).examples(["\"7\""]);
        let description = "The `ETag` that the edit was made on: where it has changed since, 412 and nothing is \
                           changed. Several tags may stand; `*`, or no header, changes whichever stands.";
        let header = ParameterBuilder::new().name("If-Match").parameter_in(ParameterIn::Header);
        vec![header.description(Some(description)).schema(Some(schema)).build()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(lines: &[&str]) -> Option<IfMatch> {
        let lines: Vec<HeaderValue> = lines.iter().map(|line| line.parse().unwrap()).collect();
        IfMatch::parse(lines.iter())
    }

    #[test]
    fn tags_are_read_as_rfc_9110_has_them() {
        assert_eq!(parse(&["*"]), Some(IfMatch::Any));
        for (lines, versions) in [
            (&["\"7\""][..], &[7][..]),
            (&["\"7\", \"8\"", "\"9\""], &[7, 8, 9]),
            (&[" ,\"7\",,"], &[7]),
            (&["W/\"7\""], &[]),
            (&["\"x,y\",\"7\""], &[7]),
            (&["\"\""], &[]),
            (&[""], &[]),
            (&[","], &[]),
            (&["\"+7\""], &[]),
        ] {
            assert_eq!(parse(lines), Some(IfMatch::OneOf(versions.to_vec())), "{lines:?}");
        }
        for malformed in [&["7"][..], &["\"7"], &["\"7\" \"8\""], &["*", "\"7\""], &["w/\"7\""], &["\"7\"8"]] {
            assert_eq!(parse(malformed), None, "{malformed:?}");
        }
        assert_eq!(parse(&["\"1\",".repeat(9).as_str()]), None);
    }
}
