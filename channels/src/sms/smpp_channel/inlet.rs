//! The hearing hand, which also keeps the link alive.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::BytesMut;
use mingluo_model::{
    channel::{Inlet, ReceiptToken, Report, SendError, Verdict},
    clock::{SharedClock, Timestamp, within},
};
use tokio::{io::AsyncReadExt, net::tcp::OwnedReadHalf};

use super::{
    config::Account,
    keys,
    link::{Link, unreachable},
    verdict,
};
use crate::sms::smpp::{
    Body, CommandStatus, DeliveryReport, FrameError, Framer, Pdu, ShortMessage, StatusClass, command,
};

/// Octets asked of the socket at once: some thousand answers.
const READ: usize = 256 << 10;

/// Reads, decodes, and answers what needs no disk.
pub(super) struct SmppInlet {
    account: Arc<Account>,
    clock: SharedClock,
    link: Arc<Link>,
    socket: OwnedReadHalf,
    heard: BytesMut,
    /// When the last octet came, in the clock's ticks.
    alive: Duration,
    /// Since when we wait for a sign of life.
    asked: Option<Duration>,
    /// Why the session is over; told when everything heard before was reported.
    end: Option<SendError>,
}

impl SmppInlet {
    /// `heard` is what came behind the answer to the bind.
    pub(super) fn new(
        account: Arc<Account>,
        clock: SharedClock,
        link: Arc<Link>,
        socket: OwnedReadHalf,
        heard: BytesMut,
    ) -> Self {
        let alive = clock.ticks();
        Self { account, clock, link, socket, heard, alive, asked: None, end: None }
    }

    /// Everything that is whole in the buffer; it came at one time.
    fn decode(&mut self, reports: &mut Vec<Report>) {
        let at = self.clock.now();
        while self.end.is_none() {
            match Framer::default().push(&mut self.heard) {
                Ok(None) => return,
                Ok(Some(pdu)) => self.take(pdu, at, reports),
                Err(error) => self.take_broken(&error, reports),
            }
        }
    }

    fn take(&mut self, pdu: Pdu, at: Timestamp, reports: &mut Vec<Report>) {
        let Pdu { sequence, status, body } = pdu;
        match body {
            Body::SubmitSmResp(id) => {
                self.answer(sequence, verdict::of_submit(status, &id, self.account.id_form), reports);
                if matches!(status.class(), StatusClass::NotBound) {
                    self.end = Some(unreachable("the gateway says that the link is not bound"));
                }
            }
            Body::GenericNack => self.answer(sequence, verdict::of_nack(status), reports),
            Body::DeliverSm(message) => self.deliver(sequence, &message, at, reports),
            Body::EnquireLink => self.respond(sequence, Body::EnquireLinkResp),
            Body::Unbind => {
                self.respond(sequence, Body::UnbindResp);
                self.end = Some(unreachable("the gateway ended the session"));
            }
            Body::UnbindResp => {
                self.link.parted.notify_one();
                self.end = Some(unreachable("the session was ended"));
            }
            // A response to nothing of ours, or the sign of life that every octet is.
            other if other.command_id() & command::RESPONSE != 0 => {}
            _ => self.link.put(&Pdu::nack(sequence, CommandStatus::RINVCMDID)),
        }
    }

    fn answer(&self, sequence: u32, verdict: Verdict, reports: &mut Vec<Report>) {
        match self.link.keys.find(sequence) {
            Some(key) => reports.push(Report::Answer { key, verdict }),
            None => {
                tracing::warn!(account = %self.account.name, sequence, "answer to a part that was never sent");
            }
        }
    }

    fn deliver(&self, sequence: u32, message: &ShortMessage, at: Timestamp, reports: &mut Vec<Report>) {
        match DeliveryReport::read(message) {
            Ok(Some(report)) if report.is_final => {
                let receipt = verdict::receipt(report, message, self.account.id_form, at);
                reports.push(Report::Receipt { receipt, token: Some(ReceiptToken(sequence.into())) });
                return;
            }
            Ok(_) => {}
            // Unanswered it would come again and again.
            Err(error) => tracing::warn!(account = %self.account.name, %error, "receipt cannot be read"),
        }
        self.respond(sequence, Body::DeliverSmResp);
    }

    fn respond(&self, sequence: u32, body: Body) {
        self.link.put(&Pdu::response(sequence, CommandStatus::ROK, body));
    }

    fn take_broken(&mut self, error: &FrameError, reports: &mut Vec<Report>) {
        tracing::warn!(account = %self.account.name, %error, "gateway sent what cannot be read");
        if let Some(nack) = error.nack() {
            self.link.put(&nack);
        }
        match error {
            FrameError::Length(_) => self.end = Some(unreachable(error.to_string())),
            FrameError::Body { command_id, sequence, .. }
                if *command_id == command::SUBMIT_SM | command::RESPONSE =>
            {
                self.answer(*sequence, Verdict::Lost, reports);
            }
            FrameError::Body { .. } => {}
        }
    }

    /// Waits for octets or for a word from the outlet, and writes what waits meanwhile. Safe to cancel.
    async fn listen(&mut self) {
        let wait = self.patience();
        let (socket, heard, link) = (&mut self.socket, &mut self.heard, &self.link);
        heard.reserve(READ);
        let work = async {
            let mut flushed = false;
            loop {
                tokio::select! {
                    biased;
                    read = socket.read_buf(heard) => return Some(read),
                    // What cannot be written shows in what cannot be read, after all that can.
                    _written = link.flush(), if !flushed => flushed = true,
                    () = link.wake.notified() => return None,
                }
            }
        };
        match within(self.clock.as_ref(), wait, work).await {
            Ok(Some(Ok(0))) => self.end = Some(unreachable("the gateway closed the connection")),
            Ok(Some(Ok(_))) => (self.alive, self.asked) = (self.clock.ticks(), None),
            Ok(Some(Err(error))) => self.end = Some(unreachable(error.to_string())),
            Ok(None) => {}
            Err(_) => self.ask(),
        }
    }

    /// How long silence may go on before something is done about it.
    fn patience(&self) -> Duration {
        let until = match self.asked {
            Some(asked) => asked + self.account.response_timeout,
            None => self.alive + self.account.enquire_link,
        };
        until.saturating_sub(self.clock.ticks())
    }

    /// Asks for a sign of life; the second time in a row there is none.
    fn ask(&mut self) {
        if self.asked.is_some() {
            let detail = format!("no sign of life for {:?}", self.clock.ticks().saturating_sub(self.alive));
            self.end = Some(unreachable(detail));
            return;
        }
        self.asked = Some(self.clock.ticks());
        self.link.put(&Pdu::request(keys::wire(self.link.keys.take(1)), Body::EnquireLink));
    }
}

#[async_trait]
impl Inlet for SmppInlet {
    async fn next(&mut self, reports: &mut Vec<Report>) -> Result<(), SendError> {
        let before = reports.len();
        loop {
            let refused = self.link.take_refused();
            reports
                .extend(refused.into_iter().map(|key| Report::Answer { key, verdict: verdict::no_number() }));
            self.decode(reports);
            self.link.flush_now();
            if self.link.is_stuck() {
                self.end = Some(unreachable("the gateway does not read what we answer"));
            }
            if reports.len() > before {
                return Ok(());
            }
            if let Some(end) = &self.end {
                return Err(end.clone());
            }
            self.listen().await;
        }
    }
}
