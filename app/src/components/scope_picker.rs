//! What the figures are narrowed to: an advertiser, and one of its campaigns.

use std::fmt::Display;

use leptos::prelude::*;

use super::Now;
use crate::{
    address::{self, DASHBOARD, View},
    api::scopes::{Scope, Scopes},
    kit::{choice, kept, send},
    markup::{Content, Element, el},
};

/// `across`: whether there is more than one advertiser to choose from.
pub fn scope_picker(view: impl Now<View>, scopes: Scopes, across: bool) -> AnyView {
    let Scopes { advertiser_id: advertiser, advertisers, campaigns, .. } = scopes;
    let campaign = untrack(view).asked.campaign_id;
    // What belongs to an advertiser goes with it: choosing another one lets go of it.
    let beside_advertiser = move || {
        view().ask(|asked| {
            (asked.advertiser_id, asked.campaign_id, asked.influencer_id) = (None, None, None);
            (asked.link_id, asked.coupon_id) = (None, None);
        })
    };
    let beside_campaign = move || view().ask(|asked| asked.campaign_id = None);
    let advertisers = across.then(|| {
        let options = options("All advertisers", advertisers, advertiser);
        narrowing("Advertiser", "advertiser_id", options, chosen(advertiser), beside_advertiser)
    });
    let campaigns = (!campaigns.is_empty() || campaign.is_some()).then(|| {
        let options = options("All campaigns", campaigns, campaign);
        narrowing("Campaign", "campaign_id", options, chosen(campaign), beside_campaign)
    });
    (advertisers, campaigns).content()
}

fn chosen<Id: Display>(id: Option<Id>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}

fn options<Id: Display + PartialEq>(all: &'static str, scopes: Vec<Scope<Id>>, chosen: Option<Id>) -> Vec<Element> {
    let all = el("option").attr("value", "").attr("selected", chosen.is_none()).child(all);
    let scopes = scopes.into_iter().map(|Scope { id, name }| {
        el("option").attr("value", id.to_string()).attr("selected", chosen.as_ref() == Some(&id)).child(name)
    });
    [all].into_iter().chain(scopes).collect()
}

/// One choice, applied as it is made; a button serves where there is no JavaScript.
pub fn narrowing(
    label: &'static str,
    name: &'static str,
    options: Vec<Element>,
    chosen: String,
    rest: impl Now<View>,
) -> Element {
    let rest = move || rest_of(&rest());
    let select = el("select").attr("name", name).attr("data-apply", "").child(options);
    el("form")
        .attr("method", "get")
        .attr("action", DASHBOARD)
        .attr("autocomplete", "off")
        .attr("data-noscroll", "")
        .child(rest)
        .child(choice(label, select, chosen))
        .child(send("button unscripted").child("Show"))
}

/// The rest of the view, which stays.
pub fn rest_of(view: &View) -> Vec<Element> {
    address::pairs(view).into_iter().map(|(name, value)| kept(name, value)).collect()
}
