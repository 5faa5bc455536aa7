//! What holds of every decision, whatever the facts: a small world of campaigns, links and coupons, in every state.

use model::campaign::AttributionSource;
use proptest::{option, prelude::*, sample::select};
use uuid::Uuid;

use super::*;

const SHOP: AdvertiserId = AdvertiserId(Uuid::from_u128(1));
const OTHER_SHOP: AdvertiserId = AdvertiserId(Uuid::from_u128(2));
const NOON: Timestamp = Timestamp(1_800_000_000_000);

fn shop() -> impl Strategy<Value = AdvertiserId> {
    prop_oneof![4 => Just(SHOP), 1 => Just(OTHER_SHOP)]
}

/// Mostly the first of the words, which is the one that stands.
fn word<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> BoxedStrategy<T> {
    prop_oneof![5 => Just(all[0]), 2 => select(all)].boxed()
}

fn influencer() -> impl Strategy<Value = Option<InfluencerId>> {
    option::weighted(0.8, (11..14_u128).prop_map(|id| InfluencerId(Uuid::from_u128(id))))
}

fn edge() -> impl Strategy<Value = Option<Timestamp>> {
    option::weighted(0.2, (-1..=1_i64).prop_map(|by| NOON.plus(by)))
}

prop_compose! {
    fn campaign(advertiser_id: AdvertiserId)(
        id in 21..24_u128,
        status in word(CampaignStatus::ALL),
        source in word(AttributionSource::ALL),
        starts_at in edge(),
        ends_at in edge(),
    ) -> CampaignFact {
        let id = CampaignId(Uuid::from_u128(id));
        CampaignFact { id, advertiser_id, status, source, starts_at, ends_at, append_click_id: false }
    }
}

prop_compose! {
    fn owner(advertiser_id: AdvertiserId)(
        campaign in campaign(advertiser_id).boxed(),
        known in prop::bool::weighted(0.95),
        influencer in option::weighted(0.95, word(InfluencerStatus::ALL)),
    ) -> (CampaignId, OwnerFacts) {
        (campaign.id, OwnerFacts { campaign: known.then(|| Arc::new(campaign)), influencer })
    }
}

// Boxed: so many in one another are more than a test's stack holds.
fn link() -> BoxedStrategy<LinkFacts> {
    let of = |advertiser_id| {
        (any::<u128>(), owner(advertiser_id).boxed(), influencer(), word(LinkStatus::ALL)).prop_map(
            move |(id, (campaign_id, owner), influencer_id, status)| LinkFacts {
                id: LinkId(Uuid::from_u128(id)),
                advertiser_id,
                campaign_id,
                influencer_id,
                status,
                owner,
            },
        )
    };
    shop().prop_flat_map(of).boxed()
}

fn coupon() -> BoxedStrategy<CouponFacts> {
    let of = |advertiser_id| {
        (any::<u128>(), owner(advertiser_id).boxed(), influencer(), word(CouponStatus::ALL)).prop_map(
            move |(id, (campaign_id, owner), influencer_id, status)| {
                let id = CouponId(Uuid::from_u128(id));
                CouponFacts {
                    coupon: Arc::new(CouponFact { id, advertiser_id, campaign_id, influencer_id, status }),
                    owner,
                }
            },
        )
    };
    shop().prop_flat_map(of).boxed()
}

fn key<T: std::fmt::Debug + Clone + 'static>(found: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Key<T>> {
    ("[A-Z]{4}", option::weighted(0.8, found)).prop_map(|(sent, found)| Key { sent, found }).boxed()
}

prop_compose! {
    fn click()(id in any::<u128>(), advertiser_id in shop(), link in option::weighted(0.9, link())) -> ClickFacts {
        // A click is of its link's advertiser.
        let advertiser_id = link.as_ref().map_or(advertiser_id, |link| link.advertiser_id);
        ClickFacts { id: ClickId(Uuid::from_u128(id)), advertiser_id, link }
    }
}

prop_compose! {
    fn any_facts()(
        advertiser_active in prop::bool::weighted(0.95),
        coupons in prop::collection::vec(key(coupon()), 0..4),
        touches in prop::collection::vec(link(), 0..4),
        click in option::of(key(click().boxed())),
        ref_code in option::of(key(link())),
        landing in option::of(key(link())),
        referrer in option::of(key(link())),
    ) -> Facts {
        Facts {
            advertiser_id: SHOP, advertiser_active, occurred_at: NOON, coupons, touches, click, ref_code, landing,
            referrer,
        }
    }
}

fn facts() -> BoxedStrategy<Facts> {
    any_facts().boxed()
}

