//! Where each recipient of a plan has its cells: by the distance from the first where there are few holes (a region is
//! runs of ordinals), else one behind the other. A carrier's share of a city has more holes than people.

use roaring::RoaringBitmap;
use std::ops::Range;

/// The places of a plan's recipients.
pub(super) struct Places {
    /// The first ordinal.
    base: u32,
    /// From the first ordinal to one past the last.
    span: usize,
    /// The ordinals in order where cells stand one behind the other; none where holes have cells as well.
    packed: Option<Box<[u32]>>,
}

impl Places {
    pub(super) fn of(ordinals: &RoaringBitmap) -> Self {
        let base = ordinals.min().unwrap_or(0);
        let span = ordinals.max().map_or(0, |last| (last - base) as usize + 1);
        // A quarter of holes costs as much as the ordinals that a search needs.
        let is_holed = ordinals.len() < span as u64 * 3 / 4;
        Self { base, span, packed: is_holed.then(|| ordinals.iter().collect()) }
    }

    /// Cells that are needed.
    pub(super) fn len(&self) -> usize {
        self.packed.as_ref().map_or(self.span, |ordinals| ordinals.len())
    }

    /// The first ordinal, and how many follow it, holes included.
    pub(super) const fn span(&self) -> (u32, u32) {
        (self.base, self.span as u32)
    }

    /// The cell of an ordinal, which may be a hole's; `None` for an ordinal that has none.
    pub(super) fn offset(&self, ordinal: u32) -> Option<usize> {
        match &self.packed {
            Some(ordinals) => ordinals.binary_search(&ordinal).ok(),
            None => Some(ordinal.checked_sub(self.base)? as usize).filter(|offset| *offset < self.span),
        }
    }

    /// The ordinal of a cell.
    pub(super) fn ordinal(&self, offset: usize) -> u32 {
        self.packed.as_ref().map_or_else(|| self.base + offset as u32, |ordinals| ordinals[offset])
    }

    /// The cells of the ordinals from `first` to one before `end`.
    pub(super) fn within(&self, first: u32, end: u64) -> Range<usize> {
        let at = |ordinal: u64| match &self.packed {
            Some(ordinals) => ordinals.partition_point(|one| u64::from(*one) < ordinal),
            None => (ordinal.saturating_sub(u64::from(self.base)) as usize).min(self.span),
        };
        at(u64::from(first))..at(end).max(at(u64::from(first)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_recipient_has_a_cell_of_its_own(ordinals: Vec<u16>, first: u16, count: u16) {
            let set: RoaringBitmap = ordinals.into_iter().map(u32::from).collect();
            let places = Places::of(&set);
            for ordinal in &set {
                let offset = places.offset(ordinal).unwrap();
                prop_assert!(offset < places.len());
                prop_assert_eq!(places.ordinal(offset), ordinal);
            }
            let end = u64::from(first) + u64::from(count);
            let inside = places.within(first.into(), end).map(|offset| places.ordinal(offset));
            let inside: RoaringBitmap = inside.filter(|ordinal| set.contains(*ordinal)).collect();
            let mut wanted = RoaringBitmap::new();
            wanted.insert_range(u32::from(first)..u32::from(first) + u32::from(count));
            prop_assert_eq!(inside, wanted & &set);
        }
    }

    #[test]
    fn a_share_with_holes_costs_what_its_people_cost() {
        let share: RoaringBitmap = (0..1_000).step_by(4).collect();
        assert_eq!(Places::of(&share).len(), 250);
        assert_eq!(Places::of(&(0..1_000).collect()).len(), 1_000);
    }
}
