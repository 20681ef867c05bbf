//! The tree of divisions (行政区划) as one statistics-bureau list gives it: what codes exist, what they are called
//! and what lies inside what. Refuses to know shapes and people.

mod divisions;
mod named;
mod nearest;
mod township_codes;

pub use crate::columns::SheetError;
pub use divisions::{Flaw, GazetteerError};

use crate::telling::clipped;
use mingluo_model::region::{BadRegionCode, Level, RegionCode};
use std::{cmp::Reverse, collections::BTreeMap};

/// One division (区划).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// Its code in the statistics bureau's system.
    pub code: RegionCode,
    /// Its name; no key, names repeat inside one county.
    pub name: Box<str>,
    /// Its kind as the file says it: county, street, town, township, village, community; empty when it does not.
    pub kind: Box<str>,
}

/// The divisions of one list, in tree order.
#[derive(Debug, Clone, Default)]
pub struct Gazetteer {
    divisions: Vec<Division>,
    civil_affairs: BTreeMap<RegionCode, RegionCode>,
}

/// A division with its name, as errors propose it.
pub type Near = (RegionCode, String);

/// Text or a code that names no division of the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// Digits of a length that no code has.
    #[error(transparent)]
    Malformed(#[from] BadRegionCode),
    /// The list has no such code or name.
    #[error("region: {value:?} is not in the division list{}", meant(nearest))]
    UnknownRegion {
        /// What was given.
        value: String,
        /// What may have been meant, best first; may be empty.
        nearest: Vec<Near>,
    },
    /// The code comes from the civil-affairs list, which numbers this township differently.
    #[error(
        "region: {value} is the civil-affairs code of {name}; the roster uses the statistics code {nbs}, give that"
    )]
    OtherCodeSystem {
        /// What was given.
        value: String,
        /// The township's name.
        name: String,
        /// Its code in the statistics bureau's system.
        nbs: RegionCode,
    },
    /// Several divisions bear the name.
    #[error("region: {value:?} names several divisions{}", meant(candidates))]
    Ambiguous {
        /// What was given.
        value: String,
        /// All that bear the name, in tree order.
        candidates: Vec<Near>,
    },
}

fn meant(proposals: &[Near]) -> String {
    if proposals.is_empty() {
        return "; give a code of 2, 4, 6, 9 or 12 digits or a name with its county".to_owned();
    }
    let named: Vec<String> = proposals.iter().map(|(code, name)| format!("{code} {name}")).collect();
    format!("; give one of {}", named.join(", "))
}

/// Tree order: a division stands before what lies inside it.
fn tree_order(code: RegionCode) -> (u64, Reverse<Level>) {
    (code.start(), Reverse(code.level()))
}

