//! The charting library: loaded once, and the few of its functions that are called here.

use js_sys::{Function, JSON, Promise, Reflect};
use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, closure::Closure, prelude::wasm_bindgen};
use web_sys::{Element, HtmlScriptElement, MouseEvent};

pub use wasm_bindgen::JsValue;

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

    #[wasm_bindgen(method, js_name = convertFromPixel)]
    fn convert_from_pixel(this: &Instance, finder: &JsValue, x: f64) -> JsValue;

    #[wasm_bindgen(method)]
    pub fn resize(this: &Instance);

    #[wasm_bindgen(method)]
    pub fn dispose(this: &Instance);
}

/// Says of a bucket what stands under the pointer: called with the series' points there.
pub type Tip = Closure<dyn Fn(JsValue) -> String>;

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

    /// Shows what the server composed; what is said under the pointer is asked for here.
    pub fn show(&self, option: &str, is_still: bool, tip: &Tip) {
        let Ok(option) = JSON::parse(option) else { return };
        set(&option, "animation", &(!is_still).into());
        if let Some(tooltip) = Reflect::get(&option, &"tooltip".into()).ok().filter(JsValue::is_object) {
            set(&tooltip, "formatter", tip.as_ref());
        }
        self.set_option(&option, true);
    }

    /// The number of the bucket that a click is in; `element` is the chart's.
    pub fn bucket(&self, element: &Element, click: &MouseEvent) -> Option<usize> {
        let finder = js_sys::Object::new();
        set(&finder, "xAxisIndex", &0.into());
        let found = self
            .convert_from_pixel(&finder, f64::from(click.client_x()) - element.get_bounding_client_rect().left())
            .as_f64()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of a bucket")]
        (found >= 0.0).then_some(found as usize)
    }
}

/// The number of the bucket of points that a tip is asked for.
pub fn bucket_of(points: &JsValue) -> Option<usize> {
    let first = Reflect::get_u32(points, 0).ok()?;
    let index = Reflect::get(&first, &"dataIndex".into()).ok()?.as_f64()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of a bucket")]
    Some(index as usize)
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
    let loaded = Promise::new(&mut |resolve: Function, reject: Function| {
        script.set_onload(Some(&resolve));
        script.set_onerror(Some(&reject));
    });
    let head = page.head().ok_or_else(|| JsValue::from_str("the page has no head"))?;
    head.append_child(&script)?;
    wasm_bindgen_futures::JsFuture::from(loaded).await?;
    is_loaded().then_some(()).ok_or_else(|| JsValue::from_str("the charting library is not what it should be"))
}
