//! The overview.

use engine::{Engine, Session};
use model::{
    activity::FailureQuery,
    overview::{DatabaseKind, Diagnostics},
    time::MINUTE,
};

use super::{
    accounts,
    activity::{self, EVENTS, Places},
    coupons, links,
    words::{bytes, lasting, way},
};
use crate::{
    admin::page::{Action, Card, Cell, Notice, Page, Part, Step, Tone},
    error::AppError,
    format,
};

/// Failures shown on the overview.
const TAIL: u32 = 5;
/// Clicks that wait for longer want an eye.
const LATE_MS: i64 = MINUTE;
/// Refused calls among all of a day that want one.
const HIGH_ERROR_RATE: f64 = 0.05;
/// Free on the data folder's disk.
const LITTLE_ROOM: u64 = 1 << 30;

pub async fn overview(engine: &Engine, session: &Session) -> Result<Page, AppError> {
    let state = engine.diagnostics(session).await?;
    // Without the database there is still what it said last, and how the rest stands.
    let answers = state.database.answers;
    let mut parts = Vec::new();
    if answers {
        parts.extend(checklist(engine, session).await?);
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

/// What is still to be set up, computed from what is there; nothing once all is.
async fn checklist(engine: &Engine, session: &Session) -> Result<Option<Part>, AppError> {
    let done = engine.beginnings(session, None).await?;
    let step = |done, label: &str, hint: &str, go: &str, href: &str| Step {
        done,
        label: label.into(),
        hint: hint.into(),
        way: (!done).then(|| way(go, href)),
    };
    let steps = vec![
        step(done.advertiser, "Advertiser", "The shop that runs campaigns.", "Create one", "/admin/advertisers/new"),
        step(
            done.campaign,
            "Campaign",
            "Where its links lead, and what is credited.",
            "Create one",
            "/admin/campaigns/new",
        ),
        step(
            done.assignment,
            "Influencer",
            "Somebody who is assigned to the campaign.",
            "Create one",
            "/admin/influencers/new",
        ),
        step(done.code, "Link or coupon", "What the influencer hands out.", "Open campaigns", "/admin/campaigns"),
        step(
            done.key,
            "API key",
            "With it the shop's backend sends its orders.",
            "Open advertisers",
            "/admin/advertisers",
        ),
        step(done.event, "First event", "An order that the shop has sent.", "How to send one", "/docs/api/"),
    ];
    let is_all_done = steps.iter().all(|step| step.done);
    Ok((!is_all_done).then(|| Part::group("To begin", vec![Part::Checklist(steps)])))
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
    let waiting = format!("{} wait for the writer{}", state.queue.depth, aside.unwrap_or_default());
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
