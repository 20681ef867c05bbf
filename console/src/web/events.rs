//! The stream behind a board: one for each tab. It carries the whole moving part whenever it changed, at most every half
//! second, and a sign of life in between; every event has an id, and a new connection begins with the present state, so
//! that nothing needs to be replayed. It ends when the session does or when the program stops.

use super::{
    board::{Board, Choice},
    desk::Desk,
    error::WebError,
    panel::Panel,
    situation::FRESH,
    visit::Visit,
};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::{Sse, sse::Event},
};
use futures_util::{Stream, stream};
use mingluo_model::{clock::Timestamp, mode::Mode};
use sha2::{Digest, Sha256};
use std::{convert::Infallible, sync::Arc, time::Duration};

/// Silence after which a sign of life is sent.
const PULSE: Duration = Duration::from_secs(4);

/// How often the session is looked at again.
const SESSION_CHECK: Duration = Duration::from_secs(30);

/// One tab's stream.
struct Tab<M: Mode> {
    desk: Arc<Desk<M>>,
    visit: Visit,
    choice: Choice,
    shown: Option<[u8; 32]>,
    spoke: Duration,
    checked: Duration,
}

/// Opens the stream.
pub(super) async fn stream<M: Mode>(
    State(desk): State<Arc<Desk<M>>>,
    visit: Visit,
    Query(choice): Query<Choice>,
) -> ([(&'static str, &'static str); 1], Sse<impl Stream<Item = Result<Event, Infallible>>>) {
    let now = desk.front.clock.ticks();
    let tab = Tab { desk, visit, choice, shown: None, spoke: now, checked: now };
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
        let html = match (self.choice.panel, self.choice.alert) {
            (true, Some(id)) => {
                let situation = self.desk.situation_of(id).await?;
                let gazetteer = self.desk.office.gazetteer();
                let alert = situation.alert(id).ok_or(WebError::NoPage)?;
                let officer = self.visit.officer();
                Panel::of(&voice, self.desk.base, &situation, alert, officer, gazetteer).render()
            }
            _ => Board::now(&self.desk, &voice, self.visit.officer(), self.choice).await?.render(),
        };
        html.map_err(|error| {
            tracing::error!(%error, "a template could not be filled");
            WebError::NoPage
        })
    }
}

fn event(now: Timestamp) -> Event {
    Event::default().id(now.0.to_string())
}
