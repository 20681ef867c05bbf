//! The lenient reader: bytes of a document in, an alert and what was forgiven out.
//!
//! Only what would change the meaning is refused: no sender, no time of sending, a status nobody knows. A
//! geometry or a code that cannot be read is left out with a note, for an alert with a gap is better than
//! none; a human sees the note.

mod body;
mod part;
mod value;

use roxmltree::{Document, Node, ParsingOptions};

use self::part::Reader;
use super::{CapAlert, CapError, Note, RootKind, clip, decode::decode, guard};

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The alert.
    pub alert: CapAlert,
    /// The version of CAP it was written in.
    pub version: Version,
    /// The XML signature as it stood in the text, not verified; whoever verifies needs the bytes as they
    /// came.
    pub signature: Option<String>,
    /// What was forgiven, as it was found.
    pub notes: Vec<Note>,
}

/// The version of a document, told by its namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// CAP 1.0 (2004).
    V1_0,
    /// CAP 1.1 (2005).
    V1_1,
    /// CAP 1.2 (2010).
    V1_2,
}

impl Version {
    fn of(namespace: Option<&str>) -> Option<Self> {
        match namespace {
            Some("http://www.incident.com/cap/1.0") => Some(Self::V1_0),
            Some("urn:oasis:names:tc:emergency:cap:1.1") => Some(Self::V1_1),
            Some(super::NAMESPACE_1_2) | None => Some(Self::V1_2),
            Some(_) => None,
        }
    }
}

/// Reads one CAP document of version 1.0, 1.1 or 1.2.
///
/// # Errors
/// [`CapError`]: too large or too much of something, an encoding unknown or false, a DOCTYPE, XML that is not
/// well-formed, a root that is no CAP alert, an element missing without which there is no alert, or a word of
/// `status`, `msgType` or `scope`, or a `sent`, that cannot be understood.
pub fn read(bytes: &[u8]) -> Result<Reading, CapError> {
    let (text, slips) = decode(bytes)?;
    guard::screen(&text)?;
    let document = Document::parse_with_options(&text, ParsingOptions::default()).map_err(CapError::Xml)?;
    let root = document.root_element();
    let version = version_of(root)?;
    let mut reader = Reader::new(root, slips);
    let (alert, signature) = body::alert(&mut reader, root)?;
    Ok(Reading { alert, version, signature, notes: reader.into_notes() })
}

fn version_of(root: Node<'_, '_>) -> Result<Version, CapError> {
    let (name, namespace) = (root.tag_name().name(), namespace(root));
    let version = Version::of(namespace).filter(|_| name == "alert");
    version.ok_or_else(|| CapError::Root {
        name: clip(name),
        namespace: clip(namespace.unwrap_or_default()),
        kind: RootKind::of(name),
    })
}

/// The namespace of an element; `xmlns=""` is none.
fn namespace<'a>(node: Node<'a, '_>) -> Option<&'a str> {
    node.tag_name().namespace().filter(|it| !it.is_empty())
}
