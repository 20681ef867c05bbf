//! Enrolment by a one-time code (一次性注册码): what is printed for the person who mounts a box, and what the box and the
//! city say to each other over it. The code has two halves: a secret, which the city keeps only as a hash, and the first
//! 80 bits of the fingerprint of the city's authority, by which the box knows that it speaks to the right city.

use crate::bulletin::SignedKeySet;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// Where the city is asked, by POST.
pub const PATH: &str = "/enrol";
/// Octets of a request's body at most; a request for a P-256 certificate has about 500.
pub const MOST_ASKED: usize = 8 * 1024;
/// Octets of an answer's body at most.
pub const MOST_ANSWERED: usize = 256 * 1024;

/// No I, L, O and U: nobody takes them for 1, 0 and V (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of the secret: 50 bits.
const SECRET: usize = 10;
/// Characters of the fingerprint: 80 bits.
const FINGERPRINT: usize = 16;

/// The secret half of a code. It shows in nothing but [`Slip`]'s own text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Secret(String);

impl Secret {
    /// What the city keeps of it, hexadecimal. Whoever reads the city's list has the authority's key beside it, so a slow
    /// hash would protect nothing.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(format!("mingluo enrolment code v1\n{}", self.0)))
    }
}

impl TryFrom<String> for Secret {
    type Error = BadSlip;

    fn try_from(text: String) -> Result<Self, BadSlip> {
        let symbols = symbols(&text)?;
        if symbols.len() == SECRET {
            Ok(Self(symbols))
        } else {
            Err(BadSlip::Length { found: symbols.len() })
        }
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        secret.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// A one-time code as it is printed: `K7QF9-XMD3T-4H2K-9QRS-T0VW-2ABC` (注册码).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// What is proved with it.
    pub secret: Secret,
    authority: String,
}

impl Slip {
    /// A code from 64 random bits, of which 50 count, for a city whose authority has this certificate (DER).
    pub fn new(chance: u64, authority: &[u8]) -> Self {
        let symbol = |place: usize| char::from(ALPHABET[(chance >> (5 * place)) as usize & 31]);
        Self { secret: Secret((0..SECRET).map(symbol).collect()), authority: fingerprint(authority) }
    }

    /// Whether this is the certificate (DER) of the authority that the code is of.
    pub fn is_of(&self, authority: &[u8]) -> bool {
        fingerprint(authority) == self.authority
    }
}

impl fmt::Display for Slip {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.secret.0.split_at(SECRET / 2);
        write!(out, "{first}-{second}")?;
        self.authority
            .as_bytes()
            .chunks(4)
            .try_for_each(|four| write!(out, "-{}", String::from_utf8_lossy(four)))
    }
}

/// Text that is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSlip {
    /// A character that is in no code.
    #[error("注册码中没有字符 {found:?}，请核对 / no code has {found:?} in it; look again")]
    Symbol {
        /// The character.
        found: char,
    },
    /// Too long or too short.
    #[error("注册码应为 26 个字符，现为 {found} 个 / a code has 26 characters, not {found}")]
    Length {
        /// How many there are, without hyphens and blanks.
        found: usize,
    },
}

impl FromStr for Slip {
    type Err = BadSlip;

    fn from_str(text: &str) -> Result<Self, BadSlip> {
        let symbols = symbols(text)?;
        if symbols.len() != SECRET + FINGERPRINT {
            return Err(BadSlip::Length { found: symbols.len() });
        }
        let (secret, authority) = symbols.split_at(SECRET);
        Ok(Self { secret: Secret(secret.to_owned()), authority: authority.to_owned() })
    }
}

/// The symbols of what somebody typed: hyphens and blanks are nothing, O is 0, I and L are 1.
fn symbols(text: &str) -> Result<String, BadSlip> {
    let typed = text.chars().filter(|it| !it.is_whitespace() && *it != '-');
    typed
        .map(|found| {
            let symbol = match found.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let known = u8::try_from(symbol).is_ok_and(|symbol| ALPHABET.contains(&symbol));
            if known { Ok(symbol) } else { Err(BadSlip::Symbol { found }) }
        })
        .collect()
}

fn fingerprint(certificate: &[u8]) -> String {
    let digest = Sha256::digest(certificate);
    let bits = digest.iter().take(10).fold(0_u128, |bits, octet| bits << 8 | u128::from(*octet));
    (0..FINGERPRINT).rev().map(|place| char::from(ALPHABET[(bits >> (5 * place)) as usize & 31])).collect()
}

/// What a box asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// The secret of its code.
    pub secret: Secret,
    /// Its certificate request, PEM; the name in it is its resource code.
    pub request: String,
}

/// What the authority gives (证书).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certified {
    /// The box's certificate, PEM.
    pub certificate: String,
    /// The authority's, PEM.
    pub authority: String,
}

/// What an enrolled box is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// Its certificate and the authority's.
    pub certified: Certified,
    /// The offline root's public key, 64 hexadecimal digits.
    pub root: String,
    /// The first key set.
    pub keys: SignedKeySet,
}

/// Why a box is not enrolled (注册被拒).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum NotEnrolled {
    /// No such code was made.
    #[error("注册码不存在，请核对后重输 / there is no such code; look again")]
    UnknownCode,
    /// Another device has used it.
    #[error("注册码已用过，请向城市另要一个 / the code was used already; ask the city for another")]
    UsedCode,
    /// It was good for some days only.
    #[error("注册码已过期，请向城市另要一个 / the code has expired; ask the city for another")]
    ExpiredCode,
    /// The code is another box's.
    #[error("注册码是给另一个终端的，请核对 box.code / the code is another box's; look at box.code")]
    WrongBox,
    /// The request cannot be read.
    #[error("证书请求不能用 / the certificate request cannot be used")]
    BadRequest,
    /// Too many wrong codes came from this address.
    #[error("错误次数太多，请十分钟后再试 / too many wrong codes; try again in ten minutes")]
    TooMany,
    /// The city's desk does not answer.
    #[error(
        "城市的发证进程没有应答，请告知城市，稍后再试 / the city's desk does not answer; tell them, try again later"
    )]
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_reads_back_as_it_is_typed() {
        let slip = Slip::new(0x0123_4567_89ab_cdef, b"authority");
        let text = slip.to_string();
        assert_eq!(text.len(), 31, "{text}");
        let typed = text.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(typed.parse::<Slip>().unwrap(), slip);
        assert!(slip.is_of(b"authority") && !slip.is_of(b"another"));
        assert!(!format!("{slip:?}").contains(&text[..5]), "the secret shows in no log");
    }

    #[test]
    fn what_is_no_code_is_told_in_words() {
        assert_eq!("K7QF9".parse::<Slip>(), Err(BadSlip::Length { found: 5 }));
        assert_eq!("K7QF*".parse::<Slip>(), Err(BadSlip::Symbol { found: '*' }));
    }

    proptest! {
        #[test]
        fn every_code_reads_back(chance in any::<u64>(), authority in prop::collection::vec(any::<u8>(), 0..40)) {
            let slip = Slip::new(chance, &authority);
            prop_assert_eq!(slip.to_string().parse::<Slip>().unwrap(), slip);
        }

        #[test]
        fn no_text_is_a_panic(text in ".{0,60}") {
            let _either = text.parse::<Slip>();
        }
    }
}
