//! Everything that can be asked, asked by those whom it is not for: nobody, another shop, another shop's influencer.
//! Addresses come from the OpenAPI document and from the pages' own links, so that what is added later is walked too.

use std::collections::{BTreeMap, BTreeSet};

use app::admin::forms::FormName;
use reqwest::{Method, Response, StatusCode, header};
use serde_json::{Value, json};
use server::cli::{LimitConfig, ServeConfig};

use crate::api::{Api, PASSWORD, Running, text};

/// In every name and code of the shop that is looked for. Found in an answer, that answer is of somebody else's.
const MARK: &str = "quetzal";
/// What tells one page from another; ranges and orders only show it otherwise.
const KEPT: [&str; 10] = [
    "advertiser_id",
    "campaign_id",
    "influencer_id",
    "link_id",
    "coupon_id",
    "api_key_id",
    "click_id",
    "by",
    "as",
    "method",
];

/// The shop that intruders are after.
struct Shop {
    running: Running,
    /// Of one thing of each kind.
    ids: Vec<String>,
    advertiser_token: String,
    influencer_token: String,
}

impl Shop {
    async fn open(api: &Api) -> Self {
        let running = api.running_with(json!({ "name": "Quetzal Spring" })).await;
        let rename = async |path: String, name: &str| {
            assert_eq!(api.patch(&path, json!({ "name": name })).await.status(), StatusCode::OK, "{path}");
        };
        rename(format!("/api/v1/advertisers/{}", running.advertiser), "Quetzal Shop").await;
        rename(format!("/api/v1/influencers/{}", running.influencer), "Quetzal Anna").await;
        let coupon =
            json!({ "campaign_id": running.campaign, "influencer_id": running.influencer, "code": "QUETZAL10" });
        let coupon = api.created("/api/v1/coupons", coupon).await;
        let order = json!({ "action": "purchase", "event_id": "QUETZAL-1", "value": "5", "coupon_code": "QUETZAL10" });
        let event: Value = api.event(&running.key, order).await.json().await.unwrap();
        api.event(&running.key, json!({ "action": "steal", "event_id": "QUETZAL-2" })).await;
        api.follow(&running.code).await;
        api.wait_for("/api/v1/stats/overview", "clicks", json!(1)).await;
        let failure = api.failures(1).await.remove(0);
        let click = api.got("/api/v1/clicks").await["items"][0].clone();
        let keys = api.got(&format!("/api/v1/advertisers/{}/api-keys", running.advertiser)).await;
        let of_shop = json!({ "role": "advertiser", "advertiser_id": running.advertiser });
        let (account, advertiser_token) = api.account("quetzal@shop.example", of_shop).await;
        let of_influencer = json!({ "role": "influencer", "influencer_id": running.influencer });
        let (_, influencer_token) = api.account("quetzal@social.example", of_influencer).await;
        let ids = [&coupon, &event, &failure, &click, &keys["items"][0], &account]
            .into_iter()
            .map(|made| text(made, "id"))
            .chain([&running.advertiser, &running.campaign, &running.influencer, &running.link].map(String::as_str))
            .map(str::to_owned)
            .collect();
        Self { ids, advertiser_token, influencer_token, running }
    }

    /// What an admin sees of it: what no intruder may change.
    async fn state(&self, api: &Api) -> BTreeMap<String, Value> {
        let of = &self.running.advertiser;
        let mut state = BTreeMap::new();
        for path in [
            format!("/api/v1/advertisers/{of}"),
            format!("/api/v1/advertisers/{of}/api-keys"),
            format!("/api/v1/campaigns?advertiser_id={of}"),
            format!("/api/v1/campaigns/{}/influencers", self.running.campaign),
            format!("/api/v1/influencers/{}", self.running.influencer),
            format!("/api/v1/coupons?advertiser_id={of}"),
            format!("/api/v1/links?advertiser_id={of}"),
            format!("/api/v1/events?advertiser_id={of}"),
            format!("/api/v1/clicks?advertiser_id={of}"),
            format!("/api/v1/ingest-failures?advertiser_id={of}"),
            format!("/api/v1/accounts?advertiser_id={of}"),
        ] {
            let seen = api.got(&path).await;
            state.insert(path, seen);
        }
        state
    }

