//! The licence as a gateway holds it: so many in any sliding second, exactly.

use std::collections::VecDeque;

const SECOND_US: i64 = 1_000_000;

/// Lets at most `most` through in any second; 0 is no limit.
#[derive(Debug)]
pub(super) struct Gate {
    most: usize,
    passed_us: VecDeque<i64>,
}

impl Gate {
    pub(super) const fn new(per_second: u32) -> Self {
        Self { most: per_second as usize, passed_us: VecDeque::new() }
    }

    /// Whether one more may pass now; it has then passed.
    pub(super) fn admits(&mut self, now_us: i64) -> bool {
        if self.most == 0 {
            return true;
        }
        while self.passed_us.front().is_some_and(|passed| passed + SECOND_US <= now_us) {
            self.passed_us.pop_front();
        }
        let free = self.passed_us.len() < self.most;
        if free {
            self.passed_us.push_back(now_us);
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sliding_second_holds_more_than_the_licence() {
        let mut gate = Gate::new(3);
        let passed: Vec<i64> = (0..40).map(|step| step * 100_000).filter(|at| gate.admits(*at)).collect();
        assert_eq!(passed[..4], [0, 100_000, 200_000, 1_000_000]);
        assert!(passed.windows(4).all(|four| four[3] - four[0] >= SECOND_US));
    }

    #[test]
    fn without_a_licence_all_pass() {
        assert!((0..1_000).all(|_| Gate::new(0).admits(0)));
    }
}
