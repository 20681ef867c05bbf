//! Where a provider id points: eight octets for each of millions of parts, found by a hash of the id.

use mingluo_model::receipt::ProviderId;
use siphasher::sip::SipHasher13;
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// Hash of a provider id within one account. Two of three million ids collide with a
/// chance of about one in four million. A collision would move the wrong delivery's receipt,
/// never lose a message.
pub(super) type IdHash = u64;

/// A map by hashes.
pub(super) type ById<T> = HashMap<IdHash, T, BuildHasherDefault<Unhashed>>;

/// The ids are hashes already.
#[derive(Default)]
pub(super) struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// A part of a delivery.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) ordinal: u32,
    plan_and_part: u32,
}

impl Place {
    /// Bits of the part: a message has at most sixteen.
    const PART: u32 = 4;

    pub(super) const fn new(plan: usize, ordinal: u32, part: u8) -> Self {
        Self { ordinal, plan_and_part: (plan as u32) << Self::PART | part as u32 }
    }

    pub(super) const fn plan(self) -> usize {
        (self.plan_and_part >> Self::PART) as usize
    }

    pub(super) const fn part(self) -> u8 {
        (self.plan_and_part & ((1 << Self::PART) - 1)) as u8
    }
}

/// The bits of an octet that count on, be it a digit or a number.
const COUNTING: u8 = 0x0f;

/// Where the seven bits begin by which the map tells neighbours apart.
const TAG: u32 = u64::BITS - 7;

/// Gateways count: ids that follow one another come together, in answers and again in receipts. Spread at random over
/// a map of millions, each look would wait for memory, so they lie side by side: the counting bits of the last two
/// octets are added to the hash of the rest of the id, and stand in its first seven bits.
pub(super) fn id_hash(id: &ProviderId) -> IdHash {
    let (front, last) = match id.bytes() {
        [front @ .., tens, ones] => (front, [*tens, *ones]),
        short => (short, [0, 0]),
    };
    let mut hasher = SipHasher13::new();
    hasher.write_usize(id.bytes().len());
    hasher.write(front);
    hasher.write(&last.map(|octet| octet & !COUNTING));
    let [tens, ones] = last.map(|octet| u64::from(octet & COUNTING));
    let counted = tens << 4 | ones;
    hasher.finish().wrapping_add(counted) ^ (counted << TAG)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn hash(id: &[u8]) -> IdHash {
        id_hash(&ProviderId::new(id))
    }

    #[test]
    fn ids_that_follow_one_another_lie_side_by_side() {
        let at = |id: u32| hash(id.to_string().as_bytes());
        let apart = |id: u32| at(id).wrapping_sub(at(1_234_500)) & 0xffff;
        assert_eq!((apart(1_234_501), apart(1_234_510)), (1, 0x10));
        assert_ne!(at(1_234_500) >> 57, at(1_234_501) >> 57);
    }

    #[test]
    fn no_two_of_many_ids_are_taken_for_each_other() {
        let decimal = (0..50_000_u32).map(|id| hash(id.to_string().as_bytes()));
        let binary = (0..50_000_u64).map(|id| hash(&(id | 0x7000_0000_0000_0000).to_be_bytes()));
        let upper = (0..50_000_u32).map(|id| hash(format!("{:08X}", id + 0xA000_0000).as_bytes()));
        assert_eq!(decimal.chain(binary).chain(upper).collect::<HashSet<_>>().len(), 150_000);
    }

    proptest! {
        #[test]
        fn ids_that_differ_in_one_octet_or_end_sooner_have_hashes_that_differ(
            id in prop::collection::vec(any::<u8>(), 1..64), at: prop::sample::Index, other: u8, ends: bool,
        ) {
            let mut changed = id.clone();
            let at = at.index(id.len());
            if ends { changed.truncate(at) } else { changed[at] = other }
            prop_assert_eq!(hash(&id) == hash(&changed), id == changed);
            prop_assert_ne!(hash(&id), hash(&[&id[..id.len() - 1], &[id[id.len() - 1], 0]].concat()));
        }
    }
}
