//! One account at the centre: what it brings is judged, logged and answered here, and its receipts are kept until
//! they are answered. A state machine without sockets: octets come in, octets go into each session's [`Outbox`].

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::BytesMut;
use mingluo_channels::sms::smpp::{
    Body, CommandStatus, FrameError, Framer, MessageId, Pdu, ShortMessage, command::RESPONSE,
};

use super::{
    arrival::Arrival,
    counts::{Counts, count},
    dice::{Dice, Throw},
    faults::{Faults, Plant},
    gate::Gate,
    log::{Arrived, Record, Sink, Verdict},
    outbox::Outbox,
    postbag::{Postbag, Receipt},
    slip::{Decimal, Slip},
};

mod receipts;

/// Which of the parts taken, or of the receipts sent, a planted fault takes: the smallest rehearsal has so many.
const PLANTED: u64 = 3;

/// Submits of a session before it stalls.
const STALL_AFTER: u64 = 200;

/// What a session is to do after a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Read on.
    Go,
    /// Read nothing for a while.
    Stall(Duration),
    /// Part in good order.
    End,
    /// Break in the middle of a frame.
    Die,
}

/// One account.
pub(super) struct Desk {
    faults: Arc<Faults>,
    next_id: Arc<AtomicU64>,
    counts: Arc<Counts>,
    log: Option<Arc<Sink>>,
    /// Records of the present batch.
    records: Vec<u8>,
    gate: Gate,
    /// Parts that were busy once.
    turned_away: HashSet<u64>,
    lines: BTreeMap<u32, Line>,
    /// The session that had the last receipt, when they go round.
    last_served: u32,
    /// Receipts by their time, in milliseconds since 1970.
    waiting: BTreeMap<i64, Vec<Receipt>>,
    /// Receipts whose time has come and for which no session hears.
    stranded: Vec<Receipt>,
    slip: Slip,
    /// The answers of the present batch.
    answers: BytesMut,
    /// Receipts on their way into an outbox.
    mail: BytesMut,
}

/// One session.
struct Line {
    outbox: Arc<Outbox>,
    /// Whether it takes receipts: a transmitter does not.
    hears: bool,
    submits: u64,
    postbag: Postbag,
}

impl Desk {
    pub(super) fn new(
        faults: Arc<Faults>,
        next_id: Arc<AtomicU64>,
        counts: Arc<Counts>,
        log: Option<Arc<Sink>>,
    ) -> Self {
        Self {
            gate: Gate::new(faults.per_second),
            faults,
            next_id,
            counts,
            log,
            records: Vec::new(),
            turned_away: HashSet::new(),
            lines: BTreeMap::new(),
            last_served: 0,
            waiting: BTreeMap::new(),
            stranded: Vec::new(),
            slip: Slip::default(),
            answers: BytesMut::new(),
            mail: BytesMut::new(),
        }
    }

    /// A session was bound.
    pub(super) fn enter(&mut self, session: u32, outbox: Arc<Outbox>, hears: bool) {
        self.lines.insert(session, Line { outbox, hears, submits: 0, postbag: Postbag::default() });
        self.counts.sessions.fetch_add(1, Relaxed);
        for receipt in std::mem::take(&mut self.stranded) {
            self.assign(receipt);
        }
    }

    /// A session is gone; what it did not answer goes to another.
    pub(super) fn leave(&mut self, session: u32) {
        let Some(line) = self.lines.remove(&session) else { return };
        self.counts.sessions.fetch_sub(1, Relaxed);
        for receipt in line.postbag.empty() {
            self.assign(receipt);
        }
    }

    /// Takes every whole PDU out of what a session brought.
    pub(super) fn hear(&mut self, session: u32, heard: &mut BytesMut, now_us: i64) -> Turn {
        let mut turn = Turn::Go;
        while turn == Turn::Go || matches!(turn, Turn::Stall(_)) {
            let next = match Framer::default().push(heard) {
                Ok(None) => break,
                Ok(Some(pdu)) => self.take(session, pdu, now_us),
                Err(error) => self.take_broken(&error),
            };
            turn = if next == Turn::Go { turn } else { next };
        }
        self.answer(session, now_us);
        self.tick(now_us);
        turn
    }

    /// Hands the answers of a batch over, at once or after the latency.
    fn answer(&mut self, session: u32, now_us: i64) {
        if let Some(line) = self.lines.get(&session) {
            match i64::from(self.faults.latency_ms) * 1_000 {
                0 => line.outbox.put(&mut self.answers),
                latency_us => line.outbox.put_at(now_us + latency_us, &mut self.answers),
            }
        }
        self.answers.clear();
    }

