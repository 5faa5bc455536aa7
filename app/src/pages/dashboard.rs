//! `/dashboard`: how it is going, for one range and filter. All of the view is in its address.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use model::{
    account::{Account, Role},
    stats::{Figures, StatsQuery},
};
use serde::{Deserialize, Serialize};

use crate::{
    address,
    api::{
        figures::{Sheet, load_figures},
        scopes::{Scope, load_scopes},
    },
    components::{
        Empty, Failed, Frame, Freshness, Loading, RangePicker, ScopePicker, Scorecard, Stale, TimeChart, WindowTitle,
    },
    days::Days,
    elsewhere::GoTo,
    error::{AppError, ErrorKind},
    viewer::viewer,
};

#[component]
pub fn DashboardPage() -> impl IntoView {
    match viewer() {
        Some(account) => view! { <Dashboard account/> }.into_any(),
        None => {
            let location = use_location();
            let search = location.search.get_untracked();
            let here =
                format!("{}{}{search}", location.pathname.get_untracked(), if search.is_empty() { "" } else { "?" });
            view! { <GoTo to=address::log_in(Some(&here), None)/> }.into_any()
        }
    }
}

/// What was asked and what came of it: an answer is never shown for another question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Answer {
    /// The question as [`key`] writes it.
    asked: String,
    sheet: Result<Sheet, AppError>,
}

/// What the page shows: the last figures of this question, and what went wrong since.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    asked: String,
    sheet: Option<Sheet>,
    error: Option<AppError>,
}

type Asked = Result<StatsQuery, AppError>;

/// Tells questions apart.
fn key(asked: &Asked) -> String {
    asked.as_ref().map(|query| address::link("", query)).unwrap_or_default()
}

impl Shown {
    fn after(before: Option<&Self>, answer: Answer) -> Self {
        let Answer { asked, sheet } = answer;
        match sheet {
            Ok(sheet) => Self { asked, sheet: Some(sheet), error: None },
            Err(error) => {
                let kept = before.filter(|before| before.asked == asked).and_then(|before| before.sheet.clone());
                Self { asked, sheet: kept, error: Some(error) }
            }
        }
    }

