//! A view is its address: range, zone and filters are read from the query string and written back to it.

use std::str::FromStr;

use leptos_router::params::ParamsMap;
use model::{
    FieldError,
    account::Role,
    stats::{Preset, StatsQuery},
    text::RuleError,
};

use crate::{
    admin::ADMIN,
    error::{AppError, ErrorKind},
};

pub const LOG_IN: &str = "/login";
pub const DASHBOARD: &str = "/dashboard";
/// An account's own: its password.
pub const ACCOUNT: &str = "/account";
/// For a shop's developer: an advertiser's own, or that of the `advertiser_id` an admin names.
pub const INTEGRATION: &str = "/integration";
/// Followed by the token, which whoever holds it may use once.
pub const SET_PASSWORD: &str = "/set-password/";
/// A notice of the login page: an address may name one, never a text to show.
pub const PASSWORD_SET: &str = "password_set";
/// Where a code, an order's number or an id leads an admin to its record, and an advertiser.
pub const LOOK_UP: &str = "/admin/lookup";
pub const OWN_LOOK_UP: &str = "/lookup";
/// An advertiser's own lists, and those of the advertiser an admin names.
pub const EVENTS: &str = "/events";
pub const CLICKS: &str = "/clicks";
pub const FAILURES: &str = "/failures";
/// What an influencer sold.
pub const SALES: &str = "/sales";

/// Whether an address is one of an advertiser's own lists, or below one.
pub fn is_own_list(path: &str) -> bool {
    let below = |list: &str| path.strip_prefix(list).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    [EVENTS, CLICKS, FAILURES, OWN_LOOK_UP].into_iter().any(below)
}

/// What a dashboard shows: the figures that are asked for, and the manner they are shown in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    pub asked: StatsQuery,
    /// Set parameters of [`MANNERS`], as they stand in the address. What they mean is the server's to say.
    pub manner: Vec<(&'static str, String)>,
}

/// `compare`: with `previous` (usual), `year` or `none`; `by`: what the table is broken down by; `sort`: its column;
/// `rows`: whether it has all of them; `as`: how an admin looks at it.
const MANNERS: [&str; 5] = ["compare", "by", "sort", "rows", "as"];

impl View {
    pub fn manner(&self, name: &str) -> Option<&str> {
        self.manner.iter().find(|(found, _)| *found == name).map(|(_, value)| value.as_str())
    }

    /// The same with another question. Another range has intervals of its own.
    pub fn ask(self, change: impl FnOnce(&mut StatsQuery)) -> Self {
        let mut asked = self.asked;
        change(&mut asked);
        Self { asked, ..self }
    }

    /// Without a parameter of its manner.
    pub fn without(mut self, name: &str) -> Self {
        self.manner.retain(|(found, _)| *found != name);
        self
    }

    /// Whether an admin looks at an influencer's dashboard as that influencer does.
    pub fn is_as_influencer(&self, role: Role) -> bool {
        role == Role::Admin && self.asked.influencer_id.is_some() && self.manner("as") == Some("influencer")
    }
}

/// Where an account lands after it has logged in.
pub fn landing(role: Role) -> &'static str {
    match role {
        Role::Admin => ADMIN,
        Role::Advertiser | Role::Influencer => DASHBOARD,
    }
}

/// The range shown where the address names none: influencers are paid by the month.
pub fn usual_range(role: Role) -> Preset {
    match role {
        Role::Influencer => Preset::MonthToDate,
        Role::Admin | Role::Advertiser => Preset::Last30Days,
    }
}

