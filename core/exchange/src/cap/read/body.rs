//! The elements of an alert by name and order (schema of CAP 1.2), read into the wire types.
//!
//! It knows which of them an alert cannot be without. How a child is found and noted is the part's business.

use roxmltree::Node;

use super::part::{Part, Reader, SIGNATURE};
use crate::cap::{
    Addresses, Breach, CapAlert, CapArea, CapError, CapInfo, CapResource, CapTime, Category, Certainty,
    Circle, Forgiven, Polygon, Reference, SPACE, Scope, Severity, Urgency, list, shape::number,
    vocabulary::Word,
};

const ALERT: &[&str] = &[
    "identifier",
    "sender",
    "sent",
    "status",
    "msgType",
    "source",
    "scope",
    "restriction",
    "addresses",
    "code",
    "note",
    "references",
    "incidents",
    "info",
    SIGNATURE,
];
const INFO: &[&str] = &[
    "language",
    "category",
    "event",
    "responseType",
    "urgency",
    "severity",
    "certainty",
    "audience",
    "eventCode",
    "effective",
    "onset",
    "expires",
    "senderName",
    "headline",
    "description",
    "instruction",
    "web",
    "contact",
    "parameter",
    "resource",
    "area",
];
const RESOURCE: &[&str] = &["resourceDesc", "mimeType", "size", "uri", "derefUri", "digest"];
const AREA: &[&str] = &["areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling"];

/// Reads the root of an alert and the raw text of its signature.
pub(super) fn alert<'a>(
    reader: &mut Reader<'a>,
    root: Node<'a, '_>,
) -> Result<(CapAlert, Option<String>), CapError> {
    let part = reader.part(root, "alert".to_owned(), ALERT);
    let alert = CapAlert {
        identifier: reader.needed(&part, "identifier")?.text,
        sender: reader.needed(&part, "sender")?.text,
        sent: sent(reader, &part)?,
        status: needed_word(reader, &part, "status")?,
        msg_type: needed_word(reader, &part, "msgType")?,
        source: reader.text(&part, "source"),
        scope: scope(reader, &part)?,
        restriction: reader.text(&part, "restriction"),
        addresses: Addresses(words(reader, &part, "addresses")),
        codes: reader.leaves(&part, "code").into_iter().map(|leaf| leaf.text).collect(),
        note: reader.text(&part, "note"),
        references: references(reader, &part),
        incidents: words(reader, &part, "incidents"),
        infos: each(reader, &part, "info", info),
    };
    let signature =
        part.all(SIGNATURE).first().map(|(it, _)| it.document().input_text()[it.range()].to_owned());
    Ok((alert, signature))
}

fn needed_word<'a, W: Word>(
    reader: &mut Reader<'a>,
    part: &Part<'a, '_>,
    name: &'static str,
) -> Result<W, CapError> {
    reader.word(part, name)?.ok_or_else(|| CapError::Missing { element: part.below(name) })
}

fn sent<'a>(reader: &mut Reader<'a>, part: &Part<'a, '_>) -> Result<CapTime, CapError> {
    const FIX: &str = "write it as 2026-11-23T22:05:00+08:00";
    let leaf = reader.needed(part, "sent")?;
    let time = reader.parsed(&leaf, &leaf.text, CapTime::parse);
    time.ok_or_else(|| Breach::new(part.below("sent"), &leaf.text, FIX).into())
}

/// In CAP 1.0 the scope may be left out, and some later messages do so too: those are public.
fn scope<'a>(reader: &mut Reader<'a>, part: &Part<'a, '_>) -> Result<Scope, CapError> {
    let found = reader.word(part, "scope")?;
    Ok(found.unwrap_or_else(|| {
        reader.missed(Forgiven::Missing { taken: Scope::Public.as_str() }, part, "scope");
        Scope::Public
    }))
}

fn words<'a>(reader: &mut Reader<'a>, part: &Part<'a, '_>, name: &'static str) -> Vec<String> {
    reader.text(part, name).map(|text| list::words(&text)).unwrap_or_default()
}

