//! `/admin/coupons.csv` and `/admin/links.csv`: the codes of a list, with its filters, as it is read page by page.

use app::csv_line;
use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use engine::{Engine, Error, Session};
use futures_util::stream;
use model::{
    coupon::{Coupon, CouponStatus},
    link::{Link, LinkStatus},
    page::{ListQuery, MOST_ITEMS, Page},
};
use uuid::Uuid;

use super::listing::Listing;
use crate::{asker::Token, auth::Admin, problem::ApiResult, state::AppState};

pub fn router() -> Router<AppState> {
    Router::new().route("/admin/coupons.csv", get(coupons)).route("/admin/links.csv", get(links))
}

async fn coupons(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Extension(token): Extension<Token>,
    Listing { query, .. }: Listing<CouponStatus>,
) -> ApiResult<Response> {
    send(List { engine, session, token, query, kind: Kind::Coupons }, "coupons.csv").await
}

async fn links(
    State(engine): State<Engine>,
    Admin(session): Admin,
    Extension(token): Extension<Token>,
    Listing { query, .. }: Listing<LinkStatus>,
) -> ApiResult<Response> {
    send(List { engine, session, token, query, kind: Kind::Links }, "links.csv").await
}

#[derive(Clone, Copy)]
enum Kind {
    Coupons,
    Links,
}

const COUPONS: [&str; 6] = ["code", "status", "influencer", "campaign", "id", "created_at"];
const LINKS: [&str; 7] = ["url", "code", "status", "influencer", "campaign", "id", "created_at"];

struct List {
    engine: Engine,
    session: Session,
    token: Token,
    query: ListQuery,
    kind: Kind,
}

/// The first page is read before the answer begins, so that what is wrong is still answered as such.
async fn send(mut list: List, name: &str) -> ApiResult<Response> {
    list.query.limit = Some(MOST_ITEMS);
    list.query.cursor = None;
    let mut head = Vec::new();
    match list.kind {
        Kind::Coupons => write(&mut head, &COUPONS)?,
        Kind::Links => write(&mut head, &LINKS)?,
    }
    let (mut first, is_last) = list.page().await?;
    head.append(&mut first);
    let rest = stream::try_unfold((list, is_last), |(mut list, is_last)| async move {
        if is_last {
            return Ok(None);
        }
        let (rows, is_last) = list.page().await?;
        list.token.check(&list.engine)?;
        Ok::<_, Error>(Some((Bytes::from(rows), (list, is_last))))
    });
    let first = stream::once(async { Ok(Bytes::from(head)) });
    let body = Body::from_stream(futures_util::StreamExt::chain(first, rest));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

impl List {
    /// The next page's rows, and whether it is the last.
    async fn page(&mut self) -> Result<(Vec<u8>, bool), Error> {
        let mut rows = Vec::new();
        let next = match self.kind {
            Kind::Coupons => {
                let Page { items, next_cursor } = self.engine.list_coupons(&self.session, &self.query).await?;
                self.write_coupons(&items, &mut rows).await?;
                next_cursor
            }
            Kind::Links => {
                let Page { items, next_cursor } = self.engine.list_links(&self.session, &self.query).await?;
                self.write_links(&items, &mut rows).await?;
                next_cursor
            }
        };
        let is_last = next.is_none();
        self.query.cursor = next;
        Ok((rows, is_last))
    }

    async fn write_coupons(&self, coupons: &[Coupon], into: &mut Vec<u8>) -> Result<(), Error> {
        let ids = coupons.iter().flat_map(|it| [Some(it.campaign_id.0), it.influencer_id.map(|id| id.0)]);
        let names = self.engine.names(&self.session, ids.flatten().collect()).await?;
        let name = |id: Option<Uuid>| id.and_then(|id| names.get(&id)).map_or("", String::as_str);
        for it in coupons {
            let (id, at) = (it.id.to_string(), it.created_at.to_string());
            let influencer = name(it.influencer_id.map(|id| id.0));
            write(into, &[&it.code, it.status.as_str(), influencer, name(Some(it.campaign_id.0)), &id, &at])?;
        }
        Ok(())
    }

    async fn write_links(&self, links: &[Link], into: &mut Vec<u8>) -> Result<(), Error> {
        let ids = links.iter().flat_map(|it| [Some(it.campaign_id.0), it.influencer_id.map(|id| id.0)]);
        let names = self.engine.names(&self.session, ids.flatten().collect()).await?;
        let name = |id: Option<Uuid>| id.and_then(|id| names.get(&id)).map_or("", String::as_str);
        for it in links {
            let (id, at) = (it.id.to_string(), it.created_at.to_string());
            let influencer = name(it.influencer_id.map(|id| id.0));
            let status = it.status.as_str();
            write(into, &[&it.url, &it.code, status, influencer, name(Some(it.campaign_id.0)), &id, &at])?;
        }
        Ok(())
    }
}

fn write(into: &mut Vec<u8>, cells: &[&str]) -> Result<(), Error> {
    csv_line::write(into, cells).map_err(|error| Error::Internal(format!("CSV: {error}")))
}
