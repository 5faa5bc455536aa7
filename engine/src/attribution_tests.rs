//! The waterfall as a table: what the event names, what is true, who is credited.

use model::campaign::AttributionSource;
use uuid::Uuid;

use super::*;

const SHOP: AdvertiserId = AdvertiserId(Uuid::from_u128(1));
const OTHER_SHOP: AdvertiserId = AdvertiserId(Uuid::from_u128(2));
const ANNA: InfluencerId = InfluencerId(Uuid::from_u128(11));
const BEN: InfluencerId = InfluencerId(Uuid::from_u128(12));
const NOON: Timestamp = Timestamp(1_800_000_000_000);

fn campaign() -> CampaignFact {
    CampaignFact {
        id: CampaignId(Uuid::from_u128(21)),
        advertiser_id: SHOP,
        status: CampaignStatus::Active,
        source: AttributionSource::CouponAndLink,
        starts_at: None,
        ends_at: None,
        append_click_id: false,
    }
}

fn link_in(campaign: CampaignFact, influencer_id: Option<InfluencerId>) -> LinkFacts {
    LinkFacts {
        id: LinkId(Uuid::from_u128(31)),
        advertiser_id: campaign.advertiser_id,
        campaign_id: campaign.id,
        influencer_id,
        status: LinkStatus::Active,
        owner: OwnerFacts { campaign: Some(Arc::new(campaign)), influencer: Some(InfluencerStatus::Active) },
    }
}

fn link() -> LinkFacts {
    link_in(campaign(), Some(BEN))
}

fn with_status(mut facts: LinkFacts, status: LinkStatus) -> LinkFacts {
    facts.status = status;
    facts
}

fn coupon_in(campaign: CampaignFact, influencer_id: Option<InfluencerId>, status: CouponStatus) -> CouponFacts {
    CouponFacts {
        coupon: Arc::new(CouponFact {
            id: CouponId(Uuid::from_u128(41)),
            advertiser_id: campaign.advertiser_id,
            campaign_id: campaign.id,
            influencer_id,
            status,
        }),
        owner: OwnerFacts { campaign: Some(Arc::new(campaign)), influencer: Some(InfluencerStatus::Active) },
    }
}

fn coupon() -> CouponFacts {
    coupon_in(campaign(), Some(ANNA), CouponStatus::Active)
}

fn elsewhere() -> CampaignFact {
    CampaignFact { id: CampaignId(Uuid::from_u128(22)), ..campaign() }
}

fn click() -> ClickFacts {
    ClickFacts { id: ClickId(Uuid::from_u128(51)), advertiser_id: SHOP, link: Some(link()) }
}

fn key<T>(found: Option<T>) -> Key<T> {
    Key { sent: "SENT".into(), found }
}

fn facts() -> Facts {
    Facts {
        advertiser_id: SHOP,
        advertiser_active: true,
        occurred_at: NOON,
        coupons: Vec::new(),
        touches: Vec::new(),
        click: None,
        ref_code: None,
        landing: None,
        referrer: None,
    }
}

fn outcomes(credit: &Attribution) -> Vec<(Method, Outcome)> {
    credit.trace.iter().map(|step| (step.candidate, step.outcome)).collect()
}

#[test]
fn an_event_that_names_nothing_is_nobodys() {
    let credit = decide(&facts());
    assert_eq!((credit.method, credit.confidence, credit.influencer_id), (Method::None, 0.0, None));
    assert!(credit.trace.is_empty());
}

#[test]
fn a_coupon_beats_every_link() {
    let credit = decide(&Facts {
        coupons: vec![key(Some(coupon()))],
        touches: vec![link(), link()],
        click: Some(key(Some(click()))),
        ref_code: Some(key(Some(link()))),
        landing: Some(key(Some(link()))),
        referrer: Some(key(Some(link()))),
        ..facts()
    });
    assert_eq!((credit.method, credit.confidence, credit.influencer_id), (Method::Coupon, 1.0, Some(ANNA)));
    assert_eq!((credit.link_id, credit.coupon_id.is_some()), (None, true));
    assert_eq!(
        outcomes(&credit),
        [
            (Method::Coupon, Outcome::Won),
            (Method::FirstTouch, Outcome::NotReached),
            (Method::ClickId, Outcome::NotReached),
            (Method::RefCode, Outcome::NotReached),
            (Method::LandingUrl, Outcome::NotReached),
            (Method::Referrer, Outcome::NotReached)
        ]
    );
}

