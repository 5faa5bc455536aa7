//! What narrows the figures, each as a way to the view without it.

use engine::{Engine, Session};
use model::stats::StatsQuery;

use crate::{
    address::{self, DASHBOARD, View},
    admin::{
        compose::{activity::method, lists::Names},
        page::Way,
    },
    error::AppError,
};

/// `own`: an influencer's own figures, which nothing makes anybody else's.
pub async fn chips(engine: &Engine, session: &Session, view: &View, own: bool) -> Result<Vec<Way>, AppError> {
    let asked = &view.asked;
    let influencer = asked.influencer_id.filter(|_| !own).map(|id| id.0);
    let ids =
        [influencer, asked.campaign_id.map(|id| id.0), asked.link_id.map(|id| id.0), asked.coupon_id.map(|id| id.0)];
    let names = Names::of(engine, session, ids).await?;
    type Clear = fn(&mut StatsQuery);
    let clears: [(&str, Clear); 4] = [
        ("Influencer", |asked| asked.influencer_id = None),
        ("Campaign", |asked| asked.campaign_id = None),
        ("Link", |asked| asked.link_id = None),
        ("Coupon", |asked| asked.coupon_id = None),
    ];
    let without = |label: String, clear: Clear| {
        let there = view.clone().ask(clear);
        Way { label, href: address::link(DASHBOARD, &there) }
    };
    let mut chips: Vec<Way> = clears
        .into_iter()
        .zip(ids)
        .filter_map(|((what, clear), id)| Some(without(format!("{what}: {}", names.get(id?)), clear)))
        .collect();
    chips.extend(asked.method.map(|of| without(format!("Credited by: {}", method(of)), |asked| asked.method = None)));
    if asked.include_bots {
        chips.push(without("Bots included".to_owned(), |asked| asked.include_bots = false));
    }
    chips.extend(asked.tz.as_ref().map(|zone| without(format!("Zone: {zone}"), |asked| asked.tz = None)));
    Ok(chips)
}
