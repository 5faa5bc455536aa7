//! Composes a dashboard: asks the engine for the figures of a view and says them in the words of
//! [`sheet`](super::sheet).

mod breakdown;
mod cards;
mod chart;
mod chips;
mod funnel;
mod influencer;
mod option;
mod ways;

use engine::{Engine, Session};
use model::{
    FieldError,
    account::Role,
    stats::{Compare, Figures, Overview, Preset, StatsQuery},
};

use super::sheet::Sheet;
use crate::{
    address::{self, View},
    admin::page::Part,
    days,
    error::AppError,
};

/// Clicks that wait for longer are told of, in milliseconds.
const LATE: i64 = 60_000;

/// The dashboard of an address' query, for whoever may see it.
pub async fn sheet(engine: &Engine, session: &Session, search: &str) -> Result<Sheet, AppError> {
    let view = address::read(&address::params(search), session.account.role)?;
    let query = StatsQuery { compare: compared(&view)?, ..view.asked.clone() };
    let own = session.account.role == Role::Influencer;
    match (view.is_as_influencer(session.account.role), query.influencer_id) {
        (true, Some(id)) => {
            // Whoever does not exist has no figures, not none.
            engine.influencer(session, id).await?;
            compose(engine, session, &session.as_influencer(id)?, &view, &query, true).await
        }
        _ => compose(engine, session, session, &view, &query, own).await,
    }
}

/// With the period before, unless the address says otherwise. All there is has nothing before it.
fn compared(view: &View) -> Result<Option<Compare>, AppError> {
    let is_all = view.asked.range.as_deref() == Some(Preset::All.as_str());
    match view.manner("compare").unwrap_or(Compare::Previous.as_str()) {
        "none" => Ok(None),
        _ if is_all => Ok(None),
        text => {
            let rule = FieldError::new("compare", "must be one of previous, year, none");
            text.parse().map(Some).map_err(|_| AppError::invalid(vec![rule]))
        }
    }
}

/// `session`: who looks; `seen`: as whom the figures are seen.
async fn compose(
    engine: &Engine,
    session: &Session,
    seen: &Session,
    view: &View,
    query: &StatsQuery,
    own: bool,
) -> Result<Sheet, AppError> {
    let overview = engine.overview(seen, query).await?;
    let chart = engine.chart(seen, query).await?;
    let Overview { from, to, tz, .. } = &overview;
    let label = days::range_label(from, to);
    let mut sheet = Sheet {
        open: chart.points.last().is_some_and(|last| !last.complete),
        delay: delay(engine).await,
        chips: chips::chips(engine, seen, view, own).await?,
        actions: ways::actions(session, query, own),
        ..Sheet::default()
    };
    if is_empty(&overview.figures) {
        sheet.nothing = Some(ways::nothing(engine, (session, seen), view, query, own, (tz, &label)).await?);
    } else {
        // Whole weeks lie between the two.
        let compared = |it: &str| format!("Compared with {it}, weekday by weekday");
        sheet.compared = overview.previous.as_ref().map(|it| compared(&days::compared_label(&it.from, &it.to)));
        sheet.cards =
            if own { cards::of_influencer(&overview) } else { cards::of_advertiser(&overview, query.include_bots) };
        let sold = if own { "Sales" } else { "Conversions" };
        sheet.plots = Some(chart::plots(view, &chart, to, sold));
        let funnel = engine.funnel(seen, query).await?;
        sheet.parts.push(Part::Group {
            title: "Funnel".to_owned(),
            note: (!own).then(|| "Attributed events alone.".to_owned()),
            actions: Vec::new(),
            parts: vec![funnel::part(&funnel)],
        });
        sheet.parts.push(breakdown::part(engine, seen, view, query, own).await?);
    }
    if own {
        let is_theirs = session.account.role == Role::Influencer;
        let qr = ("/api/v1/influencer/links/", "/api/v1/links/");
        let qr = (if is_theirs { qr.0 } else { qr.1 }, "/qr.svg");
        let handouts = influencer::parts(engine, seen, query.campaign_id, qr).await?;
        sheet.parts.splice(0..0, handouts);
    }
    let Overview { from, to, tz, .. } = overview;
    Ok(Sheet { from, to, tz, label, ..sheet })
}

fn is_empty(figures: &Figures) -> bool {
    let Figures { clicks, bot_clicks, add_to_cart, signups, purchases, drop_offs, .. } = figures;
    [clicks, bot_clicks, add_to_cart, signups, purchases, drop_offs].iter().all(|count| **count == 0)
}

async fn delay(engine: &Engine) -> Option<String> {
    let late = engine.click_delay().await.filter(|age| *age > LATE)?;
    Some(format!("clicks delayed {} min", late / 60_000))
}
