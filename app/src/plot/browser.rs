//! Keeps two charts drawn, on new figures and another size, and leads from a bucket to the view of it alone.

use leptos::{html::Div, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, MouseEvent, ResizeObserver};

use super::library::{self, Instance, JsValue, Tip};
use crate::figures::sheet::{Plot, Plots};

const STILL: &str = "(prefers-reduced-motion: reduce)";
/// Charts of one group point at the same bucket.
const GROUP: &str = "over-time";

pub fn draw(elements: [NodeRef<Div>; 2], plots: Memo<Option<Plots>>) -> Signal<bool> {
    let loaded = RwSignal::new(false);
    let failed = RwSignal::new(false);
    Effect::new(move |_| {
        spawn_local(async move {
            match library::load().await {
                Ok(()) => loaded.try_set(true),
                Err(_) => failed.try_set(true),
            };
        });
    });

    let navigate = StoredValue::new_local(std::rc::Rc::new(use_navigate()));
    // A click on a bucket narrows the range to it; what the table's links do is the same.
    let lead = move |bucket: usize| {
        let href = plots.with_untracked(|plots| plots.as_ref()?.hrefs.get(bucket).cloned());
        if let Some(href) = href.filter(|href| !href.is_empty()) {
            navigate.get_value()(&href, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        }
    };
    let charts = StoredValue::new_local(None::<Vec<Drawing>>);
    Effect::new(move |_| {
        let Some(elements) = elements.iter().map(|element| element.get()).collect::<Option<Vec<_>>>() else { return };
        if !loaded.get() {
            return;
        }
        plots.with(|plots| {
            let Some(plots) = plots else { return };
            charts.update_value(|charts| {
                let charts =
                    charts.get_or_insert_with(|| elements.iter().map(|element| Drawing::new(element, lead)).collect());
                charts.iter_mut().zip(&plots.all).for_each(|(chart, plot)| chart.show(plot));
            });
        });
    });
    on_cleanup(move || {
        // Dropped here: the elements are about to go.
        charts.try_update_value(Option::take);
    });
    failed.into()
}

/// A chart, what watches its size, and what listens to clicks.
struct Drawing {
    instance: Instance,
    element: Element,
    watch: Option<ResizeObserver>,
    _resized: Closure<dyn Fn()>,
    clicked: Closure<dyn Fn(MouseEvent)>,
    tip: Option<Tip>,
}

impl Drawing {
    fn new(element: &Element, lead: impl Fn(usize) + 'static) -> Self {
        let instance = Instance::new(element, GROUP);
        let shown = instance.clone();
        let resized = Closure::<dyn Fn()>::new(move || shown.resize());
        let watch = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let Some(watch) = &watch {
            watch.observe(element);
        }
        let (shown, of) = (instance.clone(), element.clone());
        let clicked = Closure::<dyn Fn(MouseEvent)>::new(move |event: MouseEvent| {
            if let Some(bucket) = shown.bucket(&of, &event) {
                lead(bucket);
            }
        });
        // Refused by no browser.
        let _ = element.add_event_listener_with_callback("click", clicked.as_ref().unchecked_ref());
        Self { instance, element: element.clone(), watch, _resized: resized, clicked, tip: None }
    }

    fn show(&mut self, plot: &Plot) {
        let tips = plot.tips.clone();
        let tip = Tip::new(move |points: JsValue| {
            library::bucket_of(&points).and_then(|bucket| tips.get(bucket).cloned()).unwrap_or_default()
        });
        let is_still = window().match_media(STILL).ok().flatten().is_some_and(|still| still.matches());
        self.instance.show(&plot.option, is_still, &tip);
        // The one before may go only now: the chart called it until it was shown anew.
        self.tip = Some(tip);
    }
}

impl Drop for Drawing {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.disconnect();
        }
        let _ = self.element.remove_event_listener_with_callback("click", self.clicked.as_ref().unchecked_ref());
        self.instance.dispose();
    }
}
