//! The table of groups (人群): what each bit of the roster means and which groups answer for others (责任人).
//! Knows no person.

use crate::{
    columns::{Line, Sheet, SheetError},
    telling::clipped,
};
use mingluo_model::audience::{Audience, Group};
use std::io::Read;

/// Groups that a table may hold: the bits of a recipient's mask.
pub const MOST_GROUPS: u8 = 32;

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupEntry {
    /// Its bit. Editions store it: a number, once given, is never given to another group.
    pub group: Group,
    /// Its name in files and on the API, for example `grid_worker`.
    pub name: Box<str>,
    /// Its Chinese name (网格员).
    pub name_zh: Box<str>,
    /// Whether its members answer for others and are called first (责任人).
    pub responsible: bool,
}

/// All groups of a deployment, by number.
#[derive(Debug, Clone, Default)]
pub struct GroupTable {
    entries: Vec<GroupEntry>,
}

/// A group file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// The file is no such table.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// One line is wrong.
    #[error("groups line {line}: {field} {value:?} {flaw}")]
    BadLine {
        /// Line in the file, from 1.
        line: u64,
        /// The column.
        field: &'static str,
        /// What it holds.
        value: String,
        /// What is wrong with it.
        flaw: GroupFlaw,
    },
}

/// What is wrong with one field of a group file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GroupFlaw {
    /// The number is none or too high for the mask.
    #[error("is no group number; give 0 to 31")]
    NoNumber,
    /// The number or name stands on an earlier line too.
    #[error("stands on an earlier line too; give each group its own")]
    Taken,
    /// The name is empty or would not survive in a roster's list of groups.
    #[error("is no group name; give a word without '|', ',' and quotes")]
    NoName,
    /// Neither true nor false.
    #[error("is neither true nor false; give one of them")]
    NoTruth,
}

const COLUMNS: [&str; 4] = ["group", "name_zh", "responsible", "number"];

impl GroupTable {
    /// Reads a table with the columns group, `name_zh`, responsible (true or false) and number (0 to 31).
    ///
    /// # Errors
    /// [`GroupError`] at the first line that is wrong.
    pub fn read(reader: impl Read) -> Result<Self, GroupError> {
        let mut table = Self::default();
        for line in Sheet::open(reader, &COLUMNS, &[])?.lines() {
            table.add(&line?)?;
        }
        table.entries.sort_by_key(|entry| entry.group);
        Ok(table)
    }

    fn add(&mut self, line: &Line) -> Result<(), GroupError> {
        let [name, name_zh, responsible, number] = [0, 1, 2, 3].map(|column| line.field(column));
        let bad = |field, value, flaw| GroupError::BadLine {
            line: line.number,
            field,
            value: clipped(value),
            flaw,
        };
        let digits = number.parse().ok().filter(|bit| *bit < MOST_GROUPS);
        let group = Group(digits.ok_or_else(|| bad("number", number, GroupFlaw::NoNumber))?);
        if self.get(group).is_some() {
            return Err(bad("number", number, GroupFlaw::Taken));
        }
        for (field, word) in [("group", name), ("name_zh", name_zh)] {
            if word.is_empty() || word.contains(['|', ',', '"']) {
                return Err(bad(field, word, GroupFlaw::NoName));
            }
            if self.named(word).is_some() {
                return Err(bad(field, word, GroupFlaw::Taken));
            }
        }
        let truth = responsible.parse().map_err(|_| bad("responsible", responsible, GroupFlaw::NoTruth));
        let (name, name_zh) = (name.into(), name_zh.into());
        self.entries.push(GroupEntry { group, name, name_zh, responsible: truth? });
        Ok(())
    }

    /// All groups, by number.
    pub fn entries(&self) -> &[GroupEntry] {
        &self.entries
    }

    /// The entry of a group.
    pub fn get(&self, group: Group) -> Option<&GroupEntry> {
        self.entries.iter().find(|entry| entry.group == group)
    }

    /// The only groups that an audience is for; none where it is everybody.
    pub fn of<'a>(&'a self, audience: &'a Audience) -> impl Iterator<Item = &'a GroupEntry> {
        audience.groups.iter().filter_map(|group| self.get(*group))
    }

    /// The group of a name, English or Chinese.
    pub fn named(&self, name: &str) -> Option<Group> {
        let found = self.entries.iter().find(|entry| &*entry.name == name || &*entry.name_zh == name);
        found.map(|entry| entry.group)
    }

    /// The groups whose members answer for others.
    pub fn responsible(&self) -> impl Iterator<Item = Group> {
        self.entries.iter().filter(|entry| entry.responsible).map(|entry| entry.group)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn duty() -> GroupTable {
        let file = "group,name_zh,responsible,number\ngrid_worker,网格员,true,0\nmedia,媒体,false,3\n";
        GroupTable::read(file.as_bytes()).unwrap()
    }

    #[test]
    fn a_group_is_found_by_either_name() {
        let table = duty();
        assert_eq!(table.named("网格员"), Some(Group(0)));
        assert_eq!(table.named("media"), Some(Group(3)));
        assert_eq!(table.responsible().collect::<Vec<_>>(), [Group(0)]);
    }

    #[test]
    fn a_bad_table_is_refused_by_line_and_field() {
        let refusal = |row: &str| {
            let file = format!("number,group,name_zh,responsible\n0,grid_worker,网格员,true\n{row}\n");
            match GroupTable::read(file.as_bytes()) {
                Err(GroupError::BadLine { line: 3, field, flaw, .. }) => (field, flaw),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(refusal("32,media,媒体,false"), ("number", GroupFlaw::NoNumber));
        assert_eq!(refusal("0,media,媒体,false"), ("number", GroupFlaw::Taken));
        assert_eq!(refusal("1,media,网格员,false"), ("name_zh", GroupFlaw::Taken));
        assert_eq!(refusal("1,a|b,媒体,false"), ("group", GroupFlaw::NoName));
        assert_eq!(refusal("1,media,媒体,no"), ("responsible", GroupFlaw::NoTruth));
    }
}
