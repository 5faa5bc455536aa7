//! `/api/v1/stats` and `/api/v1/influencer/stats`: shapes as they are promised.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, Running, problem, wrong_fields};

const FIGURES: [&str; 12] = [
    "add_to_cart",
    "attributed_conversions",
    "attributed_gmv",
    "bot_clicks",
    "clicks",
    "conversion_rate",
    "conversions",
    "drop_offs",
    "gmv",
    "purchases",
    "signups",
    "unique_visitors",
];

/// The fields of an object, in order.
fn fields(value: &Value) -> Vec<&str> {
    let mut fields: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    fields
}

/// The figures' fields and these.
fn figures_and<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut fields: Vec<_> = FIGURES.iter().chain(more).copied().collect();
    fields.sort_unstable();
    fields
}

async fn as_influencer(api: &Api, running: &Running) -> String {
    let email = format!("{}@social.example", running.influencer);
    api.account(&email, json!({ "role": "influencer", "influencer_id": running.influencer })).await.1
}

async fn got(api: &Api, token: &str, path: &str) -> Value {
    let answer = api.send(token, Method::GET, path, Value::Null).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.json().await.unwrap()
}

/// A campaign at 12.5 %, two coupons of one influencer and a generic one, sales by each way, a click and a bot's.
async fn sold(api: &Api) -> (Running, [String; 3]) {
    let running = api.running_with(json!({ "commission_percent": 12.5 })).await;
    let mut coupons = Vec::new();
    for (code, influencer) in
        [("ANNA10", Some(&running.influencer)), ("ANNA20", Some(&running.influencer)), ("ALL5", None)]
    {
        let body = json!({ "campaign_id": running.campaign, "influencer_id": influencer, "code": code });
        coupons.push(api.created("/api/v1/coupons", body).await["id"].as_str().unwrap().to_owned());
    }
    for body in [
        json!({ "action": "purchase", "value": "10.00", "coupon_code": "ANNA10" }),
        json!({ "action": "purchase", "value": "20.00", "coupon_code": "anna10" }),
        json!({ "action": "purchase", "value": "100", "currency": "JPY", "ref_code": running.code }),
        json!({ "action": "purchase", "value": "7.00", "coupon_code": "ALL5" }),
        json!({ "action": "purchase", "value": "3.00" }),
        json!({ "action": "add_to_cart", "ref_code": running.code }),
        json!({ "action": "add_to_cart" }),
        json!({ "action": "drop_off", "ref_code": running.code }),
        json!({ "action": "signup" }),
    ] {
        assert_eq!(api.event(&running.key, body).await.status(), StatusCode::CREATED);
    }
    api.follow(&running.code).await;
    let bot = api.client.get(api.url(&format!("/r/{}", running.code))).header("User-Agent", "Googlebot/2.1");
    bot.send().await.unwrap();
    api.wait_for("/api/v1/stats/overview", "bot_clicks", json!(1)).await;
    api.wait_for("/api/v1/stats/overview", "clicks", json!(1)).await;
    (running, coupons.try_into().unwrap())
}

fn usd(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "USD" })
}

