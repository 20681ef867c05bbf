//! From regions x groups x channels to an audience (受众) with head-counts and the sets to send to. Set arithmetic
//! over an edition's index: the time it takes grows with villages and bitmap containers, never with people.

mod merge;

use crate::{
    edition::EditionIndex,
    gazetteer::{Gazetteer, RegionError},
    groups::GroupTable,
};
use mingluo_model::{
    audience::{Audience, ChannelKind, Group, HeadCount},
    id::EditionId,
    region::{Level, RegionCode},
};
use roaring::RoaringBitmap;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// What an audience is resolved over.
#[derive(Debug, Clone, Copy)]
pub struct Roster<'a> {
    /// The edition's id; the audience is bound to it.
    pub edition: EditionId,
    /// The edition's index.
    pub index: &'a EditionIndex,
    /// The divisions that exist.
    pub gazetteer: &'a Gazetteer,
    /// The groups that exist.
    pub groups: &'a GroupTable,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Divisions of any level, the most endangered first; they may repeat and hold each other.
    pub regions: &'a [RegionCode],
    /// Only members of any of these groups; empty means everybody. A speaker box is in no group.
    pub groups: &'a [Group],
    /// The channels to use.
    pub channels: &'a [ChannelKind],
}

/// Whom one channel reaches. The two sets have no member in common.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Targets {
    /// Members of a group that answers for others (责任人): sent to first.
    pub responsible: RoaringBitmap,
    /// All others, speaker boxes among them.
    pub residents: RoaringBitmap,
}

impl Targets {
    /// Both sets in one.
    pub fn all(&self) -> RoaringBitmap {
        &self.responsible | &self.residents
    }
}

/// An audience and its sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// What officers see and sign. A channel on which nobody is reached stays, with counts of zero.
    pub audience: Audience,
    /// The sets behind the counts, for the same channels.
    pub targets: BTreeMap<ChannelKind, Targets>,
}

/// No audience.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// A region is not in the division list.
    #[error(transparent)]
    UnknownRegion(#[from] RegionError),
    /// A group is not in the table.
    #[error("groups: {} is no group number; give groups out of the group table", .group.0)]
    UnknownGroup {
        /// The group.
        group: Group,
    },
    /// No region was given.
    #[error("regions: none given; give at least one division")]
    NoRegion,
    /// No channel was given.
    #[error("channels: none given; give at least one of sms, speaker, wechat, wecom, robot, email")]
    NoChannel,
    /// Nobody is reached.
    #[error(
        "audience: nobody is reached: {empty}; widen the area, drop the groups, add a channel or import a roster"
    )]
    EmptyAudience {
        /// What was empty.
        empty: Empty,
    },
}

/// Why nobody is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Empty {
    /// Regions in which the edition has no recipient at all, with their names.
    pub regions: Vec<(RegionCode, String)>,
    /// Groups without a member in the other regions, with their Chinese names.
    pub groups: Vec<(Group, String)>,
    /// The channels asked for; nobody who is left has an address on any of them.
    pub channels: Vec<ChannelKind>,
}

impl fmt::Display for Empty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |words: Vec<String>| words.join(", ");
        let regions = join(self.regions.iter().map(|(code, name)| format!("{code} {name}")).collect());
        let groups = join(self.groups.iter().map(|(_, name)| name.clone()).collect());
        let channels = join(self.channels.iter().map(|channel| channel.word().to_owned()).collect());
        let parts =
            [("no recipient in ", regions), ("no member there of ", groups), ("no address on ", channels)];
        let told: Vec<String> =
            parts.iter().filter(|part| !part.1.is_empty()).map(|part| [part.0, &part.1].concat()).collect();
        out.write_str(&told.join("; "))
    }
}

