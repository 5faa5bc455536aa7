//! What every list takes: filters, a search, an order, `limit` and `cursor`.

use std::{fmt::Display, marker::PhantomData, str::FromStr};

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use engine::PageAt;
use model::{
    AdvertiserId, CampaignId, CouponId, FieldError, InfluencerId, LinkId,
    account::Role,
    page::{ListQuery, MOST_ITEMS, Sort},
    text::RuleError,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use crate::problem::ApiError;

/// As text, so that all that is wrong can be named at once.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: Option<String>,
    status: Option<String>,
    advertiser_id: Option<String>,
    campaign_id: Option<String>,
    influencer_id: Option<String>,
    link_id: Option<String>,
    coupon_id: Option<String>,
    role: Option<String>,
    sort: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// The query of a request, as texts.
pub async fn asked<T: DeserializeOwned + 'static, S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<T, ApiError> {
    let Query(asked) = Query::<T>::from_request_parts(parts, state)
        .await
        .map_err(|error| ApiError::invalid(vec![FieldError::new("query", error.body_text())]))?;
    Ok(asked)
}

/// A search or cursor that is empty is none.
pub fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A parameter that follows the rule of `T`; what breaks it is noted.
pub fn parsed<T: FromStr<Err = RuleError>>(
    field: &str,
    text: Option<String>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    text?.parse().map_err(|rule| errors.push(FieldError::new(field, rule))).ok()
}

pub fn flag(field: &str, text: Option<String>, errors: &mut Vec<FieldError>) -> Option<bool> {
    match text.as_deref() {
        None => None,
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        Some(_) => {
            errors.push(FieldError::new(field, "must be true or false"));
            None
        }
    }
}

pub fn limit(text: Option<String>, errors: &mut Vec<FieldError>) -> Option<u32> {
    let number = text?.parse().ok().filter(|limit| (1..=MOST_ITEMS).contains(limit));
    if number.is_none() {
        errors.push(FieldError::new("limit", format!("must be a number from 1 to {MOST_ITEMS}")));
    }
    number
}

/// What was asked for, or all that is wrong with it.
pub fn finish<T>(whole: T, errors: Vec<FieldError>) -> Result<T, ApiError> {
    if errors.is_empty() { Ok(whole) } else { Err(ApiError::invalid(errors)) }
}

/// Which items of a list are asked for. `W`: the words for their status.
pub struct Listing<W> {
    pub query: ListQuery,
    words: PhantomData<W>,
}

impl<W: FromStr<Err = RuleError> + Display, S: Send + Sync> FromRequestParts<S> for Listing<W> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let asked: Asked = asked(parts, state).await?;
        let mut errors = Vec::new();
        let query = ListQuery {
            q: given(asked.q),
            status: parsed::<W>("status", asked.status, &mut errors).map(|status| status.to_string()),
            advertiser_id: parsed("advertiser_id", asked.advertiser_id, &mut errors),
            campaign_id: parsed("campaign_id", asked.campaign_id, &mut errors),
            influencer_id: parsed("influencer_id", asked.influencer_id, &mut errors),
            link_id: parsed("link_id", asked.link_id, &mut errors),
            coupon_id: parsed("coupon_id", asked.coupon_id, &mut errors),
            role: parsed::<Role>("role", asked.role, &mut errors).map(|role| role.to_string()),
            sort: parsed("sort", asked.sort, &mut errors),
            limit: limit(asked.limit, &mut errors),
            cursor: given(asked.cursor),
        };
        finish(Self { query, words: PhantomData }, errors)
    }
}

#[derive(Deserialize)]
struct PageQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// Which page of a list without filters is asked for.
pub struct Paging(pub PageAt);

impl<S: Send + Sync> FromRequestParts<S> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query: PageQuery = asked(parts, state).await?;
        let (limit, cursor) = (query.limit, given(query.cursor));
        Ok(Self(PageAt::parse(limit.as_deref(), cursor.as_deref())?))
    }
}

/// Many things made at once, whole.
#[derive(Serialize, ToSchema)]
pub struct Items<T> {
    pub items: Vec<T>,
}

// The same parameters as the document has them.

/// A search among what has names.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct ByName {
    /// Part of a name, handle or e-mail address, without case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// The order: by when things were made, or by name. Default: the newest first.
    sort: Option<Sort>,
}

/// A search among what has codes.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct ByCode {
    /// The beginning of a code. Coupons are compared without case, links with it.
    #[param(max_length = 200)]
    q: Option<String>,
    /// The order: by when things were made, or by code. Default: the newest first, and with `q` by code.
    sort: Option<Sort>,
}

/// A page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct OfPage {
    /// Most items of the answer.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before, with the same filters and order.
    cursor: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct OfAdvertiser {
    /// Only what belongs to this advertiser.
    advertiser_id: Option<AdvertiserId>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct OfCampaign {
    /// Only what belongs to this campaign.
    campaign_id: Option<CampaignId>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct OfInfluencer {
    /// Only what belongs to this influencer.
    influencer_id: Option<InfluencerId>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct OfLink {
    /// This link alone.
    link_id: Option<LinkId>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "documentation: the query is read as text")]
pub struct OfCoupon {
    /// This coupon alone.
    coupon_id: Option<CouponId>,
}
