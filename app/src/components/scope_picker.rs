//! What the figures are narrowed to: an advertiser, and one of its campaigns.

use std::fmt::Display;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use model::stats::StatsQuery;

use crate::{
    address::{self, DASHBOARD},
    api::scopes::{Scope, Scopes},
};

#[component]
pub fn ScopePicker(
    #[prop(into)] asked: Signal<StatsQuery>,
    scopes: Scopes,
    /// Whether there is more than one advertiser to choose from.
    across: bool,
) -> impl IntoView {
    let Scopes { advertiser_id: advertiser, advertisers, campaigns, .. } = scopes;
    let campaign = asked.with_untracked(|asked| asked.campaign_id);
    // A campaign belongs to its advertiser: choosing another one lets go of it.
    let beside_advertiser = move || StatsQuery { advertiser_id: None, campaign_id: None, ..asked.get() };
    let beside_campaign = move || StatsQuery { campaign_id: None, ..asked.get() };
    view! {
        {across
            .then(|| {
                view! {
                    <Choice
                        label="Advertiser"
                        name="advertiser_id"
                        all="All advertisers"
                        scopes=advertisers
                        chosen=advertiser
                        kept=Signal::derive(beside_advertiser)
                        choose=|query, id| query.advertiser_id = id
                    />
                }
            })}
        {(!campaigns.is_empty() || campaign.is_some())
            .then(|| {
                view! {
                    <Choice
                        label="Campaign"
                        name="campaign_id"
                        all="All campaigns"
                        scopes=campaigns
                        chosen=campaign
                        kept=Signal::derive(beside_campaign)
                        choose=|query, id| query.campaign_id = id
                    />
                }
            })}
    }
}

/// One choice, applied as it is made; a button serves where there is no JavaScript.
#[component]
fn Choice<Id>(
    label: &'static str,
    name: &'static str,
    all: &'static str,
    scopes: Vec<Scope<Id>>,
    chosen: Option<Id>,
    /// The rest of the question.
    kept: Signal<StatsQuery>,
    choose: fn(&mut StatsQuery, Option<Id>),
) -> impl IntoView
where
    Id: Display + PartialEq + Copy + Send + Sync + std::str::FromStr + 'static,
{
    let navigate = use_navigate();
    let apply = move |event| {
        let mut query = kept.get_untracked();
        choose(&mut query, event_target_value(&event).parse().ok());
        navigate(&address::link(DASHBOARD, &query), NavigateOptions { scroll: false, ..Default::default() });
    };
    let hidden = move || {
        let fields = address::pairs(&kept.get()).into_iter();
        fields.map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> }).collect_view()
    };
    let options = scopes.into_iter().map(move |scope| {
        view! { <option value=scope.id.to_string() selected=chosen == Some(scope.id)>{scope.name}</option> }
    });
    // The attribute above is for the page as it is sent; once somebody chose, only the property counts.
    let value = chosen.map(|id| id.to_string()).unwrap_or_default();
    view! {
        <form method="get" action=DASHBOARD autocomplete="off">
            {hidden}
            <label class="choice">
                <span>{label}</span>
                <select name=name prop:value=value on:change=apply>
                    <option value="" selected=chosen.is_none()>{all}</option>
                    {options.collect_view()}
                </select>
            </label>
            <button class="button unscripted" r#type="submit">"Show"</button>
        </form>
    }
    .into_any()
}
