//! What the lists of clicks and events share: where they are, their question, what narrows them, and names that narrow.

use engine::{Engine, Session};
use model::{
    activity::ActivityQuery,
    attribution::Method,
    event::Action as EventAction,
    stats::{Preset, StatsQuery},
};
use uuid::Uuid;

use super::{
    Asked,
    lists::{self, Names},
    words::{capital, way},
};
use crate::{
    address,
    admin::{
        ADMIN,
        page::{Action, Cell, Choice, Field, Way},
    },
    error::AppError,
};

pub const CLICKS: &str = "/admin/clicks";
pub const EVENTS: &str = "/admin/events";
pub const FAILURES: &str = "/admin/failures";

/// Where the lists are: the admin's, or an advertiser's own.
#[derive(Clone, Copy)]
pub struct Places {
    pub is_admin: bool,
    pub clicks: &'static str,
    pub events: &'static str,
    pub failures: &'static str,
}

impl Places {
    pub const ADMIN: Self = Self { is_admin: true, clicks: CLICKS, events: EVENTS, failures: FAILURES };
    pub const OWN: Self =
        Self { is_admin: false, clicks: address::CLICKS, events: address::EVENTS, failures: address::FAILURES };

    pub fn of(asked: &Asked<'_>) -> Self {
        if asked.path().starts_with(ADMIN) { Self::ADMIN } else { Self::OWN }
    }
}

/// Names in the lists: to admins they lead to the things themselves, to advertisers to the list narrowed to them.
pub struct Named<'a> {
    pub names: Names,
    places: Places,
    /// The list that is narrowed; None for the one of events.
    asked: Option<&'a Asked<'a>>,
}

impl<'a> Named<'a> {
    pub fn new(names: Names, places: Places, asked: Option<&'a Asked<'a>>) -> Self {
        Self { names, places, asked }
    }

    fn narrowing(&self, name: &'static str, id: Uuid) -> Cell {
        let value = id.to_string();
        let href = match self.asked {
            Some(asked) => asked.with(name, Some(&value)),
            None => address::with_query(self.places.events, [(name, value)]),
        };
        Cell::link(self.names.get(id), href)
    }

    pub fn influencer(&self, id: Option<impl Into<Uuid>>) -> Cell {
        let Some(id) = id.map(Into::into) else { return Cell::None };
        if self.places.is_admin { self.names.influencer(Some(id.into())) } else { self.narrowing("influencer_id", id) }
    }

    pub fn campaign(&self, id: Option<impl Into<Uuid>>) -> Cell {
        let Some(id) = id.map(Into::into) else { return Cell::None };
        if self.places.is_admin { self.names.campaign(id.into()) } else { self.narrowing("campaign_id", id) }
    }

    pub fn link(&self, id: Option<impl Into<Uuid>>) -> Cell {
        let Some(id) = id.map(Into::into) else { return Cell::None };
        if self.places.is_admin {
            Cell::link(self.names.get(id), super::links::href(id.into()))
        } else {
            self.narrowing("link_id", id)
        }
    }

    pub fn coupon(&self, id: Option<impl Into<Uuid>>) -> Cell {
        let Some(id) = id.map(Into::into) else { return Cell::None };
        if self.places.is_admin { Cell::code(self.names.get(id)) } else { self.narrowing("coupon_id", id) }
    }
}

pub fn query(asked: &Asked<'_>) -> Result<ActivityQuery, AppError> {
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

pub fn ranges(asked: &Asked<'_>) -> Field {
    let labels = [
        (Preset::Today, "Today"),
        (Preset::Yesterday, "Yesterday"),
        (Preset::Last7Days, "7 days"),
        (Preset::Last28Days, "28 days"),
        (Preset::Last30Days, "30 days"),
        (Preset::MonthToDate, "This month"),
        (Preset::LastMonth, "Last month"),
        (Preset::YearToDate, "This year"),
        (Preset::Last12Months, "12 months"),
        (Preset::All, "All time"),
    ];
    let all = labels.map(|(preset, label)| Choice { value: preset.to_string(), label: label.into() });
    lists::select(asked, "range", "When", "Any time", all.into())
}

/// What the list is narrowed to, each a select; of an advertiser's own there is no other advertiser.
pub async fn who(
    engine: &Engine,
    session: &Session,
    asked: &Asked<'_>,
    places: Places,
) -> Result<Vec<Field>, AppError> {
    let mut selects = Vec::new();
    let advertiser = asked.parsed("advertiser_id")?;
    if places.is_admin {
        let advertisers = lists::advertisers(engine, session).await?;
        selects.push(lists::select(asked, "advertiser_id", "Advertiser", "Any advertiser", advertisers));
    }
    let campaigns = lists::campaigns(engine, session, advertiser).await?;
    let influencers = lists::influencers(engine, session, None).await?;
    selects.extend([
        lists::select(asked, "campaign_id", "Campaign", "Any campaign", campaigns),
        lists::select(asked, "influencer_id", "Influencer", "Anybody", influencers),
        ranges(asked),
    ]);
    Ok(selects)
}

/// Chips for what narrows the list beside the selects; to advertisers, for all that names can narrow it to.
pub async fn chips(
    engine: &Engine,
    session: &Session,
    asked: &Asked<'_>,
    places: Places,
) -> Result<Vec<Way>, AppError> {
    let mut chips = Vec::new();
    let of_names = [("influencer_id", "Influencer"), ("campaign_id", "Campaign")];
    let of_names = of_names.into_iter().filter(|_| !places.is_admin);
    for (name, label) in of_names.chain([("link_id", "Link"), ("coupon_id", "Coupon")]) {
        if let Some(text) = asked.get(name) {
            let id: Option<Uuid> = text.parse().ok();
            let names = Names::of(engine, session, [id]).await?;
            chips.push(way(format!("{label}: {}", id.map_or("?", |id| names.get(id))), asked.with(name, None)));
        }
    }
    if !places.is_admin {
        let of_action: Option<EventAction> = asked.parsed("action")?;
        let by: Option<Method> = asked.parsed("method")?;
        let of_action =
            of_action.map(|it| way(format!("Action: {}", capital(it.as_str())), asked.with("action", None)));
        let by = by.map(|it| way(format!("Credited by: {}", method(it)), asked.with("method", None)));
        chips.extend(of_action.into_iter().chain(by));
    }
    for name in ["from", "to", "tz"] {
        if let Some(text) = asked.get(name) {
            let label = if name == "tz" { "Zone".to_owned() } else { capital(name) };
            chips.push(way(format!("{label} {text}"), asked.with(name, None)));
        }
    }
    Ok(chips)
}

/// What the list is narrowed to, as a file. `more`: what it holds that the list leaves out, as files know fewer filters.
pub fn csv(within: StatsQuery, path: &str, name: &str, more: Option<&str>) -> Action {
    let mut within = within;
    if within.from.is_none() && within.to.is_none() && within.range.is_none() {
        // Lists without a range hold everything; files would hold a month.
        within.range = Some(Preset::All.to_string());
    }
    let label = more.map_or_else(|| "CSV".to_owned(), |more| format!("CSV, {more}"));
    Action::save(label, address::with_query(path, address::question(&within)), name)
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
