//! What the ledger says of one channel, as the API told it.

use std::collections::{BTreeMap, BTreeSet};

/// States in which something is still to be done; none may be left at the end.
pub(super) const OPEN: [&str; 3] = ["planned", "queued", "submitting"];

/// States that claim that the far side took the message whole.
pub(super) const TAKEN: [&str; 4] = ["accepted", "delivered", "sounded", "acknowledged"];

/// States that claim that a receipt came.
pub(super) const CONFIRMED: [&str; 3] = ["delivered", "sounded", "acknowledged"];

/// States of those who were not tried any more; a rehearsal recalls nothing and outlives no warning.
pub(super) const SPARED: [&str; 2] = ["expired", "withdrawn"];

/// What the ledger says of one channel (台账).
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Recipients.
    pub target: u64,
    /// By state's word.
    pub states: BTreeMap<String, u64>,
    /// Accepted ones whose receipt was given up.
    pub accepted_without_receipt: u64,
    /// Parts of the message.
    pub parts: u16,
    /// The far side's names of the parts that were accepted and never receipted, or are unknown.
    pub unconfirmed: BTreeSet<String>,
    /// Unknown ones of which the far side gave no name.
    pub unanswered: u64,
}

impl Kept {
    pub(super) fn of(&self, states: &[&str]) -> u64 {
        states.iter().filter_map(|state| self.states.get(*state)).sum()
    }
}
