//! Campaigns and influencers: made, changed, brought together.

use engine::{CampaignStart, CouponRequest, Engine, Session};
use model::{
    CampaignId, InfluencerId,
    campaign::CampaignChange,
    influencer::{Hidden, InfluencerChange, NewInfluencer},
};

use super::{hidden, ticked, version};
use crate::{
    admin::{
        compose::words::{counted, pair},
        forms::{CampaignToStart, Chosen, FormName, read},
        page::{Action, Done, Pairs},
    },
    error::AppError,
};

pub async fn start(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let CampaignToStart { campaign, influencers, links, coupons } = read(fields)?;
    let people = influencers.len();
    let coupons = coupons.map(|rules| CouponRequest { count: 1, rules });
    let made = engine.start_campaign(session, campaign, CampaignStart { influencers, links, coupons }).await?;
    let mut said = format!("{} is created", made.campaign.name);
    let parts = [(people, "influencer"), (made.links.len(), "link"), (made.coupons.len(), "coupon")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, of)| counted(*count, of)).collect();
    if !parts.is_empty() {
        said = format!("{said} with {}", parts.join(", "));
    }
    Ok(Done::said(format!("{said}.")).go(format!("/admin/campaigns/{}", made.campaign.id)))
}

pub async fn change(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let id: CampaignId = hidden(fields, "id")?;
    let before = engine.campaign(session, id).await?;
    let after = engine.change_campaign(session, id, read::<CampaignChange>(fields)?, version(fields)).await?;
    let moment = |at: Option<model::Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    let undo = vec![
        pair("id", id),
        pair("version", after.version),
        pair("name", before.name),
        pair("destination_url", before.destination_url),
        pair("starts_at", moment(before.starts_at)),
        pair("ends_at", moment(before.ends_at)),
        pair("attribution_source", before.attribution_source),
        pair("currency", before.currency),
        pair("commission_percent", before.commission_percent.map_or_else(String::new, |it| it.to_string())),
        pair("append_click_id", before.append_click_id),
        pair("status", before.status),
    ];
    let said = match after.status {
        status if status != before.status => format!("{} is {status} now.", after.name),
        _ => format!("{} is changed.", after.name),
    };
    Ok(Done { undo: Some(Action::act("Undo", FormName::ChangeCampaign, undo)), ..Done::said(said) })
}

pub async fn create_influencer(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let made = engine.create_influencer(session, read::<NewInfluencer>(fields)?).await?;
    Ok(Done::said(format!("{} is created.", made.name)).go(format!("/admin/influencers/{}", made.id)))
}

pub async fn change_influencer(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let id: InfluencerId = hidden(fields, "id")?;
    let before = engine.influencer(session, id).await?;
    let after = engine.change_influencer(session, id, read::<InfluencerChange>(fields)?, version(fields)).await?;
    let email = match before.email {
        Hidden::Shown(email) => email.unwrap_or_default(),
        Hidden::Hidden => String::new(),
    };
    let undo = vec![
        pair("id", id),
        pair("version", after.version),
        pair("name", before.name),
        pair("email", email),
        pair("handle", before.handle.unwrap_or_default()),
        pair("platform", before.platform.unwrap_or_default()),
        pair("status", before.status),
    ];
    let said = match after.status {
        status if status != before.status => format!("{} is {status} now.", after.name),
        _ => format!("{} is changed.", after.name),
    };
    Ok(Done { undo: Some(Action::act("Undo", FormName::ChangeInfluencer, undo)), ..Done::said(said) })
}

pub async fn assign(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let campaign: CampaignId = hidden(fields, "campaign_id")?;
    let Chosen(influencers) = read(fields)?;
    engine.assign_all(session, campaign, &influencers).await?;
    let undo = together(campaign, "ids", &influencers);
    let said = format!("{} assigned.", are(influencers.len()));
    Ok(Done { undo: Some(Action::act("Undo", FormName::Unassign, undo)), ..Done::said(said) })
}

pub async fn unassign(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let campaign: CampaignId = hidden(fields, "campaign_id")?;
    let influencers: Vec<InfluencerId> = ticked(fields)?;
    for influencer in &influencers {
        engine.unassign(session, campaign, *influencer).await?;
    }
    let undo = together(campaign, "influencer_ids", &influencers);
    let said = format!("{} no longer assigned. Links and coupons stay.", are(influencers.len()));
    Ok(Done { undo: Some(Action::act("Undo", FormName::Assign, undo)), ..Done::said(said) })
}

fn together(campaign: CampaignId, name: &str, influencers: &[InfluencerId]) -> Pairs {
    let ids = influencers.iter().map(|id| pair(name, id));
    std::iter::once(pair("campaign_id", campaign)).chain(ids).collect()
}

fn are(count: usize) -> String {
    format!("{} {}", counted(count, "influencer"), if count == 1 { "is" } else { "are" })
}
