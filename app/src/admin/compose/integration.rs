//! `/integration`: what a shop's developer needs, and whether events arrive. The advertiser's own; admins see any.

use engine::{Engine, Integration, Session};
use model::{
    AdvertiserId, FailureId, Timestamp,
    account::Role,
    activity::{ActivityQuery, Event, Failure, FailureQuery},
    advertiser::AdvertiserStatus,
    attribution::{Attribution, Method},
    page::{ListQuery, MOST_ITEMS, Sort},
    stats::StatsQuery,
    time::{DAY, HOUR, MINUTE, SECOND},
};

use super::{
    Asked,
    activity::{self, Places},
    advertisers::{self, ADVERTISERS},
    asked, failures,
    snippets::{self, PROGRAMS},
    words::{capital, status, way},
};
use crate::{
    address::{INTEGRATION, with_query},
    admin::{
        forms::FormName,
        page::{Action, Cell, Empty, Field, Form, Kind, Notice, Page, Part, Tab, Tone},
        table::{Column, Row, Table},
    },
    error::{AppError, ErrorKind},
};

/// Failures shown beside the form that helps to mend them.
const TAIL: u32 = 10;
/// The newest to have arrived is looked for among so many that occurred last.
const LATELY: u32 = 20;

#[derive(Clone, Copy, PartialEq)]
enum View {
    Start,
    Programs,
    Validate,
}

impl View {
    const ALL: [(Self, &str, &str); 3] = [
        (Self::Start, "Start", INTEGRATION),
        (Self::Programs, "Programs", "/integration/programs"),
        (Self::Validate, "Validate", "/integration/validate"),
    ];
}

/// Where the integration of an advertiser is shown; their own needs no name.
fn href(path: &str, session: &Session, id: AdvertiserId) -> String {
    match session.account.role {
        Role::Admin => with_query(path, [("advertiser_id", id.to_string())]),
        _ => path.to_owned(),
    }
}

pub fn of_advertiser(id: AdvertiserId) -> String {
    with_query(INTEGRATION, [("advertiser_id", id.to_string())])
}

/// Where what an event got wrong can be mended until it is right.
pub fn of_failure(failure: &Failure) -> String {
    let of = [("advertiser_id", failure.advertiser_id.to_string()), ("failure", failure.id.to_string())];
    with_query("/integration/validate", of)
}

pub async fn page(engine: &Engine, session: &Session, path: &str, query: &str) -> Result<Page, AppError> {
    let asked = Asked::new(path, query);
    let view = View::ALL.into_iter().find(|(_, _, of)| *of == path);
    let (view, ..) = view.ok_or_else(|| AppError::new(ErrorKind::NotFound))?;
    let advertiser = asked.parsed("advertiser_id")?;
    if session.tenant()?.is_none() && advertiser.is_none() {
        return choose(engine, session).await;
    }
    let known = engine.integration(session, advertiser).await?;
    let parts = match view {
        View::Start => start(engine, session, &known).await?,
        View::Programs => programs(engine, &known),
        View::Validate => validate(engine, session, &asked, known.advertiser.id).await?,
    };
    let id = known.advertiser.id;
    let tabs = View::ALL.map(|(each, label, path)| Tab {
        way: way(label, href(path, session, id)),
        current: each == view,
        count: None,
    });
    let is_admin = session.account.role == Role::Admin;
    let crumbs = [way("Advertisers", ADVERTISERS), way(&known.advertiser.name, advertisers::href(id))];
    Ok(Page {
        title: "Integration".into(),
        crumbs: crumbs.into_iter().filter(|_| is_admin).collect(),
        lead: Some(Cell::text(format!("How the shop of {} reports its events.", known.advertiser.name))),
        tabs: tabs.into(),
        actions: vec![Action::go("API documentation", "/docs/api/")],
        parts,
        live: view == View::Start,
    })
}

/// An admin has no shop: any can be chosen.
async fn choose(engine: &Engine, session: &Session) -> Result<Page, AppError> {
    let query = ListQuery { sort: Some(Sort::Ascending), limit: Some(MOST_ITEMS), ..ListQuery::default() };
    let found = engine.list_advertisers(session, &query).await?.items;
    let rows = found.iter().map(|it| Row::new(vec![Cell::link(&it.name, of_advertiser(it.id)), status(it.status)]));
    let table = Table {
        caption: "Advertisers".into(),
        columns: ["Name", "Status"].map(Column::text).into(),
        rows: rows.collect(),
        empty: Empty {
            title: "No advertisers".into(),
            text: "An advertiser is a shop: campaigns, keys and events belong to one.".into(),
            action: Some(Action::go("New advertiser", "/admin/advertisers/new")),
        },
        ..Table::default()
    };
    Ok(Page {
        title: "Integration".into(),
        lead: Some(Cell::text("Whose shop is to report its events?")),
        parts: vec![Part::Table(Box::new(table))],
        ..Page::default()
    })
}

