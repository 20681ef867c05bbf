//! Chance that repeats: a hash of the seed, the destination and the part, and one face of it for each knob.

use super::Span;

/// What is thrown for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Throw {
    Busy = 1,
    WhichBusy,
    Refuse,
    Fail,
    Silent,
    Lie,
    Late,
    Double,
    First,
    Reply,
    WhichEnd,
}

/// The dice of one part to one destination.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64, destination: u64, part: u8) -> Self {
        Self(mixed(mixed(mixed(seed) ^ destination) ^ u64::from(part)))
    }

    /// True in so many of a hundred cases.
    pub(super) fn shows(self, throw: Throw, percent: f64) -> bool {
        // 2^53 is what a double counts exactly.
        percent > 0.0 && ((self.face(throw) >> 11) as f64) < percent / 100.0 * (1_u64 << 53) as f64
    }

    /// Some duration in a span, in microseconds.
    pub(super) fn within_us(self, throw: Throw, span: Span) -> i64 {
        let choices = u64::from(span.to_ms - span.from_ms) + 1;
        (u64::from(span.from_ms) + self.face(throw) % choices) as i64 * 1_000
    }

    /// The part's own number, to remember it by.
    pub(super) const fn number(self) -> u64 {
        self.0
    }

    fn face(self, throw: Throw) -> u64 {
        mixed(self.0 ^ throw as u64)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
const fn mixed(word: u64) -> u64 {
    let word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// A fingerprint of a text: equal texts have equal ones, and others almost never.
pub(super) fn fingerprint(octets: &[u8]) -> u32 {
    let (words, rest) = octets.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let start = octets.len() as u64;
    let all = words.iter().chain([&last]).fold(start, |hash, word| {
        (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
    });
    mixed(all) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_met_and_repeats() {
        let shown = |seed| -> Vec<u64> {
            let shows = |to: &u64| Dice::new(seed, 19_730_000_000 + to, 1).shows(Throw::Silent, 3.0);
            (0..100_000).filter(shows).collect()
        };
        let first = shown(1);
        assert!((2_800..3_200).contains(&first.len()), "{}", first.len());
        assert_eq!(shown(1), first);
        assert_ne!(shown(2), first);
    }

    #[test]
    fn knobs_are_thrown_apart() {
        let both = (0..100_000_u64)
            .map(|to| Dice::new(1, to, 1))
            .filter(|dice| dice.shows(Throw::Silent, 10.0) && dice.shows(Throw::Double, 10.0));
        assert!((800..1_200).contains(&both.count()));
    }

    #[test]
    fn a_span_has_both_its_ends() {
        let span = Span { from_ms: 5, to_ms: 7 };
        let mut seen: Vec<i64> =
            (0..100).map(|to| Dice::new(1, to, 1).within_us(Throw::Late, span)).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [5_000, 6_000, 7_000]);
    }

    #[test]
    fn one_octet_makes_another_text() {
        let text = [7_u8; 140];
        let mut other = text;
        other[139] = 8;
        assert_ne!(fingerprint(&text), fingerprint(&other));
        assert_ne!(fingerprint(&[0; 8]), fingerprint(&[0; 9]));
    }
}
