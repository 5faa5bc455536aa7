//! The title of the window.

use leptos::{prelude::*, text_prop::TextProp};
use leptos_meta::Title;

/// Every page names its window by this alone: leptos_meta's own `Title` writes into the HTML what it is given, markup
/// and all.
#[component]
pub fn WindowTitle(#[prop(into)] text: TextProp) -> impl IntoView {
    view! { <Title text=move || written(format!("{} · Tributary", text.get()))/> }
}

/// On its way into HTML; browsers set a title as plain text.
#[cfg(feature = "ssr")]
fn written(title: String) -> String {
    title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(not(feature = "ssr"))]
fn written(title: String) -> String {
    title
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn no_title_ends_its_element() {
        assert_eq!(written("</title><b>&amp;".into()), "&lt;/title&gt;&lt;b&gt;&amp;amp;");
    }
}
