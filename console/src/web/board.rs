//! The situation board (态势): warnings in force and apart from them what ends others, what waits for whom, gateways and
//! speakers, the map, and how the chosen warning arrives.

use super::{
    curve::Curve,
    desk::Desk,
    dress::shown,
    error::WebError,
    funnel::{funnels, total},
    map::{Map, Outlines},
    marks::{Bar, GradeMark},
    page::Page,
    panel::{Panel, curve, seconds_up, share_words},
    situation::{Situation, held, released_at, turn_of},
    visit::Visit,
    voice::{Voice, thousands},
};
use crate::knock::what_and_why;
use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use mingluo_dispatch::{desk::Orphans, post::Link, view::PlanView};
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::AlertState,
    audience::ChannelKind,
    channel::{Channel, Per, Unfit},
    clock::Timestamp,
    id::AlertId,
    mode::{Mode, ModeKind},
    owner::Officer,
    policy::ReleasePolicy,
};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// Which warning is looked at.
#[derive(Deserialize, Default, Clone, Copy)]
pub(super) struct Choice {
    pub(super) alert: Option<AlertId>,
    /// Only the panel of the warning, for its own page.
    #[serde(default)]
    pub(super) panel: bool,
}

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage {
    page: Page,
    stream: String,
    /// Where a browser without scripts looks again.
    again: String,
    outlines: Outlines,
    content: Board,
}

/// The moving part of the board.
#[derive(Template)]
#[template(path = "situation.html")]
pub(super) struct Board {
    v: Voice,
    base: &'static str,
    halted: Option<String>,
    /// That receipts are not handed on to the city's platform.
    standstill: Option<String>,
    cards: Vec<Card>,
    /// Lifts and corrections that are still told.
    ends: Vec<Card>,
    todo: Vec<Todo>,
    others: usize,
    gateways: Vec<Gateway>,
    fleet: Option<(usize, usize)>,
    /// Boxes of this officer's division with an alarm.
    box_alarms: Option<usize>,
    map: Option<Map>,
    panel: Option<Panel>,
    curve: Option<Curve>,
}

struct Card {
    id: String,
    is_on: bool,
    /// The number of the colour class; 0 without colour, for what warns of nothing.
    n: u8,
    grade: GradeMark,
    title: String,
    time: String,
    area: String,
    line: String,
    bar: Bar,
    share: String,
    /// That nothing of it has left yet, and for how long still.
    held: Option<String>,
}

struct Todo {
    step: &'static str,
    title: String,
    grade: GradeMark,
    line: String,
    path: String,
}

/// An account: how fast it sends now, and what waits for it.
struct Gateway {
    name: String,
    /// The present rate as a share of the licence.
    bar: Bar,
    rate: String,
    queue: String,
    /// That it cannot send, why and since when; that a template is not ready.
    troubles: Vec<String>,
    /// That receipts come for what was never sent.
    orphans: Option<String>,
}

/// The board's page.
pub(super) async fn show<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Query(choice): Query<Choice>,
) -> Result<Response, WebError> {
    let content = Board::now(&desk, &desk.voice(&visit), visit.officer(), choice).await?;
    let (stream, again) = match choice.alert {
        Some(id) => {
            (format!("{}/events?alert={id}", desk.base), format!("{}/?alert={id}&auto=true", desk.base))
        }
        None => (format!("{}/events", desk.base), format!("{}/?auto=true", desk.base)),
    };
    let (page, outlines) = (desk.page(&visit, "board").await?, desk.front.sketch.outlines());
    Ok(shown(StatusCode::OK, &BoardPage { page, stream, again, outlines, content }))
}

impl Board {
    /// The board as an officer sees it now.
    pub(super) async fn now<M: Mode>(
        desk: &Desk<M>,
        voice: &Voice,
        officer: &Officer,
        choice: Choice,
    ) -> Result<Self, WebError> {
        let situation = match choice.alert {
            Some(id) => desk.situation_of(id).await?,
            None => desk.situation().await?,
        };
        let (in_force, ends) = (situation.in_force(), situation.ends());
        let first = || in_force.first().or(ends.first()).copied();
        let chosen = choice.alert.and_then(|id| situation.alert(id)).or_else(first);
        let cards = |alerts: &[&StoredAlert]| {
            alerts.iter().map(|alert| card(voice, &situation, alert, chosen)).collect()
        };
        let policy = &desk.office.policy;
        let gazetteer = desk.office.gazetteer();
        let waiting: Vec<&StoredAlert> =
            situation.alerts.iter().filter(|alert| situation.is_waiting(alert)).collect();
        let todo = todo(desk.base, voice, &situation, officer, policy);
        let others = waiting.iter().filter(|alert| turn_of(alert, officer, policy).is_none()).count();
        Ok(Self {
            v: voice.clone(),
            base: desk.base,
            halted: situation.halted.clone(),
            standstill: standstill(desk, voice),
            cards: cards(&in_force),
            ends: cards(&ends),
            todo,
            others,
            gateways: desk
                .office
                .engine()
                .accounts()
                .map(|it| gateway(voice, &situation, it.as_ref()))
                .collect(),
            fleet: situation.fleet.map(|count| (count.online, count.offline)),
            box_alarms: desk.office.fleet().ok().map(|fleet| fleet.with_alarm(officer.owner.scope)),
            map: desk.front.sketch.map(voice, M::KIND, &in_force),
            panel: chosen.map(|alert| Panel::of(voice, desk.base, &situation, alert, officer, gazetteer)),
            curve: chosen.map(|alert| curve(voice, &situation, alert)),
        })
    }
}

