//! `/api/v1/accounts`: who can log in, as admins manage them.

use axum::{Json, extract::State, http::StatusCode};
use engine::Engine;
use model::{
    AccountId,
    account::{Account, AccountChange, AccountStatus, CreatedAccount, NewAccount, PasswordLink, Role},
    page::Page,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{ByName, Listing, OfAdvertiser, OfInfluencer, OfPage};
use crate::{
    auth::Admin,
    body::JsonBody,
    edits::{IfMatch, Tagged},
    openapi::{bodies, tags::ACCOUNTS},
    path::Id,
    problem::ApiResult,
    state::AppState,
};

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change, deactivate))
        .routes(routes!(make_password_link))
}

/// List accounts
#[utoipa::path(
    get, path = "/accounts", operation_id = "listAccounts", tag = ACCOUNTS,
    params(
        ByName, ("status" = Option<AccountStatus>, Query), ("role" = Option<Role>, Query),
        OfAdvertiser, OfInfluencer, OfPage,
    ),
    responses((status = 200, body = Page<Account>)),
)]
async fn list(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Listing { query, .. }: Listing<AccountStatus>,
) -> ApiResult<Json<Page<Account>>> {
    Ok(Json(engine.list_accounts(&session, &query).await?))
}

/// Make an account
///
/// Without a password the answer holds a link for its owner to set one: it is shown this once, good for 72 hours and
/// for one use. An advertiser's account names its `advertiser_id`, an influencer's its `influencer_id`. An e-mail
/// address that has an account already is 409.
#[utoipa::path(
    post, path = "/accounts", operation_id = "createAccount", tag = ACCOUNTS,
    request_body(content = bodies::NewAccount, example = json!({
        "email": "shop@shop.example", "role": "advertiser", "advertiser_id": "01890000-0000-7000-8000-000000000001",
    })),
    responses(
        (status = 201, body = CreatedAccount, headers(("ETag" = String))),
        (status = 404),
        (status = 409),
    ),
)]
async fn create(
    State(engine): State<Engine>,
    Admin(session): Admin,
    JsonBody(new): JsonBody<NewAccount>,
) -> ApiResult<Tagged<CreatedAccount>> {
    Ok(Tagged(StatusCode::CREATED, engine.create_account(&session, new).await?))
}

/// Read an account
#[utoipa::path(
    get, path = "/accounts/{id}", operation_id = "getAccount", tag = ACCOUNTS,
    params(("id" = AccountId, Path)),
    responses((status = 200, body = Account, headers(("ETag" = String)))),
)]
async fn show(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<AccountId>,
) -> ApiResult<Tagged<Account>> {
    Ok(Tagged(StatusCode::OK, engine.account(&session, id).await?))
}

/// Change an account
///
/// Fields that are absent stay as they are. Deactivating ends every session at once; the last admin who can log in
/// stays active: 409.
#[utoipa::path(
    patch, path = "/accounts/{id}", operation_id = "changeAccount", tag = ACCOUNTS,
    params(("id" = AccountId, Path), IfMatch),
    request_body(content = AccountChange, example = json!({ "email": "orders@shop.example" })),
    responses((status = 200, body = Account, headers(("ETag" = String))), (status = 409)),
)]
async fn change(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<AccountId>,
    on: IfMatch,
    JsonBody(change): JsonBody<AccountChange>,
) -> ApiResult<Tagged<Account>> {
    let changed = on.edit(|version| engine.change_account(&session, id, change.clone(), version)).await?;
    Ok(Tagged(StatusCode::OK, changed))
}

/// Deactivate an account
///
/// Every session of it ends at once. The last admin who can log in stays: 409.
#[utoipa::path(
    delete, path = "/accounts/{id}", operation_id = "deactivateAccount", tag = ACCOUNTS,
    params(("id" = AccountId, Path), IfMatch),
    responses((status = 204), (status = 409)),
)]
async fn deactivate(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<AccountId>,
    on: IfMatch,
) -> ApiResult<StatusCode> {
    on.edit(|version| engine.deactivate_account(&session, id, version)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a link to set a password
///
/// Shown this once, good for 72 hours and for one use; earlier links of the account end. The password stays until the
/// link is used.
#[utoipa::path(
    post, path = "/accounts/{id}/set-password-link", operation_id = "makePasswordLink", tag = ACCOUNTS,
    params(("id" = AccountId, Path)),
    responses((status = 201, body = PasswordLink)),
)]
async fn make_password_link(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Id(id): Id<AccountId>,
) -> ApiResult<(StatusCode, Json<PasswordLink>)> {
    Ok((StatusCode::CREATED, Json(engine.new_password_link(&session, id).await?)))
}
