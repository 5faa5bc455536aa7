//! What the two databases say differently. Everything else is one text.

use super::Conn;

impl Conn {
    /// Ends an insert that keeps the row which already holds the key `unique`.
    /// (MySQL's INSERT IGNORE would swallow other errors too.)
    pub(super) fn or_keep(&self, unique: &'static str) -> String {
        match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => {
                format!(" ON CONFLICT ({unique}) DO NOTHING")
            }
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => {
                let first = unique.split(',').next().unwrap_or(unique);
                format!(" ON DUPLICATE KEY UPDATE {first} = {first}")
            }
        }
    }

    /// Ends an insert that keeps the later of two moments where the row is there already.
    pub(super) fn or_later(&self, unique: &str, moment: &str) -> String {
        match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => {
                format!(" ON CONFLICT ({unique}) DO UPDATE SET {moment} = MAX({moment}, excluded.{moment})")
            }
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => {
                format!(" ON DUPLICATE KEY UPDATE {moment} = GREATEST({moment}, VALUES({moment}))")
            }
        }
    }

    /// Ends an insert that adds to a sum, and keeps the later of two moments, where the row is there already.
    pub(super) fn or_add(&self, unique: &str, sum: &str, moment: &str) -> String {
        match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => format!(
                " ON CONFLICT ({unique}) DO UPDATE SET {sum} = {sum} + excluded.{sum}, \
                 {moment} = MAX({moment}, excluded.{moment})"
            ),
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => format!(
                " ON DUPLICATE KEY UPDATE {sum} = {sum} + VALUES({sum}), \
                 {moment} = GREATEST({moment}, VALUES({moment}))"
            ),
        }
    }

    /// Ends an insert that adds to sums where the row is there already.
    pub(super) fn or_sum(&self, unique: &str, sums: &[&str]) -> String {
        let (begin, new): (_, fn(&str) -> String) = match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => {
                (format!(" ON CONFLICT ({unique}) DO UPDATE SET "), |sum| format!("{sum} = {sum} + excluded.{sum}"))
            }
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => {
                (" ON DUPLICATE KEY UPDATE ".to_owned(), |sum| format!("{sum} = {sum} + VALUES({sum})"))
            }
        };
        begin + &sums.iter().map(|sum| new(sum)).collect::<Vec<_>>().join(", ")
    }

    /// Behind a table's name: the index to read it by, where the database would guess wrong.
    pub(super) fn by_index(&self, index: &'static str) -> String {
        match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => format!(" INDEXED BY {index}"),
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => format!(" FORCE INDEX ({index})"),
        }
    }

    /// Division of whole numbers, the remainder dropped.
    pub(super) fn whole_division(&self) -> &'static str {
        match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => "/",
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => "DIV",
        }
    }

    /// Begins an insert of many rows in a transaction that is given up where a row is refused. SQLite else copies each
    /// page before it changes it, so as to undo this one statement alone.
    pub(super) fn insert(&self) -> &'static str {
        match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => "INSERT OR FAIL INTO ",
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => "INSERT INTO ",
        }
    }

    /// What stands around a statement of one column of bytes for its rows to come as one value, where that is quicker
    /// than row by row. Of nothing it is null.
    pub(super) fn gathered(&self) -> (&'static str, &'static str) {
        match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => {
                ("SELECT GROUP_CONCAT(line, '') FROM (", ")")
            }
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => ("", ""),
        }
    }

    /// Asks for the database's version, and for how many bytes it takes.
    pub(super) fn about(&self) -> (&'static str, &'static str) {
        match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => (
                "SELECT sqlite_version()",
                "SELECT c.page_count * s.page_size FROM pragma_page_count() c, pragma_page_size() s",
            ),
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => (
                "SELECT VERSION()",
                "SELECT CAST(SUM(data_length + index_length) AS SIGNED) FROM information_schema.tables \
                 WHERE table_schema = DATABASE()",
            ),
        }
    }

    /// Counts the tables of a name, which is bound.
    pub(super) fn has_table(&self) -> &'static str {
        match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => {
                "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
            }
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => {
                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?"
            }
        }
    }

    /// Asks for the database's own time, in epoch milliseconds.
    pub(super) fn clock(&self) -> &'static str {
        match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => {
                "SELECT CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"
            }
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => {
                "SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
            }
        }
    }

    /// Whether nobody else can write between two statements of this transaction.
    pub(crate) fn is_only_writer(&self) -> bool {
        matches!(self, Self::SqliteWrite(..))
    }

    /// What stands before a list of rows: `(a, b) IN ({}(?, ?), (?, ?))`.
    pub(super) fn rows(&self) -> &'static str {
        match self {
            Self::SqliteWrite(..) | Self::SqliteRead(_) | Self::SqliteSnapshot(_) => "VALUES ",
            Self::MySqlWrite(_) | Self::MySqlRead(_) | Self::MySqlSnapshot(_) => "",
        }
    }
}
