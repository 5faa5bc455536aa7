//! How pages, figures and errors travel to the browser: by position, without names, as browser and server are built
//! together. What browsers load to read them is a quarter of what reading JSON takes. In a page they stand as base64,
//! which HTML has nothing to escape of.

use base64::{Engine, engine::general_purpose::STANDARD};
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, codec::Post};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::{AppError, ErrorKind};

/// A value as it travels.
pub type Packed = Vec<u8>;

#[cfg(feature = "ssr")]
pub fn pack<T: Serialize>(value: &T) -> Result<Packed, AppError> {
    postcard::to_allocvec(value).map_err(|error| {
        tracing::error!(%error, "what a page shows could not be sent");
        AppError::new(ErrorKind::Internal)
    })
}

/// What cannot be read was sent by another version of the server.
pub fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Result<T, AppError> {
    postcard::from_bytes(packed).map_err(|_| AppError::new(ErrorKind::Internal))
}

/// How values are sent to server functions and by them, and errors too.
pub struct Wire;

pub type Sent = Post<Wire>;

impl ContentType for Wire {
    const CONTENT_TYPE: &'static str = "application/x-postcard";
}

impl FormatType for Wire {
    const FORMAT_TYPE: Format = Format::Binary;
}

impl<T: Serialize> Encodes<T> for Wire {
    type Error = postcard::Error;

    fn encode(value: &T) -> Result<Bytes, postcard::Error> {
        postcard::to_allocvec(value).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for Wire {
    type Error = postcard::Error;

    fn decode(bytes: Bytes) -> Result<T, postcard::Error> {
        postcard::from_bytes(&bytes)
    }
}

/// How values stand in a page.
#[derive(Debug)]
pub struct InPage;

impl<T: Serialize> codee::Encoder<T> for InPage {
    type Error = AppError;
    type Encoded = String;

    #[cfg(feature = "ssr")]
    fn encode(value: &T) -> Result<String, AppError> {
        pack(value).map(|packed| STANDARD.encode(packed))
    }

    #[cfg(not(feature = "ssr"))]
    fn encode(_: &T) -> Result<String, AppError> {
        unreachable!("only the server writes pages")
    }
}

impl<T: DeserializeOwned> codee::Decoder<T> for InPage {
    type Error = AppError;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, AppError> {
        unpack(&STANDARD.decode(text).map_err(|_| AppError::new(ErrorKind::Internal))?)
    }
}
