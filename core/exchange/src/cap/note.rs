//! What the reader forgave, in typed form, so that the desk can show it and a policy can act on it.

use std::fmt;

use super::clip;

/// The most notes a reading carries; a hostile document could earn one per element. The rest is counted.
pub const NOTES_MAX: usize = 100;

/// One thing forgiven, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What was forgiven.
    pub forgiven: Forgiven,
    /// The element, as `alert/info[1]/area[2]/polygon[1]`; of a missing element, where it was missed.
    pub path: String,
    /// The line of the document, from 1, counted from where the markup begins; 0 for the document as a whole.
    pub line: u32,
}

/// A departure from CAP 1.2 that leaves the meaning clear, or leaves a gap that is safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forgiven {
    /// The declaration says UTF-16 but the bytes are not; read as UTF-8.
    MisdeclaredEncoding,
    /// White space before the XML declaration.
    LeadingSpace,
    /// An element without any namespace, taken as CAP's.
    NoNamespace,
    /// A time in `Z` instead of `-00:00`.
    ZuluTime,
    /// UTC written `+00:00` instead of `-00:00`.
    PlusZeroOffset,
    /// A fraction of a second, cut off.
    FractionDropped,
    /// A time with a blank for `T`, or an offset without its colon.
    LooseTime,
    /// An element after one that it should precede.
    OutOfOrder,
    /// An element allowed once that came again; the first counts.
    Repeated,
    /// An element that CAP does not have here; left out.
    Unknown {
        /// Its name.
        name: String,
    },
    /// An element with nothing in it; left out.
    Empty,
    /// Markup inside a text; its text was kept.
    Markup,
    /// A required element is not there.
    Missing {
        /// What was taken instead; empty for nothing.
        taken: &'static str,
    },
    /// No language: `en-US` by the standard (3.2.2).
    NoLanguage,
    /// No expiry: the receiver's policy decides (3.2.2).
    NoExpires,
    /// A word of a closed list in another spelling, of an older version, or not of the list.
    Word {
        /// The word found.
        found: String,
        /// The word taken.
        taken: &'static str,
    },
    /// A value nobody can read; left out.
    Unreadable {
        /// The value, cut to a line.
        found: String,
    },
    /// A name and value in the `name=value` form of CAP 1.0.
    OldPair,
    /// The closing point of a polygon came twice or more; kept once.
    DoubledClosingPoint,
    /// The polygon was open; closed with its first point.
    PolygonClosed,
    /// More notes than [`NOTES_MAX`].
    More {
        /// How many were left out.
        count: usize,
    },
}

impl Forgiven {
    pub(super) fn unreadable(found: &str) -> Self {
        Self::Unreadable { found: clip(found) }
    }
}

impl fmt::Display for Forgiven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = match self {
            Self::MisdeclaredEncoding => "declared as UTF-16 but is not; read as UTF-8",
            Self::LeadingSpace => "white space before the xml declaration",
            Self::NoNamespace => "has no namespace; taken as cap",
            Self::ZuluTime => "time in Z; write -00:00",
            Self::PlusZeroOffset => "utc written +00:00; write -00:00",
            Self::FractionDropped => "fraction of a second cut off",
            Self::LooseTime => "time not in the form of cap",
            Self::OutOfOrder => "out of order",
            Self::Repeated => "came again; the first counts",
            Self::Empty => "empty; left out",
            Self::Markup => "holds markup; its text was kept",
            Self::NoLanguage => "missing; en-US by the standard",
            Self::NoExpires => "missing; the receiver's policy decides",
            Self::OldPair => "name=value of cap 1.0",
            Self::DoubledClosingPoint => "closing point doubled; kept once",
            Self::PolygonClosed => "was open; closed with its first point",
            Self::Unknown { name } => return write!(f, "unknown element {name:?}; left out"),
            Self::Missing { taken: "" } => "missing",
            Self::Missing { taken } => return write!(f, "missing; taken as {taken}"),
            Self::Word { found, taken } => return write!(f, "{found:?} taken as {taken}"),
            Self::Unreadable { found } => return write!(f, "{found:?} cannot be read; left out"),
            Self::More { count } => return write!(f, "{count} more notes"),
        };
        f.write_str(plain)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {}: {}", self.line, self.path, self.forgiven)
    }
}
