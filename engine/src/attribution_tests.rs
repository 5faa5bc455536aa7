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
            advertiser_id: SHOP,
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
        ref_code: Some(key(Some(link()))),
        landing: Some(key(Some(link()))),
        ..facts()
    });
    assert_eq!((credit.method, credit.confidence, credit.influencer_id), (Method::Coupon, 1.0, Some(ANNA)));
    assert_eq!((credit.link_id, credit.coupon_id.is_some()), (None, true));
    assert_eq!(
        outcomes(&credit),
        [
            (Method::Coupon, Outcome::Won),
            (Method::RefCode, Outcome::NotReached),
            (Method::LandingUrl, Outcome::NotReached)
        ]
    );
}

#[test]
fn a_coupon_that_does_not_stand_is_noted_and_the_search_goes_on() {
    let rejected = [
        (None, "no such code"),
        (Some(coupon_in(campaign(), Some(ANNA), CouponStatus::Invalidated)), "invalidated"),
        (Some(coupon_in(campaign(), Some(ANNA), CouponStatus::Replaced)), "replaced"),
        (Some(coupon_in(campaign(), None, CouponStatus::Active)), "generic"),
        (
            Some(coupon_in(
                CampaignFact { source: AttributionSource::Link, ..campaign() },
                Some(ANNA),
                CouponStatus::Active,
            )),
            "links alone",
        ),
    ];
    for (found, reason) in rejected {
        let credit = decide(&Facts { coupons: vec![key(found)], ref_code: Some(key(Some(link()))), ..facts() });
        assert_eq!((credit.method, credit.influencer_id), (Method::RefCode, Some(BEN)), "{reason}");
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
    let influencer_gone = {
        let mut link = link();
        link.owner.influencer = Some(InfluencerStatus::Inactive);
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
        (influencer_gone, "influencer"),
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
    let elsewhere = link_in(CampaignFact { id: CampaignId(Uuid::from_u128(22)), ..campaign() }, Some(BEN));
    let credit = decide(&Facts { touches: vec![first], ref_code: Some(key(Some(elsewhere))), ..facts() });
    assert_eq!((credit.method, credit.influencer_id), (Method::RefCode, Some(BEN)));
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
    let id = ClickId(Uuid::from_u128(51));
    let click = ClickFacts { id, advertiser_id: SHOP, link: Some(link()) };
    let credit = decide(&Facts { click: Some(key(Some(click.clone()))), ..facts() });
    assert_eq!((credit.method, credit.click_id), (Method::ClickId, Some(id)));
    let credit =
        decide(&Facts { coupons: vec![key(Some(coupon()))], click: Some(key(Some(click.clone()))), ..facts() });
    assert_eq!((credit.method, credit.click_id), (Method::Coupon, Some(id)));
    let foreign = ClickFacts { advertiser_id: OTHER_SHOP, ..click };
    let credit = decide(&Facts { click: Some(key(Some(foreign))), ..facts() });
    assert_eq!((credit.method, credit.click_id), (Method::None, None));
}
