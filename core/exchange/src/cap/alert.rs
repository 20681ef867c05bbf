//! The parts of a CAP alert as they stand on the wire: `alert`, `info`, `resource`, `area` (standard, section
//! 3.2).
//!
//! These types know the structure and nothing of its rules: an alert with no sender can be said here, so that
//! the reader can hold what it got and the rules can name all that is wrong. Text has no white space at its
//! ends.

use std::fmt;

use super::{
    CapTime, Category, Certainty, Circle, MsgType, Polygon, ResponseType, Scope, Severity, Status, Urgency,
};

/// A CAP message (预警信息), element `alert` (3.2.1).
#[derive(Debug, Clone, PartialEq)]
pub struct CapAlert {
    /// Unique among the messages of its sender; no space, comma, `<` or `&`.
    pub identifier: String,
    /// Globally unique name of the originator, often an internet name; no space, comma, `<` or `&`.
    pub sender: String,
    /// When the message was made.
    pub sent: CapTime,
    /// Whether it is real, an exercise, a test.
    pub status: Status,
    /// What it does to earlier messages.
    pub msg_type: MsgType,
    /// The operator or device that made it.
    pub source: Option<String>,
    /// Who may see it.
    pub scope: Scope,
    /// The rule that limits its spread; belongs to [`Scope::Restricted`].
    pub restriction: Option<String>,
    /// Whom it is for; needed with [`Scope::Private`].
    pub addresses: Addresses,
    /// Codes of special handling, by agreement of the systems.
    pub codes: Vec<String>,
    /// The purpose of an exercise or the reason of an error.
    pub note: Option<String>,
    /// The earlier messages it speaks of.
    pub references: Vec<Reference>,
    /// Names of the incidents it belongs to.
    pub incidents: Vec<String>,
    /// What is told: one part per language, audience or phase.
    pub infos: Vec<CapInfo>,
}

/// Whom a private alert is for. Personal data, so its `Debug` tells only how many there are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Addresses(pub Vec<String>);

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Addresses({} hidden)", self.0.len())
    }
}

/// The extended identifier of an earlier message: `sender,identifier,sent` (3.2.1, `references`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The sender of that message.
    pub sender: String,
    /// Its identifier.
    pub identifier: String,
    /// When it was sent.
    pub sent: CapTime,
}

/// What is told, in one language to one audience; element `info` (3.2.2).
#[derive(Debug, Clone, PartialEq)]
pub struct CapInfo {
    /// Language tag of RFC 3066, such as `zh-CN`. A message that names none is in `en-US`.
    pub language: String,
    /// The kinds of event; at least one.
    pub categories: Vec<Category>,
    /// The event in words, such as 暴雨.
    pub event: String,
    /// What the audience is asked to do.
    pub response_types: Vec<ResponseType>,
    /// How soon to act.
    pub urgency: Urgency,
    /// How grave; see [`super::Colour`] for the grade it stands for.
    pub severity: Severity,
    /// How sure.
    pub certainty: Certainty,
    /// The audience in words.
    pub audience: Option<String>,
    /// The event in codes, each with the name of its code system.
    pub event_codes: Vec<NamedValue>,
    /// From when the text holds; without it, from `sent`.
    pub effective: Option<CapTime>,
    /// When the event is expected to begin.
    pub onset: Option<CapTime>,
    /// Until when the text holds; without it, each receiver has its own policy.
    pub expires: Option<CapTime>,
    /// The name of the issuing body for people.
    pub sender_name: Option<String>,
    /// The headline.
    pub headline: Option<String>,
    /// The description of the hazard.
    pub description: Option<String>,
    /// What to do.
    pub instruction: Option<String>,
    /// An absolute address of a page with more.
    pub web: Option<String>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// System-specific values.
    pub parameters: Vec<NamedValue>,
    /// Attachments.
    pub resources: Vec<CapResource>,
    /// Where.
    pub areas: Vec<CapArea>,
}

/// A value and the name of the system it is of: `eventCode`, `parameter`, `geocode` (`valueName` and
/// `value`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedValue {
    /// The name of the code system or parameter; never empty when written.
    pub name: String,
    /// The value itself; may be empty.
    pub value: String,
}

/// An attachment, element `resource` (3.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapResource {
    /// What it is, in words.
    pub description: String,
    /// Its media type (RFC 2046); required since 1.2.
    pub mime_type: String,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Where it is: absolute, or relative beside `deref_uri`.
    pub uri: Option<String>,
    /// The content itself in base64, for one-way channels.
    pub deref_uri: Option<String>,
    /// SHA-1 of the content, 40 hexadecimal digits.
    pub digest: Option<String>,
}

/// A place, element `area` (3.2.4): the union of its polygons, circles and codes.
#[derive(Debug, Clone, PartialEq)]
pub struct CapArea {
    /// The place in words.
    pub description: String,
    /// Its polygons.
    pub polygons: Vec<Polygon>,
    /// Its circles.
    pub circles: Vec<Circle>,
    /// Its codes, each with the name of its code system.
    pub geocodes: Vec<NamedValue>,
    /// The height, or with a ceiling the lowest height, in feet above mean sea level (3.2.4).
    pub altitude_ft: Option<f64>,
    /// The greatest height in feet above mean sea level; only beside an altitude.
    pub ceiling_ft: Option<f64>,
}
