//! What a chart looks like, as ECharts' option.

use charming::{
    component::{Axis, Grid},
    datatype::{DataPoint, DataPointItem},
    element::{
        AxisLabel, AxisLine, AxisPointer, AxisPointerType, AxisTick, AxisType, BorderType, Emphasis, ItemStyle,
        LineStyle, SplitLine, Tooltip, Trigger,
    },
    series::Bar,
};
use serde::Serialize;

use super::Bars;

/// Light or dark, still or moving: as the reader's system asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    pub dark: bool,
    pub still: bool,
}

/// Colours kept apart under the common colour deficiencies, 3:1 or more on their ground.
pub struct Colours {
    pub clicks: &'static str,
    pub conversions: &'static str,
    pub text: &'static str,
    pub strong: &'static str,
    pub line: &'static str,
    pub ground: &'static str,
}

impl Look {
    pub fn colours(self) -> Colours {
        if self.dark {
            Colours {
                clicks: "#56B4E9",
                conversions: "#E69F00",
                text: "#9aa4b2",
                strong: "#e6e9ee",
                line: "#2b313b",
                ground: "#171a21",
            }
        } else {
            Colours {
                clicks: "#0072B2",
                conversions: "#D55E00",
                text: "#57606a",
                strong: "#1b1f24",
                line: "#d8dee4",
                ground: "#ffffff",
            }
        }
    }
}

/// The parts of a chart that are in use. Charming's `Chart` knows every part there is, which weighs 60 kB.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chart {
    animation: bool,
    /// Milliseconds.
    animation_duration: u32,
    animation_duration_update: u32,
    grid: Grid,
    tooltip: Tooltip,
    x_axis: Axis,
    y_axis: Axis,
    series: [Bar; 1],
}

/// One of the two charts.
pub struct Series<'a> {
    pub name: &'a str,
    pub colour: &'a str,
    pub values: &'a [i64],
}

/// One series of bars. `room` is the width of the widest label at the value axis, so that
/// charts above one another align.
pub fn chart(series: &Series<'_>, bars: &Bars, room: f64, look: Look) -> Chart {
    let Series { name, colour, values } = *series;
    let Colours { text, line, ground, .. } = look.colours();
    let label = || AxisLabel::new().color(text).font_size(13);
    let names = match bars.every {
        // As many as there is room for.
        0 | 1 => label(),
        #[expect(clippy::cast_precision_loss, reason = "a few buckets")]
        every => label().interval((every - 1) as f64),
    };
    let points = values.iter().zip(&bars.complete).map(|(value, complete)| point(*value, *complete, colour)).collect();
    Chart {
        animation: !look.still,
        animation_duration: 150,
        animation_duration_update: 150,
        grid: Grid::new().left(room).right(8).top(8).bottom(24),
        tooltip: Tooltip::new()
            .trigger(Trigger::Axis)
            .axis_pointer(AxisPointer::new().type_(AxisPointerType::Shadow).animation(false))
            .background_color(ground)
            .border_color(line)
            .border_width(1),
        x_axis: Axis::new()
            .type_(AxisType::Category)
            .data(bars.names.clone())
            .axis_label(names)
            .axis_tick(AxisTick::new().show(false))
            .axis_line(AxisLine::new().line_style((1.0, text))),
        y_axis: Axis::new()
            .type_(AxisType::Value)
            .min(0)
            .min_interval(1)
            .split_number(3)
            .axis_label(label())
            .split_line(SplitLine::new().line_style(LineStyle::new().color(line))),
        series: [Bar::new()
            .name(name)
            .bar_width("72%")
            .item_style(ItemStyle::new().color(colour))
            .emphasis(Emphasis::new().item_style(ItemStyle::new().color(colour)))
            .data(points)],
    }
}

/// An unfinished bucket is drawn as an outline, where there is something in it.
fn point(value: i64, complete: bool, colour: &str) -> DataPoint {
    #[expect(clippy::cast_precision_loss, reason = "a bar's height")]
    let height = value as f64;
    if complete || value == 0 {
        return height.into();
    }
    let outline =
        ItemStyle::new().color("transparent").border_color(colour).border_width(1.5).border_type(BorderType::Dashed);
    DataPointItem::new(height).item_style(outline).into()
}

/// Pixels for the labels of a value axis that reaches `most`.
pub fn room(most: i64) -> f64 {
    // The axis ends at a round number, at most twice the highest bar.
    let digits = most.max(1).saturating_mul(2).to_string().len();
    #[expect(clippy::cast_precision_loss, reason = "a few digits")]
    let characters = (digits + (digits - 1) / 3) as f64;
    characters * 8.0 + 12.0
}
