//! The figures told apart: by influencer, campaign, link or coupon. Each name leads to the figures of it alone.

use std::cmp::Ordering;

use engine::{Engine, Session};
use model::{
    FieldError,
    stats::{Dimension, Figures, Row as Line, StatsQuery, Table as Lines},
};

use super::funnel::share;
use crate::{
    address::{self, DASHBOARD, View},
    admin::{
        page::{Action, Cell, Part, Tab, Way},
        table::{Column, Order, Row, Table},
    },
    error::AppError,
    format,
};

/// Rows shown unless all are asked for.
const FEW: usize = 50;
/// Rows shown at most: more can be had as a file.
const MOST: usize = 1_000;

/// A figure that is a column.
#[derive(Clone, Copy)]
struct Measure {
    /// In the address.
    key: &'static str,
    label: &'static str,
    cell: fn(&Figures) -> Cell,
    /// How two rows compare by it; None where they do not, as amounts of several currencies.
    order: Option<fn(&Figures, &Figures) -> Ordering>,
}

const CLICKS: Measure = count("clicks", "Clicks", |it| Cell::Count(it.clicks), |a, b| a.clicks.cmp(&b.clicks));
const VISITORS: Measure = count(
    "visitors",
    "Visitors",
    |it| Cell::Count(it.unique_visitors),
    |a, b| a.unique_visitors.cmp(&b.unique_visitors),
);
const CARTS: Measure =
    count("carts", "Carts", |it| Cell::Count(it.add_to_cart), |a, b| a.add_to_cart.cmp(&b.add_to_cart));
const CONVERSIONS: Measure =
    count("conversions", "Conversions", |it| Cell::Count(it.conversions), |a, b| a.conversions.cmp(&b.conversions));
const SALES: Measure = Measure { label: "Sales", ..CONVERSIONS };
const GMV: Measure = count("gmv", "GMV", |it| Cell::Money(it.gmv.clone()), by_gmv);
const VALUE: Measure = Measure { label: "Worth", ..GMV };
const RATE: Measure = count("rate", "Rate", |it| rate(it.conversion_rate), by_rate);
const COMMISSION: Measure = Measure {
    key: "commission",
    label: "Commission",
    cell: |it| Cell::Money(it.commission_estimate.clone().unwrap_or_default()),
    order: None,
};

const fn count(
    key: &'static str,
    label: &'static str,
    cell: fn(&Figures) -> Cell,
    order: fn(&Figures, &Figures) -> Ordering,
) -> Measure {
    Measure { key, label, cell, order: Some(order) }
}

fn rate(fraction: Option<f64>) -> Cell {
    fraction.map_or(Cell::None, |_| Cell::text(format::rate(fraction)))
}

fn by_rate(a: &Figures, b: &Figures) -> Ordering {
    let rate = |it: &Figures| it.conversion_rate.unwrap_or(-1.0);
    rate(a).total_cmp(&rate(b))
}

/// Only where there is one currency: the column does not sort where there are more.
fn by_gmv(a: &Figures, b: &Figures) -> Ordering {
    let minor = |it: &Figures| it.gmv.first().map_or(0, |sum| sum.minor);
    minor(a).cmp(&minor(b))
}

/// The table, and what it can be told apart by. `own`: an influencer's own figures.
pub async fn part(
    engine: &Engine,
    session: &Session,
    view: &View,
    query: &StatsQuery,
    own: bool,
) -> Result<Part, AppError> {
    let by = asked_by(view, own)?;
    let lines = engine.table(session, query, by).await?;
    let table = table(view, lines, by, own)?;
    let tabs = Part::Tabs { label: "Broken down by".to_owned(), tabs: tabs(view, by, own) };
    let more = more(view, table.1);
    Ok(Part::Group {
        title: "Breakdown".to_owned(),
        note: None,
        actions: more.into_iter().collect(),
        parts: vec![tabs, Part::Table(Box::new(table.0))],
    })
}

fn wrong(name: &str, rule: &str) -> AppError {
    AppError::invalid(vec![FieldError::new(name, rule.to_owned())])
}

/// An influencer is not told apart from others.
fn asked_by(view: &View, own: bool) -> Result<Dimension, AppError> {
    let usual = if own { Dimension::Campaign } else { Dimension::Influencer };
    match view.manner("by") {
        None => Ok(usual),
        Some(text) => match text.parse() {
            Ok(Dimension::Influencer) if own => Ok(usual),
            Ok(by) => Ok(by),
            Err(_) => Err(wrong("by", "must be one of influencer, campaign, link, coupon")),
        },
    }
}

fn manner(view: &View, name: &'static str, value: &str) -> View {
    let mut view = view.clone().without(name);
    view.manner.push((name, value.to_owned()));
    view
}

