//! Lists: one page and the cursor to the next.

use serde::{Deserialize, Serialize};

/// Most items a page may hold.
pub const MOST_ITEMS: u32 = 500;
pub const DEFAULT_ITEMS: u32 = 50;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}
