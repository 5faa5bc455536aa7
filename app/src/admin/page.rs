//! The words a page of the admin is made of. The server composes them, the kit renders them: what is not
//! among these words no page can hold.

use model::{Money, Timestamp};
use serde::{Deserialize, Serialize};

use super::{forms::FormName, table::Table};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The heading, and the title of the window.
    pub title: String,
    /// The way here, from the top; the page itself is not among them.
    pub crumbs: Vec<Way>,
    /// What the page is, or how the thing on it stands: a few words below the heading.
    pub lead: Option<Cell>,
    pub tabs: Vec<Tab>,
    pub actions: Vec<Action>,
    pub parts: Vec<Part>,
    /// Whether it is asked for again every few seconds, for as long as somebody looks at it.
    pub live: bool,
}

/// A link with its words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Way {
    pub label: String,
    pub href: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tab {
    pub way: Way,
    pub current: bool,
    pub count: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// What is known of one thing: labels and values.
    Facts(Vec<(String, Cell)>),
    Cards(Vec<Card>),
    Table(Box<Table>),
    Form(Form),
    Checklist(Vec<Step>),
    Notice(Notice),
    Empty(Empty),
    Code(Code),
    /// A picture from an address of ours, in its own size.
    Image {
        src: String,
        alt: String,
    },
    /// Parts under a heading of their own.
    Group {
        title: String,
        note: Option<String>,
        actions: Vec<Action>,
        parts: Vec<Part>,
    },
    /// Parts that are there for whoever opens them.
    Details {
        summary: String,
        parts: Vec<Part>,
    },
    /// Views of the same, one of them chosen.
    Tabs {
        /// What is chosen from, for those who listen.
        label: String,
        tabs: Vec<Tab>,
    },
    Funnel(Vec<Stage>),
    /// Parts in frames of their own, side by side where there is room.
    Panels(Vec<Vec<Part>>),
}

/// One stage on the way to a purchase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    pub label: String,
    pub count: i64,
    /// Of the first stage, in thousandths.
    pub share: u32,
    /// How many came so far of those before, and how many did not.
    pub notes: Vec<String>,
    /// Whether it stands beside the way, not on it.
    pub aside: bool,
}

/// One figure with its label; with an address it leads to what it counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    pub label: String,
    pub value: Cell,
    pub note: String,
    pub href: Option<String>,
}

/// One step on the way to something that works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub done: bool,
    pub label: String,
    pub hint: String,
    /// Where the step is taken.
    pub way: Option<Way>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
    pub way: Option<Way>,
}

/// Stands where there is nothing yet, and says the next step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Empty {
    pub title: String,
    pub text: String,
    pub action: Option<Action>,
}

/// Text to be copied, in a block of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Code {
    pub label: String,
    pub text: String,
    pub note: Option<String>,
    /// Whether it is a secret that is shown this once: then it stands out.
    pub once: bool,
}

/// What a table, a fact or a card holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    /// "–": there is no value; a zero would be a claim.
    #[default]
    None,
    Text(String),
    /// Monospaced, with a button that copies it.
    Code(String),
    Link(Way),
    /// A word with the colour of what it means.
    Status(Tone, String),
    /// In UTC: short for the eye, exact on hover.
    Time(Timestamp),
    Count(i64),
    /// One amount for each currency: they are never added together.
    Money(Vec<Money>),
    /// A name and what helps to tell it from others, in smaller print.
    Person {
        name: Box<Cell>,
        note: String,
    },
    /// Several, one below the other.
    Stack(Vec<Cell>),
    /// A part of a whole, in thousandths: a bar and a percentage.
    Share(u32),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    #[default]
    Plain,
    /// The one thing to do on a page; a status that needs no eye.
    Good,
    /// Wants an eye, not a hand.
    Warn,
    /// Broken, or cannot be undone.
    Bad,
}

/// Something that can be done: a link, a button, or a button that opens a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    pub label: String,
    /// The label for those who do not see what it stands beside: "Revoke key trb_live_ab12".
    pub said: Option<String>,
    pub tone: Tone,
    pub deed: Deed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Deed {
    Go(String),
    /// Sends these fields as this form, at once or after it was confirmed.
    Do {
        form: FormName,
        fields: Pairs,
        confirm: Option<Confirm>,
    },
    Copy(String),
    /// An address of ours, or a `data:` one, that is saved as a file of this name.
    Save {
        href: String,
        name: String,
    },
    /// Opens the form in a dialog.
    Ask(Box<Form>),
}

/// Names and values as a form sends them.
pub type Pairs = Vec<(String, String)>;

/// What is asked before something that cannot be undone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confirm {
    /// A question: "Revoke this key?"
    pub title: String,
    /// What it breaks, and when the thing was last used.
    pub text: String,
    /// The deed, not "OK".
    pub button: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    pub name: FormName,
    /// The heading where the form opens in a dialog; else it may be empty.
    pub title: String,
    pub note: Option<String>,
    pub fields: Vec<Field>,
    /// Fields that most leave as they are: folded away.
    pub more: Vec<Field>,
    pub hidden: Pairs,
    pub submit: String,
    pub cancel: Option<String>,
    /// Done while the fields change; what it shows stands below them.
    pub preview: Option<FormName>,
    /// Whether what was entered stays once it was done: it is mended and sent again.
    pub keeps: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// As the API names it: errors find their field by it.
    pub name: String,
    pub label: String,
    pub kind: Kind,
    /// A checkbox holds "true" or "false"; [`Kind::Many`] the chosen values, separated by commas.
    pub value: String,
    pub hint: Option<String>,
    pub required: bool,
    /// What browsers may fill in; "off" where nothing.
    pub autocomplete: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    #[default]
    Text,
    Email,
    Url,
    Password,
    Number,
    /// Lines of text to be read by a machine.
    Lines,
    /// A date and a time in UTC.
    Moment,
    Checkbox,
    Select(Vec<Choice>),
    /// Text, with these to choose from.
    Suggest(Vec<String>),
    /// Checkboxes under a box that narrows them, with "all that are shown".
    Many(Vec<Choice>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

/// What came of an act.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// For the status area: "Advertiser made." Empty where what is shown says it all.
    pub said: String,
    /// Where to go now; None stays here.
    pub go: Option<String>,
    /// Takes it back.
    pub undo: Option<Action>,
    /// What is shown this once: a key, new codes.
    pub show: Vec<Part>,
}
