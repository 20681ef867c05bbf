//! The lists that CAP squeezes into one element: quoted words, and reference triplets (standard, 3.2.1).
//!
//! It knows how they are cut and joined. That a word holds no quote is the rules' business.

use super::{CapTime, Forgiven, Reference, SPACE};

/// Cuts `addresses` or `incidents`: words between white space, or between double quotes when they hold white
/// space.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(SPACE);
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(SPACE).unwrap_or((rest, "")),
        };
        if !word.is_empty() {
            words.push(word.to_owned());
        }
        rest = after.trim_start_matches(SPACE);
    }
    words
}

/// Joins words as [`words`] cuts them.
pub(super) fn joined(words: &[String]) -> String {
    let quote = |word: &String| if word.contains(SPACE) { format!("\"{word}\"") } else { word.clone() };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

/// One triplet `sender,identifier,sent`; `None` when it has not three parts or its time is in doubt.
pub(super) fn triplet(text: &str) -> Option<(Reference, Vec<Forgiven>)> {
    let mut parts = text.split(',');
    let (sender, identifier, sent) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || sender.is_empty() || identifier.is_empty() {
        return None;
    }
    let (sent, slips) = CapTime::parse(sent)?;
    Some((Reference { sender: sender.to_owned(), identifier: identifier.to_owned(), sent }, slips))
}

/// Joins triplets, one space between.
pub(super) fn triplets(references: &[Reference]) -> String {
    let one = |it: &Reference| format!("{},{},{}", it.sender, it.identifier, it.sent);
    references.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_words_with_spaces_come_back_whole() {
        let list = ["值班室", "防汛 办公室", "a"].map(str::to_owned);
        assert_eq!(joined(&list), "值班室 \"防汛 办公室\" a");
        assert_eq!(words(&joined(&list)), list);
    }

    #[test]
    fn broken_quotes_lose_no_word() {
        assert_eq!(words("a \"b c"), ["a", "b c"]);
        assert_eq!(words("\"a b\"c \"\" d"), ["a b", "c", "d"]);
    }

    #[test]
    fn a_triplet_has_three_parts() {
        let (it, slips) = triplet("s@x,1,2003-06-17T14:57:00-07:00").unwrap();
        assert_eq!((triplets(&[it]).as_str(), slips), ("s@x,1,2003-06-17T14:57:00-07:00", vec![]));
        for text in ["1/s@x", "s@x,1", "s@x,1,noon", "s@x,,2003-06-17T14:57:00-07:00"] {
            assert_eq!(triplet(text), None, "{text}");
        }
    }
}
