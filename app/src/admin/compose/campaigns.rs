//! Campaigns: the list, a new one with all it begins with, and one with its influencers, links and coupons.

use engine::{Engine, Held, Session};
use model::{
    CampaignId, Currency, InfluencerId,
    campaign::{AttributionSource, Campaign, CampaignStatus},
    coupon::{Charset, Coupon},
    influencer::{Influencer, InfluencerStatus},
    link::Link,
    page::{ListQuery, Sort},
};

use super::{
    Asked, coupons, links,
    lists::{self, Names, by_name, by_time},
    words::{choices, pair, status, way},
};
use crate::{
    admin::{
        forms::FormName,
        page::{Action, Cell, Choice, Empty, Field, Form, Kind, Page, Part, Tab},
        table::{Column, Row, Table},
    },
    error::AppError,
};

pub const CAMPAIGNS: &str = "/admin/campaigns";
/// Links, and coupons, that are shown of everyone; the lists have them all.
const MOST_HELD: u32 = 3;

pub fn href(id: CampaignId) -> String {
    format!("{CAMPAIGNS}/{id}")
}

pub async fn list(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let query = asked.list()?;
    let found = engine.list_campaigns(session, &query).await?;
    let names = Names::of(engine, session, found.items.iter().map(|campaign| Some(campaign.advertiser_id.0))).await?;
    let advertisers = lists::advertisers(engine, session).await?;
    let rows = found.items.iter().map(|campaign| {
        Row::new(vec![
            Cell::link(&campaign.name, href(campaign.id)),
            names.advertiser(campaign.advertiser_id),
            status(campaign.status),
            Cell::text(source(campaign.attribution_source)),
            Cell::maybe(campaign.commission_percent.map(|percent| format!("{percent}%"))),
            dates(campaign),
            Cell::Time(campaign.created_at),
        ])
        .actions(vec![archive(campaign)])
    });
    let make = Action::go("New campaign", new_href(&query)).primary();
    let table = Table {
        caption: "Campaigns".into(),
        columns: vec![
            by_name(asked, "Name", Sort::Newest),
            Column::text("Advertiser"),
            Column::text("Status"),
            Column::text("Credits by"),
            Column::figure("Commission"),
            Column::text("Runs (UTC)"),
            by_time(asked, "Created (UTC)", Sort::Newest),
        ],
        rows: rows.collect(),
        filters: Some(lists::filters(
            asked,
            "Search by name",
            vec![
                lists::select(asked, "advertiser_id", "Advertiser", "Any advertiser", advertisers),
                lists::statuses(asked, CampaignStatus::ALL),
            ],
        )),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No campaigns".into(),
            text: "A campaign sends shoppers to one destination through its influencers' links and coupons.".into(),
            action: Some(make.clone()),
        }),
        ..Table::default()
    };
    Ok(Page {
        title: "Campaigns".into(),
        actions: vec![make],
        parts: vec![Part::Table(Box::new(table))],
        ..Page::default()
    })
}

fn new_href(query: &ListQuery) -> String {
    query.advertiser_id.map_or_else(|| format!("{CAMPAIGNS}/new"), |id| format!("{CAMPAIGNS}/new?advertiser_id={id}"))
}

/// All a campaign begins with on one page: itself, its influencers, a link and coupons for each.
pub async fn new(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let advertisers = lists::advertisers(engine, session).await?;
    if advertisers.is_empty() {
        let empty = Empty {
            title: "No advertiser yet".into(),
            text: "A campaign belongs to an advertiser: create that first.".into(),
            action: Some(Action::go("New advertiser", "/admin/advertisers/new").primary()),
        };
        return Ok(Page {
            title: "New campaign".into(),
            crumbs: vec![way("Campaigns", CAMPAIGNS)],
            parts: vec![Part::Empty(empty)],
            ..Page::default()
        });
    }
    // With one advertiser there is nothing to choose.
    let usual = if let [only] = &advertisers[..] { only.value.clone() } else { String::new() };
    let chosen = asked.get("advertiser_id").map_or(usual, str::to_owned);
    let mut choices_of = advertisers;
    choices_of.insert(0, Choice { value: String::new(), label: "Choose an advertiser".into() });
    let mut fields = vec![Field::select("advertiser_id", "Advertiser", choices_of).value(chosen).required()];
    let mut settings = settings(None);
    let more = settings.split_off(BASICS);
    fields.extend(settings);
    let people = lists::influencers(engine, session, None).await?;
    if !people.is_empty() {
        fields.push(
            Field::new(Kind::Many(people), "influencer_ids", "Influencers")
                .hint("They are assigned to the campaign. More can be added later."),
        );
        fields.push(Field::checkbox("links", "Create a tracking link for each", true));
        fields.push(Field::checkbox("coupons", "Create a coupon for each", false));
        fields.extend(code_fields());
    }
    let form = Form { more, ..Form::new(FormName::StartCampaign, "Create campaign", fields) }.cancel(CAMPAIGNS);
    Ok(Page {
        title: "New campaign".into(),
        crumbs: vec![way("Campaigns", CAMPAIGNS)],
        parts: vec![Part::Form(form)],
        ..Page::default()
    })
}

