//! Chance that can be repeated: a number for each (seed, village, person, question), in any order and without state.

/// What is asked about a person. Each question has a chance of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question {
    Age,
    Phone,
    Network,
    Follows,
    OpenId(u8),
    Seat,
}

impl Question {
    const fn salt(self) -> u64 {
        match self {
            Self::Age => 1,
            Self::Phone => 2,
            Self::Network => 3,
            Self::Follows => 4,
            Self::Seat => 5,
            Self::OpenId(third) => 16 + third as u64,
        }
    }
}

/// Sixty-four even bits for a question about the person `n` of a village.
pub(super) const fn draw(seed: u64, village: u64, n: u64, question: Question) -> u64 {
    mix(mix(mix(seed ^ 0x6d69_6e67_6c75_6f21) ^ village) ^ (n << 8 | question.salt()))
}

/// The same as a share: at least 0, less than 1.
pub(super) fn share(seed: u64, village: u64, n: u64, question: Question) -> f64 {
    (draw(seed, village, n, question) >> 11) as f64 / (1_u64 << 53) as f64
}

/// The output step of SplitMix64 (Steele, Lea, Flood 2014), which spreads every bit over all.
pub(super) const fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
