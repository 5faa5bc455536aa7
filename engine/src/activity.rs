//! What happened, listed: clicks, events, failures; and a failure tried again.

use model::{
    AdvertiserId, EventId, FailureId, Fields, Timestamp,
    activity::{ActivityQuery, Click, Event, Failure, FailureGroup, FailureQuery},
    event::{Arrival, EventAnswer, NewEvent},
    page::Page,
    stats::{Preset, StatsQuery},
};

use crate::{
    Engine, Session,
    db::{self, Conn, activity::Newest, failures::StoredFailure, stats::Filter},
    error::{Error, Result},
};

/// Groups of failures that are shown.
const MOST_GROUPS: u32 = 500;
/// Failures that are read at once.
const MOST_LISTED: u32 = 500;

impl Engine {
    /// Newest first; bots among them, flagged, unless the query says otherwise.
    pub async fn list_clicks(&self, session: &Session, query: &ActivityQuery) -> Result<Page<Click>> {
        let within = session.tenant()?;
        let newest = Newest::read(query.limit, query.cursor.as_deref())?;
        let mut conn = self.db.read().await?;
        let filter = self.activity_filter(&mut conn, session, &query.within).await?;
        if filter.coupon.is_some() {
            return Err(Error::invalid("coupon_id", "is for events: a click has no coupon"));
        }
        let page = db::activity::clicks(&mut conn, &filter, query.is_bot, &newest).await?;
        // Where a visitor sits is the operator's to see.
        Ok(page.map(|click| if within.is_some() { Click { ip: None, ..click } } else { click }))
    }

    /// Newest first, by when they occurred.
    pub async fn list_events(&self, session: &Session, query: &ActivityQuery) -> Result<Page<Event>> {
        session.tenant()?;
        let newest = Newest::read(query.limit, query.cursor.as_deref())?;
        let mut conn = self.db.read().await?;
        let filter = self.activity_filter(&mut conn, session, &query.within).await?;
        db::activity::events(&mut conn, &filter, query.action, &newest).await
    }

    pub async fn event(&self, session: &Session, id: EventId) -> Result<Event> {
        let within = session.tenant()?;
        let found = db::activity::events_of(&mut self.db.read().await?, within, &[id]).await?;
        found.into_iter().next().ok_or(Error::NotFound)
    }

    /// When the newest click or event was that the figures' filters let through, whatever the range. Influencers are
    /// told of their own alone.
    pub async fn latest_activity(&self, session: &Session, query: &StatsQuery) -> Result<Option<Timestamp>> {
        let whenever = StatsQuery { from: None, to: None, range: None, ..query.clone() };
        let newest = Newest::read(Some(1), None)?;
        let mut conn = self.db.read().await?;
        let filter = self.activity_filter(&mut conn, session, &whenever).await?;
        let event = db::activity::latest_counted(&mut conn, &filter).await?;
        // A click has no coupon, and nothing that credits it.
        let click = match filter.coupon.is_some() || filter.method.is_some() {
            true => None,
            false => {
                let bots = (!query.include_bots).then_some(false);
                db::activity::clicks(&mut conn, &filter, bots, &newest).await?.items.pop()
            }
        };
        Ok(event.max(click.map(|click| click.clicked_at)))
    }

    /// The figures' filters; without a range everything there is.
    pub(crate) async fn activity_filter(
        &self,
        conn: &mut Conn,
        session: &Session,
        asked: &StatsQuery,
    ) -> Result<Filter> {
        let dated = asked.from.is_some() || asked.to.is_some() || asked.range.is_some();
        let mut query = asked.clone();
        if !dated {
            query.range = Some(Preset::All.to_string());
        }
        let (_, mut filter) = self.scope(conn, session, &query).await?;
        if !dated {
            // A shop's clock may be ahead of the day.
            (filter.from.0, filter.to.0) = (0, i64::MAX);
        }
        Ok(filter)
    }

