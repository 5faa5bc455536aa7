//! Random ledgers: whatever was recorded, by whichever way, every figure read from sums is the one that clicks and events
//! come to.

use engine::{Error, Reattribution, Session, Source, check_figures};
use model::{
    Timestamp,
    campaign::Campaign,
    coupon::Coupon,
    influencer::Influencer,
    link::Link,
    stats::{Compare, Interval, Preset, StatsQuery},
    time::{DAY, HOUR, MINUTE},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::world::{CHROME, NOON, World, admin, influencer_session, shop_session};

const ZONES: [&str; 12] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Marquesas",
    "America/Anchorage",
    "Africa/Casablanca",
];
const CURRENCIES: [&str; 4] = ["USD", "EUR", "JPY", "KWD"];
const ACTIONS: [&str; 8] =
    ["purchase", "purchase", "purchase", "purchase", "add_to_cart", "signup", "drop_off", "custom"];
const BOT: &str = "Googlebot/2.1 (+http://www.google.com/bot.html)";

/// How much of a ledger there is, and how many questions are asked of it. `LEDGER_SEED` and `LEDGER_QUESTIONS` widen a run.
fn numbers() -> (u64, usize) {
    let read = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    (read("LEDGER_SEED").unwrap_or(1), read("LEDGER_QUESTIONS").map_or(30, |count: u64| count as usize))
}

struct Shop {
    id: model::AdvertiserId,
    campaigns: Vec<Campaign>,
    links: Vec<Link>,
    coupons: Vec<Coupon>,
}

struct Ledger {
    shops: Vec<Shop>,
    influencers: Vec<Influencer>,
    rng: StdRng,
    orders: u64,
}

impl Ledger {
    async fn set_up(world: &World, seed: u64) -> Self {
        let mut influencers = Vec::new();
        for name in ["Anna", "Ben", "Cleo"] {
            influencers.push(world.influencer(name).await);
        }
        let mut shops = Vec::new();
        for (number, name) in ["Shoes", "Books"].into_iter().enumerate() {
            let id = world.advertiser(name).await.id;
            let mut shop = Shop { id, campaigns: Vec::new(), links: Vec::new(), coupons: Vec::new() };
            for (place, more) in
                [json!({ "commission_percent": 12.5 }), json!({ "commission_percent": 0.01 }), json!({})]
                    .into_iter()
                    .enumerate()
            {
                let campaign = world.campaign(id, more).await;
                for influencer in influencers.iter().map(Some).chain([None]).skip(place) {
                    shop.links.push(world.link(&campaign, influencer).await);
                    let code = format!("CODE-{number}-{place}-{}", influencer.map_or("ALL", |it| it.name.as_str()));
                    shop.coupons.push(world.coupon(&campaign, influencer, &code).await.unwrap());
                }
                shop.campaigns.push(campaign);
            }
            shops.push(shop);
        }
        Self { shops, influencers, rng: StdRng::seed_from_u64(seed), orders: 0 }
    }

    /// A moment of the last 80 days, often at or beside the edge of a quarter hour or a day.
    fn moment(&mut self) -> Timestamp {
        let at = NOON.0 - self.rng.random_range(0..80 * DAY);
        let edge = [1, 15 * MINUTE, HOUR, DAY][self.rng.random_range(0..4)];
        let beside = [0, 0, -1, 1][self.rng.random_range(0..4)];
        Timestamp((at - at.rem_euclid(edge) + beside).min(NOON.0))
    }

    fn event(&mut self) -> (usize, Value) {
        let place = self.rng.random_range(0..self.shops.len());
        let at = self.moment();
        let shop = &self.shops[place];
        let rng = &mut self.rng;
        let mut body = json!({ "action": ACTIONS.choose(rng).unwrap(), "occurred_at": at.to_string() });
        if rng.random_bool(0.8) {
            body["value"] =
                json!(format!("{}.{:02}", rng.random_range(0..3_000_000_000_u64), rng.random_range(0..100)));
            body["currency"] = json!(CURRENCIES.choose(rng).unwrap());
        }
        match rng.random_range(0..6) {
            0 => body["coupon_code"] = json!(shop.coupons.choose(rng).unwrap().code),
            1 => body["ref_code"] = json!(shop.links.choose(rng).unwrap().code),
            2 => {
                body["landing_url"] =
                    json!(format!("https://shop.example/?ref_code={}", shop.links.choose(rng).unwrap().code))
            }
            3 => body["coupon_codes"] = json!(["LATE", shop.coupons.choose(rng).unwrap().code]),
            4 => body["coupon_code"] = json!("LATE"),
            _ => {}
        }
        if rng.random_bool(0.3) {
            body["customer_id"] = json!(format!("c-{}", rng.random_range(0..20)));
        }
        if rng.random_bool(0.5) {
            self.orders += u64::from(rng.random_bool(0.7));
            body["event_id"] = json!(format!("A-{}", self.orders));
        }
        (place, body)
    }

