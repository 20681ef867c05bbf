//! From bytes to text by the encoding a document declares, since the XML parser takes only UTF-8.
//!
//! It knows byte order marks, the XML declaration and the labels of the Encoding Standard (GB2312 and GBK are
//! read as their superset GB18030, ISO-8859-1 as windows-1252). It does not guess: undeclared bytes are UTF-8
//! or refused.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::{BYTES_MAX, CapError, Forgiven, SPACE, clip};

/// How far into a document the XML declaration is looked for, in bytes.
const DECLARATION_MAX: usize = 256;

/// The text of a document from its first markup on, and what was forgiven.
pub(super) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, Vec<Forgiven>), CapError> {
    if bytes.len() > BYTES_MAX {
        return Err(CapError::TooLarge { bytes: bytes.len(), limit: BYTES_MAX });
    }
    let mut slips = Vec::new();
    let (encoding, mark) = match Encoding::for_bom(bytes) {
        Some(marked) => marked,
        None => (unmarked(bytes, &mut slips)?, 0),
    };
    let text = encoding
        .decode_without_bom_handling_and_without_replacement(&bytes[mark..])
        .ok_or(CapError::BadBytes { encoding: encoding.name() })?;
    Ok((from_markup(text, &mut slips), slips))
}

fn unmarked(bytes: &[u8], slips: &mut Vec<Forgiven>) -> Result<&'static Encoding, CapError> {
    if bytes.starts_with(b"<\0?\0") {
        return Ok(UTF_16LE);
    }
    if bytes.starts_with(b"\0<\0?") {
        return Ok(UTF_16BE);
    }
    let Some(label) = declared(bytes) else { return Ok(UTF_8) };
    let encoding = Encoding::for_label(label.as_bytes());
    let encoding = encoding.ok_or_else(|| CapError::UnknownEncoding { label: clip(&label) })?;
    if encoding == UTF_16LE || encoding == UTF_16BE {
        slips.push(Forgiven::MisdeclaredEncoding);
        return Ok(UTF_8);
    }
    Ok(encoding)
}

/// The encoding named in `<?xml … encoding="…"?>`, when the bytes are of an ASCII kind.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_MAX)]);
    let (declaration, _) = head.trim_start_matches(SPACE).strip_prefix("<?xml")?.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start_matches(SPACE).strip_prefix('=')?.trim_start_matches(SPACE);
    let quote = value.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    value[1..].split_once(quote).map(|(label, _)| label.to_owned())
}

fn from_markup<'a>(text: Cow<'a, str>, slips: &mut Vec<Forgiven>) -> Cow<'a, str> {
    let start = text.len() - text.trim_start_matches(SPACE).len();
    if start == 0 {
        return text;
    }
    slips.push(Forgiven::LeadingSpace);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[start..]),
        Cow::Owned(text) => Cow::Owned(text[start..].to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::GB18030;

    fn text(bytes: &[u8]) -> String {
        decode(bytes).unwrap().0.into_owned()
    }

    #[test]
    fn chinese_survives_each_encoding() {
        let gb = "<?xml version='1.0' encoding = 'GB18030'?><a>暴雨红色预警𠮷</a>";
        assert_eq!(text(&GB18030.encode(gb).0), gb);
        let utf8 = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>暴雨</a>";
        assert_eq!(text(utf8.as_bytes()), utf8);
        assert_eq!(text(&[b"\xEF\xBB\xBF", utf8.as_bytes()].concat()), utf8);
    }

    #[test]
    fn utf_16_is_read_with_and_without_its_mark() {
        let page = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>暴雨</a>";
        let little: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = page.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(text(&little), page);
        assert_eq!(text(&big), page);
        assert_eq!(text(&[b"\xFF\xFE".as_slice(), &little].concat()), page);
    }

    #[test]
    fn a_false_utf_16_label_is_forgiven() {
        let page = "\n<?xml version=\"1.0\" encoding=\"utf-16\"?><a>暴雨</a>";
        let (text, slips) = decode(page.as_bytes()).unwrap();
        assert_eq!(text, page.trim_start());
        assert_eq!(slips, [Forgiven::MisdeclaredEncoding, Forgiven::LeadingSpace]);
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        let latin = b"<?xml version='1.0'?><a>\xE9</a>";
        assert_eq!(decode(latin), Err(CapError::BadBytes { encoding: "UTF-8" }));
        let unknown = b"<?xml version='1.0' encoding='EBCDIC'?><a/>";
        assert_eq!(decode(unknown), Err(CapError::UnknownEncoding { label: "EBCDIC".into() }));
        let large = vec![b' '; BYTES_MAX + 1];
        assert!(matches!(decode(&large), Err(CapError::TooLarge { .. })));
    }
}
