//! What others ask of a plan: who is in doubt, who was reached, who failed.

use super::{HOLE, Progress};
use mingluo_model::{
    delivery::{DeliveryState, Reason, Standing},
    mode::Mode,
};
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

impl<M: Mode> Progress<M> {
    /// Recipients in doubt: they left, nobody answered. Receipts that name an address may still resolve them.
    pub fn in_doubt(&self) -> Vec<u32> {
        let doubt = |offset: &usize| self.at(*offset).state() == DeliveryState::Unknown;
        (0..self.cells.standing.len())
            .filter(|offset| self.cells.standing[*offset] != HOLE)
            .filter(doubt)
            .map(|offset| self.base + offset as u32)
            .collect()
    }

    /// Deliveries that nobody confirmed: accepted, receipt given up; or unknown.
    pub fn unconfirmed(&self) -> BTreeMap<u32, Standing> {
        let no_receipt = Standing::new(DeliveryState::Accepted, Reason::NoReceipt);
        (0..self.cells.standing.len())
            .filter(|offset| self.cells.standing[*offset] != HOLE)
            .map(|offset| (self.base + offset as u32, self.at(offset)))
            .filter(|(_, standing)| *standing == no_receipt || standing.state() == DeliveryState::Unknown)
            .collect()
    }

    /// Whether a delivery left and nobody said yet what became of it: a receipt may still tell.
    pub fn is_in_doubt(&self, ordinal: u32) -> bool {
        let Some(offset) = self.offset(ordinal) else { return false };
        match self.at(offset).state() {
            DeliveryState::Unknown => true,
            DeliveryState::Queued => self.cells.attempts[offset] > 0,
            // Another try is on its way: the receipt of the first still counts.
            DeliveryState::Submitting => self.doubted.contains(ordinal),
            _ => false,
        }
    }

    /// The first part of a delivery that no receipt has named yet; sooner one that was not answered either, since any
    /// other has an id that will name it.
    pub fn first_unheard_part(&self, ordinal: u32) -> Option<u8> {
        let offset = self.offset(ordinal)?;
        let unheard = self.full() & !self.cells.delivered[offset];
        let nameless = unheard & !self.cells.accepted[offset];
        let first = if nameless == 0 { unheard } else { nameless };
        (first != 0).then(|| first.trailing_zeros() as u8)
    }

    /// Recipients whom some part of this plan may have reached: those a lift or a correction must reach too.
    pub fn reached(&self) -> RoaringBitmap {
        use DeliveryState::{Expired, Planned, Queued, Withdrawn};
        let untouched = [Planned, Queued, Withdrawn, Expired];
        (0..self.cells.standing.len())
            .filter(|offset| self.cells.standing[*offset] != HOLE)
            .filter(|offset| {
                self.cells.submit_ms[*offset] != u32::MAX || !untouched.contains(&self.at(*offset).state())
            })
            .map(|offset| self.base + offset as u32)
            .collect()
    }

    /// Recipients who failed for good, for the next channel to try.
    pub fn failed(&self) -> RoaringBitmap {
        let divertible = |standing: Standing| {
            standing.state() == DeliveryState::Failed && standing.reason() != Reason::OptedOut
        };
        (0..self.cells.standing.len())
            .filter(|offset| self.cells.standing[*offset] != HOLE && divertible(self.at(*offset)))
            .map(|offset| self.base + offset as u32)
            .collect()
    }
}
