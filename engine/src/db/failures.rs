//! What authenticated calls got wrong.

use model::{
    AdvertiserId, ApiKeyId, EventId, FailureId, FieldError, Timestamp,
    activity::{Failure, FailureQuery},
    event::Action,
    overview::FailureCount,
    page::Page,
};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{
    Conn,
    list::{Arg, Select, limit, wrong_cursor},
    on, word,
};
use crate::{
    error::{Error, Result},
    events::{failures::KeptBody, redacted},
};

/// A failure as it is stored.
#[derive(Clone, Debug)]
pub struct StoredFailure {
    pub id: FailureId,
    pub advertiser_id: AdvertiserId,
    pub api_key_id: ApiKeyId,
    pub code: String,
    pub status: u16,
    pub detail: String,
    pub errors: Vec<FieldError>,
    pub action: Option<Action>,
    pub idempotency_key: Option<String>,
    pub body: KeptBody,
    pub request_id: String,
    pub received_at: Timestamp,
    pub retried_at: Option<Timestamp>,
    pub event_id: Option<EventId>,
}

impl From<StoredFailure> for Failure {
    fn from(stored: StoredFailure) -> Self {
        Self {
            id: stored.id,
            advertiser_id: stored.advertiser_id,
            api_key_id: stored.api_key_id,
            code: stored.code,
            status: stored.status,
            detail: stored.detail,
            errors: stored.errors,
            action: stored.action,
            body: redacted(&stored.body.text),
            can_retry: stored.body.is_whole && stored.event_id.is_none(),
            request_id: stored.request_id,
            received_at: stored.received_at,
            retried_at: stored.retried_at,
            recorded_as: stored.event_id,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    advertiser_id: Uuid,
    api_key_id: Uuid,
    code: String,
    status: i64,
    detail: String,
    errors: String,
    action: Option<String>,
    idempotency_key: Option<String>,
    body: String,
    is_whole: bool,
    request_id: String,
    received_at: i64,
    retried_at: Option<i64>,
    event_id: Option<Uuid>,
}

impl TryFrom<Row> for StoredFailure {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let errors = serde_json::from_str(&row.errors)
            .map_err(|error| Error::Internal(format!("stored errors of failure {}: {error}", row.id)))?;
        Ok(Self {
            id: row.id.into(),
            advertiser_id: row.advertiser_id.into(),
            api_key_id: row.api_key_id.into(),
            code: row.code,
            status: u16::try_from(row.status).unwrap_or_default(),
            detail: row.detail,
            errors,
            action: row.action.as_deref().map(word).transpose()?,
            idempotency_key: row.idempotency_key,
            body: KeptBody { text: row.body, is_whole: row.is_whole },
            request_id: row.request_id,
            received_at: Timestamp(row.received_at),
            retried_at: row.retried_at.map(Timestamp),
            event_id: row.event_id.map(Into::into),
        })
    }
}

const COLUMNS: &str =
    "SELECT id, advertiser_id, api_key_id, code, status, detail, errors, action, idempotency_key, body,
        is_whole, request_id, received_at, retried_at, event_id FROM ingest_failures";

/// Inserts those that are not there yet, and returns them.
pub async fn insert(conn: &mut Conn, failures: &[StoredFailure]) -> Result<Vec<StoredFailure>> {
    let there: Vec<Uuid> = on!(conn, c => {
        let mut read = QueryBuilder::new("SELECT id FROM ingest_failures WHERE id IN (");
        let mut list = read.separated(", ");
        for failure in failures {
            list.push_bind(failure.id.0);
        }
        read.push(")");
        read.build_query_scalar().fetch_all(&mut *c).await?
    });
    let new: Vec<StoredFailure> = failures.iter().filter(|failure| !there.contains(&failure.id.0)).cloned().collect();
    if new.is_empty() {
        return Ok(new);
    }
    on!(conn, c => {
        let mut insert = QueryBuilder::new(
            "INSERT INTO ingest_failures (id, advertiser_id, api_key_id, code, status, detail, errors, action,
                idempotency_key, body, is_whole, request_id, received_at) ",
        );
        insert.push_values(&new, |mut row, failure| {
            row.push_bind(failure.id.0)
                .push_bind(failure.advertiser_id.0)
                .push_bind(failure.api_key_id.0)
                .push_bind(&failure.code)
                .push_bind(i64::from(failure.status))
                .push_bind(&failure.detail)
                .push_bind(serde_json::to_string(&failure.errors).unwrap_or_default())
                .push_bind(failure.action.map(Action::as_str))
                .push_bind(&failure.idempotency_key)
                .push_bind(&failure.body.text)
                .push_bind(failure.body.is_whole)
                .push_bind(&failure.request_id)
                .push_bind(failure.received_at.0);
        });
        insert.build().execute(&mut *c).await?;
    });
    Ok(new)
}

