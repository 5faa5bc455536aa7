//! File descriptors: each connection is one.

use std::io;

use engine::Seldom;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the rest of the process opens: database, click log, listeners, the site's files.
const RESERVED: usize = 256;

/// Takes as many as the system lets this process have. The usual soft limit, 1,024, is for programs that use `select`.
pub fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "the limit on open files cannot be raised");
    }
}

/// Says that the system had no room for a connection. Whoever opens many at once causes it, many times a second.
pub fn say_not_accepted(error: &io::Error) {
    static NOT_ACCEPTED: Seldom = Seldom::new();
    NOT_ACCEPTED.say((), |left_out| tracing::error!(%error, left_out, "connections cannot be accepted now"));
}

/// How many connections there are descriptors for.
pub fn room() -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    limit.saturating_sub(RESERVED).max(limit / 2)
}
