//! The stream behind a page that moves: one for each tab. It carries the whole moving part whenever it changed, at most every half
//! second, and a sign of life in between; every event has an id, and a new connection begins with the present state, so
//! that nothing needs to be replayed. It ends when the session does or when the program stops.

use super::{
    board::{Board, Choice},
    desk::Desk,
    error::WebError,
    fleet::{BoxNow, BroadcastNow, FleetNow, OrderNow},
    panel::Panel,
    situation::FRESH,
    visit::{Id, Visit},
    voice::Voice,
};
use crate::fleet::pick::Pick;
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{Sse, sse::Event},
};
use futures_util::{Stream, stream};
use mingluo_model::{
    bulletin::{EbmId, ResourceCode},
    clock::Timestamp,
    id::AlertId,
    mode::Mode,
};
use sha2::{Digest, Sha256};
use std::{convert::Infallible, sync::Arc, time::Duration};

/// Silence after which a sign of life is sent.
const PULSE: Duration = Duration::from_secs(4);

/// How often the session is looked at again.
const SESSION_CHECK: Duration = Duration::from_secs(30);

/// What a tab shows.
enum Look {
    Board(Choice),
    Fleet(Pick),
    Box(ResourceCode),
    Order(EbmId),
    Broadcasts(AlertId),
}

/// One tab's stream.
struct Tab<M: Mode> {
    desk: Arc<Desk<M>>,
    visit: Visit,
    look: Look,
    shown: Option<[u8; 32]>,
    spoke: Duration,
    checked: Duration,
}

type Answer<S> = ([(&'static str, &'static str); 1], Sse<S>);

/// The stream of a board.
pub(super) async fn stream<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Query(choice): Query<Choice>,
) -> Answer<impl Stream<Item = Result<Event, Infallible>>> {
    open(desk, visit, Look::Board(choice))
}

/// The stream of the boxes.
pub(super) async fn fleet<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Query(pick): Query<Pick>,
) -> Answer<impl Stream<Item = Result<Event, Infallible>>> {
    open(desk, visit, Look::Fleet(pick))
}

/// The stream of one box.
pub(super) async fn one_box<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Path(code): Path<String>,
) -> Result<Answer<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    Ok(open(desk, visit, Look::Box(code.parse().map_err(|_| WebError::NoPage)?)))
}

/// The stream of an order to boxes.
pub(super) async fn box_order<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Path(ebm): Path<String>,
) -> Result<Answer<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    Ok(open(desk, visit, Look::Order(ebm.parse().map_err(|_| WebError::NoPage)?)))
}

/// The stream of a warning's broadcasts.
pub(super) async fn broadcasts<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Id(id): Id,
) -> Answer<impl Stream<Item = Result<Event, Infallible>>> {
    open(desk, visit, Look::Broadcasts(id))
}

fn open<M: Mode>(
    desk: Arc<Desk<M>>,
    visit: Visit,
    look: Look,
) -> Answer<impl Stream<Item = Result<Event, Infallible>> + use<M>> {
    let now = desk.front.clock.ticks();
    let tab = Tab { desk, visit, look, shown: None, spoke: now, checked: now };
    let events = stream::unfold(tab, |mut tab| async move {
        let event = tab.next().await?;
        Some((Ok(event), tab))
    });
    // A proxy that gathers bytes would make the board stand still.
    ([("x-accel-buffering", "no")], Sse::new(events))
}

impl<M: Mode> Tab<M> {
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.shown.is_some() {
                tokio::select! {
                    () = self.desk.front.closing.cancelled() => return None,
                    () = self.desk.front.clock.sleep(FRESH) => {}
                }
            }
            if !self.may_go_on().await {
                return None;
            }
            let html = self.html().await.ok()?;
            let (ticks, now) = (self.desk.front.clock.ticks(), self.desk.front.clock.now());
            let hash: [u8; 32] = Sha256::digest(html.as_bytes()).into();
            if self.shown.replace(hash) != Some(hash) {
                self.spoke = ticks;
                return Some(event(now).data(html));
            }
            if ticks.saturating_sub(self.spoke) >= PULSE {
                self.spoke = ticks;
                return Some(event(now).event("pulse").data(now.0.to_string()));
            }
        }
    }

    async fn may_go_on(&mut self) -> bool {
        let now = self.desk.front.clock.ticks();
        if self.desk.front.closing.is_cancelled() {
            return false;
        }
        if now.saturating_sub(self.checked) < SESSION_CHECK {
            return true;
        }
        self.checked = now;
        matches!(self.desk.front.people.look(&self.visit.cookie).await, Ok(Some(_)))
    }

    async fn html(&self) -> Result<String, WebError> {
        let voice = self.desk.voice(&self.visit);
        let (desk, officer) = (&self.desk, self.visit.officer());
        let html = match &self.look {
            Look::Board(choice) => return self.board(&voice, *choice).await,
            Look::Fleet(pick) => FleetNow::now(desk, &voice, officer, pick)?.render(),
            Look::Box(code) => BoxNow::now(desk, &voice, officer, *code).await?.render(),
            Look::Order(ebm) => OrderNow::now(desk, &voice, officer, *ebm).await?.render(),
            Look::Broadcasts(id) => BroadcastNow::now(desk, &voice, officer, *id).await?.render(),
        };
        filled(html)
    }

    async fn board(&self, voice: &Voice, choice: Choice) -> Result<String, WebError> {
        let (desk, officer) = (&self.desk, self.visit.officer());
        filled(match (choice.panel, choice.alert) {
            (true, Some(id)) => {
                let situation = desk.situation_of(id).await?;
                let gazetteer = desk.office.gazetteer();
                let alert = situation.alert(id).ok_or(WebError::NoPage)?;
                Panel::of(voice, desk.base, &situation, alert, officer, gazetteer).render()
            }
            _ => Board::now(desk, voice, officer, choice).await?.render(),
        })
    }
}

fn filled(html: askama::Result<String>) -> Result<String, WebError> {
    html.map_err(|error| {
        tracing::error!(%error, "a template could not be filled");
        WebError::NoPage
    })
}

fn event(now: Timestamp) -> Event {
    Event::default().id(now.0.to_string())
}