/// Receipts of drills are handed on to nobody.
fn standstill<M: Mode>(desk: &Desk<M>, voice: &Voice) -> Option<String> {
    let stands = desk.front.forwards.now().filter(|_| M::KIND == ModeKind::Live)?;
    let since = voice.moment(stands.since);
    Some(match stands.status() {
        Some(status) => voice.pair("web-forward-refused", since, status),
        None => voice.with("web-forward-silent", "a", since),
    })
}

fn card(voice: &Voice, situation: &Situation, alert: &StoredAlert, chosen: Option<&StoredAlert>) -> Card {
    let content = &alert.content;
    let sum = total(&funnels(&situation.plans_of(alert.id)));
    let held = held(alert, situation.at).filter(|_| sum.has_not_left()).map(seconds_up);
    let released = if held.is_some() { "web-signed-at" } else { "web-released" };
    let ((done, whole), grade) = (sum.progress(), GradeMark::of(voice, alert));
    Card {
        id: alert.id.to_string(),
        is_on: chosen.is_some_and(|chosen| chosen.id == alert.id),
        n: if grade.is_hollow { 0 } else { grade.n },
        grade,
        title: voice.hazard(&content.hazard),
        time: released_at(alert).map_or_else(String::new, |at| voice.with(released, "a", voice.moment(at))),
        area: content.area.described.clone(),
        line: voice.pair("web-kind-until", voice.kind(content.kind), voice.moment(content.expires)),
        bar: Bar::of(done, whole),
        share: share_words(voice, &sum),
        held: held.map(|seconds| voice.with("web-held", "a", seconds)),
    }
}

/// What this officer can do now: drafts of their own to submit, others' to approve, approved ones to release.
fn todo(
    base: &str,
    voice: &Voice,
    situation: &Situation,
    officer: &Officer,
    policy: &ReleasePolicy,
) -> Vec<Todo> {
    let one = |alert: &StoredAlert| {
        let step = turn_of(alert, officer, policy)?;
        let at = match &alert.state {
            AlertState::Submitted { submitted, .. } | AlertState::Approved { submitted, .. } => submitted.at,
            _ => alert.created,
        };
        let path = if step == "release" { "/release" } else { "" };
        Some(Todo {
            step,
            title: voice.hazard(&alert.content.hazard),
            grade: GradeMark::of(voice, alert),
            line: voice.pair("web-by-at", situation.name(alert.author), voice.moment(at)),
            path: format!("{base}/alerts/{}{path}", alert.id),
        })
    };
    situation.alerts.iter().filter(|alert| !situation.is_void(alert)).filter_map(one).collect()
}

fn gateway<M: Mode>(voice: &Voice, situation: &Situation, account: &dyn Channel<M>) -> Gateway {
    // What holds now: sums over all that ever left would change with a restart. What is held waits for no gateway.
    let live: Vec<AlertId> = situation.live().iter().map(|alert| alert.id).collect();
    let is_here = |plan: &&PlanView| plan.account == *account.account() && live.contains(&plan.alert);
    let is_due = |plan: &&PlanView| is_here(plan) && plan.not_before <= situation.at;
    let plans: Vec<&PlanView> = situation.plans.iter().filter(is_due).collect();
    let licence = account.limits().rate;
    let limit = u64::from(licence.units.get());
    // The licence counts a hair more than its second or minute.
    let pace = situation.paces.get(account.account()).map_or(0, |pace| u64::from(*pace).min(limit));
    let trouble =
        situation.links.get(account.account()).and_then(|link| trouble(voice, account.kind(), link));
    let unready = |unfit: &Unfit| {
        let (what, why) = what_and_why(unfit);
        voice.pair("web-unready", what, why)
    };
    Gateway {
        name: format!("{} {}", voice.channel(account.kind()), account.account()),
        bar: Bar::of(pace, limit),
        rate: match licence.per {
            Per::Second => format!("{}/{}", thousands(pace), thousands(limit)),
            Per::Minute => voice.pair("web-rate-minute", thousands(pace), thousands(limit)),
        },
        queue: voice.with("web-queue", "a", thousands(total(&funnels(&plans)).queued)),
        troubles: trouble.into_iter().chain(account.unready().iter().map(unready)).collect(),
        orphans: situation
            .orphans
            .get(account.account())
            .and_then(|orphans| orphans_of_today(voice, *orphans, situation.at)),
    }
}

/// That receipts come for what was never sent, where the last one is no older than a day.
fn orphans_of_today(voice: &Voice, orphans: Orphans, now: Timestamp) -> Option<String> {
    let last = orphans.last.filter(|last| now.since(*last) < Duration::from_hours(24))?;
    Some(voice.pair("web-orphans", thousands(orphans.count as u64), voice.moment(last)))
}

/// That an account cannot send, why and since when.
fn trouble(voice: &Voice, channel: ChannelKind, link: &Link) -> Option<String> {
    let (since, detail) = match link {
        Link::Up => return None,
        Link::Down { since } | Link::Mute { since } => (since, ""),
        Link::Refused { since, detail } | Link::Closed { since, detail, .. } => (since, detail.as_str()),
    };
    let key = match (channel, link) {
        // Each of them has keys of its own: it is one robot's settings, and nobody at a carrier can help.
        (ChannelKind::Robot, Link::Closed { .. }) => "web-link-closed-robot".to_owned(),
        _ => format!("web-link-{}", link.word()),
    };
    Some(voice.pair(&key, voice.time(*since), detail))
}
