//! Who was accepted and has no receipt yet, so that it can be asked for. In memory only: what an earlier run of ours sent
//! is left to the provider's pushes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mingluo_model::{clock::Timestamp, receipt::ProviderId};

use super::id_of;
use crate::sms::cloud::session::Bound;

/// The most that are remembered, some 20 MB; others are left to the pushes. Asked one by one, more would take hours.
const MOST: usize = 100_000;

/// How long after it was accepted a receipt is still asked for (carriers report for 48 hours).
const LONGEST: Duration = Duration::from_hours(72);

/// One that is awaited.
#[derive(Debug, Clone)]
pub(super) struct One {
    pub(super) number: String,
    pub(super) biz_id: String,
    pub(super) accepted: Timestamp,
}

#[derive(Default)]
struct Queue {
    by_due: BTreeMap<(Timestamp, u64), One>,
    places: HashMap<ProviderId, (Timestamp, u64)>,
    next: u64,
}

/// Those that are awaited, by when they are asked for next.
#[derive(Default)]
pub(super) struct Awaited {
    // Guards the queue; held for a few instructions, or for those of one call.
    queue: Mutex<Queue>,
}

impl Awaited {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers the numbers of a call.
    pub(super) fn await_all(&self, biz_id: &str, to: &[Bound], now: Timestamp) {
        let mut queue = self.queue();
        for bound in to.iter().take(MOST.saturating_sub(queue.by_due.len())) {
            let one = One { number: bound.number.clone(), biz_id: biz_id.to_owned(), accepted: now };
            queue.put(one, now);
        }
    }

    /// A receipt came.
    pub(super) fn heard(&self, id: &ProviderId) {
        let mut queue = self.queue();
        if let Some(place) = queue.places.remove(id) {
            queue.by_due.remove(&place);
        }
    }

    /// The first that has waited for `pause`, taken out.
    pub(super) fn due(&self, now: Timestamp, pause: Duration) -> Option<One> {
        let mut queue = self.queue();
        let ((since, _), _) = queue.by_due.first_key_value()?;
        if now.since(*since) < pause {
            return None;
        }
        let (_, one) = queue.by_due.pop_first()?;
        queue.places.remove(&id_of(&one.biz_id, &one.number));
        Some(one)
    }

    /// It was asked for and there is no receipt yet: again when it has waited twice as long.
    pub(super) fn again(&self, one: One, now: Timestamp, pause: Duration) {
        let waited = now.since(one.accepted);
        if waited < LONGEST {
            self.queue().put(one, now.plus(waited.saturating_sub(pause)));
        }
    }
}

impl Queue {
    fn put(&mut self, one: One, since: Timestamp) {
        let place = (since, self.next);
        self.next += 1;
        self.places.insert(id_of(&one.biz_id, &one.number), place);
        self.by_due.insert(place, one);
    }
}
