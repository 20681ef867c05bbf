//! The broadcasts of a warning, box by box, in the states of the standard (播发状态).

use super::{
    super::{
        desk::Desk,
        dress::shown,
        error::WebError,
        marks::Bar,
        page::Page,
        visit::{Id, Visit},
        voice::Voice,
    },
    division, moment,
};
use crate::office::broadcast::Broadcast;
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use mingluo_model::{
    bulletin::ResourceCode,
    fleet::{BroadcastState, Playout},
    id::AlertId,
    mode::Mode,
    owner::Officer,
};
use std::sync::Arc;

/// Boxes that are shown; the worst come first.
const MOST_ROWS: usize = 200;

#[derive(Template)]
#[template(path = "broadcast.html")]
struct BroadcastPage {
    page: Page,
    stream: String,
    id: String,
    content: BroadcastNow,
}

/// The moving part.
#[derive(Template)]
#[template(path = "broadcast_now.html")]
pub(in crate::web) struct BroadcastNow {
    v: Voice,
    tables: Vec<Table>,
}

/// One bulletin in its boxes.
#[derive(Template)]
#[template(path = "broadcast_table.html")]
pub(super) struct Table {
    v: Voice,
    base: &'static str,
    ebm: String,
    code: u8,
    state: String,
    bar: Bar,
    counts: Vec<(String, usize)>,
    rows: Vec<Row>,
    more: usize,
}

struct Row {
    code: String,
    division: String,
    number: u8,
    state: String,
    started: String,
    ended: String,
    heard: String,
    reason: String,
}

/// The page.
pub(in crate::web) async fn show<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Result<Response, WebError> {
    let content = BroadcastNow::now(&desk, &desk.voice(&visit), visit.officer(), id).await?;
    let page = BroadcastPage {
        page: desk.page(&visit, "alerts").await?,
        stream: format!("{}/alerts/{id}/broadcasts/events", desk.base),
        id: id.to_string(),
        content,
    };
    Ok(shown(StatusCode::OK, &page))
}

impl BroadcastNow {
    /// All bulletins of a warning as they stand now.
    pub(in crate::web) async fn now<M: Mode>(
        desk: &Desk<M>,
        voice: &Voice,
        officer: &Officer,
        id: AlertId,
    ) -> Result<Self, WebError> {
        let broadcasts = desk.office.broadcasts(officer, id).await?;
        let tables = broadcasts.iter().map(|it| Table::of(desk, voice, officer, it)).collect();
        Ok(Self { v: voice.clone(), tables })
    }
}

/// What needs a look comes first.
const fn rank(state: BroadcastState) -> u8 {
    match state {
        BroadcastState::Failed => 0,
        BroadcastState::NotHandled => 1,
        BroadcastState::Waiting => 2,
        BroadcastState::Playing => 3,
        BroadcastState::Cancelled => 4,
        BroadcastState::Success => 5,
    }
}

impl Table {
    pub(super) fn of<M: Mode>(
        desk: &Desk<M>,
        voice: &Voice,
        officer: &Officer,
        broadcast: &Broadcast,
    ) -> Self {
        let state = broadcast.state(desk.front.clock.now());
        let word = |state: BroadcastState| voice.word("brd", state.word());
        let n = |state| broadcast.count(state) as u64;
        let all = broadcast.boxes.len() as u64;
        let mut boxes: Vec<(&ResourceCode, Option<&Playout>)> =
            broadcast.boxes.iter().map(|(code, playout)| (code, playout.as_ref())).collect();
        boxes.sort_by_key(|(code, playout)| (rank(Broadcast::state_of(*playout)), **code));
        let row = |(code, playout): &(&ResourceCode, Option<&Playout>)| {
            let state = Broadcast::state_of(*playout);
            let view = desk.office.one_box(officer, **code).ok();
            let heard = playout.and_then(|it| it.heard).map_or("", |heard| if heard { "✓" } else { "✗" });
            Row {
                code: code.to_string(),
                division: division(desk, view.and_then(|view| view.region())),
                number: state.code(),
                state: word(state),
                started: moment(voice, playout.and_then(|it| it.started)),
                ended: moment(voice, playout.and_then(|it| it.ended)),
                heard: heard.to_owned(),
                reason: playout.map_or_else(String::new, |it| super::why(voice, &it.reason)),
            }
        };
        Self {
            v: voice.clone(),
            base: desk.base,
            ebm: broadcast.ebm.to_string(),
            code: state.code(),
            state: word(state),
            bar: Bar {
                done: Bar::of(n(BroadcastState::Success), all).done,
                under_way: Bar::of(n(BroadcastState::Playing) + n(BroadcastState::Waiting), all).done,
                failed: Bar::of(n(BroadcastState::Failed), all).done,
            },
            counts: BroadcastState::ALL.into_iter().map(|it| (word(it), broadcast.count(it))).collect(),
            rows: boxes.iter().take(MOST_ROWS).map(row).collect(),
            more: boxes.len().saturating_sub(MOST_ROWS),
        }
    }
}
