//! An event tried out on a page: weighed as `POST /api/v1/events/validate` weighs it, and neither recorded nor kept.

use engine::{Engine, Error, Session};
use model::{
    AdvertiserId, FieldError, Fields,
    event::{Arrival, EventAnswer, MOST_BODY, NewEvent},
    fields::BodyError,
};

use crate::{
    admin::{
        compose::{events, integration::credit},
        page::{Cell, Done, Notice, Pairs, Part, Tone},
        table::{Column, Row, Table},
    },
    error::AppError,
};

/// What the API would answer instead.
struct Refusal {
    status: u16,
    detail: String,
    errors: Vec<FieldError>,
}

impl Refusal {
    fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new() }
    }

    fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(422, "It breaks these rules.") }
    }
}

pub async fn validate(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let advertiser = engine.advertiser_in_scope(session, Some(super::hidden(fields, "advertiser_id")?))?;
    let text = fields.iter().find(|(name, _)| name == "event").map_or("", |(_, value)| value);
    match weigh(engine, advertiser, text).await? {
        Ok(answer) => {
            let credit = credit(engine, session, &answer.attribution).await?;
            Ok(Done { show: vec![weighed(&answer, &credit)], ..Done::default() })
        }
        Err(refusal) => Ok(Done { show: vec![refused(refusal)], ..Done::default() }),
    }
}

/// The outer error is no word about the event.
async fn weigh(engine: &Engine, of: AdvertiserId, text: &str) -> Result<Result<EventAnswer, Refusal>, AppError> {
    if !engine.takes_events(of) {
        return Ok(Err(Refusal::new(403, "This advertiser is inactive; its events are not taken.")));
    }
    match read(text, engine.now()) {
        Err(refusal) => Ok(Err(refusal)),
        Ok(event) => match engine.weigh_event(of, event).await {
            Ok(answer) => Ok(Ok(answer)),
            Err(Error::Conflict(detail)) => Ok(Err(Refusal::new(409, detail))),
            Err(Error::Invalid(errors)) => Ok(Err(Refusal::invalid(errors))),
            Err(error) => Err(error.into()),
        },
    }
}

fn read(text: &str, now: model::Timestamp) -> Result<NewEvent, Refusal> {
    if text.len() > MOST_BODY {
        return Err(Refusal::new(413, format!("An event may have at most {MOST_BODY} bytes.")));
    }
    let mut fields = Fields::parse(text.as_bytes()).map_err(|error| match error {
        BodyError::NotJson(reason) => Refusal::new(400, format!("It is not JSON: {reason}.")),
        BodyError::NotAnObject => Refusal::new(422, "It must be a JSON object."),
    })?;
    let event = NewEvent::read(&mut fields, Arrival { now, action: None, idempotency_key: None });
    fields.finish(event).map_err(Refusal::invalid)
}

fn weighed(answer: &EventAnswer, credit: &str) -> Part {
    let title = if answer.duplicate { "200: recorded before" } else { "201: it would be recorded" };
    let confidence = format!("confidence {}", answer.attribution.confidence);
    let facts = vec![
        ("Credited".into(), Cell::text(credit).with_note(confidence)),
        ("Id".into(), Cell::code(answer.id.to_string())),
    ];
    Part::group(title, vec![Part::Facts(facts), Part::Table(Box::new(events::trace(&answer.attribution.trace)))])
}

fn refused(refusal: Refusal) -> Part {
    let Refusal { status, detail, errors } = refusal;
    let mut parts = vec![Part::Notice(Notice { tone: Tone::Bad, text: detail, way: None })];
    if !errors.is_empty() {
        let rows = errors.iter().map(|it| Row::new(vec![Cell::text(&it.field), Cell::text(&it.message)]));
        parts.push(Part::Table(Box::new(Table {
            caption: "What is wrong".into(),
            columns: ["Field", "Rule"].map(Column::text).into(),
            rows: rows.collect(),
            ..Table::default()
        })));
    }
    Part::group(&format!("{status}: it would be refused"), parts)
}
