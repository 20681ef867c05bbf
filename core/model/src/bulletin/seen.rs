//! Which sequence numbers a speaker has seen. Grave bulletins overtake lighter ones on the way, so numbers may come
//! out of order; a window of the last 64 lets them in, each once.

use super::KeyId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was seen, by key.
pub type Sequences = BTreeMap<KeyId, SeenWindow>;

/// The highest number seen under one key, and which of the 64 up to it (bit n is `highest - n`).
///
/// Source: the anti-replay window of RFC 4303 section 3.4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SeenWindow {
    /// The highest number seen; zero before the first.
    pub highest: u64,
    /// The numbers seen up to it.
    pub bits: u64,
}

impl SeenWindow {
    /// Whether this number is new. Zero never is, and neither is what fell out of the window.
    pub const fn is_new(self, seq: u64) -> bool {
        if seq > self.highest {
            return true;
        }
        let back = self.highest - seq;
        seq != 0 && back < 64 && self.bits >> back & 1 == 0
    }

    /// Remembers a number; one that is not new changes nothing.
    pub const fn mark(&mut self, seq: u64) {
        if seq > self.highest {
            let ahead = seq - self.highest;
            self.bits = if ahead < 64 { self.bits << ahead | 1 } else { 1 };
            self.highest = seq;
        } else if self.highest - seq < 64 {
            self.bits |= 1 << (self.highest - seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_red_that_overtook_does_not_shut_out_the_blue_before_it() {
        let mut seen = SeenWindow::default();
        seen.mark(6);
        assert!(seen.is_new(5) && !seen.is_new(6));
        seen.mark(5);
        assert!(!seen.is_new(5));
        seen.mark(100);
        assert!(!seen.is_new(36) && seen.is_new(37) && !seen.is_new(0));
    }

    proptest! {
        #[test]
        fn no_number_is_new_twice(numbers in prop::collection::vec(1_u64..200, 1..100)) {
            let (mut seen, mut taken) = (SeenWindow::default(), BTreeSet::new());
            for seq in numbers {
                if seen.is_new(seq) {
                    prop_assert!(taken.insert(seq));
                }
                seen.mark(seq);
            }
        }
    }
}
