//! The gate before the XML parser: sizes and kinds that no alert needs and only an attack has.
//!
//! The parser refuses entities itself and does not recurse, but its cost grows with the square of attributes
//! and namespaces of a tag. One linear pass over the tags bounds all of it. Errors of syntax are left to the
//! parser.

use super::CapError;

/// The largest document read, in bytes: the NAAD system's limit for one alert (NAAD LMD user guide).
pub const BYTES_MAX: usize = 5 * 1024 * 1024;
/// The deepest nesting read. An alert needs 5 levels, its signature 7.
pub const DEPTH_MAX: usize = 32;
/// The most elements read. The largest real alert seen has a few hundred.
pub const ELEMENTS_MAX: usize = 100_000;
/// The most attributes of one tag. CAP has none but namespaces.
pub const ATTRIBUTES_MAX: usize = 32;
/// The most namespace declarations of a document.
pub const NAMESPACES_MAX: usize = 512;

/// Passes a document on to the parser or says why not.
pub(super) fn screen(text: &str) -> Result<(), CapError> {
    let mut count = Count::default();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let markup = &rest[start..];
        match end_of(markup, &mut count)? {
            Some(end) => rest = &markup[end..],
            None => break,
        }
    }
    within("namespace declarations", text.matches("xmlns").count(), NAMESPACES_MAX)
}

#[derive(Default)]
struct Count {
    depth: usize,
    elements: usize,
}

/// Where the markup that starts here ends; `None` when it does not.
fn end_of(markup: &str, count: &mut Count) -> Result<Option<usize>, CapError> {
    for (opening, closing) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
        if let Some(inside) = markup.strip_prefix(opening) {
            return Ok(inside.find(closing).map(|at| opening.len() + at + closing.len()));
        }
    }
    if markup.starts_with("<!") {
        return Err(CapError::Doctype);
    }
    let Some(tag) = Tag::scan(markup) else { return Ok(None) };
    count.take(markup, &tag)?;
    Ok(Some(tag.len))
}

impl Count {
    fn take(&mut self, markup: &str, tag: &Tag) -> Result<(), CapError> {
        if markup.starts_with("</") {
            self.depth = self.depth.saturating_sub(1);
            return Ok(());
        }
        self.elements += 1;
        if !markup[..tag.len].ends_with("/>") {
            self.depth += 1;
        }
        within("levels of nesting", self.depth, DEPTH_MAX)?;
        within("elements", self.elements, ELEMENTS_MAX)?;
        within("attributes in a tag", tag.attributes, ATTRIBUTES_MAX)
    }
}

struct Tag {
    len: usize,
    attributes: usize,
}

impl Tag {
    fn scan(markup: &str) -> Option<Self> {
        let mut quote = None;
        let mut attributes = 0;
        for (at, byte) in markup.bytes().enumerate() {
            match (quote, byte) {
                (Some(open), _) if open == byte => quote = None,
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'=') => attributes += 1,
                (None, b'>') => return Some(Self { len: at + 1, attributes }),
                _ => {}
            }
        }
        None
    }
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), CapError> {
    if found > limit { Err(CapError::TooMuch { what, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<&'static str> {
        match screen(text) {
            Err(CapError::TooMuch { what, .. }) => Some(what),
            Err(other) => panic!("{other}"),
            Ok(()) => None,
        }
    }

    #[test]
    fn each_limit_holds_just_above_it() {
        let nested = |n: usize| "<a>".repeat(n) + &"</a>".repeat(n);
        assert_eq!(refused(&nested(DEPTH_MAX)), None);
        assert_eq!(refused(&nested(DEPTH_MAX + 1)), Some("levels of nesting"));
        assert_eq!(refused(&"<a/>".repeat(ELEMENTS_MAX + 1)), Some("elements"));
        assert_eq!(
            refused(&format!("<a{}/>", " a=''".repeat(ATTRIBUTES_MAX + 1))),
            Some("attributes in a tag")
        );
        assert_eq!(refused(&"<a xmlns=''/>".repeat(NAMESPACES_MAX + 1)), Some("namespace declarations"));
    }

    #[test]
    fn quotes_comments_and_cdata_hide_their_content() {
        let decoys = "<a b='>=====================================' c=\"<!DOCTYPE\"><!-- <!DOCTYPE --><![CDATA[<!x]]></a>";
        assert_eq!(screen(decoys), Ok(()));
        assert_eq!(screen("<?xml?><!DOCTYPE a><a/>"), Err(CapError::Doctype));
    }
}
