//! The text of a delivery receipt (appendix B):
//! `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`.
//!
//! The standard calls it vendor specific, and vendors took it at its word: names in any case, with
//! blanks or underscores or run together, fields left out or empty. A value is what lies between one
//! known name and the next, so neither order nor blanks matter.

use std::fmt;

use super::MessageState;

/// The names in lower case, without blanks and underscores.
const NAMES: [&str; 8] = ["id", "sub", "dlvrd", "submitdate", "donedate", "stat", "err", "text"];

/// The fields of a receipt that matter, as the centre wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ReceiptFields<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) done_date: Option<&'a str>,
    pub(super) stat: Option<&'a str>,
    pub(super) err: Option<&'a str>,
}

impl<'a> ReceiptFields<'a> {
    /// Finds what is there; never fails. Of a field given twice the first counts.
    pub(super) fn find(text: &'a str) -> Self {
        let mut fields = Self::default();
        let mut mark = Mark::next(text, 0);
        while let Some(Mark { name, end, .. }) = mark {
            // What stands behind `text:` is the message's own and may hold anything.
            if name == "text" {
                break;
            }
            mark = Mark::next(text, end);
            let stop = mark.map_or(text.len(), |next| next.start);
            fields.keep(name, text[end..stop].trim());
        }
        fields
    }

    fn keep(&mut self, name: &str, value: &'a str) {
        let slot = match name {
            "id" => &mut self.id,
            "donedate" => &mut self.done_date,
            "stat" => &mut self.stat,
            "err" => &mut self.err,
            _ => return,
        };
        if slot.is_none() && !value.is_empty() {
            *slot = Some(value);
        }
    }
}

/// A known name with its colon, somewhere in the text.
#[derive(Clone, Copy)]
struct Mark {
    name: &'static str,
    start: usize,
    end: usize,
}

impl Mark {
    /// The next colon behind a name; colons are rarer than words, and a centre's receipts come by the million.
    fn next(text: &str, from: usize) -> Option<Self> {
        let octets = text.as_bytes();
        let named = |colon: usize| {
            let begins = |name| Some(from + name_start(&octets[from..colon], name)?);
            NAMES.into_iter().find_map(|name| Some(Self { name, start: begins(name)?, end: colon + 1 }))
        };
        (from..octets.len()).filter(|at| octets[*at] == b':').find_map(named)
    }
}

/// Where `name` begins that ends with `octets`, in any case and spacing, as a word of its own.
fn name_start(octets: &[u8], name: &str) -> Option<usize> {
    let (mut wanted, mut before) = (name.bytes().rev().peekable(), octets.iter().enumerate().rev());
    while let Some(letter) = wanted.next() {
        let (mut at, mut octet) = before.next()?;
        while matches!(octet, b' ' | b'_') && at + 1 < octets.len() {
            (at, octet) = before.next()?;
        }
        if !letter.eq_ignore_ascii_case(octet) {
            return None;
        }
        if wanted.peek().is_none() {
            return (at == 0 || !octets[at - 1].is_ascii_alphanumeric()).then_some(at);
        }
    }
    None
}

/// A receipt's text to write, as a centre does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptText<'a> {
    /// The id given in the submit_sm_resp.
    pub id: &'a str,
    /// The outcome.
    pub state: MessageState,
    /// `YYMMDDhhmm`, see [`super::time::receipt_date`].
    pub submit_date: &'a str,
    /// `YYMMDDhhmm`.
    pub done_date: &'a str,
    /// The network's error, three characters; `000` for none.
    pub err: &'a str,
    /// The first twenty characters of the message.
    pub text: &'a str,
}

impl fmt::Display for ReceiptText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, state, submit_date, done_date, err, text } = self;
        let delivered = u8::from(*state == MessageState::Delivered);
        write!(f, "id:{id} sub:001 dlvrd:{delivered:03} submit date:{submit_date} done date:{done_date} ")?;
        write!(f, "stat:{} err:{err} text:{text}", state.stat())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn appendix_b_reads_as_written() {
        let text = "id:0123456789 sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 \
                    stat:DELIVRD err:000 text:id:7 stat:EXPIRED";
        let wanted = ReceiptFields {
            id: Some("0123456789"),
            done_date: Some("2611231201"),
            stat: Some("DELIVRD"),
            err: Some("000"),
        };
        assert_eq!(ReceiptFields::find(text), wanted);
    }

    #[test]
    fn vendors_write_it_as_they_please() {
        for text in [
            "ID: A-7 Sub:001 DLVRD:001 Submit_Date:2611231200 Done_Date:2611231201 Stat: UNDELIV Err:011",
            "stat:UNDELIV donedate:2611231201\r\nerr:011\tid:A-7",
            "id:A-7 done DATE:2611231201 stat:UNDELIV err:011 Text:",
        ] {
            let wanted = ReceiptFields {
                id: Some("A-7"),
                done_date: Some("2611231201"),
                stat: Some("UNDELIV"),
                err: Some("011"),
            };
            assert_eq!(ReceiptFields::find(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_missing_field_takes_nothing_from_its_neighbour() {
        let found = ReceiptFields::find("id: sub:001 stat:EXPIRED err: done date: text:x");
        assert_eq!(found, ReceiptFields { stat: Some("EXPIRED"), ..ReceiptFields::default() });
    }

    #[test]
    fn the_messages_own_words_are_not_the_centres() {
        let found = ReceiptFields::find("stat:DELIVRD text:id:7 err:999");
        assert_eq!(found, ReceiptFields { stat: Some("DELIVRD"), ..ReceiptFields::default() });
    }

    #[test]
    fn a_name_inside_a_word_is_no_name() {
        assert_eq!(ReceiptFields::find("void:1 mid:2 thermostat:3"), ReceiptFields::default());
    }

    proptest! {
        #[test]
        fn what_we_write_we_read(id in "[0-9A-Za-z-]{1,64}", index in 0..8usize, err in "[0-9]{3}", text in ".{0,20}") {
            let state = MessageState::ALL[index];
            let (submit_date, done_date) = ("2611231200", "2611231201");
            let written = ReceiptText { id: &id, state, submit_date, done_date, err: &err, text: &text }.to_string();

            let wanted = ReceiptFields { id: Some(&id), done_date: Some(done_date), stat: Some(state.stat()), err: Some(&err) };
            prop_assert_eq!(ReceiptFields::find(&written), wanted);
        }

        #[test]
        fn any_text_is_searched_in_peace(text in "([iI]d ?:|stat:|submit_|done |:|\\PC){0,60}") {
            ReceiptFields::find(&text);
        }
    }
}
