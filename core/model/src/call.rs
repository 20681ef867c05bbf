//! Calling responsible persons and being answered (叫应): whose answer is waited for, by which rungs they are asked, and by
//! which means an answer comes in. Values only; when the next rung is due is dispatch's to say.

use crate::id::{AskId, CallId, OfficerId};
use rand::{Rng, RngCore};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A step of a call that leads on (叫应步骤), in the order in which they are taken; each at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rung {
    /// The responsible person of the division is asked (叫应).
    Asked,
    /// The same person is reminded on another channel (催叫).
    Reminded,
    /// Who else is responsible there is asked (转副职).
    Deputy,
    /// The county is asked (报县级).
    County,
    /// The city is asked (报市级).
    City,
    /// Nobody is left to be asked (无人可叫).
    Nobody,
}

impl Rung {
    /// All rungs, in their order.
    pub const ALL: [Self; 6] =
        [Self::Asked, Self::Reminded, Self::Deputy, Self::County, Self::City, Self::Nobody];

    /// The number kept in the ledger; the order of the numbers is that of the rungs.
    pub const fn number(self) -> u8 {
        match self {
            Self::Asked => 1,
            Self::Reminded => 2,
            Self::Deputy => 3,
            Self::County => 4,
            Self::City => 5,
            Self::Nobody => 6,
        }
    }

    /// The rung of a ledger number, if it is one.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|rung| rung.number() == number)
    }

    /// The word on the API and in the language files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Reminded => "reminded",
            Self::Deputy => "deputy",
            Self::County => "county",
            Self::City => "city",
            Self::Nobody => "nobody",
        }
    }
}

/// By which means a person answered (应答方式).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Means {
    /// The code was written back (短信回复).
    Reply,
    /// The page behind the link in a message was answered on (手机页面).
    Page,
    /// The page behind the link in a mail was answered on (邮件链接).
    Mail,
    /// The button of a card was pressed (企业微信按钮).
    Button,
}

impl Means {
    /// All means.
    pub const ALL: [Self; 4] = [Self::Reply, Self::Page, Self::Mail, Self::Button];

    /// The number kept in the ledger.
    pub const fn number(self) -> u8 {
        match self {
            Self::Reply => 1,
            Self::Page => 2,
            Self::Mail => 3,
            Self::Button => 4,
        }
    }

    /// The means of a ledger number, if it is one.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|means| means.number() == number)
    }

    /// The word on the API and in the language files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Page => "page",
            Self::Mail => "mail",
            Self::Button => "button",
        }
    }
}

/// An answer (应答), from whatever channel: the one way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Somebody answers what they were asked: every call that they were asked about under this id.
    Given {
        /// What they were asked.
        ask: AskId,
        /// How they answer.
        by: Means,
    },
    /// An officer notes for one call what was heard on the telephone (电话应答), whoever was asked.
    Noted {
        /// The call.
        call: CallId,
        /// The officer.
        by: OfficerId,
    },
}

/// The code that a person is asked to write back (叫应确认码): six digits. It counts only from the address that it was
/// sent to. `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(u32);

/// Codes begin here, so that none loses a leading zero in somebody's hands.
const FIRST_CODE: u32 = 100_000;
/// One past the last code.
const END_OF_CODES: u32 = 1_000_000;

impl Code {
    /// A new code.
    pub fn new(chance: &mut dyn RngCore) -> Self {
        Self(chance.random_range(FIRST_CODE..END_OF_CODES))
    }

    /// The code of its digits; `None` for what is none.
    pub fn read(digits: &str) -> Option<Self> {
        let all = digits.len() == 6 && digits.bytes().all(|octet| octet.is_ascii_digit());
        let code = digits.parse().ok().filter(|_| all)?;
        (FIRST_CODE..END_OF_CODES).contains(&code).then_some(Self(code))
    }

    /// Its digits, for the message and the ledger only.
    pub fn expose(self) -> String {
        self.0.to_string()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::StdRng};

    #[test]
    fn the_ledgers_numbers_keep_the_order_of_the_rungs() {
        for pair in Rung::ALL.windows(2) {
            assert!(pair[0] < pair[1] && pair[0].number() < pair[1].number());
        }
        assert!(Rung::ALL.into_iter().all(|rung| Rung::from_number(rung.number()) == Some(rung)));
        assert_eq!(Rung::from_number(7), None);
        assert!(Means::ALL.into_iter().all(|means| Means::from_number(means.number()) == Some(means)));
    }

    #[test]
    fn a_code_has_six_digits_and_shows_in_no_log() {
        let mut chance = StdRng::seed_from_u64(1);
        for _ in 0..1_000 {
            let code = Code::new(&mut chance);
            assert_eq!((code.expose().len(), Code::read(&code.expose())), (6, Some(code)));
        }
        assert_eq!(["012345", "12345", "1234567", "+12345", ""].map(Code::read), [None; 5]);
        assert_eq!(format!("{:?}", Code::read("482913").unwrap()), "Code(…)");
    }
}
