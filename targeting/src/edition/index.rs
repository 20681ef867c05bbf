//! The index of an edition: which ordinals live in which village, have an address on which channel, belong to
//! which group. It answers all counting; it knows no address.

use mingluo_model::{
    audience::{ChannelKind, Group},
    region::{Level, RegionCode},
};
use roaring::RoaringBitmap;
use std::{collections::BTreeMap, ops::Range};

/// The ordinals of one village.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VillageRange {
    /// The village or community.
    pub village: RegionCode,
    /// Its first ordinal.
    pub first_ordinal: u32,
    /// Its recipients, at least one.
    pub n: u32,
}

impl VillageRange {
    /// One past its last ordinal.
    pub const fn end(&self) -> u32 {
        self.first_ordinal + self.n
    }
}

/// The index of an edition. Villages rise and their ranges follow each other without a gap from 0 to `n`; no set
/// holds an ordinal of `n` or more.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EditionIndex {
    pub(super) regions: Vec<VillageRange>,
    pub(super) by_channel: BTreeMap<ChannelKind, RoaringBitmap>,
    pub(super) by_group: BTreeMap<Group, RoaringBitmap>,
    pub(super) n: u32,
}

impl EditionIndex {
    /// Recipients of the edition, people and boxes.
    pub const fn n(&self) -> u32 {
        self.n
    }

    /// Villages that have a recipient, in the order of their codes.
    pub fn villages(&self) -> &[VillageRange] {
        &self.regions
    }

    /// Recipients with an address on a channel; none when nobody has.
    pub fn on_channel(&self, channel: ChannelKind) -> Option<&RoaringBitmap> {
        self.by_channel.get(&channel)
    }

    /// Members of a group; none when it has none.
    pub fn in_group(&self, group: Group) -> Option<&RoaringBitmap> {
        self.by_group.get(&group)
    }

    /// Members of any of the groups.
    pub fn in_any(&self, groups: impl IntoIterator<Item = Group>) -> RoaringBitmap {
        groups
            .into_iter()
            .filter_map(|group| self.in_group(group))
            .fold(RoaringBitmap::new(), |all, set| all | set)
    }

    /// The ordinals of a region; empty when nobody of the roster lives there.
    pub fn range(&self, region: RegionCode) -> Range<u32> {
        let from = self.regions.partition_point(|each| each.village.start() < region.start());
        let to = self.regions.partition_point(|each| each.village.start() < region.end());
        let first = self.regions.get(from).map_or(self.n, |each| each.first_ordinal);
        let end = self.regions.get(to).map_or(self.n, |each| each.first_ordinal);
        first..end
    }

    /// The village of an ordinal.
    pub fn village_of(&self, ordinal: u32) -> Option<RegionCode> {
        let at = self.regions.partition_point(|each| each.end() <= ordinal);
        self.regions.get(at).map(|each| each.village)
    }

    /// How a set spreads over the divisions of a level, in the order of their codes; divisions without a member
    /// are left out.
    pub fn spread(&self, set: &RoaringBitmap, level: Level) -> Vec<(RegionCode, u32)> {
        self.divisions(level)
            .map(|(region, range)| (region, set.range_cardinality(range) as u32))
            .filter(|(_, n)| *n > 0)
            .collect()
    }

    /// Recipients on a channel in each division of a level.
    pub fn counts_by_region(&self, level: Level, channel: ChannelKind) -> Vec<(RegionCode, u32)> {
        self.on_channel(channel).map_or_else(Vec::new, |set| self.spread(set, level))
    }

    /// The divisions of a level that hold a village of the edition, each with its ordinals.
    pub fn divisions(&self, level: Level) -> impl Iterator<Item = (RegionCode, Range<u32>)> {
        let division = move |each: &VillageRange| each.village.at(level).unwrap_or(each.village);
        self.regions.chunk_by(move |one, next| division(one) == division(next)).filter_map(move |run| {
            let (first, last) = (run.first()?, run.last()?);
            Some((division(first), first.first_ordinal..last.end()))
        })
    }
}
