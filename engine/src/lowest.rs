//! Work that must never be in anybody's way: on a thread of its own, of the lowest priority.

use std::{io, thread};

use rustix::process::setpriority_process;

/// Nice value.
const LOWEST_PRIORITY: i32 = 19;

/// Does the work on a thread of this name. The threads that it starts, as SQLite's, have its priority.
pub fn spawn<F: Future<Output = ()>>(name: &'static str, work: impl FnOnce() -> F + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let work = move || {
        here();
        runtime.block_on(work());
    };
    thread::Builder::new().name(name.into()).spawn(work).map(drop)
}

/// Gives this thread, and those that it starts, the lowest priority.
pub fn here() {
    if let Err(error) = setpriority_process(None, LOWEST_PRIORITY) {
        tracing::warn!(%error, thread = thread::current().name(), "a thread keeps its priority");
    }
}
