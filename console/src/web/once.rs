//! One click once: a form carries a key, and whatever was made under that key is answered again instead of made again.
//! Kept in memory: after a restart the same form makes a second draft, which harms nobody since drafts are looked at.

use mingluo_model::id::AlertId;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OnceCell;

/// Keys remembered at most; the oldest gives way.
const MOST_KEYS: usize = 1_000;

/// What was made under which key.
pub(super) struct Once<T = AlertId> {
    // Guards the keys; held for one look-up.
    made: Mutex<VecDeque<(String, Arc<OnceCell<T>>)>>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { made: Mutex::default() }
    }
}

impl<T: Copy> Once<T> {
    /// Makes something under a key, or answers with the one that was made under it. A second click waits for the first.
    ///
    /// # Errors
    /// What `make` says; the key stays free then.
    pub(super) async fn get_or_make<E>(
        &self,
        key: String,
        make: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let cell = self.cell(key);
        cell.get_or_try_init(|| make).await.copied()
    }

    fn cell(&self, key: String) -> Arc<OnceCell<T>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, cell)) = made.iter().find(|(known, _)| *known == key) {
            return Arc::clone(cell);
        }
        if made.len() >= MOST_KEYS {
            made.pop_front();
        }
        let cell: Arc<OnceCell<T>> = Arc::default();
        made.push_back((key, Arc::clone(&cell)));
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[tokio::test]
    async fn a_double_click_makes_one_thing() {
        let once: Once = Once::default();
        let made = |number| async move { Ok::<_, Infallible>(AlertId(uuid::Uuid::from_u128(number))) };
        let first = once.get_or_make("form".into(), made(1)).await.unwrap();
        let second = once.get_or_make("form".into(), made(2)).await.unwrap();
        let other = once.get_or_make("another".into(), made(3)).await.unwrap();
        assert_eq!(first, second);
        assert_ne!(first, other);
    }
}
