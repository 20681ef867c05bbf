//! One box as the hub sees it: its link, what waits for it, what it has, what it said. A few hundred bytes at rest.

use super::{
    incident::{Holder, Holders, IncidentKind, Incidents},
    keyring::IssuedKeys,
    order::SealedOrder,
    pages::Caller,
    renewal::Papers,
    witness::is_given,
};
use mingluo_model::{
    bulletin::EbmId,
    channel::ReceiptToken,
    clock::Timestamp,
    link::{CityFrame, Committed, DeviceState, Event, Health, Hello, MOST_COMMITTED, Report},
    region::RegionCode,
};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Bulletins of which it is remembered that the box has them; older ones are over or refused as replays.
const MOST_TAKEN: usize = 64;
/// Reports of which it is remembered that they were heard; one that is forgotten does no harm when it comes again.
const MOST_RECENT: usize = 64;

/// A box that polls counts as there for so long: two polls of a minute and the time that they take.
const POLL_GRACE: Duration = Duration::from_secs(150);

/// The hub's end of a live link.
#[derive(Debug)]
pub(super) struct Line {
    /// Tells one link of a box from the next; rises, from 1.
    pub(super) serial: u64,
    /// Whose it is.
    pub(super) caller: Arc<Caller>,
    /// Something is to be sent, or it is over.
    pub(super) wake: Notify,
    // Said once; what comes later changes nothing.
    over: OnceLock<Over>,
}

/// Why the city ends a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// The box has logged in anew.
    Replaced,
    /// Its certificate was taken back.
    Revoked,
    /// What it says cannot be kept at the moment.
    Unkept,
}

impl Line {
    pub(super) fn new(serial: u64, caller: Arc<Caller>) -> Self {
        Self { serial, caller, wake: Notify::new(), over: OnceLock::new() }
    }

    /// Ends it.
    pub(super) fn end(&self, why: Over) {
        let _it_ended_before = self.over.set(why);
        self.wake.notify_one();
    }

    /// Why it is over, if it is; whoever waits looks when it is woken.
    pub(super) fn over(&self) -> Option<Over> {
        self.over.get().copied()
    }
}

/// An order in an outbox.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Its wire key.
    pub(super) key: u64,
    /// What is sent.
    pub(super) order: Arc<SealedOrder>,
    /// The serial of the link on which it was last sent; zero if never.
    pub(super) sent_on: u64,
    /// A later order silences it: it is not sent any more, and only stays for the answer of a box that may have it.
    pub(super) is_silenced: bool,
}

/// A report that was heard.
#[derive(Debug, PartialEq, Eq)]
struct Recent {
    id: u64,
    ebm: EbmId,
    event: Event,
    standing: Standing,
}

/// How far a report came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Dispatch has it under this token.
    Pending(ReceiptToken),
    /// It is durable, or changes nothing.
    Committed,
}

/// One box.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) line: Option<Arc<Line>>,
    pub(super) last_heard: Option<Timestamp>,
    pub(super) device_state: Option<DeviceState>,
    pub(super) firmware: String,
    pub(super) replaced: u32,
    /// The version of the key set that it believes, as it says.
    pub(super) key_set: u64,
    pub(super) clock_lost: bool,
    pub(super) case_open: bool,
    /// Where it stands, as it says.
    pub(super) region: Option<RegionCode>,
    pub(super) health: Health,
    pub(super) playing: Option<EbmId>,
    // What the witness has not kept, each with whether it is ready to be committed but for that.
    unkept: Vec<(u64, EbmId, Event, bool)>,
    /// When it polled last, if it has had no link since.
    pub(super) polled: Option<Timestamp>,
    pub(super) incidents: Incidents,
    holders: Holders,
    /// Its certificates.
    pub(super) papers: Papers,
    // The link on which a key set was sent last, and its version: one that is refused is not sent for ever.
    offered: (u64, u64),
    outbox: Vec<Waiting>,
    taken: VecDeque<EbmId>,
    commits: Vec<u64>,
    // How many of these waited already when it was last asked for.
    n_ripe: usize,
    recent: VecDeque<Recent>,
}

impl Row {
    /// Whether it has a link, or polls.
    pub(super) fn is_here(&self, now: Timestamp) -> bool {
        self.line.is_some() || self.polls(now)
    }

