//! Logs: to standard error, for people or as JSON.
//!
//! What is never in them: secrets, keys, tokens, addresses of people (mail or network), and paths and queries as they
//! were sent. A request is named by its id and its route; a test drives what it can through the server and looks.

mod json;

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt::format::JsonFields};

use self::json::Flat;
use crate::cli::{LogConfig, LogFormat};

pub fn start(config: &LogConfig) {
    let filter = EnvFilter::try_new(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Colours are for a terminal: files and journals keep their codes as letters.
    let is_coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    let lines = lines.with_ansi(is_coloured);
    // A second start in one process (tests) keeps the first.
    let _ = match config.log_format {
        LogFormat::Pretty => lines.try_init(),
        LogFormat::Json => {
            // A panic is a line like any other.
            std::panic::set_hook(Box::new(|panic| {
                let place = panic.location().map(ToString::to_string);
                let reason = panic.payload_as_str().unwrap_or("of an unknown kind");
                tracing::error!(place, reason, "a panic");
            }));
            lines.fmt_fields(JsonFields::new()).event_format(Flat).try_init()
        }
    };
}
