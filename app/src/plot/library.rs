//! The charting library: loaded once, and the few of its functions that charming does not name.

use js_sys::{Promise, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlScriptElement};

use super::option::Chart;

#[wasm_bindgen]
extern "C" {
    /// A chart in an element.
    #[derive(Clone)]
    pub type Instance;

    #[wasm_bindgen(js_namespace = echarts)]
    fn init(element: &Element, theme: &JsValue, options: &JsValue) -> Instance;

    #[wasm_bindgen(js_namespace = echarts)]
    fn connect(group: &str);

    #[wasm_bindgen(method, setter)]
    fn set_group(this: &Instance, group: &str);

    #[wasm_bindgen(method, js_name = setOption)]
    fn set_option(this: &Instance, option: &JsValue, replace: bool);

    #[wasm_bindgen(method)]
    pub fn resize(this: &Instance);

    #[wasm_bindgen(method)]
    pub fn dispose(this: &Instance);
}

impl Instance {
    /// An empty chart. Charts of one group show the same bucket when the pointer is over either.
    pub fn new(element: &Element, group: &str) -> Self {
        let options = js_sys::Object::new();
        set(&options, "renderer", &"svg".into());
        let instance = init(element, &JsValue::NULL, &options);
        instance.set_group(group);
        connect(group);
        instance
    }

    /// Shows `chart`, and what charming has no words for: the tooltip's text, and labels
    /// that make room for one another.
    pub fn show(&self, chart: &Chart, text: &str, label: &AxisLabel) {
        let Ok(option) = serde_wasm_bindgen::to_value(chart) else { return };
        if let Some(tooltip) = part(&option, "tooltip") {
            let style = js_sys::Object::new();
            set(&style, "color", &text.into());
            set(&style, "fontSize", &13.into());
            set(&tooltip, "textStyle", &style);
            set(&tooltip, "confine", &true.into());
            set(&tooltip, "transitionDuration", &0.into());
            set(&tooltip, "extraCssText", &"box-shadow:none".into());
        }
        if let Some(axis) = part(&option, "xAxis")
            && let Some(labels) = part(&axis, "axisLabel")
        {
            set(&labels, "formatter", label.as_ref());
            set(&labels, "hideOverlap", &true.into());
        }
        self.set_option(&option, true);
    }
}

/// Names a bucket at the axis: called with its full name and its number.
pub type AxisLabel = Closure<dyn Fn(JsValue, usize) -> String>;

fn part(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into()).ok().filter(JsValue::is_object)
}

fn set(object: &JsValue, name: &str, value: &JsValue) {
    // Fails only for frozen objects; these are ours.
    let _ = Reflect::set(object, &name.into(), value);
}

fn is_loaded() -> bool {
    Reflect::has(&window(), &"echarts".into()).unwrap_or(false)
}

/// Resolves when the library stands. The page names its address in `<meta name="charts">`.
pub async fn load() -> Result<(), JsValue> {
    if is_loaded() {
        return Ok(());
    }
    let page = document();
    let address = page
        .query_selector("meta[name=charts]")?
        .and_then(|meta| meta.get_attribute("content"))
        .ok_or_else(|| JsValue::from_str("the page does not say where the charting library is"))?;
    let script: HtmlScriptElement = page.create_element("script")?.dyn_into()?;
    script.set_src(&address);
    script.set_async(true);
    let loaded = Promise::new(&mut |resolve, reject| {
        script.set_onload(Some(&resolve));
        script.set_onerror(Some(&reject));
    });
    let head = page.head().ok_or_else(|| JsValue::from_str("the page has no head"))?;
    head.append_child(&script)?;
    wasm_bindgen_futures::JsFuture::from(loaded).await?;
    is_loaded().then_some(()).ok_or_else(|| JsValue::from_str("the charting library is not what it should be"))
}
