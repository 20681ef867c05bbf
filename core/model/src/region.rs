//! Administrative divisions by code. A code contains another when it is its prefix; a code means nothing
//! without the system it was taken from, since two state lists give one township different numbers.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The list a code was taken from (代码体系). Codes of different systems are never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeSystem {
    /// Statistics bureau, 统计用区划代码; the system of the roster and of every stored region.
    Nbs,
    /// Ministry of civil affairs, 民政部行政区划代码; read at the edge and translated.
    Mca,
}

/// How high a division stands (行政级别).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 村、社区.
    Village,
    /// 乡镇、街道.
    Township,
    /// 县、区.
    County,
    /// 市.
    City,
    /// 省.
    Province,
}

impl Level {
    /// Digits of a code of this level (GB/T 2260 and GB/T 10114: 2, 4, 6, 9, 12).
    pub const fn digits(self) -> usize {
        match self {
            Self::Province => 2,
            Self::City => 4,
            Self::County => 6,
            Self::Township => 9,
            Self::Village => 12,
        }
    }

    fn of_length(length: usize) -> Option<Self> {
        [Self::Province, Self::City, Self::County, Self::Township, Self::Village]
            .into_iter()
            .find(|level| level.digits() == length)
    }

    /// The Chinese word for the level.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Village => "村",
            Self::Township => "乡镇",
            Self::County => "县",
            Self::City => "市",
            Self::Province => "省",
        }
    }
}

/// A division's code of natural length (2, 4, 6, 9 or 12 digits) in the statistics bureau's system.
///
/// Kept as digits padded with zeros to twelve, with the level beside it, so that order is tree order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode {
    padded: u64,
    level: Level,
}

/// Text that is no region code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("region: {value:?} is no region code; give 2, 4, 6, 9 or 12 digits, or twelve padded with zeros")]
pub struct BadRegionCode {
    /// The text as given.
    pub value: String,
}

impl RegionCode {
    /// The level that follows from the code's length.
    pub const fn level(self) -> Level {
        self.level
    }

    /// The twelve-digit form as a number; a region's villages are the numbers from here to [`Self::end`].
    pub const fn start(self) -> u64 {
        self.padded
    }

    /// One past the last twelve-digit number inside this region.
    pub const fn end(self) -> u64 {
        self.padded + 10_u64.pow(12 - self.level.digits() as u32)
    }

    /// Whether `other` lies in this region or is it.
    pub const fn contains(self, other: Self) -> bool {
        self.padded <= other.padded && other.end() <= self.end()
    }

    /// Whether the two have people in common: one lies in the other, or they are the same.
    pub const fn touches(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The division of a higher level that holds this one; itself at its own level; `None` below it.
    pub fn at(self, level: Level) -> Option<Self> {
        if level < self.level {
            return None;
        }
        let unit = 10_u64.pow(12 - level.digits() as u32);
        Some(Self { padded: self.padded / unit * unit, level })
    }

    /// The next higher division; `None` above a province.
    pub fn parent(self) -> Option<Self> {
        let up = match self.level {
            Level::Village => Level::Township,
            Level::Township => Level::County,
            Level::County => Level::City,
            Level::City => Level::Province,
            Level::Province => return None,
        };
        self.at(up)
    }

    /// A village's code from its twelve-digit number.
    pub const fn village(number: u64) -> Self {
        Self { padded: number, level: Level::Village }
    }
}

impl FromStr for RegionCode {
    type Err = BadRegionCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadRegionCode { value: text.to_owned() };
        let digits = text.trim();
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad());
        }
        let level = Level::of_length(digits.len()).ok_or_else(bad)?;
        let number: u64 = digits.parse().map_err(|_| bad())?;
        let padded = number * 10_u64.pow(12 - level.digits() as u32);
        if padded == 0 {
            return Err(bad());
        }
        Ok(natural(padded, level))
    }
}

/// Twelve digits that end in a parent's zeros mean the parent (the padded form of feeds and files).
fn natural(padded: u64, level: Level) -> RegionCode {
    if level != Level::Village {
        return RegionCode { padded, level };
    }
    let shortest = [Level::Province, Level::City, Level::County, Level::Township]
        .into_iter()
        .find(|up| padded.is_multiple_of(10_u64.pow(12 - up.digits() as u32)));
    RegionCode { padded, level: shortest.unwrap_or(Level::Village) }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.level.digits();
        write!(out, "{:0width$}", self.padded / 10_u64.pow(12 - width as u32))
    }
}

impl fmt::Debug for RegionCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RegionCode({self})")
    }
}

impl Serialize for RegionCode {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RegionCode {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(input)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> RegionCode {
        text.parse().unwrap()
    }

    #[test]
    fn a_region_contains_what_its_code_begins() {
        let county = code("210423");
        assert!(county.contains(code("210423001")) && county.contains(county));
        assert!(!county.contains(code("210422001001")) && !county.contains(code("2104")));
        assert_eq!(code("210423001001").parent(), Some(code("210423001")));
        assert_eq!(code("210423001001").at(Level::City), Some(code("2104")));
    }

    #[test]
    fn padded_codes_mean_the_division_itself() {
        assert_eq!(code("210423000000"), code("210423"));
        assert_eq!(code("210423100000").level(), Level::Township);
        assert_eq!(code("210423").to_string(), "210423");
    }

    #[test]
    fn what_is_no_code_is_named() {
        for bad in ["", "21042", "二十一", "2104230011", "-1"] {
            assert_eq!(bad.parse::<RegionCode>().unwrap_err().value, bad);
        }
    }
}