    fn take(&mut self, session: u32, pdu: Pdu, now_us: i64) -> Turn {
        let Pdu { sequence, status, body } = pdu;
        match body {
            Body::SubmitSm(message) => return self.submit(session, sequence, &message, now_us),
            Body::DeliverSmResp if status == CommandStatus::ROK => self.answered(session, sequence, now_us),
            // A receipt that the client could not keep comes again in its time.
            Body::DeliverSmResp => {}
            Body::EnquireLink => self.say(Pdu::response(sequence, CommandStatus::ROK, Body::EnquireLinkResp)),
            Body::Unbind => {
                self.say(Pdu::response(sequence, CommandStatus::ROK, Body::UnbindResp));
                return Turn::End;
            }
            other if other.command_id() & RESPONSE != 0 => {}
            Body::BindReceiver(_) | Body::BindTransmitter(_) | Body::BindTransceiver(_) => {
                self.say(Pdu::nack(sequence, CommandStatus::RALYBND));
            }
            _ => self.say(Pdu::nack(sequence, CommandStatus::RINVCMDID)),
        }
        Turn::Go
    }

    fn take_broken(&mut self, error: &FrameError) -> Turn {
        if let Some(nack) = error.nack() {
            self.say(nack);
        }
        if error.is_fatal() { Turn::End } else { Turn::Go }
    }

    #[expect(clippy::needless_pass_by_value, reason = "what was said is said")]
    fn say(&mut self, pdu: Pdu) {
        pdu.encode(&mut self.answers);
    }

    fn submit(&mut self, session: u32, sequence: u32, message: &ShortMessage, now_us: i64) -> Turn {
        let arrival = Arrival::of(message);
        let dice = Dice::new(self.faults.seed, arrival.destination, arrival.part);
        count(&self.counts.arrived);
        let note = |id, verdict| {
            let Arrival { destination, part, total, text } = arrival;
            Record::Arrived(Arrived {
                at_us: now_us,
                session,
                sequence,
                id,
                destination,
                part,
                total,
                text,
                verdict,
            })
        };
        match self.verdict(dice, now_us) {
            (CommandStatus::ROK, verdict) => {
                let id = self.next_id.fetch_add(1, Relaxed);
                let number = count(&self.counts.taken);
                if !self.planted(Plant::LoseOne, number) {
                    note(id, verdict).put(&mut self.records);
                    if self.planted(Plant::DoubleOne, number) {
                        note(id, verdict).put(&mut self.records);
                    }
                    self.promise(session, id, message, dice, now_us);
                }
                let id = MessageId::new("message_id", Decimal::of(id).text()).unwrap_or_default();
                self.say(Pdu::response(sequence, CommandStatus::ROK, Body::SubmitSmResp(id)));
            }
            (status, verdict) => {
                note(0, verdict).put(&mut self.records);
                self.say(Pdu::response(sequence, status, Body::SubmitSmResp(MessageId::default())));
            }
        }
        self.turn_after_submit(session)
    }

    /// What the answer is, and what the log says of it.
    fn verdict(&mut self, dice: Dice, now_us: i64) -> (CommandStatus, Verdict) {
        let Faults { busy_percent, refuse_percent, lie_percent, .. } = *self.faults;
        if !self.gate.admits(now_us) {
            count(&self.counts.busy);
            return (CommandStatus::RTHROTTLED, Verdict::Throttled);
        }
        if dice.shows(Throw::Busy, busy_percent) && self.turned_away.insert(dice.number()) {
            count(&self.counts.busy);
            let full = dice.shows(Throw::WhichBusy, 50.0);
            let status = if full { CommandStatus::RMSGQFUL } else { CommandStatus::RTHROTTLED };
            return (status, Verdict::Busy);
        }
        if dice.shows(Throw::Refuse, refuse_percent) {
            count(&self.counts.refused);
            return (CommandStatus::RINVDSTADR, Verdict::Refused);
        }
        let lies = dice.shows(Throw::Lie, lie_percent);
        (CommandStatus::ROK, if lies { Verdict::Lied } else { Verdict::Taken })
    }

    fn planted(&self, plant: Plant, number: u64) -> bool {
        number == PLANTED && self.faults.plant == Some(plant)
    }

    fn turn_after_submit(&mut self, session: u32) -> Turn {
        let Some(line) = self.lines.get_mut(&session) else { return Turn::End };
        line.submits += 1;
        if line.submits == self.faults.die_after {
            return Turn::Die;
        }
        if line.submits == STALL_AFTER && self.faults.stall_ms > 0 {
            return Turn::Stall(Duration::from_millis(self.faults.stall_ms.into()));
        }
        Turn::Go
    }
}
