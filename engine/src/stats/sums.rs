//! Where a figure is read: from sums where they carry what is asked for, else from clicks and events themselves.

use std::collections::{BTreeSet, HashMap};

use model::{AdvertiserId, Timestamp};
use uuid::Uuid;

use super::{
    cells::{Edge, Rest},
    tally::Tally,
};
use crate::{
    db::{
        self, Conn,
        rollups::Span,
        rollups_read::Rows,
        stats::{Filter, Key, Split, Tallies},
    },
    error::Result,
};

/// Stretches cut out of whole hours that are counted from clicks and events; with more, all is. So many are
/// four months of days in a zone that begins them at half past.
const MOST_RESTS: usize = 128;

/// Which way figures are come by. Either way they are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Sums, as far as they carry what is asked for.
    Sums,
    /// Clicks and events alone: what sums must equal.
    Rows,
}

impl Source {
    /// What lies between each two of these moments, which are in order, within a filter. Its own range does not count.
    pub async fn between(self, conn: &mut Conn, edges: &[i64], filter: &Filter, split: &Split) -> Result<Vec<Tallies>> {
        let mut buckets = match self {
            Self::Sums => {
                // As of this snapshot, not as memory knows them.
                let everybody = match (filter.advertiser, filter.influencer) {
                    (None, None) => db::advertisers::ids(conn).await?,
                    _ => Vec::new(),
                };
                let scopes = scopes(filter, split, &everybody);
                // Before it rows may be gone: there an edge is the nearest that sums have.
                let (before, since) = cut(edges, filter.rows_from, scopes.is_some());
                let mut parts = Vec::new();
                for edges in [&before, &since].into_iter().filter(|edges| edges.len() > 1) {
                    parts.push(match &scopes {
                        Some(scopes) => totals(conn, scopes, edges, filter).await?,
                        None => shares(conn, &everybody, edges, filter, split).await?,
                    });
                }
                joined(parts)
            }
            Self::Rows => db::stats::between(conn, edges, filter, split).await?,
        };
        for tallies in &mut buckets {
            tallies.retain(|_, tally| {
                tally.settle();
                *tally != Tally::default()
            });
        }
        Ok(buckets)
    }
}

/// The scopes whose totals are what is asked for.
fn scopes(filter: &Filter, split: &Split, advertisers: &[AdvertiserId]) -> Option<Vec<Uuid>> {
    let is_narrow =
        filter.influencer.is_some() || filter.link.is_some() || filter.coupon.is_some() || filter.method.is_some();
    if is_narrow || *split != Split::default() {
        return None;
    }
    Some(match (filter.campaign, filter.advertiser) {
        (Some(campaign), _) => vec![campaign.0],
        (None, Some(advertiser)) => vec![advertiser.0],
        (None, None) => advertisers.iter().map(|advertiser| advertiser.0).collect(),
    })
}

/// Edges before a moment, as sums know them, and those since. Both parts share the moment, where it lies between edges.
fn cut(edges: &[i64], rows_from: Option<Timestamp>, of_totals: bool) -> (Vec<i64>, Vec<i64>) {
    let Some(at) = rows_from.map(|at| at.0).filter(|at| edges.first().is_some_and(|first| first < at)) else {
        return (Vec::new(), edges.to_vec());
    };
    let count = i64::try_from(edges.len()).unwrap_or(i64::MAX);
    let span = if of_totals { Span::Quarter } else { Span::Hour }.millis();
    // Of a row that is cut into buckets nobody knows more than its sum: all of it stands in the first of them.
    let is_short = length(edges) / count.saturating_sub(1).max(1) < span;
    let known = |edge: i64| {
        let up = if is_short { span - 1 } else { span / 2 };
        (edge + up).div_euclid(span) * span
    };
    let (before, since) = edges.split_at(edges.partition_point(|edge| *edge < at));
    let before = before.iter().map(|edge| known(*edge).min(at));
    if since.is_empty() {
        return (before.collect(), Vec::new());
    }
    (before.chain([at]).collect(), [at].into_iter().chain(since.iter().copied()).collect())
}