/// The view an address names. What is empty counts as absent.
pub fn read(params: &ParamsMap, role: Role) -> Result<View, AppError> {
    let mut errors = Vec::new();
    let text = |name: &str| params.get(name).filter(|value| !value.is_empty());
    let asked = StatsQuery {
        from: text("from"),
        to: text("to"),
        range: text("range"),
        tz: text("tz"),
        interval: text("interval"),
        // Among the manners: pages know "none" too.
        compare: None,
        include_bots: parsed(params, "include_bots", &mut errors).is_some_and(|Flag(set)| set),
        advertiser_id: parsed(params, "advertiser_id", &mut errors),
        campaign_id: parsed(params, "campaign_id", &mut errors),
        influencer_id: parsed(params, "influencer_id", &mut errors),
        link_id: parsed(params, "link_id", &mut errors),
        coupon_id: parsed(params, "coupon_id", &mut errors),
        method: parsed(params, "method", &mut errors),
    };
    let manner = MANNERS.into_iter().filter_map(|name| Some((name, text(name)?))).collect();
    let mut view = View { asked, manner };
    if view.asked.from.is_none() && view.asked.to.is_none() && view.asked.range.is_none() {
        let role = if view.is_as_influencer(role) { Role::Influencer } else { role };
        view.asked.range = Some(usual_range(role).to_string());
    }
    if errors.is_empty() { Ok(view) } else { Err(AppError::invalid(errors)) }
}

struct Flag(bool);

impl FromStr for Flag {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        match text {
            "true" | "1" => Ok(Self(true)),
            "false" | "0" => Ok(Self(false)),
            _ => Err(RuleError("must be true or false")),
        }
    }
}

fn parsed<T: FromStr<Err = RuleError>>(params: &ParamsMap, name: &str, errors: &mut Vec<FieldError>) -> Option<T> {
    match params.get_str(name).filter(|value| !value.is_empty())?.parse() {
        Ok(value) => Some(value),
        Err(rule) => {
            errors.push(FieldError::new(name, rule));
            None
        }
    }
}

/// Name and value of all that is set, in a fixed order: for links, and for hidden fields of forms.
pub fn pairs(view: &View) -> Vec<(&'static str, String)> {
    let mut pairs = question(&view.asked);
    pairs.extend(view.manner.iter().cloned());
    pairs
}

