//! Coupons: the list, a chosen code, the generator.

use std::collections::HashMap;

use engine::{Engine, Session};
use model::{
    CampaignId, Timestamp,
    coupon::{Coupon, CouponStatus, MOST_GENERATED},
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

pub const COUPONS: &str = "/admin/coupons";

pub async fn list(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let query = asked.list()?;
    let found = engine.list_coupons(session, &query).await?;
    let advertisers = lists::advertisers(engine, session).await?;
    let campaigns = lists::campaigns(engine, session, query.advertiser_id).await?;
    let influencers = lists::influencers(engine, session, None).await?;
    let selects = vec![
        lists::select(asked, "advertiser_id", "Advertiser", "Any advertiser", advertisers),
        lists::select(asked, "campaign_id", "Campaign", "Any campaign", campaigns),
        lists::select(asked, "influencer_id", "Influencer", "Anybody", influencers),
        lists::statuses(asked, CouponStatus::ALL),
    ];
    let generate = Action::go("Generate", of(&format!("{COUPONS}/generate"), &query)).primary();
    let table = Table {
        columns: columns(asked),
        filters: Some(lists::filters(asked, "Search by how a code begins", selects)),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No coupons".into(),
            text: "A coupon that names an influencer credits them for every order it is used in.".into(),
            action: Some(generate.clone()),
        }),
        ..rows(engine, session, &found.items).await?
    };
    Ok(Page {
        title: "Coupons".into(),
        actions: vec![
            generate,
            Action::go("New coupon", of(&format!("{COUPONS}/new"), &query)),
            Action::save("CSV", asked.beside("/admin/coupons.csv"), "coupons.csv"),
        ],
        parts: vec![Part::Table(Box::new(table))],
        ..Page::default()
    })
}