    /// Clicks and events, through the ways they always take; some orders twice, and at once.
    async fn fill(&mut self, world: &World, clicks: usize, events: usize) {
        for _ in 0..clicks {
            let at = self.moment();
            world.set_clock(at);
            let shop = self.shops.choose(&mut self.rng).unwrap();
            let agent = if self.rng.random_bool(0.25) { BOT } else { CHROME };
            let ip = format!("203.0.113.{}", self.rng.random_range(0..6));
            world.click(shop.links.choose(&mut self.rng).unwrap(), &ip, agent);
        }
        world.set_clock(NOON);
        world.engine.drained().await.unwrap();
        let bodies: Vec<(usize, Value)> = (0..events).map(|_| self.event()).collect();
        for some in bodies.chunks(40) {
            let sent = some.iter().map(|(shop, body)| world.send(self.shops[*shop].id, body.clone()));
            for answer in futures_util::future::join_all(sent).await {
                assert!(matches!(answer, Ok(_) | Err(Error::Conflict(_))), "{answer:?}");
            }
        }
    }

    /// Somebody, and something that may be asked.
    fn question(&mut self) -> (Session, StatsQuery) {
        let rng = &mut self.rng;
        let shop = self.shops.choose(rng).unwrap();
        let influencer = self.influencers.choose(rng).unwrap();
        let (session, own) = match rng.random_range(0..3) {
            0 => (admin(), None),
            1 => (shop_session(shop.id), None),
            _ => (influencer_session(influencer.id), Some(influencer.id)),
        };
        let is_own = |of: Option<model::InfluencerId>| own.is_none() || of == own;
        let links: Vec<_> = shop.links.iter().filter(|link| is_own(link.influencer_id)).collect();
        let coupons: Vec<_> = shop.coupons.iter().filter(|coupon| is_own(coupon.influencer_id)).collect();
        let mut query = StatsQuery {
            tz: Some((*ZONES.choose(rng).unwrap()).to_owned()),
            interval: rng.random_bool(0.7).then(|| Interval::ALL.choose(rng).unwrap().to_string()),
            compare: if rng.random_bool(0.4) { Compare::ALL.choose(rng).copied() } else { None },
            include_bots: rng.random_bool(0.3),
            ..StatsQuery::default()
        };
        match rng.random_range(0..3) {
            0 => query.range = Some(Preset::ALL.choose(rng).unwrap().to_string()),
            1 => {
                let first = NOON.0 - rng.random_range(0..85 * DAY);
                let last = first + rng.random_range(0..40) * DAY;
                query.from = Some(Timestamp(first).to_string()[..10].to_owned());
                query.to = Some(Timestamp(last).to_string()[..10].to_owned());
            }
            _ => {
                let first = NOON.0 - rng.random_range(0..85 * DAY);
                query.from = Some(Timestamp(first).to_string());
                query.to = Some(Timestamp(first + rng.random_range(0..40 * DAY)).to_string());
            }
        }
        if rng.random_bool(0.3) {
            // One that whoever asks takes part in.
            query.campaign_id = links.choose(rng).map(|link| link.campaign_id);
        }
        if rng.random_bool(0.2) {
            query.link_id = links.choose(rng).map(|link| link.id);
        }
        if rng.random_bool(0.2) {
            query.coupon_id = coupons.choose(rng).map(|coupon| coupon.id);
        }
        if own.is_none() && rng.random_bool(0.3) {
            query.influencer_id = Some(influencer.id);
        }
        if own.is_none() && rng.random_bool(0.3) {
            query.advertiser_id = Some(shop.id);
        }
        if rng.random_bool(0.2) {
            query.method = model::attribution::Method::ALL.choose(rng).copied();
        }
        (session, query)
    }

    /// Whoever asks, and each of the ways in which figures are narrowed.
    fn named(&self) -> Vec<(Session, StatsQuery)> {
        let shop = &self.shops[0];
        let anna = self.influencers[0].id;
        let of = |influencer| shop.links.iter().find(|link| link.influencer_id == influencer).unwrap();
        let coupon = |influencer| shop.coupons.iter().find(|coupon| coupon.influencer_id == influencer).unwrap();
        let (link, nobodys) = (of(Some(anna)), of(None));
        let query = StatsQuery::default;
        vec![
            (influencer_session(anna), query()),
            (influencer_session(anna), StatsQuery { campaign_id: Some(link.campaign_id), ..query() }),
            (influencer_session(anna), StatsQuery { link_id: Some(link.id), ..query() }),
            (influencer_session(anna), StatsQuery { coupon_id: Some(coupon(Some(anna)).id), ..query() }),
            (admin(), StatsQuery { influencer_id: Some(anna), ..query() }),
            (shop_session(shop.id), StatsQuery { influencer_id: Some(anna), ..query() }),
            (
                shop_session(shop.id),
                StatsQuery { influencer_id: Some(anna), campaign_id: Some(link.campaign_id), ..query() },
            ),
            (shop_session(shop.id), StatsQuery { link_id: Some(nobodys.id), ..query() }),
            (shop_session(shop.id), StatsQuery { coupon_id: Some(coupon(None).id), ..query() }),
            (shop_session(shop.id), StatsQuery { method: Some(model::attribution::Method::RefCode), ..query() }),
        ]
    }

