//! The words a dashboard is made of. What is worked out of figures is worked out on the server: browsers get what is
//! to be read, and load no code for rates, buckets or the options of charts.

use serde::{Deserialize, Serialize};

use crate::admin::{
    page::{Action, Empty, Part, Tab, Way},
    table::Table,
};

/// All that a dashboard shows at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// RFC 3339 in the zone's own offset.
    pub from: String,
    /// Exclusive.
    pub to: String,
    pub tz: String,
    /// What the range is called.
    pub label: String,
    /// Whether the range reaches the present: there is nothing after it.
    pub open: bool,
    /// What the figures are compared with, in a sentence.
    pub compared: Option<String>,
    /// "clicks delayed 4 min", where they are.
    pub delay: Option<String>,
    /// What narrows the figures; each leads to the view without it.
    pub chips: Vec<Way>,
    /// Where the same question leads: lists and files.
    pub actions: Vec<Action>,
    /// Stands in place of figures where nothing happened.
    pub nothing: Option<Empty>,
    pub cards: Vec<Card>,
    pub plots: Option<Plots>,
    /// Below the charts.
    pub parts: Vec<Part>,
}

/// One figure, of each currency one value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub label: String,
    pub values: Vec<Value>,
    pub note: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Value {
    pub short: String,
    /// Where the short form leaves digits out.
    pub exact: Option<String>,
    pub unit: String,
    pub change: Option<Change>,
}

/// How a figure stands to the one it is compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub way: Direction,
    /// With its sign: "▲ +12.5%".
    pub text: String,
    /// What it is compared with: "from 1,234".
    pub before: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    Up,
    Down,
    /// Unchanged, or not to be compared.
    Level,
}

/// The charts, one above the other, over the same buckets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plots {
    pub intervals: Vec<Tab>,
    /// What the grey line is.
    pub legend: Option<String>,
    /// Whether a bucket with something in it goes on: it is drawn as an outline.
    pub goes_on: bool,
    pub all: Vec<Plot>,
    /// Where each bucket leads: to the view of it alone. Empty where it leads nowhere.
    pub hrefs: Vec<String>,
    /// The same in figures.
    pub twin: Table,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plot {
    pub name: String,
    /// The chart in a sentence.
    pub said: String,
    /// ECharts' option, as JSON.
    pub option: String,
    /// What is said of each bucket under the pointer, as HTML.
    pub tips: Vec<String>,
}