/// The rules of generated codes.
pub fn code_fields() -> Vec<Field> {
    let labels = [
        (Charset::Unambiguous, "Easy to read: no 0 O 1 I L"),
        (Charset::Alphanumeric, "Letters and digits"),
        (Charset::Letters, "Letters"),
        (Charset::Digits, "Digits"),
    ];
    let charsets = labels.map(|(charset, label)| Choice { value: charset.to_string(), label: label.into() });
    vec![
        Field::text("prefix", "Codes begin with").hint("Such as SPRING-; may be empty."),
        Field::new(Kind::Number, "length", "Random characters").value(8),
        Field::select("charset", "Drawn from", charsets.into()).value(Charset::default()),
    ]
}

/// `view`: `None` for the influencers, or `links`, `coupons`, `settings`.
pub async fn one(
    engine: &Engine,
    session: &Session,
    asked: &Asked<'_>,
    id: CampaignId,
    view: Option<&str>,
) -> Result<Page, AppError> {
    let campaign = engine.campaign(session, id).await?;
    let names = Names::of(engine, session, [Some(campaign.advertiser_id.0)]).await?;
    let tab = |label: &str, name: Option<&str>| Tab {
        way: way(label, name.map_or_else(|| href(id), |name| format!("{}/{name}", href(id)))),
        current: view == name,
        count: None,
    };
    let parts = match view {
        None => people(engine, session, asked, &campaign).await?,
        Some("links") => vec![links::of_campaign(engine, session, asked, id).await?],
        Some("coupons") => vec![coupons::of_campaign(engine, session, asked, id).await?],
        Some("settings") => {
            let form = Form::new(FormName::ChangeCampaign, "Save", settings(Some(&campaign)))
                .hidden("id", id)
                .hidden("version", campaign.version);
            vec![Part::Form(form)]
        }
        Some(_) => return Err(AppError::new(crate::error::ErrorKind::NotFound)),
    };
    let facts = Part::Facts(vec![
        ("Advertiser".into(), names.advertiser(campaign.advertiser_id)),
        ("Status".into(), status(campaign.status)),
        ("Leads to".into(), Cell::code(&campaign.destination_url)),
        ("Credits by".into(), Cell::text(source(campaign.attribution_source))),
        ("Runs (UTC)".into(), dates(&campaign)),
        ("Id".into(), Cell::code(id.to_string())),
    ]);
    Ok(Page {
        title: campaign.name.clone(),
        crumbs: vec![way("Campaigns", CAMPAIGNS)],
        tabs: vec![
            tab("Influencers", None),
            tab("Links", Some("links")),
            tab("Coupons", Some("coupons")),
            tab("Settings", Some("settings")),
        ],
        actions: vec![
            Action::go("Figures", format!("/dashboard?advertiser_id={}&campaign_id={id}", campaign.advertiser_id)),
            pause(&campaign),
            archive(&campaign),
        ],
        parts: std::iter::once(facts).chain(parts).collect(),
        ..Page::default()
    })
}