#[test]
fn a_coupon_that_does_not_stand_is_noted_and_the_search_goes_on() {
    let of = |campaign| Some(coupon_in(campaign, Some(ANNA), CouponStatus::Active));
    let with_influencer = |status| {
        let mut coupon = coupon();
        coupon.owner.influencer = status;
        Some(coupon)
    };
    let unknown_campaign = {
        let mut coupon = coupon();
        coupon.owner.campaign = None;
        Some(coupon)
    };
    let rejected = [
        (None, "no such code"),
        (of(CampaignFact { advertiser_id: OTHER_SHOP, ..campaign() }), "no such code"),
        (Some(coupon_in(campaign(), Some(ANNA), CouponStatus::Invalidated)), "invalidated"),
        (Some(coupon_in(campaign(), Some(ANNA), CouponStatus::Replaced)), "replaced"),
        (Some(coupon_in(campaign(), None, CouponStatus::Active)), "generic"),
        (of(CampaignFact { source: AttributionSource::Link, ..campaign() }), "links alone"),
        (of(CampaignFact { status: CampaignStatus::Paused, ..campaign() }), "paused"),
        (of(CampaignFact { status: CampaignStatus::Archived, ..campaign() }), "archived"),
        (of(CampaignFact { starts_at: Some(NOON.plus(1)), ..campaign() }), "before"),
        (of(CampaignFact { ends_at: Some(NOON), ..campaign() }), "after"),
        (with_influencer(Some(InfluencerStatus::Inactive)), "influencer"),
        (with_influencer(Some(InfluencerStatus::Archived)), "influencer"),
        (with_influencer(None), "influencer"),
        (unknown_campaign, "unknown"),
    ];
    for (found, reason) in rejected {
        let credit = decide(&Facts { coupons: vec![key(found)], ref_code: Some(key(Some(link()))), ..facts() });
        assert_eq!((credit.method, credit.influencer_id), (Method::RefCode, Some(BEN)), "{reason}");
        assert_eq!((credit.coupon_id, credit.link_id), (None, Some(link().id)), "{reason}");
        assert!(credit.trace[0].reason.contains(reason), "{:?}", credit.trace[0]);
    }
}

#[test]
fn the_first_coupon_that_stands_wins() {
    let credit = decide(&Facts { coupons: vec![key(None), key(Some(coupon())), key(Some(coupon()))], ..facts() });
    assert_eq!(
        outcomes(&credit),
        [(Method::Coupon, Outcome::Rejected), (Method::Coupon, Outcome::Won), (Method::Coupon, Outcome::NotReached)]
    );
}

#[test]
fn a_generic_coupon_alone_counts_for_its_campaign_unattributed() {
    let generic = coupon_in(campaign(), None, CouponStatus::Active);
    let credit = decide(&Facts { coupons: vec![key(Some(generic))], ..facts() });
    assert_eq!((credit.method, credit.influencer_id), (Method::None, None));
    assert_eq!((credit.campaign_id, credit.coupon_id.is_some()), (Some(campaign().id), true));
}

#[test]
fn a_generic_coupon_counts_for_its_campaign_also_where_what_comes_after_it_is_rejected() {
    let generic = coupon_in(elsewhere(), None, CouponStatus::Active);
    let gone = with_status(link(), LinkStatus::Inactive);
    let credit = decide(&Facts { coupons: vec![key(Some(generic))], ref_code: Some(key(Some(gone))), ..facts() });
    assert_eq!((credit.method, credit.confidence, credit.influencer_id), (Method::None, 0.0, None));
    assert_eq!((credit.campaign_id, credit.coupon_id.is_some()), (Some(elsewhere().id), true));
}

#[test]
fn a_generic_coupon_that_does_not_stand_counts_for_nothing() {
    for generic in [
        coupon_in(campaign(), None, CouponStatus::Invalidated),
        coupon_in(CampaignFact { status: CampaignStatus::Paused, ..campaign() }, None, CouponStatus::Active),
        coupon_in(CampaignFact { source: AttributionSource::Link, ..campaign() }, None, CouponStatus::Active),
        coupon_in(CampaignFact { advertiser_id: OTHER_SHOP, ..campaign() }, None, CouponStatus::Active),
    ] {
        let credit = decide(&Facts { coupons: vec![key(Some(generic))], ..facts() });
        assert_eq!((credit.method, credit.campaign_id, credit.coupon_id), (Method::None, None, None));
    }
}

