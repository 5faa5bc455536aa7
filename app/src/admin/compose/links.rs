//! Tracking links: the list, a new one, one with its QR code.

use std::collections::HashMap;

use engine::{Engine, Session};
use model::{
    CampaignId, LinkId, Timestamp,
    link::{Link, LinkStatus},
    page::{ListQuery, Sort},
};
use uuid::Uuid;

use super::{
    Asked,
    lists::{self, Names, by_name, by_time},
    words::{ago, pair, status, way},
};
use crate::{
    admin::{
        forms::FormName,
        page::{Action, Cell, Choice, Confirm, Empty, Field, Form, Kind, Page, Part},
        table::{Column, Row, Table},
    },
    error::AppError,
};

pub const LINKS: &str = "/admin/links";

pub fn href(id: LinkId) -> String {
    format!("{LINKS}/{id}")
}

pub async fn list(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let query = asked.list()?;
    let found = engine.list_links(session, &query).await?;
    let advertisers = lists::advertisers(engine, session).await?;
    let campaigns = lists::campaigns(engine, session, query.advertiser_id).await?;
    let influencers = lists::influencers(engine, session, None).await?;
    let selects = vec![
        lists::select(asked, "advertiser_id", "Advertiser", "Any advertiser", advertisers),
        lists::select(asked, "campaign_id", "Campaign", "Any campaign", campaigns),
        lists::select(asked, "influencer_id", "Influencer", "Anybody", influencers),
        lists::statuses(asked, LinkStatus::ALL),
    ];
    let make = Action::go("New link", of(&query)).primary();
    let table = Table {
        columns: columns(asked),
        filters: Some(lists::filters(asked, "Search by how a code begins", selects)),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No links".into(),
            text: "A tracking link records every click and credits its influencer.".into(),
            action: Some(make.clone()),
        }),
        ..rows(engine, session, &found.items).await?
    };
    Ok(Page {
        title: "Links".into(),
        actions: vec![make, Action::save("CSV", asked.beside("/admin/links.csv"), "links.csv")],
        parts: vec![Part::Table(Box::new(table))],
        ..Page::default()
    })
}

fn of(query: &ListQuery) -> String {
    query.campaign_id.map_or_else(|| format!("{LINKS}/new"), |id| format!("{LINKS}/new?campaign_id={id}"))
}

/// The tab of a campaign's page.
pub async fn of_campaign(
    engine: &Engine,
    session: &Session,
    asked: &Asked<'_>,
    campaign: CampaignId,
) -> Result<Part, AppError> {
    let query = ListQuery { campaign_id: Some(campaign), ..asked.list()? };
    let found = engine.list_links(session, &query).await?;
    let for_all = Action::act(
        "Links for all assigned",
        FormName::GenerateLinks,
        vec![pair("campaign_id", campaign), pair("all_assigned", true)],
    );
    let table = Table {
        columns: columns(asked),
        filters: Some(lists::filters(
            asked,
            "Search by how a code begins",
            vec![lists::statuses(asked, LinkStatus::ALL)],
        )),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No links".into(),
            text: "Create one for everyone who is assigned.".into(),
            action: Some(for_all.clone()),
        }),
        ..rows(engine, session, &found.items).await?
    };
    let csv = format!("/admin/links.csv?campaign_id={campaign}");
    Ok(Part::Group {
        title: "Links".into(),
        note: None,
        actions: vec![
            for_all.primary(),
            Action::go("New link", format!("{LINKS}/new?campaign_id={campaign}")),
            Action::save("CSV", csv, "links.csv"),
        ],
        parts: vec![Part::Table(Box::new(table))],
    })
}

/// A short list on another page.
pub async fn table_of(engine: &Engine, session: &Session, query: &ListQuery) -> Result<Table, AppError> {
    let found = engine.list_links(session, query).await?;
    rows(engine, session, &found.items).await
}

fn columns(asked: &Asked<'_>) -> Vec<Column> {
    let usual = lists::usual_of_codes(asked);
    vec![
        by_name(asked, "Link", usual),
        Column::text("Status"),
        Column::text("Influencer"),
        Column::text("Campaign"),
        Column::text("Last followed (UTC)"),
        by_time(asked, "Created (UTC)", if usual == Sort::Newest { Sort::Newest } else { usual }),
    ]
}

async fn rows(engine: &Engine, session: &Session, links: &[Link]) -> Result<Table, AppError> {
    let ids = links.iter().flat_map(|it| [Some(it.campaign_id.0), it.influencer_id.map(|id| id.0)]);
    let names = Names::of(engine, session, ids).await?;
    let used = engine.last_uses(session, &links.iter().map(|link| link.id.0).collect::<Vec<_>>()).await?;
    let now = engine.now();
    Ok(Table {
        caption: "Links".into(),
        columns: ["Link", "Status", "Influencer", "Campaign", "Last followed (UTC)", "Created (UTC)"]
            .map(Column::text)
            .into(),
        rows: links.iter().map(|link| row(link, &names, &used, now)).collect(),
        empty: Empty { title: "No links".into(), ..Empty::default() },
        ..Table::default()
    })
}