/// Who is assigned, each with the link and the coupon to hand over.
async fn people(
    engine: &Engine,
    session: &Session,
    asked: &Asked<'_>,
    campaign: &Campaign,
) -> Result<Vec<Part>, AppError> {
    let id = campaign.id;
    let query = asked.list()?;
    let found = engine.assigned_influencers(session, id, &query).await?;
    let shown: Vec<InfluencerId> = found.items.iter().map(|influencer| influencer.id).collect();
    let Held { links, coupons } = engine.held_in_campaign(session, id, &shown, MOST_HELD).await?;
    let rows = found.items.iter().map(|influencer| person(influencer, id, &links, &coupons));
    let assigned: std::collections::HashSet<String> =
        found.items.iter().map(|influencer| influencer.id.to_string()).collect();
    let mut others = lists::influencers(engine, session, None).await?;
    others.retain(|choice| !assigned.contains(&choice.value));
    let nobody_else = others.is_empty();
    let table = Table {
        caption: "Assigned influencers".into(),
        columns: ["Influencer", "Status", "Link", "Coupon"].map(Column::text).into(),
        rows: rows.collect(),
        filters: Some(lists::filters(asked, "Search by name, handle or e-mail", Vec::new())),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        bulk: vec![
            Action::act("Create links", FormName::GenerateLinks, vec![pair("campaign_id", id)]),
            Action::act("Create coupons", FormName::GenerateCoupons, vec![pair("campaign_id", id)]),
            Action::act("Unassign", FormName::Unassign, vec![pair("campaign_id", id)]),
        ],
        empty: asked.empty(Empty {
            title: "Nobody is assigned yet".into(),
            text: match nobody_else {
                true => "There is nobody to assign: create influencers first.".into(),
                false => "Assign influencers, then create their links and coupons.".into(),
            },
            action: None,
        }),
        ..Table::default()
    };
    let assign = Form::new(
        FormName::Assign,
        "Assign",
        vec![Field::new(Kind::Many(others), "influencer_ids", "Influencers").required()],
    )
    .title("Assign influencers")
    .hidden("campaign_id", id);
    let make = Action::go("New influencer", format!("{}/new", super::influencers::INFLUENCERS));
    let mut actions = match nobody_else {
        true => vec![make.primary()],
        false => vec![Action::ask("Assign influencers", assign).primary(), make],
    };
    let has_link = |of: &Influencer| links.iter().any(|link| link.influencer_id == Some(of.id));
    let has_coupon = |of: &Influencer| coupons.iter().any(|coupon| coupon.influencer_id == Some(of.id));
    actions.extend(for_those_without("Links", FormName::GenerateLinks, id, &found.items, has_link));
    actions.extend(for_those_without("Coupons", FormName::GenerateCoupons, id, &found.items, has_coupon));
    let generate = format!("{}/generate?campaign_id={id}", coupons::COUPONS);
    actions.push(Action::go("Generate coupons…", generate));
    Ok(vec![Part::Group {
        title: "Influencers".into(),
        note: None,
        actions,
        parts: vec![Part::Table(Box::new(table))],
    }])
}

/// One click for everyone on the page who is active and has none yet; nothing where nobody lacks one.
fn for_those_without(
    what: &str,
    form: FormName,
    campaign: CampaignId,
    all: &[Influencer],
    has_one: impl Fn(&Influencer) -> bool,
) -> Option<Action> {
    let active = |of: &&Influencer| of.status == InfluencerStatus::Active;
    let without: Vec<_> = all.iter().filter(active).filter(|of| !has_one(of)).collect();
    let label = match without.len() {
        0 => return None,
        some if some == all.len() => format!("{what} for all"),
        some => format!("{what} for the {some} without"),
    };
    let ids = without.into_iter().map(|influencer| pair("ids", influencer.id));
    let fields = std::iter::once(pair("campaign_id", campaign)).chain(ids).collect();
    Some(Action::act(label, form, fields))
}