/// The facts with but one candidate each, in the order of the rules. A touch keeps what holds it to a campaign.
fn alone(facts: &Facts) -> Vec<Facts> {
    let none = Facts {
        coupons: Vec::new(),
        touches: Vec::new(),
        click: None,
        ref_code: None,
        landing: None,
        referrer: None,
        ..facts.clone()
    };
    let mut each = Vec::new();
    each.extend(facts.coupons.iter().map(|key| Facts { coupons: vec![key.clone()], ..none.clone() }));
    each.extend(facts.touches.iter().map(|touch| Facts {
        coupons: Vec::new(),
        touches: vec![touch.clone()],
        ..facts.clone()
    }));
    each.extend(facts.click.iter().map(|key| Facts { click: Some(key.clone()), ..none.clone() }));
    each.extend(facts.ref_code.iter().map(|key| Facts { ref_code: Some(key.clone()), ..none.clone() }));
    each.extend(facts.landing.iter().map(|key| Facts { landing: Some(key.clone()), ..none.clone() }));
    each.extend(facts.referrer.iter().map(|key| Facts { referrer: Some(key.clone()), ..none.clone() }));
    each
}

/// Whom and what an attribution credits, without how it came to it.
fn credited(credit: &Attribution) -> impl PartialEq + std::fmt::Debug + use<> {
    (credit.method, credit.influencer_id, credit.campaign_id, credit.link_id, credit.coupon_id)
}

fn is_generic(key: &Key<CouponFacts>) -> bool {
    key.found.as_ref().is_some_and(|found| found.coupon.influencer_id.is_none())
}

/// The facts as another advertiser's things look from here: not known at all.
fn without_the_other_shop(mut facts: Facts) -> Facts {
    for key in &mut facts.coupons {
        key.found = key.found.take().filter(|found| found.coupon.advertiser_id == SHOP);
    }
    for key in [&mut facts.ref_code, &mut facts.landing, &mut facts.referrer].into_iter().flatten() {
        key.found = key.found.take().filter(|found| found.advertiser_id == SHOP);
    }
    if let Some(key) = &mut facts.click {
        key.found = key.found.take().filter(|found| found.advertiser_id == SHOP);
    }
    facts
}

