//! What an admin would set up, through the same functions: shops, keys, people, and campaigns as they are launched.

use anyhow::Context;
use engine::{Engine, Session, random_password};
use model::{
    AdvertiserId, ApiKeyId, CampaignId, CouponId, Fields, FromFields, InfluencerId, Timestamp,
    account::{NewAccount, Role},
    advertiser::NewAdvertiser,
    api_key::NewApiKey,
    campaign::{CampaignChange, CampaignStatus, NewCampaign},
    coupon::NewCoupon,
    influencer::NewInfluencer,
    link::NewLink,
    time::DAY,
};
use serde_json::{Value, json};

use super::{
    calendar::{Pair, days_ago},
    cast::{PEOPLE, PLANS, SHOPS},
    visits::Handed,
};

/// Somebody who can log in.
pub struct Login {
    pub role: Role,
    pub who: String,
    pub email: &'static str,
    pub password: String,
}

pub struct Stage {
    admin: Session,
    /// Those that were made so far.
    pub logins: Vec<Login>,
    shops: Vec<(AdvertiserId, ApiKeyId)>,
    people: Vec<InfluencerId>,
    pairs: Vec<Pair>,
    /// By pair, once its campaign is launched: what was handed out, and the coupon of it.
    handed: Vec<Option<(Handed, Option<CouponId>)>>,
    /// By plan, once it is launched.
    campaigns: Vec<Option<CampaignId>>,
    /// By shop: codes of nobody's.
    generic: Vec<Vec<String>>,
    /// By pair: codes of others for the same shop.
    other_codes: Vec<Vec<String>>,
}

impl Stage {
    /// The admin, shops and people; campaigns and logins follow in their time.
    pub async fn set(engine: &Engine, pairs: &[Pair]) -> anyhow::Result<Self> {
        let (admin, login) = admin(engine).await?;
        let (mut shops, mut people) = (Vec::new(), Vec::new());
        for shop in &SHOPS {
            let new = read(json!({ "name": shop.name, "time_zone": shop.zone }), NewAdvertiser::read)?;
            let advertiser = engine.create_advertiser(&admin, new).await?.id;
            let key = read(json!({ "name": "Shop backend" }), NewApiKey::read)?;
            shops.push((advertiser, engine.issue_api_key(&admin, advertiser, key).await?.id));
        }
        for person in &PEOPLE {
            let body = json!({ "name": person.name, "handle": person.handle, "platform": person.platform });
            people.push(engine.create_influencer(&admin, read(body, NewInfluencer::read)?).await?.id);
        }
        Ok(Self {
            admin,
            logins: vec![login],
            shops,
            people,
            pairs: pairs.to_vec(),
            handed: pairs.iter().map(|_| None).collect(),
            campaigns: vec![None; PLANS.len()],
            generic: vec![Vec::new(); SHOPS.len()],
            other_codes: vec![Vec::new(); pairs.len()],
        })
    }

    /// Launches what begins on a day, and makes the logins of whoever signs up.
    pub async fn open(&mut self, engine: &Engine, day: i64) -> anyhow::Result<()> {
        for (number, plan) in PLANS.iter().enumerate() {
            let is_due = days_ago(day) == plan.starts || day == 0 && days_ago(day) < plan.starts;
            if is_due && self.campaigns[number].is_none() {
                self.launch(engine, number, day).await?;
            }
        }
        self.sign_up(engine, day).await
    }

    async fn sign_up(&mut self, engine: &Engine, day: i64) -> anyhow::Result<()> {
        for (shop, (advertiser, _)) in SHOPS.iter().zip(&self.shops) {
            let (email, joined) = shop.login;
            if joined == days_ago(day) {
                let of = json!({ "role": "advertiser", "advertiser_id": advertiser });
                self.logins.push(log_in(engine, &self.admin, shop.name, email, &of).await?);
            }
        }
        for (person, influencer) in PEOPLE.iter().zip(&self.people) {
            if let Some((email, joined)) = person.login
                && joined == days_ago(day)
            {
                let of = json!({ "role": "influencer", "influencer_id": influencer });
                self.logins.push(log_in(engine, &self.admin, person.name, email, &of).await?);
            }
        }
        Ok(())
    }

    async fn launch(&mut self, engine: &Engine, number: usize, day: i64) -> anyhow::Result<()> {
        let (plan, now) = (&PLANS[number], engine.now());
        let shop = &SHOPS[plan.shop];
        let ends_at = plan.ends.map(|ends| now.plus((days_ago(day) - ends) * DAY));
        let body = json!({
            "advertiser_id": self.shops[plan.shop].0, "name": plan.name, "currency": shop.currency,
            "destination_url": format!("https://{}{}", shop.host, plan.path), "commission_percent": plan.percent,
            "attribution_source": plan.source, "append_click_id": plan.append_click_id,
            "starts_at": now, "ends_at": ends_at,
        });
        let campaign = engine.create_campaign(&self.admin, read(body, NewCampaign::read)?).await?.id;
        self.campaigns[number] = Some(campaign);
        if let Some(code) = plan.generic {
            let coupon = json!({ "campaign_id": campaign, "code": code });
            engine.create_coupon(&self.admin, read(coupon, NewCoupon::read)?).await?;
            self.generic[plan.shop].push(code.into());
        }
        for at in 0..self.pairs.len() {
            let pair = self.pairs[at];
            if pair.plan == number {
                self.handed[at] = Some(self.hand_out(engine, campaign, pair).await?);
            }
        }
        self.find_other_codes();
        Ok(())
    }

