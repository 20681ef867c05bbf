//! Pushes that were kept of late, by their names (排重): a platform says thrice what was not answered in time, also while the
//! first of the three is being kept still.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Semaphore;

/// Pushes remembered: at a thousand a second, far more than come in the fifteen seconds in which one is repeated.
const REMEMBERED: usize = 65_536;

/// A push's name.
type Name = [u8; 20];

/// The names. A clone is the same.
#[derive(Clone, Default)]
pub(super) struct Recent(
    // Guards the names; held for one look.
    Arc<Mutex<Names>>,
);

#[derive(Default)]
struct Names {
    known: HashSet<Name>,
    order: VecDeque<Name>,
    /// Those that are being kept; closed when that is over, well or not.
    under_way: HashMap<Name, Arc<Semaphore>>,
}

/// The one that keeps a push. Unless it says that it did, dropping it lets the next one try.
pub(super) struct Keeper {
    recent: Recent,
    name: Name,
}

impl Recent {
    /// Who is first is to keep it; a repeat waits until that is over, and gets nothing where it was kept.
    pub(super) async fn reserve(&self, name: Name) -> Option<Keeper> {
        loop {
            let over = {
                let mut names = self.names();
                if names.known.contains(&name) {
                    return None;
                }
                let Some(over) = names.under_way.get(&name) else {
                    names.under_way.insert(name, Arc::new(Semaphore::new(0)));
                    return Some(Keeper { recent: self.clone(), name });
                };
                Arc::clone(over)
            };
            // It has no permits: this ends when it is closed.
            let _ = over.acquire().await;
        }
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    /// It is durable.
    pub(super) fn kept(self) {
        let mut names = self.recent.names();
        if names.known.insert(self.name) {
            names.order.push_back(self.name);
        }
        if names.order.len() > REMEMBERED
            && let Some(oldest) = names.order.pop_front()
        {
            names.known.remove(&oldest);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(over) = self.recent.names().under_way.remove(&self.name) {
            over.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    const NAME: Name = [7; 20];

    #[tokio::test]
    async fn a_repeat_waits_for_the_first_and_is_kept_only_where_that_was_not() {
        let recent = Recent::default();
        let first = recent.reserve(NAME).await.unwrap();
        let mut second = Box::pin(recent.reserve(NAME));
        assert!(second.as_mut().now_or_never().is_none(), "the first is under way");
        drop(first);
        let second = second.await.expect("the first was not kept");
        let third = recent.reserve(NAME);
        second.kept();
        assert!(third.await.is_none() && recent.reserve(NAME).await.is_none());
    }
}
