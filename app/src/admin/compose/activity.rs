//! Clicks, events with their trace, and what events got wrong.

use engine::{Engine, Session};
use model::{
    EventId, FailureId, Money,
    activity::{ActivityQuery, Click, Event, Failure, FailureQuery},
    attribution::{Attribution, Method, Outcome, Step},
    event::Action as EventAction,
    stats::{Preset, StatsQuery},
};
use uuid::Uuid;

use super::{
    Asked, failure_groups, integration, links,
    lists::{self, Names},
    words::{capital, choices, pair, way},
};
use crate::{
    admin::{
        forms::FormName,
        page::{Action, Cell, Choice, Empty, Field, Notice, Page, Part, Tone},
        table::{Column, Row, Table},
    },
    error::AppError,
};

pub const CLICKS: &str = "/admin/clicks";
pub const EVENTS: &str = "/admin/events";
pub const FAILURES: &str = "/admin/failures";

fn query(asked: &Asked<'_>) -> Result<ActivityQuery, AppError> {
    let flag = |name: &str| match asked.get(name) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(AppError::invalid(vec![model::FieldError::new(name, "must be true or false")])),
    };
    let text = |name: &str| asked.get(name).map(str::to_owned);
    Ok(ActivityQuery {
        within: StatsQuery {
            from: text("from"),
            to: text("to"),
            range: text("range"),
            tz: text("tz"),
            advertiser_id: asked.parsed("advertiser_id")?,
            campaign_id: asked.parsed("campaign_id")?,
            influencer_id: asked.parsed("influencer_id")?,
            link_id: asked.parsed("link_id")?,
            coupon_id: asked.parsed("coupon_id")?,
            method: asked.parsed("method")?,
            ..StatsQuery::default()
        },
        action: asked.parsed("action")?,
        is_bot: flag("is_bot")?,
        limit: None,
        cursor: text("cursor"),
    })
}

fn ranges(asked: &Asked<'_>) -> Field {
    let labels = [
        (Preset::Today, "Today"),
        (Preset::Yesterday, "Yesterday"),
        (Preset::Last7Days, "7 days"),
        (Preset::Last30Days, "30 days"),
        (Preset::MonthToDate, "This month"),
        (Preset::LastMonth, "Last month"),
        (Preset::Last12Months, "12 months"),
    ];
    let all = labels.map(|(preset, label)| Choice { value: preset.to_string(), label: label.into() });
    lists::select(asked, "range", "When", "Any time", all.into())
}

async fn who(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Vec<Field>, AppError> {
    let advertiser = asked.parsed("advertiser_id")?;
    let advertisers = lists::advertisers(engine, session).await?;
    let campaigns = lists::campaigns(engine, session, advertiser).await?;
    let influencers = lists::influencers(engine, session, None).await?;
    Ok(vec![
        lists::select(asked, "advertiser_id", "Advertiser", "Any advertiser", advertisers),
        lists::select(asked, "campaign_id", "Campaign", "Any campaign", campaigns),
        lists::select(asked, "influencer_id", "Influencer", "Anybody", influencers),
        ranges(asked),
    ])
}

/// Chips for what narrows the list beside the selects.
async fn chips(
    engine: &Engine,
    session: &Session,
    asked: &Asked<'_>,
) -> Result<Vec<crate::admin::page::Way>, AppError> {
    let mut chips = Vec::new();
    for (name, label) in [("link_id", "Link"), ("coupon_id", "Coupon")] {
        if let Some(text) = asked.get(name) {
            let id: Option<Uuid> = text.parse().ok();
            let names = Names::of(engine, session, [id]).await?;
            chips.push(way(format!("{label} {}", id.map_or("?", |id| names.get(id))), asked.with(name, None)));
        }
    }
    for name in ["from", "to"] {
        if let Some(text) = asked.get(name) {
            chips.push(way(format!("{} {text}", capital(name)), asked.with(name, None)));
        }
    }
    Ok(chips)
}

pub async fn clicks(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let found = engine.list_clicks(session, &query(asked)?).await?;
    let ids =
        found.items.iter().flat_map(|it| [Some(it.link_id.0), Some(it.campaign_id.0), it.influencer_id.map(|id| id.0)]);
    let names = Names::of(engine, session, ids).await?;
    let mut selects = who(engine, session, asked).await?;
    let kinds = [("false", "People"), ("true", "Bots")];
    let kinds = kinds.map(|(value, label)| Choice { value: value.into(), label: label.into() });
    selects.push(lists::select(asked, "is_bot", "Made by", "People and bots", kinds.into()));
    let mut filters = lists::filters(asked, "", selects);
    filters.chips = chips(engine, session, asked).await?;
    let table = Table {
        caption: "Clicks".into(),
        columns: ["When (UTC)", "Link", "Influencer", "Campaign", "Device", "Country", "From", "Visitor"]
            .map(Column::text)
            .into(),
        rows: found.items.iter().map(|click| click_row(click, &names)).collect(),
        filters: Some(filters),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No clicks".into(),
            text: "Every followed link is here within seconds.".into(),
            action: None,
        }),
        ..Table::default()
    };
    Ok(Page { title: "Clicks".into(), parts: vec![Part::Table(Box::new(table))], ..Page::default() })
}

