//! Keeps two charts drawn: on new figures, another size, light or dark.

use leptos::{html::Div, prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, MediaQueryList, ResizeObserver};

use super::{
    Bars,
    library::{self, AxisLabel, Instance},
    option::{self, Look, Series},
};

const DARK: &str = "(prefers-color-scheme: dark)";
const STILL: &str = "(prefers-reduced-motion: reduce)";
/// Charts of one group point at the same bucket.
const GROUP: &str = "over-time";

pub fn draw(clicks: NodeRef<Div>, conversions: NodeRef<Div>, bars: Memo<Option<Bars>>) -> Signal<bool> {
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

    let look = follow_look();
    let charts = StoredValue::new_local(None::<Pair>);
    Effect::new(move |_| {
        let (Some(above), Some(below)) = (clicks.get(), conversions.get()) else { return };
        if !loaded.get() {
            return;
        }
        bars.with(|bars| {
            let Some(bars) = bars else { return };
            charts
                .update_value(|charts| charts.get_or_insert_with(|| Pair::new(&above, &below)).show(bars, look.get()));
        });
    });
    on_cleanup(move || {
        // Dropped here: the elements are about to go.
        charts.try_update_value(Option::take);
    });
    failed.into()
}

/// The two charts and what watches their size.
struct Pair {
    clicks: Instance,
    conversions: Instance,
    watch: Option<ResizeObserver>,
    _resized: Closure<dyn Fn()>,
    label: Option<AxisLabel>,
}

impl Pair {
    fn new(above: &Element, below: &Element) -> Self {
        let clicks = Instance::new(above, GROUP);
        let conversions = Instance::new(below, GROUP);
        let both = [clicks.clone(), conversions.clone()];
        let resized = Closure::<dyn Fn()>::new(move || both.iter().for_each(Instance::resize));
        let watch = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok();
        if let Some(watch) = &watch {
            watch.observe(above);
        }
        Self { clicks, conversions, watch, _resized: resized, label: None }
    }

    fn show(&mut self, bars: &Bars, look: Look) {
        let most = bars.clicks.iter().chain(&bars.conversions).copied().max().unwrap_or_default();
        let (colours, room) = (look.colours(), option::room(most));
        let labels = bars.labels.clone();
        let label = AxisLabel::new(move |_name, bucket| labels.get(bucket).cloned().unwrap_or_default());
        let clicks = Series { name: "Clicks", colour: colours.clicks, values: &bars.clicks };
        let conversions = Series { name: "Conversions", colour: colours.conversions, values: &bars.conversions };
        self.clicks.show(&option::chart(&clicks, bars, room, look), colours.strong, &label);
        self.conversions.show(&option::chart(&conversions, bars, room, look), colours.strong, &label);
        // The one before may go only now: the charts called it until they were shown anew.
        self.label = Some(label);
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.disconnect();
        }
        self.clicks.dispose();
        self.conversions.dispose();
    }
}

/// The look the reader's system asks for, also when it changes its mind.
fn follow_look() -> Signal<Look> {
    let look = RwSignal::new(Look { dark: false, still: true });
    Effect::new(move |_| {
        let query = |media| window().match_media(media).ok().flatten();
        let (Some(dark), Some(still)) = (query(DARK), query(STILL)) else { return };
        let lists = [dark.clone(), still.clone()];
        let read = move || look.set(Look { dark: dark.matches(), still: still.matches() });
        read();
        let changed = Closure::<dyn Fn()>::new(read);
        for list in &lists {
            // Refused by no browser that knows media queries.
            let _ = list.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
        }
        let watch = StoredValue::new_local(Some(Watch { lists, changed }));
        on_cleanup(move || {
            watch.try_update_value(Option::take);
        });
    });
    look.into()
}

struct Watch {
    lists: [MediaQueryList; 2],
    changed: Closure<dyn Fn()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        for list in &self.lists {
            let _ = list.remove_event_listener_with_callback("change", self.changed.as_ref().unchecked_ref());
        }
    }
}