async fn start(engine: &Engine, session: &Session, known: &Integration) -> Result<Vec<Part>, AppError> {
    let Integration { advertiser, keys, has_secret } = known;
    let mut parts = vec![Part::Notice(arrival(engine, session, advertiser.id).await?)];
    if advertiser.status == AdvertiserStatus::Inactive {
        let text = "This advertiser is inactive: its events are refused with 403.";
        parts.push(Part::Notice(Notice { tone: Tone::Warn, text: text.into(), way: None }));
    }
    let endpoint = |path: &str| Cell::code(format!("{}/api/v1/events{path}", engine.public_url()));
    let signatures = match (advertiser.require_signature, has_secret) {
        (true, true) => "Required",
        (true, false) => "Required, and there is no secret to sign with yet",
        (false, true) => "Optional; there is a secret to sign with",
        (false, false) => "Optional; there is no secret to sign with yet",
    };
    parts.extend([
        Part::Facts(vec![
            ("Endpoint".into(), endpoint("")),
            ("Many at once".into(), endpoint("/batch")),
            ("To try out".into(), endpoint("/validate")),
            ("Signatures".into(), Cell::text(signatures)),
        ]),
        Part::Group {
            title: "API keys".into(),
            note: Some("A key is shown once, when an admin creates it. Here stands what it begins with.".into()),
            actions: Vec::new(),
            parts: vec![Part::Table(Box::new(key_table(session, known)))],
        },
        Part::Group {
            title: "The first event".into(),
            note: Some("Put the whole key in, and run it in a terminal. It counts in no figure.".into()),
            actions: Vec::new(),
            parts: vec![Part::code("First event", snippets::first_event(engine.public_url(), &key_in(keys)))],
        },
    ]);
    Ok(parts)
}

/// What stands in the programs where the key belongs.
fn key_in(keys: &[model::api_key::ApiKey]) -> String {
    snippets::begins(keys.first().map_or("trb_live_", |key| &key.prefix))
}

fn key_table(session: &Session, known: &Integration) -> Table {
    let rows = known.keys.iter().map(|key| {
        let ends = key.expires_at.map_or(Cell::None, Cell::Time);
        Row::new(vec![
            Cell::text(&key.name),
            Cell::text(snippets::begins(&key.prefix)),
            key.last_used_at.map_or(Cell::None, Cell::Time),
            ends,
        ])
    });
    let (text, action) = match session.account.role {
        Role::Admin => {
            ("Create one on the advertiser's page.", Some(Action::go("Keys", advertisers::href(known.advertiser.id))))
        }
        _ => ("Ask whoever runs this Tributary for one.", None),
    };
    Table {
        caption: "API keys".into(),
        columns: ["Name", "Begins", "Last used (UTC)", "Ends (UTC)"].map(Column::text).into(),
        rows: rows.collect(),
        empty: Empty { title: "No API key".into(), text: text.into(), action },
        ..Table::default()
    }
}

/// The event that arrived last, or that there is none yet.
async fn arrival(engine: &Engine, session: &Session, of: AdvertiserId) -> Result<Notice, AppError> {
    let within = StatsQuery { advertiser_id: Some(of), ..StatsQuery::default() };
    let query = ActivityQuery { within, limit: Some(LATELY), ..ActivityQuery::default() };
    let events = engine.list_events(session, &query).await?.items;
    let Some(event) = events.into_iter().max_by_key(|event| event.received_at) else {
        return Ok(Notice { tone: Tone::Warn, text: "Waiting for your first event…".into(), way: None });
    };
    let age = age(event.received_at, engine.now());
    let text =
        format!("Received {age}: {}, credited {}.", named(&event), credit(engine, session, &event.attribution).await?);
    let is_admin = session.account.role == Role::Admin;
    let places = if is_admin { Places::ADMIN } else { Places::OWN };
    let way = Some(way("Show it", format!("{}/{}", places.events, event.id)));
    Ok(Notice { tone: Tone::Good, text, way })
}

/// "3 s ago".
fn age(at: Timestamp, now: Timestamp) -> String {
    let past = now.0.saturating_sub(at.0).max(0);
    let (count, unit) = match past {
        past if past < MINUTE => (past / SECOND, "s"),
        past if past < HOUR => (past / MINUTE, "min"),
        past if past < DAY => (past / HOUR, "h"),
        past => (past / DAY, "d"),
    };
    format!("{count} {unit} ago")
}

fn named(event: &Event) -> String {
    let what = event.name.clone().unwrap_or_else(|| capital(event.action.as_str()));
    event.event_id.as_ref().map_or(what.clone(), |id| format!("{what} {id}"))
}