/// Whether a text is meant as a code.
fn is_in_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Gazetteer {
    /// Number of divisions of all levels.
    pub fn len(&self) -> usize {
        self.divisions.len()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.divisions.is_empty()
    }

    /// The division of a code.
    pub fn get(&self, code: RegionCode) -> Option<&Division> {
        let place =
            self.divisions.binary_search_by_key(&tree_order(code), |division| tree_order(division.code));
        place.ok().map(|at| &self.divisions[at])
    }

    /// The division of a code that came from outside.
    ///
    /// # Errors
    /// [`RegionError::OtherCodeSystem`] for a township code, or a village code in such a township, of the
    /// civil-affairs list; else [`RegionError::UnknownRegion`] with divisions of the same level nearby.
    pub fn check(&self, code: RegionCode) -> Result<&Division, RegionError> {
        self.get(code).ok_or_else(|| self.why_unknown(code))
    }

    /// The code that a text means: a code in digits, a name, or a path of names from the top.
    ///
    /// # Errors
    /// Each [`RegionError`]; all name the text and what to give instead.
    pub fn resolve(&self, text: &str) -> Result<RegionCode, RegionError> {
        let text = text.trim();
        if is_in_digits(text) {
            let code = text.parse().map_err(|_| BadRegionCode { value: clipped(text) })?;
            return self.check(code).map(|division| division.code);
        }
        match self.by_path(text).as_slice() {
            [one] => Ok(one.code),
            [] => Err(RegionError::UnknownRegion { value: clipped(text), nearest: self.like(text) }),
            several => Err(RegionError::Ambiguous {
                value: clipped(text),
                candidates: several.iter().map(|each| (each.code, self.path(each.code))).collect(),
            }),
        }
    }

    /// The code that a text means, as [`Self::resolve`] finds it; `None` where it means none or several. Nothing is proposed
    /// for it, which costs a comparison with every name of the list: this is for what anybody may ask as often as they like.
    pub fn find(&self, text: &str) -> Option<RegionCode> {
        let text = text.trim();
        if is_in_digits(text) {
            return self.get(text.parse().ok()?).map(|division| division.code);
        }
        match self.by_path(text).as_slice() {
            [one] => Some(one.code),
            _ => None,
        }
    }

    /// The divisions directly below one.
    pub fn children(&self, code: RegionCode) -> impl Iterator<Item = &Division> {
        self.below(code).iter().filter(move |division| division.code.parent() == Some(code))
    }

    /// The divisions of one level inside a region, itself included.
    pub fn inside(&self, code: RegionCode, level: Level) -> impl Iterator<Item = &Division> {
        self.below(code)
            .iter()
            .filter(move |division| division.code.level() == level && code.contains(division.code))
    }

    /// The divisions above which the list has nothing: the province, or the city when the list begins there.
    pub fn roots(&self) -> impl Iterator<Item = &Division> {
        self.divisions
            .iter()
            .filter(|division| division.code.parent().is_none_or(|up| self.get(up).is_none()))
    }

    /// All names from the top down to a division (辽宁省抚顺市清原满族自治县清原镇); empty when it is unknown.
    pub fn path(&self, code: RegionCode) -> String {
        let mut above: Vec<&str> = std::iter::successors(Some(code), |each| each.parent())
            .filter_map(|each| self.get(each))
            .map(|division| &*division.name)
            .collect();
        above.reverse();
        above.concat()
    }

    /// The stretch of the list that begins inside a code.
    fn below(&self, code: RegionCode) -> &[Division] {
        let from = self.divisions.partition_point(|division| division.code.start() < code.start());
        let to = self.divisions.partition_point(|division| division.code.start() < code.end());
        &self.divisions[from..to]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const HILLS: &str = "code,name,level,parent,type\n\
        21,辽宁省,1,,province\n2104,抚顺市,2,21,city\n210403,东洲区,3,2104,county\n\
        210403103,章党镇,4,210403,town\n210403103201,高丽村,5,210403103,village\n\
        210423,清原满族自治县,3,2104,county\n210423100,清原镇,4,210423,town\n\
        210423100001,河东社区,5,210423100,community\n210423100201,红旗村,5,210423100,village\n\
        210423101,红透山镇,4,210423,town\n210423101201,红旗村,5,210423101,village\n";
    const TOWNSHIPS: &str = "county,name,code_nbs2023,code_mca2026,status\n\
        210403,章党镇,210403103,210403100,code_differs\n210423,清原镇,210423100,210423100,same\n";

    pub(crate) fn code(text: &str) -> RegionCode {
        text.parse().unwrap()
    }

    pub(crate) fn hills() -> Gazetteer {
        let list = Gazetteer::read(HILLS.as_bytes()).unwrap();
        list.with_township_codes(TOWNSHIPS.as_bytes()).unwrap()
    }

    #[test]
    fn a_township_is_found_by_code_by_name_and_by_path() {
        let list = hills();
        for text in
            ["210423100", "210423100000", "清原镇", "辽宁省抚顺市清原满族自治县清原镇", "抚顺市清原镇"]
        {
            assert_eq!(list.resolve(text), Ok(code("210423100")), "{text}");
            assert_eq!(list.find(text), Some(code("210423100")), "{text}");
        }
        for text in ["红旗村", "清源镇", "210432", "21042", ""] {
            assert_eq!(list.find(text), None, "{text:?} means none or several");
        }
        assert_eq!(list.path(code("210423100")), "辽宁省抚顺市清原满族自治县清原镇");
    }

    #[test]
    fn the_tree_is_walked_down() {
        let list = hills();
        let below: Vec<_> = list.children(code("210423")).map(|each| &*each.name).collect();
        assert_eq!(below, ["清原镇", "红透山镇"]);
        assert_eq!(list.inside(code("2104"), Level::Village).count(), 4);
        assert_eq!(list.roots().count(), 1);
    }

    #[test]
    fn the_civil_affairs_code_of_a_township_is_recognised() {
        let wrong = hills().resolve("210403100").unwrap_err();
        let said = "region: 210403100 is the civil-affairs code of 章党镇; the roster uses the statistics code 210403103, give that";
        assert_eq!(wrong.to_string(), said);
        assert!(matches!(hills().resolve("210403100201"), Err(RegionError::OtherCodeSystem { .. })));
    }

    #[test]
    fn a_village_name_borne_twice_is_not_guessed() {
        let Err(RegionError::Ambiguous { candidates, .. }) = hills().resolve("红旗村") else {
            panic!("two villages bear the name")
        };
        assert_eq!(candidates.len(), 2);
        assert_eq!(hills().resolve("红透山镇红旗村"), Ok(code("210423101201")));
    }

    #[test]
    fn what_is_unknown_is_answered_with_what_is_near() {
        let list = hills();
        let near = |text: &str| match list.resolve(text) {
            Err(RegionError::UnknownRegion { nearest, .. }) => {
                nearest.first().map(|(code, _)| code.to_string())
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(near("210432").as_deref(), Some("210423"));
        assert_eq!(near("清源镇").as_deref(), Some("210423100"));
        assert_eq!(near("火星"), None);
        assert!(matches!(list.resolve("21042"), Err(RegionError::Malformed(_))));
        assert!(matches!(list.resolve(""), Err(RegionError::UnknownRegion { .. })));
    }
}
