//! How one warning arrives: the panel at the right of the board and on the warning's own page.

use super::{
    curve::Curve,
    funnel::{Funnel, funnels, reasons, total, townships},
    marks::{Bar, GradeMark},
    situation::{Situation, released_at},
    voice::{Voice, per_mille, share, thousands},
};
use crate::office::may_withdraw;
use askama::Template;
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::AlertKind,
    clock::Timestamp,
    owner::{Officer, Role},
};
use mingluo_targeting::gazetteer::Gazetteer;
use std::time::Duration;

/// Townships shown; the rest is counted.
const MOST_TOWNSHIPS: usize = 12;

/// Below this share of arrivals, in thousandths, a township's row is darkened.
const LOW: u64 = 800;

/// One warning's arrivals.
#[derive(Template)]
#[template(path = "panel.html")]
pub(super) struct Panel {
    v: Voice,
    base: &'static str,
    id: String,
    grade: GradeMark,
    hazard: String,
    kind: String,
    area: String,
    when: String,
    may_update: bool,
    may_withdraw: bool,
    sum: Sum,
    rows: Vec<Row>,
    times: Vec<Times>,
    towns: Vec<Town>,
    more_towns: usize,
    reasons: Vec<Cause>,
}

struct Sum {
    has_plans: bool,
    target: String,
    arrived: String,
    share: String,
    failed: String,
    open_ends: String,
}

struct Row {
    name: String,
    cells: [String; 8],
    bar: Bar,
}

struct Times {
    name: String,
    cells: [String; 4],
}

struct Town {
    name: String,
    county: String,
    target: String,
    bar: Bar,
    share: String,
    is_low: bool,
}

struct Cause {
    name: String,
    bar: Bar,
    count: String,
}

impl Panel {
    /// The panel of an alert.
    pub(super) fn of(
        voice: &Voice,
        base: &'static str,
        situation: &Situation,
        alert: &StoredAlert,
        officer: &Officer,
        gazetteer: &Gazetteer,
    ) -> Self {
        let plans = situation.plans_of(alert.id);
        let funnels = funnels(&plans);
        let towns = townships(&plans);
        let content = &alert.content;
        Self {
            v: voice.clone(),
            base,
            id: alert.id.to_string(),
            grade: GradeMark::new(voice, content.grade),
            hazard: voice.hazard(&content.hazard),
            kind: voice.kind(content.kind),
            area: content.area.described.clone(),
            when: when(voice, alert),
            may_update: may_update(alert, officer),
            may_withdraw: may_take_back(alert, officer),
            sum: sum(&total(&funnels)),
            rows: funnels.iter().map(|funnel| row(voice, funnel)).collect(),
            times: funnels.iter().map(|funnel| times(voice, funnel)).collect(),
            more_towns: towns.len().saturating_sub(MOST_TOWNSHIPS),
            towns: towns
                .iter()
                .take(MOST_TOWNSHIPS)
                .map(|town| {
                    let parent = town.code.parent().and_then(|code| gazetteer.get(code));
                    Town {
                        name: gazetteer
                            .get(town.code)
                            .map_or_else(|| town.code.to_string(), |it| it.name.to_string()),
                        county: parent.map_or_else(String::new, |it| it.name.to_string()),
                        target: thousands(town.target),
                        bar: Bar::of(town.arrived, town.target),
                        share: share(town.arrived, town.target),
                        is_low: per_mille(town.arrived, town.target) < LOW,
                    }
                })
                .collect(),
            reasons: causes(voice, &reasons(&plans)),
        }
    }
}

/// Whether this officer may begin an update of this warning.
pub(super) fn may_update(alert: &StoredAlert, officer: &Officer) -> bool {
    stands(alert) && officer.may(Role::Author) && officer.owner.covers(&alert.owner)
}

/// Whether this officer may lift or correct this warning.
pub(super) fn may_take_back(alert: &StoredAlert, officer: &Officer) -> bool {
    stands(alert) && may_withdraw(officer) && officer.owner.covers(&alert.owner)
}

/// A warning, not the end of one, that was released and holds.
const fn stands(alert: &StoredAlert) -> bool {
    matches!(alert.content.kind, AlertKind::Alert | AlertKind::Update(_)) && released_at(alert).is_some()
}

/// The curve of an alert.
pub(super) fn curve(voice: &Voice, situation: &Situation, alert: &StoredAlert) -> Curve {
    let plans = situation.plans_of(alert.id);
    let start = plans.iter().map(|plan| plan.not_before).min().unwrap_or(situation.at);
    Curve::of(voice, &funnels(&plans), elapsed(situation.at, start))
}

fn elapsed(now: Timestamp, start: Timestamp) -> Duration {
    now.since(start)
}

fn when(voice: &Voice, alert: &StoredAlert) -> String {
    let until = voice.moment(alert.content.expires);
    match released_at(alert) {
        Some(at) => voice.pair("web-released-until", voice.moment(at), until),
        None => voice.with("web-until", "a", until),
    }
}

fn sum(total: &Funnel) -> Sum {
    Sum {
        has_plans: total.target > 0,
        target: thousands(total.target),
        arrived: thousands(total.arrived),
        share: share(total.arrived, total.target),
        failed: thousands(total.failed),
        open_ends: thousands(total.silent + total.unknown),
    }
}

fn row(voice: &Voice, funnel: &Funnel) -> Row {
    let numbers = [
        funnel.target,
        funnel.accepted,
        funnel.arrived,
        funnel.under_way,
        funnel.failed,
        funnel.silent,
        funnel.unknown,
    ];
    let [target, accepted, arrived, under_way, failed, silent, unknown] = numbers.map(thousands);
    let part = |number| per_mille(number, funnel.target);
    Row {
        name: name(voice, funnel),
        cells: [
            target,
            accepted,
            arrived,
            under_way,
            failed,
            silent,
            unknown,
            share(funnel.arrived, funnel.target),
        ],
        bar: Bar {
            done: part(funnel.arrived),
            under_way: part(funnel.accepted - funnel.arrived),
            failed: part(funnel.failed + funnel.over + funnel.unknown),
        },
    }
}

fn name(voice: &Voice, funnel: &Funnel) -> String {
    let channel = funnel.channel.map_or_else(String::new, |channel| voice.channel(channel));
    if funnel.is_fallback { voice.with("web-fallback", "a", channel) } else { channel }
}

fn times(voice: &Voice, funnel: &Funnel) -> Times {
    let told =
        |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), |ms| voice.span(Duration::from_millis(ms)));
    let [half, most, nearly] = funnel.reached_ms;
    let first = funnel.first_byte_ms.map_or_else(|| "–".to_owned(), |ms| voice.with("web-ms", "a", ms));
    Times { name: name(voice, funnel), cells: [first, told(half), told(most), told(nearly)] }
}

fn causes(voice: &Voice, reasons: &[(&'static str, u64)]) -> Vec<Cause> {
    let most = reasons.first().map_or(1, |(_, count)| *count);
    let cause = |(word, count): &(&'static str, u64)| Cause {
        name: voice.word("reason", word),
        bar: Bar::of(*count, most),
        count: thousands(*count),
    };
    reasons.iter().map(cause).collect()
}
