//! Coupons and links: made, replaced, turned off.

use engine::{Engine, Session};
use model::{
    FieldError, Fields, LinkId,
    coupon::{CodeRules, Coupon, MOST_GENERATED, NewCoupon, Target},
    link::{GenerateLinks, NewLink},
};

use super::hidden;
use crate::{
    address,
    admin::{
        compose::words::{counted, pair},
        forms::{CouponsToMake, FormName, ids_or_all, read, read_with},
        page::{Action, Cell, Done, Notice, Pairs, Part, Tone},
    },
    csv_line,
    error::{AppError, ErrorKind},
};

/// Codes shown as examples of rules.
const EXAMPLES: usize = 5;

pub async fn create_coupon(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let made = engine.create_coupon(session, read::<NewCoupon>(fields)?).await?;
    Ok(Done::said(format!("{} is created.", made.code)).go(format!("/admin/coupons?campaign_id={}", made.campaign_id)))
}

/// Every code at once, or none; then they are shown to copy or to save.
pub async fn generate_coupons(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let CouponsToMake(wanted) = read(fields)?;
    let made = engine.generate_coupons(session, wanted).await?;
    let show = codes(engine, session, &made).await?;
    Ok(Done { show, ..Done::said(format!("{} created.", are(made.len(), "coupon"))) })
}

async fn codes(engine: &Engine, session: &Session, made: &[Coupon]) -> Result<Vec<Part>, AppError> {
    let people = made.iter().filter_map(|coupon| coupon.influencer_id.map(|id| id.0)).collect();
    let names = engine.names(session, people).await?;
    let mut csv = Vec::new();
    written(csv_line::write(&mut csv, &["code", "influencer"]))?;
    let mut text = String::new();
    for coupon in made {
        let name = coupon.influencer_id.and_then(|id| names.get(&id.0)).map_or("", String::as_str);
        written(csv_line::write(&mut csv, &[&coupon.code, name]))?;
        text.push_str(&coupon.code);
        text.push('\n');
    }
    let mut href = String::from("data:text/csv;charset=utf-8,");
    address::escape(&String::from_utf8_lossy(&csv), &mut href);
    Ok(vec![Part::Group {
        title: counted(made.len(), "new coupon"),
        note: None,
        actions: vec![Action::copy("Copy all", text.clone()), Action::save("Save as CSV", href, "coupons.csv")],
        parts: vec![Part::code("Codes", text)],
    }])
}

fn written(done: std::io::Result<()>) -> Result<(), AppError> {
    done.map_err(|error| {
        tracing::error!(%error, "a list of codes could not be written");
        AppError::new(ErrorKind::Internal)
    })
}

/// What the rules give; nothing is issued.
pub fn preview_coupons(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let notice = |tone, text: String| Part::Notice(Notice { tone, text, way: None });
    let rules = match read_with(fields, |fields: &mut Fields| CodeRules::read(fields)) {
        Ok(rules) => rules,
        Err(errors) => {
            let said = |error: &FieldError| format!("{} {}.", address_of(&error.field), error.message);
            let text = errors.iter().map(said).collect::<Vec<_>>().join(" ");
            return Ok(Done { show: vec![notice(Tone::Warn, text)], ..Done::default() });
        }
    };
    let capacity = rules.capacity();
    let examples = engine.example_codes(session, &rules, EXAMPLES)?;
    let possible = match capacity {
        few if few < MOST_GENERATED.unsigned_abs().into() => {
            format!("{few} codes are possible, those issued before among them.")
        }
        some if some < 1_000_000 => format!("{some} codes are possible."),
        many => format!("About 10^{} codes are possible.", many.ilog10()),
    };
    let facts = vec![
        ("Codes like".to_owned(), Cell::Stack(examples.into_iter().map(Cell::Text).collect())),
        ("There are".to_owned(), Cell::text(possible)),
    ];
    Ok(Done { show: vec![Part::Facts(facts)], ..Done::default() })
}

/// A field as people read it.
fn address_of(field: &str) -> &str {
    match field {
        "length" => "Random characters",
        "prefix" => "What codes begin with",
        other => other,
    }
}

pub async fn regenerate_coupon(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let made = engine.regenerate_coupon(session, hidden(fields, "id")?).await?;
    let show = vec![Part::code("The new code", made.code.clone())];
    Ok(Done { show, ..Done::said(format!("{} takes its place.", made.code)) })
}

pub async fn invalidate_coupon(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let gone = engine.invalidate_coupon(session, hidden(fields, "id")?).await?;
    Ok(Done::said(format!("{} is invalidated.", gone.code)))
}

pub async fn create_link(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let made = engine.create_link(session, read::<NewLink>(fields)?).await?;
    Ok(Done::said("The link is created.").go(format!("/admin/links/{}", made.id)))
}

pub async fn generate_links(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let campaign_id = hidden(fields, "campaign_id")?;
    let target = read_with(fields, ids_or_all)?;
    debug_assert!(target != Target::Nobody);
    let made = engine.generate_links(session, GenerateLinks { campaign_id, target }).await?;
    Ok(Done::said(format!("{} created.", are(made.len(), "link"))))
}

pub async fn set_link_active(
    engine: &Engine,
    session: &Session,
    fields: &Pairs,
    active: bool,
) -> Result<Done, AppError> {
    let id: LinkId = hidden(fields, "id")?;
    let link = engine.set_link_active(session, id, active).await?;
    let (said, back) = match active {
        true => ("redirects again", FormName::DeactivateLink),
        false => ("no longer redirects", FormName::ActivateLink),
    };
    let undo = Action::act("Undo", back, vec![pair("id", id)]);
    Ok(Done { undo: Some(undo), ..Done::said(format!("{} {said}.", link.code)) })
}

pub async fn regenerate_link(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let made = engine.regenerate_link(session, hidden(fields, "id")?).await?;
    Ok(Done::said(format!("{} takes its place.", made.code)).go(format!("/admin/links/{}", made.id)))
}

fn are(count: usize, of: &str) -> String {
    format!("{} {}", counted(count, of), if count == 1 { "is" } else { "are" })
}
