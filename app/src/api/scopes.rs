//! What the figures of a dashboard may be narrowed to.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{AdvertiserId, CampaignId, InfluencerId};
use serde::{Deserialize, Serialize};

use crate::{
    error::AppError,
    wire::{Packed, Sent},
};

/// The advertisers in sight, and the campaigns of the chosen one, each by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scopes {
    /// The advertiser that is chosen, be it through one of its campaigns.
    pub advertiser_id: Option<AdvertiserId>,
    pub advertisers: Vec<Scope<AdvertiserId>>,
    pub campaigns: Vec<Scope<CampaignId>>,
    /// Whose figures an admin looks at as that influencer does.
    pub influencer: Option<Scope<InfluencerId>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scope<Id> {
    pub id: Id,
    pub name: String,
}

/// What the query of a dashboard's address can be narrowed to: [`Scopes`], packed. Admins see every advertiser; an
/// advertiser itself and its campaigns; influencers are not asked.
#[server(prefix = "/api/ui", endpoint = "scopes", input = GetUrl, output = Sent)]
pub async fn load_scopes(#[server(default)] query: String) -> Result<Packed, AppError> {
    crate::api::answer::told(ssr::scopes(&query).await.and_then(|scopes| crate::wire::pack(&scopes)))
}

#[cfg(feature = "ssr")]
mod ssr {
    use model::{
        account::Role,
        page::{ListQuery, MOST_ITEMS},
        stats::StatsQuery,
    };

    use super::{Scope, Scopes};
    use crate::{address, error::AppError, session};

    /// Newest first where there are more: a list to choose from needs an end.
    fn newest() -> ListQuery {
        ListQuery { limit: Some(MOST_ITEMS), ..ListQuery::default() }
    }

    pub async fn scopes(query: &str) -> Result<Scopes, AppError> {
        let (engine, session) = session::required()?;
        let account = &session.account;
        let view = address::read(&address::params(query), account.role)?;
        engine.check_scope(&session, &view.asked).await?;
        let as_influencer = view.is_as_influencer(account.role);
        let StatsQuery { advertiser_id: advertiser, campaign_id: campaign, influencer_id: influencer, .. } = view.asked;
        if account.role == Role::Influencer {
            return Ok(Scopes::default());
        }
        let influencer = match influencer {
            Some(id) if as_influencer => {
                let found = engine.influencer(&session, id).await?;
                Some(Scope { id, name: found.name })
            }
            _ => None,
        };
        let advertisers = engine.list_advertisers(&session, &newest()).await?.items;
        let chosen = match (advertiser.or(account.advertiser_id), campaign) {
            (None, Some(campaign)) => Some(engine.campaign(&session, campaign).await?.advertiser_id),
            (known, _) => known,
        };
        let campaigns = match chosen {
            Some(owner) => {
                let own = ListQuery { advertiser_id: Some(owner), ..newest() };
                engine.list_campaigns(&session, &own).await?.items
            }
            None => Vec::new(),
        };
        Ok(Scopes {
            influencer,
            advertiser_id: chosen,
            advertisers: by_name(
                advertisers.into_iter().map(|advertiser| Scope { id: advertiser.id, name: advertiser.name }),
            ),
            campaigns: by_name(campaigns.into_iter().map(|campaign| Scope { id: campaign.id, name: campaign.name })),
        })
    }

    fn by_name<Id>(scopes: impl Iterator<Item = Scope<Id>>) -> Vec<Scope<Id>> {
        let mut scopes: Vec<_> = scopes.collect();
        scopes.sort_by_cached_key(|scope| scope.name.to_lowercase());
        scopes
    }
}
