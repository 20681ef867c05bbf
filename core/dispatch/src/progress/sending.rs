//! Who is next: what waits to be tried again before what was never tried.

use super::{PLANNED, Progress};
use mingluo_ledger::event::{Intent, IntentParcel};
use mingluo_model::{clock::Timestamp, delivery::DeliveryState, mode::Mode, plan::PlanStatus};
use std::cmp::Reverse;

impl<M: Mode> Progress<M> {
    /// The instant from which something may leave; `None` if nothing is left to send.
    pub fn ready_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.status != PlanStatus::Open || self.barred || now >= self.plan.not_after {
            return None;
        }
        let at_once = !self.queued.is_empty() || self.has_planned();
        let due = if at_once { Some(now) } else { self.later.peek().map(|Reverse((due, _))| *due) };
        due.map(|due| due.max(self.plan.not_before))
    }

    fn has_planned(&self) -> bool {
        self.cursor < self.cells.standing.len()
    }

    /// Chooses who is next, at most `units` parts, and marks them as submitting. Missing parts of earlier
    /// tries go before first tries.
    pub fn pick(&mut self, units: u32, now: Timestamp) -> Vec<IntentParcel> {
        if self.ready_at(now).is_none_or(|at| at > now) {
            return Vec::new();
        }
        self.promote(now);
        let mut left = units;
        let mut parcels = Vec::with_capacity((units / u32::from(self.units())) as usize);
        let aside = self.set_other_calls_aside();
        while let Some(parcel) = self.next_queued(left) {
            left -= parcel.part_set.count_ones();
            parcels.push(parcel);
        }
        self.queued.extend(aside);
        if self.may_fill_up(&parcels) {
            while let Some(parcel) = self.next_planned(left) {
                left -= parcel.part_set.count_ones();
                parcels.push(parcel);
            }
        }
        let intent = Intent { first_key: 0, parts: self.parts, parcels };
        self.apply_intent(&intent, now);
        intent.parcels
    }

    fn next_queued(&mut self, left: u32) -> Option<IntentParcel> {
        while let Some(ordinal) = self.queued.front().copied() {
            let offset = self.offset(ordinal)?;
            let attempt = self.cells.attempts[offset].saturating_add(1);
            // Of a first try that was answered busy nothing may have left, the addition neither.
            let wanted = if attempt == 1 { self.first_try() } else { self.full() };
            let part_set = wanted & !self.cells.accepted[offset];
            let waits = matches!(self.at(offset).state(), DeliveryState::Queued | DeliveryState::Unknown);
            if !waits || part_set == 0 {
                self.queued.pop_front();
                continue;
            }
            if part_set.count_ones() > left {
                return None;
            }
            self.queued.pop_front();
            return Some(IntentParcel { ordinal, attempt, part_set });
        }
        None
    }

    fn next_planned(&mut self, left: u32) -> Option<IntentParcel> {
        if u32::from(self.units()) > left {
            return None;
        }
        let rest = &self.cells.standing[self.cursor..];
        let Some(found) = rest.iter().position(|byte| *byte == PLANNED.byte()) else {
            self.cursor = self.cells.standing.len();
            return None;
        };
        let offset = self.cursor + found;
        self.cursor = offset + 1;
        Some(IntentParcel { ordinal: self.ordinal(offset), attempt: 1, part_set: self.first_try() })
    }

    /// Moves what is due from the waiting heap to the queue; doubts that a receipt resolved are dropped. What is in
    /// doubt stays so until it leaves again: a lift that comes first must still reach those people.
    pub(super) fn promote(&mut self, now: Timestamp) {
        while let Some(Reverse((due, ordinal))) = self.later.peek().copied() {
            if due > now {
                return;
            }
            self.later.pop();
            let Some(offset) = self.offset(ordinal) else { continue };
            match self.at(offset).state() {
                // Once only: a session that comes and goes must not put it off for ever.
                DeliveryState::Unknown if now < self.doubts_until && self.put_off.insert(ordinal) => {
                    self.later.push(Reverse((self.doubts_until, ordinal)));
                }
                DeliveryState::Queued | DeliveryState::Unknown => self.queued.push_back(ordinal),
                _ => {}
            }
        }
    }
}
