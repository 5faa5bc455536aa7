//! Elements of one type, whatever their tag and attributes are.
//!
//! Leptos makes a type of each shape of element, and browsers load code for each of them: 2 kB before compression.
//! So what pages are made of is written with [`el`] instead of `view!`; both can hold one another. See decision 0017.

mod attribute;
mod content;
mod element;

pub use attribute::Value;
pub use content::Content;
pub use element::{Element, el};
