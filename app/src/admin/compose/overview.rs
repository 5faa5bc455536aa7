//! The overview.

use engine::{Engine, Session};
use model::{activity::FailureQuery, overview::Diagnostics};

use super::{
    accounts,
    activity::{self, EVENTS, Places},
    coupons, links,
    words::way,
};
use crate::{
    admin::page::{Action, Card, Cell, Notice, Page, Part, Step, Tone},
    error::AppError,
};

/// Failures shown on the overview.
const TAIL: u32 = 5;
/// Clicks that wait for longer want an eye.
const LATE_MS: i64 = 60_000;

pub async fn overview(engine: &Engine, session: &Session) -> Result<Page, AppError> {
    let state = engine.diagnostics(session).await?;
    let tail = FailureQuery { limit: Some(TAIL), ..FailureQuery::default() };
    let failures = engine.list_failures(session, &tail).await?.items;
    let mut parts = Vec::new();
    parts.extend(checklist(engine, session).await?);
    parts.extend(warnings(&state));
    parts.push(Part::Cards(cards(&state)));
    parts.push(Part::Group {
        title: "Failures".into(),
        note: None,
        actions: vec![Action::go("All failures", activity::FAILURES)],
        parts: vec![Part::Table(Box::new(super::failures::table(engine, session, Places::ADMIN, &failures).await?))],
    });
    parts.push(Part::group(
        "Recent accounts",
        vec![Part::Table(Box::new(accounts::table("Recent accounts", &state.recent_sign_ups)))],
    ));
    parts.push(Part::group("System", vec![Part::Facts(system(&state))]));
    Ok(Page {
        title: "Overview".into(),
        actions: vec![
            Action::go("New campaign", "/admin/campaigns/new").primary(),
            Action::go("Generate coupons", format!("{}/generate", coupons::COUPONS)),
        ],
        parts,
        ..Page::default()
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
    if let Some(age) = state.spool.oldest_age_ms.filter(|age| *age > LATE_MS) {
        found.push(warn(Tone::Warn, format!("Clicks are delayed by {} minutes; none is lost.", age / 60_000)));
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
    let active = format!("{} active in 30 days", state.active_advertisers);
    vec![
        card("Advertisers", totals.advertisers, active, "/admin/advertisers"),
        card("Campaigns", totals.campaigns, String::new(), "/admin/campaigns"),
        card("Influencers", totals.influencers, String::new(), "/admin/influencers"),
        card("Links", totals.links, String::new(), links::LINKS),
        card("Coupons", totals.coupons, String::new(), coupons::COUPONS),
        card("Clicks", totals.clicks, "all time, bots included".into(), activity::CLICKS),
        card("Events", totals.events, format!("{} this month", state.events_this_month), EVENTS),
    ]
}

fn system(state: &Diagnostics) -> Vec<(String, Cell)> {
    let latency = state.database.latency_ms.map(|ms| format!("answers in {ms:.1} ms"));
    let waiting = match state.spool.oldest_age_ms {
        None => "nothing waits".to_owned(),
        Some(age) => format!("{} bytes wait, the oldest for {} s", state.spool.waiting_bytes, age / 1000),
    };
    let room = match state.spool.max_bytes {
        None => format!("{} bytes", state.spool.used_bytes),
        Some(most) => format!("{} of {most} bytes", state.spool.used_bytes),
    };
    let failures = if state.failures_by_code.is_empty() {
        Cell::None
    } else {
        let lines = state.failures_by_code.iter();
        Cell::Stack(lines.map(|it| Cell::text(format!("{} {}", it.count, it.code.replace('-', " ")))).collect())
    };
    vec![
        ("Database".into(), Cell::maybe(latency)),
        ("Click log".into(), Cell::text(waiting)),
        ("Click log on disk".into(), Cell::text(room)),
        ("Events that wait".into(), Cell::text(format!("{} of {}", state.queue.depth, state.queue.capacity))),
        ("Failures kept".into(), failures),
        ("Version".into(), Cell::text(&state.version)),
        ("Server time (UTC)".into(), Cell::Time(state.now)),
    ]
}