/// One part after the other. Where there are two, the last bucket of the first and the first of the second are one.
fn joined(parts: Vec<Vec<Tallies>>) -> Vec<Tallies> {
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or_default();
    let mut since = parts.next().unwrap_or_default().into_iter();
    if let (Some(last), Some(first)) = (all.last_mut(), since.next()) {
        for (key, tally) in &first {
            last.entry(*key).or_default().add_times(tally, 1);
        }
    }
    all.extend(since);
    all
}

struct Buckets(Vec<Tallies>);

impl Buckets {
    fn new(edges: &[i64]) -> Self {
        Self(vec![Tallies::new(); edges.len().saturating_sub(1)])
    }

    fn add(&mut self, bucket: usize, key: Key, tally: &Tally) {
        if let Some(bucket) = self.0.get_mut(bucket) {
            bucket.entry(key).or_default().add_times(tally, 1);
        }
    }

    /// What lies between a row's edge and an edge of buckets belongs to the one before, and not to the one behind.
    fn shift(&mut self, edge: usize, sign: i64, key: Key, tally: &Tally) {
        if let Some(before) = edge.checked_sub(1).and_then(|before| self.0.get_mut(before)) {
            before.entry(key).or_default().add_times(tally, sign);
        }
        if let Some(behind) = self.0.get_mut(edge) {
            behind.entry(key).or_default().add_times(tally, -sign);
        }
    }
}

/// From the first edge to the last.
fn length(edges: &[i64]) -> i64 {
    edges.last().zip(edges.first()).map_or(0, |(last, first)| last - first)
}

/// The coarsest rows from the first edge up to the last, where there are any.
fn whole(marks: &[Edge]) -> Option<(i64, i64)> {
    let (first, last) = marks.first().zip(marks.last())?;
    (first.base < last.base).then_some((first.base, last.base))
}

/// The bucket that a row begins in, which is at or behind the first edge.
fn bucket_of(marks: &[Edge], row: i64) -> usize {
    marks.partition_point(|mark| mark.base <= row).saturating_sub(1)
}

/// Charts of hours begin with hours, others with days.
fn base(edges: &[i64]) -> Span {
    let buckets = i64::try_from(edges.len().saturating_sub(1)).unwrap_or(i64::MAX);
    if length(edges) / buckets.max(1) < Span::Day.millis() / 2 { Span::Hour } else { Span::Day }
}

async fn totals(conn: &mut Conn, scopes: &[Uuid], edges: &[i64], filter: &Filter) -> Result<Vec<Tallies>> {
    let mut buckets = Buckets::new(edges);
    let base = base(edges);
    let finer = if base == Span::Day { &[Span::Hour, Span::Quarter][..] } else { &[Span::Quarter] };
    let marks: Vec<Edge> = edges.iter().map(|edge| Edge::new(*edge, base, finer)).collect();
    let key = Key::default();

    let apart = buckets.0.len() > 1;
    if let Some((from, to)) = whole(&marks) {
        let rows = Rows::Between { from, to, apart };
        for (start, tally) in db::rollups_read::totals(conn, scopes, base, rows).await? {
            let bucket = if apart { bucket_of(&marks, start) } else { 0 };
            buckets.add(bucket, key, &tally);
        }
    }
    for span in finer {
        let steps = Steps::of(&marks, *span);
        if !steps.rows.is_empty() {
            let rows = Rows::These(&steps.rows);
            for (start, tally) in db::rollups_read::totals(conn, scopes, *span, rows).await? {
                steps.shift(&mut buckets, start, key, &tally);
            }
        }
    }
    shift_rests(conn, &mut buckets, &marks, filter, &Split::default()).await?;
    Ok(buckets.0)
}

