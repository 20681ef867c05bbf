//! A pushed message as a tree of texts, whether it came as XML or as JSON.

use super::push::CallbackError;
use roxmltree::{Document, Node};
use serde_json::{Map, Value};
use sha1::{Digest, Sha1};

/// Elements within elements that are read; the deepest event has five.
const DEEPEST: u8 = 8;

/// A message as a tree of texts.
pub(crate) struct Fields(Value);

impl Fields {
    /// Reads XML, or JSON where the account is set to it.
    ///
    /// # Errors
    /// [`CallbackError::Malformed`].
    pub(crate) fn parse(body: &[u8]) -> Result<Self, CallbackError> {
        let text = std::str::from_utf8(body).map_err(|_| malformed("it is not UTF-8"))?;
        if text.trim_start().starts_with('{') {
            let value: Value = serde_json::from_str(text).map_err(|cause| malformed(&cause.to_string()))?;
            return Ok(Self(texts(value)));
        }
        let document = Document::parse(text).map_err(|cause| malformed(&cause.to_string()))?;
        tree(document.root_element(), 0).map(Self)
    }

    /// A field's text; numbers are exact in both forms.
    ///
    /// # Errors
    /// [`CallbackError::Malformed`] when there is none.
    pub(crate) fn text(&self, name: &str) -> Result<&str, CallbackError> {
        text(&self.0, name)
    }

    /// All fields, for messages that have lists.
    pub(crate) const fn tree(&self) -> &Value {
        &self.0
    }

    /// The kind of event; empty for what somebody wrote.
    ///
    /// # Errors
    /// [`CallbackError::Malformed`] for an event without a kind.
    pub(crate) fn event(&self) -> Result<&str, CallbackError> {
        if self.text("MsgType") == Ok("event") { self.text("Event") } else { Ok("") }
    }

    /// The same for the same push (排重): of the event's kind and these fields, empty where one is missing.
    pub(crate) fn name(&self, event: &str, known: &[&str]) -> [u8; 20] {
        let of = |name: &&str| self.text(name).unwrap_or_default().to_owned();
        Sha1::digest([event.to_owned(), known.iter().map(of).collect::<Vec<_>>().join("\n")].concat()).into()
    }
}

/// An element as JSON would have it: its text, or its children by name, those of one name as a list.
fn tree(element: Node<'_, '_>, depth: u8) -> Result<Value, CallbackError> {
    if depth == DEEPEST {
        return Err(malformed("elements stand too deep in each other"));
    }
    let mut fields = Map::new();
    for child in element.children().filter(Node::is_element) {
        let value = tree(child, depth + 1)?;
        match fields.get_mut(child.tag_name().name()) {
            None => {
                fields.insert(child.tag_name().name().to_owned(), value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    if fields.is_empty() {
        return Ok(Value::String(element.text().unwrap_or_default().trim().to_owned()));
    }
    Ok(Value::Object(fields))
}

/// Numbers and truths as texts, as XML has them.
fn texts(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, one)| (name, texts(one))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(texts).collect()),
        Value::String(text) => Value::String(text),
        other => Value::String(other.to_string()),
    }
}

/// A field's text in one element of a list.
///
/// # Errors
/// [`CallbackError::Malformed`] when there is none.
pub(crate) fn text<'a>(fields: &'a Value, name: &str) -> Result<&'a str, CallbackError> {
    match fields.get(name) {
        Some(Value::String(text)) => Ok(text.trim()),
        _ => Err(malformed(&format!("{name} is missing"))),
    }
}

pub(crate) fn malformed(problem: &str) -> CallbackError {
    CallbackError::Malformed { problem: problem.to_owned() }
}
