//! The hearing hand, which also keeps the link alive.

use std::{io, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::BytesMut;
use mingluo_model::{
    channel::{Inlet, Report, SendError},
    clock::within,
};
use tokio::{io::AsyncReadExt, net::tcp::OwnedReadHalf};

use super::{Carrier, Ear, Line, Talk, keys::wire, link::unreachable};

/// Octets asked of the socket at once: some thousand answers.
const READ: usize = 256 << 10;

/// Reads, decodes, and answers what needs no disk.
pub(super) struct SmsInlet<C: Carrier> {
    line: Arc<Line<C>>,
    /// `None` while the connection sleeps.
    socket: Option<OwnedReadHalf>,
    heard: BytesMut,
    /// When the last octet came, in the clock's ticks.
    alive: Duration,
    /// When a sign of life was asked for last, and how often in a row.
    asked: Option<(Duration, u32)>,
    /// The gateway ended the connection in good order; what came behind its goodbye is not heard.
    dismissed: bool,
    /// Why the session is over; told when everything heard before was reported.
    end: Option<SendError>,
}

/// Why listening stopped.
enum Stir {
    Read(io::Result<usize>),
    Woken,
}

impl<C: Carrier> SmsInlet<C> {
    /// `heard` is what came behind the answer to the login.
    pub(super) fn new(line: Arc<Line<C>>, socket: OwnedReadHalf, heard: BytesMut) -> Self {
        let alive = line.clock.ticks();
        Self { line, socket: Some(socket), heard, alive, asked: None, dismissed: false, end: None }
    }

    /// Everything that is whole in the buffer.
    fn decode(&mut self, reports: &mut Vec<Report>) {
        let before = reports.len();
        let Line { talk, link, clock, .. } = self.line.as_ref();
        let (at, account) = (clock.now(), self.line.account());
        let (end, dismissed) = (&mut self.end, &mut self.dismissed);
        let mut ear = Ear { at, account, link, reports, end, dismissed };
        while ear.end.is_none() && !*ear.dismissed && talk.take(&mut self.heard, &mut ear) {}
        if C::Talk::SLEEPS {
            let answers = reports[before..].iter().filter(|report| matches!(report, Report::Answer { .. }));
            link.rest().land(answers.count() as u64);
        }
    }

    /// Waits for octets or for a word from elsewhere, and writes what waits meanwhile. Safe to cancel.
    async fn listen(&mut self) {
        let wait = self.patience();
        let (socket, heard, line) = (&mut self.socket, &mut self.heard, &self.line);
        heard.reserve(READ);
        let work = async {
            let mut flushed = false;
            loop {
                tokio::select! {
                    biased;
                    read = read_some(socket, heard) => return Stir::Read(read),
                    // What cannot be written shows in what cannot be read, after all that can.
                    _written = line.link.flush(), if !flushed => flushed = true,
                    () = line.link.wake.notified() => return Stir::Woken,
                    () = line.talk.stirred() => return Stir::Woken,
                }
            }
        };
        match within(line.clock.as_ref(), wait, work).await {
            Ok(Stir::Read(Ok(0))) => self.closed("the gateway closed the connection".into()),
            Ok(Stir::Read(Ok(_))) => (self.alive, self.asked) = (self.line.clock.ticks(), None),
            Ok(Stir::Read(Err(error))) => self.closed(error.to_string()),
            Ok(Stir::Woken) => self.look_up(),
            Err(_) => self.silent().await,
        }
    }

    /// The sending hand may have opened the connection again.
    fn look_up(&mut self) {
        let fresh = self.line.link.rest().take_fresh();
        if let Some((socket, heard)) = fresh {
            (self.socket, self.heard) = (Some(socket), heard);
            (self.alive, self.asked) = (self.line.clock.ticks(), None);
        }
    }

    /// A connection that may sleep may also be put to sleep by the gateway, unless it owes us an answer.
    fn closed(&mut self, why: String) {
        self.socket = None;
        if !(C::Talk::SLEEPS && self.line.link.rest().fall_asleep()) {
            self.end = Some(unreachable(why));
            // Who hangs up instead of saying goodbye has parted too.
            self.line.link.parted.notify_one();
        }
    }

    /// A connection that the gateway has ended in good order is let go like one that it drops.
    async fn leave(&mut self) {
        let line = Arc::clone(&self.line);
        let parting = line.link.fall_asleep().await;
        self.dismissed = false;
        let Some(parting) = parting else {
            self.end = Some(unreachable("the gateway ended the session"));
            return;
        };
        self.socket = None;
        self.heard.clear();
        parting.say(line.clock.as_ref(), |_nothing_more| {}).await;
    }

    /// How long silence may go on before something is done about it.
    fn patience(&self) -> Duration {
        let account = self.line.account();
        let until = match self.asked {
            Some((asked, _)) => asked + account.response_timeout,
            None if C::Talk::SLEEPS => {
                let (waiting, sent) = self.line.link.rest().waiting();
                let limit = if waiting { account.response_timeout } else { account.quiet };
                self.alive.max(sent) + limit
            }
            None => self.alive + account.quiet,
        };
        until.saturating_sub(self.line.clock.ticks())
    }

    async fn silent(&mut self) {
        if C::Talk::SLEEPS { self.doze().await } else { self.ask() }
    }

    /// Asks for a sign of life, and believes the silence after enough questions in a row.
    fn ask(&mut self) {
        let line = &self.line;
        let (now, times) = (line.clock.ticks(), self.asked.map_or(0, |(_, times)| times));
        if times >= line.account().probes {
            let detail = format!("no sign of life for {:?}", now.saturating_sub(self.alive));
            self.end = Some(unreachable(detail));
            return;
        }
        self.asked = Some((now, times + 1));
        let sequence = wire(line.link.keys.take(1));
        line.link.say(|out| line.talk.probe(sequence, out));
    }

    /// Parts from a gateway that has nothing to say; one that owes answers is not believed to live.
    async fn doze(&mut self) {
        if self.socket.is_none() {
            // Already asleep: count from now, or there would be no rest.
            self.alive = self.line.clock.ticks();
            return;
        }
        if !self.patience().is_zero() {
            return;
        }
        let line = Arc::clone(&self.line);
        let Some(parting) = line.link.fall_asleep().await else {
            let silence = line.clock.ticks().saturating_sub(self.alive);
            self.end = Some(unreachable(format!("no answer for {silence:?}")));
            return;
        };
        self.socket = None;
        let sequence = wire(line.link.keys.take(1));
        parting.say(line.clock.as_ref(), |out| line.talk.goodbye(sequence, out)).await;
    }
}

async fn read_some(socket: &mut Option<OwnedReadHalf>, heard: &mut BytesMut) -> io::Result<usize> {
    match socket {
        Some(socket) => socket.read_buf(heard).await,
        None => std::future::pending().await,
    }
}

#[async_trait]
impl<C: Carrier> Inlet for SmsInlet<C> {
    async fn next(&mut self, reports: &mut Vec<Report>) -> Result<(), SendError> {
        let before = reports.len();
        loop {
            let end = self.line.link.take_told(reports);
            self.line.talk.overhear(reports);
            self.decode(reports);
            self.line.link.flush_now();
            if self.line.link.is_stuck() {
                self.end = Some(unreachable("the gateway does not read what we answer"));
            }
            self.end = self.end.take().or(end);
            if reports.len() > before {
                return Ok(());
            }
            if let Some(end) = &self.end {
                return Err(end.clone());
            }
            if self.dismissed { self.leave().await } else { self.listen().await }
        }
    }
}