    async fn hand_out(
        &self,
        engine: &Engine,
        campaign: CampaignId,
        pair: Pair,
    ) -> anyhow::Result<(Handed, Option<CouponId>)> {
        let (plan, person) = (&PLANS[pair.plan], self.people[pair.person]);
        engine.assign(&self.admin, campaign, person).await?;
        let body = json!({ "campaign_id": campaign, "influencer_id": person });
        let link = engine.create_link(&self.admin, read(body.clone(), NewLink::read)?).await?.code;
        let mut coupon = None;
        if let Some(ending) = plan.code {
            let name = PEOPLE[pair.person].name;
            let first = name.split(' ').next().unwrap_or(name).to_uppercase();
            let mut body = body;
            body["code"] = format!("{first}{ending}").into();
            coupon = Some(engine.create_coupon(&self.admin, read(body, NewCoupon::read)?).await?);
        }
        let (code, id) = coupon.map_or((None, None), |coupon| (Some(coupon.code), Some(coupon.id)));
        Ok((Handed { plan, person: pair.person, link, coupon: code }, id))
    }

    fn find_other_codes(&mut self) {
        for (at, pair) in self.pairs.iter().enumerate() {
            let is_other =
                |other: &&Pair| other.person != pair.person && PLANS[other.plan].shop == PLANS[pair.plan].shop;
            let others = self.pairs.iter().zip(&self.handed).filter(|(other, _)| is_other(other));
            self.other_codes[at] = others
                .filter_map(|(_, handed)| handed.as_ref().and_then(|(handed, _)| handed.coupon.clone()))
                .collect();
        }
    }

    /// A code that is all over the web by now gets a successor.
    pub async fn replace_a_code(&mut self, engine: &Engine) -> anyhow::Result<()> {
        let leaked = self.handed.iter_mut().flatten().rev().find_map(|(handed, coupon)| Some((handed, (*coupon)?)));
        let Some((handed, coupon)) = leaked else { return Ok(()) };
        handed.coupon = Some(engine.regenerate_coupon(&self.admin, coupon).await?.code);
        self.find_other_codes();
        Ok(())
    }

    /// The last day's states: campaigns that are paused or over.
    pub async fn close(&self, engine: &Engine) -> anyhow::Result<()> {
        for (plan, campaign) in PLANS.iter().zip(&self.campaigns) {
            let status: CampaignStatus = read_text(plan.status)?;
            if let Some(campaign) = campaign.filter(|_| status != CampaignStatus::Active) {
                let change = CampaignChange { status: Some(status), ..CampaignChange::default() };
                engine.change_campaign(&self.admin, campaign, change, None).await?;
            }
        }
        Ok(())
    }

    pub fn shop(&self, shop: usize) -> (AdvertiserId, ApiKeyId) {
        self.shops[shop]
    }

    pub fn handed(&self, pair: usize) -> Option<&Handed> {
        self.handed[pair].as_ref().map(|(handed, _)| handed)
    }

    pub fn generic(&self, shop: usize) -> &[String] {
        &self.generic[shop]
    }

    pub fn other_codes(&self, pair: usize) -> &[String] {
        &self.other_codes[pair]
    }
}

/// The admin whose data this is.
async fn admin(engine: &Engine) -> anyhow::Result<(Session, Login)> {
    let password = random_password(&mut rand::rng());
    let email = "admin@demo.example";
    let account = engine
        .ensure_admin(read_text(email)?, read_text(&password)?)
        .await?
        .context("another process made an admin meanwhile")?;
    let session = Session { account, expires_at: Timestamp(i64::MAX) };
    Ok((session, Login { role: Role::Admin, who: "everything".into(), email, password }))
}

async fn log_in(engine: &Engine, admin: &Session, who: &str, email: &'static str, of: &Value) -> anyhow::Result<Login> {
    let password = random_password(&mut rand::rng());
    let mut body = json!({ "email": email, "password": password });
    if let (Some(body), Some(of)) = (body.as_object_mut(), of.as_object()) {
        body.extend(of.clone());
    }
    let account = engine.create_account(admin, read(body, NewAccount::read)?).await?;
    Ok(Login { role: account.account.role, who: who.into(), email, password })
}

fn read_text<T: std::str::FromStr<Err = model::text::RuleError>>(text: &str) -> anyhow::Result<T> {
    text.parse().map_err(|rule| anyhow::anyhow!("{text}: {rule}"))
}

fn read<T>(body: Value, read: impl FnOnce(&mut Fields) -> Option<T>) -> anyhow::Result<T> {
    let mut fields = Fields::parse(body.to_string().as_bytes()).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let whole = read(&mut fields);
    fields.finish(whole).map_err(|errors| anyhow::anyhow!("{errors:?}"))
}
