//! How many there are in each place of an edition (计数), and what of it another edition loses. Knows no person.

use super::compare::named;
use crate::region::Region;
use mingluo_model::{
    audience::{ChannelKind, Group},
    region::{Level, RegionCode},
};
use mingluo_targeting::{edition::EditionIndex, groups::MOST_GROUPS};
use serde::Serialize;
use std::{collections::BTreeMap, ops::Range};

/// What may be lost without a word, as a share: a tenth. Between two imports of a city some move away and some numbers
/// end; what is more is a part of a file, or the wrong file.
const BORNE_SHARE: u64 = 10;

/// How many there are in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    /// People and boxes.
    pub(super) recipients: u64,
    /// Addresses by channel.
    pub(super) channels: BTreeMap<ChannelKind, u64>,
    /// Members by group.
    #[serde(skip)]
    pub(super) groups: BTreeMap<Group, u64>,
    /// The same by county.
    #[serde(skip)]
    pub(super) counties: BTreeMap<RegionCode, Self>,
    /// The same by township.
    #[serde(skip)]
    pub(super) townships: BTreeMap<RegionCode, Self>,
}

/// What is counted in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Recipients,
    Channel(ChannelKind),
    Group(Group),
}

/// What is lost in one place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Loss {
    /// Where; everywhere when there is none.
    pub(super) place: Option<RegionCode>,
    pub(super) part: Part,
    pub(super) before: u64,
    pub(super) after: u64,
}

impl Counts {
    /// The counts of an edition.
    pub(super) fn of(index: &EditionIndex) -> Self {
        let by =
            |level| index.divisions(level).map(|(code, range)| (code, Self::inside(index, range))).collect();
        let all = Self::inside(index, 0..index.n());
        Self { counties: by(Level::County), townships: by(Level::Township), ..all }
    }

    fn inside(index: &EditionIndex, range: Range<u32>) -> Self {
        let in_range = |set: &roaring::RoaringBitmap| set.range_cardinality(range.clone());
        let on = |channel| Some((channel, index.on_channel(channel).map(in_range)?));
        let of = |group| Some((group, index.in_group(group).map(in_range)?));
        Self {
            recipients: u64::from(range.end - range.start),
            channels: ChannelKind::ALL.into_iter().filter_map(on).filter(|(_, n)| *n > 0).collect(),
            groups: (0..MOST_GROUPS).map(Group).filter_map(of).filter(|(_, n)| *n > 0).collect(),
            ..Self::default()
        }
    }

    /// How many of something.
    pub(super) fn count(&self, part: Part) -> u64 {
        match part {
            Part::Recipients => self.recipients,
            Part::Channel(channel) => self.channels.get(&channel).copied().unwrap_or(0),
            Part::Group(group) => self.groups.get(&group).copied().unwrap_or(0),
        }
    }

    /// Everything that becomes less here.
    pub(super) fn losses(&self, place: Option<RegionCode>, after: &Self) -> impl Iterator<Item = Loss> {
        let (channels, groups) = (self.channels.keys().copied(), self.groups.keys().copied());
        let parts =
            [Part::Recipients].into_iter().chain(channels.map(Part::Channel)).chain(groups.map(Part::Group));
        let loss = move |part| Loss { place, part, before: self.count(part), after: after.count(part) };
        parts.map(loss).filter(|loss| loss.lost() > 0)
    }
}

impl Loss {
    /// How many.
    pub(super) const fn lost(&self) -> u64 {
        self.before.saturating_sub(self.after)
    }

    /// Whether it is more than is borne.
    pub(super) const fn is_much(&self) -> bool {
        self.lost() * BORNE_SHARE > self.before
    }

    /// Whether the table has a row for it anyway.
    pub(super) fn is_listed(&self) -> bool {
        match self.part {
            Part::Recipients => self.place.is_none_or(|place| place.level() == Level::County),
            Part::Channel(_) => self.place.is_none(),
            Part::Group(_) => false,
        }
    }

    /// Place and part as the table names them.
    pub(super) fn title(&self, region: &Region) -> String {
        let place = self.place.map_or_else(String::new, |code| named(region, code));
        let part = match self.part {
            Part::Recipients => String::new(),
            Part::Channel(channel) => format!("{} {}", channel.zh(), channel.word()),
            Part::Group(group) => region
                .groups
                .get(group)
                .map_or_else(|| format!("人群 group {}", group.0), |entry| entry.name_zh.to_string()),
        };
        format!("{place} {part}").trim().to_owned()
    }
}