proptest! {
    #[test]
    fn at_most_one_candidate_wins_and_everything_after_it_is_not_reached(facts in facts()) {
        let credit = decide(&facts);
        let winner = credit.trace.iter().position(|step| step.outcome == Outcome::Won);
        prop_assert_eq!(winner.is_some(), credit.method != Method::None);
        for (place, step) in credit.trace.iter().enumerate() {
            let expected = match winner {
                Some(winner) if place == winner => Outcome::Won,
                Some(winner) if place > winner => Outcome::NotReached,
                _ => Outcome::Rejected,
            };
            prop_assert_eq!(step.outcome, expected);
            prop_assert!(!step.reason.is_empty());
        }
        if let Some(winner) = winner {
            prop_assert_eq!(credit.trace[winner].candidate, credit.method);
        }
    }

    #[test]
    fn the_winner_is_the_first_candidate_that_would_win_alone(facts in facts()) {
        let first = alone(&facts).iter().map(decide).find(|credit| {
            let first = credit.trace.first().map(|step| step.outcome);
            first == Some(Outcome::Won)
        });
        let credit = decide(&facts);
        match first {
            Some(first) => prop_assert_eq!(credited(&credit), credited(&first)),
            None => prop_assert_eq!((credit.method, credit.influencer_id, credit.link_id), (Method::None, None, None)),
        }
    }

    #[test]
    fn the_trace_follows_the_order_of_the_rules(facts in facts()) {
        const ORDER: [Method; 6] = [
            Method::Coupon, Method::FirstTouch, Method::ClickId, Method::RefCode, Method::LandingUrl, Method::Referrer,
        ];
        let place = |step: &Step| ORDER.iter().position(|method| *method == step.candidate);
        let places: Vec<_> = decide(&facts).trace.iter().map(place).collect();
        prop_assert!(places.is_sorted() && places.iter().all(Option::is_some), "{:?}", places);
    }

    #[test]
    fn who_is_credited_belongs_to_the_winning_key(facts in facts()) {
        let credit = decide(&facts);
        let coupon = facts.coupons.iter().filter_map(|key| key.found.as_ref()).find(|found| {
            Some(found.coupon.id) == credit.coupon_id
        });
        let links = facts.click.iter().filter_map(|key| key.found.as_ref()?.link.as_ref()).chain(
            [&facts.ref_code, &facts.landing, &facts.referrer].into_iter().flatten().filter_map(|key| key.found.as_ref()),
        );
        let link = facts.touches.iter().chain(links).find(|link| Some(link.id) == credit.link_id);
        match credit.method {
            Method::None => prop_assert_eq!((credit.influencer_id, credit.link_id), (None, None)),
            Method::Coupon => {
                let coupon = &coupon.expect("the coupon is among the facts").coupon;
                prop_assert_eq!(credit.influencer_id, coupon.influencer_id);
                prop_assert!(credit.influencer_id.is_some() && credit.link_id.is_none());
                prop_assert_eq!(credit.campaign_id, Some(coupon.campaign_id));
            }
            _ => {
                let link = link.expect("the link is among the facts");
                prop_assert_eq!(credit.influencer_id, link.influencer_id);
                prop_assert_eq!(credit.campaign_id, Some(link.campaign_id));
                prop_assert_eq!(credit.coupon_id, None);
            }
        }
    }

    #[test]
    fn the_confidence_is_the_methods(facts in facts()) {
        let credit = decide(&facts);
        let expected = match credit.method {
            Method::Coupon => 1.0,
            Method::FirstTouch | Method::ClickId | Method::RefCode => 0.9,
            Method::LandingUrl => 0.7,
            Method::Referrer => 0.5,
            Method::None => 0.0,
        };
        prop_assert!((credit.confidence - expected).abs() < f64::EPSILON);
    }

    #[test]
    fn another_advertisers_things_never_win_and_look_like_unknown_ones(facts in facts()) {
        let credit = decide(&facts);
        prop_assert_eq!(&decide(&without_the_other_shop(facts.clone())), &credit);
        let others = facts.touches.iter().filter(|touch| touch.advertiser_id != SHOP).map(|touch| touch.id);
        for other in others {
            prop_assert!(credit.link_id != Some(other));
        }
    }

    #[test]
    fn what_was_rejected_might_as_well_not_have_been_sent(facts in facts()) {
        let credit = decide(&facts);
        let rejected: Vec<bool> = credit.trace.iter().map(|step| step.outcome == Outcome::Rejected).collect();
        let mut fewer = facts.clone();
        let (of_coupons, of_touches) = rejected.split_at(facts.coupons.len());
        let mut of_coupons = of_coupons.iter();
        fewer.coupons.retain(|key| !of_coupons.next().is_some_and(|rejected| *rejected) || is_generic(key));
        let mut of_touches = of_touches.iter();
        fewer.touches.retain(|_| !of_touches.next().is_some_and(|rejected| *rejected));
        prop_assert_eq!(credited(&decide(&fewer)), credited(&credit));
    }

    #[test]
    fn where_no_coupon_stands_and_none_is_generic_their_order_changes_nothing(
        (facts, coupons) in facts().prop_flat_map(|facts| (Just(facts.clone()), Just(facts.coupons).prop_shuffle()))
    ) {
        let credit = decide(&facts);
        prop_assume!(credit.method != Method::Coupon && !facts.coupons.iter().any(is_generic));
        prop_assert_eq!(credited(&decide(&Facts { coupons, ..facts })), credited(&credit));
    }

    #[test]
    fn touches_that_do_not_stand_may_be_gathered_in_any_order(
        (facts, touches) in facts().prop_flat_map(|facts| (Just(facts.clone()), Just(facts.touches).prop_shuffle()))
    ) {
        let stands = |touch: &LinkFacts| {
            let alone = Facts { coupons: Vec::new(), touches: vec![touch.clone()], ..facts.clone() };
            decide(&alone).method == Method::FirstTouch
        };
        prop_assume!(facts.touches.iter().filter(|touch| stands(touch)).count() <= 1);
        let credit = decide(&facts);
        prop_assert_eq!(credited(&decide(&Facts { touches, ..facts })), credited(&credit));
    }

    #[test]
    fn with_nothing_else_the_first_generic_coupon_that_stands_names_campaign_and_coupon(
        coupons in prop::collection::vec(key(coupon()), 0..4), facts in facts()
    ) {
        let facts = Facts { coupons, touches: Vec::new(), click: None, ref_code: None, landing: None, referrer: None,
            ..facts };
        let credit = decide(&facts);
        prop_assume!(credit.method == Method::None);
        let generic = facts.coupons.iter().zip(&credit.trace).find(|(_, step)| step.reason.contains("generic"));
        let found = generic.and_then(|(key, _)| key.found.as_ref());
        prop_assert_eq!(credit.coupon_id, found.map(|found| found.coupon.id));
        prop_assert_eq!(credit.campaign_id, found.map(|found| found.coupon.campaign_id));
        prop_assert_eq!(credit.influencer_id, None);
    }

    #[test]
    fn a_touch_is_credited_in_the_campaign_of_the_events_own_link_alone(facts in facts()) {
        let credit = decide(&facts);
        if credit.method == Method::FirstTouch && let Some(own) = own_link(&facts) {
            prop_assert_eq!(credit.campaign_id, Some(own.campaign_id));
        }
    }

    #[test]
    fn a_known_click_is_tied_whatever_is_credited(facts in facts()) {
        let known = facts.click.as_ref().and_then(|key| key.found.as_ref()).filter(|click| click.advertiser_id == SHOP);
        prop_assert_eq!(decide(&facts).click_id, known.map(|click| click.id));
    }

    #[test]
    fn an_inactive_advertiser_credits_nobody(facts in facts()) {
        let credit = decide(&Facts { advertiser_active: false, ..facts });
        prop_assert_eq!((credit.method, credit.campaign_id, credit.coupon_id), (Method::None, None, None));
    }

    #[test]
    fn facts_that_were_put_aside_give_the_same_credit(facts in facts()) {
        let json = serde_json::to_string(&facts).unwrap();
        prop_assert_eq!(decide(&serde_json::from_str(&json).unwrap()), decide(&facts));
    }
}
