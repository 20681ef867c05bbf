//! What residents write back (上行短信), and what they wish by it.

use crate::{address::Address, clock::Timestamp};
use std::fmt;

/// The longest code that is taken for one, in digits.
const LONGEST_CODE: usize = 8;
/// The shortest; fewer digits are somebody's word for something else ("1", "110").
const SHORTEST_CODE: usize = 4;

/// Words by which a resident refuses further messages (退订). Not the single letters T and R of advertisements: one slip
/// of a thumb must not cost a warning.
const OUT: [&str; 7] = ["退订", "退訂", "取消订阅", "拒收", "TD", "STOP", "UNSUBSCRIBE"];
/// Words by which a resident asks for them again (订阅).
const BACK: [&str; 6] = ["订阅", "訂閱", "恢复", "DY", "START", "SUBSCRIBE"];
/// Words that may stand before or behind a code ("收到482913", "482913已收到").
const HEARD: [&str; 4] = ["已收到", "收到", "已应答", "确认"];
/// What stands before the word in our own messages ("回复TD退订"), and so in many answers.
const ANSWER: [&str; 2] = ["回复", "回"];

/// One message that a resident wrote to one of our access numbers (上行短信). `Debug` hides who and what.
///
/// It may come twice: a gateway says again what it believes unheard. The ledger keeps it once.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// Who wrote, in the form of the roster.
    pub from: Address,
    /// The access number that was written to, as the gateway names it.
    pub to: String,
    /// What was written.
    pub words: String,
    /// The gateway's own id of this very message, where the wire has one; said again, it has the same.
    pub id: Option<String>,
    /// Which part of a longer message this is; each part comes by itself. `None` for a message that is whole.
    pub part: Option<Portion>,
    /// When it reached us.
    pub at: Timestamp,
}

/// Where a part of a longer message (长短信) belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Portion {
    /// What the parts of one message from one phone have in common; 0 where the wire does not say.
    pub reference: u16,
    /// Which part, from 1; 0 where the wire does not say.
    pub number: u8,
    /// Of how many; 0 where the wire does not say.
    pub total: u8,
}

impl Portion {
    /// A part of which nobody knows where it belongs.
    pub const UNNUMBERED: Self = Self { reference: 0, number: 0, total: 0 };

    /// The part as a wire numbers it; `None` when there is but one, which is then no part of anything.
    pub const fn of(reference: u16, number: u8, total: u8) -> Option<Self> {
        if total > 1 { Some(Self { reference, number, total }) } else { None }
    }
}

/// What a reply asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wish {
    /// No further messages (退订).
    OptOut,
    /// Messages again (订阅).
    OptIn,
    /// The code that a responsible person was asked to answer with (叫应确认码): four to eight digits, with 收到 or the like
    /// beside them and nothing else.
    Code,
    /// Something that a person has to read.
    Other,
}

impl Reply {
    /// What is asked for. Only a message that is one of the known words and nothing else counts as a wish: a resident
    /// who is not heard writes again, one who was wrongly taken off gets no warning. A signature (【…】), which phones quote
    /// and gateways add, and the word "reply" before it are nothing else.
    pub fn wish(&self) -> Wish {
        let Some(word) = self.word() else { return Wish::Other };
        if OUT.contains(&&*word) {
            Wish::OptOut
        } else if BACK.contains(&&*word) {
            Wish::OptIn
        } else if digits(&word).is_some() {
            Wish::Code
        } else {
            Wish::Other
        }
    }

    /// The digits of the code that is written back, wide ones narrowed; `None` where [`Self::wish`] is no code.
    pub fn code(&self) -> Option<String> {
        digits(&self.word()?).map(str::to_owned)
    }

    /// What was written, without signature, "reply" and marks; `None` for what means nothing by itself: the end of "do not
    /// take me off" is no wish, nor is a question.
    fn word(&self) -> Option<String> {
        if self.part.is_some() || self.words.contains(['?', '？']) {
            return None;
        }
        let word = plain(unsigned(&self.words));
        let bare = ANSWER.iter().find_map(|answer| word.strip_prefix(answer)).map(str::to_owned);
        Some(bare.unwrap_or(word))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Reply").field("wish", &self.wish()).field("at", &self.at).finish_non_exhaustive()
    }
}

/// Four to eight digits, alone or with one of [`HEARD`].
fn digits(word: &str) -> Option<&str> {
    let before = HEARD.iter().find_map(|heard| word.strip_prefix(heard)).unwrap_or(word);
    let digits = HEARD.iter().find_map(|heard| before.strip_suffix(heard)).unwrap_or(before);
    let is_code = (SHORTEST_CODE..=LONGEST_CODE).contains(&digits.len());
    (is_code && digits.bytes().all(|octet| octet.is_ascii_digit())).then_some(digits)
}

