//! From the link to the purchase: how many came so far, and how many did not.

use model::stats::{Funnel, Stage as At};

use crate::{
    admin::page::{Part, Stage},
    format,
};

pub fn part(funnel: &Funnel) -> Part {
    let first = funnel.stages.first().map_or(0, |stage| stage.count);
    let stages = funnel.stages.iter().map(|stage| {
        let rate = stage.rate_from_previous.map(|rate| format!("{} go on", format::rate(Some(rate))));
        // From nothing nothing is lost: some shops report no carts.
        let lost = stage
            .lost
            .filter(|lost| rate.is_some() && *lost >= 0)
            .map(|lost| format!("{} lost", format::count(lost).short));
        Stage {
            label: label(stage.stage).to_owned(),
            count: stage.count,
            share: share(stage.count, first),
            notes: rate.into_iter().chain(lost).collect(),
            aside: false,
        }
    });
    let beside = Stage {
        label: "Drop-offs".to_owned(),
        count: funnel.drop_offs,
        share: share(funnel.drop_offs, first),
        notes: vec!["reported by the shop".to_owned()],
        aside: true,
    };
    Part::Funnel(stages.chain([beside]).collect())
}

fn label(stage: At) -> &'static str {
    match stage {
        At::Landing => "Landing",
        At::AddToCart => "Add to cart",
        At::Purchase => "Purchase",
    }
}

/// A part of a whole in thousandths; all of it where it is more.
pub fn share(part: i64, whole: i64) -> u32 {
    let thousandths = (whole > 0).then(|| (i128::from(part) * 2_000 / i128::from(whole) + 1) / 2);
    thousandths.and_then(|share| u32::try_from(share.clamp(0, 1_000)).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_and_never_more_than_all() {
        assert_eq!([share(1, 3), share(2, 3), share(5, 0), share(7, 5), share(0, 9)], [333, 667, 0, 1_000, 0]);
    }
}
