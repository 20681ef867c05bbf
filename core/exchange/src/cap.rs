//! The Common Alerting Protocol (通用警报协议), OASIS CAP 1.2, with 1.1 and 1.0 read as well.
//!
//! [`read`] is lenient: real alerts carry `Z` times, elements out of order, empty `references`; an alert must
//! not be lost for that, so each slip becomes a [`Note`]. [`write()`] is strict: it writes CAP 1.2 that is
//! valid by the schema *and* by the text of the standard, which the schema checks only in part. [`breaches`]
//! lists everything [`write()`] would refuse.
//!
//! This module refuses to know the model's alert, XML signatures (it only tells whether one is there), feeds,
//! and the advice of profiles: a headline of 200 characters or a self-crossing polygon is written as given.

mod alert;
mod colour;
mod decode;
mod error;
mod form;
mod guard;
mod list;
mod note;
mod read;
mod rules;
mod shape;
mod time;
mod vocabulary;
mod write;

pub use alert::{Addresses, CapAlert, CapArea, CapInfo, CapResource, NamedValue, Reference};
pub use colour::Colour;
pub use error::{Breach, CapError, RootKind};
pub use guard::{ATTRIBUTES_MAX, BYTES_MAX, DEPTH_MAX, ELEMENTS_MAX, NAMESPACES_MAX};
pub use note::{Forgiven, NOTES_MAX, Note};
pub use read::{Reading, Version, read};
pub use rules::breaches;
pub use shape::{Circle, Point, Polygon};
pub use time::{CapTime, CapTimeError};
pub use vocabulary::{Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency};
pub use write::write;

/// The namespace of CAP 1.2 (standard, section 3.4), the only one that [`write()`] uses.
pub const NAMESPACE_1_2: &str = "urn:oasis:names:tc:emergency:cap:1.2";

/// What XML 1.0 (section 2.3) calls white space. The ideographic space that indents Chinese paragraphs is not
/// of it.
const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Cuts a value from outside to a length that fits an error line.
fn clip(value: &str) -> String {
    const SHOWN: usize = 60;
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}