fn person(influencer: &Influencer, campaign: CampaignId, links: &[Link], coupons: &[Coupon]) -> Row {
    let own_links: Vec<&Link> = links.iter().filter(|link| link.influencer_id == Some(influencer.id)).collect();
    let own_coupons: Vec<&Coupon> =
        coupons.iter().filter(|coupon| coupon.influencer_id == Some(influencer.id)).collect();
    let stack = |cells: Vec<Cell>| if cells.is_empty() { Cell::None } else { Cell::Stack(cells) };
    let mut actions = Vec::new();
    if let (Some(link), Some(coupon)) = (own_links.first(), own_coupons.first()) {
        let action = Action::copy("Copy link + code", format!("{} {}", link.url, coupon.code));
        actions.push(action.said(format!("Copy link + code of {}", influencer.name)));
    }
    let fields = vec![pair("campaign_id", campaign), pair("ids", influencer.id)];
    actions.push(Action::act("Unassign", FormName::Unassign, fields).said(format!("Unassign {}", influencer.name)));
    let name = Cell::link(&influencer.name, super::influencers::href(influencer.id));
    Row::new(vec![
        name.with_note(influencer.handle.clone().unwrap_or_default()),
        status(influencer.status),
        stack(own_links.iter().map(|link| Cell::code(&link.url)).collect()),
        stack(own_coupons.iter().map(|coupon| Cell::code(&coupon.code)).collect()),
    ])
    .tick(influencer.id)
    .actions(actions)
}

pub fn source(source: AttributionSource) -> &'static str {
    match source {
        AttributionSource::CouponAndLink => "Coupons and links",
        AttributionSource::Coupon => "Coupons alone",
        AttributionSource::Link => "Links alone",
    }
}

fn dates(campaign: &Campaign) -> Cell {
    let labelled = |word: &str, at| Cell::Person { name: Box::new(Cell::Time(at)), note: word.to_owned() };
    match (campaign.starts_at, campaign.ends_at) {
        (None, None) => Cell::text("Always"),
        (Some(from), None) => labelled("start", from),
        (None, Some(to)) => labelled("end", to),
        (Some(from), Some(to)) => Cell::Stack(vec![labelled("start", from), labelled("end", to)]),
    }
}

fn set_status(campaign: &Campaign, label: &str, word: CampaignStatus) -> Action {
    let fields = vec![pair("id", campaign.id), pair("status", word)];
    Action::act(label, FormName::ChangeCampaign, fields).said(format!("{label} {}", campaign.name))
}

fn pause(campaign: &Campaign) -> Action {
    match campaign.status {
        CampaignStatus::Active => set_status(campaign, "Pause", CampaignStatus::Paused),
        CampaignStatus::Paused | CampaignStatus::Archived => set_status(campaign, "Activate", CampaignStatus::Active),
    }
}

fn archive(campaign: &Campaign) -> Action {
    match campaign.status {
        CampaignStatus::Archived => set_status(campaign, "Activate", CampaignStatus::Active),
        CampaignStatus::Active | CampaignStatus::Paused => set_status(campaign, "Archive", CampaignStatus::Archived),
    }
}

/// Name and destination: what a campaign cannot be without.
const BASICS: usize = 2;

fn settings(of: Option<&Campaign>) -> Vec<Field> {
    let sources = AttributionSource::ALL.iter();
    let sources = sources.map(|it| Choice { value: it.to_string(), label: source(*it).to_owned() }).collect();
    let moment = |at: Option<model::Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    vec![
        Field::text("name", "Name").value(of.map_or("", |it| &it.name)).required(),
        Field::new(Kind::Url, "destination_url", "Destination")
            .value(of.map_or("", |it| &it.destination_url))
            .hint("Where links lead, such as https://shop.example/spring.")
            .required(),
        Field::select("attribution_source", "Credits by", sources)
            .value(of.map(|it| it.attribution_source).unwrap_or_default()),
        Field::new(Kind::Moment, "starts_at", "Starts (UTC)").value(moment(of.and_then(|it| it.starts_at))),
        Field::new(Kind::Moment, "ends_at", "Ends (UTC)")
            .value(moment(of.and_then(|it| it.ends_at)))
            .hint("Links redirect before and after; nothing is credited then."),
        Field::text("currency", "Currency")
            .value(of.map_or(Currency::USD, |it| it.currency))
            .hint("ISO 4217. What forms and cards show first; events carry their own."),
        Field::new(Kind::Number, "commission_percent", "Commission, %")
            .value(of.and_then(|it| it.commission_percent).map_or_else(String::new, |percent| percent.to_string()))
            .hint("For display: an estimate of what influencers earn."),
        Field::checkbox("append_click_id", "Add click_id to the destination", of.is_some_and(|it| it.append_click_id))
            .hint("For shops that send it back with their events."),
        Field::select("status", "Status", choices(CampaignStatus::ALL))
            .value(of.map(|it| it.status).unwrap_or_default()),
    ]
}
