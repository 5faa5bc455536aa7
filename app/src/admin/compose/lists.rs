//! What the lists share: the question in the address, sorted columns, filters, and names for ids.

use std::collections::HashMap;

use engine::{Engine, Session};
use model::{
    AdvertiserId, CampaignId, InfluencerId,
    campaign::Campaign,
    page::{ListQuery, MOST_ITEMS, Sort},
};
use uuid::Uuid;

use super::{
    Asked,
    words::{choices, way},
};
use crate::{
    admin::{
        page::{Cell, Choice, Field},
        table::{Column, Filters, Order},
    },
    error::AppError,
};

/// A list that is as long as a list to choose from may be, by name.
fn to_choose_from() -> ListQuery {
    ListQuery { sort: Some(Sort::Ascending), limit: Some(MOST_ITEMS), ..ListQuery::default() }
}

/// The column that names the rows, sorted from A to Z first.
pub fn by_name(asked: &Asked<'_>, label: &str, usual: Sort) -> Column {
    sorted(asked, label, usual, Sort::Ascending, Sort::Descending)
}

/// The column that says when the rows were made, the newest first.
pub fn by_time(asked: &Asked<'_>, label: &str, usual: Sort) -> Column {
    sorted(asked, label, usual, Sort::Newest, Sort::Oldest)
}

fn sorted(asked: &Asked<'_>, label: &str, usual: Sort, first: Sort, second: Sort) -> Column {
    let now = asked.get("sort").and_then(|text| text.parse().ok()).unwrap_or(usual);
    let order = match now {
        now if now != first && now != second => Order::None,
        Sort::Ascending | Sort::Oldest => Order::Ascending,
        Sort::Descending | Sort::Newest => Order::Descending,
    };
    let next = if now == first { second } else { first };
    Column::text(label).sorted(asked.with("sort", Some(next.as_str())), order)
}

/// The usual order of a list of codes: by code once a search narrows it.
pub fn usual_of_codes(asked: &Asked<'_>) -> Sort {
    if asked.get("q").is_some() { Sort::Ascending } else { Sort::Newest }
}

/// A search box and selects. What else narrows the list is a chip that takes it away.
pub fn filters(asked: &Asked<'_>, search: &str, selects: Vec<Field>) -> Filters {
    let names: Vec<String> = selects.iter().map(|select| select.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Filters {
        search: (!search.is_empty()).then(|| search.to_owned()),
        q: asked.get("q").unwrap_or_default().to_owned(),
        kept: asked.kept(&names),
        selects,
        chips: Vec::new(),
    }
}

/// A select that applies as it is chosen; empty for all.
pub fn select(asked: &Asked<'_>, name: &str, label: &str, all: &str, mut from: Vec<Choice>) -> Field {
    from.insert(0, Choice { value: String::new(), label: all.to_owned() });
    Field::select(name, label, from).value(asked.get(name).unwrap_or_default())
}

pub fn statuses<T: std::fmt::Display>(asked: &Asked<'_>, words: &[T]) -> Field {
    select(asked, "status", "Status", "Any status", choices(words))
}

pub async fn advertisers(engine: &Engine, session: &Session) -> Result<Vec<Choice>, AppError> {
    let found = engine.list_advertisers(session, &to_choose_from()).await?.items;
    Ok(found.into_iter().map(|it| Choice { value: it.id.to_string(), label: it.name }).collect())
}

/// Those of one advertiser, or all.
pub async fn campaigns(engine: &Engine, session: &Session, of: Option<AdvertiserId>) -> Result<Vec<Choice>, AppError> {
    let query = ListQuery { advertiser_id: of, ..to_choose_from() };
    let found = engine.list_campaigns(session, &query).await?.items;
    // Of several advertisers two may have the same name.
    let are_of_several =
        found.iter().any(|it| found.first().is_some_and(|first| first.advertiser_id != it.advertiser_id));
    let advertisers = found.iter().map(|it| are_of_several.then_some(it.advertiser_id.0));
    let names = Names::of(engine, session, advertisers).await?;
    let label = |it: &Campaign| match are_of_several {
        true => format!("{} ({})", it.name, names.get(it.advertiser_id.0)),
        false => it.name.clone(),
    };
    Ok(found.iter().map(|it| Choice { value: it.id.to_string(), label: label(it) }).collect())
}

/// Those who are active; of one campaign, or all.
pub async fn influencers(engine: &Engine, session: &Session, of: Option<CampaignId>) -> Result<Vec<Choice>, AppError> {
    let query = ListQuery { campaign_id: of, status: Some("active".into()), ..to_choose_from() };
    let found = engine.list_influencers(session, &query).await?.items;
    let label = |name: String, handle: Option<String>| match handle {
        Some(handle) => format!("{name} ({handle})"),
        None => name,
    };
    Ok(found.into_iter().map(|it| Choice { value: it.id.to_string(), label: label(it.name, it.handle) }).collect())
}

/// What ids are called.
pub struct Names(HashMap<Uuid, String>);

impl Names {
    pub async fn of(
        engine: &Engine,
        session: &Session,
        ids: impl IntoIterator<Item = Option<Uuid>>,
    ) -> Result<Self, AppError> {
        Ok(Self(engine.names(session, ids.into_iter().flatten().collect()).await?))
    }

    pub fn get(&self, id: Uuid) -> &str {
        self.0.get(&id).map_or("(unknown)", String::as_str)
    }

    pub fn advertiser(&self, id: AdvertiserId) -> Cell {
        Cell::Link(way(self.get(id.0), super::advertisers::href(id)))
    }

    pub fn campaign(&self, id: CampaignId) -> Cell {
        Cell::Link(way(self.get(id.0), super::campaigns::href(id)))
    }

    pub fn influencer(&self, id: Option<InfluencerId>) -> Cell {
        id.map_or(Cell::None, |id| Cell::Link(way(self.get(id.0), super::influencers::href(id))))
    }
}
