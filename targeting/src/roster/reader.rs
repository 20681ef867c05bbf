//! An open roster file: its header, and its rows one at a time. Nothing but the row at hand is held.

use super::{
    BadRow, Recipient, RosterError, RowProblem,
    bad_row::tell_group,
    encoding::Looks,
    lines::{LONGEST, Line, Lines},
    repeats::Repeats,
    row::{COLUMNS, NEEDED, Row, unquoted},
};
use crate::{gazetteer::Gazetteer, groups::GroupTable};
use std::io::Read;

/// An open roster; each item is a recipient or what is wrong with a row.
pub struct Recipients<'a, R> {
    lines: Lines<R>,
    lists: Lists<'a>,
    repeats: Repeats,
    broken: bool,
}

/// What a row is judged by.
#[derive(Clone, Copy)]
pub(super) struct Lists<'a> {
    pub(super) gazetteer: &'a Gazetteer,
    pub(super) groups: &'a GroupTable,
    /// Where in the file each of [`COLUMNS`] stands; `None` for one that it may and does leave out.
    pub(super) at: [Option<usize>; COLUMNS.len()],
    /// Columns of the header.
    pub(super) columns: usize,
}

/// Opens a roster file: UTF-8, a header with the columns region, groups, sms, wechat, email, speaker and, where somebody is
/// reached so, wecom and robot, in any order.
/// Each line is a row; fields may stand in quotes but hold neither commas nor line ends, so that one stray quote
/// cannot swallow the rows after it.
///
/// # Errors
/// [`RosterError::NotUtf8`] for a file of another encoding; [`RosterError::BadHeader`] when a column is missing;
/// [`RosterError::Unreadable`] when nothing can be read.
pub fn read_recipients<'a, R: Read>(
    reader: R,
    gazetteer: &'a Gazetteer,
    groups: &'a GroupTable,
) -> Result<Recipients<'a, R>, RosterError> {
    let mut lines = Lines::new(reader);
    let first = lines.next()?.and_then(|line| line.text).unwrap_or_default();
    if let Some(looks) = Looks::of(first) {
        return Err(RosterError::NotUtf8 { looks });
    }
    // Spreadsheets mark UTF-8 with these three bytes (Unicode 15.0 clause 23.8).
    let header = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let names: Vec<&[u8]> = header.split(|byte| *byte == b',').map(unquoted).collect();
    let at = COLUMNS.map(|name| names.iter().position(|field| *field == name.as_bytes()));
    if at[..NEEDED].contains(&None) {
        return Err(bad_header(&names));
    }
    let lists = Lists { gazetteer, groups, at, columns: names.len() };
    Ok(Recipients { lines, lists, repeats: Repeats::default(), broken: false })
}

/// A file without a header begins with a person: only what looks like a word is told.
fn bad_header(names: &[&[u8]]) -> RosterError {
    let told: Vec<String> =
        names.iter().take(12).map(|name| tell_group(&String::from_utf8_lossy(name))).collect();
    RosterError::BadHeader { found: told.join(",") }
}

impl<R: Read> Iterator for Recipients<'_, R> {
    type Item = Result<Recipient, RosterError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken {
            return None;
        }
        match self.lines.next() {
            Ok(line) => {
                line.map(|line| recipient(line, self.lists, &mut self.repeats).map_err(RosterError::Row))
            }
            Err(broken) => {
                self.broken = true;
                Some(Err(RosterError::Unreadable(broken)))
            }
        }
    }
}

fn recipient(line: Line<'_>, lists: Lists<'_>, repeats: &mut Repeats) -> Result<Recipient, BadRow> {
    let text = line.text.ok_or_else(|| too_long(line.number))?;
    let recipient = Row::new(line.number, text, lists).recipient()?;
    repeats.note(line.number, &recipient)?;
    Ok(recipient)
}

fn too_long(line: u64) -> BadRow {
    BadRow { line, field: "row", value: String::new(), problem: RowProblem::TooLong { most: LONGEST } }
}

#[cfg(test)]
mod tests;
