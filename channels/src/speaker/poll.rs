//! A poll as the hub takes it: a link that lasts for one request. It says hello and cuts off an older link, its reports go
//! the way of all reports and are committed only when they are durable, and what is due leaves with the answer. What
//! becomes durable after that is committed at the next poll, when the box reports it again.

use super::{
    hub::SpeakerHub,
    link::STUCK_LIMIT,
    pages::{Answer, Asked, Caller, Page, answer, refusal},
    parting::Parting,
    row::Line,
};
use async_trait::async_trait;
use hyper::{Method, StatusCode, header};
use mingluo_model::{
    clock::within,
    link::{
        BoxFrame, CityFrame,
        poll::{KIND, MOST_ANSWERED, MOST_ASKED, lines, read_asked},
    },
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// How long an answer waits for the reports of its poll to become durable; the log takes some milliseconds.
const SETTLE: Duration = Duration::from_secs(3);
/// Frames of one poll at most: hello, heartbeat, answers on keys, and the reports.
const MOST_FRAMES: usize = 300;

/// The page of the polls.
pub(super) struct PollPage {
    pub(super) hub: Arc<SpeakerHub>,
}

#[async_trait]
impl Page for PollPage {
    fn most_body(&self) -> usize {
        MOST_ASKED
    }

    async fn answer(&self, caller: &Caller, asked: Asked) -> Answer {
        if asked.method() != Method::POST {
            let mut wrong = refusal(StatusCode::METHOD_NOT_ALLOWED, "轮询用 POST / a poll is a POST");
            wrong.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
            return wrong;
        }
        let frames = std::str::from_utf8(asked.body()).map_err(|_| Parting::Binary);
        let frames = frames.and_then(|text| Ok(read_asked(text)?));
        let told = match frames {
            Ok(frames) => self.hub.poll(caller, frames).await,
            Err(parting) => Err(parting),
        };
        match told {
            Ok(frames) => answer(StatusCode::OK, KIND, lines(frames.iter(), MOST_ANSWERED)),
            Err(parting) => {
                tracing::warn!(box_code = %caller.code, %parting, "a poll is refused");
                refusal(status(&parting), format!("轮询被拒 / the poll is refused: {parting}"))
            }
        }
    }
}

fn status(parting: &Parting) -> StatusCode {
    match parting {
        Parting::WrongCode { .. } | Parting::WrongMode { .. } | Parting::Revoked => StatusCode::FORBIDDEN,
        Parting::Stuck { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Parting::Replaced => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The line of a poll. It is taken down also when the box hangs up halfway.
struct Breath<'a> {
    hub: &'a SpeakerHub,
    line: Arc<Line>,
}

impl Drop for Breath<'_> {
    fn drop(&mut self) {
        self.hub.book().depart(self.line.caller.code, self.line.serial);
    }
}

impl SpeakerHub {
    /// Takes what a box says in a poll, and gives what it is answered.
    pub(super) async fn poll(
        &self,
        caller: &Caller,
        frames: Vec<BoxFrame>,
    ) -> Result<Vec<Utf8Bytes>, Parting> {
        let mut frames = frames.into_iter().take(MOST_FRAMES);
        let Some(BoxFrame::Hello(hello)) = frames.next() else { return Err(Parting::NoHello) };
        self.may_enter(&hello, caller.code)?;
        let line = self.book().visit(&hello, Arc::new(caller.clone()), self.clock.now());
        self.tell_news();
        let breath = Breath { hub: self, line };
        let mut said = BTreeSet::new();
        for frame in frames {
            said.extend(self.take_in(&breath.line, frame).await?);
        }
        self.settle(&breath.line, &said).await?;
        // The time is signed last, so that it is as fresh as it can be.
        let welcome = CityFrame::Welcome(self.welcome(&hello).await).write().into();
        let due = self.due(caller.code, breath.line.serial);
        Ok(std::iter::once(welcome).chain(due).collect())
    }

    /// Waits for the reports to become durable, but not for long.
    async fn settle(&self, line: &Line, said: &BTreeSet<u64>) -> Result<(), Parting> {
        let settled = async {
            loop {
                if let Some(over) = line.over() {
                    return Err(over.into());
                }
                if self.book().is_settled(line.caller.code, said) {
                    return Ok(());
                }
                line.wake.notified().await;
            }
        };
        within(self.clock.as_ref(), SETTLE, settled).await.unwrap_or(Ok(()))
    }

    /// Takes one frame of a box in; gives the id of a report.
    ///
    /// # Errors
    /// [`Parting`] when the box may not say that.
    pub(super) async fn take_in(&self, line: &Line, frame: BoxFrame) -> Result<Option<u64>, Parting> {
        let code = line.caller.code;
        match frame {
            BoxFrame::Hello(_) => return Err(Parting::SecondHello),
            BoxFrame::Report(report) => {
                self.note(code, None);
                if report.box_code != code {
                    return Err(Parting::WrongCode { said: report.box_code, certificate: code });
                }
                let id = report.id;
                let passed = within(self.clock.as_ref(), STUCK_LIMIT, self.hear(report)).await;
                passed.map_err(|_| Parting::Stuck { what: "dispatch does not take reports" })?;
                return Ok(Some(id));
            }
            BoxFrame::Keys(answer) => {
                self.note(code, None);
                self.rekeyed(code, &answer);
            }
            BoxFrame::Renew(renew) => {
                self.note(code, None);
                self.want_certificate(line, renew);
            }
            BoxFrame::Heartbeat(heartbeat) => self.note(code, Some(&heartbeat)),
            BoxFrame::Other => self.note(code, None),
        }
        Ok(None)
    }
}
