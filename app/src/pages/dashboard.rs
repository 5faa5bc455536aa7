//! `/dashboard`: how it is going, for one range and filter. All of the view is in its address.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use model::{
    account::{Account, Role},
    stats::{Figures, StatsQuery},
};

use crate::{
    address,
    api::{
        asked::{Answer, Answers, answers},
        figures::{Sheet, load_figures},
        scopes::{Scope, Scopes, load_scopes},
    },
    components::{
        Now, WindowTitle, empty, failed, frame, freshness, loading, range_picker, scope_picker, scorecard, stale,
        time_chart,
    },
    days::Days,
    elsewhere::GoTo,
    error::{AppError, ErrorKind},
    markup::{Content, Element, el},
    viewer::viewer,
};

#[component]
pub fn DashboardPage() -> impl IntoView {
    match viewer() {
        Some(account) => dashboard(&account),
        None => {
            let location = use_location();
            let search = location.search.get_untracked();
            let here =
                format!("{}{}{search}", location.pathname.get_untracked(), if search.is_empty() { "" } else { "?" });
            view! { <GoTo to=address::log_in(Some(&here), None)/> }.into_any()
        }
    }
}

/// What the page shows: the last figures of this question, and what went wrong since.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    asked: String,
    sheet: Option<Sheet>,
    error: Option<AppError>,
}

type Asked = Result<StatsQuery, AppError>;

/// The question as the server is asked it: what is wrong with an address, the server says of it too.
fn question(asked: &Asked, search: &str) -> String {
    asked.as_ref().map_or_else(|_| search.to_owned(), |query| address::link("", query))
}

impl Shown {
    fn after(before: Option<&Self>, answer: Answer) -> Self {
        let asked = answer.question.clone();
        match answer.read() {
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

fn dashboard(account: &Account) -> AnyView {
    let role = account.role;
    let params = use_query_map();
    let asked = Memo::new(move |_| params.with(|params| address::read(params, role)));
    let search = use_location().search;
    let question = Memo::new(move |_| search.with(|search| asked.with(|asked| question(asked, search))));
    let answer = answers(move || (question.get(), 0), load_figures);
    // An admin who asks for one influencer's figures sees them as that influencer does.
    let own = Memo::new(move |_| {
        let of_one = || asked.with(|asked| asked.as_ref().is_ok_and(|asked| asked.influencer_id.is_some()));
        role == Role::Influencer || role == Role::Admin && of_one()
    });
    let title = match role {
        Role::Influencer => "Your figures",
        Role::Admin | Role::Advertiser => "Dashboard",
    };
    let scopes = (role != Role::Influencer).then(|| scopes(asked, role == Role::Admin, own));
    let head = el("div").class("head").child(el("h1").child(title)).child(scopes);
    let figures = view! {
        <Transition fallback=loading>
            {(move || body(asked, question, answer, own.get())).content()}
        </Transition>
    };
    view! {
        <WindowTitle text=title/>
        {frame(account, (head, figures.into_any()))}
    }
    .into_any()
}

/// What the figures can be narrowed to; without it the page still serves.
fn scopes(asked: Memo<Asked>, across: bool, own: Memo<bool>) -> AnyView {
    let question = move || {
        let StatsQuery { advertiser_id, campaign_id, influencer_id, .. } = asked.get().unwrap_or_default();
        let narrowed = StatsQuery { advertiser_id, campaign_id, influencer_id, ..StatsQuery::default() };
        (address::link("", &narrowed), 0)
    };
    let choices = answers(question, load_scopes);
    let picker = move || {
        choices.get().and_then(|answer| answer.read::<Scopes>().ok()).map(|scopes| {
            match scopes.influencer.clone().filter(|_| own.get()) {
                Some(Scope { id, name }) => seen_as(format!("/admin/influencers/{id}"), name).content(),
                None => {
                    let advertiser = scopes.advertisers.iter().find(|scope| Some(scope.id) == scopes.advertiser_id);
                    let seen = advertiser.filter(|_| across).cloned();
                    let seen = seen.map(|Scope { id, name }| seen_as(format!("/admin/advertisers/{id}"), name));
                    (seen, scope_picker(move || asked.get().unwrap_or_default(), scopes, across)).content()
                }
            }
        })
    };
    view! { <Transition>{el("div").class("scopes").child(picker)}</Transition> }.into_any()
}

/// Says to an admin whose dashboard this is. It stays the admin's own session, and there is nothing to change here.
fn seen_as(of: String, name: String) -> Element {
    el("p").class("seen").child("As ").child(el("a").attr("href", of).child(name)).child(" sees it")
}

fn of_sheet<T>(shown: Memo<Option<Shown>>, part: fn(&Sheet) -> T) -> impl Now<Option<T>>
where
    T: 'static,
{
    move || shown.with(|shown| shown.as_ref()?.sheet.as_ref().map(part))
}

/// Reads the answer inside the transition, so that the page waits for it.
fn body(asked: Memo<Asked>, question: Memo<String>, answer: Answers, own: bool) -> AnyView {
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
    let days =
        move || asked.with(|asked| asked.as_ref().ok().and_then(Days::asked)).or_else(|| answered_days().flatten());
    // A last bucket that is not over reaches the present.
    let open = of_sheet(shown, |sheet| sheet.chart.points.last().is_some_and(|last| !last.complete));
    let error = move || shown.with(|shown| shown.as_ref().and_then(|shown| shown.error.clone()));
    let state = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(Shown::state)));
    // The question as it stands in the address; the answer may still be on its way.
    let query = move || asked.get().unwrap_or_default();
    let waiting = move || {
        question.with(|question| shown.with(|shown| shown.as_ref().is_some_and(|shown| shown.asked != *question)))
    };
    let refresh = move || {
        // Only a new login helps, and that is offered.
        if !untrack(error).is_some_and(|error| error.kind == ErrorKind::LoggedOut) {
            answer.refetch();
        }
    };
    let arrived = move || answer.with(|answer| answer.as_ref().is_some_and(Answer::is_told));

    let content = move || match state.get() {
        None => loading().content(),
        Some(State::Failed) => {
            let error = move || error().unwrap_or_else(|| AppError::new(ErrorKind::Internal));
            failed(error, move || answer.refetch()).content()
        }
        Some(State::Empty) => {
            let label = move || days().map(Days::label).unwrap_or_default();
            empty(label, query).content()
        }
        Some(State::Figures) => {
            let bots = move || query().include_bots;
            (scorecard(figures, bots, own), time_chart(chart, query, days)).content()
        }
    };
    let is_fresh = Memo::new(move |_| zone().is_some());
    let age = move || is_fresh.get().then(|| freshness(arrived, refresh));
    (
        range_picker(query, days, move || open().unwrap_or_default()),
        el("p").class("facts").child(el("span").child(zone)).child(age),
        stale(move || error().filter(|_| state.get() != Some(State::Failed))),
        el("div").class("figures").live("aria-busy", move || if waiting() { "true" } else { "false" }).child(content),
    )
        .content()
}
