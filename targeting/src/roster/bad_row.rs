//! What was wrong with a row, said so that an officer can mend it and nobody else learns an address from it.

use super::Looks;
use crate::telling::{clipped, masked};
use mingluo_model::{
    problem::Problem,
    region::{Level, RegionCode},
};

/// Reading a roster went wrong.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The file is no UTF-8 text; nothing was read.
    #[error(
        "the file is no UTF-8 text, it looks like {looks}; save it as CSV in UTF-8, or declare its encoding"
    )]
    NotUtf8 {
        /// What it looks like.
        looks: Looks,
    },
    /// The header is not that of a roster; nothing was read.
    #[error(
        "header: {found:?} is not the header of a roster; the first line must be region,groups,sms,wechat,email,speaker in any order, and may have wecom,robot"
    )]
    BadHeader {
        /// The first line, as far as it may be told.
        found: String,
    },
    /// One row is wrong; reading goes on with the next.
    #[error(transparent)]
    Row(#[from] BadRow),
    /// Reading broke off; the rest of the file is unread and the import must not count as whole.
    #[error("the file cannot be read further")]
    Unreadable(#[from] std::io::Error),
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {field} {value:?} {problem}; {}", problem.fix())]
pub struct BadRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// The column, or `row` for the row as a whole.
    pub field: &'static str,
    /// What it holds, masked unless it is plainly a region or a group.
    pub value: String,
    /// What is wrong.
    pub problem: RowProblem,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    /// Too few or too many columns.
    #[error("has {found} columns instead of {wanted}")]
    ColumnCount {
        /// Columns of the row.
        found: usize,
        /// Columns of the header.
        wanted: usize,
    },
    /// A line longer than any row can be.
    #[error("is longer than {most} bytes")]
    TooLong {
        /// The longest that is read.
        most: usize,
    },
    /// Bytes that are no UTF-8.
    #[error("is not UTF-8")]
    NotUtf8,
    /// No such division.
    #[error("is not in the division list")]
    UnknownRegion,
    /// A division above the villages.
    #[error("is a division of level {}", .0.zh())]
    NotAVillage(Level),
    /// The township is numbered as in the civil-affairs list.
    #[error("lies in the civil-affairs code of {name}")]
    OtherCodeSystem {
        /// The township's name.
        name: String,
        /// Its code in the statistics bureau's system.
        nbs: RegionCode,
    },
    /// A group that the table lacks.
    #[error("is no group")]
    UnknownGroup,
    /// No mainland mobile number.
    #[error("is no mobile number")]
    BadPhone,
    /// No open id.
    #[error("is no open id")]
    BadOpenId,
    /// No WeCom member's id.
    #[error("is no WeCom UserID")]
    BadUserId,
    /// No robot's name.
    #[error("is no robot's name")]
    BadRobot,
    /// No mailbox.
    #[error("is no mailbox")]
    BadMailbox,
    /// No box code.
    #[error("is no speaker code")]
    BadSpeakerCode,
    /// All addresses are empty.
    #[error("has no address")]
    NoAddress,
    /// An earlier row has the same address: its owner would hear everything twice.
    #[error("stands on line {first} too")]
    Repeated {
        /// The earlier line.
        first: u64,
    },
}

impl RowProblem {
    /// What to do about it.
    pub fn fix(&self) -> String {
        match self {
            Self::ColumnCount { .. } => "give one field for each column of the header",
            Self::TooLong { .. } => "end each row with a line end",
            Self::NotUtf8 => "save the file as UTF-8, or declare its encoding",
            Self::UnknownRegion => "give the twelve-digit code of a village from the statistics list",
            Self::NotAVillage(_) => "give the twelve-digit code of a village or community inside it",
            Self::OtherCodeSystem { nbs, .. } => return format!("give a village inside {nbs}"),
            Self::UnknownGroup => "give names out of the group table, separated by |",
            Self::BadPhone => "give eleven digits that start with 13 to 19, with or without +86",
            Self::BadOpenId => "give the open id as the service account reports it, 6 to 64 characters",
            Self::BadUserId => {
                "give the UserID as the WeCom console shows it: letters, digits, _ - @ . and at most 64 of them"
            }
            Self::BadRobot => {
                "give the robot's name as the configuration has it: letters, digits, - and _, never its key"
            }
            Self::BadMailbox => "give one mailbox such as name@example.cn",
            Self::BadSpeakerCode => "give the 23 digits of the box's resource code",
            Self::NoAddress => "give at least one of sms, wechat, email, speaker, wecom, robot",
            Self::Repeated { .. } => "give each address once: keep one of the two rows, or empty this field",
        }
        .to_owned()
    }
}

impl Problem for BadRow {
    fn code(&self) -> &'static str {
        match self.problem {
            RowProblem::ColumnCount { .. } => "row-column-count",
            RowProblem::TooLong { .. } => "row-too-long",
            RowProblem::NotUtf8 => "row-not-utf8",
            RowProblem::UnknownRegion => "row-unknown-region",
            RowProblem::NotAVillage(_) => "row-not-a-village",
            RowProblem::OtherCodeSystem { .. } => "row-other-code-system",
            RowProblem::UnknownGroup => "row-unknown-group",
            RowProblem::BadPhone => "row-bad-phone",
            RowProblem::BadOpenId => "row-bad-open-id",
            RowProblem::BadUserId => "row-bad-user-id",
            RowProblem::BadRobot => "row-bad-robot",
            RowProblem::BadMailbox => "row-bad-mailbox",
            RowProblem::BadSpeakerCode => "row-bad-speaker-code",
            RowProblem::NoAddress => "row-no-address",
            RowProblem::Repeated { .. } => "row-repeated",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("line", self.line.to_string()),
            ("field", self.field.to_owned()),
            ("value", self.value.clone()),
        ];
        match &self.problem {
            RowProblem::ColumnCount { found, wanted } => {
                fields.extend([("found", found.to_string()), ("wanted", wanted.to_string())]);
            }
            RowProblem::TooLong { most } => fields.push(("most", most.to_string())),
            RowProblem::OtherCodeSystem { name, nbs } => {
                fields.extend([("name", name.clone()), ("nbs", nbs.to_string())]);
            }
            RowProblem::Repeated { first } => fields.push(("first", first.to_string())),
            _ => {}
        }
        fields
    }
}

impl Problem for RosterError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8 { .. } => "roster-not-utf8",
            Self::BadHeader { .. } => "roster-bad-header",
            Self::Row(row) => row.code(),
            Self::Unreadable(_) => "roster-unreadable",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotUtf8 { looks } => vec![("looks", looks.word().to_owned())],
            Self::BadHeader { found } => vec![("found", found.clone())],
            Self::Row(row) => row.fields(),
            Self::Unreadable(cause) => vec![("cause", cause.to_string())],
        }
    }
}

/// A region field may be told when it is a code by form: a telephone number that slipped into the column is not.
pub(super) fn tell_region(value: &str) -> String {
    if value.parse::<RegionCode>().is_ok() { clipped(value) } else { masked(value) }
}

/// A group may be told when it is a short word: numbers, mailboxes and open ids are not.
pub(super) fn tell_group(value: &str) -> String {
    let word = value.chars().all(|letter| letter.is_alphabetic() || letter == '_');
    if word && value.chars().count() <= 24 { value.to_owned() } else { masked(value) }
}