/// Resolves what is asked for over an edition.
///
/// # Errors
/// [`ResolveError`]: what is unknown or was not given, and an audience without a single recipient.
pub fn resolve(roster: &Roster<'_>, wanted: &Wanted<'_>) -> Result<Resolved, ResolveError> {
    roster.refuse(wanted)?;
    let regions = merge::outermost(wanted.regions);
    let members = roster.members(&regions, wanted.groups);
    let responsible = roster.index.in_any(roster.groups.responsible());
    let targets: BTreeMap<ChannelKind, Targets> = wanted
        .channels
        .iter()
        .map(|channel| (*channel, roster.targets(*channel, &members, &responsible)))
        .collect();
    let counts: BTreeMap<ChannelKind, HeadCount> =
        targets.iter().map(|(channel, targets)| (*channel, head_count(targets))).collect();
    if counts.values().all(|count| count.recipients == 0) {
        return Err(ResolveError::EmptyAudience { empty: roster.why_empty(&regions, wanted, &members) });
    }
    let groups = wanted.groups.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let audience = Audience { edition: roster.edition, regions, groups, counts };
    Ok(Resolved { audience, targets })
}

fn head_count(targets: &Targets) -> HeadCount {
    let responsible = targets.responsible.len() as u32;
    HeadCount { recipients: responsible + targets.residents.len() as u32, responsible }
}

impl Roster<'_> {
    fn refuse(&self, wanted: &Wanted<'_>) -> Result<(), ResolveError> {
        if wanted.regions.is_empty() {
            return Err(ResolveError::NoRegion);
        }
        if wanted.channels.is_empty() {
            return Err(ResolveError::NoChannel);
        }
        for region in wanted.regions {
            self.gazetteer.check(*region)?;
        }
        match wanted.groups.iter().find(|group| self.groups.get(**group).is_none()) {
            Some(group) => Err(ResolveError::UnknownGroup { group: *group }),
            None => Ok(()),
        }
    }

    /// Everybody in the regions, or the groups' members among them.
    fn members(&self, regions: &[RegionCode], groups: &[Group]) -> RoaringBitmap {
        let mut here = RoaringBitmap::new();
        for region in regions {
            here.insert_range(self.index.range(*region));
        }
        if groups.is_empty() { here } else { here & self.index.in_any(groups.iter().copied()) }
    }

    fn targets(&self, channel: ChannelKind, members: &RoaringBitmap, responsible: &RoaringBitmap) -> Targets {
        let reached = self.index.on_channel(channel).map_or_else(RoaringBitmap::new, |set| set & members);
        let mut targets = Targets { responsible: &reached & responsible, residents: reached - responsible };
        targets.responsible.optimize();
        targets.residents.optimize();
        targets
    }

    fn why_empty(&self, regions: &[RegionCode], wanted: &Wanted<'_>, members: &RoaringBitmap) -> Empty {
        let named = |code: &RegionCode| (*code, self.gazetteer.path(*code));
        let everybody = self.members(regions, &[]);
        let absent =
            |group: &&Group| self.index.in_group(**group).is_none_or(|set| set.is_disjoint(&everybody));
        let name = |group: &Group| {
            self.groups.get(*group).map_or_else(String::new, |entry| entry.name_zh.to_string())
        };
        let groups = wanted.groups.iter().filter(absent).map(|group| (*group, name(group)));
        Empty {
            regions: regions
                .iter()
                .filter(|region| self.index.range(**region).is_empty())
                .map(named)
                .collect(),
            groups: if everybody.is_empty() { Vec::new() } else { groups.collect() },
            channels: if members.is_empty() { Vec::new() } else { wanted.channels.to_vec() },
        }
    }
}

impl Resolved {
    /// Recipients on a channel in each division of a level, in the order of their codes.
    pub fn counts_by_region(
        &self,
        index: &EditionIndex,
        level: Level,
        channel: ChannelKind,
    ) -> Vec<(RegionCode, u32)> {
        self.targets.get(&channel).map_or_else(Vec::new, |targets| index.spread(&targets.all(), level))
    }
}

#[cfg(test)]
mod tests;
