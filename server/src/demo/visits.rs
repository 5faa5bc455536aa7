//! Who follows a link, with what, and what they do at the shop.

use std::net::{IpAddr, Ipv4Addr};

use engine::Visit;
use model::time::{DAY, HOUR, MINUTE, SECOND};
use rand::{RngExt, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    calendar::HOURS,
    cast::{PEOPLE, Person, Plan, SHOPS, Shop},
};

/// Visitors of a link that may come again.
const REMEMBERED: usize = 400;

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1";
const ANDROID: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36";
const WINDOWS: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0";
const EDGE: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0";
const IPAD: &str = "Mozilla/5.0 (iPad; CPU OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1";
const INSTAGRAM: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22B83 Instagram 357.0.0.30.88 (iPhone16,1; iOS 18_1; de_DE; de; scale=3.00; 1179x2556; 661228567)";
const TIKTOK: &str = "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.6723.107 Mobile Safari/537.36 trill_360505 BytedanceWebview/d8a21c6";
/// Phones first, as the way to influencers' links goes.
const BROWSERS: [&str; 10] = [IPHONE, IPHONE, ANDROID, ANDROID, IPHONE, WINDOWS, MAC, EDGE, FIREFOX, IPAD];
const BOTS: [&str; 6] = [
    "WhatsApp/2.24.20.89 A",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "python-requests/2.32.3",
];

/// Somebody at a browser.
#[derive(Clone, Copy)]
pub struct Visitor {
    ip: IpAddr,
    user_agent: &'static str,
    pub is_bot: bool,
}

/// Who was on a link: some come again.
#[derive(Default)]
pub struct Visitors(Vec<Visitor>);

impl Visitors {
    pub fn next(&mut self, shop: &Shop, person: &Person, random: &mut StdRng) -> Visitor {
        if !self.0.is_empty() && random.random_bool(0.16) {
            return self.0[random.random_range(0..self.0.len())];
        }
        let visitor = visitor(shop, person, random);
        if self.0.len() < REMEMBERED {
            self.0.push(visitor);
        } else {
            self.0[random.random_range(0..REMEMBERED)] = visitor;
        }
        visitor
    }
}

fn visitor(shop: &Shop, person: &Person, random: &mut StdRng) -> Visitor {
    let is_bot = random.random_bool(0.06);
    let (a, b) = shop.networks[[0, 0, 0, 1, 1, 2][random.random_range(0..6)]];
    let ip =
        Ipv4Addr::new(a, b.saturating_add(random.random_range(0..8)), random.random(), random.random_range(1..255));
    let of_app = match person.platform {
        "Instagram" => Some(INSTAGRAM),
        "TikTok" => Some(TIKTOK),
        _ => None,
    };
    let user_agent = match of_app {
        _ if is_bot => BOTS[random.random_range(0..BOTS.len())],
        Some(app) if random.random_bool(0.6) => app,
        _ => BROWSERS[random.random_range(0..BROWSERS.len())],
    };
    Visitor { ip: ip.into(), user_agent, is_bot }
}

impl Visitor {
    pub fn visit(&self, person: &Person, random: &mut StdRng) -> Visit<'static> {
        let referrer = match person.platform {
            "Instagram" => "https://l.instagram.com/",
            "TikTok" => "https://www.tiktok.com/",
            "YouTube" => "https://www.youtube.com/",
            "Newsletter" => "",
            _ => "https://links.example/",
        };
        // Apps and mail programs tell nothing.
        let referrer = if random.random_bool(0.3) { "" } else { referrer };
        Visit {
            ip: self.ip,
            is_prefetch: !self.is_bot && random.random_bool(0.01),
            user_agent: self.user_agent.as_bytes(),
            referrer: referrer.as_bytes(),
        }
    }
}

/// A moment of a customer's day, in milliseconds from UTC midnight.
pub fn moment(shop: &Shop, random: &mut StdRng) -> i64 {
    let all: u32 = HOURS.iter().map(|weight| u32::from(*weight)).sum();
    let mut left = random.random_range(0..all);
    let mut hour = 0;
    for (at, weight) in (0..).zip(HOURS) {
        hour = at;
        match left.checked_sub(u32::from(weight)) {
            Some(less) => left = less,
            None => break,
        }
    }
    ((hour - shop.offset) * HOUR + random.random_range(0..HOUR)).rem_euclid(DAY)
}

/// What an influencer hands out in a campaign.
pub struct Handed {
    pub plan: &'static Plan,
    pub person: usize,
    pub link: String,
    pub coupon: Option<String>,
}

/// Numbers that shops give: orders, and customers who come again.
#[derive(Default)]
pub struct Numbers {
    order: u64,
    customers: u64,
}

impl Numbers {
    fn order(&mut self, shop: &Shop) -> String {
        self.order += 1;
        format!("{}-{}", shop.orders, 100_000 + self.order)
    }