fn click_row(click: &Click, names: &Names) -> Row {
    let device = [click.browser.as_deref(), click.os.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let visitor = match (click.is_bot, click.is_first) {
        (true, _) => Cell::Status(Tone::Warn, "Bot".into()),
        (false, true) => Cell::text("First today"),
        (false, false) => Cell::text("Again"),
    };
    Row::new(vec![
        Cell::Time(click.clicked_at),
        Cell::link(names.get(click.link_id.0), links::href(click.link_id)),
        names.influencer(click.influencer_id),
        names.campaign(click.campaign_id),
        Cell::text(capital(click.device.as_str())).with_note(device),
        Cell::maybe(click.country.as_deref()),
        Cell::maybe(click.referrer_host.as_deref()),
        visitor,
    ])
}

pub async fn events(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let found = engine.list_events(session, &query(asked)?).await?;
    let names = Names::of(engine, session, found.items.iter().flat_map(ids_of)).await?;
    let mut selects = who(engine, session, asked).await?;
    selects.push(lists::select(asked, "action", "Action", "Any action", choices(EventAction::ALL)));
    let methods = Method::ALL.iter().map(|it| Choice { value: it.to_string(), label: method(*it) }).collect();
    selects.push(lists::select(asked, "method", "Credited by", "Any way", methods));
    let mut filters = lists::filters(asked, "", selects);
    filters.chips = chips(engine, session, asked).await?;
    let table = Table {
        caption: "Events".into(),
        columns: vec![
            Column::text("When (UTC)"),
            Column::text("Action"),
            Column::text("Order or event id"),
            Column::figure("Value"),
            Column::text("Credited by"),
            Column::text("Influencer"),
            Column::text("Campaign"),
        ],
        rows: found.items.iter().map(|event| event_row(event, &names)).collect(),
        filters: Some(filters),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No events".into(),
            text: "Shops send them to POST /api/v1/events with an API key.".into(),
            action: Some(Action::go("API documentation", "/docs/api/")),
        }),
        ..Table::default()
    };
    Ok(Page { title: "Events".into(), parts: vec![Part::Table(Box::new(table))], ..Page::default() })
}

fn ids_of(event: &Event) -> [Option<Uuid>; 5] {
    let credit = &event.attribution;
    [
        Some(event.advertiser_id.0),
        credit.influencer_id.map(|id| id.0),
        credit.campaign_id.map(|id| id.0),
        credit.link_id.map(|id| id.0),
        credit.coupon_id.map(|id| id.0),
    ]
}

fn event_row(event: &Event, names: &Names) -> Row {
    let credit = &event.attribution;
    let shown = event.event_id.clone().unwrap_or_else(|| event.id.to_string());
    Row::new(vec![
        Cell::Time(event.occurred_at),
        Cell::text(event.name.clone().unwrap_or_else(|| capital(event.action.as_str()))),
        Cell::link(shown, format!("{EVENTS}/{}", event.id)),
        event.value.map_or(Cell::None, |value: Money| Cell::Money(vec![value])),
        credited(credit),
        names.influencer(credit.influencer_id),
        credit.campaign_id.map_or(Cell::None, |id| names.campaign(id)),
    ])
}

fn credited(credit: &Attribution) -> Cell {
    match credit.method {
        Method::None => Cell::Status(Tone::Plain, "Nobody".into()),
        method_used => Cell::Status(Tone::Good, method(method_used)),
    }
}

pub fn method(method: Method) -> String {
    match method {
        Method::None => "Nobody".into(),
        Method::Coupon => "Coupon".into(),
        Method::FirstTouch => "First touch".into(),
        Method::ClickId => "Click id".into(),
        Method::RefCode => "Ref code".into(),
        Method::LandingUrl => "Landing page".into(),
        Method::Referrer => "Referrer".into(),
    }
}