fn tabs(view: &View, chosen: Dimension, own: bool) -> Vec<Tab> {
    let all = [
        (Dimension::Influencer, "Influencers"),
        (Dimension::Campaign, "Campaigns"),
        (Dimension::Link, "Links"),
        (Dimension::Coupon, "Coupons"),
    ];
    let of = |(by, label): (Dimension, &str)| {
        let there = manner(view, "by", by.as_str()).without("sort").without("rows");
        Tab {
            way: Way { label: label.to_owned(), href: address::link(DASHBOARD, &there) },
            current: by == chosen,
            count: None,
        }
    };
    all.into_iter().filter(|(by, _)| !own || *by != Dimension::Influencer).map(of).collect()
}

/// The way to all rows, where only the first are shown.
fn more(view: &View, rows: usize) -> Option<Action> {
    let is_all = view.manner("rows") == Some("all");
    (rows > FEW).then(|| {
        if is_all {
            Action::go(format!("Show {FEW}"), address::link(DASHBOARD, &view.clone().without("rows")))
        } else {
            let label = if rows > MOST { format!("Show {MOST} of {rows}") } else { format!("Show all {rows}") };
            Action::go(label, address::link(DASHBOARD, &manner(view, "rows", "all")))
        }
    })
}

/// And how many rows there are. Whatever is shown, the total is of all of them.
fn table(view: &View, lines: Lines, by: Dimension, own: bool) -> Result<(Table, usize), AppError> {
    let Lines { rows: mut lines, total } = lines;
    let currencies = total.gmv.len();
    let measures = measures(by, own);
    let (nobody, mut named): (Vec<Line>, Vec<Line>) = lines.drain(..).partition(|line| line.id.is_none());
    let (sorted, reversed) = sorting(view, &measures, currencies)?;
    sort(&mut named, sorted, reversed);
    let count = named.len();
    named.truncate(if view.manner("rows") == Some("all") { MOST } else { FEW });
    let commissions = named.iter().any(|line| line.commission.is_some());
    let mut columns = vec![column(view, "name", title(by), sorted.is_none(), reversed, Order::Ascending)];
    for measure in &measures {
        let is_sorted = sorted.is_some_and(|sorted| sorted.key == measure.key);
        let sorts = measure.order.is_some() && (measure.key != "gmv" || currencies < 2);
        let column = match sorts {
            true => column(view, measure.key, measure.label, is_sorted, reversed, Order::Descending),
            false => Column::text(measure.label),
        };
        columns.push(Column { numeric: true, ..column });
        if measure.key == CONVERSIONS.key {
            columns.push(Column::figure("Share"));
        }
    }
    if commissions {
        columns.extend([Column::figure("Commission"), Column::figure("GMV ÷ commission")]);
    }
    let cells = |name: Cell, figures: &Figures, line: Option<&Line>| {
        let mut cells = vec![name];
        for measure in &measures {
            cells.push((measure.cell)(figures));
            if measure.key == CONVERSIONS.key {
                cells.push(Cell::Share(share(figures.conversions, total.conversions)));
            }
        }
        if commissions {
            let commission = line.and_then(|line| line.commission.as_ref());
            cells.push(commission.map_or(Cell::None, |it| Cell::Money(it.commission.clone())));
            let ratio = |it: &model::stats::Ratio| Cell::text(format!("{:.2} {}", it.ratio, it.currency));
            let ratios = commission.map(|it| it.gmv_per_commission.iter().map(ratio).collect::<Vec<_>>());
            cells.push(ratios.filter(|all| !all.is_empty()).map_or(Cell::None, Cell::Stack));
        }
        cells
    };
    let rows = named.iter().chain(&nobody).map(|line| Row::new(cells(name(view, line, by), &line.figures, Some(line))));
    let rows = rows.collect();
    let totals = cells(Cell::text("Total"), &total, None);
    let caption = format!("By {by}");
    Ok((Table { caption, columns, rows, totals, ..Table::default() }, count))
}

fn title(by: Dimension) -> &'static str {
    match by {
        Dimension::Influencer => "Influencer",
        Dimension::Campaign => "Campaign",
        Dimension::Link => "Link",
        Dimension::Coupon => "Coupon",
    }
}

fn measures(by: Dimension, own: bool) -> Vec<Measure> {
    let mut measures = match own {
        true => vec![CLICKS, SALES, VALUE, COMMISSION],
        false => vec![CLICKS, VISITORS, CARTS, CONVERSIONS, GMV, RATE],
    };
    if by == Dimension::Coupon {
        // Clicks have no coupon.
        measures.retain(|measure| !["clicks", "visitors", "rate"].contains(&measure.key));
    }
    measures
}

