//! How one warning arrives: the panel at the right of the board and on the warning's own page.

use super::{
    call::Calls,
    curve::Curve,
    funnel::{Funnel, funnels, reasons, total, townships},
    marks::{Bar, GradeMark},
    mass::{self, MassLine},
    situation::{Situation, held, released_at},
    voice::{Voice, per_mille, share, thousands},
};
use crate::office::{ended_at, may_withdraw};
use askama::Template;
use mingluo_dispatch::{tally::arrival, view::PlanView};
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::AlertKind,
    audience::ChannelKind,
    clock::Timestamp,
    delivery::DeliveryState,
    owner::{Officer, Role},
    plan::AccountName,
};
use mingluo_targeting::gazetteer::Gazetteer;
use std::{collections::BTreeMap, time::Duration};

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
    /// Seconds of the hold that are left, in which nothing of it leaves.
    held: Option<u64>,
    may_recall: bool,
    may_update: bool,
    may_withdraw: bool,
    sum: Sum,
    /// What became of its mass sends.
    mass: Vec<MassLine>,
    /// What the share of arrivals leaves out, where it leaves anything out.
    notes: Vec<String>,
    /// Who was called and who answered, where anybody is.
    calls: Option<Calls>,
    heads: Vec<Head>,
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

/// A column's title, and how its cells stand.
struct Head {
    word: String,
    class: &'static str,
}

struct Row {
    name: String,
    cells: Vec<Cell>,
    bar: Bar,
}

