//! Counts and exact sums as they are added up, and the figures everybody reads of them.

use std::collections::BTreeMap;

use model::{
    Currency, Money,
    event::Action,
    stats::{Commission, Figures, Funnel, Ratio, Stage, StageCount},
};

/// A hundred percent, in the hundredths of a percent that campaigns hold.
const WHOLE: i128 = 10_000;

/// How many of one kind, by whether they are credited to somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    pub attributed: i64,
    pub rest: i64,
}

impl Shares {
    pub fn all(self) -> i64 {
        self.attributed + self.rest
    }
}

/// Purchases that carry a value, and what it comes to in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Valued {
    pub count: i64,
    pub sum: i128,
}

/// What some clicks and events come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub human: i64,
    pub bots: i64,
    /// First clicks of their visitor on their link and UTC day.
    pub human_first: i64,
    pub bots_first: i64,
    pub add_to_cart: Shares,
    pub signups: Shares,
    pub drop_offs: Shares,
    pub purchases: Shares,
    /// Currencies apart, in the order of their codes: what is attributed, and what is not.
    pub sales: BTreeMap<Currency, (Valued, Valued)>,
}

impl Tally {
    /// Adds another one so many times; takes it away, where that is negative.
    pub fn add_times(&mut self, other: &Self, times: i64) {
        self.human += times * other.human;
        self.bots += times * other.bots;
        self.human_first += times * other.human_first;
        self.bots_first += times * other.bots_first;
        for (mine, theirs) in [
            (&mut self.add_to_cart, other.add_to_cart),
            (&mut self.signups, other.signups),
            (&mut self.drop_offs, other.drop_offs),
            (&mut self.purchases, other.purchases),
        ] {
            mine.attributed += times * theirs.attributed;
            mine.rest += times * theirs.rest;
        }
        let so_often = |valued: Valued| Valued { count: times * valued.count, sum: i128::from(times) * valued.sum };
        for (currency, (attributed, rest)) in &other.sales {
            self.add_sales(*currency, true, so_often(*attributed));
            self.add_sales(*currency, false, so_often(*rest));
        }
    }

    /// Forgets currencies of which nothing is left.
    pub fn settle(&mut self) {
        self.sales.retain(|_, sales| *sales != Default::default());
    }

    /// So many events of one action. Values count for purchases alone, custom events not at all.
    pub fn add_events(&mut self, action: Action, attributed: bool, count: i64, currency: Currency, valued: Valued) {
        let shares = match action {
            Action::AddToCart => &mut self.add_to_cart,
            Action::Signup => &mut self.signups,
            Action::DropOff => &mut self.drop_offs,
            Action::Purchase => &mut self.purchases,
            Action::Custom => return,
        };
        *(if attributed { &mut shares.attributed } else { &mut shares.rest }) += count;
        if action == Action::Purchase {
            self.add_sales(currency, attributed, valued);
        }
    }

    pub fn add_sales(&mut self, currency: Currency, attributed: bool, valued: Valued) {
        if valued == Valued::default() {
            return;
        }
        let (mine, rest) = self.sales.entry(currency).or_default();
        let sales = if attributed { mine } else { rest };
        sales.count += valued.count;
        sales.sum += valued.sum;
    }

    /// Without what only influencers are told.
    pub fn figures(&self, include_bots: bool) -> Figures {
        let with_bots = |human: i64, bots: i64| human + if include_bots { bots } else { 0 };
        let money = |valued: fn(&(Valued, Valued)) -> Valued| {
            let sales = self.sales.iter().map(|(currency, sales)| (*currency, valued(sales)));
            let sold = sales.filter(|(_, valued)| valued.count > 0);
            sold.map(|(currency, valued)| Money { minor: valued.sum, currency }).collect()
        };
        Figures {
            clicks: with_bots(self.human, self.bots),
            bot_clicks: self.bots,
            unique_visitors: with_bots(self.human_first, self.bots_first),
            add_to_cart: self.add_to_cart.all(),
            signups: self.signups.all(),
            purchases: self.purchases.all(),
            drop_offs: self.drop_offs.all(),
            conversions: self.purchases.all(),
            attributed_conversions: self.purchases.attributed,
            gmv: money(|(attributed, rest)| Valued {
                count: attributed.count + rest.count,
                sum: attributed.sum + rest.sum,
            }),
            attributed_gmv: money(|(attributed, _)| *attributed),
            conversion_rate: rate(self.purchases.attributed, self.human),
            commission_estimate: None,
        }
    }

    pub fn funnel(&self, include_bots: bool) -> Funnel {
        let landing = self.human + if include_bots { self.bots } else { 0 };
        let counts = [
            (Stage::Landing, landing),
            (Stage::AddToCart, self.add_to_cart.attributed),
            (Stage::Purchase, self.purchases.attributed),
        ];
        let mut before = None;
        let stages = counts
            .into_iter()
            .map(|(stage, count)| {
                let before: Option<i64> = before.replace(count);
                StageCount {
                    stage,
                    count,
                    rate_from_previous: before.and_then(|before| rate(count, before)),
                    lost: before.map(|before| (before - count).max(0)),
                }
            })
            .collect();
        Funnel { stages, drop_offs: self.drop_offs.attributed }
    }