    fn customer(&mut self, random: &mut StdRng) -> String {
        if self.customers > 50 && random.random_bool(0.22) {
            return format!("customer-{}", random.random_range(self.customers / 2..self.customers));
        }
        self.customers += 1;
        format!("customer-{}", self.customers)
    }
}

/// What a visitor does at the shop, each with milliseconds after the click. `others`: codes of others who promote the
/// same shop. `click`: the click's id, where the shop is told it.
pub fn shopping(
    handed: &Handed,
    others: &[String],
    click: Option<String>,
    numbers: &mut Numbers,
    random: &mut StdRng,
) -> Vec<(i64, Value)> {
    let (shop, person) = (&SHOPS[handed.plan.shop], &PEOPLE[handed.person]);
    let mut events = Vec::new();
    let keys = keys(handed, shop, click, random);
    let with = |mut event: Value| {
        if let (Some(event), Some(keys)) = (event.as_object_mut(), keys.as_object()) {
            event.extend(keys.clone());
        }
        event
    };
    if random.random_bool(0.012) {
        events.push((random.random_range(MINUTE..9 * MINUTE), with(json!({ "action": "signup" }))));
    }
    if random.random_bool(0.004) {
        events
            .push((random.random_range(MINUTE..5 * MINUTE), with(json!({ "action": "custom", "name": "size guide" }))));
    }
    if !random.random_bool((0.036 * person.trust).min(0.4)) {
        return events;
    }
    let in_cart = random.random_range(40 * SECOND..14 * MINUTE);
    events.push((
        in_cart,
        with(json!({ "action": "add_to_cart", "value": price(shop, random), "currency": shop.currency })),
    ));
    if random.random_bool(0.42) {
        let later = if random.random_bool(0.12) {
            random.random_range(HOUR..30 * HOUR)
        } else {
            random.random_range(MINUTE..40 * MINUTE)
        };
        let mut purchase = with(purchase(shop, numbers, random));
        // The code at the checkout is now and then another's than the link: they compete.
        let code = if !others.is_empty() && random.random_bool(0.09) {
            Some(&others[random.random_range(0..others.len())])
        } else {
            handed.coupon.as_ref().filter(|_| random.random_bool(0.46))
        };
        if let Some(code) = code {
            purchase["coupon_code"] = code.as_str().into();
        }
        if random.random_bool(0.6) {
            purchase["customer_id"] = numbers.customer(random).into();
        }
        events.push((in_cart + later, purchase));
    } else if random.random_bool(0.55) {
        events.push((in_cart + random.random_range(MINUTE..HOUR), with(json!({ "action": "drop_off" }))));
    }
    events
}

/// Who sent the customer, as the shop tells it: most by the code in the address, some by the address alone.
fn keys(handed: &Handed, shop: &Shop, click: Option<String>, random: &mut StdRng) -> Value {
    let landing = || format!("https://{}{}?ref_code={}", shop.host, handed.plan.path.replace('?', "&"), handed.link);
    match random.random_range(0..100) {
        0..5 => json!({ "landing_url": landing() }),
        5..7 => json!({ "referrer": landing() }),
        // Lost on the way.
        7..11 => json!({}),
        _ => match click {
            Some(click) => json!({ "click_id": click, "ref_code": handed.link }),
            None => json!({ "ref_code": handed.link }),
        },
    }
}

/// An order without a word of who sent the customer; some with a code of nobody's.
pub fn organic(shop: &Shop, generic: &[String], numbers: &mut Numbers, random: &mut StdRng) -> Value {
    let mut purchase = purchase(shop, numbers, random);
    if !generic.is_empty() && random.random_bool(0.2) {
        purchase["coupon_code"] = generic[random.random_range(0..generic.len())].as_str().into();
    }
    if random.random_bool(0.6) {
        purchase["customer_id"] = numbers.customer(random).into();
    }
    purchase
}

fn purchase(shop: &Shop, numbers: &mut Numbers, random: &mut StdRng) -> Value {
    let currency = shop.other_currency.filter(|_| random.random_bool(0.07)).unwrap_or(shop.currency);
    json!({
        "action": "purchase",
        "event_id": numbers.order(shop),
        "value": price(shop, random),
        "currency": currency,
        "properties": { "items": random.random_range(1..5) },
    })
}

/// Many small orders, few large ones.
fn price(shop: &Shop, random: &mut StdRng) -> String {
    let (least, most) = shop.prices;
    let part: f64 = random.random_range(0.0..1.0_f64).powf(2.6);
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "prices of a shop")]
    let whole = least + (part * (most - least) as f64) as i64;
    if shop.currency == "JPY" {
        return (whole / 10 * 10).to_string();
    }
    format!("{whole}.{}", ["00", "50", "90", "95"][random.random_range(0..4)])
}