/// The part that says which figures are asked for: lists and files understand it too.
pub fn question(query: &StatsQuery) -> Vec<(&'static str, String)> {
    fn shown<T: ToString>(value: Option<T>) -> Option<String> {
        value.map(|value| value.to_string())
    }
    let dated = query.from.is_some() || query.to.is_some();
    [
        ("range", query.range.clone().filter(|_| !dated)),
        ("from", query.from.clone()),
        ("to", query.to.clone()),
        ("tz", query.tz.clone()),
        ("interval", query.interval.clone()),
        ("advertiser_id", shown(query.advertiser_id)),
        ("campaign_id", shown(query.campaign_id)),
        ("influencer_id", shown(query.influencer_id)),
        ("link_id", shown(query.link_id)),
        ("coupon_id", shown(query.coupon_id)),
        ("method", shown(query.method)),
        ("include_bots", query.include_bots.then(|| "true".to_owned())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}

/// The address of a page with this question.
pub fn link(path: &str, view: &View) -> String {
    with_query(path, pairs(view))
}

/// Path and query as one, as the router has them apart.
pub fn whole(path: &str, search: &str) -> String {
    let search = search.trim_start_matches('?');
    if search.is_empty() { path.to_owned() } else { format!("{path}?{search}") }
}

/// A path with a query.
pub fn with_query<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, impl AsRef<str>)>) -> String {
    let mut address = path.to_owned();
    for (index, (name, value)) in pairs.into_iter().enumerate() {
        address.push(if index == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        escape(value.as_ref(), &mut address);
    }
    address
}

/// The login page's address, with what it leads back to and what went wrong there.
pub fn log_in(next: Option<&str>, problem: Option<ErrorKind>) -> String {
    let pairs = [("next", next), ("problem", problem.map(ErrorKind::as_str))];
    with_query(LOG_IN, pairs.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

/// The login page's address for somebody who has just chosen a password.
pub fn password_set() -> String {
    with_query(LOG_IN, [("notice", PASSWORD_SET)])
}

/// One parameter of a query as it stands in the address, decoded once. The router's map of parameters is decoded
/// twice, which an address inside an address does not survive.
pub fn parameter(search: &str, name: &str) -> Option<String> {
    let pairs = search.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(found, _)| *found == name)?;
    Some(leptos_router::location::Url::unescape(value))
}

/// The parameters of a query, for [`read`].
#[cfg(feature = "ssr")]
pub fn params(query: &str) -> ParamsMap {
    decoded(query).collect()
}

/// Name and value of all that a query says.
#[cfg(feature = "ssr")]
pub fn decoded(query: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    let decode = |text: &str| leptos_router::location::Url::unescape(&text.replace('+', " "));
    pairs.map(move |(name, value)| (decode(name), decode(value)))
}

/// A target to go to after login, where it is a page of ours: never another host.
pub fn local(target: &str) -> Option<&str> {
    let ours = target.starts_with('/')
        && !target.starts_with("//")
        && !target.starts_with(LOG_IN)
        && target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    ours.then_some(target)
}

/// Percent-encodes all but the unreserved characters of RFC 3986, and `:` `,` for legibility.
pub fn escape(value: &str, into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:,".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&'static str, &str)]) -> ParamsMap {
        pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    #[test]
    fn an_address_inside_an_address_is_decoded_once() {
        let search = "?problem=x&next=%2Fdashboard%3Ftz%3DEtc%252FGMT%252B2";
        assert_eq!(parameter(search, "next").as_deref(), Some("/dashboard?tz=Etc%2FGMT%2B2"));
        assert_eq!(parameter(search, "nosuch"), None);
    }

    #[test]
    fn an_address_that_says_nothing_asks_for_the_role_s_usual_range() {
        let asked = |role| read(&ParamsMap::new(), role).unwrap().asked.range.unwrap();
        assert_eq!(asked(Role::Advertiser), "30d");
        assert_eq!(asked(Role::Influencer), "mtd");
        let influencer = [("influencer_id", "0190d7a4-6d3c-7c3e-8f50-2f3a3d3a4b5c"), ("as", "influencer")];
        let seen_as = read(&params(&influencer), Role::Admin).unwrap();
        assert_eq!((seen_as.asked.range.as_deref(), seen_as.is_as_influencer(Role::Admin)), (Some("mtd"), true));
        let dated = read(&params(&[("from", "2026-02-01"), ("range", "")]), Role::Admin).unwrap().asked;
        assert_eq!((dated.range, dated.from.as_deref()), (None, Some("2026-02-01")));
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let id = "0190d7a4-6d3c-7c3e-8f50-2f3a3d3a4b5c";
        let given = [
            ("range", "7d"),
            ("tz", "Europe/Berlin"),
            ("interval", "hour"),
            ("campaign_id", id),
            ("include_bots", "true"),
            ("by", "link"),
        ];
        let query = read(&params(&given), Role::Admin).unwrap();
        assert_eq!(
            link(DASHBOARD, &query),
            format!("/dashboard?range=7d&tz=Europe%2FBerlin&interval=hour&campaign_id={id}&include_bots=true&by=link")
        );
        assert_eq!(read(&pairs(&query).into_iter().collect(), Role::Admin), Ok(query));
    }

    #[test]
    fn every_wrong_part_of_an_address_is_named() {
        let error = read(&params(&[("campaign_id", "x"), ("method", "magic")]), Role::Admin).unwrap_err();
        let named: Vec<_> = error.fields.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(named, ["campaign_id", "method"]);
    }

    #[test]
    fn only_our_own_pages_are_gone_to_after_login() {
        assert_eq!(local("/dashboard?range=7d"), Some("/dashboard?range=7d"));
        for foreign in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\r\nb",
            "dashboard",
            "/login?next=/login",
        ] {
            assert_eq!(local(foreign), None, "{foreign}");
        }
        assert_eq!(log_in(Some("/dashboard?range=7d"), None), "/login?next=%2Fdashboard%3Frange%3D7d");
        assert_eq!(log_in(None, Some(ErrorKind::WrongCredentials)), "/login?problem=wrong_credentials");
    }
}
