//! The table of prefixes (号段), spread over all segments of seven digits, so that a look is one index.

use crate::{
    columns::{Line, Sheet, SheetError},
    telling::clipped,
};
use mingluo_model::carrier::Carrier;
use std::{collections::BTreeMap, io::Read};

/// Mobile numbers begin with 13 to 19; a segment is their first seven digits.
const FIRST: u32 = 1_300_000;
const END: u32 = 2_000_000;

/// Numbers of one segment.
const NUMBERS: u64 = 10_000;

/// Digits of the shortest and of the longest prefix.
const SHORTEST: usize = 3;
const LONGEST: usize = 7;

/// A prefix table that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PrefixError {
    /// The file is no such table.
    #[error(transparent)]
    Sheet(#[from] SheetError),
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
        flaw: PrefixFlaw,
    },
}

/// What is wrong with one field of a prefix table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrefixFlaw {
    /// No beginning of a mobile number.
    #[error("is no prefix; give the first 3 to 7 digits of a mobile number, from 130 to 1999999")]
    NoPrefix,
    /// The prefix stands on an earlier line too.
    #[error("stands on an earlier line too; give each prefix once")]
    Again,
    /// Not one of the carriers.
    #[error("is no carrier; give mobile, unicom, telecom or broadnet")]
    NoCarrier,
}

/// The carrier of each segment.
pub(super) struct Segments(Box<[Option<Carrier>]>);

impl Segments {
    pub(super) fn read(prefixes: impl Read) -> Result<Self, PrefixError> {
        let mut table: BTreeMap<(usize, u32), Carrier> = BTreeMap::new();
        for line in Sheet::open(prefixes, &["prefix", "carrier"], &[])?.lines() {
            let line = line?;
            let prefix = prefix(line.field(0)).ok_or_else(|| bad(&line, 0, PrefixFlaw::NoPrefix))?;
            let carrier =
                Carrier::named(line.field(1)).ok_or_else(|| bad(&line, 1, PrefixFlaw::NoCarrier))?;
            if table.insert(prefix, carrier).is_some() {
                return Err(bad(&line, 0, PrefixFlaw::Again));
            }
        }
        let mut segments = vec![None; (END - FIRST) as usize].into_boxed_slice();
        // Shorter prefixes come first, so that longer ones overwrite them.
        for ((length, digits), carrier) in table {
            let width = 10_u32.pow((LONGEST - length) as u32);
            let from = (digits * width - FIRST) as usize;
            segments[from..from + width as usize].fill(Some(carrier));
        }
        Ok(Self(segments))
    }

    pub(super) fn carrier(&self, number: u64) -> Option<Carrier> {
        let segment = u32::try_from(number / NUMBERS).ok()?;
        self.0.get(segment.checked_sub(FIRST)? as usize).copied().flatten()
    }
}

/// A prefix by its length and its digits.
fn prefix(text: &str) -> Option<(usize, u32)> {
    let length = text.len();
    if !(SHORTEST..=LONGEST).contains(&length) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits: u32 = text.parse().ok()?;
    let first = digits * 10_u32.pow((LONGEST - length) as u32);
    (FIRST..END).contains(&first).then_some((length, digits))
}

fn bad(line: &Line, column: usize, flaw: PrefixFlaw) -> PrefixError {
    let field = if column == 0 { "prefix" } else { "carrier" };
    PrefixError::BadLine { line: line.number, field, value: clipped(line.field(column)), flaw }
}
