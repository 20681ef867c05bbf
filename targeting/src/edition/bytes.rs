//! The index as stored bytes. Written once when an edition is made, read at each start; what is read is checked
//! against every promise of the index before it is believed.
//!
//! Layout, little-endian: version u8 = 1; n u32; villages u32, each code u64 and n u32; channels u8, each number u8
//! and a set; groups u8, each number u8 and a set. A set is its length u32 and roaring's portable format.

use super::index::{EditionIndex, VillageRange};
use crate::groups::MOST_GROUPS;
use mingluo_model::{
    audience::{ChannelKind, Group},
    region::{Level, RegionCode},
};
use roaring::RoaringBitmap;

const VERSION: u8 = 1;

/// Stored bytes that are no index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Written by another version.
    #[error(
        "edition index: version {found} is unknown, this program reads {VERSION}; build the edition again"
    )]
    Version {
        /// The version byte.
        found: u8,
    },
    /// The bytes end early.
    #[error(
        "edition index: the bytes end inside {part}; read it again from a good copy or build the edition again"
    )]
    TooShort {
        /// What was being read.
        part: &'static str,
    },
    /// Bytes are left over.
    #[error(
        "edition index: {left} bytes are left at the end; read it again from a good copy or build it again"
    )]
    TooLong {
        /// Bytes left.
        left: usize,
    },
    /// A set is not in roaring's format.
    #[error(
        "edition index: a set of {part} is damaged; read it again from a good copy or build the edition again"
    )]
    Set {
        /// Channels or groups.
        part: &'static str,
        /// Roaring's complaint.
        #[source]
        source: std::io::Error,
    },
    /// The parts contradict each other.
    #[error("edition index: {promise}; read it again from a good copy or build the edition again")]
    Broken {
        /// The promise that does not hold.
        promise: &'static str,
    },
}

impl EditionIndex {
    /// The index as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend(self.n.to_le_bytes());
        out.extend((self.regions.len() as u32).to_le_bytes());
        for each in &self.regions {
            out.extend(each.village.start().to_le_bytes());
            out.extend(each.n.to_le_bytes());
        }
        write_sets(&mut out, self.by_channel.iter().map(|(channel, set)| (channel.number(), set)));
        write_sets(&mut out, self.by_group.iter().map(|(group, set)| (group.0, set)));
        out
    }

    /// Reads an index back.
    ///
    /// # Errors
    /// [`IndexError`] for whatever [`Self::to_bytes`] would not have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        let mut from = Bytes(bytes);
        let [found] = from.take("version")?;
        if found != VERSION {
            return Err(IndexError::Version { found });
        }
        let n = u32::from_le_bytes(from.take("n")?);
        let regions = villages(&mut from, n)?;
        let by_channel = from.sets("channels", n, ChannelKind::from_number)?;
        let by_group = from.sets("groups", n, |bit| (bit < MOST_GROUPS).then_some(Group(bit)))?;
        match from.0.len() {
            0 => Ok(Self {
                regions,
                by_channel: by_channel.into_iter().collect(),
                by_group: by_group.into_iter().collect(),
                n,
            }),
            left => Err(IndexError::TooLong { left }),
        }
    }
}

fn write_sets<'a>(out: &mut Vec<u8>, sets: impl ExactSizeIterator<Item = (u8, &'a RoaringBitmap)>) {
    out.push(sets.len() as u8);
    for (number, set) in sets {
        out.push(number);
        out.extend((set.serialized_size() as u32).to_le_bytes());
        set.serialize_into(&mut *out).expect("a vector takes all bytes");
    }
}

fn villages(from: &mut Bytes<'_>, n: u32) -> Result<Vec<VillageRange>, IndexError> {
    let count = u32::from_le_bytes(from.take("villages")?);
    let mut villages: Vec<VillageRange> = Vec::new();
    let mut first_ordinal = 0_u32;
    for _ in 0..count {
        let village = village(u64::from_le_bytes(from.take("villages")?))?;
        let here = u32::from_le_bytes(from.take("villages")?);
        if here == 0 || villages.last().is_some_and(|last| last.village >= village) {
            return Err(broken("villages do not rise or one is empty"));
        }
        villages.push(VillageRange { village, first_ordinal, n: here });
        first_ordinal =
            first_ordinal.checked_add(here).ok_or_else(|| broken("the villages hold too many"))?;
    }
    if first_ordinal == n { Ok(villages) } else { Err(broken("the villages do not add up to n")) }
}

fn village(number: u64) -> Result<RegionCode, IndexError> {
    let code: Option<RegionCode> = format!("{number:012}").parse().ok();
    code.filter(|code| code.level() == Level::Village).ok_or_else(|| broken("a village's code is none"))
}

const fn broken(promise: &'static str) -> IndexError {
    IndexError::Broken { promise }
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take<const N: usize>(&mut self, part: &'static str) -> Result<[u8; N], IndexError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(IndexError::TooShort { part })?;
        self.0 = rest;
        Ok(*head)
    }

    fn slice(&mut self, length: u32, part: &'static str) -> Result<&'a [u8], IndexError> {
        let (head, rest) = self.0.split_at_checked(length as usize).ok_or(IndexError::TooShort { part })?;
        self.0 = rest;
        Ok(head)
    }

    /// Sets by number; numbers rise, so that none comes twice.
    fn sets<K>(
        &mut self,
        part: &'static str,
        n: u32,
        key: impl Fn(u8) -> Option<K>,
    ) -> Result<Vec<(K, RoaringBitmap)>, IndexError> {
        let [count] = self.take(part)?;
        let mut sets = Vec::new();
        let mut last = None;
        for _ in 0..count {
            let [number] = self.take(part)?;
            let known = key(number).ok_or_else(|| broken("a channel or group is unknown"))?;
            if last.replace(number).is_some_and(|before| before >= number) {
                return Err(broken("channels or groups do not rise"));
            }
            sets.push((known, self.set(part, n)?));
        }
        Ok(sets)
    }

    fn set(&mut self, part: &'static str, n: u32) -> Result<RoaringBitmap, IndexError> {
        let length = u32::from_le_bytes(self.take(part)?);
        let mut bytes = self.slice(length, part)?;
        let set =
            RoaringBitmap::deserialize_from(&mut bytes).map_err(|source| IndexError::Set { part, source })?;
        match set.max() {
            Some(most) if most < n && bytes.is_empty() => Ok(set),
            _ => Err(broken("a set is empty, too long, or holds an ordinal beyond n")),
        }
    }
}

#[cfg(test)]
mod tests;
