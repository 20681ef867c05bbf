//! The wrapping of signed bytes: which algorithm, which key, the body, the signature. It says nothing of whether
//! the signature is good; that is [`mod@super::verify`]'s question.

use super::{
    Malformed,
    codec::LONGEST_BODY,
    wire::{Reader, Writer},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The first byte of every envelope of this form.
const VERSION: u8 = 1;
/// Bytes of a signature at most; those of Ed25519 and SM2 both have 64. What is longer than that fits no key.
const LONGEST_SIGNATURE: usize = 80;

/// A signature algorithm (签名算法), by its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Alg {
    /// Ed25519 (RFC 8032).
    Ed25519 = 1,
    /// SM2 with SM3 (国密, GB/T 32918.2-2016), its signature r and s, 32 bytes each. Only programs that are built with the
    /// feature `sm2` make and check it.
    Sm2 = 2,
}

impl Alg {
    /// The algorithm of a number on the wire.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Ed25519),
            2 => Some(Self::Sm2),
            _ => None,
        }
    }

    /// Whether this build can make and check its signatures.
    pub const fn is_built_in(self) -> bool {
        match self {
            Self::Ed25519 => true,
            Self::Sm2 => cfg!(feature = "sm2"),
        }
    }
}

impl fmt::Display for Alg {
    /// As it stands in JSON.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ed25519 => "ed25519",
            Self::Sm2 => "sm2",
        })
    }
}

/// The name of a signing key (密钥编号): 1 to 32 of a-z, 0-9 and hyphen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Box<str>);

/// Text that is no key id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("key id: {value:?} is not 1 to 32 of a-z, 0-9 and hyphen")]
pub struct BadKeyId {
    /// The text as given, at most 64 characters of it.
    pub value: String,
}

impl KeyId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = BadKeyId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits =
            text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if fits && (1..=32).contains(&text.len()) {
            return Ok(Self(text.into()));
        }
        Err(BadKeyId { value: text.chars().take(64).collect() })
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyId({})", self.0)
    }
}

impl Serialize for KeyId {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(input)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A signed bulletin as it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// How it is signed.
    pub alg: Alg,
    /// By which key.
    pub key_id: KeyId,
    /// The bulletin's bytes (see [`super::codec`]).
    pub body: Vec<u8>,
    /// The signature over the domain's prefix and the body.
    pub signature: Vec<u8>,
}

impl Envelope {
    /// The envelope as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(self.body.len() + 128));
        out.u8(VERSION);
        out.u8(self.alg as u8);
        out.text(self.key_id.as_str());
        out.u32(self.body.len() as u32);
        out.0.extend_from_slice(&self.body);
        out.u16(self.signature.len() as u16);
        out.0.extend_from_slice(&self.signature);
        out.0
    }

    /// Reads an envelope; nothing of it is to be believed yet.
    ///
    /// # Errors
    /// [`Malformed`] names the first part that is cut short, out of bounds or left over.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut input = Reader(bytes);
        let version = input.u8("envelope.version")?;
        if version != VERSION {
            return Err(Malformed::new("envelope.version", format!("{version}, this reads {VERSION}")));
        }
        let number = input.u8("envelope.alg")?;
        let alg = Alg::from_number(number)
            .ok_or_else(|| Malformed::new("envelope.alg", format!("{number} is not in the list")))?;
        let key_id = input.parsed("envelope.key_id")?;
        let body = counted(&mut input, "envelope.body", LONGEST_BODY, |input| input.u32("envelope.body"))?;
        let signature = counted(&mut input, "envelope.signature", LONGEST_SIGNATURE, |input| {
            input.u16("envelope.signature").map(u32::from)
        })?;
        if !input.0.is_empty() {
            return Err(Malformed::new("envelope", format!("{} bytes left over", input.0.len())));
        }
        Ok(Self { alg, key_id, body, signature })
    }
}

fn counted<'a>(
    input: &mut Reader<'a>,
    field: &'static str,
    longest: usize,
    length: impl Fn(&mut Reader<'a>) -> Result<u32, Malformed>,
) -> Result<Vec<u8>, Malformed> {
    let length = length(input)? as usize;
    if length > longest {
        return Err(Malformed::new(field, format!("{length} bytes, at most {longest}")));
    }
    input.take(field, length).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_envelope_reads_back(
            body in prop::collection::vec(any::<u8>(), 0..300), signature in prop::collection::vec(any::<u8>(), 0..=80),
        ) {
            let envelope = Envelope { alg: Alg::Ed25519, key_id: "k-1".parse().unwrap(), body, signature };
            let bytes = envelope.to_bytes();
            prop_assert_eq!(Envelope::from_bytes(&bytes).unwrap(), envelope);
            prop_assert!(Envelope::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Envelope::from_bytes(&bytes);
        }
    }

    #[test]
    fn a_promised_gigabyte_is_not_waited_for() {
        let bytes = [&[1, 1, 0, 1, b'k'][..], &u32::MAX.to_be_bytes()].concat();
        assert_eq!(Envelope::from_bytes(&bytes).unwrap_err().field, "envelope.body");
    }
}