    /// Asks so many questions; each is answered both ways from one state. How many had an answer with something in it.
    async fn ask(&mut self, world: &World, questions: usize) -> usize {
        let mut telling = 0;
        for _ in 0..questions {
            let (session, query) = self.question();
            match world.engine.answers_both_ways(&session, &query).await {
                Ok([sums, rows]) => {
                    assert_eq!(sums, rows, "{query:?} of {:?}", session.account.role);
                    telling += usize::from(sums.overview.figures.clicks + sums.overview.figures.conversions > 0);
                }
                // An hour each over years.
                Err(Error::Invalid(errors)) => assert_eq!(errors[0].field, "interval", "{query:?}"),
                Err(error) => panic!("{error}: {query:?}"),
            }
        }
        telling
    }
}

fn over(named: StatsQuery, tz: &str, range: &str, interval: &str) -> StatsQuery {
    let compare = Some(Compare::Previous);
    StatsQuery { tz: Some(tz.into()), range: Some(range.into()), interval: Some(interval.into()), compare, ..named }
}

async fn differences(world: &World) -> Vec<String> {
    let checked = check_figures(&world.options(), 10, |_, _| {}).await.unwrap();
    assert_eq!(checked.strays, 0);
    checked.differences.iter().map(ToString::to_string).collect()
}

