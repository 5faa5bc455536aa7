//! What only influencers' dashboards have: their links and coupons to hand out, and their campaigns.

use engine::{Engine, Session};
use model::{
    CampaignId,
    campaign::CampaignStatus,
    coupon::CouponStatus,
    link::LinkStatus,
    own::OwnCampaign,
    page::{ListQuery, MOST_ITEMS},
};

use crate::{
    admin::{
        page::{Cell, Code, Empty, Notice, Part, Tone},
        table::{Column, Row, Table},
    },
    error::AppError,
};

fn active(word: &str) -> ListQuery {
    ListQuery { status: Some(word.to_owned()), limit: Some(MOST_ITEMS), ..ListQuery::default() }
}

/// Links, coupons and campaigns that are active, newest first. `qr`: where the QR code of a link is, before and after
/// its id.
pub async fn parts(
    engine: &Engine,
    session: &Session,
    campaign: Option<CampaignId>,
    qr: (&str, &str),
) -> Result<Vec<Part>, AppError> {
    let within = |word: &str| ListQuery { campaign_id: campaign, ..active(word) };
    let campaigns = engine.own_campaigns(session, &active(CampaignStatus::Active.as_str())).await?.items;
    let now = engine.now();
    let is_over = |campaign: &OwnCampaign| campaign.ends_at.is_some_and(|end| end <= now);
    let of = |id: CampaignId| match campaigns.iter().find(|campaign| campaign.id == id) {
        None => "A campaign that has ended".to_owned(),
        Some(it) if is_over(it) => format!("{}, {} (ended)", it.name, it.advertiser_name),
        Some(it) => format!("{}, {}", it.name, it.advertiser_name),
    };
    let links = engine.own_links(session, &within(LinkStatus::Active.as_str())).await?.items;
    let links = links.into_iter().map(|link| {
        let image =
            Part::Image { src: format!("{}{}{}", qr.0, link.id, qr.1), alt: format!("QR code of {}", link.url) };
        let image = Part::Details { summary: "QR code".to_owned(), parts: vec![image] };
        vec![handout(of(link.campaign_id), link.url), image]
    });
    let coupons = engine.own_coupons(session, &within(CouponStatus::Active.as_str())).await?.items;
    let coupons = coupons.into_iter().map(|coupon| vec![handout(of(coupon.campaign_id), coupon.code)]);
    let running: Vec<&OwnCampaign> = campaigns.iter().filter(|campaign| !is_over(campaign)).collect();
    Ok(vec![
        handouts("Your links", links.collect(), "Clicks on a link, and orders that come by it, are credited to you."),
        handouts(
            "Your coupons",
            coupons.collect(),
            "Orders with your code are credited to you, whatever link they came by.",
        ),
        Part::group("Active campaigns", vec![Part::Table(Box::new(table(&running)))]),
    ])
}

fn handout(label: String, text: String) -> Part {
    Part::Code(Code { label, text, note: None, once: false })
}

fn handouts(title: &str, all: Vec<Vec<Part>>, note: &str) -> Part {
    let none = Part::Notice(Notice { tone: Tone::Plain, text: "None is active.".to_owned(), way: None });
    let parts = if all.is_empty() { vec![none] } else { vec![Part::Panels(all)] };
    Part::Group { title: title.to_owned(), note: Some(note.to_owned()), actions: Vec::new(), parts }
}

fn table(campaigns: &[&OwnCampaign]) -> Table {
    let rows = campaigns.iter().map(|campaign| {
        let percent = campaign.commission_percent.map(|percent| format!("{percent}%"));
        Row::new(vec![
            Cell::text(&campaign.name).with_note(&campaign.advertiser_name),
            Cell::maybe(percent),
            campaign.starts_at.map_or(Cell::None, Cell::Time),
            campaign.ends_at.map_or(Cell::None, Cell::Time),
        ])
    });
    Table {
        caption: "Active campaigns".to_owned(),
        columns: vec![
            Column::text("Campaign"),
            Column::figure("Commission"),
            Column::text("Begins (UTC)"),
            Column::text("Ends (UTC)"),
        ],
        rows: rows.collect(),
        empty: Empty {
            title: "No active campaign".to_owned(),
            text: "A campaign is here once its shop has assigned you to it.".to_owned(),
            action: None,
        },
        ..Table::default()
    }
}
