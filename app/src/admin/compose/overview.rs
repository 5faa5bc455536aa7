//! The overview.

use engine::{Engine, Session};
use model::{
    activity::FailureQuery,
    overview::{DatabaseKind, Diagnostics},
    page::ListQuery,
    time::MINUTE,
};

use super::{
    accounts,
    activity::{self, EVENTS, Places},
    advertisers::{self, ADVERTISERS},
    campaigns::{self, CAMPAIGNS},
    coupons,
    influencers::INFLUENCERS,
    integration, links,
    words::{bytes, lasting, way},
};
use crate::{
    address,
    admin::page::{Action, Card, Cell, Notice, Page, Part, Step, Tone, Way},
    error::AppError,
    format,
};

/// Failures shown on the overview.
const TAIL: u32 = 5;
/// Clicks that wait for longer want an eye.
const LATE_MS: i64 = MINUTE;
/// Refused calls among all of a day that want one.
const HIGH_ERROR_RATE: f64 = 0.05;
/// With so many events nobody needs to be told that they arrive.
const FIRST_EVENTS: i64 = 10;
/// Free on the data folder's disk.
const LITTLE_ROOM: u64 = 1 << 30;

pub async fn overview(engine: &Engine, session: &Session) -> Result<Page, AppError> {
    let state = engine.diagnostics(session).await?;
    // Without the database there is still what it said last, and how the rest stands.
    let answers = state.database.answers;
    let mut parts = Vec::new();
    if answers {
        parts.extend(checklist(engine, session, state.totals.events).await?);
    }
    parts.extend(warnings(&state));
    parts.push(Part::Cards(cards(&state)));
    parts.push(Part::group("Health", vec![Part::Cards(health(&state))]));
    if answers {
        parts.push(failures(engine, session).await?);
        parts.push(Part::Group {
            title: "Recent sign-ups".into(),
            note: None,
            actions: vec![Action::go("All accounts", accounts::ACCOUNTS)],
            parts: vec![Part::Table(Box::new(accounts::newest(engine, session, &state.recent_sign_ups).await?))],
        });
    }
    parts.push(Part::group("System", vec![Part::Facts(system(&state))]));
    Ok(Page {
        title: "Overview".into(),
        actions: vec![
            Action::go("New campaign", "/admin/campaigns/new").primary(),
            Action::go("Generate coupons", format!("{}/generate", coupons::COUPONS)),
        ],
        parts,
        live: true,
        ..Page::default()
    })
}

/// The newest, to be tried again from here.
async fn failures(engine: &Engine, session: &Session) -> Result<Part, AppError> {
    let tail = FailureQuery { limit: Some(TAIL), ..FailureQuery::default() };
    let failures = engine.list_failures(session, &tail).await?.items;
    Ok(Part::Group {
        title: "Failures".into(),
        note: None,
        actions: vec![Action::go("All failures", activity::FAILURES)],
        parts: vec![Part::Table(Box::new(super::failures::table(engine, session, Places::ADMIN, &failures).await?))],
    })
}

/// What is still to be set up, computed from what is there, each step with the way to where it is taken.
async fn checklist(engine: &Engine, session: &Session, events: i64) -> Result<Option<Part>, AppError> {
    let done = engine.beginnings(session, None).await?;
    let step = |done, label: &str, hint: &str, way: Way| Step {
        done,
        label: label.into(),
        hint: hint.into(),
        way: (!done).then_some(way),
    };
    let newest = ListQuery { limit: Some(1), ..ListQuery::default() };
    let campaign = engine.list_campaigns(session, &newest).await?.items.pop();
    let advertiser = engine.list_advertisers(session, &newest).await?.items.pop();
    let to_campaign = match &campaign {
        Some(campaign) => way(format!("Open {}", campaign.name), campaigns::href(campaign.id)),
        None => way("Open campaigns", CAMPAIGNS),
    };
    let (to_keys, to_integration) = match &advertiser {
        Some(of) => (
            way(format!("Open {}", of.name), advertisers::href(of.id)),
            way("How to send one", integration::of_advertiser(of.id)),
        ),
        None => (way("Open advertisers", ADVERTISERS), way("How to send one", address::INTEGRATION)),
    };
    let code = match done.assignment {
        true => "What the influencer hands out.",
        false => "What the influencer hands out: assign them to the campaign first.",
    };
    let steps = vec![
        step(
            done.advertiser,
            "Advertiser",
            "The shop that runs campaigns.",
            way("Create one", format!("{ADVERTISERS}/new")),
        ),
        step(
            done.influencer,
            "Influencer",
            "Who hands out links and codes.",
            way("Create one", format!("{INFLUENCERS}/new")),
        ),
        step(
            done.campaign,
            "Campaign",
            "Where its links lead, what is credited, and who takes part.",
            way("Create one", format!("{CAMPAIGNS}/new")),
        ),
        step(done.code, "Link or coupon", code, to_campaign),
        step(done.key, "API key", "With it the shop's backend sends its orders.", to_keys),
        step(done.event, "First event", "An order, or the one to try it with.", to_integration),
    ];
    if steps.iter().any(|step| !step.done) {
        return Ok(Some(Part::group("To begin", vec![Part::Checklist(steps)])));
    }
    let text = "All is set up, and events arrive. Logins for the shop and its influencers are made on their pages.";
    let all_done =
        Notice { tone: Tone::Good, text: text.into(), way: Some(way("See the dashboard", address::DASHBOARD)) };
    Ok((events <= FIRST_EVENTS).then_some(Part::Notice(all_done)))
}

