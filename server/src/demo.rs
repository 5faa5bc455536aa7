//! `tributary demo`: a small campaign history to look at, made through the same functions that serve.
//!
//! The engine's clock is set to the past and moved on hour by hour; every click goes through the
//! click log and every event through attribution.

use std::{
    io::Write,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use anyhow::Context;
use engine::{Call, Clock, Engine, Session, Visit, kept_body, random_password};
use futures_util::future::try_join_all;
use model::{
    ApiKeyId, Fields, FromFields, Timestamp,
    account::{NewAccount, Role},
    advertiser::{Advertiser, NewAdvertiser},
    api_key::NewApiKey,
    campaign::{Campaign, NewCampaign},
    coupon::NewCoupon,
    event::{Arrival, NewEvent},
    influencer::{Influencer, NewInfluencer},
    link::{Link, NewLink},
    time::{DAY, HOUR, MINUTE},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use crate::cli::DataConfig;

const DAYS: i64 = 30;
const PEOPLE: [(&str, &str, &str, f64); 6] = [
    // Name, handle, platform, share of the clicks.
    ("Mina Okafor", "@minaokafor", "Instagram", 0.34),
    ("Jonas Reuter", "@jonasruns", "YouTube", 0.24),
    ("Sofia Lindqvist", "@sofialind", "TikTok", 0.18),
    ("Kenji Watanabe", "@kenjicooks", "Instagram", 0.12),
    ("Camille Roche", "@camilleroche", "TikTok", 0.08),
    ("Tom Hale", "@tomhaleoutdoors", "YouTube", 0.04),
];
const BROWSERS: [&str; 4] = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
];
const BOTS: [&str; 2] =
    ["WhatsApp/2.24.20.89 A", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"];

/// Who works with which codes.
struct Cast {
    advertiser: Advertiser,
    key: ApiKeyId,
    people: Vec<(Influencer, Link, String)>,
}

pub async fn fill(config: DataConfig) -> anyhow::Result<()> {
    let clock = Arc::new(AtomicI64::new(Clock::System.now().0));
    let mut options = config.options();
    options.clock = Clock::Set(Arc::clone(&clock));
    let (engine, workers) = Engine::open(options).await?;
    engine.ready().await?;
    if engine.has_admin().await? {
        println(format_args!("The demo is already there; its logins were printed when it was filled."))?;
        println(format_args!("To begin anew, delete {} and start again.", config.data_dir.display()))?;
        workers.stop(engine).await?;
        return Ok(());
    }
    let now = engine.now();
    let start = Timestamp(now.0 - DAYS * DAY);
    clock.store(start.0, Ordering::Relaxed);
    let (admin, logins) = accounts(&engine).await?;
    let cast = cast(&engine, &admin).await?;
    let shop_login = login(&engine, &admin, "shop@demo.example", Role::Advertiser, &cast).await?;
    let star_login = login(&engine, &admin, "mina@demo.example", Role::Influencer, &cast).await?;
    history(&engine, &cast, &clock, start, now).await?;
    engine.drained().await?;
    workers.stop(engine).await?;
    println(format_args!("\n  Logins (shown this once):"))?;
    for (who, (email, password)) in [("admin", logins), ("advertiser", shop_login), ("influencer", star_login)] {
        println(format_args!("    {who:<12}{email:<24}{password}"))?;
    }
    println(format_args!(""))
}

fn println(line: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{line}").context("standard output")
}

type Login = (&'static str, String);

async fn accounts(engine: &Engine) -> anyhow::Result<(Session, Login)> {
    let password = random_password(&mut rand::rng());
    let email = "admin@demo.example";
    let account = engine
        .ensure_admin(read_text(email)?, read_text(&password)?)
        .await?
        .context("another process made an admin meanwhile")?;
    Ok((Session { account, expires_at: Timestamp(i64::MAX) }, (email, password)))
}

async fn login(
    engine: &Engine,
    admin: &Session,
    email: &'static str,
    role: Role,
    cast: &Cast,
) -> anyhow::Result<Login> {
    let password = random_password(&mut rand::rng());
    let advertiser = (role == Role::Advertiser).then_some(cast.advertiser.id);
    let influencer = if role == Role::Influencer { cast.people.first().map(|(person, ..)| person.id) } else { None };
    let account = NewAccount {
        email: read_text(email)?,
        role,
        advertiser_id: advertiser,
        influencer_id: influencer,
        password: Some(read_text(&password)?),
    };
    engine.create_account(admin, account).await?;
    Ok((email, password))
}

fn read_text<T: std::str::FromStr<Err = model::text::RuleError>>(text: &str) -> anyhow::Result<T> {
    text.parse().map_err(|rule| anyhow::anyhow!("{text}: {rule}"))
}

fn read<T>(body: Value, read: impl FnOnce(&mut Fields) -> Option<T>) -> anyhow::Result<T> {
    let mut fields = Fields::parse(body.to_string().as_bytes()).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let whole = read(&mut fields);
    fields.finish(whole).map_err(|errors| anyhow::anyhow!("{errors:?}"))
}

async fn cast(engine: &Engine, admin: &Session) -> anyhow::Result<Cast> {
    let new = read(json!({ "name": "Fjord Outdoor", "time_zone": "Europe/Berlin" }), NewAdvertiser::read)?;
    let advertiser = engine.create_advertiser(admin, new).await?;
    let key = read(json!({ "name": "Shop backend" }), NewApiKey::read)?;
    let key = engine.issue_api_key(admin, advertiser.id, key).await?.id;
    let mut campaigns: Vec<Campaign> = Vec::new();
    for (name, path, percent) in
        [("Autumn hiking", "/collections/hiking", 10), ("Winter launch", "/collections/winter", 12)]
    {
        let body = json!({
            "advertiser_id": advertiser.id, "name": name, "currency": "EUR", "commission_percent": percent,
            "destination_url": format!("https://fjord-outdoor.example{path}"),
        });
        campaigns.push(engine.create_campaign(admin, read(body, NewCampaign::read)?).await?);
    }
    let mut people = Vec::new();
    for (n, (name, handle, platform, _)) in PEOPLE.into_iter().enumerate() {
        let body = json!({ "name": name, "handle": handle, "platform": platform });
        let person = engine.create_influencer(admin, read(body, NewInfluencer::read)?).await?;
        let campaign = &campaigns[n % campaigns.len()];
        engine.assign(admin, campaign.id, person.id).await?;
        let body = json!({ "campaign_id": campaign.id, "influencer_id": person.id });
        let link = engine.create_link(admin, read(body, NewLink::read)?).await?;
        let first = name.split(' ').next().unwrap_or(name).to_uppercase();
        let body = json!({ "campaign_id": campaign.id, "influencer_id": person.id, "code": format!("{first}10") });
        let coupon = engine.create_coupon(admin, read(body, NewCoupon::read)?).await?;
        people.push((person, link, coupon.code));
    }
    Ok(Cast { advertiser, key, people })
}

/// Clicks and what came of them, hour by hour: evenings and weekends are busy, one day goes viral.
async fn history(
    engine: &Engine,
    cast: &Cast,
    clock: &AtomicI64,
    start: Timestamp,
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(7);
    let hours = (now.0 - start.0) / HOUR;
    let mut clicks = 0;
    let mut events = 0;
    for hour in 0..hours {
        let at = start.plus(hour * HOUR);
        clock.store(at.0, Ordering::Relaxed);
        let mut sent = Vec::new();
        for _ in 0..count(at, hour, &mut random) {
            let (_, link, coupon) = pick(&cast.people, &mut random);
            clock.store(at.0 + random.random_range(0..HOUR), Ordering::Relaxed);
            clicks += 1;
            if !click(engine, link, &mut random) {
                continue;
            }
            let order = format!("FO-{}", 10_000 + clicks);
            sent.extend(visit(link, coupon, &order, &mut random));
        }
        // A shop's other customers: they came by themselves.
        if random.random_bool(0.25) {
            sent.push(json!({ "action": "purchase", "event_id": format!("FO-{}", 900_000 + hour), "value": price(&mut random), "currency": "EUR" }));
        }
        let end = (at.0 + HOUR - MINUTE).min(now.0);
        clock.store(end, Ordering::Relaxed);
        events += sent.len();
        let bodies = sent.into_iter().map(|body| record(engine, cast, body));
        try_join_all(bodies).await?;
        if hour % 24 == 23 || hour + 1 == hours {
            print_progress(hour + 1, hours, clicks, events)?;
        }
    }
    println(format_args!(""))
}

fn print_progress(hour: i64, hours: i64, clicks: i64, events: usize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    write!(out, "\r  day {} of {}: {clicks} clicks, {events} events", (hour + 23) / 24, (hours + 23) / 24)?;
    out.flush().context("standard output")
}

fn count(at: Timestamp, hour: i64, random: &mut StdRng) -> i64 {
    let of_day = (at.0.rem_euclid(DAY)) / HOUR;
    let evening = match of_day {
        17..=21 => 34,
        7..=16 => 18,
        22..=23 => 12,
        _ => 4,
    };
    // 1970-01-01 was a Thursday.
    let weekend = if matches!((at.utc_day() + 3).rem_euclid(7), 5 | 6) { 3 } else { 2 };
    let viral = if (19 * 24..20 * 24).contains(&hour) { 3 } else { 1 };
    evening * weekend * viral / 2 + random.random_range(0..6)
}

fn pick<'a>(people: &'a [(Influencer, Link, String)], random: &mut StdRng) -> &'a (Influencer, Link, String) {
    let mut left: f64 = random.random_range(0.0..1.0);
    for (person, (.., share)) in people.iter().zip(PEOPLE) {
        left -= share;
        if left <= 0.0 {
            return person;
        }
    }
    &people[0]
}

/// Follows a link; false where a machine did.
fn click(engine: &Engine, link: &Link, random: &mut StdRng) -> bool {
    let Some(fact) = engine.link(&link.code) else { return false };
    let is_bot = random.random_bool(0.07);
    let user_agent = if is_bot {
        BOTS[random.random_range(0..BOTS.len())]
    } else {
        BROWSERS[random.random_range(0..BROWSERS.len())]
    };
    let ip = IpAddr::V4(Ipv4Addr::new(203, 0, 113, random.random_range(1..120)));
    let visit =
        Visit { ip, is_prefetch: false, user_agent: user_agent.as_bytes(), referrer: b"https://social.example/" };
    engine.record_click(&fact, &visit);
    !is_bot
}

/// What a visitor does at the shop.
fn visit(link: &Link, coupon: &str, order: &str, random: &mut StdRng) -> Vec<Value> {
    let mut events = Vec::new();
    if random.random_bool(0.02) {
        events.push(json!({ "action": "signup", "ref_code": link.code }));
    }
    if !random.random_bool(0.11) {
        return events;
    }
    events.push(json!({ "action": "add_to_cart", "ref_code": link.code }));
    if random.random_bool(0.38) {
        let mut purchase = json!({ "action": "purchase", "event_id": order, "value": price(random), "currency": "EUR", "ref_code": link.code });
        if random.random_bool(0.45) {
            purchase["coupon_code"] = coupon.into();
        }
        events.push(purchase);
    } else if random.random_bool(0.5) {
        events.push(json!({ "action": "drop_off", "ref_code": link.code }));
    }
    events
}

fn price(random: &mut StdRng) -> String {
    let cents: i64 = random.random_range(19..240) * 100 + [0, 50, 90, 95][random.random_range(0..4)];
    format!("{}.{:02}", cents / 100, cents % 100)
}

async fn record(engine: &Engine, cast: &Cast, body: Value) -> anyhow::Result<()> {
    let now = engine.now();
    let call = Call {
        key: cast.key,
        action: None,
        idempotency_key: None,
        body: kept_body(body.to_string().as_bytes()),
        request_id: String::new(),
    };
    let event = read(body, |fields| NewEvent::read(fields, Arrival { now, action: None, idempotency_key: None }))?;
    engine.record_event(cast.advertiser.id, event, call).await?;
    Ok(())
}