    /// Whether it reaches the city by polls.
    pub(super) fn polls(&self, now: Timestamp) -> bool {
        self.polled.is_some_and(|then| now.since(then) <= POLL_GRACE)
    }

    /// Somebody says hello with this box's certificate.
    pub(super) fn meet(&mut self, hello: &Hello, caller: &Caller, now: Timestamp) {
        let is_held = self.is_here(now);
        self.polled = None;
        if let Some(superseded) = self.papers.shown(caller) {
            tracing::warn!(
                box_code = %hello.box_code, incident = ?superseded,
                "a certificate comes back whose successor was seen; is it a copy, or a card from a drawer?"
            );
            self.incidents.raise(superseded, now);
        }
        if let Some(cloned) = self.holders.speaks(Holder::new(hello.run, caller), is_held, now) {
            tracing::warn!(
                box_code = %hello.box_code, incident = ?cloned,
                "two devices with one certificate take the link from each other; revoke it and enrol the box anew"
            );
            self.incidents.raise(cloned, now);
        }
    }

    /// The box refuses a bulletin; that may be an incident.
    pub(super) fn suspect(&mut self, report: &Report, now: Timestamp) {
        if let Some(forgery) = IncidentKind::of(report) {
            tracing::warn!(
                box_code = %report.box_code, incident = ?forgery,
                "a box refuses a bulletin whose signature is not believed; is somebody forging, or does it lack its keys?"
            );
            self.incidents.raise(forgery, now);
        }
    }

    /// Whether it is told that each of these is durable.
    pub(super) fn commits_all(&self, said: &BTreeSet<u64>) -> bool {
        said.iter().all(|id| self.commits.contains(id))
    }

    /// Puts an order into the outbox.
    pub(super) fn post(&mut self, waiting: Waiting) {
        self.outbox.push(waiting);
        self.wake();
    }

    /// Whether the box is known to have this bulletin.
    pub(super) fn has(&self, ebm: EbmId) -> bool {
        self.taken.contains(&ebm)
    }

    /// Remembers that the box has this bulletin.
    pub(super) fn take(&mut self, ebm: EbmId) {
        if !self.has(ebm) {
            keep_last(&mut self.taken, ebm, MOST_TAKEN);
        }
    }

    /// The wire keys of the orders that this bulletin answers; they leave the outbox.
    pub(super) fn answered(&mut self, ebm: EbmId) -> Vec<u64> {
        self.outbox.extract_if(.., |waiting| waiting.order.ebm == ebm).map(|waiting| waiting.key).collect()
    }

    /// Takes the order of this key out, if it still waits.
    pub(super) fn withdraw(&mut self, key: u64) -> Option<Waiting> {
        let position = self.outbox.iter().position(|waiting| waiting.key == key)?;
        Some(self.outbox.remove(position))
    }

    /// An order silences these: what never left is taken out and given back, what did is not sent again.
    pub(super) fn silence(&mut self, by: &SealedOrder) -> Vec<u64> {
        for waiting in self.outbox.iter_mut().filter(|waiting| by.silences(&waiting.order)) {
            waiting.is_silenced = true;
        }
        let unsent = |waiting: &mut Waiting| waiting.is_silenced && waiting.sent_on == 0;
        self.outbox.extract_if(.., unsent).map(|waiting| waiting.key).collect()
    }

    /// Forgets what waits: the session that it belonged to is over.
    pub(super) fn clear(&mut self) {
        self.outbox.retain(|waiting| is_given(waiting.key));
        self.recent.retain(|recent| recent.standing == Standing::Committed);
    }

    /// How far this very report has come already.
    pub(super) fn standing(&self, report: &Report) -> Option<Standing> {
        let same = |recent: &&Recent| {
            recent.id == report.id && recent.ebm == report.ebm && recent.event == report.event
        };
        self.recent.iter().find(same).map(|recent| recent.standing)
    }

    /// Remembers that a report waits to become durable.
    pub(super) fn pend(&mut self, report: &Report, token: ReceiptToken) {
        self.note(report, Standing::Pending(token));
    }

