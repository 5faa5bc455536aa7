//! What events got wrong.

use engine::{Engine, Session};
use model::{
    FailureId,
    activity::{Failure, FailureQuery},
};

use super::{
    Asked,
    activity::Places,
    failure_groups, integration,
    lists::{self, Names},
    words::{capital, pair, way},
};
use crate::{
    admin::{
        forms::FormName,
        page::{Action, Cell, Choice, Empty, Notice, Page, Part, Tone},
        table::{Column, Row, Table},
    },
    error::AppError,
};

pub async fn failures(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let places = Places::of(asked);
    let query = FailureQuery {
        advertiser_id: asked.parsed("advertiser_id")?,
        api_key_id: asked.parsed("api_key_id")?,
        code: asked.get("code").map(str::to_owned),
        field: asked.get("field").map(str::to_owned),
        cursor: asked.get("cursor").map(str::to_owned),
        ..FailureQuery::default()
    };
    let found = engine.list_failures(session, &query).await?;
    let groups = failure_groups::table(engine, session, places, query.advertiser_id).await?;
    let mut codes = engine.failure_codes(session).await?;
    // What the list is narrowed to is among the choices, though there may be none of it any more.
    codes.extend(query.code.clone().filter(|code| !codes.contains(code)));
    let label = |code: &str| capital(&code.replace('-', " "));
    let codes = codes.into_iter().map(|code| Choice { label: label(&code), value: code }).collect();
    let mut selects = vec![lists::select(asked, "code", "Error", "Any error", codes)];
    if places.is_admin {
        let advertisers = lists::advertisers(engine, session).await?;
        selects.insert(0, lists::select(asked, "advertiser_id", "Advertiser", "Any advertiser", advertisers));
    }
    let mut filters = lists::filters(asked, "", selects);
    for (name, label) in [("field", "Field"), ("api_key_id", "Key")] {
        if let Some(text) = asked.get(name) {
            filters.chips.push(way(format!("{label}: {text}"), asked.with(name, None)));
        }
    }
    let table = Table {
        filters: Some(filters),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        ..table(engine, session, places, &found.items).await?
    };
    Ok(Page {
        title: "Failures".into(),
        lead: Some(Cell::text(match places.is_admin {
            true => "Events that came with a right key and were refused. The newest 1,000 of each advertiser are kept.",
            false => "Events that came with a right key of yours and were refused. The newest 1,000 are kept.",
        })),
        actions: Some(retry_all(&query)).filter(|_| places.is_admin).into_iter().collect(),
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

pub async fn table(
    engine: &Engine,
    session: &Session,
    places: Places,
    failures: &[Failure],
) -> Result<Table, AppError> {
    let names = Names::of(engine, session, failures.iter().map(|it| Some(it.advertiser_id.0))).await?;
    let rows = failures.iter().map(|failure| {
        let mut cells = vec![
            Cell::Time(failure.received_at),
            Cell::link(failure.code.replace('-', " "), format!("{}/{}", places.failures, failure.id)),
            Cell::text(what_was_wrong(failure)),
            standing(failure, places),
        ];
        if places.is_admin {
            cells.insert(1, names.advertiser(failure.advertiser_id));
        }
        let row = Row::new(cells);
        let mend = Action::go("Validate", integration::of_failure(failure))
            .said(format!("Open the event of {} in the validate form", failure.received_at));
        row.actions((failure.can_retry && places.is_admin).then(|| retry(failure)).into_iter().chain([mend]).collect())
    });
    Ok(Table {
        caption: "Failures".into(),
        columns: ["When (UTC)", "Advertiser", "Error", "What was wrong", "State"]
            .into_iter()
            .filter(|label| places.is_admin || *label != "Advertiser")
            .map(Column::text)
            .collect(),
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

fn standing(failure: &Failure, places: Places) -> Cell {
    match (failure.recorded_as, failure.retried_at) {
        (Some(event), _) => Cell::link("Recorded", format!("{}/{event}", places.events)),
        (None, Some(_)) => Cell::Status(Tone::Bad, "Failed again".into()),
        (None, None) => Cell::Status(Tone::Warn, "Open".into()),
    }
}

fn retry(failure: &Failure) -> Action {
    Action::act("Retry", FormName::RetryFailure, vec![pair("id", failure.id)])
        .said(format!("Retry the event of {}", failure.received_at))
}

pub async fn failure(engine: &Engine, session: &Session, places: Places, id: FailureId) -> Result<Page, AppError> {
    let failure = engine.failure(session, id).await?;
    let names = Names::of(engine, session, [Some(failure.advertiser_id.0)]).await?;
    let mut facts = vec![
        ("State".into(), standing(&failure, places)),
        ("Answer".into(), Cell::text(format!("{} {}", failure.status, failure.code))),
        ("Received (UTC)".into(), Cell::Time(failure.received_at)),
        ("Request id".into(), Cell::code(&failure.request_id)),
    ];
    if places.is_admin {
        facts.insert(2, ("Advertiser".into(), names.advertiser(failure.advertiser_id)));
    }
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
    let retry = (failure.can_retry && places.is_admin).then(|| retry(&failure).primary());
    parts.push(Part::group("What was sent", vec![Part::code("Body", &failure.body)]));
    Ok(Page {
        title: "Failed event".into(),
        crumbs: vec![way("Failures", places.failures)],
        actions: retry
            .into_iter()
            .chain([Action::go("Open in the validate form", integration::of_failure(&failure))])
            .collect(),
        parts,
        ..Page::default()
    })
}