fn warnings(state: &Diagnostics) -> Vec<Part> {
    let warn = |tone, text: String| Part::Notice(Notice { tone, text, way: None });
    let mut found = Vec::new();
    if state.spool.is_displaced {
        let text = "Another process has taken this click log over: its clicks are not counted here. See the log.";
        found.push(warn(Tone::Bad, text.into()));
    }
    if state.spool.clicks_lost > 0 {
        let text =
            format!("{} clicks could not be written down since the start: is the disk full?", state.spool.clicks_lost);
        found.push(warn(Tone::Bad, text));
    }
    if !state.database.answers {
        let text = "The database does not answer. Redirects go on, events are put aside; the counts below are as of its \
            last answer.";
        found.push(warn(Tone::Bad, text.into()));
    }
    if let Some(age) = state.spool.oldest_age_ms.filter(|age| *age > LATE_MS) {
        found.push(warn(Tone::Warn, format!("Clicks are delayed by {}; none is lost.", lasting(age))));
    }
    if state.data_folder.free_bytes.is_some_and(|free| free < LITTLE_ROOM) {
        found.push(warn(Tone::Warn, "The disk of the data folder is nearly full.".into()));
    }
    found
}

fn cards(state: &Diagnostics) -> Vec<Card> {
    let card = |label: &str, count: i64, note: String, href: &str| Card {
        label: label.into(),
        value: Cell::Count(count),
        note,
        href: Some(href.into()),
    };
    let totals = &state.totals;
    let this_month = format!("{} this month", format::exact_count(state.events_this_month));
    vec![
        card("Advertisers", totals.advertisers, String::new(), "/admin/advertisers"),
        card("Active advertisers", state.active_advertisers, "in 30 days".into(), "/admin/advertisers?status=active"),
        card("Campaigns", totals.campaigns, String::new(), "/admin/campaigns"),
        card("Influencers", totals.influencers, String::new(), "/admin/influencers"),
        card("Links", totals.links, String::new(), links::LINKS),
        card("Coupons", totals.coupons, String::new(), coupons::COUPONS),
        card("Clicks", totals.clicks, "with bots".into(), activity::CLICKS),
        card("Events", totals.events, this_month, EVENTS),
    ]
}

/// What an operator looks at first.
fn health(state: &Diagnostics) -> Vec<Card> {
    let card = |label: &str, value: Cell, note: String| Card { label: label.into(), value, note, href: None };
    let eye = |wants_one: bool, text: String| {
        if wants_one { Cell::Status(Tone::Warn, text) } else { Cell::text(text) }
    };
    let day = &state.last_day;
    let errors = match day.error_rate {
        None => Cell::None,
        Some(rate) => eye(rate > HIGH_ERROR_RATE, format::rate(Some(rate))),
    };
    let calls = format!(
        "{} of {} event calls in 24 hours",
        format::exact_count(day.failures),
        format::exact_count(day.failures + day.events)
    );
    let database = match state.database.latency_ms {
        Some(ms) => Cell::text(format!("{ms:.1} ms")),
        None => Cell::Status(Tone::Bad, "Away".into()),
    };
    let clicks = match state.spool.oldest_age_ms {
        None => Cell::text("Up to date"),
        Some(age) => eye(age > LATE_MS, format!("{} behind", lasting(age))),
    };
    let aside = state.queue.oldest_aside_age_ms.map(|age| format!(", the oldest for {}", lasting(age)));
    let waiting = format!("{} on their way to the database{}", state.queue.depth, aside.unwrap_or_default());
    let unread = match state.spool.waiting_bytes {
        0 => "every click is in the database".to_owned(),
        waiting => format!("{} wait to become rows", bytes(waiting)),
    };
    let failures = Card { href: Some(activity::FAILURES.into()), ..card("Error rate", errors, calls) };
    let set_aside = i64::try_from(state.queue.aside).unwrap_or(i64::MAX);
    vec![
        failures,
        card("Database", database, "for one small read".into()),
        card("Click log", clicks, unread),
        card("Events aside", Cell::Count(set_aside), waiting),
    ]
}

fn system(state: &Diagnostics) -> Vec<(String, Cell)> {
    let kind = match state.database.kind {
        DatabaseKind::Sqlite => "SQLite",
        DatabaseKind::MySql => "MySQL",
    };
    let version = state.database.version.as_deref().unwrap_or_default();
    let size = state.database.bytes.map(|size| format!(", {}", bytes(size))).unwrap_or_default();
    let used = bytes(state.spool.used_bytes);
    let log = match state.spool.max_bytes {
        None => used,
        Some(most) => format!("{used} of {} that it may take", bytes(most)),
    };
    let free = state.data_folder.free_bytes.zip(state.data_folder.total_bytes);
    let room = free.map(|(free, total)| format!("{} of {} are free", bytes(free), bytes(total)));
    let failures = if state.failures_by_code.is_empty() {
        Cell::None
    } else {
        let lines = state.failures_by_code.iter();
        Cell::Stack(lines.map(|it| Cell::text(format!("{} {}", it.count, it.code.replace('-', " ")))).collect())
    };
    let up = i64::try_from(state.uptime_ms).unwrap_or(i64::MAX);
    vec![
        ("Version".into(), Cell::text(&state.version)),
        ("Up for".into(), Cell::text(lasting(up))),
        ("Server time (UTC)".into(), Cell::Time(state.now)),
        ("Database".into(), Cell::text(format!("{kind} {version}{size}"))),
        ("Data folder".into(), Cell::maybe(room)),
        ("Click log on disk".into(), Cell::text(log)),
        ("Failures kept".into(), failures),
    ]
}
