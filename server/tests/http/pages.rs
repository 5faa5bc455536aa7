//! The pages as a browser without JavaScript sees them, and the files beside them.

use reqwest::{Method, StatusCode, header};
use serde_json::json;

use crate::api::{Api, EMAIL, PASSWORD};

async fn api() -> Api {
    Api::start(crate::databases::Database::sqlite()).await
}

#[tokio::test]
async fn the_login_page_is_whole_without_javascript() {
    let api = api().await;
    let answer = api.client.get(api.url("/login")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("'nonce-") && !policy.contains("script-src 'unsafe-inline'"), "{policy}");
    let page = answer.text().await.unwrap();
    for part in ["<form", "name=\"email\"", "name=\"password\"", "type=\"submit\"", "pkg/t.css"] {
        assert!(page.contains(part), "{part}");
    }
    api.end().await;
}

#[tokio::test]
async fn the_login_form_opens_a_session_and_a_wrong_one_comes_back() {
    let api = api().await;
    let page = api.client.get(api.url("/login")).send().await.unwrap().text().await.unwrap();
    let action = page.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let send = |email: &str, password: &str, origin: &str| {
        let body = format!("email={}&password={}&next=", email.replace('@', "%40"), password.replace(' ', "+"));
        let request =
            api.client.post(api.url(&action)).header(header::ORIGIN, origin).header(header::ACCEPT, "text/html");
        request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::REFERER, api.url("/login"))
            .body(body)
            .send()
    };
    let entered = send(EMAIL, PASSWORD, &api.base).await.unwrap();
    assert!(entered.status().is_redirection(), "{}", entered.status());
    let cookie = entered.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let wrong = send(EMAIL, "wrong", &api.base).await.unwrap();
    assert!(wrong.status().is_redirection() && !wrong.headers().contains_key(header::SET_COOKIE));
    assert!(wrong.headers()[header::LOCATION].to_str().unwrap().contains("/login"));
    let foreign = send(EMAIL, PASSWORD, "https://evil.example").await.unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);

    let session = cookie.split(';').next().unwrap();
    let dashboard = api.client.get(api.url("/dashboard")).header(header::COOKIE, session).send().await.unwrap();
    assert_eq!(dashboard.status(), StatusCode::OK);
    api.end().await;
}

#[tokio::test]
async fn pages_lead_to_the_login_and_server_functions_refuse_strangers() {
    let api = api().await;
    for path in ["/", "/dashboard"] {
        let answer = api.client.get(api.url(path)).send().await.unwrap();
        assert!(answer.status().is_redirection(), "{path}");
        assert!(answer.headers()[header::LOCATION].to_str().unwrap().contains("/login"), "{path}");
    }
    let function = api.client.request(Method::POST, api.url("/api/ui/figures")).header(header::ORIGIN, &api.base);
    let answer =
        function.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body("").send().await.unwrap();
    assert!(!answer.status().is_success(), "{}", answer.status());
    api.end().await;
}

