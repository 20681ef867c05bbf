//! Names that several deliveries share: a job for many, whose end speaks for all of them, and messages to one person that
//! are told of in the order in which they left. They are kept apart from the names that point at one delivery, of which
//! there are millions.

use super::{ById, Desk, IdHash, Place, id_hash};
use mingluo_ledger::{
    event::{Fact, PartReceipt},
    scribe::Entry,
};
use mingluo_model::{
    channel::ReceiptFor,
    clock::Timestamp,
    delivery::Reason,
    mode::Mode,
    plan::PlanStatus,
    receipt::{Job, JobBegun, ProviderId, ReceiptStatus},
};
use std::collections::HashSet;

/// All names that are shared.
#[derive(Default)]
pub(super) struct Shared {
    /// Deliveries that are told of in turn, in the order in which they were taken.
    turns: ById<Vec<Place>>,
    jobs: ById<OpenJob>,
    /// Jobs whose end was heard before anybody knew them, or of which we know nothing.
    strange_ends: HashSet<IdHash>,
}

/// A job of this account, as long as its plan is open.
struct OpenJob {
    id: ProviderId,
    places: Vec<Place>,
    begun: Timestamp,
    /// What was said of all of them, for those whose answer comes later.
    said: Option<ReceiptStatus>,
    is_over: bool,
    /// When the far side was asked after it last.
    asked: Option<Timestamp>,
    /// How often it did not answer since it last did.
    unanswered: u32,
    /// Whether the ledger has it with as many people.
    is_kept: bool,
}

/// A job that the far side is to be asked after.
pub struct AskedJob {
    /// Its name.
    pub id: ProviderId,
    /// When it was taken.
    pub begun: Timestamp,
}

impl Shared {
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.jobs.is_empty()
    }

    fn join(&mut self, id: &ProviderId, place: Place, at: Timestamp) {
        let hash = id_hash(id);
        let is_over = self.strange_ends.contains(&hash);
        let fresh = || OpenJob {
            id: id.clone(),
            places: Vec::new(),
            begun: at,
            said: None,
            is_over,
            asked: None,
            unanswered: 0,
            is_kept: false,
        };
        let job = self.jobs.entry(hash).or_insert_with(fresh);
        job.places.push(place);
        job.is_kept = false;
    }

    /// Remembers what was said of a job; `false` where it is none.
    pub(super) fn say(&mut self, hash: IdHash, status: ReceiptStatus) -> bool {
        self.jobs.get_mut(&hash).map(|job| job.said = Some(status)).is_some()
    }

    /// What was said of a job before this delivery's answer came.
    pub(super) fn said(&self, hash: IdHash) -> Option<ReceiptStatus> {
        self.jobs.get(&hash)?.said
    }
}

impl<M: Mode> Desk<M> {
    /// Learns what the far side calls a delivery; `false` where the name is that delivery's own.
    pub(super) fn learn_shared(&mut self, id: &ProviderId, place: Place, at: Timestamp) -> bool {
        match self.plans[place.plan()].receipts() {
            ReceiptFor::Job => self.shared.join(id, place, at),
            ReceiptFor::InTurn => self.shared.turns.entry(id_hash(id)).or_default().push(place),
            _ => return false,
        }
        true
    }

    /// Whom a receipt of a shared name is about: everybody of a job; else the first of the same name who was not told of
    /// yet, sooner one whose receipt is still waited for.
    pub(super) fn sharers(&self, hash: IdHash) -> Vec<Place> {
        if let Some(job) = self.shared.jobs.get(&hash) {
            return job.places.clone();
        }
        let Some(turns) = self.shared.turns.get(&hash) else { return Vec::new() };
        let standing = |place: &Place| self.plans[place.plan()].standing(place.ordinal);
        let is_open = |place: &&Place| standing(place).is_some_and(|one| !one.state().is_final());
        let waits = |place: &&Place| {
            is_open(place) && standing(place).is_some_and(|one| one.reason() != Reason::NoReceipt)
        };
        turns.iter().find(waits).or_else(|| turns.iter().find(is_open)).copied().into_iter().collect()
    }

