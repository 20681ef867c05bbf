//! A desk on a workbench: a test hands it PDUs and time, and reads what it says.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64},
};

use bytes::BytesMut;
use clap::Parser;
use mingluo_channels::sms::{
    segment::{Alphabet, Signature, segment},
    smpp::{Address, Body, CommandStatus, DeliveryReport, MessageState, Pdu, ShortMessage},
};

use super::super::{
    Faults,
    counts::Counts,
    desk::{Desk, Turn},
    log::{Ledger, Sink, read},
    outbox::Outbox,
    tongue::Tongue,
};

#[derive(Parser)]
struct Options {
    #[command(flatten)]
    faults: Faults,
}

/// One account with one session.
pub(super) struct Bench {
    desk: Desk,
    outbox: Arc<Outbox>,
    session: u32,
    sink: Arc<Sink>,
    counts: Arc<Counts>,
    sequence: u32,
    /// What the session was told last.
    pub(super) turn: Turn,
    pub(super) path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(super) fn new(options: &str) -> Self {
        let faults =
            Options::parse_from(std::iter::once("sim-smsc").chain(options.split_whitespace())).faults;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("smsc.log");
        let sink = Arc::new(Sink::append_to(&path).unwrap());
        let (ids, counts) = (Arc::new(AtomicU64::new(1)), Arc::new(Counts::default()));
        let desk = Desk::new(Arc::new(faults), ids, Arc::clone(&counts), Some(Arc::clone(&sink)));
        let outbox = Arc::default();
        let mut bench = Self {
            desk,
            outbox,
            session: 0,
            sink,
            counts,
            sequence: 0,
            turn: Turn::Go,
            path,
            _folder: folder,
        };
        bench.outbox = bench.bind();
        bench
    }

    /// One more session, which the bench does not speak through.
    pub(super) fn bind(&mut self) -> Arc<Outbox> {
        let outbox = Arc::<Outbox>::default();
        let session = self.session + 1;
        self.desk.enter(session, Arc::clone(&outbox), Tongue::Smpp, true);
        self.session = self.session.max(1);
        outbox
    }

    /// The session ends, and the client comes back by another.
    pub(super) fn rebind(&mut self) {
        self.desk.leave(self.session);
        self.session += 1;
        self.outbox = Arc::default();
        self.desk.enter(self.session, Arc::clone(&self.outbox), Tongue::Smpp, true);
    }

    /// The same text to as many numbers, always from the first; what is said to it at once.
    pub(super) fn submit(&mut self, numbers: u32, now_us: i64) -> Vec<Pdu> {
        let part =
            &segment("预警", &Signature::None, Alphabet::Ucs2, 1, std::num::NonZeroU8::MIN).unwrap().parts[0];
        let sender = Address::international("source_addr", "10690001").unwrap();
        let mut heard = BytesMut::new();
        for number in 0..numbers {
            let to = Address::international("destination_addr", &format!("86197300{number:05}")).unwrap();
            self.sequence += 1;
            let submit = Body::SubmitSm(ShortMessage::of_part(sender, to, part));
            Pdu::request(self.sequence, submit).encode(&mut heard);
        }
        self.turn = self.desk.hear(self.session, &mut heard, now_us);
        self.outbox.said(now_us)
    }

    /// What is said when time has gone on.
    pub(super) fn at(&mut self, now_us: i64) -> Vec<Pdu> {
        self.desk.tick(now_us);
        self.outbox.said(now_us)
    }

    /// Answers every receipt among what was said.
    pub(super) fn take_receipts(&mut self, said: &[Pdu], now_us: i64) {
        let mut heard = BytesMut::new();
        for pdu in said.iter().filter(|pdu| matches!(pdu.body, Body::DeliverSm(_))) {
            Pdu::response(pdu.sequence, CommandStatus::ROK, Body::DeliverSmResp).encode(&mut heard);
        }
        self.desk.hear(self.session, &mut heard, now_us);
    }

    /// Parts that came too many.
    pub(super) fn over_window(&self) -> u64 {
        self.counts.snapshot(0).over_window
    }

    /// The log so far, closed.
    pub(super) fn ledger(&self) -> Ledger {
        self.sink.close().unwrap();
        read(&self.path).unwrap()
    }
}

/// What the receipts among these report.
pub(super) fn states(said: &[Pdu]) -> Vec<MessageState> {
    let receipts = said.iter().filter_map(|pdu| match &pdu.body {
        Body::DeliverSm(message) => DeliveryReport::read(message).unwrap(),
        _ => None,
    });
    receipts.map(|report| report.state).collect()
}
