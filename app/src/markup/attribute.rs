//! Attributes: fixed ones, and those that follow signals.

use std::borrow::Cow;

use leptos::{
    prelude::*,
    tachys::renderer::{Rndr, types},
};

type Text = Cow<'static, str>;

/// What an attribute can hold. One without a value is not there; `true` is there, and empty.
pub trait Value {
    fn value(self) -> Option<Text>;
}

impl Value for &'static str {
    fn value(self) -> Option<Text> {
        Some(Cow::Borrowed(self))
    }
}

impl Value for String {
    fn value(self) -> Option<Text> {
        Some(Cow::Owned(self))
    }
}

impl Value for bool {
    fn value(self) -> Option<Text> {
        self.then_some(Cow::Borrowed(""))
    }
}

impl<V: Value> Value for Option<V> {
    fn value(self) -> Option<Text> {
        self.and_then(V::value)
    }
}

/// The attributes of one element.
#[derive(Default)]
pub(super) struct Attributes {
    fixed: Vec<(&'static str, Text)>,
    live: Vec<(&'static str, Live)>,
}

type Live = Box<dyn Fn() -> Option<Text> + Send>;

/// The attributes of one element that stands in the browser.
pub(super) struct Standing {
    fixed: Vec<(&'static str, Text)>,
    /// Each keeps its attribute up to date for as long as it is held.
    live: Vec<(&'static str, RenderEffect<Option<Text>>)>,
}

impl Attributes {
    pub(super) fn set(&mut self, name: &'static str, value: Option<Text>) {
        self.fixed.extend(value.map(|value| (name, value)));
    }

    pub(super) fn follow(&mut self, name: &'static str, value: Live) {
        self.live.push((name, value));
    }

    pub(super) fn build(self, node: &types::Element) -> Standing {
        for (name, value) in &self.fixed {
            Rndr::set_attribute(node, name, value);
        }
        self.stand(node, false)
    }

    /// The page came with all of them.
    pub(super) fn hydrate(self, node: &types::Element) -> Standing {
        self.stand(node, true)
    }

    fn stand(self, node: &types::Element, written: bool) -> Standing {
        let live = self.live.into_iter();
        let live = live.map(|(name, value)| (name, keep_up_to_date(node.clone(), name, value, written)));
        Standing { fixed: self.fixed, live: live.collect() }
    }

    pub(super) fn rebuild(self, node: &types::Element, standing: &mut Standing) {
        let names = |fixed: &[(&'static str, Text)]| fixed.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let mut kept = names(&self.fixed);
        kept.extend(self.live.iter().map(|(name, _)| name));
        let mut gone = names(&standing.fixed);
        gone.extend(standing.live.iter().map(|(name, _)| name));
        for name in gone.into_iter().filter(|name| !kept.contains(name)) {
            Rndr::remove_attribute(node, name);
        }
        for attribute in &self.fixed {
            if !standing.fixed.contains(attribute) {
                Rndr::set_attribute(node, attribute.0, &attribute.1);
            }
        }
        *standing = self.stand(node, false);
    }

    #[cfg(feature = "ssr")]
    pub(super) fn write(self, html: &mut String) {
        let live = self.live.into_iter().filter_map(|(name, value)| Some((name, value()?)));
        for (name, value) in self.fixed.into_iter().chain(live) {
            html.push(' ');
            html.push_str(name);
            if !value.is_empty() {
                html.push_str("=\"");
                html_escape::encode_double_quoted_attribute_to_string(&value, html);
                html.push('"');
            }
        }
    }
}

fn keep_up_to_date(node: types::Element, name: &'static str, value: Live, written: bool) -> RenderEffect<Option<Text>> {
    RenderEffect::new(move |before: Option<Option<Text>>| {
        let now = value();
        let same = before.map_or(written, |before| before == now);
        if !same {
            match &now {
                Some(value) => Rndr::set_attribute(&node, name, value),
                None => Rndr::remove_attribute(&node, name),
            }
        }
        now
    })
}
