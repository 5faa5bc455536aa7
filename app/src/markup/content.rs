//! What an element can hold. Each kind of content ends up as one of a handful of types.

use leptos::{prelude::*, tachys::view::iterators::StaticVec};

use super::Element;

pub trait Content {
    fn content(self) -> AnyView;
}

impl Content for AnyView {
    fn content(self) -> AnyView {
        self
    }
}

impl Content for Element {
    fn content(self) -> AnyView {
        self.into_any()
    }
}

impl Content for String {
    fn content(self) -> AnyView {
        self.into_any()
    }
}

impl Content for &'static str {
    fn content(self) -> AnyView {
        self.to_owned().into_any()
    }
}

impl<C: Content> Content for Option<C> {
    fn content(self) -> AnyView {
        self.map(C::content).into_any()
    }
}

impl<C: Content> Content for Vec<C> {
    fn content(self) -> AnyView {
        self.into_iter().map(C::content).collect::<Vec<_>>().into_any()
    }
}

/// Content that follows the signals it reads.
impl<F, C> Content for F
where
    F: Fn() -> C + Send + 'static,
    C: Content,
{
    fn content(self) -> AnyView {
        let live: Box<dyn FnMut() -> AnyView + Send> = Box::new(move || self().content());
        live.into_any()
    }
}

macro_rules! side_by_side {
    ($($part:ident)*) => {
        impl<$($part: Content),*> Content for ($($part,)*) {
            fn content(self) -> AnyView {
                #[expect(non_snake_case, reason = "each part is named after its type")]
                let ($($part,)*) = self;
                StaticVec::from(vec![$($part.content()),*]).into_any()
            }
        }
    };
}

side_by_side!(A B);
side_by_side!(A B C);
side_by_side!(A B C D);
side_by_side!(A B C D E);
