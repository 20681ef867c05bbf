//! One account at the centre: what it brings is judged, logged and answered here, and its receipts are kept until
//! they are answered. A state machine without sockets: octets come in, octets go into each session's [`Outbox`].

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::BytesMut;

use super::{
    arrival::Arrival,
    counts::{Counts, count},
    dice::{Dice, Throw},
    faults::{Faults, Plant},
    gate::Gate,
    log::{Arrived, Record, Sink, Verdict},
    outbox::Outbox,
    postbag::{Postbag, Receipt},
    slip::Slip,
    tongue::{Said, Submit, Tongue, Why},
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
    /// Break after a length that no frame has.
    Lie,
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
    /// When the first part came.
    first_us: Option<i64>,
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
    tongue: Tongue,
    /// Whether it takes receipts: a transmitter does not.
    hears: bool,
    submits: u64,
    /// When the submits that are not answered yet will be, in microseconds since 1970; kept for a window alone.
    answers_us: VecDeque<i64>,
    postbag: Postbag,
}

impl Line {
    /// Submits without an answer, the one that comes now among them.
    fn unanswered(&mut self, now_us: i64, latency_ms: u32) -> u64 {
        while self.answers_us.pop_front_if(|due_us| *due_us < now_us).is_some() {}
        self.answers_us.push_back(now_us + i64::from(latency_ms) * 1_000);
        self.answers_us.len() as u64
    }
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
            first_us: None,
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
    pub(super) fn enter(&mut self, session: u32, outbox: Arc<Outbox>, tongue: Tongue, hears: bool) {
        let (answers_us, postbag) = (VecDeque::new(), Postbag::default());
        self.lines.insert(session, Line { outbox, tongue, hears, submits: 0, answers_us, postbag });
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
        let Some(tongue) = self.lines.get(&session).map(|line| line.tongue) else { return Turn::End };
        while turn == Turn::Go || matches!(turn, Turn::Stall(_)) {
            let Some(said) = tongue.hear(heard) else { break };
            let next = self.take(session, tongue, said, now_us);
            turn = if next == Turn::Go { turn } else { next };
        }
        // On record before it is said: a durable centre keeps what it answered.
        self.keep_records();
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

    fn take(&mut self, session: u32, tongue: Tongue, said: Said, now_us: i64) -> Turn {
        match said {
            Said::Submit(submit) => return self.submit(session, tongue, &submit, now_us),
            Said::Took(sequence) => self.answered(session, sequence, now_us),
            Said::Probe(key) => tongue.alive(key, &mut self.answers),
            Said::Goodbye(key) => {
                tongue.farewell(key, &mut self.answers);
                return Turn::End;
            }
            Said::Refused(words) => self.answers.extend_from_slice(&words),
            Said::OutOfStep(words) => {
                self.answers.extend_from_slice(&words);
                return Turn::End;
            }
            Said::Nothing => {}
        }
        Turn::Go
    }

    fn submit(&mut self, session: u32, tongue: Tongue, submit: &Submit, now_us: i64) -> Turn {
        let Submit { key, arrival, .. } = submit;
        let dice = Dice::new(self.faults.seed, arrival.destination, arrival.part);
        count(&self.counts.arrived);
        let note = |id, verdict| {
            let Arrival { destination, part, total, text } = *arrival;
            Record::Arrived(Arrived {
                at_us: now_us,
                session,
                sequence: key.counter,
                prefix: [key.node, key.stamp.0],
                id,
                destination,
                part,
                total,
                text,
                verdict,
            })
        };
        if self.faults.mute_submits {
            count(&self.counts.busy);
            note(0, Verdict::Busy).put(&mut self.records);
            return self.turn_after_submit(session, now_us);
        }
        match self.verdict(dice, now_us) {
            (None, verdict) => {
                let id = self.next_id.fetch_add(1, Relaxed);
                let number = count(&self.counts.taken);
                if !self.planted(Plant::LoseOne, number) {
                    note(id, verdict).put(&mut self.records);
                    if self.planted(Plant::DoubleOne, number) {
                        note(id, verdict).put(&mut self.records);
                    }
                    self.promise(session, id, submit, dice, now_us);
                }
                tongue.take(*key, id, &mut self.answers);
            }
            (Some(why), verdict) => {
                note(0, verdict).put(&mut self.records);
                tongue.turn_away(*key, why, &mut self.answers);
            }
        }
        self.turn_after_submit(session, now_us)
    }

    /// Why a part is not taken, if it is not, and what the log says of it.
    fn verdict(&mut self, dice: Dice, now_us: i64) -> (Option<Why>, Verdict) {
        let Faults { busy_percent, refuse_percent, lie_percent, closed_first, .. } = *self.faults;
        if let Some(why) = self.out_of_order(now_us) {
            count(&self.counts.busy);
            return (Some(why), Verdict::Busy);
        }
        if self.counts.arrived.load(Relaxed) <= closed_first {
            count(&self.counts.refused);
            return (Some(Why::Closed), Verdict::Refused);
        }
        if !self.gate.admits(now_us) {
            count(&self.counts.busy);
            return (Some(Why::Throttled), Verdict::Throttled);
        }
        if dice.shows(Throw::Busy, busy_percent) && self.turned_away.insert(dice.number()) {
            count(&self.counts.busy);
            let full = dice.shows(Throw::WhichBusy, 50.0);
            return (Some(if full { Why::Full } else { Why::Throttled }), Verdict::Busy);
        }
        if dice.shows(Throw::Refuse, refuse_percent) {
            count(&self.counts.refused);
            return (Some(Why::Refused), Verdict::Refused);
        }
        let lies = dice.shows(Throw::Lie, lie_percent);
        (None, if lies { Verdict::Lied } else { Verdict::Taken })
    }

    /// Why nothing at all is taken just now, if that is so.
    fn out_of_order(&mut self, now_us: i64) -> Option<Why> {
        let Faults { temporary_for_ms, busy_always, .. } = *self.faults;
        let first_us = *self.first_us.get_or_insert(now_us);
        if now_us - first_us < i64::from(temporary_for_ms) * 1_000 {
            return Some(Why::Temporary);
        }
        busy_always.then_some(Why::Throttled)
    }

    fn planted(&self, plant: Plant, number: u64) -> bool {
        number == PLANTED && self.faults.plant == Some(plant)
    }

    fn turn_after_submit(&mut self, session: u32, now_us: i64) -> Turn {
        let faults = self.faults.as_ref();
        let Some(line) = self.lines.get_mut(&session) else { return Turn::End };
        if faults.window > 0 && line.unanswered(now_us, faults.latency_ms) > u64::from(faults.window) {
            count(&self.counts.over_window);
        }
        line.submits += 1;
        // Who may end in both ways ends in one of them.
        let both = faults.die_after > 0 && faults.wrong_length_after > 0;
        let lies = both && Dice::new(faults.seed, session.into(), 0).shows(Throw::WhichEnd, 50.0);
        if line.submits == faults.die_after && !lies {
            return Turn::Die;
        }
        if line.submits == faults.wrong_length_after && (lies || !both) {
            return Turn::Lie;
        }
        if line.submits == STALL_AFTER && self.faults.stall_ms > 0 {
            return Turn::Stall(Duration::from_millis(self.faults.stall_ms.into()));
        }
        Turn::Go
    }
}
