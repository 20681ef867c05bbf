//! The forms that single values must have: characters, language tags, addresses, base64, digests.
//!
//! It knows one string at a time and the standard that gives its form.

use super::SPACE;

/// A character that XML 1.0 can carry (section 2.2).
pub(super) fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// `xs:language`: letters, then letters and digits, of one to eight each (XML Schema part 2, 3.3.3).
pub(super) fn is_language(tag: &str) -> bool {
    let fits = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first = tag.split('-').next().unwrap_or_default();
    tag.split('-').all(fits) && first.bytes().all(|b| b.is_ascii_alphabetic())
}

/// No character that RFC 3986 (section 2) leaves out, at most one `#`, and every `%` begins an octet. Chinese
/// is legal, as in `xs:anyURI` (XML Schema part 2, 3.2.17).
pub(super) fn is_uri(uri: &str) -> bool {
    let left_out = |c: char| matches!(c, '<' | '>' | '"' | '\\' | '^' | '`' | '{' | '|' | '}');
    let bad = |c: char| c.is_whitespace() || c.is_control() || left_out(c) || !is_xml(c);
    let octet = |it: &str| it.len() >= 2 && it.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    let fragments = uri.matches('#').count();
    !uri.is_empty() && !uri.contains(bad) && fragments <= 1 && uri.split('%').skip(1).all(octet)
}

/// A URI with a scheme (RFC 3986, 3.1) and something after it.
pub(super) fn is_absolute_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let letter = scheme.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    let legal = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    letter && legal && !rest.is_empty() && is_uri(uri)
}

pub(super) fn is_base64(content: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=') || SPACE.contains(&c);
    !content.trim_matches(SPACE).is_empty() && content.chars().all(legal)
}

pub(super) fn is_sha1(digest: &str) -> bool {
    digest.len() == 40 && digest.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_have_short_parts() {
        for tag in ["zh-CN", "en-US", "es-419", "i-klingon", "zh-Hans-CN"] {
            assert!(is_language(tag), "{tag}");
        }
        for tag in ["", "zh_CN", "中文", "zh-", "-CN", "chinese12", "4n"] {
            assert!(!is_language(tag), "{tag}");
        }
    }

    #[test]
    fn a_full_address_has_a_scheme() {
        for uri in ["https://example.org/预警?id=1#a", "mailto:a@example.org", "https://[::1]/%E9"] {
            assert!(is_absolute_uri(uri), "{uri}");
        }
        for uri in [
            "www.example.org",
            "",
            "https:",
            "1a:b",
            "https://a b",
            "https://a/%zz",
            "a:#b#c",
            "https://a/{b}",
        ] {
            assert!(!is_absolute_uri(uri), "{uri}");
        }
    }

    #[test]
    fn control_characters_are_not_of_xml() {
        assert!("预警\t\r\n𠮷".chars().all(is_xml));
        for bad in ['\0', '\u{8}', '\u{1F}', '\u{FFFE}', '\u{FFFF}'] {
            assert!(!is_xml(bad), "{bad:?}");
        }
    }
}