fn references<'a>(reader: &mut Reader<'a>, part: &Part<'a, '_>) -> Vec<Reference> {
    let Some(leaf) = reader.once(part, "references") else { return Vec::new() };
    let pieces = leaf.text.split(SPACE).filter(|it| !it.is_empty());
    pieces.filter_map(|piece| reader.parsed(&leaf, piece, list::triplet)).collect()
}

fn each<'a, T>(
    reader: &mut Reader<'a>,
    part: &Part<'a, '_>,
    name: &'static str,
    read: impl Fn(&mut Reader<'a>, Node<'a, '_>, String) -> T,
) -> Vec<T> {
    part.all(name).into_iter().map(|(node, path)| read(reader, node, path)).collect()
}

fn info<'a>(reader: &mut Reader<'a>, node: Node<'a, '_>, path: String) -> CapInfo {
    let part = reader.part(node, path, INFO);
    CapInfo {
        language: language(reader, &part),
        categories: categories(reader, &part),
        event: reader.expected(&part, "event"),
        response_types: reader.words(&part, "responseType"),
        urgency: reader.word_or(&part, "urgency", Urgency::Unknown),
        severity: reader.word_or(&part, "severity", Severity::Unknown),
        certainty: reader.word_or(&part, "certainty", Certainty::Unknown),
        audience: reader.text(&part, "audience"),
        event_codes: reader.pairs(&part, "eventCode"),
        effective: reader.time(&part, "effective"),
        onset: reader.time(&part, "onset"),
        expires: expires(reader, &part),
        sender_name: reader.text(&part, "senderName"),
        headline: reader.text(&part, "headline"),
        description: reader.text(&part, "description"),
        instruction: reader.text(&part, "instruction"),
        web: reader.text(&part, "web"),
        contact: reader.text(&part, "contact"),
        parameters: reader.pairs(&part, "parameter"),
        resources: each(reader, &part, "resource", resource),
        areas: each(reader, &part, "area", area),
    }
}

fn language<'a>(reader: &mut Reader<'a>, part: &Part<'a, '_>) -> String {
    reader.text(part, "language").unwrap_or_else(|| {
        reader.missed(Forgiven::NoLanguage, part, "language");
        "en-US".to_owned()
    })
}

fn categories<'a>(reader: &mut Reader<'a>, part: &Part<'a, '_>) -> Vec<Category> {
    let categories = reader.words(part, "category");
    if categories.is_empty() {
        reader.missed(Forgiven::Missing { taken: "" }, part, "category");
    }
    categories
}

fn expires<'a>(reader: &mut Reader<'a>, part: &Part<'a, '_>) -> Option<CapTime> {
    let expires = reader.time(part, "expires");
    if expires.is_none() {
        reader.missed(Forgiven::NoExpires, part, "expires");
    }
    expires
}

fn resource<'a>(reader: &mut Reader<'a>, node: Node<'a, '_>, path: String) -> CapResource {
    let part = reader.part(node, path, RESOURCE);
    CapResource {
        description: reader.expected(&part, "resourceDesc"),
        mime_type: reader.expected(&part, "mimeType"),
        size: reader.value(&part, "size", |text| text.parse().ok()),
        uri: reader.text(&part, "uri"),
        deref_uri: reader.text(&part, "derefUri"),
        digest: reader.text(&part, "digest"),
    }
}

fn area<'a>(reader: &mut Reader<'a>, node: Node<'a, '_>, path: String) -> CapArea {
    let part = reader.part(node, path, AREA);
    CapArea {
        description: reader.expected(&part, "areaDesc"),
        polygons: reader.values(&part, "polygon", Polygon::parse),
        circles: reader.values(&part, "circle", |text| Circle::parse(text).map(|it| (it, Vec::new()))),
        geocodes: reader.pairs(&part, "geocode"),
        altitude_ft: reader.value(&part, "altitude", number),
        ceiling_ft: reader.value(&part, "ceiling", number),
    }
}
