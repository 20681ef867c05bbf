//! Renewal (证书续期): what a box asks over its link is carried to the desk, with what mutual TLS proved of who asks, and the
//! answer goes back on whatever link the box has by then. The desk may be slow or away; no link waits for it.

use super::{
    enrol::Desk,
    hub::SpeakerHub,
    incident::IncidentKind,
    pages::Caller,
    row::{Line, Over},
};
use mingluo_model::{
    bulletin::ResourceCode,
    clock::Timestamp,
    link::{
        CityFrame, Renew,
        renew::{MOST_RENEWAL, NotRenewed, Petition},
    },
};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;

/// Requests that may wait for the desk; whoever asks then is told to ask again later.
const MOST_WAITING: usize = 256;

/// A request on its way to the desk, and the link that it came by.
#[derive(Debug)]
pub(super) struct Request {
    petition: Petition,
    link: u64,
}

/// What is known of one box's certificates, since the start.
#[derive(Debug, Default)]
pub(super) struct Papers {
    /// The link or the poll that was opened last.
    pub(super) link: u64,
    /// The frame that answers a request, until it is sent.
    pub(super) answer: Option<Utf8Bytes>,
    // Of the certificate that was shown last.
    until: Option<Timestamp>,
    // The latest end of all that were shown: whatever ends earlier has a successor.
    latest: Option<Timestamp>,
    is_asked: bool,
}

impl Papers {
    /// Until when the certificate is good that was shown last.
    pub(super) const fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// A certificate is shown; one whose successor was shown before is an incident.
    pub(super) fn shown(&mut self, caller: &Caller) -> Option<IncidentKind> {
        self.until = Some(caller.until);
        self.latest = self.latest.max(self.until);
        let is_old = self.is_superseded(caller.until);
        is_old.then_some(IncidentKind::Superseded { address: caller.from })
    }

    fn is_superseded(&self, until: Timestamp) -> bool {
        self.latest.is_some_and(|latest| until < latest)
    }

    /// Whether this link may ask now; one request of a box is under way at most.
    fn ask(&mut self, line: &Line) -> Result<bool, NotRenewed> {
        if self.is_superseded(line.caller.until) {
            return Err(NotRenewed::Superseded);
        }
        // Of a link that was cut off, what it said last may still come in.
        let is_newest = self.link == line.serial && line.over() != Some(Over::Revoked);
        Ok(is_newest && !std::mem::replace(&mut self.is_asked, true))
    }
}

impl SpeakerHub {
    /// Takes requests for certificates from here on, for [`serve`]. Called once.
    fn take_requests(&self) -> mpsc::Receiver<Request> {
        let (desk, requests) = mpsc::channel(MOST_WAITING);
        let _kept = self.desk.set(desk);
        requests
    }

    /// A box asks for its next certificate.
    pub(super) fn want_certificate(&self, line: &Line, renew: Renew) {
        let code = line.caller.code;
        let asked = match self.book().boxes.entry(code).or_default().papers.ask(line) {
            Ok(false) => return,
            Ok(true) => self.pass_on(line, renew.csr),
            Err(why) => Err(why),
        };
        if let Err(why) = asked {
            self.answer_request(code, Err(why));
        }
    }

    fn pass_on(&self, line: &Line, csr: String) -> Result<(), NotRenewed> {
        if csr.len() > MOST_RENEWAL {
            return Err(NotRenewed::BadRequest);
        }
        let desk = self.desk.get().ok_or(NotRenewed::Unavailable)?;
        let serial = hex::encode(&line.caller.serial);
        let petition = Petition { box_code: line.caller.code, serial, csr };
        desk.try_send(Request { petition, link: line.serial }).map_err(|_| NotRenewed::Unavailable)
    }

    /// Whether the box that asked on this link has opened no other since.
    fn is_newest(&self, request: &Request) -> bool {
        let mut book = self.book();
        let papers = &mut book.boxes.entry(request.petition.box_code).or_default().papers;
        // Whoever logged in since may ask for itself.
        papers.is_asked &= papers.link == request.link;
        papers.is_asked
    }

    fn answer_request(&self, code: ResourceCode, outcome: Result<String, NotRenewed>) {
        match &outcome {
            Ok(_) => tracing::info!(box_code = %code, "the certificate of a box is renewed"),
            Err(why) => tracing::warn!(box_code = %code, %why, "the certificate of a box is not renewed"),
        }
        let mut book = self.book();
        let row = book.boxes.entry(code).or_default();
        row.papers.is_asked = false;
        row.papers.answer = Some(CityFrame::Certificate(outcome.into()).write().into());
        row.wake();
    }
}

/// Carries requests to the desk, one after the other, until `stop`.
pub async fn serve(hub: Arc<SpeakerHub>, desk: Arc<dyn Desk>, stop: CancellationToken) {
    let mut requests = hub.take_requests();
    loop {
        let request = tokio::select! {
            request = requests.recv() => request,
            () = stop.cancelled() => return,
        };
        let Some(request) = request else { return };
        // On a poll the link is over when its answer has left, and is still the newest until the next.
        if !hub.is_newest(&request) {
            continue;
        }
        let outcome = desk.renew(&request.petition).await;
        hub.answer_request(request.petition.box_code, outcome);
    }
}
