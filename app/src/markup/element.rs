//! An element: built in the browser, written on the server, or woken where it stands in the page.

use leptos::{
    prelude::*,
    tachys::{
        html::attribute::{
            Attribute,
            any_attribute::{AnyAttribute, AnyAttributeState},
        },
        hydration::Cursor,
        no_attrs,
        renderer::{CastFrom, Rndr, types},
        view::{Position, PositionState, any_view::AnyViewState},
    },
};

use super::{Content, Value, attribute};

/// The tags that are not HTML's.
const DRAWN: [&str; 2] = ["svg", "path"];
const DRAWING: &str = "http://www.w3.org/2000/svg";

/// Boxed, so that a chain of calls hands a pointer on.
pub struct Element(Box<Parts>);

struct Parts {
    tag: &'static str,
    key: String,
    attributes: attribute::Attributes,
    /// Listeners, properties and references, as Leptos has them.
    special: Vec<AnyAttribute>,
    children: Vec<AnyView>,
}

/// A new element.
pub fn el(tag: &'static str) -> Element {
    Element(Box::new(Parts {
        tag,
        key: String::new(),
        attributes: Default::default(),
        special: Vec::new(),
        children: Vec::new(),
    }))
}

impl Element {
    /// Of elements with different keys nothing is kept when one takes the other's place.
    pub fn key(mut self, key: String) -> Self {
        self.0.key = key;
        self
    }

    pub fn attr(mut self, name: &'static str, value: impl Value) -> Self {
        self.0.attributes.set(name, value.value());
        self
    }

    pub fn class(self, value: impl Value) -> Self {
        self.attr("class", value)
    }

    /// An attribute that follows the signals it reads.
    pub fn live<V: Value>(mut self, name: &'static str, value: impl Fn() -> V + Send + 'static) -> Self {
        self.0.attributes.follow(name, Box::new(move || value().value()));
        self
    }

    /// A listener, a property or a reference.
    pub fn with(mut self, special: impl IntoAnyAttribute) -> Self {
        self.0.special.push(special.into_any_attr());
        self
    }

    pub fn child(mut self, content: impl Content) -> Self {
        self.0.children.push(content.content());
        self
    }
}

/// An element that stands in the browser.
pub struct Standing {
    tag: &'static str,
    key: String,
    node: types::Element,
    attributes: attribute::Standing,
    special: Vec<AnyAttributeState>,
    children: Vec<AnyViewState>,
}

impl Render for Element {
    type State = Standing;

    fn build(self) -> Standing {
        let Parts { tag, key, attributes, special, children } = *self.0;
        let node = Rndr::create_element(tag, DRAWN.contains(&tag).then_some(DRAWING));
        let attributes = attributes.build(&node);
        let special = special.into_iter().map(|each| each.build(&node)).collect();
        let mut children: Vec<_> = children.into_iter().map(Render::build).collect();
        for child in &mut children {
            child.mount(&node, None);
        }
        Standing { tag, key, node, attributes, special, children }
    }

    /// What keeps its shape is mended where it stands; what does not is another element.
    fn rebuild(self, standing: &mut Standing) {
        let same = self.0.tag == standing.tag
            && self.0.key == standing.key
            && self.0.children.len() == standing.children.len()
            && self.0.special.len() == standing.special.len();
        if !same {
            let mut new = self.build();
            standing.insert_before_this(&mut new);
            standing.unmount();
            *standing = new;
            return;
        }
        let Parts { attributes, special, children, .. } = *self.0;
        attributes.rebuild(&standing.node, &mut standing.attributes);
        for (new, old) in special.into_iter().zip(&mut standing.special) {
            new.rebuild(old);
        }
        for (new, old) in children.into_iter().zip(&mut standing.children) {
            new.rebuild(old);
        }
    }
}

impl RenderHtml for Element {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {
        self.0.children.iter_mut().for_each(RenderHtml::dry_resolve);
    }

    async fn resolve(mut self) -> Self {
        for child in std::mem::take(&mut self.0.children) {
            self.0.children.push(child.resolve().await);
        }
        self
    }

    fn html_len(&self) -> usize {
        2 * self.0.tag.len() + 5 + self.0.children.iter().map(RenderHtml::html_len).sum::<usize>()
    }