    fn is_in(&self, answer: &[u8]) -> bool {
        let answer = String::from_utf8_lossy(answer).to_lowercase();
        answer.contains(MARK) || answer.contains(&self.running.code.to_lowercase())
    }
}

/// By name, and with the token of a session where there is one.
async fn intruders(api: &Api) -> [(&'static str, Option<String>); 3] {
    let other = api.running().await;
    let advertiser = json!({ "role": "advertiser", "advertiser_id": other.advertiser });
    let influencer = json!({ "role": "influencer", "influencer_id": other.influencer });
    [
        ("nobody", None),
        ("another shop", Some(api.account("other@shop.example", advertiser).await.1)),
        ("another influencer", Some(api.account("other@social.example", influencer).await.1)),
    ]
}

async fn as_browser(api: &Api, token: Option<&str>, method: Method, path: &str) -> Response {
    // A page; or what scripts ask for.
    let accept = if path.starts_with("/api/") { "application/x-postcard" } else { "text/html" };
    let request = api.client.request(method, api.url(path)).header(header::ACCEPT, accept);
    let request = match token {
        Some(token) => request.header(header::COOKIE, format!("{}={token}", app::session::COOKIE)),
        None => request,
    };
    request.send().await.unwrap()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What a page's address asks the server's functions for.
fn functions(address: &str) -> [String; 3] {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    [
        format!("/api/ui/page?path={}&query={}", encoded(path), encoded(query)),
        format!("/api/ui/figures?query={}", encoded(query)),
        format!("/api/ui/scopes?query={}", encoded(query)),
    ]
}

/// Every address that the pages of a session lead to, without what only shows them otherwise.
async fn crawled(api: &Api, token: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from(["/".to_owned()]);
    let mut waiting: Vec<String> = found.iter().cloned().collect();
    while let Some(address) = waiting.pop() {
        let answer = as_browser(api, Some(token), Method::GET, &address).await;
        assert!(!answer.status().is_server_error(), "{address}: {}", answer.status());
        let led = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let page = answer.text().await.unwrap();
        let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned);
        for link in links.chain(led) {
            let link = link.replace("&amp;", "&");
            let is_page = link.starts_with('/')
                && !["/api/", "/pkg/", "/docs/", "/favicon", "/apple", "/r/"]
                    .iter()
                    .any(|other| link.starts_with(other));
            if !is_page {
                continue;
            }
            let (path, query) = link.split_once('?').unwrap_or((&link, ""));
            let kept: BTreeSet<String> = url::form_urlencoded::parse(query.split('#').next().unwrap().as_bytes())
                .filter(|(name, value)| KEPT.contains(&name.as_ref()) && !value.is_empty())
                .map(|(name, value)| format!("{name}={}", encoded(&value)))
                .collect();
            let kept = kept.into_iter().collect::<Vec<_>>().join("&");
            let address = if kept.is_empty() { path.to_owned() } else { format!("{path}?{kept}") };
            if found.len() < 600 && found.insert(address.clone()) {
                waiting.push(address);
            }
        }
    }
    found
}

#[tokio::test]
async fn no_page_and_no_server_function_shows_a_shop_to_others() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let shop = Shop::open(&api).await;
    let intruders = intruders(&api).await;
    let mut addresses = BTreeSet::new();
    for token in [&api.token, &shop.advertiser_token, &shop.influencer_token] {
        let found = crawled(&api, token).await;
        let mut shown = 0;
        for address in &found {
            let mut is_shown =
                shop.is_in(&as_browser(&api, Some(token), Method::GET, address).await.bytes().await.unwrap());
            for function in functions(address) {
                is_shown |=
                    shop.is_in(&as_browser(&api, Some(token), Method::GET, &function).await.bytes().await.unwrap());
            }
            shown += usize::from(is_shown);
        }
        assert!(
            shown * 4 > found.len(),
            "most of what is walked shows the shop to its own: {shown} of {}",
            found.len()
        );
        addresses.extend(found);
    }
    assert!(addresses.len() > 60, "{addresses:?}");
    for (who, token) in &intruders {
        for address in &addresses {
            let answer = as_browser(&api, token.as_deref(), Method::GET, address).await;
            let status = answer.status();
            let is_refused = status.is_redirection()
                || status == StatusCode::UNAUTHORIZED
                || (status == StatusCode::OK && address == "/login");
            assert!(token.is_some() || is_refused, "{who} {address}: {status}");
            assert!(!status.is_server_error(), "{who} {address}: {status}");
            assert!(!shop.is_in(&answer.bytes().await.unwrap()), "{who} sees the shop at {address}");
            for function in functions(address) {
                let answer = as_browser(&api, token.as_deref(), Method::GET, &function).await;
                let status = answer.status();
                assert!(token.is_some() || status == StatusCode::UNAUTHORIZED, "{who} {function}: {status}");
                assert!(!status.is_server_error(), "{who} {function}: {status}");
                assert!(!shop.is_in(&answer.bytes().await.unwrap()), "{who} sees the shop at {function}");
            }
        }
    }
    api.end().await;
}

