//! Tables. Sorting, filters, search and the page are links and a plain form: all of a view is its address.

use serde::{Deserialize, Serialize};

use super::page::{Action, Cell, Empty, Field, Pairs, Way};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// What the rows are, for those who listen.
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub filters: Option<Filters>,
    /// A last row, as wide as the table.
    pub totals: Vec<Cell>,
    /// What can be done to the rows that are ticked; their ids are sent as `ids`.
    pub bulk: Vec<Action>,
    /// Back to the first page, where this is another.
    pub first: Option<String>,
    pub next: Option<String>,
    /// What stands here instead of rows.
    pub empty: Empty,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub label: String,
    /// Figures stand to the right.
    pub numeric: bool,
    pub sort: Option<Sort>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sort {
    /// Sorts by this column, or the other way round where it is sorted by it.
    pub href: String,
    pub order: Order,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// Not sorted by this column.
    #[default]
    None,
    Ascending,
    Descending,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub cells: Vec<Cell>,
    pub actions: Vec<Action>,
    /// The id that is sent where the row is ticked; None where it cannot be.
    pub tick: Option<String>,
}

/// A form that leads to the same page with another question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Filters {
    /// The label of the search box, where there is one; its parameter is `q`.
    pub search: Option<String>,
    /// What is searched for now.
    pub q: String,
    /// Selects; each applies as it is chosen.
    pub selects: Vec<Field>,
    /// The rest of the question, which stays. Never the cursor.
    pub kept: Pairs,
    /// What narrows the rows beside the selects; each leads to the view without it.
    pub chips: Vec<Way>,
}
