//! Putting what was written onto the disk itself: real in the server, failing on demand in tests.

use std::{
    fs::File,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

#[derive(Clone, Debug, Default)]
pub enum Disk {
    #[default]
    System,
    /// Fails while the flag is set, as a broken disk does.
    Failing(Arc<AtomicBool>),
}

impl Disk {
    pub fn sync(&self, file: &File) -> io::Result<()> {
        match self {
            Self::Failing(fails) if fails.load(Ordering::Relaxed) => Err(io::Error::other("the disk fails (a test)")),
            Self::System | Self::Failing(_) => file.sync_data(),
        }
    }
}

/// What an answered click has survived before its redirect leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClickDurability {
    /// The end of the process, at any moment. The system puts it on the disk when it sees fit.
    Process,
    /// The same; and it is on the disk within 100 ms.
    #[default]
    Interval,
    /// The loss of power: it is on the disk. Clicks that arrive together wait together.
    Fsync,
}