/// One event, and why it was credited as it was.
pub async fn event(engine: &Engine, session: &Session, id: EventId) -> Result<Page, AppError> {
    let event = engine.event(session, id).await?;
    let names = Names::of(engine, session, ids_of(&event)).await?;
    let credit = &event.attribution;
    let mut facts = vec![
        ("Action".into(), Cell::text(event.name.clone().unwrap_or_else(|| capital(event.action.as_str())))),
        ("Value".into(), event.value.map_or(Cell::None, |value| Cell::Money(vec![value]))),
        ("Advertiser".into(), names.advertiser(event.advertiser_id)),
        ("Occurred (UTC)".into(), Cell::Time(event.occurred_at)),
        ("Received (UTC)".into(), Cell::Time(event.received_at)),
        ("Order or event id".into(), event.event_id.as_deref().map_or(Cell::None, Cell::code)),
        ("Id".into(), Cell::code(event.id.to_string())),
    ];
    if let Some(click) = credit.click_id {
        facts.push(("Click".into(), Cell::code(click.to_string())));
    }
    let confidence = format!("confidence {}", credit.confidence);
    let credits = vec![
        ("Credited by".into(), credited(credit).with_note(confidence)),
        ("Influencer".into(), names.influencer(credit.influencer_id)),
        ("Campaign".into(), credit.campaign_id.map_or(Cell::None, |id| names.campaign(id))),
        ("Link".into(), credit.link_id.map_or(Cell::None, |id| Cell::link(names.get(id.0), links::href(id)))),
        ("Coupon".into(), credit.coupon_id.map_or(Cell::None, |id| Cell::code(names.get(id.0)))),
    ];
    let mut parts = vec![
        Part::Facts(facts),
        Part::group("Credit", vec![Part::Facts(credits), Part::Table(Box::new(trace(&credit.trace)))]),
    ];
    if let Some(properties) = &event.properties {
        let text = serde_json::to_string_pretty(properties).unwrap_or_default();
        parts.push(Part::group("Properties", vec![Part::code("Properties", text)]));
    }
    Ok(Page {
        // Its id is the shop's own text: that stands among the facts.
        title: "Event".into(),
        crumbs: vec![way("Events", EVENTS)],
        parts,
        ..Page::default()
    })
}

/// Every candidate in the order it was weighed; the first that stands wins.
pub fn trace(steps: &[Step]) -> Table {
    let rows = steps.iter().enumerate().map(|(index, step)| {
        let outcome = match step.outcome {
            Outcome::Won => Cell::Status(Tone::Good, "Won".into()),
            Outcome::Rejected => Cell::Status(Tone::Bad, "Rejected".into()),
            Outcome::NotReached => Cell::Status(Tone::Plain, "Not reached".into()),
        };
        Row::new(vec![
            Cell::text((index + 1).to_string()),
            Cell::text(method(step.candidate)),
            Cell::code(&step.value),
            outcome,
            Cell::text(step.reason.as_ref()),
        ])
    });
    Table {
        caption: "Why: every candidate in order".into(),
        columns: ["Order", "Candidate", "Sent", "Outcome", "Reason"].map(Column::text).into(),
        rows: rows.collect(),
        empty: Empty {
            title: "No attribution key".into(),
            text: "The event named no coupon, click or ref code, so nobody could be credited.".into(),
            action: None,
        },
        ..Table::default()
    }
}

pub async fn failures(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let query = FailureQuery {
        advertiser_id: asked.parsed("advertiser_id")?,
        api_key_id: asked.parsed("api_key_id")?,
        code: asked.get("code").map(str::to_owned),
        field: asked.get("field").map(str::to_owned),
        cursor: asked.get("cursor").map(str::to_owned),
        ..FailureQuery::default()
    };
    let found = engine.list_failures(session, &query).await?;
    let groups = failure_groups::table(engine, session, query.advertiser_id).await?;
    let advertisers = lists::advertisers(engine, session).await?;
    let mut codes = engine.failure_codes(session).await?;
    // What the list is narrowed to is among the choices, though there may be none of it any more.
    codes.extend(query.code.clone().filter(|code| !codes.contains(code)));
    let label = |code: &str| capital(&code.replace('-', " "));
    let codes = codes.into_iter().map(|code| Choice { label: label(&code), value: code }).collect();
    let selects = vec![
        lists::select(asked, "advertiser_id", "Advertiser", "Any advertiser", advertisers),
        lists::select(asked, "code", "Error", "Any error", codes),
    ];
    let table = Table {
        filters: Some(lists::filters(asked, "", selects)),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        ..failure_table(engine, session, &found.items).await?
    };
    Ok(Page {
        title: "Failures".into(),
        lead: Some(Cell::text(
            "Events that came with a right key and were refused. The newest 1,000 of each advertiser are kept.",
        )),
        actions: vec![retry_all(&query)],
        parts: groups
            .map(|groups| Part::Table(Box::new(groups)))
            .into_iter()
            .chain([Part::Table(Box::new(table))])
            .collect(),
        ..Page::default()
    })
}

