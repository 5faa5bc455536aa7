//! Where the question of a dashboard leads on: to lists, to files, and back to when something happened.

use engine::{Engine, Session};
use jiff::tz::TimeZone;
use model::{Timestamp, account::Role, stats::StatsQuery};

use crate::{
    address::{self, DASHBOARD, SALES, View},
    admin::{
        compose::{activity::Places, integration},
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

/// What stands where nothing happened: when something did, and the way there. `session`: who looks; `seen`: as whom.
pub async fn nothing(
    engine: &Engine,
    (session, seen): (&Session, &Session),
    view: &View,
    query: &StatsQuery,
    own: bool,
    (tz, label): (&str, &str),
) -> Result<Empty, AppError> {
    let latest = engine.latest_activity(seen, query).await?;
    let found = latest.and_then(|at| Some((at, day(at, tz)?)));
    let (text, action) = match found {
        Some((at, day)) => {
            let there = view.clone().ask(|asked| {
                (asked.range, asked.interval) = (None, None);
                (asked.from, asked.to) = (Some(day.clone()), Some(day.clone()));
            });
            let when = moment(at, tz).unwrap_or_else(|| day.clone());
            let under = if is_narrowed(query, own) { " under this filter" } else { "" };
            let text = format!("Nothing was recorded in {label}{under}. The latest activity was {when}.");
            (text, Some(Action::go("Show that day", address::link(DASHBOARD, &there))))
        }
        None if is_narrowed(query, own) => {
            let there = view.clone().ask(|asked| {
                *asked = StatsQuery {
                    advertiser_id: asked.advertiser_id,
                    influencer_id: asked.influencer_id.filter(|_| own),
                    range: asked.range.take(),
                    from: asked.from.take(),
                    to: asked.to.take(),
                    tz: asked.tz.take(),
                    ..StatsQuery::default()
                };
            });
            let text = "Nothing was ever recorded under this filter.".to_owned();
            (text, Some(Action::go("Clear the filter", address::link(DASHBOARD, &there))))
        }
        // Nothing happened at all: here it begins.
        None => match session.account.role {
            _ if own => {
                let text = "Clicks show here seconds after somebody follows a link, sales once the shop reports them.";
                (text.to_owned(), None)
            }
            role => {
                let text =
                    "Clicks show here seconds after somebody follows a link, events as soon as the shop sends them.";
                let integration = match query.advertiser_id.filter(|_| role == Role::Admin) {
                    Some(id) => integration::of_advertiser(id),
                    None => address::INTEGRATION.to_owned(),
                };
                (text.to_owned(), Some(Action::go("How the shop sends events", integration)))
            }
        },
    };
    let title = if latest.is_none() { "No clicks or events yet" } else { "No clicks or events" };
    Ok(Empty { title: title.to_owned(), text, action })
}

/// Whether less is asked for than an advertiser, or an influencer, has.
fn is_narrowed(query: &StatsQuery, own: bool) -> bool {
    query.campaign_id.is_some()
        || query.influencer_id.is_some() && !own
        || query.link_id.is_some()
        || query.coupon_id.is_some()
        || query.method.is_some()
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