/// Forgets all but the newest failures of an advertiser.
pub async fn keep_newest(conn: &mut Conn, advertiser: AdvertiserId, most: i64) -> Result<()> {
    const OLDEST: &str = "SELECT id FROM ingest_failures WHERE advertiser_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?";
    const FORGET: &str = "DELETE FROM ingest_failures WHERE advertiser_id = ? AND id <= ?";
    let beyond: Option<Uuid> =
        on!(conn, c => sqlx::query_scalar(OLDEST).bind(advertiser.0).bind(most).fetch_optional(c).await)?;
    if let Some(beyond) = beyond {
        on!(conn, c => sqlx::query(FORGET).bind(advertiser.0).bind(beyond).execute(c).await.map(drop))?;
    }
    Ok(())
}

/// Newest first. `within`: the only advertiser whose failures are wanted; None for all.
pub async fn list(conn: &mut Conn, within: Option<AdvertiserId>, query: &FailureQuery) -> Result<Page<Failure>> {
    let limit = limit(query.limit)?;
    let mut select = Select::new(COLUMNS);
    select
        .and_id("advertiser_id = ?", within)
        .and_id("advertiser_id = ?", query.advertiser_id)
        .and_id("api_key_id = ?", query.api_key_id)
        .and_contains("errors", query.field.as_deref().map(of_field).as_deref())
        .and_word("code = ?", query.code.as_deref().filter(|code| !code.is_empty()));
    if let Some(cursor) = &query.cursor {
        let last = Uuid::try_parse(cursor).map_err(|_| wrong_cursor())?;
        select.and("id < ?", [Arg::Id(last)]);
    }
    select.push(" ORDER BY id DESC LIMIT ?").bind([Arg::Number(i64::from(limit) + 1)]);
    let mut rows: Vec<Row> = select.fetch(conn).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = if more { rows.last().map(|row| row.id.to_string()) } else { None };
    let items = rows.into_iter().map(|row| StoredFailure::try_from(row).map(Into::into)).collect::<Result<_>>()?;
    Ok(Page { items, next_cursor })
}

/// How a field stands among stored errors.
fn of_field(field: &str) -> String {
    format!("\"field\":{}", serde_json::Value::from(field))
}

pub async fn find(conn: &mut Conn, within: Option<AdvertiserId>, id: FailureId) -> Result<Option<StoredFailure>> {
    let mut select = Select::new(COLUMNS);
    select.and_id("id = ?", Some(id)).and_id("advertiser_id = ?", within);
    let rows: Vec<Row> = select.fetch(conn).await?;
    rows.into_iter().next().map(StoredFailure::try_from).transpose()
}

pub async fn of_request(conn: &mut Conn, within: Option<AdvertiserId>, request_id: &str) -> Result<Vec<Failure>> {
    let mut select = Select::new(COLUMNS);
    select.and_word("request_id = ?", Some(request_id)).and_id("advertiser_id = ?", within).push(" LIMIT 20");
    let rows: Vec<Row> = select.fetch(conn).await?;
    rows.into_iter().map(|row| StoredFailure::try_from(row).map(Into::into)).collect()
}

/// Notes a retry, and what it became. One that failed takes nothing back from one that did not.
pub async fn note_retry(conn: &mut Conn, id: FailureId, now: Timestamp, event: Option<EventId>) -> Result<()> {
    const SQL: &str = "UPDATE ingest_failures SET retried_at = ?, event_id = COALESCE(?, event_id) WHERE id = ?";
    on!(conn, c => sqlx::query(SQL)
        .bind(now.0).bind(event.map(|id| id.0)).bind(id.0)
        .execute(c).await.map(drop))?;
    Ok(())
}

/// The kinds that are kept, mended ones too.
pub async fn codes(conn: &mut Conn, within: Option<AdvertiserId>) -> Result<Vec<String>> {
    let mut select = Select::new("SELECT DISTINCT code FROM ingest_failures");
    select.and_id("advertiser_id = ?", within).push(" ORDER BY code");
    let rows: Vec<(String,)> = select.fetch(conn).await?;
    Ok(rows.into_iter().map(|(code,)| code).collect())
}

/// How many of each kind are kept that no retry has mended.
pub async fn by_code(conn: &mut Conn) -> Result<Vec<FailureCount>> {
    const SQL: &str = "SELECT code, COUNT(*), MAX(received_at) FROM ingest_failures WHERE event_id IS NULL
        GROUP BY code ORDER BY COUNT(*) DESC, code";
    let rows: Vec<(String, i64, i64)> = on!(conn, c => sqlx::query_as(SQL).fetch_all(c).await)?;
    Ok(rows.into_iter().map(|(code, count, last)| FailureCount { code, count, last_at: Timestamp(last) }).collect())
}