crate::on_both! {
    async fn figures_read_from_sums_are_what_clicks_and_events_come_to(world: World) {
        let (seed, questions) = numbers();
        let mut ledger = Ledger::set_up(&world, seed).await;
        ledger.fill(&world, 300, 350).await;
        assert_eq!(differences(&world).await, [""; 0]);
        let telling = ledger.ask(&world, questions).await;
        assert!(telling > questions / 3, "{telling} of {questions} answers say something");

        // Credits change: what was late counts for others from then on.
        let shop = &ledger.shops[0];
        let ben = &ledger.influencers[1];
        world.coupon(&shop.campaigns[0], Some(ben), "LATE").await.unwrap();
        let again = Reattribution::open(&world.options()).await.unwrap();
        let changes = again.changes(NOON.plus(-100 * DAY), None, |_| {}).await.unwrap();
        assert!(changes.len() > 10, "{}", changes.len());
        again.apply(&changes).await.unwrap();
        // Nothing is moved twice.
        again.apply(&changes).await.unwrap();
        again.close().await;
        assert_eq!(differences(&world).await, [""; 0]);
        ledger.ask(&world, questions / 2).await;
        world.end().await;
    }

    async fn figures_are_the_same_both_ways_while_clicks_and_events_are_recorded(world: World) {
        let (seed, questions) = numbers();
        let mut ledger = Ledger::set_up(&world, seed + 1).await;
        ledger.fill(&world, 60, 60).await;
        let bodies: Vec<(usize, Value)> = (0..400).map(|_| ledger.event()).collect();
        let owners: Vec<_> = ledger.shops.iter().map(|shop| shop.id).collect();
        let link = ledger.shops[0].links[0].clone();
        let recording = async {
            for some in bodies.chunks(20) {
                world.click(&link, "203.0.113.9", CHROME);
                let sent = some.iter().map(|(shop, body)| world.send(owners[*shop], body.clone()));
                futures_util::future::join_all(sent).await;
            }
            world.engine.drained().await.unwrap();
        };
        tokio::join!(recording, ledger.ask(&world, questions / 2));
        assert_eq!(differences(&world).await, [""; 0]);
        world.end().await;
    }

    async fn a_database_of_before_is_summed_up_when_it_is_opened(world: World) {
        let mut ledger = Ledger::set_up(&world, 3).await;
        ledger.fill(&world, 150, 200).await;
        let stopped = world.stop().await;
        for sql in [
            "DROP TABLE click_totals", "DROP TABLE event_totals", "DROP TABLE click_shares", "DROP TABLE event_shares",
            "DROP TABLE retention",
            "DELETE FROM _sqlx_migrations WHERE version >= 4",
        ] {
            stopped.execute(sql).await;
        }
        let world = stopped.open().await;
        assert_eq!(differences(&world).await, [""; 0]);
        assert!(ledger.ask(&world, 20).await > 5);
        ledger.fill(&world, 50, 50).await;
        assert_eq!(differences(&world).await, [""; 0]);
        world.end().await;
    }

    async fn a_database_with_shares_of_days_alone_gets_those_of_hours(world: World) {
        let mut ledger = Ledger::set_up(&world, 5).await;
        ledger.fill(&world, 150, 200).await;
        let stopped = world.stop().await;
        for sql in [
            "DELETE FROM click_shares WHERE span = 4", "DELETE FROM event_shares WHERE span = 4",
            "DELETE FROM _sqlx_migrations WHERE version = 6",
        ] {
            stopped.execute(sql).await;
        }
        let world = stopped.open().await;
        assert_eq!(differences(&world).await, [""; 0]);
        ledger.fill(&world, 50, 50).await;
        assert_eq!(differences(&world).await, [""; 0]);
        world.end().await;
    }

    async fn whatever_is_named_figures_are_the_same_both_ways_in_every_zone(world: World) {
        let (seed, _) = numbers();
        let mut ledger = Ledger::set_up(&world, seed + 6).await;
        ledger.fill(&world, 200, 250).await;
        for tz in ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"] {
            for (range, interval) in [("30d", "day"), ("7d", "hour"), ("12m", "week")] {
                for (session, named) in ledger.named() {
                    let query = over(named, tz, range, interval);
                    let [sums, rows] = world.engine.answers_both_ways(&session, &query).await.unwrap();
                    assert_eq!(sums, rows, "{query:?} of {:?}", session.account.role);
                }
            }
        }
        world.end().await;
    }

    async fn in_zones_of_whole_hours_whatever_is_named_is_told_by_sums_alone(world: World) {
        let mut ledger = Ledger::set_up(&world, 7).await;
        ledger.fill(&world, 300, 300).await;
        let mut told = Vec::new();
        for (session, named) in ledger.named() {
            for (tz, range, interval) in [
                ("Europe/Berlin", "30d", "day"), ("America/New_York", "12m", "week"), ("Asia/Tokyo", "7d", "hour"),
            ] {
                let query = over(named.clone(), tz, range, interval);
                let answers = world.engine.answers_from(&session, &query, Source::Sums).await.unwrap();
                told.push((session.clone(), query, answers));
            }
        }
        world.execute("DELETE FROM clicks").await;
        world.execute("DELETE FROM events").await;
        for (session, query, before) in &told {
            let sums = world.engine.answers_from(session, query, Source::Sums).await.unwrap();
            assert_eq!(sums, *before, "{query:?} of {:?}", session.account.role);
            let rows = world.engine.answers_from(session, query, Source::Rows).await.unwrap();
            assert!(query.range.as_deref() == Some("7d") || rows != *before, "there was something: {query:?}");
        }
        world.end().await;
    }

    async fn a_sum_that_is_wrong_is_found_and_named(world: World) {
        let mut ledger = Ledger::set_up(&world, 4).await;
        ledger.fill(&world, 30, 40).await;
        assert_eq!(differences(&world).await, [""; 0]);
        let shop = ledger.shops[0].id;
        for (sql, named) in [
            ("UPDATE click_shares SET human = human + 1", "click_shares"),
            ("UPDATE event_shares SET remainder = remainder - 1", "event_shares"),
            ("UPDATE click_shares SET human = human + 1 WHERE span = 4", "click_shares"),
            ("UPDATE event_shares SET purchases = purchases + 1 WHERE span = 96", "event_shares"),
            ("UPDATE click_totals SET bots = bots + 2 WHERE span = 1", "click_totals"),
            ("UPDATE event_totals SET signups = signups + 1 WHERE span = 96", "event_totals"),
        ] {
            let undo = sql.replace(" + ", " @ ").replace(" - ", " + ").replace(" @ ", " - ");
            world.execute(sql).await;
            let found = differences(&world).await;
            assert!(found.iter().any(|text| text.starts_with(named)), "{sql}: {found:?}");
            assert!(found[0].contains("+1") || found[0].contains("-1") || found[0].contains("+2"), "{found:?}");
            world.execute(&undo).await;
            assert_eq!(differences(&world).await, [""; 0]);
        }
        world.execute("DELETE FROM event_totals WHERE span = 4").await;
        assert!(!differences(&world).await.is_empty());
        let [sums, rows] = world.engine.answers_both_ways(&shop_session(shop), &StatsQuery {
            range: Some("28d".into()), interval: Some("hour".into()), ..StatsQuery::default()
        }).await.unwrap();
        assert_ne!(sums, rows, "the property can fail");
        world.end().await;
    }
}