#[test]
fn the_click_then_the_ref_code() {
    let of_anna = link_in(campaign(), Some(ANNA));
    let foreign = ClickFacts { advertiser_id: OTHER_SHOP, ..click() };
    let gone = ClickFacts { link: Some(with_status(link(), LinkStatus::Inactive)), ..click() };
    let without_link = ClickFacts { link: None, ..click() };
    for (click, method, influencer) in [
        (Some(click()), Method::ClickId, BEN),
        (None, Method::RefCode, ANNA),
        (Some(foreign), Method::RefCode, ANNA),
        (Some(gone), Method::RefCode, ANNA),
        (Some(without_link), Method::RefCode, ANNA),
    ] {
        let credit = decide(&Facts { click: Some(key(click)), ref_code: Some(key(Some(of_anna.clone()))), ..facts() });
        assert_eq!((credit.method, credit.confidence, credit.influencer_id), (method, 0.9, Some(influencer)));
    }
}

#[test]
fn ref_code_then_landing_url_then_referrer() {
    for (method, confidence, facts) in [
        (
            Method::RefCode,
            0.9,
            Facts { ref_code: Some(key(Some(link()))), landing: Some(key(Some(link()))), ..facts() },
        ),
        (Method::LandingUrl, 0.7, Facts { ref_code: Some(key(None)), landing: Some(key(Some(link()))), ..facts() }),
        (Method::Referrer, 0.5, Facts { landing: Some(key(None)), referrer: Some(key(Some(link()))), ..facts() }),
    ] {
        let credit = decide(&facts);
        assert_eq!((credit.method, credit.confidence, credit.influencer_id), (method, confidence, Some(BEN)));
    }
}

#[test]
fn a_link_that_does_not_stand_credits_nobody() {
    let with_influencer = |status| {
        let mut link = link();
        link.owner.influencer = status;
        link
    };
    let unknown_campaign = {
        let mut link = link();
        link.owner.campaign = None;
        link
    };
    let rejected = [
        (with_status(link(), LinkStatus::Inactive), "inactive"),
        (with_status(link(), LinkStatus::Replaced), "replaced"),
        (link_in(CampaignFact { advertiser_id: OTHER_SHOP, ..campaign() }, Some(BEN)), "no such link"),
        (link_in(CampaignFact { status: CampaignStatus::Paused, ..campaign() }, Some(BEN)), "paused"),
        (link_in(CampaignFact { status: CampaignStatus::Archived, ..campaign() }, Some(BEN)), "archived"),
        (link_in(CampaignFact { source: AttributionSource::Coupon, ..campaign() }, Some(BEN)), "coupons alone"),
        (link_in(CampaignFact { starts_at: Some(NOON.plus(1)), ..campaign() }, Some(BEN)), "before"),
        (link_in(CampaignFact { ends_at: Some(NOON), ..campaign() }, Some(BEN)), "after"),
        (with_influencer(Some(InfluencerStatus::Inactive)), "influencer"),
        (with_influencer(Some(InfluencerStatus::Archived)), "influencer"),
        (with_influencer(None), "influencer"),
        (unknown_campaign, "unknown"),
    ];
    for (found, reason) in rejected {
        let credit = decide(&Facts { ref_code: Some(key(Some(found))), ..facts() });
        assert_eq!((credit.method, credit.influencer_id, credit.campaign_id), (Method::None, None, None), "{reason}");
        assert!(credit.trace[0].reason.contains(reason), "{:?}", credit.trace[0]);
    }
    let credit = decide(&Facts { advertiser_active: false, ref_code: Some(key(Some(link()))), ..facts() });
    assert_eq!(credit.method, Method::None);
}

#[test]
fn the_campaigns_dates_include_the_first_moment_and_not_the_last() {
    for (starts_at, ends_at) in [(Some(NOON), None), (None, Some(NOON.plus(1)))] {
        let found = link_in(CampaignFact { starts_at, ends_at, ..campaign() }, Some(BEN));
        assert_eq!(decide(&Facts { ref_code: Some(key(Some(found))), ..facts() }).method, Method::RefCode);
    }
}

#[test]
fn a_link_without_an_influencer_credits_its_campaign_alone() {
    let credit = decide(&Facts { ref_code: Some(key(Some(link_in(campaign(), None)))), ..facts() });
    assert_eq!((credit.method, credit.influencer_id), (Method::RefCode, None));
    assert_eq!(credit.campaign_id, Some(campaign().id));
}

