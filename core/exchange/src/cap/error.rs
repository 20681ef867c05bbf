//! Why a document is not read, or an alert not written.

use std::fmt;

use super::clip;

/// Why [`super::read`] or [`super::write()`] refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CapError {
    /// More bytes than [`super::BYTES_MAX`].
    #[error("document of {bytes} bytes is over the limit of {limit}; send it in parts")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// More of something than an alert has.
    #[error("document has more than {limit} {what}; no alert needs so many")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The declared encoding has no known name.
    #[error("encoding {label:?} is not known; use UTF-8")]
    UnknownEncoding {
        /// The name in the XML declaration.
        label: String,
    },
    /// The bytes are not of the encoding they claim.
    #[error("bytes are not valid {encoding}; declare the encoding they are in, or use UTF-8")]
    BadBytes {
        /// The encoding declared or assumed.
        encoding: &'static str,
    },
    /// A document type declaration: entities are never read.
    #[error("document has a DOCTYPE; remove it, CAP has none")]
    Doctype,
    /// Not well-formed XML.
    #[error("document is not well-formed xml")]
    Xml(#[source] roxmltree::Error),
    /// The root is something else than a CAP alert.
    #[error(
        "root is <{name}> of namespace {namespace:?} ({kind}), not a CAP <alert>; hand over the alert itself"
    )]
    Root {
        /// The local name of the root.
        name: String,
        /// Its namespace, empty for none.
        namespace: String,
        /// What it seems to be.
        kind: RootKind,
    },
    /// An element that an alert cannot do without is not there or empty.
    #[error("{element} is missing; add it")]
    Missing {
        /// Its path.
        element: String,
    },
    /// An element has a value it must not have.
    #[error(transparent)]
    Breach(#[from] Breach),
}

/// One breach of CAP 1.2: the element, its value and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{element} is {value:?}: {fix}")]
pub struct Breach {
    /// The path of the element, as `alert/info[1]/web`.
    pub element: String,
    /// Its value, cut to a line; empty when it is missing.
    pub value: String,
    /// What to do.
    pub fix: String,
}

impl Breach {
    pub(super) fn new(element: impl Into<String>, value: &str, fix: impl Into<String>) -> Self {
        Self { element: element.into(), value: clip(value), fix: fix.into() }
    }
}

/// What a document that is no alert seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootKind {
    /// An Atom feed.
    AtomFeed,
    /// An RSS feed.
    RssFeed,
    /// An EDXL distribution envelope.
    Edxl,
    /// A list of alerts in a wrapper.
    AlertList,
    /// An `alert`, but of a namespace that is not CAP's.
    ForeignAlert,
    /// Something else.
    Other,
}

impl RootKind {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "feed" => Self::AtomFeed,
            "rss" | "RDF" => Self::RssFeed,
            "EDXLDistribution" => Self::Edxl,
            "alerts" => Self::AlertList,
            "alert" => Self::ForeignAlert,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for RootKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtomFeed => "an Atom feed",
            Self::RssFeed => "an RSS feed",
            Self::Edxl => "an EDXL envelope",
            Self::AlertList => "a list of alerts",
            Self::ForeignAlert => "an alert of another format",
            Self::Other => "another document",
        })
    }
}
