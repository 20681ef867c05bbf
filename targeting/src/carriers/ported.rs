//! Numbers that moved to another network and kept their digits (携号转网). The list is personal data: what is told of a bad
//! row is masked, and `Debug` tells how many there are.

use super::national;
use crate::{
    columns::{Sheet, SheetError},
    telling::masked,
};
use mingluo_model::carrier::Carrier;
use std::{collections::HashMap, fmt, io::Read};

/// Ported numbers with the carrier that serves them now.
#[derive(Clone, Default)]
pub struct PortedNumbers(HashMap<u64, Carrier>);

/// A list of ported numbers that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PortedError {
    /// The file is no such table.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// Rows are wrong; all of them are named.
    #[error("{} rows are wrong, the first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
    Rows(Vec<BadPorted>),
}

/// One bad row, its number masked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {field} {value:?} {flaw}")]
pub struct BadPorted {
    /// Line in the file, from 1.
    pub line: u64,
    /// The column.
    pub field: &'static str,
    /// What it holds; of a number its ends.
    pub value: String,
    /// What is wrong with it.
    pub flaw: PortedFlaw,
}

/// What is wrong with one field of a list of ported numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PortedFlaw {
    /// No mobile number.
    #[error("is no mobile number; give eleven digits, with or without 86 or +86")]
    NoNumber,
    /// Not one of the carriers.
    #[error("is no carrier; give mobile, unicom, telecom or broadnet")]
    NoCarrier,
    /// The number stands on an earlier line with another carrier.
    #[error("stands on an earlier line with another carrier; keep the newer one")]
    Contradicts,
}

impl PortedNumbers {
    /// Reads a CSV with the columns `number,carrier`.
    ///
    /// # Errors
    /// [`PortedError::Sheet`] for a file that is no such table, [`PortedError::Rows`] naming every bad row.
    pub fn read(list: impl Read) -> Result<Self, PortedError> {
        let (mut numbers, mut bad) = (HashMap::new(), Vec::new());
        for line in Sheet::open(list, &["number", "carrier"], &[])?.lines() {
            let line = line?;
            let (number, carrier) = (line.field(0), line.field(1));
            let row = |field, value, flaw| BadPorted { line: line.number, field, value, flaw };
            let Some(digits) = national(number) else {
                bad.push(row("number", masked(number), PortedFlaw::NoNumber));
                continue;
            };
            let Some(carrier) = Carrier::named(carrier) else {
                // It may be a number that stands in the wrong column.
                bad.push(row("carrier", masked(carrier), PortedFlaw::NoCarrier));
                continue;
            };
            if numbers.insert(digits, carrier).is_some_and(|before| before != carrier) {
                bad.push(row("number", masked(number), PortedFlaw::Contradicts));
            }
        }
        if bad.is_empty() { Ok(Self(numbers)) } else { Err(PortedError::Rows(bad)) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn carrier(&self, number: u64) -> Option<Carrier> {
        self.0.get(&number).copied()
    }
}

impl fmt::Debug for PortedNumbers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PortedNumbers({})", self.0.len())
    }
}
