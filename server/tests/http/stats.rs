//! `/api/v1/stats`: shapes as they are promised.

use serde_json::{Value, json};

use crate::api::Api;

crate::on_both! {
    async fn an_overview_has_every_figure_also_where_nothing_happened(api: Api) {
        let overview = api.got("/api/v1/stats/overview?range=today&tz=Asia/Kolkata").await;
        let mut fields: Vec<_> = overview.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, [
            "add_to_cart", "attributed_conversions", "attributed_gmv", "bot_clicks", "clicks", "conversion_rate",
            "conversions", "drop_offs", "from", "gmv", "purchases", "signups", "to", "tz", "unique_visitors",
        ]);
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
}