crate::on_both! {
    async fn an_overview_has_every_figure_also_where_nothing_happened(api: Api) {
        let overview = api.got("/api/v1/stats/overview?range=today&tz=Asia/Kolkata").await;
        assert_eq!(fields(&overview), figures_and(&["from", "to", "tz"]));
        assert_eq!((&overview["gmv"], &overview["conversion_rate"], &overview["clicks"]), (&json!([]), &Value::Null, &json!(0)));
        assert!(overview["from"].as_str().unwrap().ends_with("T00:00:00+05:30"), "{overview}");
        api.end().await;
    }

    async fn a_chart_has_a_point_for_every_bucket(api: Api) {
        let running = api.running().await;
        api.event(&running.key, json!({ "action": "purchase", "value": "1.50" })).await;
        let chart = api.got("/api/v1/stats/chart?range=7d&interval=day").await;
        let points = chart["points"].as_array().unwrap();
        assert_eq!((points.len(), &chart["interval"], &chart["tz"]), (7, &json!("day"), &json!("UTC")));
        assert_eq!((&points[6]["conversions"], &points[6]["complete"]), (&json!(1), &json!(false)));
        assert_eq!(points[6]["gmv"], json!([{ "amount": "1.50", "currency": "USD" }]));
        assert_eq!((&points[0]["conversions"], &points[0]["complete"]), (&json!(0), &json!(true)));
        api.end().await;
    }

    async fn filters_narrow_what_is_counted(api: Api) {
        let running = api.running().await;
        let other = api.running().await;
        api.event(&running.key, json!({ "action": "purchase", "ref_code": running.code })).await;
        api.event(&other.key, json!({ "action": "purchase" })).await;
        for (filter, count) in [
            (String::new(), 2),
            (format!("advertiser_id={}", running.advertiser), 1),
            (format!("campaign_id={}", running.campaign), 1),
            (format!("influencer_id={}&link_id={}", running.influencer, running.link), 1),
            (format!("advertiser_id={}&campaign_id={}", other.advertiser, other.campaign), 0),
            ("method=ref_code".to_owned(), 1),
            ("method=none".to_owned(), 1),
        ] {
            let overview = api.got(&format!("/api/v1/stats/overview?{filter}")).await;
            assert_eq!(overview["conversions"], count, "{filter}");
        }
        api.end().await;
    }

    async fn a_breakdown_tells_every_share_apart_and_nobody_s_last(api: Api) {
        let (running, [first, _, generic]) = sold(&api).await;
        let per = async |what: &str| api.got(&format!("/api/v1/stats/per-{what}?advertiser_id={}", running.advertiser)).await;
        for (what, id, label, rows) in [
            ("influencer", "influencer_id", "name", vec![(Some(&running.influencer), Some("Anna"), 3, 1), (None, None, 2, 0)]),
            ("campaign", "campaign_id", "name", vec![(Some(&running.campaign), Some("Spring"), 4, 1), (None, None, 1, 0)]),
            ("link", "link_id", "code", vec![(Some(&running.link), Some(running.code.as_str()), 1, 1), (None, None, 4, 0)]),
            (
                "coupon", "coupon_id", "code",
                vec![(Some(&first), Some("ANNA10"), 2, 0), (Some(&generic), Some("ALL5"), 1, 0), (None, None, 2, 1)],
            ),
        ] {
            let table = per(what).await;
            assert_eq!(fields(&table), ["items", "total"]);
            let items = table["items"].as_array().unwrap();
            let shown: Vec<_> = items
                .iter()
                .map(|item| (item[id].as_str(), item[label].as_str(), item["conversions"].as_i64().unwrap(), item["clicks"].as_i64().unwrap()))
                .collect();
            let expected: Vec<_> = rows.into_iter().map(|(id, label, sales, clicks)| (id.map(String::as_str), label, sales, clicks)).collect();
            assert_eq!(shown, expected, "{what}");
            for item in items {
                let more = if what == "campaign" && !item[id].is_null() { vec![id, label, "commission", "gmv_per_commission"] } else { vec![id, label] };
                assert_eq!(fields(item), figures_and(&more), "{what}");
            }
            let total = &table["total"];
            assert_eq!(fields(total), figures_and(&[]));
            assert_eq!((&total["conversions"], &total["clicks"], &total["bot_clicks"]), (&json!(5), &json!(1), &json!(1)));
            assert_eq!(total["gmv"], json!([{ "amount": "100", "currency": "JPY" }, usd("40.00")]));
        }
        let campaign = &per("campaign").await["items"][0];
        assert_eq!(campaign["gmv"], json!([{ "amount": "100", "currency": "JPY" }, usd("37.00")]));
        // 12.5 yen and 3.75 dollars.
        assert_eq!(campaign["commission"], json!([{ "amount": "12", "currency": "JPY" }, usd("3.75")]));
        let ratios = &campaign["gmv_per_commission"];
        assert_eq!((&ratios[0]["currency"], &ratios[1]["currency"]), (&json!("JPY"), &json!("USD")));
        assert!((ratios[1]["ratio"].as_f64().unwrap() - 37.0 / 3.75).abs() < 1e-9, "{ratios}");
        api.end().await;
    }

    async fn nobody_s_share_is_there_also_where_nothing_happened(api: Api) {
        for what in ["influencer", "campaign", "link", "coupon"] {
            let table = api.got(&format!("/api/v1/stats/per-{what}?range=yesterday")).await;
            let items = table["items"].as_array().unwrap();
            assert_eq!((items.len(), &items[0]["conversions"], &items[0][format!("{what}_id")]), (1, &json!(0), &Value::Null));
        }
        api.end().await;
    }

    async fn a_funnel_counts_attributed_events_from_landing_to_purchase(api: Api) {
        let (running, [coupon, ..]) = sold(&api).await;
        let funnel = api.got("/api/v1/stats/funnel").await;
        assert_eq!(funnel, json!({
            "stages": [
                { "stage": "landing", "count": 1, "rate_from_previous": null, "lost": null },
                { "stage": "add_to_cart", "count": 1, "rate_from_previous": 1.0, "lost": 0 },
                { "stage": "purchase", "count": 3, "rate_from_previous": 3.0, "lost": 0 },
            ],
            "drop_offs": 1,
        }));
        let funnel = api.got("/api/v1/stats/funnel?include_bots=true").await;
        assert_eq!(funnel["stages"][1], json!({ "stage": "add_to_cart", "count": 1, "rate_from_previous": 0.5, "lost": 1 }));
        let funnel = api.got(&format!("/api/v1/stats/funnel?coupon_id={coupon}&campaign_id={}", running.campaign)).await;
        assert_eq!((&funnel["stages"][0]["count"], &funnel["stages"][2]["count"]), (&json!(0), &json!(2)));
        assert_eq!(funnel["stages"][2]["rate_from_previous"], Value::Null);
        api.end().await;
    }

    async fn a_comparison_is_there_where_it_is_asked_for(api: Api) {
        let running = api.running().await;
        let ago = |days: i64| {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
            model::Timestamp(i64::try_from(now).unwrap() - days * model::time::DAY - 1_000).to_string()
        };
        for (days, count) in [(0, 1), (7, 2), (35, 3)] {
            for _ in 0..count {
                api.event(&running.key, json!({ "action": "purchase", "value": 1, "occurred_at": ago(days) })).await;
            }
        }
        let overview = api.got("/api/v1/stats/overview?range=7d&compare=previous").await;
        assert_eq!(fields(&overview), figures_and(&["from", "previous", "to", "tz"]));
        assert_eq!(fields(&overview["previous"]), figures_and(&["from", "to"]));
        assert_eq!((&overview["conversions"], &overview["previous"]["conversions"]), (&json!(1), &json!(2)));
        assert_eq!(overview["previous"]["gmv"], json!([usd("2.00")]));
        // 30 days: five weeks before, as far as today has come.
        let overview = api.got("/api/v1/stats/overview?compare=previous").await;
        assert_eq!((&overview["conversions"], &overview["previous"]["conversions"]), (&json!(3), &json!(3)));
        let overview = api.got("/api/v1/stats/overview?compare=year").await;
        assert_eq!(overview["previous"]["conversions"], 0);

        let chart = api.got("/api/v1/stats/chart?range=7d&interval=day&compare=previous").await;
        let points = chart["points"].as_array().unwrap();
        assert_eq!(fields(&points[6]), ["add_to_cart", "clicks", "complete", "conversions", "gmv", "previous", "start"]);
        assert_eq!(fields(&points[6]["previous"]), ["add_to_cart", "clicks", "conversions", "gmv", "start"]);
        let sum: i64 = points.iter().map(|point| point["previous"]["conversions"].as_i64().unwrap()).sum();
        assert_eq!(sum, 2);
        let chart = api.got("/api/v1/stats/chart?range=7d").await;
        assert!(chart["points"][0].get("previous").is_none());
        api.end().await;
    }

    async fn influencers_see_their_own_with_what_it_may_earn_them(api: Api) {
        let (running, [coupon, ..]) = sold(&api).await;
        let other = api.running().await;
        let (token, other_token) = (as_influencer(&api, &running).await, as_influencer(&api, &other).await);
        let own = async |path: &str| got(&api, &token, &format!("/api/v1/influencer/stats/{path}")).await;
        let estimate = json!([{ "amount": "12", "currency": "JPY" }, usd("3.75")]);

        let overview = own("overview?compare=previous").await;
        assert_eq!(fields(&overview), figures_and(&["commission_estimate", "from", "previous", "to", "tz"]));
        assert_eq!((&overview["conversions"], &overview["clicks"], &overview["commission_estimate"]), (&json!(3), &json!(1), &estimate));
        assert_eq!(overview["gmv"], json!([{ "amount": "100", "currency": "JPY" }, usd("30.00")]));
        assert_eq!(overview["previous"]["commission_estimate"], json!([]));
        assert_eq!(own("funnel").await["stages"][2]["count"], 3);
        let points = own("chart?range=today").await["points"].as_array().unwrap().clone();
        assert_eq!(points.iter().map(|point| point["conversions"].as_i64().unwrap()).sum::<i64>(), 3);
        for (table, id, label, sales) in [
            ("per-campaign", "campaign_id", "name", [3, 0].as_slice()),
            ("per-link", "link_id", "code", &[1, 2]),
            ("per-coupon", "coupon_id", "code", &[2, 1]),
        ] {
            let table = own(table).await;
            let items = table["items"].as_array().unwrap();
            assert_eq!(items.iter().map(|item| item["conversions"].as_i64().unwrap()).collect::<Vec<_>>(), sales);
            for item in items {
                assert_eq!(fields(item), figures_and(&["commission_estimate", id, label]));
            }
            assert_eq!(table["total"]["commission_estimate"], estimate);
        }
        assert_eq!(own(&format!("overview?coupon_id={coupon}&campaign_id={}&influencer_id={}", running.campaign, running.influencer)).await["conversions"], 2);

        let nothing = got(&api, &other_token, "/api/v1/influencer/stats/overview").await;
        assert_eq!((&nothing["conversions"], &nothing["commission_estimate"]), (&json!(0), &json!([])));
        for foreign in [
            format!("campaign_id={}", running.campaign), format!("link_id={}", running.link), format!("coupon_id={coupon}"),
            format!("influencer_id={}", running.influencer), format!("advertiser_id={}", other.advertiser),
        ] {
            for path in ["overview", "chart", "funnel", "per-campaign", "per-link", "per-coupon"] {
                let path = format!("/api/v1/influencer/stats/{path}?{foreign}");
                problem(api.send(&other_token, Method::GET, &path, Value::Null).await, StatusCode::NOT_FOUND).await;
            }
        }
        api.end().await;
    }
}

