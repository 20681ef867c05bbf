//! Pushes that were kept of late, by their names (排重): a platform says thrice what was not answered in time.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

/// Pushes remembered: at a thousand a second, far more than come in the fifteen seconds in which one is repeated.
const REMEMBERED: usize = 65_536;

/// The names.
#[derive(Default)]
pub(super) struct Recent(
    // Guards the names; held for one look.
    Mutex<Names>,
);

#[derive(Default)]
struct Names {
    known: HashSet<[u8; 20]>,
    order: VecDeque<[u8; 20]>,
}

impl Recent {
    /// Whether a push was kept.
    pub(super) fn knows(&self, name: &[u8; 20]) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).known.contains(name)
    }

    /// It is kept.
    pub(super) fn remember(&self, name: [u8; 20]) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.known.insert(name) {
            names.order.push_back(name);
        }
        if names.order.len() > REMEMBERED
            && let Some(oldest) = names.order.pop_front()
        {
            names.known.remove(&oldest);
        }
    }
}
