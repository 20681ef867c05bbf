//! A whole number shared out by weights, nothing lost and nothing added (largest remainder).

use std::cmp::Reverse;

/// Shares of `total` in proportion to `weights`; they add up to `total` unless all weights are zero. Remainders go
/// to the largest fractions, among equals to the first.
pub(super) fn spread(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: u64| u128::from(total) * u128::from(weight);
    let mut shares: Vec<u64> = weights.iter().map(|weight| (exact(*weight) / sum) as u64).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|at| (Reverse(exact(weights[*at]) % sum), *at));
    let left = total - shares.iter().sum::<u64>();
    for at in order.into_iter().take(left as usize) {
        shares[at] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_larger_remainder_gets_the_rest() {
        assert_eq!(spread(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(spread(3, &[10, 0, 20]), [1, 0, 2]);
        assert_eq!(spread(3, &[0, 0]), [0, 0]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(total in 0..2_000_000_u64, weights in proptest::collection::vec(0..70_000_u64, 1..40)) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            prop_assert_eq!(spread(total, &weights).iter().sum::<u64>(), total);
        }
    }
}
