//! The columns of a small CSV file, found by the names in its header, so that their order is free. Knows nothing
//! of what the columns mean.

use csv::{ReaderBuilder, StringRecord, Terminator, Trim};
use std::io::Read;

/// A file that cannot be read as the table it should be.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The header lacks a column.
    #[error("header: column {column:?} is missing; the header must name {wanted}")]
    NoColumn {
        /// The missing column.
        column: &'static str,
        /// All columns that the header must name.
        wanted: String,
    },
    /// A line has too few or too many columns.
    #[error(
        "line {line}: has {found} columns instead of {wanted}; give one field for each column of the header"
    )]
    ColumnCount {
        /// Line in the file, from 1.
        line: u64,
        /// Columns of the line.
        found: usize,
        /// Columns of the header.
        wanted: usize,
    },
    /// The bytes are no UTF-8, or reading broke off.
    #[error("the file cannot be read as CSV in UTF-8")]
    Unreadable(#[from] csv::Error),
}

/// An open file with its wanted columns.
pub(crate) struct Sheet<R> {
    reader: csv::Reader<R>,
    at: Vec<Option<usize>>,
    columns: usize,
}

/// One line, its fields in the order in which the columns were asked for.
pub(crate) struct Line {
    /// Line in the file, from 1.
    pub(crate) number: u64,
    record: StringRecord,
    at: Vec<Option<usize>>,
}

impl Line {
    /// The field of a wanted column; empty when an optional column is absent.
    pub(crate) fn field(&self, wanted: usize) -> &str {
        self.at.get(wanted).copied().flatten().and_then(|column| self.record.get(column)).unwrap_or("")
    }
}

impl<R: Read> Sheet<R> {
    /// Reads the header and finds the columns.
    pub(crate) fn open(
        reader: R,
        required: &[&'static str],
        optional: &[&'static str],
    ) -> Result<Self, SheetError> {
        // A return before the line's end is trimmed like a blank: counted by '\n' alone, line numbers stay right.
        let mut reader = ReaderBuilder::new()
            .terminator(Terminator::Any(b'\n'))
            .trim(Trim::All)
            .flexible(true)
            .from_reader(reader);
        let header = reader.headers()?;
        let place = |name: &&str| header.iter().position(|field| field == *name);
        if let Some(column) = required.iter().find(|name| place(name).is_none()) {
            return Err(SheetError::NoColumn { column, wanted: required.join(",") });
        }
        let at = required.iter().chain(optional).map(place).collect();
        let columns = header.len();
        Ok(Self { reader, at, columns })
    }

    /// The lines below the header, blank ones passed over.
    pub(crate) fn lines(self) -> impl Iterator<Item = Result<Line, SheetError>> {
        let Self { reader, at, columns } = self;
        let blank = |record: &StringRecord| record.iter().all(str::is_empty);
        let filled = reader.into_records().filter(move |record| !record.as_ref().is_ok_and(blank));
        filled.map(move |record| line(record?, &at, columns))
    }
}

fn line(record: StringRecord, at: &[Option<usize>], columns: usize) -> Result<Line, SheetError> {
    let number = record.position().map_or(0, csv::Position::line);
    if record.len() == columns {
        Ok(Line { number, record, at: at.to_vec() })
    } else {
        Err(SheetError::ColumnCount { line: number, found: record.len(), wanted: columns })
    }
}
