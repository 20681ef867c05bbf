//! Reading a division list: one line a division, checked whole before anything is answered from it.

use super::{Division, Gazetteer, tree_order};
use crate::{
    columns::{Line, Sheet, SheetError},
    telling::clipped,
};
use mingluo_model::region::{Level, RegionCode};
use std::io::Read;

/// A division or township-code file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GazetteerError {
    /// The file is no such table.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// The file has a header and nothing else.
    #[error("divisions: the file holds no division; give at least one line below the header")]
    Empty,
    /// One line is wrong.
    #[error("line {line}: {field} {value:?} {flaw}")]
    BadLine {
        /// Line in the file, from 1.
        line: u64,
        /// The column.
        field: &'static str,
        /// What it holds.
        value: String,
        /// What is wrong with it.
        flaw: Flaw,
    },
}

/// What is wrong with one field of a division file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// No code.
    #[error("is no region code; give 2, 4, 6, 9 or 12 digits")]
    NoCode,
    /// The code stands on an earlier line too.
    #[error("stands on an earlier line too; keep one of the two")]
    DuplicateCode,
    /// The parent is not in the file.
    #[error("is not in the file; add the parent's line or correct the code")]
    ParentMissing,
    /// The code does not begin with its parent's digits.
    #[error("does not begin with the parent's digits, or skips a level; correct the code or the parent")]
    NotInParent,
    /// The level is none.
    #[error("is no level; give 1 province, 2 city, 3 county, 4 township or 5 village")]
    UnknownLevel,
    /// The level does not fit the code's length.
    #[error("does not fit the length of the code; levels 1 to 5 have 2, 4, 6, 9 and 12 digits")]
    LevelOfOtherLength,
    /// The name is empty.
    #[error("is empty; give the division's name")]
    NoName,
}

const REQUIRED: [&str; 4] = ["code", "name", "level", "parent"];
const OPTIONAL: [&str; 1] = ["type"];

/// One line with its faults judged, before the tree is known.
struct Entry {
    line: u64,
    division: Division,
    parent: Option<RegionCode>,
}

impl Gazetteer {
    /// Reads a division list with the columns code, name, level, parent and, if it is there, type, in any order
    /// and with parents before or after their children. An empty parent makes a root.
    ///
    /// # Errors
    /// [`GazetteerError`] at the first line that is wrong, with field, value and fix.
    pub fn read(reader: impl Read) -> Result<Self, GazetteerError> {
        let mut entries = Vec::new();
        for line in Sheet::open(reader, &REQUIRED, &OPTIONAL)?.lines() {
            entries.extend(entry(&line?)?);
        }
        if entries.is_empty() {
            return Err(GazetteerError::Empty);
        }
        entries.sort_by_key(|entry| tree_order(entry.division.code));
        unique(&entries)?;
        let parents: Vec<_> = entries.iter().map(|entry| (entry.line, entry.parent)).collect();
        let divisions = entries.into_iter().map(|entry| entry.division).collect();
        let list = Self { divisions, civil_affairs: std::collections::BTreeMap::new() };
        for (line, parent) in parents {
            list.parent_known(line, parent)?;
        }
        Ok(list)
    }

    fn parent_known(&self, line: u64, parent: Option<RegionCode>) -> Result<(), GazetteerError> {
        match parent {
            Some(up) if self.get(up).is_none() => Err(bad(line, "parent", &up, Flaw::ParentMissing)),
            _ => Ok(()),
        }
    }
}

fn unique(sorted: &[Entry]) -> Result<(), GazetteerError> {
    let twice = sorted.windows(2).find(|pair| pair[0].division.code == pair[1].division.code);
    twice.map_or(Ok(()), |pair| Err(bad(pair[1].line, "code", &pair[1].division.code, Flaw::DuplicateCode)))
}

/// The entry of a line; none for a placeholder that repeats its parent in twelve digits (金门县 350527000000).
fn entry(line: &Line) -> Result<Option<Entry>, GazetteerError> {
    let [code_text, name, level_text, parent_text, kind] = [0, 1, 2, 3, 4].map(|column| line.field(column));
    let code = region(line.number, "code", code_text)?;
    let level =
        level(level_text).ok_or_else(|| bad(line.number, "level", &level_text, Flaw::UnknownLevel))?;
    let parent =
        if parent_text.is_empty() { None } else { Some(region(line.number, "parent", parent_text)?) };
    if level == Level::Village && parent.is_some_and(|up| up.start() == code.start()) {
        return Ok(None);
    }
    if level != code.level() {
        return Err(bad(line.number, "level", &level_text, Flaw::LevelOfOtherLength));
    }
    if parent.is_some_and(|up| code.parent() != Some(up)) {
        return Err(bad(line.number, "code", &code_text, Flaw::NotInParent));
    }
    if name.is_empty() {
        return Err(bad(line.number, "name", &name, Flaw::NoName));
    }
    let division = Division { code, name: name.into(), kind: kind.into() };
    Ok(Some(Entry { line: line.number, division, parent }))
}

