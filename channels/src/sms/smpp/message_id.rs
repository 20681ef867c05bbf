//! Message ids, and why a receipt's id is not the response's.

use super::super::wire::COctets;

/// The centre's name for a message: at most 64 octets (clause 5.2.23). Opaque: no number, no order.
pub type MessageId = COctets<65>;

/// How a centre writes one id in the response and in the receipt; a setting of the account.
///
/// Both are brought to one text, so that a receipt finds its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageIdForm {
    /// The same text in both.
    #[default]
    AsIs,
    /// Hexadecimal in the response, decimal in the receipt. An id that is no number, or is beyond
    /// 128 bits, is kept as it is.
    HexToDecimal,
    /// Leading zeros or the case of letters differ.
    StripZerosFoldCase,
}

impl MessageIdForm {
    /// The key of an id read in a response.
    pub fn of_response(self, id: &str) -> String {
        match self {
            Self::AsIs => id.to_owned(),
            Self::HexToDecimal => hexadecimal(id).map_or_else(|| id.to_owned(), |number| number.to_string()),
            Self::StripZerosFoldCase => strip(id).to_ascii_lowercase(),
        }
    }

    /// The key of an id read in a receipt.
    pub fn of_receipt(self, id: &str) -> String {
        match self {
            Self::HexToDecimal if id.bytes().all(|octet| octet.is_ascii_digit()) => strip(id).to_owned(),
            Self::AsIs | Self::HexToDecimal => id.to_owned(),
            Self::StripZerosFoldCase => strip(id).to_ascii_lowercase(),
        }
    }
}

fn hexadecimal(id: &str) -> Option<u128> {
    // from_str_radix would take a sign as well.
    id.bytes().all(|octet| octet.is_ascii_hexdigit()).then(|| u128::from_str_radix(id, 16).ok())?
}

/// Without leading zeros; an id of zeros only keeps one.
fn strip(id: &str) -> &str {
    let stripped = id.trim_start_matches('0');
    if stripped.is_empty() { &id[id.len().saturating_sub(1)..] } else { stripped }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hex_response_meets_its_decimal_receipt() {
        let form = MessageIdForm::HexToDecimal;
        assert_eq!(form.of_response("00C0FFEE"), "12648430");
        assert_eq!(form.of_receipt("0012648430"), "12648430");
    }

    #[test]
    fn an_id_that_is_no_number_stays() {
        let form = MessageIdForm::HexToDecimal;
        assert_eq!(form.of_response("+1F"), "+1F");
        assert_eq!(form.of_response("uuid-7"), "uuid-7");
        assert_eq!(form.of_receipt("uuid-7"), "uuid-7");
    }

    #[test]
    fn zeros_and_case_do_not_part_an_id_from_its_receipt() {
        let form = MessageIdForm::StripZerosFoldCase;
        assert_eq!(form.of_response("00aBc0"), form.of_receipt("ABC0"));
        assert_eq!(form.of_response("000"), "0");
        assert_eq!(form.of_response(""), "");
    }

    proptest! {
        #[test]
        fn every_number_meets_itself(number: u128, zeros in 0..5usize) {
            let form = MessageIdForm::HexToDecimal;
            let receipt = format!("{}{number}", "0".repeat(zeros));
            prop_assert_eq!(form.of_response(&format!("{number:X}")), form.of_receipt(&receipt));
        }

        #[test]
        fn any_text_is_taken(id in ".*") {
            for form in [MessageIdForm::AsIs, MessageIdForm::HexToDecimal, MessageIdForm::StripZerosFoldCase] {
                prop_assert!(form.of_response(&id).len() + form.of_receipt(&id).len() < 2 * id.len() + 40);
            }
        }
    }
}
