//! Whether the sums that figures are read from are what clicks and events come to, over all there is.

use std::fmt;

use model::{Timestamp, time::DAY};
use uuid::Uuid;

use crate::{
    Options,
    db::{self, Db, rollup_check::Difference, rollups::Span},
    error::Result,
};

/// Days compared at once, as many as the longest sums have: what the database has to hold in memory meanwhile.
const DAYS: i64 = Span::Days.millis() / DAY;

/// What a comparison has found.
#[derive(Clone, Debug, Default)]
pub struct FiguresChecked {
    /// The first ones.
    pub differences: Vec<FiguresDiffer>,
    /// Rows of sums that belong to nobody there is.
    pub strays: i64,
}

impl FiguresChecked {
    pub fn is_right(&self) -> bool {
        self.differences.is_empty() && self.strays == 0
    }
}

/// A row of sums that is not what it should be, in words.
#[derive(Clone, Debug)]
pub struct FiguresDiffer(Difference);

impl fmt::Display for FiguresDiffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let it = &self.0;
        let at = Timestamp(it.start * it.span * DAY / 96);
        let long = match it.span {
            1 => "quarter hour",
            4 => "hour",
            96 => "day",
            _ => "16 days",
        };
        write!(f, "{} of {}, {long} from {at}", it.table, it.scope_id)?;
        let ids = [
            ("campaign", it.campaign_id),
            ("influencer", it.influencer_id),
            ("link", it.link_id),
            ("coupon", it.coupon_id),
        ];
        for (name, id) in ids.into_iter().filter_map(|(name, id)| Some((name, id.filter(|id| *id != Uuid::nil())?))) {
            write!(f, ", {name} {id}")?;
        }
        for word in [&it.method, &it.currency].into_iter().flatten() {
            write!(f, ", {word}")?;
        }
        let sums = [
            ("human", it.click_0),
            ("bots", it.click_1),
            ("human_first", it.click_2),
            ("bots_first", it.click_3),
            ("add_to_cart", it.event_0),
            ("signups", it.event_1),
            ("drop_offs", it.event_2),
            ("purchases", it.event_3),
            ("valued", it.event_4),
            ("millions", it.event_5),
            ("remainder", it.event_6),
        ];
        let wrong = sums.into_iter().filter_map(|(name, sum)| Some((name, sum.filter(|sum| *sum != 0)?)));
        for (place, (name, sum)) in wrong.enumerate() {
            write!(f, "{} {name} {sum:+}", if place == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

/// Compares every row of sums with clicks and events, in one state of the database; a server may be working on it.
/// `advertisers` hears how many are done, and of how many.
pub async fn check_figures(
    options: &Options,
    most_differences: usize,
    mut advertisers: impl FnMut(usize, usize),
) -> Result<FiguresChecked> {
    let db = Db::open_existing(&options.database_url)?;
    db.schema().await?.check()?;
    let mut conn = db.snapshot().await?;
    let everybody = db::advertisers::ids(&mut conn).await?;
    let rows_from = db::retention::rows_from(&mut conn).await?.map(Timestamp::utc_day);
    let mut checked = FiguresChecked::default();
    for (done, advertiser) in everybody.iter().enumerate() {
        advertisers(done, everybody.len());
        let Some((first, last)) = db::rollup_check::days_of(&mut conn, *advertiser).await? else { continue };
        let mut from = first.div_euclid(DAYS) * DAYS;
        while from <= last {
            let days = (from, from + DAYS);
            let most = most_differences - checked.differences.len();
            let found = db::rollup_check::compare(&mut conn, *advertiser, days, rows_from, most).await?;
            checked.differences.extend(found.into_iter().map(FiguresDiffer));
            if checked.differences.len() == most_differences {
                break;
            }
            from = days.1;
        }
    }
    advertisers(everybody.len(), everybody.len());
    checked.strays = db::rollup_check::strays(&mut conn).await?;
    drop(conn);
    db.close().await;
    Ok(checked)
}
