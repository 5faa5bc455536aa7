//! What a chart looks like, as ECharts' option. Charming writes it here on the server: browsers load no code for it.
//!
//! Colours are the stylesheet's, by name: the same chart serves light and dark.

use charming::{
    Chart,
    component::{Axis, Grid},
    datatype::{DataPoint, DataPointItem},
    element::{
        AxisLabel, AxisLine, AxisPointer, AxisPointerType, AxisTick, AxisType, BorderType, Emphasis, ItemStyle,
        LineStyle, LineStyleType, SplitLine, Symbol, Tooltip, Trigger,
    },
    series::{Bar, Line},
};
use serde_json::{Value, json};

const QUIET: &str = "var(--quiet)";
const LINE: &str = "var(--line)";
const BEFORE: &str = "var(--before)";

/// What one chart shows, bucket by bucket.
pub struct Drawn<'a> {
    pub name: &'a str,
    pub colour: &'a str,
    /// In short, for the axis.
    pub labels: &'a [String],
    /// The axis names one bucket in so many, at most.
    pub every: usize,
    pub values: Vec<i64>,
    /// False where the bucket's time is not over.
    pub complete: &'a [bool],
    /// What each bucket is compared with.
    pub before: Option<Vec<i64>>,
    /// The highest value of both charts: those above one another align.
    pub most: i64,
}

/// A series of bars, and a dashed line for what they are compared with.
pub fn option(drawn: Drawn<'_>) -> String {
    let Drawn { name, colour, labels, every, values, complete, before, most } = drawn;
    let label = || AxisLabel::new().color(QUIET).font_size(13);
    let names = match every {
        // As many as there is room for.
        0 | 1 => label(),
        every => label().interval(height(every as i64 - 1)),
    };
    let bars: Vec<DataPoint> =
        values.iter().zip(complete).map(|(value, complete)| bar(*value, *complete, colour)).collect();
    let mut chart = Chart::new()
        .grid(Grid::new().left(room(most)).right(8).top(8).bottom(24))
        .tooltip(
            Tooltip::new()
                .trigger(Trigger::Axis)
                .axis_pointer(AxisPointer::new().type_(AxisPointerType::Shadow).animation(false))
                .background_color("var(--sunken)")
                .border_color(LINE)
                .border_width(1),
        )
        .x_axis(
            Axis::new()
                .type_(AxisType::Category)
                .data(labels.to_vec())
                .axis_label(names)
                .axis_tick(AxisTick::new().show(false))
                .axis_line(AxisLine::new().line_style((1.0, QUIET))),
        )
        .y_axis(
            Axis::new()
                .type_(AxisType::Value)
                .min(0)
                .min_interval(1)
                .split_number(3)
                .axis_label(label())
                .split_line(SplitLine::new().line_style(LineStyle::new().color(LINE))),
        )
        .series(
            Bar::new()
                .name(name)
                .bar_width("72%")
                .item_style(ItemStyle::new().color(colour))
                .emphasis(Emphasis::new().item_style(ItemStyle::new().color(colour)))
                .data(bars),
        );
    if let Some(before) = before {
        let points: Vec<f64> = before.into_iter().map(height).collect();
        chart = chart.series(
            Line::new()
                .name("Before")
                .symbol(Symbol::Circle)
                .symbol_size(5)
                // A line needs two ends.
                .show_symbol(points.len() < 2)
                .line_style(LineStyle::new().color(BEFORE).width(1.5).type_(LineStyleType::Dashed))
                .item_style(ItemStyle::new().color(BEFORE))
                .data(points),
        );
    }
    finish(serde_json::to_value(&chart).unwrap_or_default()).to_string()
}

/// What charming has no words for.
fn finish(mut option: Value) -> Value {
    option["animationDuration"] = json!(150);
    option["animationDurationUpdate"] = json!(150);
    for tooltip in parts(&mut option["tooltip"]) {
        tooltip["textStyle"] = json!({ "color": "var(--text)", "fontSize": 13 });
        tooltip["confine"] = json!(true);
        tooltip["transitionDuration"] = json!(0);
        tooltip["extraCssText"] = json!("box-shadow:none");
    }
    for axis in parts(&mut option["xAxis"]) {
        axis["axisLabel"]["hideOverlap"] = json!(true);
    }
    for series in parts(&mut option["series"]).into_iter().filter(|series| series["type"] == "line") {
        // The pointer is over buckets, not over lines.
        series["silent"] = json!(true);
        series["emphasis"] = json!({ "disabled": true });
    }
    option
}

/// One or several: ECharts takes both.
fn parts(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(all) => all.iter_mut().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// An unfinished bucket is drawn as an outline, where there is something in it.
fn bar(value: i64, complete: bool, colour: &str) -> DataPoint {
    if complete || value == 0 {
        return height(value).into();
    }
    let outline =
        ItemStyle::new().color("transparent").border_color(colour).border_width(1.5).border_type(BorderType::Dashed);
    DataPointItem::new(height(value)).item_style(outline).into()
}

#[expect(clippy::cast_precision_loss, reason = "what is drawn, and less than 2^52")]
fn height(value: i64) -> f64 {
    value as f64
}

/// Pixels for the labels of a value axis that reaches `most`.
fn room(most: i64) -> f64 {
    // The axis ends at a round number, at most twice the highest bar.
    let digits = most.max(1).saturating_mul(2).to_string().len() as i64;
    height(digits + (digits - 1) / 3) * 8.0 + 12.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_draws_bars_an_outline_for_what_is_unfinished_and_a_dashed_line_for_before() {
        let drawn = Drawn {
            name: "Clicks",
            colour: "var(--clicks)",
            labels: &["1 Feb".to_owned(), "2 Feb".to_owned()],
            every: 1,
            values: vec![3, 1],
            complete: &[true, false],
            before: Some(vec![2, 2]),
            most: 3,
        };
        let option: Value = serde_json::from_str(&option(drawn)).unwrap();
        let series = option["series"].as_array().unwrap();
        assert_eq!((&series[0]["type"], &series[1]["type"]), (&json!("bar"), &json!("line")));
        assert_eq!(series[0]["data"][0], json!(3.0));
        assert_eq!(series[0]["data"][1]["itemStyle"]["borderType"], "dashed");
        assert_eq!(series[1]["lineStyle"]["type"], "dashed");
        assert_eq!(series[1]["silent"], true);
        let axis = option["xAxis"].get(0).unwrap_or(&option["xAxis"]);
        assert_eq!((&axis["data"][1], &axis["axisLabel"]["hideOverlap"]), (&json!("2 Feb"), &json!(true)));
    }
}