fn row(link: &Link, names: &Names, used: &HashMap<Uuid, Timestamp>, now: Timestamp) -> Row {
    let last_used = used.get(&link.id.0).copied();
    let mut all = vec![Action::go("QR", href(link.id)).said(format!("QR code of {}", link.code))];
    all.extend(actions(link, last_used, now));
    Row::new(vec![
        Cell::code(&link.url),
        status(link.status),
        names.influencer(link.influencer_id),
        names.campaign(link.campaign_id),
        last_used.map_or(Cell::None, Cell::Time),
        Cell::Time(link.created_at),
    ])
    .actions(all)
}

fn actions(link: &Link, last_used: Option<Timestamp>, now: Timestamp) -> Vec<Action> {
    let fields = || vec![pair("id", link.id)];
    let switch = match link.status {
        LinkStatus::Active => Action::act("Deactivate", FormName::DeactivateLink, fields()),
        LinkStatus::Inactive => Action::act("Activate", FormName::ActivateLink, fields()),
        LinkStatus::Replaced => return Vec::new(),
    };
    let label = switch.label.clone();
    let used = last_used
        .map_or_else(|| "It was never followed.".to_owned(), |at| format!("It was last followed {}.", ago(at, now)));
    let regenerate = Confirm {
        title: format!("Replace {}?", link.code),
        text: format!(
            "A new link is created in its place, and this one stops redirecting at once, wherever it was posted. {used}"
        ),
        button: "Replace link".into(),
    };
    vec![
        switch.said(format!("{label} {}", link.code)),
        Action::after(regenerate, "Regenerate", FormName::RegenerateLink, fields())
            .said(format!("Regenerate {}", link.code)),
    ]
}

pub async fn one(engine: &Engine, session: &Session, id: LinkId) -> Result<Page, AppError> {
    let link = engine.tracking_link(session, id).await?;
    let ids = [
        Some(link.advertiser_id.0),
        Some(link.campaign_id.0),
        link.influencer_id.map(|id| id.0),
        link.replaced_by.map(|id| id.0),
    ];
    let names = Names::of(engine, session, ids).await?;
    let last_used = engine.last_uses(session, &[id.0]).await?.get(&id.0).copied();
    let mut facts = vec![
        ("Link".into(), Cell::code(&link.url)),
        ("Status".into(), status(link.status)),
        ("Leads to".into(), Cell::code(&link.destination_url)),
        ("Advertiser".into(), names.advertiser(link.advertiser_id)),
        ("Campaign".into(), names.campaign(link.campaign_id)),
        ("Influencer".into(), names.influencer(link.influencer_id)),
        ("Last followed (UTC)".into(), last_used.map_or(Cell::None, Cell::Time)),
        ("Created (UTC)".into(), Cell::Time(link.created_at)),
    ];
    if let Some(by) = link.replaced_by {
        facts.push(("Replaced by".into(), Cell::Link(way(names.get(by.0), href(by)))));
    }
    let qr = format!("/api/v1/links/{id}/qr.svg");
    let mut all = vec![
        Action::copy("Copy link", &link.url).primary(),
        Action::save("Save QR code", &qr, format!("link-{}.svg", link.code)),
        Action::go("Clicks", format!("/admin/clicks?link_id={id}")),
    ];
    all.extend(actions(&link, last_used, engine.now()));
    Ok(Page {
        title: format!("Link {}", link.code),
        crumbs: vec![way("Links", LINKS)],
        actions: all,
        parts: vec![
            Part::Facts(facts),
            Part::group("QR code", vec![Part::Image { src: qr, alt: format!("QR code of {}", link.url) }]),
        ],
        ..Page::default()
    })
}

pub async fn new(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let mut campaigns = lists::campaigns(engine, session, None).await?;
    campaigns.insert(0, Choice { value: String::new(), label: "Choose a campaign".into() });
    let mut people = lists::influencers(engine, session, None).await?;
    people.insert(0, Choice { value: String::new(), label: "Nobody: credits the campaign alone".into() });
    let form = Form::new(
        FormName::CreateLink,
        "Create link",
        vec![
            Field::select("campaign_id", "Campaign", campaigns)
                .value(asked.get("campaign_id").unwrap_or_default())
                .required(),
            Field::select("influencer_id", "Influencer", people).value(asked.get("influencer_id").unwrap_or_default()),
            Field::new(Kind::Url, "destination_url", "Own destination")
                .hint("Empty: the campaign's, also when that changes later."),
        ],
    )
    .cancel(LINKS);
    Ok(Page {
        title: "New link".into(),
        crumbs: vec![way("Links", LINKS)],
        parts: vec![Part::Form(form)],
        ..Page::default()
    })
}