    #[cfg(feature = "ssr")]
    fn to_html_with_buf(
        self,
        html: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        _extra: Vec<AnyAttribute>,
    ) {
        let (tag, children) = server::open(self, html);
        *position = Position::FirstChild;
        for child in children {
            child.to_html_with_buf(html, position, escape, mark_branches, Vec::new());
        }
        server::close(tag, html);
        *position = Position::NextChild;
    }

    #[cfg(feature = "ssr")]
    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        stream: &mut leptos::tachys::ssr::StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        _extra: Vec<AnyAttribute>,
    ) {
        let mut opening = String::new();
        let (tag, children) = server::open(self, &mut opening);
        stream.push_sync(&opening);
        *position = Position::FirstChild;
        for child in children {
            child.to_html_async_with_buf::<OUT_OF_ORDER>(stream, position, escape, mark_branches, Vec::new());
        }
        let mut closing = String::new();
        server::close(tag, &mut closing);
        stream.push_sync(&closing);
        *position = Position::NextChild;
    }

    #[cfg(not(feature = "ssr"))]
    fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {
        unreachable!("only the server writes HTML")
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Standing {
        let Parts { tag, key, attributes, special, children } = *self.0;
        match position.get() {
            Position::FirstChild => cursor.child(),
            Position::Current => {}
            _ => cursor.sibling(),
        }
        let Some(node) = types::Element::cast_from(cursor.current()) else {
            panic!("the page holds something else where <{tag}> should stand");
        };
        let attributes = attributes.hydrate(&node);
        let special = special.into_iter().map(|each| each.hydrate::<true>(&node)).collect();
        position.set(Position::FirstChild);
        let children = children.into_iter().map(|child| child.hydrate::<true>(cursor, position)).collect();
        cursor.set(node.clone().into());
        position.set(Position::NextChild);
        Standing { tag, key, node, attributes, special, children }
    }

    fn into_owned(self) -> Self {
        self
    }
}

no_attrs!(Element);

impl Mountable for Standing {
    fn unmount(&mut self) {
        Rndr::remove(&self.node);
    }

    fn mount(&mut self, parent: &types::Element, marker: Option<&types::Node>) {
        Rndr::insert_node(parent, &self.node, marker);
    }

    fn try_mount(&mut self, parent: &types::Element, marker: Option<&types::Node>) -> bool {
        Rndr::try_insert_node(parent, &self.node, marker)
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let parent = Rndr::get_parent(&self.node).and_then(types::Element::cast_from);
        parent.inspect(|parent| child.mount(parent, Some(&self.node))).is_some()
    }

    fn elements(&self) -> Vec<types::Element> {
        vec![self.node.clone()]
    }
}

#[cfg(feature = "ssr")]
mod server {
    use leptos::{prelude::*, tachys::html::attribute::Attribute};

    use super::{Element, Parts};

    /// The tags in use that hold nothing and are not closed.
    const VOID: [&str; 3] = ["img", "input", "br"];

    pub fn open(element: Element, html: &mut String) -> (&'static str, Vec<AnyView>) {
        let Parts { tag, attributes, special, children, .. } = *element.0;
        html.push('<');
        html.push_str(tag);
        attributes.write(html);
        for each in special {
            // None of these is written, but for what Leptos keeps apart.
            each.to_html(html, &mut String::new(), &mut String::new(), &mut String::new());
        }
        html.push('>');
        (tag, children)
    }

    pub fn close(tag: &str, html: &mut String) {
        if !VOID.contains(&tag) {
            html.push_str("</");
            html.push_str(tag);
            html.push('>');
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_written_with_what_it_has_and_holds() {
        let link = el("a").class("x").attr("href", "/?q=\"&r".to_owned()).attr("hidden", false).child("1 < 2");
        let field = el("input").attr("required", true).attr("value", None::<String>).live("name", || "q");
        let form = el("form").child(link).child(field).child(Some("once")).child(None::<Element>);
        assert_eq!(
            form.to_html(),
            "<form><a class=\"x\" href=\"/?q=&quot;&amp;r\">1 &lt; 2</a><input required name=\"q\">once<!></form>"
        );
    }

    #[test]
    fn what_stands_side_by_side_is_told_apart_where_it_is_woken() {
        let side_by_side = el("p").child("a").child("b").child(vec![el("i"), el("b")]).child(("c", el("u")));
        assert_eq!(side_by_side.to_html(), "<p>a<!>b<i></i><b></b><!>c<u></u><!></p>");
    }
}