async fn shares(
    conn: &mut Conn,
    advertisers: &[AdvertiserId],
    edges: &[i64],
    filter: &Filter,
    split: &Split,
) -> Result<Vec<Tallies>> {
    let mut buckets = Buckets::new(edges);
    let apart = buckets.0.len() > 1;
    // Buckets are mostly shorter than the longest rows, and so are short ranges.
    let is_long = !apart && length(edges) > Span::Days.millis();
    let base = if is_long { Span::Days } else { base(edges) };
    let finer: &[Span] = match base {
        Span::Days => &[Span::Day, Span::Hour],
        Span::Day => &[Span::Hour],
        Span::Hour | Span::Quarter => &[],
    };
    let marks: Vec<Edge> = edges.iter().map(|edge| Edge::new(*edge, base, finer)).collect();
    let rests: BTreeSet<Rest> = marks.iter().filter_map(|mark| mark.rest).collect();
    let cut: i64 = rests.iter().map(|rest| rest.to - rest.from).sum();
    if rests.len() > MOST_RESTS || cut >= length(edges) {
        return db::stats::between(conn, edges, filter, split).await;
    }
    if let Some((from, to)) = whole(&marks) {
        let rows = Rows::Between { from, to, apart };
        for (start, tallies) in db::rollups_read::shares(conn, advertisers, filter, split, base, rows).await? {
            let bucket = if apart { bucket_of(&marks, start) } else { 0 };
            for (key, tally) in &tallies {
                buckets.add(bucket, *key, tally);
            }
        }
    }
    if apart {
        for span in finer {
            let steps = Steps::of(&marks, *span);
            let rows = Rows::These(&steps.rows);
            for (start, tallies) in db::rollups_read::shares(conn, advertisers, filter, split, *span, rows).await? {
                for (key, tally) in &tallies {
                    steps.shift(&mut buckets, start, *key, tally);
                }
            }
        }
    } else {
        // Things are told apart here, not times: those the database adds up.
        for (edge, mark) in marks.iter().enumerate() {
            for step in &mark.steps {
                let rows = Rows::Between { from: step.from, to: step.to, apart: false };
                let sums = db::rollups_read::shares(conn, advertisers, filter, split, step.span, rows).await?;
                for (key, tally) in sums.values().flatten() {
                    buckets.shift(edge, step.sign, *key, tally);
                }
            }
        }
    }
    shift_rests(conn, &mut buckets, &marks, filter, split).await?;
    Ok(buckets.0)
}

/// The rows of one span that lie between edges and the rows before it, and which edges they shift.
struct Steps {
    rows: Vec<i64>,
    edges: HashMap<i64, Vec<(usize, i64)>>,
}

impl Steps {
    fn of(marks: &[Edge], span: Span) -> Self {
        let mut edges: HashMap<i64, Vec<(usize, i64)>> = HashMap::new();
        for (edge, mark) in marks.iter().enumerate() {
            for step in mark.steps.iter().filter(|step| step.span == span) {
                for row in step.from..step.to {
                    edges.entry(row).or_default().push((edge, step.sign));
                }
            }
        }
        let mut rows: Vec<i64> = edges.keys().copied().collect();
        rows.sort_unstable();
        Self { rows, edges }
    }

    fn shift(&self, buckets: &mut Buckets, row: i64, key: Key, tally: &Tally) {
        for (edge, sign) in self.edges.get(&row).into_iter().flatten() {
            buckets.shift(*edge, *sign, key, tally);
        }
    }
}

/// Counts what no sums hold.
async fn shift_rests(
    conn: &mut Conn,
    buckets: &mut Buckets,
    marks: &[Edge],
    filter: &Filter,
    split: &Split,
) -> Result<()> {
    let rests: BTreeSet<Rest> = marks.iter().filter_map(|mark| mark.rest).collect();
    let stretches = rests.iter().map(|rest| (rest.from, rest.to));
    let found = db::stats::of_each(conn, stretches, filter, split).await?;
    for (rest, tallies) in rests.into_iter().zip(found) {
        for (edge, _) in marks.iter().enumerate().filter(|(_, mark)| mark.rest == Some(rest)) {
            for (key, tally) in &tallies {
                buckets.shift(edge, rest.sign, *key, tally);
            }
        }
    }
    Ok(())
}