/// Of all that the list shows.
fn retry_all(query: &FailureQuery) -> Action {
    let ids = [
        ("advertiser_id", query.advertiser_id.map(|id| id.to_string())),
        ("api_key_id", query.api_key_id.map(|id| id.to_string())),
        ("code", query.code.clone()),
        ("field", query.field.clone()),
    ];
    let fields = ids.into_iter().filter_map(|(name, value)| Some(pair(name, value?))).collect();
    Action::act("Retry all", FormName::RetryFailures, fields).said("Retry all failures that this list shows")
}

pub async fn failure_table(engine: &Engine, session: &Session, failures: &[Failure]) -> Result<Table, AppError> {
    let names = Names::of(engine, session, failures.iter().map(|it| Some(it.advertiser_id.0))).await?;
    let rows = failures.iter().map(|failure| {
        let row = Row::new(vec![
            Cell::Time(failure.received_at),
            names.advertiser(failure.advertiser_id),
            Cell::link(failure.code.replace('-', " "), format!("{FAILURES}/{}", failure.id)),
            Cell::text(what_was_wrong(failure)),
            standing(failure),
        ]);
        let mend = Action::go("Validate", integration::of_failure(failure))
            .said(format!("Open the event of {} in the validate form", failure.received_at));
        row.actions(failure.can_retry.then(|| retry(failure)).into_iter().chain([mend]).collect())
    });
    Ok(Table {
        caption: "Failures".into(),
        columns: ["When (UTC)", "Advertiser", "Error", "What was wrong", "State"].map(Column::text).into(),
        rows: rows.collect(),
        empty: Empty {
            title: "No failures".into(),
            text: "Nothing that came with a right key was refused.".into(),
            action: None,
        },
        ..Table::default()
    })
}

/// The first rule that was broken, or what was wrong with the whole.
pub fn what_was_wrong(failure: &Failure) -> String {
    let first = failure.errors.first();
    first.map_or_else(|| failure.detail.clone(), |error| format!("{} {}", error.field, error.message))
}

fn standing(failure: &Failure) -> Cell {
    match (failure.recorded_as, failure.retried_at) {
        (Some(event), _) => Cell::link("Recorded", format!("{EVENTS}/{event}")),
        (None, Some(_)) => Cell::Status(Tone::Bad, "Failed again".into()),
        (None, None) => Cell::Status(Tone::Warn, "Open".into()),
    }
}

fn retry(failure: &Failure) -> Action {
    Action::act("Retry", FormName::RetryFailure, vec![pair("id", failure.id)])
        .said(format!("Retry the event of {}", failure.received_at))
}

pub async fn failure(engine: &Engine, session: &Session, id: FailureId) -> Result<Page, AppError> {
    let failure = engine.failure(session, id).await?;
    let names = Names::of(engine, session, [Some(failure.advertiser_id.0)]).await?;
    let facts = vec![
        ("State".into(), standing(&failure)),
        ("Answer".into(), Cell::text(format!("{} {}", failure.status, failure.code))),
        ("Advertiser".into(), names.advertiser(failure.advertiser_id)),
        ("Received (UTC)".into(), Cell::Time(failure.received_at)),
        ("Request id".into(), Cell::code(&failure.request_id)),
    ];
    let mut parts =
        vec![Part::Facts(facts), Part::Notice(Notice { tone: Tone::Bad, text: failure.detail.clone(), way: None })];
    if !failure.errors.is_empty() {
        let rows = failure.errors.iter().map(|it| Row::new(vec![Cell::code(&it.field), Cell::text(&it.message)]));
        let table = Table {
            caption: "What was wrong".into(),
            columns: ["Field", "Rule"].map(Column::text).into(),
            rows: rows.collect(),
            ..Table::default()
        };
        parts.push(Part::group("What was wrong", vec![Part::Table(Box::new(table))]));
    }
    let retry = failure.can_retry.then(|| retry(&failure).primary());
    parts.push(Part::group("What was sent", vec![Part::code("Body", &failure.body)]));
    Ok(Page {
        title: "Failed event".into(),
        crumbs: vec![way("Failures", FAILURES)],
        actions: retry
            .into_iter()
            .chain([Action::go("Open in the validate form", integration::of_failure(&failure))])
            .collect(),
        parts,
        ..Page::default()
    })
}
