//! How the calls of a warning stand (叫应), in the panel beside its arrivals: who has not answered first, with everybody
//! who was asked; and the click of an officer who heard the answer on the telephone.

use super::{desk::Desk, error::WebError, situation::Situation, visit::Visit, voice::Voice};
use crate::office::{Asked, Called, Outcome, may_note};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{call::Rung, id::AlertId, mode::Mode, owner::Officer};
use std::{cmp::Reverse, sync::Arc};

/// Answered calls that are shown; the rest is counted.
const MOST_ANSWERED: usize = 12;

/// The calls of one warning.
pub(super) struct Calls {
    /// 已应 3 · 未应 2 · 无人可叫 1.
    pub(super) sum: String,
    pub(super) rows: Vec<Row>,
    /// Answered ones that are not shown.
    pub(super) more: usize,
}

/// One division.
pub(super) struct Row {
    pub(super) call: String,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) line: String,
    /// Who was asked and did not answer.
    pub(super) asked: Vec<String>,
    pub(super) is_open: bool,
    pub(super) is_grave: bool,
    pub(super) may_note: bool,
}

impl Calls {
    /// What the panel shows; nothing where nobody is called.
    pub(super) fn of(
        voice: &Voice,
        situation: &Situation,
        alert: &StoredAlert,
        officer: &Officer,
    ) -> Option<Self> {
        let called = situation.calls.get(&alert.id).filter(|called| !called.is_empty())?;
        let may = may_note(officer) && officer.owner.covers(&alert.owner);
        let mut sorted: Vec<&Called> = called.iter().collect();
        sorted.sort_by_key(|one| (Reverse(gravity(&one.outcome)), one.region));
        let answered = sorted.iter().filter(|one| gravity(&one.outcome) == 0).count();
        let shown = sorted.len() - answered.saturating_sub(MOST_ANSWERED);
        let row = |one: &&Called| Row::of(voice, situation, one, may);
        Some(Self {
            sum: sum(voice, called),
            rows: sorted.iter().take(shown).map(row).collect(),
            more: sorted.len() - shown,
        })
    }
}

impl Row {
    fn of(voice: &Voice, situation: &Situation, called: &Called, may: bool) -> Self {
        let is_open = !matches!(called.outcome, Outcome::Answered { .. });
        let asked = called.asked.iter().map(|asked| asked_words(voice, asked));
        Self {
            call: called.call.to_string(),
            name: called.name.clone(),
            state: voice.word("call", called.outcome.word()),
            line: line(voice, situation, called),
            asked: if is_open { asked.collect() } else { Vec::new() },
            is_open,
            is_grave: gravity(&called.outcome) >= gravity_of(Rung::Deputy),
            may_note: is_open && may,
        }
    }
}

/// The higher, the farther up the list; 0 once it is answered.
fn gravity(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Answered { .. } => 0,
        Outcome::Beginning => gravity_of(Rung::Asked),
        Outcome::Waiting { rung, .. } => gravity_of(*rung),
        Outcome::Nobody { .. } => gravity_of(Rung::Nobody),
    }
}

const fn gravity_of(rung: Rung) -> u8 {
    rung.number()
}

/// When it came so far; of an answer whose it is, too.
fn line(voice: &Voice, situation: &Situation, called: &Called) -> String {
    match &called.outcome {
        Outcome::Answered { at, who, by, officer } => {
            let by = voice.word("call-by", by);
            let who = who.clone().or_else(|| officer.map(|officer| situation.name(officer)));
            voice.pair("web-call-answered-line", voice.time(*at), format!("{} {by}", who.unwrap_or_default()))
        }
        Outcome::Waiting { since, .. } | Outcome::Nobody { since } if called.asked.is_empty() => {
            voice.with("web-call-none-here", "a", voice.time(*since))
        }
        Outcome::Waiting { since, .. } | Outcome::Nobody { since } => {
            voice.with("web-call-since", "a", voice.time(*since))
        }
        Outcome::Beginning => voice.with("web-call-since", "a", voice.time(called.opened)),
    }
}

/// 未应：乡镇值班室，站前社区（短信 09:26:01）.
fn asked_words(voice: &Voice, asked: &Asked) -> String {
    let how = format!("{} {}", voice.channel(asked.channel), voice.time(asked.at));
    voice.pair("web-call-silent", &asked.who, how)
}

/// How many stand how, the gravest last.
fn sum(voice: &Voice, called: &[Called]) -> String {
    let words = ["answered", "beginning", "asked", "reminded", "deputy", "county", "city", "nobody"];
    let counts = words.into_iter().filter_map(|word| {
        let count = called.iter().filter(|one| one.outcome.word() == word).count();
        (count > 0).then(|| format!("{} {count}", voice.word("call", word)))
    });
    counts.collect::<Vec<_>>().join(" · ")
}

/// Notes an answer that was heard on the telephone. A second click does nothing.
pub(super) async fn note<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Path((id, call)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let id: AlertId = id.parse().map_err(|_| WebError::NoPage)?;
    let call = call.parse().map_err(|_| WebError::NoPage)?;
    desk.office.note_answer(visit.officer(), id, call).await?;
    desk.watch.forget().await;
    Ok(Redirect::to(&format!("{}/alerts/{id}", desk.base)).into_response())
}
