//! `/dashboard`: how it is going, for one range and filter. All of the view is in its address.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_query_map};
use model::{
    account::{Account, Role},
    stats::StatsQuery,
};

use crate::{
    address::{self, View},
    api::{
        asked::{Answer, Answers, answers},
        figures::load_figures,
        scopes::{Scope, Scopes, load_scopes},
    },
    components::{
        Now, WindowTitle, compared, failed, frame, freshness, keys_button, keys_sheet, loading, range_picker,
        scope_picker, scorecard, stale, time_chart,
    },
    days::Days,
    elsewhere::GoTo,
    error::{AppError, ErrorKind},
    figures::sheet::Sheet,
    kit::{Kit, actions, chips, empty, parts},
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

type Asked = Result<View, AppError>;

/// The question as the server is asked it: what is wrong with an address, the server says of it too.
fn question(asked: &Asked, search: &str) -> String {
    asked.as_ref().map_or_else(|_| search.to_owned(), |view| address::link("", view))
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
            Some(sheet) if sheet.nothing.is_some() => State::Empty,
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

fn dashboard(account: &Account) -> AnyView {
    let role = account.role;
    let params = use_query_map();
    let asked = Memo::new(move |_| params.with(|params| address::read(params, role)));
    let search = use_location().search;
    let question = Memo::new(move |_| search.with(|search| asked.with(|asked| question(asked, search))));
    let answer = answers(move || (question.get(), 0), load_figures);
    // An admin may look at an influencer's figures as that influencer does.
    let own = Memo::new(move |_| {
        role == Role::Influencer || asked.with(|asked| asked.as_ref().is_ok_and(|view| view.is_as_influencer(role)))
    });
    let title = match role {
        Role::Influencer => "Your figures",
        Role::Admin | Role::Advertiser => "Dashboard",
    };
    let scopes = (role != Role::Influencer).then(|| scopes(asked, role == Role::Admin, own));
    let compared = compared(move || asked.get().unwrap_or_default());
    let narrowing = el("div").class("scopes").child(scopes).child(compared);
    let head = el("div").class("head").child(el("h1").child(title)).child(narrowing);
    let figures = view! {
        <Transition fallback=loading>
            {(move || body(asked, question, answer)).content()}
        </Transition>
    };
    view! {
        <WindowTitle text=title/>
        {frame(account, (head, figures.into_any(), keys_sheet()))}
    }
    .into_any()
}

/// What the figures can be narrowed to; without it the page still serves.
fn scopes(asked: Memo<Asked>, across: bool, own: Memo<bool>) -> AnyView {
    let question = move || {
        let View { asked: StatsQuery { advertiser_id, campaign_id, influencer_id, .. }, manner } =
            asked.get().unwrap_or_default();
        let asked = StatsQuery { advertiser_id, campaign_id, influencer_id, ..StatsQuery::default() };
        let manner = manner.into_iter().filter(|(name, _)| *name == "as").collect();
        (address::link("", &View { asked, manner }), 0)
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
fn body(asked: Memo<Asked>, question: Memo<String>, answer: Answers) -> AnyView {
    let kit = Kit::get();
    let shown = Memo::new(move |before: Option<&Option<Shown>>| {
        let before = before.and_then(Option::as_ref);
        match answer.get() {
            Some(answer) => Some(Shown::after(before, answer)),
            None => before.cloned(),
        }
    });
    // Derived and not memoised: an answer that is the same as before ends at `shown`.
    let cards = of_sheet(shown, |sheet| sheet.cards.clone());
    let plots = of_sheet(shown, |sheet| sheet.plots.clone());
    let label = of_sheet(shown, |sheet| sheet.label.clone());
    let answered_days = of_sheet(shown, |sheet| Days::whole(&sheet.from, &sheet.to));
    let waiting = move || {
        question.with(|question| shown.with(|shown| shown.as_ref().is_some_and(|shown| shown.asked != *question)))
    };
    // Who steps twice in a row means two steps, also where the first answer is still on its way. A named range is not
    // stepped from before its days are known: those of the range before it are others.
    let days = move || {
        let asked = asked.with(|asked| Days::asked(&asked.as_ref().ok()?.asked));
        asked.or_else(|| answered_days().flatten().filter(|_| !waiting()))
    };
    let open = of_sheet(shown, |sheet| sheet.open);
    let error = move || shown.with(|shown| shown.as_ref().and_then(|shown| shown.error.clone()));
    let state = Memo::new(move |_| shown.with(|shown| shown.as_ref().map(Shown::state)));
    // The view as it stands in the address; the answer may still be on its way.
    let view = move || asked.get().unwrap_or_default();
    let refresh = move || {
        // Only a new login helps, and that is offered.
        if !untrack(error).is_some_and(|error| error.kind == ErrorKind::LoggedOut) {
            answer.refetch();
        }
    };
    let arrived = move || answer.with(|answer| answer.as_ref().is_some_and(Answer::is_told));

    let nothing = move || of_sheet(shown, |sheet| sheet.nothing.clone())().flatten().map(|it| empty(it, kit, ""));
    let rest = move || of_sheet(shown, |sheet| sheet.parts.clone())().map(|all| parts(all, kit, ""));
    let content = move || match state.get() {
        None => loading().content(),
        Some(State::Failed) => {
            let error = move || error().unwrap_or_else(|| AppError::new(ErrorKind::Internal));
            failed(error, move || answer.refetch()).content()
        }
        Some(State::Empty) => (nothing, rest).content(),
        Some(State::Figures) => (scorecard(cards), time_chart(move || plots().flatten()), rest).content(),
    };
    let is_fresh = Memo::new(move |_| label().is_some());
    let age = move || is_fresh.get().then(|| freshness(arrived, refresh));
    let told = of_sheet(shown, |sheet| {
        let zone = format!("Times in {}", sheet.tz);
        let told = [Some(zone), sheet.compared.clone(), sheet.delay.clone()];
        told.into_iter().flatten().map(|told| el("span").child(told)).collect::<Vec<_>>()
    });
    let narrowed = move || of_sheet(shown, |sheet| sheet.chips.clone())().map(chips);
    let ways = move || of_sheet(shown, |sheet| sheet.actions.clone())().map(|all| actions(all, kit, ""));
    (
        range_picker(view, days, label, move || open().unwrap_or_default()),
        el("div").class("facts").child(told).child(age).child(keys_button()),
        el("div").class("narrowed").child(el("div").class("chips").child(narrowed)).child(ways),
        stale(move || error().filter(|_| state.get() != Some(State::Failed))),
        el("div").class("figures").live("aria-busy", move || if waiting() { "true" } else { "false" }).child(content),
    )
        .content()
}