    /// Of a campaign with this percentage, in hundredths.
    pub fn commission(&self, basis_points: i64) -> Commission {
        let mut earned = Earned::default();
        earned.add(self, basis_points);
        let commission = earned.money();
        let ratio = |earned: &Money| {
            let (attributed, rest) = self.sales.get(&earned.currency)?;
            let ratio = quotient(attributed.sum + rest.sum, earned.minor)?;
            Some(Ratio { currency: earned.currency, ratio })
        };
        Commission { gmv_per_commission: commission.iter().filter_map(ratio).collect(), commission }
    }
}

/// Commissions as they are added up over campaigns: exact until they are shown.
#[derive(Clone, Debug, Default)]
pub struct Earned(BTreeMap<Currency, i128>);

impl Earned {
    pub fn add(&mut self, of_campaign: &Tally, basis_points: i64) {
        for (currency, (attributed, _)) in &of_campaign.sales {
            if attributed.count > 0 {
                *self.0.entry(*currency).or_default() += attributed.sum * i128::from(basis_points);
            }
        }
    }

    pub fn money(&self) -> Vec<Money> {
        let shown = |(currency, parts): (&Currency, &i128)| Money { minor: half_even(*parts), currency: *currency };
        self.0.iter().map(shown).collect()
    }
}

/// Ten-thousandths of a minor unit to whole ones.
fn half_even(parts: i128) -> i128 {
    let (whole, rest) = (parts.div_euclid(WHOLE), parts.rem_euclid(WHOLE));
    let up = rest > WHOLE / 2 || (rest == WHOLE / 2 && whole % 2 != 0);
    whole + i128::from(up)
}

#[expect(clippy::cast_precision_loss, reason = "a rate; counts are far below 2^52")]
fn rate(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[expect(clippy::cast_precision_loss, reason = "a ratio for display")]
fn quotient(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    fn sold(code: &str, attributed: bool, minor: i128) -> Tally {
        let mut tally = Tally::default();
        tally.add_events(Action::Purchase, attributed, 1, currency(code), Valued { count: 1, sum: minor });
        tally
    }

    #[test]
    fn commissions_are_rounded_half_even_once_for_each_currency() {
        for (sales, basis_points, expected) in [
            (&[("USD", 50)][..], 100, &["0.00"][..]),
            (&[("USD", 150)], 100, &["0.02"]),
            (&[("USD", 250)], 100, &["0.02"]),
            (&[("USD", 251)], 100, &["0.03"]),
            // Each alone would be nothing.
            (&[("USD", 50), ("USD", 50)], 100, &["0.01"]),
            (&[("JPY", 1005), ("KWD", 1)], 1_000, &["100", "0.000"]),
            (&[("USD", 1)], 10_000, &["0.01"]),
            (&[("USD", 999)], 0, &["0.00"]),
            (&[], 1_000, &[]),
        ] {
            let mut earned = Earned::default();
            for (code, minor) in sales {
                earned.add(&sold(code, true, *minor), basis_points);
            }
            let amounts: Vec<_> = earned.money().iter().map(Money::amount).collect();
            assert_eq!(amounts, expected, "{sales:?} at {basis_points}");
        }
    }

    #[test]
    fn commission_is_of_what_is_attributed_and_compared_with_all_sales() {
        let mut tally = sold("USD", true, 10_000);
        tally.add_times(&sold("USD", false, 5_000), 1);
        tally.add_times(&sold("EUR", false, 5_000), 1);
        let Commission { commission, gmv_per_commission } = tally.commission(1_250);
        assert_eq!(commission, [Money { minor: 1_250, currency: currency("USD") }]);
        assert_eq!(gmv_per_commission, [Ratio { currency: currency("USD"), ratio: 12.0 }]);
        assert_eq!(tally.commission(0).gmv_per_commission, []);
    }

    #[test]
    fn a_currency_is_listed_where_a_purchase_has_a_value_be_it_nothing() {
        let mut tally = sold("EUR", false, 0);
        tally.add_events(Action::Purchase, true, 1, currency("USD"), Valued::default());
        tally.add_events(Action::AddToCart, true, 1, currency("GBP"), Valued { count: 1, sum: 500 });
        let figures = tally.figures(false);
        assert_eq!(figures.gmv, [Money { minor: 0, currency: currency("EUR") }]);
        assert_eq!((figures.attributed_gmv, figures.conversions, figures.attributed_conversions), (vec![], 2, 1));
    }

    #[test]
    fn a_funnel_counts_what_is_attributed_and_bots_only_where_asked() {
        let mut tally = Tally { human: 10, bots: 6, ..Tally::default() };
        for (action, attributed, count) in [
            (Action::AddToCart, true, 4),
            (Action::AddToCart, false, 9),
            (Action::Purchase, true, 5),
            (Action::DropOff, true, 2),
            (Action::DropOff, false, 7),
        ] {
            tally.add_events(action, attributed, count, Currency::USD, Valued::default());
        }
        let stages = |include_bots| {
            let funnel = tally.funnel(include_bots);
            let stages = funnel.stages.iter().map(|it| (it.count, it.rate_from_previous, it.lost)).collect::<Vec<_>>();
            (stages, funnel.drop_offs)
        };
        let people = vec![(10, None, None), (4, Some(0.4), Some(6)), (5, Some(1.25), Some(0))];
        assert_eq!(stages(false), (people, 2));
        assert_eq!(stages(true).0[..2], [(16, None, None), (4, Some(0.25), Some(12))]);
        let nothing = Tally::default().funnel(false);
        assert!(nothing.stages.iter().all(|stage| stage.count == 0 && stage.rate_from_previous.is_none()));
    }
}