/// What the rows are sorted by, None for their names, and whether the other way round than usual.
fn sorting(view: &View, measures: &[Measure], currencies: usize) -> Result<(Option<Measure>, bool), AppError> {
    let Some(text) = view.manner("sort") else { return Ok((Some(CONVERSIONS), false)) };
    let (key, reversed) = text.strip_prefix('-').map_or((text, false), |key| (key, true));
    if key == "name" {
        return Ok((None, reversed));
    }
    let known = measures.iter().copied().find(|measure| measure.key == key && measure.order.is_some());
    let known = known.ok_or_else(|| wrong("sort", "must be a column of the table"))?;
    // What cannot be sorted now may have been when the address was kept.
    Ok((Some(if known.key == "gmv" && currencies > 1 { CONVERSIONS } else { known }), reversed))
}

/// They come in the usual order, which stays among equals.
fn sort(lines: &mut [Line], by: Option<Measure>, reversed: bool) {
    match by.map(|measure| measure.order) {
        None => lines.sort_by_cached_key(|line| line.label.as_deref().unwrap_or_default().to_lowercase()),
        Some(Some(order)) => lines.sort_by(|a, b| order(&b.figures, &a.figures)),
        Some(None) => {}
    }
    if reversed {
        lines.reverse();
    }
}

fn column(view: &View, key: &str, label: &str, is_sorted: bool, reversed: bool, usual: Order) -> Column {
    let other = if usual == Order::Ascending { Order::Descending } else { Order::Ascending };
    let order = match (is_sorted, reversed) {
        (false, _) => Order::None,
        (true, false) => usual,
        (true, true) => other,
    };
    let next = if is_sorted && !reversed { format!("-{key}") } else { key.to_owned() };
    Column::text(label).sorted(address::link(DASHBOARD, &manner(view, "sort", &next)), order)
}

/// Leads to the figures of it alone, told apart by what is still open then.
fn name(view: &View, line: &Line, by: Dimension) -> Cell {
    let Some(id) = line.id else {
        let words = match by {
            Dimension::Influencer => "Unattributed",
            Dimension::Campaign => "Without campaign",
            Dimension::Link => "Without link",
            Dimension::Coupon => "Without coupon",
        };
        return Cell::text(words);
    };
    let there = view.clone().without("sort").without("rows").without("by").ask(|asked| match by {
        Dimension::Influencer => asked.influencer_id = Some(id.into()),
        Dimension::Campaign => asked.campaign_id = Some(id.into()),
        Dimension::Link => asked.link_id = Some(id.into()),
        Dimension::Coupon => asked.coupon_id = Some(id.into()),
    });
    let there = if by == Dimension::Influencer { manner(&there, "by", "campaign") } else { there };
    Cell::link(line.label.clone().unwrap_or_else(|| id.to_string()), address::link(DASHBOARD, &there))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: Option<&str>, clicks: i64, conversions: i64) -> Line {
        let figures = Figures { clicks, conversions, ..Figures::default() };
        let id = name.map(|_| uuid::Uuid::from_u128(clicks.unsigned_abs().into()));
        Line { id, label: name.map(str::to_owned), figures, commission: None }
    }

    fn lines() -> Lines {
        let rows = vec![line(Some("Mara"), 3, 9), line(Some("ben"), 5, 2), line(None, 100, 30)];
        Lines { rows, total: Figures { clicks: 108, conversions: 41, ..Figures::default() } }
    }

    fn names(sort: Option<&str>) -> Vec<String> {
        let mut view = View::default();
        view.manner.extend(sort.map(|sort| ("sort", sort.to_owned())));
        let (table, count) = table(&view, lines(), Dimension::Influencer, false).unwrap();
        assert_eq!(count, 2);
        let name = |row: Row| match row.cells.into_iter().next() {
            Some(Cell::Link(way)) => way.label,
            Some(Cell::Text(text)) => text,
            other => panic!("{other:?}"),
        };
        table.rows.into_iter().map(name).collect()
    }

    #[test]
    fn rows_are_sorted_by_what_the_address_says_and_nobody_stands_last() {
        for (sort, expected) in [
            (None, ["Mara", "ben", "Unattributed"]),
            (Some("clicks"), ["ben", "Mara", "Unattributed"]),
            (Some("-clicks"), ["Mara", "ben", "Unattributed"]),
            (Some("name"), ["ben", "Mara", "Unattributed"]),
            (Some("-name"), ["Mara", "ben", "Unattributed"]),
        ] {
            assert_eq!(names(sort), expected, "{sort:?}");
        }
        let mut view = View::default();
        view.manner.push(("sort", "magic".to_owned()));
        assert!(table(&view, lines(), Dimension::Influencer, false).is_err());
    }

    #[test]
    fn the_total_is_of_all_rows_and_a_name_leads_on() {
        let (table, _) = table(&View::default(), lines(), Dimension::Influencer, false).unwrap();
        assert_eq!(table.totals[1], Cell::Count(108));
        let Cell::Link(way) = &table.rows[0].cells[0] else { panic!("a name is a link") };
        assert_eq!(way.href, "/dashboard?influencer_id=00000000-0000-0000-0000-000000000003&by=campaign");
        assert_eq!(table.columns[4].sort.as_ref().unwrap().order, Order::Descending);
    }
}