/// The words without a signature before or behind them, unless they are nothing but that.
fn unsigned(words: &str) -> &str {
    let words = words.trim();
    let behind = words.strip_prefix('【').and_then(|rest| Some(rest.split_once('】')?.1.trim()));
    let words = behind.filter(|rest| !rest.is_empty()).unwrap_or(words);
    let before = words.strip_suffix('】').and_then(|rest| Some(rest.rsplit_once('【')?.0.trim()));
    before.filter(|rest| !rest.is_empty()).unwrap_or(words)
}

/// Letters and digits only, wide forms (ＴＤ) narrowed, in capitals.
fn plain(words: &str) -> String {
    let narrow = |letter: char| match letter {
        '！'..='～' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        _ => letter,
    };
    words.chars().map(narrow).filter(|letter| letter.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(words: &str) -> Wish {
        let words = words.to_owned();
        let from = Address::new("+8613900000000");
        Reply { from, to: "10690001".into(), words, id: None, part: None, at: Timestamp(0) }.wish()
    }

    fn code(words: &str) -> Option<String> {
        let (from, words) = (Address::new("+8613900000000"), words.to_owned());
        Reply { from, to: "10690001".into(), words, id: None, part: None, at: Timestamp(0) }.code()
    }

    #[test]
    fn who_refuses_in_any_of_the_usual_ways_is_taken_off() {
        for words in ["TD", " td。", "ＴＤ", "退订", "【退订】", "拒收", "stop!", "unsubscribe"] {
            assert_eq!(wish(words), Wish::OptOut, "{words}");
        }
        assert_eq!((wish("订阅"), wish("dy "), wish("subscribe")), (Wish::OptIn, Wish::OptIn, Wish::OptIn));
    }

    #[test]
    fn a_signature_and_the_word_reply_are_part_of_no_wish() {
        for words in [
            "TD【抚顺应急】",
            "退订【抚顺应急】",
            "【抚顺应急】退订",
            "回复TD",
            "回TD",
            "回复：退订",
            "取消订阅",
            "退訂",
        ] {
            assert_eq!(wish(words), Wish::OptOut, "{words}");
        }
        assert_eq!((wish("【抚顺应急】回复订阅"), wish("4821【抚顺应急】")), (Wish::OptIn, Wish::Code));
        for words in ["不要退订【抚顺应急】", "不要【退订】", "【抚顺应急】", "回复", "回复了再退订"]
        {
            assert_eq!(wish(words), Wish::Other, "{words}");
        }
    }

    #[test]
    fn who_only_mentions_it_keeps_the_warnings() {
        for words in ["不要退订", "退订？", "T", "R", "水进屋了 退订不了", "TD123", "", "😀", "Trapped"]
        {
            assert_eq!(wish(words), Wish::Other, "{words}");
        }
    }

    #[test]
    fn the_end_of_a_longer_message_is_no_wish() {
        let from = Address::new("+8613900000000");
        let reply = Reply {
            from,
            to: "10690001".into(),
            words: "退订".into(),
            id: None,
            part: Portion::of(7, 2, 2),
            at: Timestamp(0),
        };
        assert_eq!(reply.wish(), Wish::Other);
    }

    #[test]
    fn a_code_is_digits_and_nothing_else() {
        assert_eq!((wish("4821"), wish("４８２１。")), (Wish::Code, Wish::Code));
        for words in [
            "482913",
            "４８２９１３",
            "482 913",
            "收到482913",
            "482913 收到！",
            "回复：已收到 ４８２ ９１３。",
        ] {
            assert_eq!((wish(words), code(words).as_deref()), (Wish::Code, Some("482913")), "{words}");
        }
        for words in ["1", "110", "4821号", "123456789", "收到", "收到1", "没收到482913", "482913?"] {
            assert_eq!(code(words), None, "{words}");
            assert_eq!(wish(words), Wish::Other, "{words}");
        }
    }

    #[test]
    fn who_wrote_and_what_is_in_no_log() {
        let reply = Reply {
            from: Address::new("+8613900000000"),
            to: "10690001".into(),
            words: "我在屋顶上".into(),
            id: None,
            part: None,
            at: Timestamp(0),
        };
        let told = format!("{reply:?}");
        assert!(!told.contains("139") && !told.contains("屋顶"), "{told}");
    }
}