struct Cell {
    text: String,
    class: &'static str,
    /// Small words under the number.
    note: Option<String>,
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
        let (whole, towns) = (total(&funnels), townships(&plans));
        let columns = columns(&whole);
        let content = &alert.content;
        let held = held(alert, situation.at).filter(|_| whole.has_not_left());
        Self {
            v: voice.clone(),
            base,
            id: alert.id.to_string(),
            grade: GradeMark::of(voice, alert),
            hazard: voice.hazard(&content.hazard),
            kind: voice.kind(content.kind),
            area: content.area.described.clone(),
            when: when(voice, alert, situation.at, held.is_some()),
            held: held.map(seconds_up),
            may_recall: may_recall(alert, officer),
            may_update: may_update(alert, officer),
            may_withdraw: may_take_back(alert, officer),
            sum: sum(voice, &whole),
            mass: mass::lines(voice, situation, alert, &plans),
            notes: notes(voice, &whole, &funnels)
                .into_iter()
                .chain(confirmed(voice, &plans))
                .chain(handed_over(voice, &plans))
                .chain(flashes(voice, &plans))
                .collect(),
            calls: Calls::of(voice, situation, alert, officer),
            heads: columns.iter().map(|column| column.head(voice)).collect(),
            rows: funnels.iter().map(|funnel| row(voice, funnel, &columns)).collect(),
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

/// Whether this officer may take a release back inside the hold.
pub(super) fn may_recall(alert: &StoredAlert, officer: &Officer) -> bool {
    officer.may(Role::Releaser) && officer.owner.covers(&alert.owner)
}

/// Whole seconds, rounded up: while any is left, it is not zero.
pub(super) const fn seconds_up(left: Duration) -> u64 {
    left.as_millis().div_ceil(1000) as u64
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

/// From when to when it holds; of what has ended, that it has and when.
fn when(voice: &Voice, alert: &StoredAlert, now: Timestamp, is_held: bool) -> String {
    let until = voice.moment(alert.content.expires);
    if let Some(at) = ended_at(&alert.state) {
        return voice.pair("web-ended-at", voice.state(alert, now), voice.moment(at));
    }
    let released = if is_held { "web-signed-until" } else { "web-released-until" };
    match released_at(alert) {
        Some(at) => voice.pair(released, voice.moment(at), until),
        None => voice.with("web-until", "a", until),
    }
}

fn sum(voice: &Voice, total: &Funnel) -> Sum {
    Sum {
        has_plans: total.target > 0,
        target: thousands(total.target),
        arrived: thousands(total.arrived),
        share: share_words(voice, total),
        failed: thousands(total.failed),
        open_ends: thousands(total.silent + total.unknown),
    }
}

/// The share of arrivals; of mail alone the share that has left us, and says so; a dash of nothing.
pub(super) fn share_words(voice: &Voice, row: &Funnel) -> String {
    match row.progress() {
        (_, 0) => "–".to_owned(),
        (done, whole) if row.countable > 0 => share(done, whole),
        (done, whole) => voice.with("web-left-share", "a", share(done, whole)),
    }
}

fn notes(voice: &Voice, total: &Funnel, rows: &[Funnel]) -> Vec<String> {
    // Of mass sends their own lines tell.
    let left: u64 = rows.iter().filter(|row| !row.in_totals).map(|row| row.left).sum();
    let withdrawn = voice.pair("web-share-withdrawn", thousands(total.withdrawn), thousands(total.countable));
    let mail = voice.pair("web-share-mail", thousands(left), thousands(total.countable));
    let notes = [(total.withdrawn > 0, withdrawn), (left > 0, mail)];
    notes.into_iter().filter_map(|(holds, note)| holds.then_some(note)).collect()
}

/// How many officials pressed the button below their message (按钮确认).
fn confirmed(voice: &Voice, plans: &[&PlanView]) -> Option<String> {
    let of_members = || plans.iter().filter(|plan| plan.channel == ChannelKind::WeCom);
    let target: u64 = of_members().map(|plan| u64::from(plan.counts.target)).sum();
    let word = DeliveryState::Acknowledged.word();
    let pressed = of_members().filter_map(|plan| plan.counts.states.get(word));
    let pressed: u64 = pressed.map(|count| u64::from(*count)).sum();
    (target > 0).then(|| voice.pair("web-confirmed", thousands(pressed), thousands(target)))
}

/// What other accounts send instead of those that cannot (改由其他账号发送).
/// What became of the flashes (闪信) beside the messages.
fn flashes(voice: &Voice, plans: &[&PlanView]) -> Option<String> {
    let all = || plans.iter().filter_map(|plan| plan.additions);
    let taken: u64 = all().map(|one| u64::from(one.taken)).sum();
    let not_taken: u64 = all().map(|one| u64::from(one.not_taken)).sum();
    (taken + not_taken > 0).then(|| voice.pair("web-flashes", thousands(taken), thousands(not_taken)))
}

fn handed_over(voice: &Voice, plans: &[&PlanView]) -> Vec<String> {
    let mut sums: BTreeMap<(&AccountName, &AccountName), u64> = BTreeMap::new();
    for plan in plans {
        let from = plans.iter().find(|other| Some(other.plan) == plan.instead_of);
        let taken_over = u64::from(plan.counts.target + plan.handed_over);
        if let Some(from) = from {
            *sums.entry((&from.account, &plan.account)).or_default() += taken_over;
        }
    }
    let note =
        |((from, to), n): ((&AccountName, &AccountName), u64)| voice.handed_over(from, to, thousands(n));
    sums.into_iter().map(note).collect()
}

/// A column of the funnel table (列).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Target,
    Accepted,
    Arrived,
    Queued,
    UnderWay,
    Failed,
    Silent,
    Unknown,
    Withdrawn,
    Expired,
    Share,
}

/// The columns of a table; what is seldom has one only where there is some of it.
fn columns(total: &Funnel) -> Vec<Column> {
    use Column::{
        Accepted, Arrived, Expired, Failed, Queued, Share, Silent, Target, UnderWay, Unknown, Withdrawn,
    };
    let all = [
        (true, Target),
        (total.queued > 0, Queued),
        (true, Accepted),
        (true, Arrived),
        (true, UnderWay),
        (true, Failed),
        (true, Silent),
        (true, Unknown),
        (total.withdrawn > 0, Withdrawn),
        (total.expired > 0, Expired),
        (true, Share),
    ];
    all.into_iter().filter_map(|(is_shown, column)| is_shown.then_some(column)).collect()
}

impl Column {
    fn head(self, voice: &Voice) -> Head {
        let word = match self {
            Self::Share => voice.say("web-kpi-share"),
            Self::Target => voice.say("web-col-target"),
            Self::Accepted => voice.say("web-col-accepted"),
            Self::Arrived => voice.say("web-col-arrived"),
            Self::Queued => voice.say("web-col-queued"),
            Self::UnderWay => voice.say("web-col-under-way"),
            Self::Failed => voice.say("web-col-failed"),
            Self::Silent => voice.say("web-col-silent"),
            Self::Unknown => voice.say("web-col-unknown"),
            Self::Withdrawn => voice.say("web-col-withdrawn"),
            Self::Expired => voice.say("web-col-expired"),
        };
        Head { word, class: if self.is_left_out() { "hm" } else { "" } }
    }

    /// Whether narrow screens leave it out.
    const fn is_left_out(self) -> bool {
        matches!(self, Self::Accepted | Self::UnderWay)
    }

    fn cell(self, voice: &Voice, row: &Funnel) -> Cell {
        let class = match self {
            Self::Arrived | Self::Share => "b",
            _ if self.is_left_out() => "hm",
            _ => "",
        };
        // That it was taken is all that is ever known of a mail or of one of a mass send, and that is no arrival.
        let only_left = row.left > 0 && row.countable == 0;
        let note = (self == Self::Arrived && only_left).then(|| voice.say("web-left-us"));
        Cell { text: self.number(voice, row, only_left), class, note }
    }

    fn number(self, voice: &Voice, row: &Funnel, only_left: bool) -> String {
        let number = match self {
            Self::Share if only_left => return "–".to_owned(),
            Self::Share => return share_words(voice, row),
            Self::Target => row.target,
            Self::Accepted => row.accepted,
            Self::Arrived if only_left => row.left,
            Self::Arrived => row.arrived,
            Self::Queued => row.queued,
            // What did not leave yet is not on its way.
            Self::UnderWay => row.under_way - row.queued,
            Self::Failed => row.failed,
            Self::Silent => row.silent,
            Self::Unknown => row.unknown,
            Self::Withdrawn => row.withdrawn,
            Self::Expired => row.expired,
        };
        thousands(number)
    }
}

fn row(voice: &Voice, funnel: &Funnel, columns: &[Column]) -> Row {
    let part = |number| per_mille(number, funnel.target - funnel.withdrawn);
    Row {
        name: name(voice, funnel),
        cells: columns.iter().map(|column| column.cell(voice, funnel)).collect(),
        bar: Bar {
            done: part(funnel.arrived + funnel.left),
            under_way: part(funnel.accepted - funnel.arrived - funnel.left),
            failed: part(funnel.failed + funnel.expired + funnel.unknown),
        },
    }
}

/// The name of a row.
pub(super) fn name(voice: &Voice, funnel: &Funnel) -> String {
    let channel = match funnel.channel {
        Some(_) if funnel.in_totals => voice.say("web-mass"),
        Some(channel) => voice.channel(channel),
        None => String::new(),
    };
    if funnel.is_fallback { voice.with("web-fallback", "a", channel) } else { channel }
}

/// The name of a row where times are told: of mail and mass sends they are those of leaving us.
fn reached_name(voice: &Voice, funnel: &Funnel) -> String {
    let name = name(voice, funnel);
    let tells_of_arrival = |one| arrival(one) != DeliveryState::Accepted;
    let only_leaves = funnel.in_totals || !funnel.channel.is_none_or(tells_of_arrival);
    if only_leaves { voice.with("web-left-name", "a", name) } else { name }
}

fn times(voice: &Voice, funnel: &Funnel) -> Times {
    let told =
        |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), |ms| voice.span(Duration::from_millis(ms)));
    let [half, most, nearly] = funnel.reached_ms;
    let first = funnel.first_byte_ms.map_or_else(|| "–".to_owned(), |ms| voice.with("web-ms", "a", ms));
    Times { name: reached_name(voice, funnel), cells: [first, told(half), told(most), told(nearly)] }
}

fn causes(voice: &Voice, reasons: &[((ChannelKind, &'static str), u64)]) -> Vec<Cause> {
    let most = reasons.first().map_or(1, |(_, count)| *count);
    let cause = |((channel, word), count): &((ChannelKind, &'static str), u64)| Cause {
        name: voice.reason(*channel, word),
        bar: Bar::of(*count, most),
        count: thousands(*count),
    };
    reasons.iter().map(cause).collect()
}