    fn state(&self) -> State {
        match &self.sheet {
            None => State::Failed,
            Some(sheet) if is_empty(&sheet.figures) => State::Empty,
            Some(_) => State::Figures,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Failed,
    Empty,
    Figures,
}

fn is_empty(figures: &Figures) -> bool {
    let Figures { clicks, bot_clicks, add_to_cart, signups, purchases, drop_offs, .. } = figures;
    [clicks, bot_clicks, add_to_cart, signups, purchases, drop_offs].iter().all(|count| **count == 0)
}

#[component]
fn Dashboard(account: Account) -> impl IntoView {
    let role = account.role;
    let params = use_query_map();
    let asked = Memo::new(move |_| params.with(|params| address::read(params, role)));
    let answer = Resource::new(
        move || asked.get(),
        |asked| async move {
            let key = key(&asked);
            let sheet = match asked {
                Ok(query) => load_figures(query).await,
                Err(error) => Err(error),
            };
            Answer { asked: key, sheet }
        },
    );
    // An admin who asks for one influencer's figures sees them as that influencer does.
    let own = Memo::new(move |_| {
        let of_one = || asked.with(|asked| asked.as_ref().is_ok_and(|asked| asked.influencer_id.is_some()));
        role == Role::Influencer || role == Role::Admin && of_one()
    });
    let title = match role {
        Role::Influencer => "Your figures",
        Role::Admin | Role::Advertiser => "Dashboard",
    };
    view! {
        <WindowTitle text=title/>
        <Frame account>
            <div class="head">
                <h1>{title}</h1>
                {(role != Role::Influencer).then(|| view! { <Scopes asked across=role == Role::Admin own/> })}
            </div>
            <Transition fallback=Loading>
                {move || view! { <Body asked answer own=own.get()/> }}
            </Transition>
        </Frame>
    }
}

/// What the figures can be narrowed to; without it the page still serves.
#[component]
fn Scopes(asked: Memo<Asked>, across: bool, own: Memo<bool>) -> impl IntoView {
    let chosen = Memo::new(move |_| {
        let ids = |asked: &StatsQuery| (asked.advertiser_id, asked.campaign_id, asked.influencer_id);
        asked.with(|asked| asked.as_ref().map(ids).unwrap_or_default())
    });
    let choices = Resource::new(
        move || chosen.get(),
        |(advertiser, campaign, influencer)| load_scopes(advertiser, campaign, influencer),
    );
    let known = Signal::derive(move || asked.get().unwrap_or_default());
    let picker = move || {
        choices.get().and_then(Result::ok).map(|scopes| match scopes.influencer.clone().filter(|_| own.get()) {
            Some(Scope { id, name }) => seen_as(format!("/admin/influencers/{id}"), name),
            None => {
                let advertiser = scopes.advertisers.iter().find(|scope| Some(scope.id) == scopes.advertiser_id);
                let seen = advertiser.filter(|_| across).cloned();
                let seen = seen.map(|Scope { id, name }| seen_as(format!("/admin/advertisers/{id}"), name));
                view! {
                    {seen}
                    <ScopePicker asked=known scopes across/>
                }
                .into_any()
            }
        })
    };
    view! {
        <Transition>
            <div class="scopes">{picker}</div>
        </Transition>
    }
}

/// Says to an admin whose dashboard this is. It stays the admin's own session, and there is nothing to change here.
fn seen_as(of: String, name: String) -> AnyView {
    view! { <p class="seen">"As " <a href=of>{name}</a> " sees it"</p> }.into_any()
}

fn of_sheet<T: Clone + Send + Sync + 'static>(shown: Memo<Option<Shown>>, part: fn(&Sheet) -> T) -> Signal<Option<T>> {
    Signal::derive(move || shown.with(|shown| shown.as_ref()?.sheet.as_ref().map(part)))
}

/// Reads the answer inside the transition, so that the page waits for it.
#[component]
fn Body(asked: Memo<Asked>, answer: Resource<Answer>, own: bool) -> impl IntoView {
    let shown = Memo::new(move |before: Option<&Option<Shown>>| {
        let before = before.and_then(Option::as_ref);
        match answer.get() {
            Some(answer) => Some(Shown::after(before, answer)),
            None => before.cloned(),
        }
    });
    // Derived and not memoised: an answer that is the same as before ends at `shown`.
    let figures = of_sheet(shown, |sheet| sheet.figures.clone());
    let chart = of_sheet(shown, |sheet| sheet.chart.clone());
    let zone = of_sheet(shown, |sheet| format!("Times in {}", sheet.tz));
    let answered_days = of_sheet(shown, |sheet| Days::between(&sheet.from, &sheet.to));
    // Who steps twice in a row means two steps, also where the first answer is still on its way.
    let days = Signal::derive(move || {
        asked.with(|asked| asked.as_ref().ok().and_then(Days::asked)).or_else(|| answered_days.get().flatten())
    });
    // A last bucket that is not over reaches the present.
    let open = of_sheet(shown, |sheet| sheet.chart.points.last().is_some_and(|last| !last.complete));
    let open = Signal::derive(move || open.get().unwrap_or_default());
    let error = Signal::derive(move || shown.with(|shown| shown.as_ref().and_then(|shown| shown.error.clone())));
    let state = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(Shown::state)));
    // The question as it stands in the address; the answer may still be on its way.
    let question = Signal::derive(move || asked.get().unwrap_or_default());
    let waiting = move || {
        let asked = asked.with(key);
        shown.with(|shown| shown.as_ref().is_some_and(|shown| shown.asked != asked))
    };
    let retry = Callback::new(move |()| answer.refetch());
    let refresh = Callback::new(move |()| {
        // Only a new login helps, and that is offered.
        if !error.get_untracked().is_some_and(|error| error.kind == ErrorKind::LoggedOut) {
            answer.refetch();
        }
    });
    let arrivals = Memo::new(move |before: Option<&u32>| {
        let arrived = answer.with(|answer| answer.as_ref().is_some_and(|answer| answer.sheet.is_ok()));
        before.copied().unwrap_or_default() + u32::from(arrived)
    });

    let content = move || match state.get() {
        None => view! { <Loading/> }.into_any(),
        Some(State::Failed) => {
            let error = Signal::derive(move || error.get().unwrap_or_else(|| AppError::new(ErrorKind::Internal)));
            view! { <Failed error retry/> }.into_any()
        }
        Some(State::Empty) => {
            let label = Signal::derive(move || days.get().map(Days::label).unwrap_or_default());
            view! { <Empty days=label asked=question/> }.into_any()
        }
        Some(State::Figures) => {
            let bots = Signal::derive(move || question.with(|question| question.include_bots));
            view! {
                <Scorecard figures bots own/>
                <TimeChart chart asked=question days/>
            }
            .into_any()
        }
    };
    view! {
        <RangePicker asked=question days open/>
        <p class="facts">
            <span>{zone}</span>
            <Show when=move || zone.with(Option::is_some)>
                <Freshness arrivals refresh/>
            </Show>
        </p>
        <Stale error=Signal::derive(move || error.get().filter(|_| state.get() != Some(State::Failed)))/>
        <div class="figures" aria-busy=move || if waiting() { "true" } else { "false" }>{content}</div>
    }
    .into_any()
}