/// To whom it is credited, for a sentence.
pub async fn credit(engine: &Engine, session: &Session, of: &Attribution) -> Result<String, AppError> {
    let by = activity::method(of.method).to_lowercase();
    Ok(match (of.method, of.influencer_id) {
        (Method::None, _) => "to nobody".to_owned(),
        (_, None) => format!("to its campaign alone by {by}"),
        (_, Some(id)) => format!("to {} by {by}", engine.influencer(session, id).await?.name),
    })
}

fn programs(engine: &Engine, known: &Integration) -> Vec<Part> {
    let text = "Each reports a purchase, signs it where there is a secret in the environment, and tries again where that can \
                help. Run it as it is, or take its functions over.";
    let key = key_in(&known.keys);
    let programs = PROGRAMS.iter().map(|program| Part::Details {
        summary: program.language.into(),
        parts: vec![Part::code(program.file, program.filled(engine.public_url(), &key))],
    });
    vec![Part::Group {
        title: "Report an order".into(),
        note: Some(text.into()),
        actions: Vec::new(),
        parts: programs.collect(),
    }]
}

async fn validate(
    engine: &Engine,
    session: &Session,
    asked: &Asked<'_>,
    id: AdvertiserId,
) -> Result<Vec<Part>, AppError> {
    let event = match asked.get("failure") {
        Some(failure) => failed(engine, session, id, asked::id(failure)?).await?,
        None => sample(engine, session, id).await?,
    };
    let field = Field::new(Kind::Lines, "event", "Event").value(event).required();
    let field =
        field.hint("A JSON object, as POST /api/v1/events takes it. Nothing is recorded, and no failure is kept.");
    let form = Form::new(FormName::ValidateEvent, "Validate", vec![field]).hidden("advertiser_id", id);
    let query = FailureQuery { advertiser_id: Some(id), limit: Some(TAIL), ..FailureQuery::default() };
    let failures = engine.list_failures(session, &query).await?.items;
    let rows = failures.iter().map(|failure| {
        let open = of_failure(failure);
        Row::new(vec![
            Cell::Time(failure.received_at),
            Cell::text(format!("{} {}", failure.status, failure.code.replace('-', " "))),
            Cell::text(failures::what_was_wrong(failure)),
            Cell::link("Open above", open),
        ])
    });
    let table = Table {
        caption: "Refused lately".into(),
        columns: ["When (UTC)", "Answer", "What was wrong", "Mend it"].map(Column::text).into(),
        rows: rows.collect(),
        empty: Empty {
            title: "No failures".into(),
            text: "Nothing that came with a right key was refused.".into(),
            action: None,
        },
        ..Table::default()
    };
    Ok(vec![
        Part::Form(Form { keeps: true, ..form }),
        Part::group("Refused lately", vec![Part::Table(Box::new(table))]),
    ])
}

/// What was sent and refused; the action of its path, where that named it.
async fn failed(engine: &Engine, session: &Session, of: AdvertiserId, id: FailureId) -> Result<String, AppError> {
    let failure = engine.failure(session, id).await?;
    if failure.advertiser_id != of {
        return Err(AppError::new(ErrorKind::NotFound));
    }
    let body = failure.body;
    Ok(match (failure.action, body.trim_start().strip_prefix('{')) {
        (Some(action), Some(rest)) if !body.contains("\"action\"") => {
            let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
            format!("{{ \"action\": \"{action}\"{comma}{rest}")
        }
        _ => body,
    })
}

/// An order with a code of the advertiser's own, where there is one.
async fn sample(engine: &Engine, session: &Session, of: AdvertiserId) -> Result<String, AppError> {
    let query =
        ListQuery { advertiser_id: Some(of), status: Some("active".into()), limit: Some(1), ..ListQuery::default() };
    let coupon = engine.list_coupons(session, &query).await?.items.into_iter().next().map(|coupon| coupon.code);
    let link = engine.list_links(session, &query).await?.items.into_iter().next().map(|link| link.code);
    let codes = [("coupon_code", coupon), ("ref_code", link)];
    // Codes are of letters, digits, - and _.
    let codes: String =
        codes.iter().filter_map(|(name, code)| Some(format!(",\n  \"{name}\": \"{}\"", code.as_ref()?))).collect();
    Ok(format!(
        "{{\n  \"action\": \"purchase\",\n  \"event_id\": \"ORDER-1001\",\n  \"value\": \"49.90\",\n  \"currency\": \
         \"USD\"{codes}\n}}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let told = |past| age(Timestamp(0), Timestamp(past));
        assert_eq!([told(-5), told(3_900), told(61_000)], ["0 s ago", "3 s ago", "1 min ago"]);
        assert_eq!([told(2 * HOUR), told(3 * DAY)], ["2 h ago", "3 d ago"]);
    }
}
