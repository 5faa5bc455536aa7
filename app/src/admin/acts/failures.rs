//! Failed events, tried again.

use engine::{Engine, Session};
use model::activity::FailureQuery;

use super::hidden;
use crate::{
    admin::{
        compose::words::counted,
        page::{Done, Pairs},
    },
    error::AppError,
};

pub async fn retry(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    match engine.retry_failure(session, hidden(fields, "id")?).await {
        Ok(answer) => Ok(Done::said("The event is recorded.").go(format!("/admin/events/{}", answer.id))),
        // What was tried is done, and the page shows it.
        Err(engine::Error::Invalid(errors)) => {
            let wrong: Vec<String> = errors.iter().map(|wrong| format!("{} {}", wrong.field, wrong.message)).collect();
            Ok(Done::said(format!("It fails again: {}.", wrong.join("; "))))
        }
        Err(error) => Err(error.into()),
    }
}

/// All that the list is narrowed to.
pub async fn retry_all(engine: &Engine, session: &Session, fields: &Pairs) -> Result<Done, AppError> {
    let given = |name: &str| fields.iter().find(|(found, value)| found == name && !value.is_empty());
    let query = FailureQuery {
        advertiser_id: given("advertiser_id").map(|_| hidden(fields, "advertiser_id")).transpose()?,
        api_key_id: given("api_key_id").map(|_| hidden(fields, "api_key_id")).transpose()?,
        code: given("code").map(|(_, code)| code.clone()),
        field: given("field").map(|(_, field)| field.clone()),
        ..FailureQuery::default()
    };
    Ok(Done::said(match engine.retry_failures(session, &query).await? {
        (0, 0) => "There is nothing to try again.".to_owned(),
        (recorded, 0) => format!("{} recorded.", counted(recorded, "event")),
        (recorded, failed) => format!("{} recorded; {failed} still fail.", counted(recorded, "event")),
    }))
}