    /// The box may forget a report; it is told with what is sent next, or by [`Self::tell_commits`].
    pub(super) fn commit(&mut self, report: &Report) {
        if let Some((.., is_ready)) = self.unkept.iter_mut().find(|it| is_of(it, report)) {
            *is_ready = true;
            return;
        }
        self.recent.retain(|recent| recent.id != report.id);
        self.note(report, Standing::Committed);
        // Without a link it sends the report again after its next hello.
        if self.line.is_none() {
            return;
        }
        self.commits.push(report.id);
        // A poll waits for it.
        if self.polled.is_some() {
            self.wake();
        }
    }

    /// Has the box told what it may forget, if that waits since the last call already.
    pub(super) fn tell_commits(&mut self) {
        if self.n_ripe > 0 {
            self.wake();
        }
        self.n_ripe = self.commits.len();
    }

    /// The witness is shown a report.
    pub(super) fn show(&mut self, report: &Report) {
        self.unkept.push((report.id, report.ebm, report.event, false));
    }

    /// Whether the witness was shown it and has not kept it.
    pub(super) fn is_unkept(&self, report: &Report) -> bool {
        self.unkept.iter().any(|it| is_of(it, report))
    }

    /// Whether nothing but the witness keeps it from being committed.
    pub(super) fn waits_for_the_witness(&self, report: &Report) -> bool {
        self.unkept.iter().any(|it| is_of(it, report) && it.3)
    }

    /// The witness has kept a report.
    pub(super) fn kept(&mut self, report: &Report) {
        let Some(place) = self.unkept.iter().position(|it| is_of(it, report)) else { return };
        let (.., is_ready) = self.unkept.swap_remove(place);
        if is_ready {
            self.commit(report);
        }
    }

    fn note(&mut self, report: &Report, standing: Standing) {
        let Report { id, ebm, event, .. } = *report;
        keep_last(&mut self.recent, Recent { id, ebm, event, standing }, MOST_RECENT);
    }

    /// A new link: what was to be committed on the old one, the box asks again.
    pub(super) fn connect(&mut self, line: Arc<Line>) -> Option<Arc<Line>> {
        self.commits.clear();
        self.line.replace(line)
    }

    /// The frames to be sent now on this link: commits, then orders by their numbers, each once a link. A box refuses
    /// numbers far behind the last as replays, so not even a stop overtakes: what it silences has left the outbox.
    pub(super) fn due(&mut self, serial: u64, now: Timestamp) -> Vec<Utf8Bytes> {
        self.n_ripe = 0;
        let commits = std::mem::take(&mut self.commits);
        let commits = commits
            .chunks(MOST_COMMITTED)
            .map(|ids| CityFrame::Committed(Committed { ids: ids.to_vec() }).write().into());
        let mut frames: Vec<Utf8Bytes> = commits.collect();
        frames.extend(self.papers.answer.take());
        let unsent = |it: &&mut Waiting| !it.is_silenced && it.sent_on != serial && now < it.order.end;
        let mut orders: Vec<&mut Waiting> = self.outbox.iter_mut().filter(unsent).collect();
        orders.sort_by_key(|waiting| waiting.order.seq);
        frames.extend(orders.into_iter().map(|waiting| {
            waiting.sent_on = serial;
            waiting.order.frame.clone()
        }));
        frames
    }

    /// The key set's frame, if the box believes an older one and has not been sent this one on this link.
    pub(super) fn keys_due(&mut self, serial: u64, keys: &IssuedKeys) -> Option<Utf8Bytes> {
        let offer = (serial, keys.version);
        if self.key_set >= keys.version || self.offered == offer {
            return None;
        }
        self.offered = offer;
        Some(keys.frame.clone())
    }

    /// Ends its link, if it has one.
    pub(super) fn end(&self, why: Over) {
        if let Some(line) = &self.line {
            line.end(why);
        }
    }

    /// Whether this is its link.
    pub(super) fn holds(&self, serial: u64) -> bool {
        self.line.as_ref().is_some_and(|line| line.serial == serial)
    }

    pub(super) fn wake(&self) {
        if let Some(line) = &self.line {
            line.wake.notify_one();
        }
    }
}

fn is_of((id, ebm, event, _): &(u64, EbmId, Event, bool), report: &Report) -> bool {
    (*id, *ebm, *event) == (report.id, report.ebm, report.event)
}

fn keep_last<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    if list.len() == most {
        list.pop_front();
    }
    list.push_back(item);
}
