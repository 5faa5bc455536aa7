//! How much the browser loads: the compressed files of the built site.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::report::Report;

const PAGE_BUDGET: u64 = 300_000;
const CHARTS_BUDGET: u64 = 180_000;

pub fn measure(site: &Path, report: &mut Report) -> Result<()> {
    let Ok(manifest) = fs::read(site.join("manifest.json")) else {
        report.detail(format!("browser bytes: no {} here (`make site` builds it)", site.display()));
        return Ok(());
    };
    let manifest: Value = serde_json::from_slice(&manifest).context("manifest.json")?;
    let size = |name: &str| -> Option<u64> {
        let file = manifest[name].as_str()?;
        Some(fs::metadata(site.join(format!("{file}.br"))).ok()?.len())
    };
    let (Some(wasm), Some(js), Some(css), Some(charts)) = (size("wasm"), size("js"), size("css"), size("charts"))
    else {
        report.detail("browser bytes: the site was built for development, without compressed files (`make site`)");
        return Ok(());
    };
    let page = wasm + js + css;
    report.ratio("page over the wire (WASM, JS, CSS in brotli) to 300 KB", part(page, PAGE_BUDGET), "≤ 1.0");
    report.ratio("chart bundle over the wire to 180 KB", part(charts, CHARTS_BUDGET), "≤ 1.0");
    report.detail(format!(
        "bytes in brotli: WASM {wasm}, JS {js}, CSS {css}, chart bundle {charts}; the HTML itself is not counted"
    ));
    Ok(())
}

fn part(bytes: u64, budget: u64) -> String {
    let (bytes, budget) = (crate::contest::number(bytes), crate::contest::number(budget));
    format!("{:.2} ×", bytes / budget)
}