/// An address with what the list is narrowed to.
fn of(path: &str, query: &ListQuery) -> String {
    let pairs = [
        ("campaign_id", query.campaign_id.map(|id| id.to_string())),
        ("influencer_id", query.influencer_id.map(|id| id.to_string())),
    ];
    crate::address::with_query(path, pairs.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

/// The tab of a campaign's page.
pub async fn of_campaign(
    engine: &Engine,
    session: &Session,
    asked: &Asked<'_>,
    campaign: CampaignId,
) -> Result<Part, AppError> {
    let query = ListQuery { campaign_id: Some(campaign), ..asked.list()? };
    let found = engine.list_coupons(session, &query).await?;
    let generate = Action::go("Generate", format!("{COUPONS}/generate?campaign_id={campaign}")).primary();
    let csv = format!("/admin/coupons.csv?campaign_id={campaign}");
    let table = Table {
        columns: columns(asked),
        filters: Some(lists::filters(
            asked,
            "Search by how a code begins",
            vec![lists::statuses(asked, CouponStatus::ALL)],
        )),
        first: asked.first(),
        next: asked.next(found.next_cursor.as_deref()),
        empty: asked.empty(Empty {
            title: "No coupons".into(),
            text: "Generate codes for everyone who is assigned, or choose one.".into(),
            action: Some(generate.clone()),
        }),
        ..rows(engine, session, &found.items).await?
    };
    Ok(Part::Group {
        title: "Coupons".into(),
        note: None,
        actions: vec![
            generate,
            Action::go("New coupon", format!("{COUPONS}/new?campaign_id={campaign}")),
            Action::save("CSV", csv, "coupons.csv"),
        ],
        parts: vec![Part::Table(Box::new(table))],
    })
}

/// A short list on another page.
pub async fn table_of(engine: &Engine, session: &Session, query: &ListQuery) -> Result<Table, AppError> {
    let found = engine.list_coupons(session, query).await?;
    rows(engine, session, &found.items).await
}

fn columns(asked: &Asked<'_>) -> Vec<Column> {
    let usual = lists::usual_of_codes(asked);
    vec![
        by_name(asked, "Code", usual),
        Column::text("Status"),
        Column::text("Influencer"),
        Column::text("Campaign"),
        Column::text("Last used (UTC)"),
        by_time(asked, "Created (UTC)", if usual == Sort::Newest { Sort::Newest } else { usual }),
    ]
}

async fn rows(engine: &Engine, session: &Session, coupons: &[Coupon]) -> Result<Table, AppError> {
    let ids = coupons
        .iter()
        .flat_map(|it| [Some(it.campaign_id.0), it.influencer_id.map(|id| id.0), it.replaced_by.map(|id| id.0)]);
    let names = Names::of(engine, session, ids).await?;
    let used = engine.last_uses(session, &coupons.iter().map(|coupon| coupon.id.0).collect::<Vec<_>>()).await?;
    let now = engine.now();
    Ok(Table {
        caption: "Coupons".into(),
        columns: ["Code", "Status", "Influencer", "Campaign", "Last used (UTC)", "Created (UTC)"]
            .map(Column::text)
            .into(),
        rows: coupons.iter().map(|coupon| row(coupon, &names, &used, now)).collect(),
        empty: Empty { title: "No coupons".into(), ..Empty::default() },
        ..Table::default()
    })
}

fn row(coupon: &Coupon, names: &Names, used: &HashMap<Uuid, Timestamp>, now: Timestamp) -> Row {
    let last_used = used.get(&coupon.id.0).copied();
    let state = match coupon.replaced_by {
        Some(by) => Cell::Stack(vec![status(coupon.status), Cell::text(format!("by {}", names.get(by.0)))]),
        None => status(coupon.status),
    };
    let owner = match coupon.influencer_id {
        None => Cell::text("Generic"),
        some => names.influencer(some),
    };
    let row = Row::new(vec![
        Cell::code(&coupon.code),
        state,
        owner,
        names.campaign(coupon.campaign_id),
        last_used.map_or(Cell::None, Cell::Time),
        Cell::Time(coupon.created_at),
    ]);
    if coupon.status == CouponStatus::Replaced {
        return row;
    }
    let used =
        last_used.map_or_else(|| "It was never used.".to_owned(), |at| format!("It was last used {}.", ago(at, now)));
    let fields = || vec![pair("id", coupon.id)];
    let regenerate = Confirm {
        title: format!("Replace {}?", coupon.code),
        text: format!("A new code is created in its place, and this one credits nobody from now on. {used}"),
        button: "Replace code".into(),
    };
    let mut actions = vec![
        Action::after(regenerate, "Regenerate", FormName::RegenerateCoupon, fields())
            .said(format!("Regenerate {}", coupon.code)),
    ];
    if coupon.status == CouponStatus::Active {
        let invalidate = Confirm {
            title: format!("Invalidate {}?", coupon.code),
            text: format!("Orders with this code credit nobody from now on, and it is never issued again. {used}"),
            button: "Invalidate code".into(),
        };
        actions.push(
            Action::after(invalidate, "Invalidate", FormName::InvalidateCoupon, fields())
                .said(format!("Invalidate {}", coupon.code)),
        );
    }
    row.actions(actions)
}

fn choose_campaign(mut campaigns: Vec<Choice>, asked: &Asked<'_>) -> Field {
    campaigns.insert(0, Choice { value: String::new(), label: "Choose a campaign".into() });
    Field::select("campaign_id", "Campaign", campaigns).value(asked.get("campaign_id").unwrap_or_default()).required()
}

pub async fn new(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let campaigns = lists::campaigns(engine, session, None).await?;
    let mut people = lists::influencers(engine, session, None).await?;
    people.insert(0, Choice { value: String::new(), label: "Nobody: a generic code".into() });
    let form = Form::new(
        FormName::CreateCoupon,
        "Create coupon",
        vec![
            choose_campaign(campaigns, asked),
            Field::select("influencer_id", "Influencer", people).value(asked.get("influencer_id").unwrap_or_default()),
            Field::text("code", "Code")
                .hint("3 to 64 of A-Z a-z 0-9 _ -. Shops compare it without case. Never issued twice.")
                .required(),
        ],
    )
    .cancel(COUPONS);
    Ok(Page {
        title: "New coupon".into(),
        crumbs: vec![way("Coupons", COUPONS)],
        parts: vec![Part::Form(form)],
        ..Page::default()
    })
}

/// The generator. What its rules give is shown as they are typed.
pub async fn generate(engine: &Engine, session: &Session, asked: &Asked<'_>) -> Result<Page, AppError> {
    let campaign: Option<CampaignId> = asked.parsed("campaign_id")?;
    let campaigns = lists::campaigns(engine, session, None).await?;
    let people = lists::influencers(engine, session, campaign).await?;
    let one = asked.get("influencer_id").unwrap_or_default();
    let mut fields = vec![
        choose_campaign(campaigns, asked),
        Field::select(
            "for",
            "For",
            [
                ("assigned", "Everyone who is assigned"),
                ("named", "Those chosen below"),
                ("nobody", "Nobody: generic codes"),
            ]
            .map(|(value, label)| Choice { value: value.into(), label: label.into() })
            .into(),
        )
        .value(if one.is_empty() { "assigned" } else { "named" }),
        Field::new(Kind::Many(people), "influencer_ids", "Influencers").value(one).hint("For \"Those chosen below\"."),
        Field::new(Kind::Number, "count", "Codes for each")
            .value(1)
            .hint(&format!("Of generic codes: in all. Up to {MOST_GENERATED} at once, all or none.")),
    ];
    fields.extend(super::campaigns::code_fields());
    let back = campaign.map_or_else(|| COUPONS.to_owned(), |id| format!("{}/coupons", super::campaigns::href(id)));
    let form =
        Form { preview: Some(FormName::PreviewCoupons), ..Form::new(FormName::GenerateCoupons, "Generate", fields) };
    Ok(Page {
        title: "Generate coupons".into(),
        crumbs: vec![way("Coupons", COUPONS)],
        parts: vec![Part::Form(form.cancel(back))],
        ..Page::default()
    })
}
