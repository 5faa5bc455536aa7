//! Clicks that are written down together: many frames, one write.

use super::Click;

/// Frames one after another, as they stand in a segment.
#[derive(Debug, Default)]
pub struct ClickBatch {
    frames: Vec<u8>,
    clicks: u64,
}

impl ClickBatch {
    pub fn push(&mut self, click: &Click<'_>) {
        click.write(&mut self.frames);
        self.clicks += 1;
    }

    pub fn is_empty(&self) -> bool {
        self.clicks == 0
    }

    pub fn clicks(&self) -> u64 {
        self.clicks
    }

    pub fn frames(&self) -> &[u8] {
        &self.frames
    }

    /// Empties it; the room it has stays for the next ones.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.clicks = 0;
    }
}
