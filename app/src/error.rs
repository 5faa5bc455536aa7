//! The one error of the browser half: what kind it is, and what people are told.

use leptos::prelude::*;
#[cfg(feature = "ssr")]
use leptos::server_fn::ContentType;
use model::FieldError;
use serde::{Deserialize, Serialize};

use crate::wire::Wire;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The question breaks rules; `fields` names them.
    Invalid,
    /// There is no session, or it has ended.
    LoggedOut,
    WrongCredentials,
    /// Too many tries in too short a time.
    TooMany,
    Forbidden,
    NotFound,
    Conflict,
    /// The database is away; trying again may help.
    Unavailable,
    /// The server could not be reached.
    Offline,
    Internal,
}

impl ErrorKind {
    const ALL: [Self; 10] = [
        Self::Invalid,
        Self::LoggedOut,
        Self::WrongCredentials,
        Self::TooMany,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::Unavailable,
        Self::Offline,
        Self::Internal,
    ];

    /// The kind of this name: an address may carry a kind, never a text to show.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// What is said where the error itself says nothing better.
    pub fn words(self) -> &'static str {
        match self {
            Self::Invalid => "That could not be read.",
            Self::LoggedOut => "You are no longer logged in.",
            Self::WrongCredentials => "E-mail and password do not match. Check both and try again.",
            Self::TooMany => "Too many failed tries. Wait a few minutes, then try again.",
            Self::Forbidden => "Your account may not see this.",
            Self::NotFound => "It does not exist, or is not yours to see.",
            Self::Conflict => "Somebody else changed it meanwhile.",
            Self::Unavailable => "The database does not answer right now. Clicks and events are kept meanwhile.",
            Self::Offline => "The server could not be reached.",
            Self::Internal => "Something went wrong on the server.",
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::LoggedOut => "logged_out",
            Self::WrongCredentials => "wrong_credentials",
            Self::TooMany => "too_many",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
            Self::Offline => "offline",
            Self::Internal => "internal",
        }
    }

    pub fn status(self) -> u16 {
        match self {
            Self::Invalid => 422,
            Self::LoggedOut | Self::WrongCredentials => 401,
            Self::TooMany => 429,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Unavailable => 503,
            Self::Offline | Self::Internal => 500,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppError {
    pub kind: ErrorKind,
    pub message: String,
    /// All that is wrong, for [`ErrorKind::Invalid`].
    #[serde(default)]
    pub fields: Vec<FieldError>,
}

impl AppError {
    pub fn new(kind: ErrorKind) -> Self {
        Self { kind, message: kind.words().to_owned(), fields: Vec::new() }
    }

    pub fn invalid(fields: Vec<FieldError>) -> Self {
        Self { fields, ..Self::new(ErrorKind::Invalid) }
    }
}

impl From<Vec<FieldError>> for AppError {
    fn from(fields: Vec<FieldError>) -> Self {
        Self::invalid(fields)
    }
}

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AppError {}

impl FromServerFnError for AppError {
    type Encoder = Wire;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let kind = match error {
            ServerFnErrorErr::Request(_) => ErrorKind::Offline,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => ErrorKind::Invalid,
            // On the server: what was sent. In the browser it is an answer that cannot be read, see below.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => ErrorKind::Invalid,
            // Nothing of ours: a proxy in between answered for a server that is away, or another version did.
            _ => ErrorKind::Internal,
        };
        Self::new(kind)
    }
}

#[cfg(feature = "ssr")]
impl AppError {
    /// As a function of ours sends it: the content type, and the body.
    pub fn sent(&self) -> (&'static str, Vec<u8>) {
        (<Wire as ContentType>::CONTENT_TYPE, self.ser().to_vec())
    }
}

#[cfg(feature = "ssr")]
impl From<engine::Error> for AppError {
    /// A failure is logged here, once; people get no detail of it.
    fn from(error: engine::Error) -> Self {
        let kind = match error {
            engine::Error::Invalid(fields) => return Self::invalid(fields),
            engine::Error::Conflict(message) => return Self { message, ..Self::new(ErrorKind::Conflict) },
            engine::Error::Stale => ErrorKind::Conflict,
            engine::Error::Busy(message) => return Self { message: message.into(), ..Self::new(ErrorKind::TooMany) },
            engine::Error::TooManyFailures { .. } => ErrorKind::TooMany,
            engine::Error::NotFound => ErrorKind::NotFound,
            engine::Error::WrongCredentials => ErrorKind::WrongCredentials,
            engine::Error::Forbidden => ErrorKind::Forbidden,
            engine::Error::Unavailable(reason) => {
                static NOT_READ: engine::Seldom = engine::Seldom::new();
                NOT_READ.say((), |left_out| {
                    tracing::warn!(%reason, left_out, "figures or accounts could not be read");
                });
                ErrorKind::Unavailable
            }
            error @ (engine::Error::Internal(_) | engine::Error::Unstorable(_) | engine::Error::Displaced) => {
                tracing::error!(%error, "a page's function failed");
                ErrorKind::Internal
            }
        };
        Self::new(kind)
    }
}
