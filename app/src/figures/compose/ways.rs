//! Where the question of a dashboard leads on: to lists, to files, and back to when something happened.

use engine::{Engine, Session};
use jiff::tz::TimeZone;
use model::{
    Timestamp,
    account::Role,
    stats::{Preset, StatsQuery},
};

use crate::{
    address::{self, DASHBOARD, SALES, View},
    admin::{
        compose::activity::Places,
        page::{Action, Empty},
    },
    error::AppError,
};

/// Lists and files of the same range and filters.
pub fn actions(session: &Session, query: &StatsQuery, own: bool) -> Vec<Action> {
    // Lists have neither intervals nor anything beside them.
    let asked = StatsQuery { interval: None, compare: None, ..query.clone() };
    let to = |path: &str, asked: &StatsQuery| address::with_query(path, address::question(asked));
    if own {
        // Of an influencer that an admin looks at there is no list: it is the influencer's.
        let is_theirs = session.account.role == Role::Influencer;
        let csv = to("/api/v1/influencer/exports/sales.csv", &asked);
        let all = [Action::go("Sales", to(SALES, &asked)), Action::save("Sales CSV", csv, "sales.csv")];
        return all.into_iter().filter(|_| is_theirs).collect();
    }
    let clicks = StatsQuery { coupon_id: None, method: None, include_bots: false, ..asked.clone() };
    let events = StatsQuery { include_bots: false, ..asked };
    let places = if session.account.role == Role::Admin { Places::ADMIN } else { Places::OWN };
    vec![
        Action::go("Events", to(places.events, &events)),
        Action::go("Clicks", to(places.clicks, &clicks)),
        Action::save("Events CSV", to("/api/v1/exports/events.csv", &events), "events.csv"),
        Action::save("Clicks CSV", to("/api/v1/exports/clicks.csv", &clicks), "clicks.csv"),
    ]
}

/// What stands where nothing happened: when something did, and the way there.
pub async fn nothing(
    engine: &Engine,
    session: &Session,
    view: &View,
    query: &StatsQuery,
    (tz, label): (&str, &str),
) -> Result<Empty, AppError> {
    let latest = engine.latest_activity(session, query).await?;
    let found = latest.and_then(|at| Some((at, day(at, tz)?)));
    let (text, action) = match found {
        Some((at, day)) => {
            let there = view.clone().ask(|asked| {
                (asked.range, asked.interval) = (None, None);
                (asked.from, asked.to) = (Some(day.clone()), Some(day.clone()));
            });
            let when = moment(at, tz).unwrap_or_else(|| day.clone());
            let text = format!("Nothing was recorded in {label} under this filter. The latest activity was {when}.");
            (text, Action::go("Show that day", address::link(DASHBOARD, &there)))
        }
        None => {
            let there = view.clone().ask(|asked| {
                (asked.from, asked.to, asked.interval) = (None, None, None);
                asked.range = Some(Preset::All.to_string());
            });
            let text = format!("Nothing was recorded in {label} under this filter, nor at any other time.");
            (text, Action::go("Show all time", address::link(DASHBOARD, &there)))
        }
    };
    Ok(Empty { title: "No clicks or events".to_owned(), text, action: Some(action) })
}

fn zoned(at: Timestamp, tz: &str) -> Option<jiff::Zoned> {
    Some(jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(TimeZone::get(tz).ok()?))
}

fn day(at: Timestamp, tz: &str) -> Option<String> {
    zoned(at, tz).map(|at| at.date().to_string())
}

fn moment(at: Timestamp, tz: &str) -> Option<String> {
    zoned(at, tz).map(|at| at.strftime("on %-d %b %Y at %H:%M").to_string())
}
