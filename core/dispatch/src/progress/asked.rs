//! What others ask of a plan: who is in doubt, who was reached, who failed.

use super::Progress;
use mingluo_model::{
    clock::Timestamp,
    delivery::{DeliveryState, Reason, Standing},
    mode::Mode,
    receipt::ReceiptStatus,
};
use roaring::RoaringBitmap;
use std::collections::BTreeMap;

impl<M: Mode> Progress<M> {
    /// Recipients in doubt: they left, nobody answered. Receipts that name an address may still resolve them.
    pub fn in_doubt(&self) -> Vec<u32> {
        let doubt = |offset: usize| self.at(offset).state() == DeliveryState::Unknown;
        self.members().filter(|(offset, _)| doubt(*offset)).map(|(_, ordinal)| ordinal).collect()
    }

    /// Deliveries that nobody confirmed: accepted, receipt given up; or unknown.
    pub fn unconfirmed(&self) -> BTreeMap<u32, Standing> {
        let no_receipt = Standing::new(DeliveryState::Accepted, Reason::NoReceipt);
        self.members()
            .map(|(offset, ordinal)| (ordinal, self.at(offset)))
            .filter(|(_, standing)| *standing == no_receipt || standing.state() == DeliveryState::Unknown)
            .collect()
    }

    /// Deliveries that did not arrive, with the reasons: failed or run out of time.
    pub fn unreached(&self) -> BTreeMap<u32, Standing> {
        let lost =
            |standing: &Standing| matches!(standing.state(), DeliveryState::Failed | DeliveryState::Expired);
        let all = self.members().map(|(offset, ordinal)| (ordinal, self.at(offset)));
        all.filter(|(_, standing)| lost(standing)).collect()
    }

    /// Whether a delivery left and nobody said yet what became of it, so that this receipt, heard at `heard`, may be
    /// about it.
    pub fn may_be_told(&self, ordinal: u32, status: ReceiptStatus, heard: Timestamp) -> bool {
        let Some(offset) = self.offset(ordinal) else { return false };
        let left_ms = self.cells.submit_ms[offset];
        // What was heard before it left is about another message to the same address.
        if left_ms == u32::MAX || self.since_start(heard) < left_ms {
            return false;
        }
        match self.at(offset).state() {
            DeliveryState::Unknown => true,
            DeliveryState::Queued => self.cells.attempts[offset] > 0,
            // Another try is on its way: good news of the first still counts, bad news says nothing of this one.
            DeliveryState::Submitting => {
                self.doubted.contains(ordinal)
                    && !matches!(status, ReceiptStatus::Failed(_) | ReceiptStatus::Expired)
            }
            // "I have that already": the receipt of the first try has a name that we never learnt.
            DeliveryState::Accepted => self.nameless.contains(ordinal),
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
        use DeliveryState::{Expired, Failed, Planned, Queued, Withdrawn};
        let untouched = [Planned, Queued, Withdrawn, Expired, Failed];
        self.members()
            .filter(|(offset, _)| {
                self.cells.submit_ms[*offset] != u32::MAX || !untouched.contains(&self.at(*offset).state())
            })
            .map(|(_, ordinal)| ordinal)
            .collect()
    }

    /// Recipients whom another account sends to instead.
    pub fn handed_over(&self) -> RoaringBitmap {
        let left = self.members().filter(|(offset, _)| self.at(*offset) == Standing::HANDED_OVER);
        left.map(|(_, ordinal)| ordinal).collect()
    }

    /// Recipients who failed for good, for the next channel to try.
    pub fn failed(&self) -> RoaringBitmap {
        let divertible = |standing: Standing| {
            standing.state() == DeliveryState::Failed && standing.reason() != Reason::OptedOut
        };
        self.members()
            .filter(|(offset, _)| divertible(self.at(*offset)))
            .map(|(_, ordinal)| ordinal)
            .collect()
    }
}
