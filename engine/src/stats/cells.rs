//! How stretches of time are made of rows of sums. What lies between two moments is what lies before the second less
//! what lies before the first; and what lies before a moment is whole rows up to the row's edge that is nearest to it,
//! and finer rows from there, added or taken away again, until a row's edge is the moment itself. What is left after the
//! finest rows is counted from clicks and events.

use crate::db::rollups::Span;

/// How far a moment lies from the nearest edge of the coarsest rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The number of the coarsest row that begins at the nearest edge.
    pub base: i64,
    /// Rows of finer spans between there and the moment.
    pub steps: Vec<Step>,
    /// What no row holds.
    pub rest: Option<Rest>,
}

/// Rows from one number up to another, exclusive; added where the moment is after them, else taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub span: Span,
    pub from: i64,
    pub to: i64,
    pub sign: i64,
}

/// Clicks and events from one moment up to another, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rest {
    pub from: i64,
    pub to: i64,
    pub sign: i64,
}

impl Edge {
    /// `spans`: from coarse to fine, each a multiple of the next.
    pub fn new(moment: i64, base: Span, finer: &[Span]) -> Self {
        let nearest = |span: Span| (moment + span.millis() / 2).div_euclid(span.millis());
        let base_row = nearest(base);
        let mut reached = base_row * base.millis();
        let mut steps = Vec::new();
        for span in finer {
            let next = nearest(*span) * span.millis();
            if next != reached {
                let (from, to) = (reached.min(next) / span.millis(), reached.max(next) / span.millis());
                steps.push(Step { span: *span, from, to, sign: if next > reached { 1 } else { -1 } });
                reached = next;
            }
        }
        let rest = (moment != reached).then(|| Rest {
            from: reached.min(moment),
            to: reached.max(moment),
            sign: if moment > reached { 1 } else { -1 },
        });
        Self { base: base_row, steps, rest }
    }
}

#[cfg(test)]
mod tests {
    use model::time::{DAY, HOUR, MINUTE};
    use proptest::prelude::*;

    use super::*;

    const SPANS: [Span; 2] = [Span::Hour, Span::Quarter];

    fn edge(moment: i64) -> Edge {
        Edge::new(moment, Span::Day, &SPANS)
    }

    #[test]
    fn an_edge_is_reached_from_the_nearest_day_over_the_nearest_hour() {
        assert_eq!(edge(3 * DAY), Edge { base: 3, steps: vec![], rest: None });
        let two_in_the_morning = Step { span: Span::Hour, from: 72, to: 74, sign: 1 };
        assert_eq!(edge(3 * DAY + 2 * HOUR), Edge { base: 3, steps: vec![two_in_the_morning], rest: None });
        let ten_in_the_evening = Step { span: Span::Hour, from: 70, to: 72, sign: -1 };
        assert_eq!(edge(3 * DAY - 2 * HOUR), Edge { base: 3, steps: vec![ten_in_the_evening], rest: None });
        // Midnight in Kolkata: five hours and two quarters before ours.
        let back = Step { span: Span::Hour, from: 67, to: 72, sign: -1 };
        let further = Step { span: Span::Quarter, from: 266, to: 268, sign: -1 };
        assert_eq!(edge(3 * DAY - 5 * HOUR - 30 * MINUTE), Edge { base: 3, steps: vec![back, further], rest: None });
        let cut = Rest { from: 3 * DAY, to: 3 * DAY + 1, sign: 1 };
        assert_eq!(edge(3 * DAY + 1), Edge { base: 3, steps: vec![], rest: Some(cut) });
    }

    proptest! {
        #[test]
        fn the_parts_of_an_edge_lead_to_it_and_are_short(moment in -100 * DAY..20_000 * DAY) {
            let Edge { base, steps, rest } = edge(moment);
            let mut reached = base * DAY;
            for Step { span, from, to, sign } in steps {
                prop_assert!(from < to && (to - from) * span.millis() <= 12 * HOUR);
                prop_assert_eq!(reached, if sign > 0 { from } else { to } * span.millis());
                reached += sign * (to - from) * span.millis();
            }
            if let Some(Rest { from, to, sign }) = rest {
                prop_assert!(from < to && to - from <= 15 * MINUTE / 2);
                prop_assert_eq!(reached, if sign > 0 { from } else { to });
                reached += sign * (to - from);
            }
            prop_assert_eq!(reached, moment);
        }
    }
}
