//! What is said at once and what follows: whole warnings in their order, none of them cut where it fits into a message.

use mingluo_channels::wechat::LONGEST_TEXT;

/// Bytes that are left for the sentence which says that more follows.
const TRAILER: usize = 200;

/// Between a warning and the next.
const BETWEEN: &str = "\n\n";

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fitted {
    /// What is said at once.
    pub(super) now: String,
    /// The messages that follow: a warning each, or a part of one that is longer than a message, with the warning's place.
    pub(super) rest: Vec<(usize, String)>,
}

/// As many warnings as fit below a heading; where they do not all fit, a sentence has room after them.
pub(super) fn fit(heading: &str, warnings: &[&str]) -> Fitted {
    let with = |count: usize| {
        let said: Vec<&str> = std::iter::once(heading).chain(warnings[..count].iter().copied()).collect();
        joined(&said)
    };
    let all = with(warnings.len());
    if all.len() <= LONGEST_TEXT {
        return Fitted { now: all, rest: Vec::new() };
    }
    let fits = |count: &usize| with(*count).len() + TRAILER <= LONGEST_TEXT;
    let count = (0..warnings.len()).rev().find(fits).unwrap_or(0);
    let parts =
        |place: usize| pieces(warnings[place]).into_iter().map(move |words| (place, words.to_owned()));
    let rest = (count..warnings.len()).flat_map(parts);
    Fitted { now: with(count), rest: rest.collect() }
}

/// Paragraphs of one message.
pub(super) fn joined(said: &[&str]) -> String {
    said.join(BETWEEN)
}

/// Parts that fit into a message each: they end with a line or a sentence if one ends in the second half of it.
fn pieces(words: &str) -> Vec<&str> {
    let (mut pieces, mut left) = (Vec::new(), words);
    while left.len() > LONGEST_TEXT {
        let most = &left[..left.floor_char_boundary(LONGEST_TEXT)];
        let ends = most.rfind(['\n', '。']).and_then(|at| Some(at + most[at..].chars().next()?.len_utf8()));
        let (piece, rest) = left.split_at(ends.filter(|end| *end > most.len() / 2).unwrap_or(most.len()));
        pieces.push(piece.trim_end());
        left = rest;
    }
    pieces.push(left);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tongue::{Tongue, say};

    fn warnings(bytes: &[usize]) -> Vec<String> {
        bytes.iter().map(|bytes| "雨".repeat(bytes / 3)).collect()
    }

    fn borrowed(warnings: &[String]) -> Vec<&str> {
        warnings.iter().map(String::as_str).collect()
    }

    #[test]
    fn what_fits_is_said_at_once_and_the_rest_follows_in_its_order() {
        let few = warnings(&[900, 900]);
        assert_eq!(fit("两条：", &borrowed(&few)).rest, []);
        let many = warnings(&[900, 600, 900, 300]);
        let fitted = fit("四条：", &borrowed(&many));
        let rest = [(2, many[2].clone()), (3, many[3].clone())];
        assert_eq!((fitted.now, fitted.rest), (joined(&["四条：", &many[0], &many[1]]), rest.to_vec()));
    }

    #[test]
    fn a_warning_that_is_longer_than_a_message_is_cut_between_sentences() {
        let long = format!("{}。{}", "雨".repeat(500), "水".repeat(500));
        let fitted = fit("一条：", &[&long]);
        assert_eq!(fitted.now, "一条：");
        assert_eq!(fitted.rest, [(0, format!("{}。", "雨".repeat(500))), (0, "水".repeat(500))]);
        let endless = pieces(&long.replace('。', "水")).concat();
        assert_eq!(endless.len(), long.len(), "nothing is lost where no sentence ends");
    }

    #[test]
    fn every_sentence_that_may_stand_below_has_room() {
        for key in ["wechat-more", "wechat-telling", "wechat-told", "wechat-full", "wechat-perhaps"] {
            let said = say(Tongue::Chinese, key, &[("count", "1000".to_owned())]);
            assert!(BETWEEN.len() + said.len() <= TRAILER, "{key}");
        }
    }
}