/// Calls the function behind every form as the browser's half does.
async fn act(
    api: &Api,
    token: Option<&str>,
    origin: Option<&str>,
    form: FormName,
    fields: &[(String, String)],
) -> Response {
    let body = postcard::to_allocvec(&(form, fields)).unwrap();
    let mut request =
        api.client.post(api.url("/api/ui/act")).header(header::CONTENT_TYPE, "application/x-postcard").body(body);
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    if let Some(token) = token {
        request = request.header(header::COOKIE, format!("{}={token}", app::session::COOKIE));
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn no_form_does_anything_for_whom_it_is_not() {
    // Each guess is to be answered for itself.
    let unlimited = |config: ServeConfig| {
        let limits = LimitConfig { failed_logins_per_account: 0, failed_logins_per_address: 0, ..config.limits };
        ServeConfig { limits, ..config }
    };
    let api = Api::start_with(crate::databases::Database::sqlite(), unlimited).await;
    let shop = Shop::open(&api).await;
    let intruders = intruders(&api).await;
    let before = shop.state(&api).await;
    let running = &shop.running;
    let named = [
        ("advertiser_id", &running.advertiser),
        ("campaign_id", &running.campaign),
        ("influencer_id", &running.influencer),
    ];
    for (who, token) in &intruders {
        for form in FormName::ALL.iter().copied() {
            for id in &shop.ids {
                let ids = [
                    "id",
                    "ids",
                    "link_id",
                    "coupon_id",
                    "account_id",
                    "api_key_id",
                    "failure_id",
                    "token",
                    "influencer_ids",
                ];
                let fields: Vec<(String, String)> = ids
                    .into_iter()
                    .map(|name| (name.to_owned(), id.clone()))
                    .chain(named.map(|(name, id)| (name.to_owned(), id.clone())))
                    .chain(
                        [("name", "x"), ("email", "x@x.example"), ("role", "admin"), ("event", "{}"), ("code", "QQQ")]
                            .map(|(name, value)| (name.to_owned(), value.to_owned())),
                    )
                    .chain(["new_password", "repeated_password"].map(|name| (name.to_owned(), PASSWORD.to_owned())))
                    .collect();
                let answer = act(&api, token.as_deref(), Some(&api.base), form, &fields).await;
                let status = answer.status();
                let expected: &[StatusCode] = match (form, token) {
                    // Whoever holds the token may, and there is none like this.
                    (FormName::SetPassword, _) => &[StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY],
                    (_, None) => &[StatusCode::UNAUTHORIZED],
                    // One's own, whose password is not known here.
                    (FormName::ChangePassword, _) => &[StatusCode::UNPROCESSABLE_ENTITY],
                    (FormName::ValidateEvent, _) => &[StatusCode::NOT_FOUND, StatusCode::FORBIDDEN],
                    _ => &[StatusCode::FORBIDDEN],
                };
                assert!(expected.contains(&status), "{who} {form}: {status}");
                assert!(!shop.is_in(&answer.bytes().await.unwrap()), "{who} sees the shop by {form}");
            }
        }
    }
    // Those whom it is for, from a foreign page.
    for form in FormName::ALL.iter().copied() {
        for origin in [None, Some("https://evil.example"), Some("null")] {
            let answer = act(&api, Some(&api.token), origin, form, &[]).await;
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{form} from {origin:?}");
        }
    }
    assert_eq!(shop.state(&api).await, before);
    api.end().await;
}

#[tokio::test]
async fn no_forms_without_javascript_do_either() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let shop = Shop::open(&api).await;
    let intruders = intruders(&api).await;
    let before = shop.state(&api).await;
    for (who, token) in &intruders {
        for form in FormName::ALL {
            for path in [
                format!("/admin/campaigns/{}", shop.running.campaign),
                format!("/admin/advertisers/{}", shop.running.advertiser),
            ] {
                let body = format!(
                    "form={form}&confirmed=yes&id={}&name=x&campaign_id={}",
                    shop.running.link, shop.running.campaign
                );
                let mut request = api.client.post(api.url(&path)).header(header::ORIGIN, &api.base).body(body);
                request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                if let Some(token) = token {
                    request = request.header(header::COOKIE, format!("{}={token}", app::session::COOKIE));
                }
                let answer = request.send().await.unwrap();
                let status = answer.status();
                assert!(status.is_client_error() || status.is_redirection(), "{who} {form}: {status}");
                let led = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
                assert!(led.is_none_or(|to| to.starts_with("/login")), "{who} {form}");
                assert!(!shop.is_in(&answer.bytes().await.unwrap()), "{who} sees the shop by {form}");
            }
        }
    }
    assert_eq!(shop.state(&api).await, before);
    api.end().await;
}

#[test]
fn every_server_function_is_one_that_is_walked() {
    let mut found: Vec<&str> = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        ["/api/ui/act", "/api/ui/figures", "/api/ui/log_in", "/api/ui/log_out", "/api/ui/page", "/api/ui/scopes"]
    );
}

