//! Keyset pages: newest first by id, the cursor is the last id of the page before.

use model::page::{DEFAULT_ITEMS, MOST_ITEMS, Page};
use uuid::Uuid;

use crate::error::{Error, Result};

/// Which page of a list.
#[derive(Clone, Copy, Debug)]
pub struct PageAt {
    pub limit: u32,
    pub after: Option<Uuid>,
}

impl PageAt {
    pub fn parse(limit: Option<&str>, cursor: Option<&str>) -> Result<Self> {
        let limit = match limit {
            None => DEFAULT_ITEMS,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MOST_ITEMS).contains(limit))
                .ok_or_else(|| Error::invalid("limit", format!("must be a number from 1 to {MOST_ITEMS}")))?,
        };
        let after = match cursor {
            None => None,
            Some(text) => Some(
                Uuid::try_parse(text).map_err(|_| Error::invalid("cursor", "must be a next_cursor from this list"))?,
            ),
        };
        Ok(Self { limit, after })
    }

    /// Ids are read downward from here: the highest id there can be, on the first page.
    pub(crate) fn below(&self) -> Uuid {
        self.after.unwrap_or(Uuid::max())
    }

    /// One more than asked for tells whether there is a next page.
    pub(crate) fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    pub(crate) fn page<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> Uuid) -> Page<T> {
        let more = items.len() > self.limit as usize;
        items.truncate(self.limit as usize);
        let next_cursor = if more { items.last().map(|item| id(item).to_string()) } else { None };
        Page { items, next_cursor }
    }
}

impl Default for PageAt {
    fn default() -> Self {
        Self { limit: DEFAULT_ITEMS, after: None }
    }
}
