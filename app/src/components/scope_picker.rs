//! What the figures are narrowed to: an advertiser, and one of its campaigns.

use std::fmt::Display;

use leptos::{ev::Event, prelude::*, web_sys::HtmlSelectElement};
use leptos_router::components::Form;
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
    let Scopes { advertisers, campaigns } = scopes;
    let advertiser = asked.with_untracked(|asked| asked.advertiser_id);
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
    kept: Signal<StatsQuery>,
) -> impl IntoView
where
    Id: Display + PartialEq + Copy + Send + Sync + 'static,
{
    let apply = move |event: Event| {
        if let Some(form) = event_target::<HtmlSelectElement>(&event).form() {
            // Refused only by a form that is not valid; this one always is.
            let _ = form.request_submit();
        }
    };
    let hidden = move || {
        let fields = address::pairs(&kept.get()).into_iter();
        fields.map(|(name, value)| view! { <input r#type="hidden" name=name value=value/> }).collect_view()
    };
    let options = scopes.into_iter().map(move |scope| {
        view! { <option value=scope.id.to_string() selected=chosen == Some(scope.id)>{scope.name}</option> }
    });
    view! {
        <Form method="get" action=DASHBOARD noscroll=true>
            {hidden}
            <label class="choice">
                <span>{label}</span>
                <select name=name on:change=apply>
                    <option value="" selected=chosen.is_none()>{all}</option>
                    {options.collect_view()}
                </select>
            </label>
            <button class="button unscripted" r#type="submit">"Show"</button>
        </Form>
    }
    .into_any()
}
