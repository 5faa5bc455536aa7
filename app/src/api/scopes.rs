//! What the figures of a dashboard may be narrowed to.

use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{AdvertiserId, CampaignId, InfluencerId};
use serde::{Deserialize, Serialize};

use crate::error::AppError;

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

/// Admins see every advertiser; an advertiser itself and its campaigns; influencers are not asked.
#[server(prefix = "/api/ui", endpoint = "scopes", input = GetUrl)]
pub async fn load_scopes(
    #[server(default)] advertiser_id: Option<AdvertiserId>,
    #[server(default)] campaign_id: Option<CampaignId>,
    #[server(default)] influencer_id: Option<InfluencerId>,
) -> Result<Scopes, AppError> {
    crate::api::answer::told(ssr::scopes(advertiser_id, campaign_id, influencer_id).await)
}

#[cfg(feature = "ssr")]
mod ssr {
    use model::{
        AdvertiserId, CampaignId, InfluencerId,
        account::Role,
        page::{ListQuery, MOST_ITEMS},
    };

    use super::{Scope, Scopes};
    use crate::{error::AppError, session};

    /// Newest first where there are more: a list to choose from needs an end.
    fn newest() -> ListQuery {
        ListQuery { limit: Some(MOST_ITEMS), ..ListQuery::default() }
    }

    pub async fn scopes(
        advertiser: Option<AdvertiserId>,
        campaign: Option<CampaignId>,
        influencer: Option<InfluencerId>,
    ) -> Result<Scopes, AppError> {
        let (engine, session) = session::required()?;
        let account = &session.account;
        if account.role == Role::Influencer {
            return Ok(Scopes::default());
        }
        let influencer = match influencer {
            Some(id) if account.role == Role::Admin => {
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
