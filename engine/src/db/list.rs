//! Lists: filters, search and order put together as one statement over an index.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::page::{DEFAULT_ITEMS, ListQuery, MOST_ITEMS, Page, Sort};
use sqlx::{AssertSqlSafe, FromRow, mysql::MySqlRow, sqlite::SqliteRow};
use uuid::Uuid;

use super::{Conn, on, round};
use crate::error::{Error, Result};

/// Longer than any name or code; databases refuse patterns that are far longer.
const MOST_SEARCH: usize = 200;

/// A value to bind, of the few types that lists are narrowed by.
pub(crate) enum Arg {
    Id(Uuid),
    Text(String),
    Number(i64),
    Flag(bool),
}

/// A statement under construction. The text holds only what this crate wrote; what readers send is bound.
pub(crate) struct Select {
    sql: String,
    args: Vec<Arg>,
    has_condition: bool,
}

impl Select {
    /// `from`: everything up to the first condition.
    pub fn new(from: &str) -> Self {
        Self { sql: from.to_owned(), args: Vec::new(), has_condition: false }
    }

    pub fn and(&mut self, condition: &str, args: impl IntoIterator<Item = Arg>) -> &mut Self {
        self.sql.push_str(if self.has_condition { " AND " } else { " WHERE " });
        self.sql.push_str(condition);
        self.args.extend(args);
        self.has_condition = true;
        self
    }

    /// One of these, of which there is one at least.
    pub fn and_in<A: Copy>(&mut self, column: &str, these: &[A], arg: impl Fn(A) -> Arg) -> &mut Self {
        let marks = vec!["?"; round::at_least(these.len())].join(", ");
        self.and(&format!("{column} IN ({marks})"), round::filled(these).map(|value| arg(*value)))
    }

    pub fn and_id(&mut self, condition: &str, id: Option<impl Into<Uuid>>) -> &mut Self {
        if let Some(id) = id {
            self.and(condition, [Arg::Id(id.into())]);
        }
        self
    }

    pub fn and_word(&mut self, condition: &str, word: Option<&str>) -> &mut Self {
        if let Some(word) = word {
            self.and(condition, [Arg::Text(word.to_owned())]);
        }
        self
    }

    /// Any part of `column`, which holds lower case.
    pub fn and_contains(&mut self, column: &str, text: Option<&str>) -> &mut Self {
        if let Some(text) = text {
            self.and(&format!("{column} LIKE ? ESCAPE '!'"), [Arg::Text(pattern(text))]);
        }
        self
    }

    /// The beginning of `column`, as a range that an index serves.
    pub fn and_begins(&mut self, column: &str, text: Option<&str>) -> &mut Self {
        if let Some(text) = text {
            // U+10FFFF sorts after all that a code may hold, in both databases' byte order.
            let args = [Arg::Text(text.to_owned()), Arg::Text(format!("{text}\u{10ffff}"))];
            self.and(&format!("{column} >= ? AND {column} < ?"), args);
        }
        self
    }

    pub fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Makes the statement part of another.
    pub fn around(&mut self, before: &str, behind: &str) -> &mut Self {
        self.sql.insert_str(0, before);
        self.sql.push_str(behind);
        self
    }

    /// Values for what stands before the conditions.
    pub fn bind(&mut self, args: impl IntoIterator<Item = Arg>) -> &mut Self {
        self.args.extend(args);
        self
    }

    /// Runs a statement that answers no rows.
    pub async fn execute(self, conn: &mut Conn) -> Result<()> {
        let Self { sql, args, .. } = self;
        on!(conn, c => {
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for arg in args {
                query = match arg {
                    Arg::Id(id) => query.bind(id),
                    Arg::Text(text) => query.bind(text),
                    Arg::Number(number) => query.bind(number),
                    Arg::Flag(flag) => query.bind(flag),
                };
            }
            query.execute(c).await?;
        });
        Ok(())
    }

    pub async fn fetch<T>(self, conn: &mut Conn) -> Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, MySqlRow> + Send + Unpin,
    {
        let Self { sql, args, .. } = self;
        Ok(on!(conn, c => {
            let mut query = sqlx::query_as(AssertSqlSafe(sql));
            for arg in args {
                query = match arg {
                    Arg::Id(id) => query.bind(id),
                    Arg::Text(text) => query.bind(text),
                    Arg::Number(number) => query.bind(number),
                    Arg::Flag(flag) => query.bind(flag),
                };
            }
            query.fetch_all(c).await
        })?)
    }
}

/// What a list is read by: a column of text, unique together with the id. Its readers may see what the column holds:
/// cursors tell it.
#[derive(Clone, Copy)]
pub(crate) struct Keys {
    pub name: &'static str,
    pub id: &'static str,
}

/// Where in which order a page begins.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    sort: Sort,
    limit: u32,
    after: Option<After>,
}

