//! A shop with two influencers, each with a campaign, a link and a coupon: the same on every server, by name.

use serde_json::{Value, json};

use super::Server;

pub const INFLUENCERS: [&str; 2] = ["Anna", "Ben"];

#[derive(Clone, Debug)]
pub struct Shop {
    pub base: String,
    pub key: String,
    /// Of each influencer.
    pub links: [String; 2],
}

impl Shop {
    pub fn coupon(of: usize) -> String {
        format!("{}10", INFLUENCERS[of]).to_uppercase()
    }

    pub async fn open(server: &Server) -> Self {
        let token = server.log_in().await;
        let make = async |path: &str, body: Value| server.post(&token, path, body).await;
        let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
        let advertiser = id(&make("advertisers", json!({ "name": "Shop" })).await);
        let mut links = [String::new(), String::new()];
        for (of, name) in INFLUENCERS.into_iter().enumerate() {
            let campaign = json!({
                "advertiser_id": advertiser, "name": format!("{name}'s"), "destination_url": "https://shop.example/",
                "append_click_id": true,
            });
            let campaign = id(&make("campaigns", campaign).await);
            let influencer = id(&make("influencers", json!({ "name": name })).await);
            server.put(&token, &format!("campaigns/{campaign}/influencers/{influencer}")).await;
            let owner = json!({ "campaign_id": campaign, "influencer_id": influencer });
            links[of] = make("links", owner.clone()).await["code"].as_str().unwrap().to_owned();
            let mut coupon = owner;
            coupon["code"] = Self::coupon(of).into();
            make("coupons", coupon).await;
        }
        let key = make(&format!("advertisers/{advertiser}/api-keys"), json!({ "name": "Backend" })).await;
        Self { base: server.base.clone(), key: key["key"].as_str().unwrap().to_owned(), links }
    }
}