fn level(text: &str) -> Option<Level> {
    Some(match text {
        "1" => Level::Province,
        "2" => Level::City,
        "3" => Level::County,
        "4" => Level::Township,
        "5" => Level::Village,
        _ => return None,
    })
}

/// A code out of a field of a division file.
pub(super) fn region(line: u64, field: &'static str, text: &str) -> Result<RegionCode, GazetteerError> {
    text.parse().map_err(|_| bad(line, field, &text, Flaw::NoCode))
}

fn bad(line: u64, field: &'static str, value: &dyn std::fmt::Display, flaw: Flaw) -> GazetteerError {
    GazetteerError::BadLine { line, field, value: clipped(&value.to_string()), flaw }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(rows: &str) -> (u64, &'static str, Flaw) {
        let file =
            format!("code,name,level,parent,type\n21,辽宁省,1,,province\n2104,抚顺市,2,21,city\n{rows}\n");
        match Gazetteer::read(file.as_bytes()) {
            Err(GazetteerError::BadLine { line, field, flaw, .. }) => (line, field, flaw),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_bad_line_is_named_with_its_flaw() {
        assert_eq!(refusal("2104,抚顺市,2,21,city"), (4, "code", Flaw::DuplicateCode));
        assert_eq!(refusal("210423001,街道,4,210423,street"), (4, "parent", Flaw::ParentMissing));
        assert_eq!(refusal("210502,平山区,3,2104,county"), (4, "code", Flaw::NotInParent));
        assert_eq!(refusal("210423,清原,9,2104,county"), (4, "level", Flaw::UnknownLevel));
        assert_eq!(refusal("210423,清原,4,2104,county"), (4, "level", Flaw::LevelOfOtherLength));
        assert_eq!(refusal("2104x3,清原,3,2104,county"), (4, "code", Flaw::NoCode));
        assert_eq!(refusal("210423,,3,2104,county"), (4, "name", Flaw::NoName));
    }

    #[test]
    fn order_of_columns_and_lines_is_free() {
        let file =
            "\u{feff}parent,level,name,code\r\n2104,3,清原满族自治县,210423\r\n,2,抚顺市,210400000000\r\n";
        assert_eq!(Gazetteer::read(file.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn line_numbers_hold_with_returns_before_the_line_ends() {
        let file = "code,name,level,parent\r\n21,辽宁省,1,\r\n2104,抚顺市,7,21\r\n";
        let said = Gazetteer::read(file.as_bytes()).unwrap_err().to_string();
        assert!(said.starts_with("line 3: level \"7\""), "{said}");
        let short = Gazetteer::read("code,name,level,parent\r\n\r\n21,辽宁省,1\r\n".as_bytes());
        let short = matches!(short, Err(GazetteerError::Sheet(SheetError::ColumnCount { line: 3, .. })));
        assert!(short);
    }

    #[test]
    fn a_missing_column_and_foreign_bytes_are_refused() {
        let no_parent = Gazetteer::read("code,name,level\n".as_bytes()).unwrap_err();
        assert!(no_parent.to_string().contains("\"parent\""));
        let gbk = Gazetteer::read(&b"code,name,level,parent\n21,\xc1\xc9\xc4\xfe,1,\n"[..]);
        assert!(matches!(gbk, Err(GazetteerError::Sheet(SheetError::Unreadable(_)))));
        assert!(matches!(Gazetteer::read("code,name,level,parent\n".as_bytes()), Err(GazetteerError::Empty)));
    }

    #[test]
    fn a_placeholder_village_is_passed_over() {
        let file = "code,name,level,parent\n350527,金门县,3,\n350527000,金门县,4,350527\n\
                    350527000000,金门县,5,350527000\n";
        assert_eq!(Gazetteer::read(file.as_bytes()).unwrap().len(), 2);
    }
}