#[derive(Clone, Debug)]
enum After {
    Id(Uuid),
    Name(String, Uuid),
}

impl Place {
    /// `usual`: the order where none is asked for.
    pub fn read(query: &ListQuery, usual: Sort) -> Result<Self> {
        let sort = query.sort.unwrap_or(usual);
        let limit = limit(query.limit)?;
        if query.q.as_ref().is_some_and(|q| q.chars().count() > MOST_SEARCH) {
            return Err(Error::invalid("q", format!("must be at most {MOST_SEARCH} characters")));
        }
        let by_name = matches!(sort, Sort::Ascending | Sort::Descending);
        let after = query.cursor.as_deref().map(|text| read_cursor(text, by_name)).transpose()?;
        Ok(Self { sort, limit, after })
    }

    /// Adds the place and the order to a list. Both columns are compared apart, so that an index on them serves.
    pub fn apply(&self, select: &mut Select, keys: Keys) {
        let Keys { name, id } = keys;
        let (than, order) = match self.sort {
            Sort::Newest | Sort::Descending => ("<", "DESC"),
            Sort::Oldest | Sort::Ascending => (">", "ASC"),
        };
        match &self.after {
            Some(After::Id(last)) => {
                select.and(&format!("{id} {than} ?"), [Arg::Id(*last)]);
            }
            Some(After::Name(last, last_id)) => {
                let args = [Arg::Text(last.clone()), Arg::Text(last.clone()), Arg::Id(*last_id)];
                select.and(&format!("{name} {than}= ? AND ({name} {than} ? OR {id} {than} ?)"), args);
            }
            None => {}
        }
        match self.sort {
            Sort::Newest | Sort::Oldest => select.push(&format!(" ORDER BY {id} {order}")),
            Sort::Ascending | Sort::Descending => select.push(&format!(" ORDER BY {name} {order}, {id} {order}")),
        };
        // One more than asked for tells whether there is a next page.
        select.push(" LIMIT ?");
        select.args.push(Arg::Number(i64::from(self.limit) + 1));
    }

    /// `keys`: name and id of an item, as the database sorts them.
    pub fn page<T>(&self, mut items: Vec<T>, keys: impl Fn(&T) -> (String, Uuid)) -> Page<T> {
        let more = items.len() > self.limit as usize;
        items.truncate(self.limit as usize);
        let last = if more { items.last() } else { None };
        let next_cursor = last.map(|item| {
            let (name, id) = keys(item);
            match self.sort {
                Sort::Newest | Sort::Oldest => id.to_string(),
                Sort::Ascending | Sort::Descending => format!("{id}.{}", URL_SAFE_NO_PAD.encode(name)),
            }
        });
        Page { items, next_cursor }
    }
}

pub(crate) fn limit(asked: Option<u32>) -> Result<u32> {
    let limit = asked.unwrap_or(DEFAULT_ITEMS);
    if (1..=MOST_ITEMS).contains(&limit) {
        Ok(limit)
    } else {
        Err(Error::invalid("limit", format!("must be a number from 1 to {MOST_ITEMS}")))
    }
}

/// Cursors are what earlier pages gave out, for the same order.
pub(crate) fn wrong_cursor() -> Error {
    Error::invalid("cursor", "must be a next_cursor from this list, in the same order")
}

fn read_cursor(text: &str, by_name: bool) -> Result<After> {
    let read = || {
        if !by_name {
            return Uuid::try_parse(text).ok().map(After::Id);
        }
        let (id, name) = text.split_once('.')?;
        let name = String::from_utf8(URL_SAFE_NO_PAD.decode(name).ok()?).ok()?;
        Some(After::Name(name, Uuid::try_parse(id).ok()?))
    };
    read().ok_or_else(wrong_cursor)
}

/// What people type, without a meaning of its own for the database, in lower case.
fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.trim().chars().flat_map(char::to_lowercase) {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// A search that says nothing is none.
pub(crate) fn given(q: Option<&str>) -> Option<&str> {
    q.map(str::trim).filter(|q| !q.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_means_what_was_typed() {
        assert_eq!(pattern(" 100%_Ä! "), "%100!%!_ä!!%");
    }

    #[test]
    fn a_cursor_is_read_back_in_its_own_order_alone() {
        let by_name = ListQuery { sort: Some(Sort::Ascending), limit: Some(1), ..ListQuery::default() };
        let place = Place::read(&by_name, Sort::Newest).unwrap();
        let id = Uuid::from_u128(7);
        let page = place.page(vec!["a", "b"], |item| ((*item).to_owned(), id));
        let cursor = page.next_cursor.unwrap();
        assert!(matches!(read_cursor(&cursor, true), Ok(After::Name(name, found)) if name == "a" && found == id));
        assert!(read_cursor(&cursor, false).is_err());
        assert!(read_cursor("x", true).is_err());
    }
}