#[test]
fn the_first_touch_beats_the_events_own_link_of_the_same_campaign() {
    let first = link_in(campaign(), Some(ANNA));
    let credit = decide(&Facts { touches: vec![first.clone()], ref_code: Some(key(Some(link()))), ..facts() });
    assert_eq!((credit.method, credit.influencer_id), (Method::FirstTouch, Some(ANNA)));
    assert_eq!(credit.confidence, 0.9);
    let credit = decide(&Facts { touches: vec![first.clone()], click: Some(key(Some(click()))), ..facts() });
    assert_eq!((credit.method, credit.influencer_id), (Method::FirstTouch, Some(ANNA)));
    let elsewhere = link_in(elsewhere(), Some(BEN));
    let credit = decide(&Facts { touches: vec![first], ref_code: Some(key(Some(elsewhere))), ..facts() });
    assert_eq!((credit.method, credit.influencer_id), (Method::RefCode, Some(BEN)));
}

#[test]
fn a_touch_is_held_to_the_campaign_that_the_events_first_own_link_names() {
    let touched = Facts { touches: vec![link_in(elsewhere(), Some(ANNA))], ..facts() };
    let gone = with_status(link(), LinkStatus::Inactive);
    let foreign = link_in(CampaignFact { advertiser_id: OTHER_SHOP, ..campaign() }, Some(BEN));
    for (own, method) in [
        // A link that does not stand still names its campaign.
        (Facts { ref_code: Some(key(Some(gone))), ..touched.clone() }, Method::None),
        (Facts { landing: Some(key(Some(link()))), ..touched.clone() }, Method::LandingUrl),
        (Facts { referrer: Some(key(Some(link()))), ..touched.clone() }, Method::Referrer),
        // The click comes first.
        (
            Facts {
                click: Some(key(Some(ClickFacts { link: Some(link_in(elsewhere(), Some(BEN))), ..click() }))),
                ref_code: Some(key(Some(link()))),
                ..touched.clone()
            },
            Method::FirstTouch,
        ),
        // Neither an unknown link nor another advertiser's names a campaign.
        (Facts { ref_code: Some(key(None)), ..touched.clone() }, Method::FirstTouch),
        (Facts { ref_code: Some(key(Some(foreign))), ..touched.clone() }, Method::FirstTouch),
        // A coupon is no link.
        (
            Facts { coupons: vec![key(Some(coupon_in(campaign(), None, CouponStatus::Active)))], ..touched },
            Method::FirstTouch,
        ),
    ] {
        assert_eq!(decide(&own).method, method);
    }
}

#[test]
fn a_touch_through_a_link_without_an_influencer_credits_its_campaign_alone() {
    let credit = decide(&Facts { touches: vec![link_in(campaign(), None)], ..facts() });
    assert_eq!((credit.method, credit.influencer_id), (Method::FirstTouch, None));
    assert_eq!(credit.campaign_id, Some(campaign().id));
}

#[test]
fn the_trace_keeps_the_first_hundred_characters_of_what_was_sent() {
    let long = Key { sent: "ü".repeat(101), found: None };
    let credit = decide(&Facts { ref_code: Some(long), ..facts() });
    assert_eq!(credit.trace[0].value, "ü".repeat(100));
}

#[test]
fn the_earliest_touch_that_still_stands_wins() {
    let gone = with_status(link(), LinkStatus::Inactive);
    let credit = decide(&Facts { touches: vec![gone, link_in(campaign(), Some(ANNA))], ..facts() });
    assert_eq!((credit.method, credit.influencer_id), (Method::FirstTouch, Some(ANNA)));
    assert_eq!(outcomes(&credit), [(Method::FirstTouch, Outcome::Rejected), (Method::FirstTouch, Outcome::Won)]);
}

#[test]
fn a_known_click_is_tied_whoever_is_credited() {
    let (click, id) = (click(), click().id);
    let credit = decide(&Facts { click: Some(key(Some(click.clone()))), ..facts() });
    assert_eq!((credit.method, credit.click_id), (Method::ClickId, Some(id)));
    let credit =
        decide(&Facts { coupons: vec![key(Some(coupon()))], click: Some(key(Some(click.clone()))), ..facts() });
    assert_eq!((credit.method, credit.click_id), (Method::Coupon, Some(id)));
    let gone = ClickFacts { link: Some(with_status(link(), LinkStatus::Inactive)), ..click.clone() };
    let credit = decide(&Facts { click: Some(key(Some(gone))), ..facts() });
    assert_eq!((credit.method, credit.click_id), (Method::None, Some(id)));
    let foreign = ClickFacts { advertiser_id: OTHER_SHOP, ..click };
    let credit = decide(&Facts { click: Some(key(Some(foreign))), ..facts() });
    assert_eq!((credit.method, credit.click_id), (Method::None, None));
}
