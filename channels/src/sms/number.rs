//! Telephone numbers as the roster keeps them and as a carrier's wire writes them.
//!
//! Knows E.164 and the mainland's eleven digits. Does not know whether anybody answers.

use std::borrow::Cow;

use mingluo_model::{
    address::Address,
    clock::Timestamp,
    reply::{Portion, Reply},
};

use super::{
    session::NumberForm,
    smpp::{self, AddressDigits},
    wire::Padded,
};

/// The mainland's country code (ITU-T E.164).
const CHINA: &[u8] = b"86";

/// Digits of a mainland mobile number, which starts with 1 (移动通信网号).
const MOBILE: usize = 11;

/// The type of a number that begins with its country's code (SMPP 3.4 clause 5.2.5).
const INTERNATIONAL: u8 = 1;

/// Digits of an international number, at most (ITU-T E.164 clause 6.2.1).
const LONGEST: usize = 15;

/// The digits for a wire's international form: `86` and eleven digits, or a foreign number without its `+`.
/// `None` when it is no number.
pub(super) fn to_wire(number: &Address) -> Option<AddressDigits> {
    let (digits, length) = international(number.expose().as_bytes())?;
    let text = std::str::from_utf8(&digits[..length]).ok()?;
    AddressDigits::new("destination_addr", text).ok()
}

/// The digits of a mainland mobile number for a Chinese carrier's wire, with `86` in front where it wants that.
///
/// `None` for anything else: these gateways send nothing abroad, and one would take a foreign number of eleven digits
/// for a mainland one.
pub(super) fn mainland<const N: usize>(number: &Address, form: NumberForm) -> Option<Padded<N>> {
    let (digits, length) = international(number.expose().as_bytes())?;
    let national = digits[..length].strip_prefix(CHINA)?;
    if national.len() != MOBILE || national[0] != b'1' {
        return None;
    }
    Some(Padded::until_nul(match form {
        NumberForm::Plain => national,
        NumberForm::With86 => &digits[..length],
    }))
}

/// The roster's form of a number that a wire names, `+` and the international digits, whatever form the carrier
/// answers in. `None` when it is no number.
pub(super) fn from_wire(digits: &[u8]) -> Option<Address> {
    let (digits, length) = international(digits)?;
    let text = std::str::from_utf8(&digits[..length]).ok()?;
    let mut number = String::with_capacity(1 + length);
    number.push('+');
    number.push_str(text);
    Some(Address::new(number))
}

/// An address of SMPP's as [`from_wire`] reads it: what is said to be international begins with its country's code. But for
/// what looks like a mainland mobile number (13 to 19 and nine digits): centres here mark these so without the 86, and a
/// resident's word is worth more than one of North America's.
pub(super) fn spelled(address: &smpp::Address) -> Cow<'_, [u8]> {
    let digits = address.digits.as_bytes();
    let is_mainland = digits.len() == MOBILE && digits[0] == b'1' && (b'3'..=b'9').contains(&digits[1]);
    if address.ton == INTERNATIONAL && !is_mainland && digits.first().is_some_and(u8::is_ascii_digit) {
        return [b"+", digits].concat().into();
    }
    digits.into()
}

/// What a resident wrote, as a wire names it.
#[derive(Debug, Clone, Default)]
pub(super) struct Wrote<'a> {
    /// Who wrote. One whose number is none (a pseudonym) is kept as written: nobody in a roster is called so.
    pub(super) from: &'a [u8],
    /// The access number that was written to.
    pub(super) to: &'a str,
    pub(super) words: &'a str,
    /// The gateway's own id of it, where there is one.
    pub(super) id: Option<String>,
    pub(super) part: Option<Portion>,
}

impl Wrote<'_> {
    /// In the form of the roster. No NUL stands in it but in the words: the ledger parts its fields by them.
    pub(super) fn at(self, at: Timestamp) -> Reply {
        let Self { from, to, words, id, part } = self;
        let plain = |text: &str| text.replace('\0', "");
        let from = from_wire(from).unwrap_or_else(|| Address::new(plain(&String::from_utf8_lossy(from))));
        let id = id.map(|id| plain(&id)).filter(|id| !id.is_empty());
        Reply { from, to: plain(to), words: words.to_owned(), id, part, at }
    }
}

fn international(written: &[u8]) -> Option<([u8; LONGEST], usize)> {
    let bare = written.strip_prefix(b"+").unwrap_or(written);
    let national = bare.len() == MOBILE && bare[0] == b'1' && bare.len() == written.len();
    let prefix = if national { CHINA } else { &[] };
    let length = prefix.len() + bare.len();
    if bare.is_empty() || length > LONGEST || !bare.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut digits = [0; LONGEST];
    digits[..prefix.len()].copy_from_slice(prefix);
    digits[prefix.len()..length].copy_from_slice(bare);
    Some((digits, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(number: &str) -> Option<String> {
        to_wire(&Address::new(number)).map(|digits| digits.to_text().into_owned())
    }

    #[test]
    fn a_number_leaves_in_one_form_however_it_was_written() {
        for number in ["19730601234", "8619730601234", "+8619730601234"] {
            assert_eq!(wire(number).as_deref(), Some("8619730601234"), "{number}");
        }
        assert_eq!(wire("+12125550123").as_deref(), Some("12125550123"));
    }

    #[test]
    fn a_receipt_in_another_form_names_the_rosters_number() {
        for digits in ["19730601234", "8619730601234", "+8619730601234"] {
            assert_eq!(from_wire(digits.as_bytes()).unwrap().expose(), "+8619730601234");
        }
    }

    #[test]
    fn a_foreign_number_of_eleven_digits_stays_foreign_where_the_wire_says_so() {
        let read = |ton, digits| {
            let digits = AddressDigits::new("source_addr", digits).unwrap();
            let number = from_wire(&spelled(&smpp::Address { ton, npi: 1, digits }))?;
            Some(number.expose().to_owned())
        };
        assert_eq!(read(1, "12125550123").as_deref(), Some("+12125550123"));
        assert_eq!(read(1, "+12125550123").as_deref(), Some("+12125550123"));
        assert_eq!(read(1, "8619730601234").as_deref(), Some("+8619730601234"));
        for unsaid in [0, 2] {
            assert_eq!(read(unsaid, "19730601234").as_deref(), Some("+8619730601234"));
        }
        assert_eq!((read(1, ""), read(5, "MINGLUO")), (None, None));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for number in ["", "+", "1973060123x", "１９７３", "1234567890123456"] {
            assert_eq!(wire(number), None, "{number}");
        }
        assert_eq!(from_wire(b""), None);
    }

    #[test]
    fn a_carrier_of_the_mainland_is_given_no_foreign_number() {
        let wire = |number, form| {
            mainland::<21>(&Address::new(number), form).map(|digits| digits.to_text().into_owned())
        };
        for number in ["19730601234", "8619730601234", "+8619730601234"] {
            assert_eq!(wire(number, NumberForm::Plain).as_deref(), Some("19730601234"));
            assert_eq!(wire(number, NumberForm::With86).as_deref(), Some("8619730601234"));
        }
        for number in ["+12125550123", "+862412345678", "+86", "nobody"] {
            assert_eq!(wire(number, NumberForm::Plain), None, "{number}");
        }
    }
}
