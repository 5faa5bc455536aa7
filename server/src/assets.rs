//! The built site: pages' scripts, styles and icons, from the binary itself or from a folder.

use std::{
    borrow::Cow,
    path::{Component, Path, PathBuf},
};

use anyhow::Context;
use app::Assets;
use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use crate::state::AppState;

const DEFAULT_FOLDER: &str = "target/site";

#[cfg(feature = "embed-site")]
#[derive(rust_embed::Embed)]
#[folder = "../target/site"]
struct Embedded;

pub struct Site {
    /// None: inside the binary.
    folder: Option<PathBuf>,
    pub assets: Assets,
}

#[derive(Deserialize)]
struct Manifest {
    js: String,
    wasm: String,
    css: String,
    charts: String,
}

impl Site {
    /// The folder that was named; else what the binary carries; else `target/site`.
    pub fn find(named: Option<&Path>) -> anyhow::Result<Self> {
        let folder = match named {
            Some(folder) => Some(folder.to_owned()),
            None if cfg!(feature = "embed-site") => None,
            None => Some(PathBuf::from(DEFAULT_FOLDER)),
        };
        let empty = Assets { js: String::new(), wasm: String::new(), css: String::new(), charts: String::new() };
        let mut site = Self { folder, assets: empty };
        let manifest = site.read("manifest.json").context(
            "the pages' files are missing: build them with `make build`, start from the repository's root, or name --site-dir",
        )?;
        let manifest: Manifest = serde_json::from_slice(&manifest).context("manifest.json of the pages' files")?;
        site.assets = Assets { js: manifest.js, wasm: manifest.wasm, css: manifest.css, charts: manifest.charts };
        Ok(site)
    }

    fn read(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        // Only plain names: nothing climbs out of the folder.
        let is_plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if !is_plain || path.is_empty() {
            return None;
        }
        if let Some(folder) = &self.folder {
            return std::fs::read(folder.join(path)).ok().map(Cow::Owned);
        }
        #[cfg(feature = "embed-site")]
        return Embedded::get(path).map(|file| file.data);
        #[cfg(not(feature = "embed-site"))]
        None
    }
}

/// A file of the site, compressed as the browser takes it. None where there is none of that name.
pub fn file(site: &Site, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let path = uri.path().trim_start_matches('/');
    // Those are ways to the same file, not files.
    if path.ends_with(".br") || path.ends_with(".gz") || path == "manifest.json" {
        return None;
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes =
        |name: &str| accepted.split(',').any(|part| part.split(';').next().is_some_and(|part| part.trim() == name));
    let compressed = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(name, _)| takes(name))
        .find_map(|(name, ending)| Some((Some(name), site.read(&format!("{path}{ending}"))?)));
    let (encoding, bytes) = compressed.or_else(|| Some((None, site.read(path)?)))?;
    let mut response = Body::from(bytes).into_response();
    let headers = response.headers_mut();
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    // Files under pkg/ have their content's hash in their name.
    let cache = if path.starts_with("pkg/") { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

/// `GET /pkg/{*file}`.
pub async fn package_file(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    file(&state.site, &uri, &headers).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}