#[tokio::test]
async fn all_that_is_wrong_with_a_question_is_named_on_every_path() {
    let api = Api::start(crate::databases::Database::sqlite()).await;
    let running = api.running().await;
    let token = as_influencer(&api, &running).await;
    let query = "from=soon&to=2026-02-30&range=decade&tz=Mars/Olympus&interval=minute&compare=never&include_bots=maybe\
        &campaign_id=x&influencer_id=x&link_id=x&coupon_id=x&advertiser_id=x&method=magic";
    for (prefix, token) in [("stats", &api.token), ("influencer/stats", &token)] {
        for path in ["overview", "chart", "funnel", "per-influencer", "per-campaign", "per-link", "per-coupon"] {
            if prefix != "stats" && path == "per-influencer" {
                continue;
            }
            let path = format!("/api/v1/{prefix}/{path}?{query}");
            let refused =
                problem(api.send(token, Method::GET, &path, Value::Null).await, StatusCode::UNPROCESSABLE_ENTITY).await;
            let mut wrong = wrong_fields(&refused);
            wrong.sort_unstable();
            assert_eq!(
                wrong,
                [
                    "advertiser_id",
                    "campaign_id",
                    "compare",
                    "coupon_id",
                    "from",
                    "include_bots",
                    "influencer_id",
                    "interval",
                    "link_id",
                    "method",
                    "range",
                    "to",
                    "tz",
                ]
            );
        }
    }
    for query in [
        "from=2026-03-02&to=2026-03-01",
        "from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z",
        "range=all&interval=hour",
    ] {
        problem(api.get(&format!("/api/v1/stats/chart?{query}")).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    api.end().await;
}