#[tokio::test]
async fn files_are_served_and_nothing_outside_them() {
    let api = api().await;
    let css = api.client.get(api.url("/pkg/t.css")).send().await.unwrap();
    assert_eq!((css.status(), css.headers()[header::CONTENT_TYPE].to_str().unwrap()), (StatusCode::OK, "text/css"));
    assert!(css.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    assert_eq!(api.client.get(api.url("/robots.txt")).send().await.unwrap().status(), StatusCode::OK);
    for path in
        ["/pkg/../../secret.key", "/pkg/%2e%2e/%2e%2e/secret.key", "/..%2fsecret.key", "/manifest.json", "/nosuch"]
    {
        let answer = api.client.get(api.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(api.client.get(api.url(path)).send().await.unwrap().status(), StatusCode::OK);
    }
    api.end().await;
}

/// A browser without JavaScript that is logged in.
struct Plain {
    api: Api,
    cookie: String,
}

impl Plain {
    async fn start() -> Self {
        let api = api().await;
        let cookie = format!("trb_session={}", api.token);
        Self { api, cookie }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.api.client.get(self.api.url(path)).header(header::COOKIE, &self.cookie).send().await.unwrap()
    }

    async fn send(&self, path: &str, fields: &[(&str, &str)], origin: &str) -> reqwest::Response {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.api.client.post(self.api.url(path)).header(header::COOKIE, &self.cookie);
        request
            .header(header::ORIGIN, origin)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap()
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        self.send(path, fields, &self.api.base).await
    }
}

fn location(answer: &reqwest::Response) -> String {
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_form_without_javascript_comes_back_with_what_is_wrong_and_what_was_entered() {
    let plain = Plain::start().await;
    let new = "/admin/advertisers/new";
    let page = plain.get(new).await.text().await.unwrap();
    assert!(page.contains("<form id=\"create_advertiser\"") && page.contains("method=\"post\""), "{page}");
    let wrong = [("form", "create_advertiser"), ("name", "Shop <1>"), ("time_zone", "No such"), ("status", "inactive")];
    let answer = plain.form(new, &wrong).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    for part in ["value=\"Shop &lt;1&gt;\"", "value=\"No such\"", "must be an IANA time zone", "aria-invalid=\"true\""]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
    let foreign = plain.send(new, &wrong, "https://evil.example").await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let unknown = plain.form(new, &[("form", "nosuch")]).await;
    assert_eq!(unknown.status(), StatusCode::UNPROCESSABLE_ENTITY);
    plain.api.end().await;
}

#[tokio::test]
async fn what_a_form_without_javascript_did_is_said_once_and_a_secret_is_shown_at_once() {
    let plain = Plain::start().await;
    let right = [("form", "create_advertiser"), ("name", "Shop"), ("time_zone", "Europe/Berlin")];
    let made = plain.form("/admin/advertisers/new", &right).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let (to, said) = (location(&made), made.headers()[header::SET_COOKIE].to_str().unwrap().to_owned());
    assert!(said.contains("HttpOnly") && said.contains("SameSite=Strict"), "{said}");
    let cookies = format!("{}; {}", plain.cookie, said.split(';').next().unwrap());
    let page = plain.api.client.get(plain.api.url(&to)).header(header::COOKIE, cookies).send().await.unwrap();
    assert!(page.headers()[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert!(page.text().await.unwrap().contains("Shop is created."));

    // What another host of the site may have set says and offers nothing.
    let undo = r#"{"said":"Forged","go":null,"undo":{"label":"Undo","said":null,"tone":"Plain","deed":{"Go":"/x"}},"show":[]}"#;
    let undo: String = url::form_urlencoded::byte_serialize(undo.as_bytes()).collect();
    let (_, other) = plain.api.account("other@tributary.example", json!({ "role": "admin" })).await;
    let said = said.split(';').next().unwrap();
    for (token, said) in [(&plain.api.token, format!("trb_said={undo}")), (&other, said.to_owned())] {
        let cookies = format!("trb_session={token}; {said}");
        let page = plain.api.client.get(plain.api.url(&to)).header(header::COOKIE, cookies).send().await.unwrap();
        let page = page.text().await.unwrap();
        assert!(!page.contains("Forged") && !page.contains("Shop is created."), "{said}");
    }

    let id = to.rsplit('/').next().unwrap().to_owned();
    let key = plain.form(&to, &[("form", "issue_key"), ("id", &id), ("name", "Live")]).await;
    assert_eq!(key.status(), StatusCode::OK);
    assert!(key.text().await.unwrap().contains("trb_live_"));

    // What cannot be undone is asked first.
    let page = plain.get(&to).await.text().await.unwrap();
    let before = page.split("value=\"revoke_key\"").nth(1).unwrap();
    let key = before.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let revoke = [("form", "revoke_key"), ("id", key.as_str())];
    let asked = plain.form(&to, &revoke).await.text().await.unwrap();
    assert!(asked.contains("Revoke Live?") && asked.contains("name=\"confirmed\""));
    let confirmed = plain.form(&to, &[revoke[0], revoke[1], ("confirmed", "yes")]).await;
    assert_eq!((confirmed.status(), location(&confirmed)), (StatusCode::SEE_OTHER, to));
    plain.api.end().await;
}

#[tokio::test]
async fn composed_pages_are_an_admin_s_alone_and_say_their_status() {
    let plain = Plain::start().await;
    for (path, status) in [
        ("/admin", StatusCode::OK),
        ("/admin/advertisers", StatusCode::OK),
        ("/account", StatusCode::OK),
        ("/admin/nosuch", StatusCode::NOT_FOUND),
        ("/admin/advertisers/nosuch", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(plain.get(path).await.status(), status, "{path}");
    }
    let stranger = plain.api.client.get(plain.api.url("/admin/advertisers?q=a")).send().await.unwrap();
    assert_eq!(location(&stranger), "/login?next=%2Fadmin%2Fadvertisers%3Fq%3Da");
    let made = plain.form("/admin/advertisers/new", &[("form", "create_advertiser"), ("name", "Shop")]).await;
    let advertiser = location(&made).rsplit('/').next().unwrap().to_owned();
    let rest = json!({ "role": "advertiser", "advertiser_id": advertiser });
    let (_, token) = plain.api.account("shop@shop.example", rest).await;
    let shop = Plain { cookie: format!("trb_session={token}"), ..plain };
    assert_eq!(shop.get("/admin/advertisers").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(shop.get("/account").await.status(), StatusCode::OK);
    let form = [("form", "create_advertiser"), ("name", "Mine")];
    assert_eq!(shop.form("/admin/advertisers/new", &form).await.status(), StatusCode::FORBIDDEN);
    shop.api.end().await;
}

#[tokio::test]
async fn a_password_is_set_by_its_link_once_and_the_page_tells_nobody_where_it_was() {
    let plain = Plain::start().await;
    let account = [("form", "create_account"), ("email", "new@tributary.example"), ("role", "admin")];
    // A password that is sent along is no password: nobody but its owner chooses it.
    let account = [account[0], account[1], account[2], ("password", "known to a stranger")];
    let made = plain.form("/admin/accounts/new", &account).await.text().await.unwrap();
    let known = json!({ "email": "new@tributary.example", "password": "known to a stranger" });
    assert_eq!(plain.api.post("/api/v1/auth/login", known).await.status(), StatusCode::UNAUTHORIZED);
    let token =
        made.split("/set-password/").nth(1).unwrap().split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
    let (token, path) = (token.to_owned(), format!("/set-password/{token}"));
    for _ in 0..2 {
        let page = plain.api.client.get(plain.api.url(&path)).send().await.unwrap();
        assert_eq!(page.headers()[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
        assert!(page.text().await.unwrap().contains("name=\"new_password\""));
    }
    let chosen = |repeated| {
        let [form, token] = [("form", "set_password"), ("token", token.as_str())];
        [form, token, ("new_password", "a long new password"), ("repeated_password", repeated)]
    };
    let wrong = plain.send(&path, &chosen("another"), "null").await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = wrong.text().await.unwrap();
    assert!(page.contains("is not the same password") && !page.contains("a long new password"), "{page}");
    // From nowhere this form alone is taken, and no cookie counts.
    let other = [("form", "create_advertiser"), ("name", "Mine")];
    assert_eq!(plain.send(&path, &other, "null").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(plain.send("/account", &other, "null").await.status(), StatusCode::FORBIDDEN);
    let set = plain.send(&path, &chosen("a long new password"), "null").await;
    assert_eq!((set.status(), location(&set)), (StatusCode::SEE_OTHER, "/login?notice=password_set".to_owned()));
    assert_eq!(plain.send(&path, &chosen("a long new password"), "null").await.status(), StatusCode::NOT_FOUND);
    let credentials = json!({ "email": "new@tributary.example", "password": "a long new password" });
    assert_eq!(plain.api.post("/api/v1/auth/login", credentials).await.status(), StatusCode::OK);
    plain.api.end().await;
}

#[tokio::test]
async fn a_form_that_is_saved_as_it_was_opened_changes_nothing() {
    let plain = Plain::start().await;
    let dates = json!({ "starts_at": "2026-01-31T12:00:00.250Z", "ends_at": "2026-02-28T23:59:59Z" });
    let running = plain.api.running_with(dates).await;
    let before = plain.api.got(&format!("/api/v1/campaigns/{}", running.campaign)).await;
    let path = format!("/admin/campaigns/{}/settings", running.campaign);
    let page = plain.get(&path).await.text().await.unwrap();
    let form = page.split("<form").find(|form| form.contains("name=\"starts_at\"")).unwrap();
    let shown = |name: &str| {
        let field = form.split("<input").find(|field| field.contains(&format!("name=\"{name}\""))).unwrap();
        field.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let fields = ["id", "name", "destination_url", "starts_at", "ends_at", "currency"].map(|name| (name, shown(name)));
    let mut sent: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    sent.push(("form", "change_campaign"));
    assert_eq!(plain.form(&path, &sent).await.status(), StatusCode::SEE_OTHER);
    let after = plain.api.got(&format!("/api/v1/campaigns/{}", running.campaign)).await;
    assert_eq!((&after["starts_at"], &after["ends_at"]), (&before["starts_at"], &before["ends_at"]));
    plain.api.end().await;
}

#[tokio::test]
async fn whoever_holds_a_coupon_lacks_none_however_many_others_hold() {
    let plain = Plain::start().await;
    let running = plain.api.running().await;
    let ben = plain.api.created("/api/v1/influencers", json!({ "name": "Ben" })).await;
    let assign = format!("/api/v1/campaigns/{}/influencers/{}", running.campaign, ben["id"].as_str().unwrap());
    plain.api.send(&plain.api.token, Method::PUT, &assign, json!(null)).await;
    for (count, holder) in [(1, json!(running.influencer)), (501, ben["id"].clone())] {
        let wanted = json!({ "campaign_id": running.campaign, "influencer_ids": [holder], "count": count });
        plain.api.created("/api/v1/coupons/generate", wanted).await;
    }
    let page = plain.get(&format!("/admin/campaigns/{}", running.campaign)).await.text().await.unwrap();
    assert!(page.contains("Links for the 1 without") && !page.contains("Coupons for"), "{page}");
    plain.api.end().await;
}

#[tokio::test]
async fn codes_that_are_saved_are_no_formulas() {
    let plain = Plain::start().await;
    let running = plain.api.running().await;
    let [form, count, prefix] = [("form", "generate_coupons"), ("count", "1"), ("prefix", "-A")];
    let rules = [form, ("campaign_id", &running.campaign), ("for", "nobody"), count, prefix];
    let made = plain.form("/admin/coupons/generate", &rules).await.text().await.unwrap();
    assert!(made.contains("data:text/csv;charset=utf-8,code,influencer%0D%0A%27-A"), "{made}");
    plain.api.end().await;
}

#[tokio::test]
async fn what_shops_and_addresses_say_is_text_in_the_title_too() {
    let plain = Plain::start().await;
    let running = plain.api.running().await;
    let markup = "</title><form method=post action=/admin/accounts><input name=form value=create_account></form>";
    let event = plain.api.event(&running.key, json!({ "action": "purchase", "event_id": markup })).await;
    let event: serde_json::Value = event.json().await.unwrap();
    let campaign =
        json!({ "advertiser_id": running.advertiser, "name": markup, "destination_url": "https://x.example/" });
    let campaign = plain.api.created("/api/v1/campaigns", campaign).await;
    let looked_up: String = url::form_urlencoded::byte_serialize(markup.as_bytes()).collect();
    for path in [
        format!("/admin/events/{}", event["id"].as_str().unwrap()),
        format!("/admin/campaigns/{}", campaign["id"].as_str().unwrap()),
        format!("/admin/lookup?q={looked_up}"),
    ] {
        let page = plain.get(&path).await.text().await.unwrap();
        assert!(page.contains("&lt;form method=post") && !page.contains("<form method=post action=/admin"), "{path}");
        assert_eq!(page.matches("</title>").count(), 1, "{path}");
    }
    plain.api.end().await;
}