#[tokio::test]
async fn no_call_of_the_api_shows_or_changes_a_shop_for_others() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let shop = Shop::open(&api).await;
    let intruders = intruders(&api).await;
    let before = shop.state(&api).await;
    let document = api.got("/api/v1/openapi.json").await;
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            // An API key's, and a session's own.
            if operation.get("security").is_some() || path.starts_with("/api/v1/auth/") {
                continue;
            }
            let method: Method = method.to_uppercase().parse().unwrap();
            let filters: Vec<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "query")
                .map(|parameter| text(parameter, "name"))
                .filter(|name| name.ends_with("_id"))
                .collect();
            for id in &shop.ids {
                let concrete: String = path
                    .split('/')
                    .map(|part| if part.starts_with('{') { id.as_str() } else { part })
                    .collect::<Vec<_>>()
                    .join("/");
                let named: Vec<String> = if path.contains('{') { vec![concrete.clone()] } else { Vec::new() };
                let filtered = filters.iter().map(|filter| format!("{concrete}?{filter}={id}"));
                for address in named.into_iter().chain(filtered) {
                    for (who, token) in &intruders {
                        let body = if method == Method::GET {
                            Value::Null
                        } else {
                            json!({ "advertiser_id": shop.running.advertiser, "campaign_id": shop.running.campaign,
                                "influencer_id": shop.running.influencer, "name": "x", "customer_id": "x" })
                        };
                        let answer =
                            api.send(token.as_deref().unwrap_or_default(), method.clone(), &address, body).await;
                        let status = answer.status();
                        let expected: &[StatusCode] = match token {
                            None => &[StatusCode::UNAUTHORIZED],
                            Some(_) => &[StatusCode::FORBIDDEN, StatusCode::NOT_FOUND],
                        };
                        assert!(expected.contains(&status), "{who} {method} {address}: {status}");
                        assert!(!shop.is_in(&answer.bytes().await.unwrap()), "{who} sees the shop at {address}");
                        asked += 1;
                    }
                }
            }
            // Without any of its ids either.
            if method == Method::GET && !path.contains('{') {
                for (who, token) in &intruders {
                    let answer = api
                        .send(
                            token.as_deref().unwrap_or_default(),
                            method.clone(),
                            &format!("{path}?q=shop"),
                            Value::Null,
                        )
                        .await;
                    assert!(!answer.status().is_server_error(), "{who} {path}");
                    assert!(!shop.is_in(&answer.bytes().await.unwrap()), "{who} sees the shop at {path}");
                }
            }
        }
    }
    assert!(asked > 1_000, "{asked}");
    assert_eq!(shop.state(&api).await, before);
    api.end().await;
}
