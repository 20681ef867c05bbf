//! Receipts that came before anybody knew whom they are about: found again by their id when the answer comes that
//! names it, or by their address when it is known that no answer will. They stay in the ledger, so that here only as
//! many are kept as an answer may still name.

use super::{ById, IdHash};
use mingluo_ledger::event::RawId;
use mingluo_model::{clock::Timestamp, receipt::ReceiptStatus};
use std::collections::{HashMap, VecDeque};

/// More than sessions can have under way; beyond it somebody else's receipts come to our account, and the oldest
/// give way.
const MOST: usize = 1 << 18;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Early {
    pub(super) status: ReceiptStatus,
    pub(super) raw: Option<RawId>,
    pub(super) address: Option<[u8; 16]>,
    pub(super) at: Timestamp,
}

#[derive(Default)]
pub(super) struct EarlyOnes {
    by_id: ById<Vec<Early>>,
    /// The ids of those that name an address.
    to: HashMap<[u8; 16], Vec<IdHash>>,
    /// All that were kept, the oldest first; some are gone already.
    kept: VecDeque<(Timestamp, IdHash)>,
}

impl EarlyOnes {
    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn keep(&mut self, hash: IdHash, early: Early) {
        if let Some(address) = early.address {
            self.to.entry(address).or_default().push(hash);
        }
        self.by_id.entry(hash).or_default().push(early);
        self.kept.push_back((early.at, hash));
        if self.kept.len() > MOST {
            self.forget_oldest();
        }
    }

    /// Those of this id, which are kept no longer.
    pub(super) fn take(&mut self, hash: IdHash) -> Vec<Early> {
        let taken = self.by_id.remove(&hash).unwrap_or_default();
        for address in taken.iter().filter_map(|early| early.address) {
            if let Some(hashes) = self.to.get_mut(&address) {
                hashes.retain(|other| *other != hash);
                if hashes.is_empty() {
                    self.to.remove(&address);
                }
            }
        }
        taken
    }

    /// The ids of those that name this address.
    pub(super) fn to(&self, address: &[u8; 16]) -> Vec<IdHash> {
        self.to.get(address).cloned().unwrap_or_default()
    }

    /// A receipt of this id is durable under this name; `false` if none waits for it.
    pub(super) fn name(&mut self, hash: IdHash, raw: RawId) -> bool {
        let nameless =
            self.by_id.get_mut(&hash).and_then(|ones| ones.iter_mut().find(|one| one.raw.is_none()));
        nameless.map(|one| one.raw = Some(raw)).is_some()
    }

    /// How many came at or before an instant and are still nobody's.
    pub(super) fn until(&self, until: Timestamp) -> usize {
        self.by_id.values().flatten().filter(|early| early.at <= until).count()
    }

    /// Forgets those that came at or before an instant.
    pub(super) fn forget(&mut self, until: Timestamp) {
        while self.kept.front().is_some_and(|(at, _)| *at <= until) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((at, hash)) = self.kept.pop_front() else { return };
        for early in self.take(hash) {
            // It was kept anew since.
            if early.at > at {
                self.put_back(hash, early);
            }
        }
    }

    /// What was taken and belongs to nobody yet; its place in line it has still.
    pub(super) fn put_back(&mut self, hash: IdHash, early: Early) {
        if let Some(address) = early.address {
            self.to.entry(address).or_default().push(hash);
        }
        self.by_id.entry(hash).or_default().push(early);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn early(at: i64) -> Early {
        Early { status: ReceiptStatus::Delivered, raw: None, address: Some([7; 16]), at: Timestamp(at) }
    }

    #[test]
    fn what_nobody_claims_in_time_is_forgotten_and_what_came_since_is_not() {
        let mut ones = EarlyOnes::default();
        for (hash, at) in [(1, 10), (2, 20), (1, 30)] {
            ones.keep(hash, early(at));
        }
        assert_eq!((ones.until(Timestamp(9)), ones.until(Timestamp(20))), (0, 2));
        ones.forget(Timestamp(20));
        assert_eq!(ones.to(&[7; 16]), [1]);
        assert_eq!((ones.take(1), ones.take(2)), (vec![early(30)], vec![]));
        assert!(ones.is_empty() && ones.to(&[7; 16]).is_empty());
        ones.forget(Timestamp(99));
    }

    #[test]
    fn receipts_of_somebody_else_push_out_the_oldest_and_no_more() {
        let mut ones = EarlyOnes::default();
        (0..MOST as u64 + 5).for_each(|hash| ones.keep(hash, Early { address: None, ..early(hash as i64) }));
        assert_eq!((ones.by_id.len(), ones.kept.len()), (MOST, MOST));
        assert!(ones.take(4).is_empty() && ones.take(5).len() == 1);
    }
}