    /// What one status amounts to for all of these, as facts of their plans.
    pub(super) fn tell_all(&mut self, places: &[Place], status: ReceiptStatus, at: Timestamp) -> Vec<Entry> {
        let mut entries = Vec::new();
        for of_plan in places.chunk_by(|one, next| one.plan() == next.plan()) {
            let receipt = |place: &Place| PartReceipt { ordinal: place.ordinal, part: place.part(), status };
            let receipts = of_plan.iter().map(receipt).collect();
            entries.push(self.record(of_plan[0].plan(), Fact::Receipts(receipts), at));
        }
        entries
    }

    /// A job ended, well or not: it is waited for no longer.
    pub fn end_job(&mut self, id: &ProviderId) {
        let hash = id_hash(id);
        match self.shared.jobs.get_mut(&hash) {
            Some(job) => job.is_over = true,
            None => drop(self.shared.strange_ends.insert(hash)),
        }
    }

    /// Jobs that the ledger does not have yet, or with fewer people.
    pub fn unkept_jobs(&self) -> Vec<Job> {
        let unkept = self.shared.jobs.values().filter(|job| !job.is_kept);
        let as_kept = |job: &OpenJob| {
            let plan = self.plans[job.places.first()?.plan()].plan().id;
            let begun = JobBegun { plan, recipients: job.places.len() as u32, at: job.begun };
            let (account, provider_id) = (self.account.clone(), job.id.clone());
            Some(Job { account, provider_id, begun: Some(begun), end: None })
        };
        unkept.filter_map(as_kept).collect()
    }

    /// The ledger has these jobs now; one that grew meanwhile is to be kept anew.
    pub fn jobs_are_kept(&mut self, jobs: &[Job]) {
        for Job { provider_id, begun, .. } in jobs {
            if let Some(job) = self.shared.jobs.get_mut(&id_hash(provider_id)) {
                let kept = begun.map_or(0, |begun| begun.recipients as usize);
                job.is_kept = kept == job.places.len();
            }
        }
    }

    /// Jobs without an end that the far side is to be asked after: those that neither began nor were asked after since
    /// `asked_by`; at once those that began by `overdue_by`, and those that began before `started`, whose end may have been
    /// told while nobody listened.
    pub fn jobs_to_ask(
        &self,
        overdue_by: Timestamp,
        started: Timestamp,
        asked_by: Timestamp,
    ) -> Vec<AskedJob> {
        let open = self.shared.jobs.values().filter(|job| !job.is_over);
        let due = open.filter(|job| {
            let is_urgent = job.begun <= overdue_by || job.begun < started;
            job.asked.map_or(is_urgent || job.begun <= asked_by, |at| at <= asked_by)
        });
        due.map(|job| AskedJob { id: job.id.clone(), begun: job.begun }).collect()
    }

    /// Whether the end of a job is not known yet.
    pub fn waits_for_job(&self, id: &ProviderId) -> bool {
        self.shared.jobs.get(&id_hash(id)).is_some_and(|job| !job.is_over)
    }

    /// A job was asked after, and the far side answered.
    pub fn note_asked(&mut self, id: &ProviderId, at: Timestamp) {
        if let Some(job) = self.shared.jobs.get_mut(&id_hash(id)) {
            (job.asked, job.unanswered) = (Some(at), 0);
        }
    }

    /// A job was asked after in vain; how often by now.
    pub fn note_unanswered(&mut self, id: &ProviderId, at: Timestamp) -> u32 {
        let Some(job) = self.shared.jobs.get_mut(&id_hash(id)) else { return 0 };
        (job.asked, job.unanswered) = (Some(at), job.unanswered + 1);
        job.unanswered
    }

    /// Forgets names of which every plan is folded away.
    pub(super) fn forget_shared(&mut self) {
        let plans = &self.plans;
        let is_open = |place: &Place| plans[place.plan()].status() != PlanStatus::Closed;
        self.shared.turns.retain(|_, places| {
            places.retain(is_open);
            !places.is_empty()
        });
        self.shared.jobs.retain(|_, job| job.places.iter().any(is_open));
    }
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