    /// Newest first.
    pub async fn list_failures(&self, session: &Session, query: &FailureQuery) -> Result<Page<Failure>> {
        let within = session.tenant()?;
        let foreign = |id| within.is_some_and(|tenant| tenant != id) || self.catalog.advertiser(id).is_none();
        if query.advertiser_id.is_some_and(foreign) {
            return Err(Error::NotFound);
        }
        let mut conn = self.db.read().await?;
        if let Some(key) = query.api_key_id {
            let key = db::api_keys::find(&mut conn, key).await?.ok_or(Error::NotFound)?;
            if within.is_some_and(|tenant| tenant != key.advertiser_id) {
                return Err(Error::NotFound);
            }
        }
        db::failures::list(&mut conn, within, query).await
    }

    /// How often the same went wrong, newest first.
    pub async fn failure_groups(&self, session: &Session, of: Option<AdvertiserId>) -> Result<Vec<FailureGroup>> {
        let within = session.tenant()?;
        let foreign = |id| within.is_some_and(|tenant| tenant != id) || self.catalog.advertiser(id).is_none();
        if of.is_some_and(foreign) {
            return Err(Error::NotFound);
        }
        db::failure_groups::newest(&mut self.db.read().await?, within, of, MOST_GROUPS).await
    }

    /// Tries all again that can be and that a list is narrowed to. How many became events, and how many did not.
    pub async fn retry_failures(&self, session: &Session, query: &FailureQuery) -> Result<(usize, usize)> {
        session.admin()?;
        let (mut recorded, mut failed) = (0, 0);
        let mut query = FailureQuery { limit: Some(MOST_LISTED), cursor: None, ..query.clone() };
        loop {
            let page = self.list_failures(session, &query).await?;
            for failure in page.items.iter().filter(|failure| failure.can_retry) {
                match self.retry_failure(session, failure.id).await {
                    Ok(_) => recorded += 1,
                    Err(error @ Error::Unavailable(_)) => return Err(error),
                    Err(_) => failed += 1,
                }
            }
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                return Ok((recorded, failed));
            }
        }
    }

    /// The kinds of the failures that are kept, for a list to be narrowed to.
    pub async fn failure_codes(&self, session: &Session) -> Result<Vec<String>> {
        let within = session.tenant()?;
        db::failures::codes(&mut self.db.read().await?, within).await
    }

    pub async fn failure(&self, session: &Session, id: FailureId) -> Result<Failure> {
        let within = session.tenant()?;
        let found = db::failures::find(&mut self.db.read().await?, within, id).await?.ok_or(Error::NotFound)?;
        Ok(found.into())
    }

    /// Sends what failed through ingestion once more, as of its first arrival.
    pub async fn retry_failure(&self, session: &Session, id: FailureId) -> Result<EventAnswer> {
        session.admin()?;
        let failure = db::failures::find(&mut self.db.read().await?, None, id).await?.ok_or(Error::NotFound)?;
        if failure.event_id.is_some() {
            return Err(Error::Conflict("this failure has become an event already".into()));
        }
        if !failure.body.is_whole {
            return Err(Error::Conflict(
                "this failure cannot be tried again: not all of what was sent could be kept".into(),
            ));
        }
        if !self.advertiser_is_active(failure.advertiser_id) {
            return Err(Error::Conflict("its advertiser is inactive; activate it first".into()));
        }
        let tried = self.try_again(&failure).await;
        let event = tried.as_ref().ok().map(|answer| answer.id);
        let mut conn = self.db.begin().await?;
        db::failures::note_retry(&mut conn, id, self.clock.now(), event).await?;
        conn.commit().await?;
        tried
    }

    async fn try_again(&self, failure: &StoredFailure) -> Result<EventAnswer> {
        let mut fields = Fields::parse(failure.body.text.as_bytes())
            .map_err(|_| Error::invalid("", "the body is no JSON object: its sender must mend it"))?;
        let arrival = Arrival {
            now: self.clock.now(),
            action: failure.action,
            idempotency_key: failure.idempotency_key.as_deref(),
        };
        let event = NewEvent::read(&mut fields, arrival);
        let event = fields.finish(event).map_err(Error::Invalid)?;
        // An event that has no id of its own takes the failure's: however many retries there are, it is one event.
        let id = EventId(failure.id.0);
        self.ingest.retry(failure.advertiser_id, event, failure.received_at, id).await
    }
}
