//! Names of the emergency-broadcast standard: resources (platforms, terminals), messages and event types.
//! They are kept as the digits they are; what they mean is the standard's affair.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Text that is no such code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {value:?} is not {rule}")]
pub struct BadCode {
    /// Which code was meant.
    pub name: &'static str,
    /// The text as given, at most 64 characters of it.
    pub value: String,
    /// What it must be.
    pub rule: &'static str,
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $label:literal, $length:literal, $digit:ident, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Characters of the code.
            pub const LENGTH: usize = $length;

            /// The code as text.
            ///
            /// # Panics
            /// Never: only ASCII is let in.
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).expect("only ASCII is let in")
            }
        }

        impl FromStr for $name {
            type Err = BadCode;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let bad = || BadCode { name: $label, value: text.chars().take(64).collect(), rule: $rule };
                let bytes: [u8; $length] = text.as_bytes().try_into().map_err(|_| bad())?;
                if bytes.iter().all(u8::$digit) { Ok(Self(bytes)) } else { Err(bad()) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(input)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

code! {
    /// The code of a platform or terminal (资源编码), 23 digits; a speaker's certificate carries it as its name.
    ///
    /// Source: GD/J 080-2018 and GY/T 386-2023 (level 1, division 12, type 4, sequence 2, subtype 2, subsequence 2).
    ResourceCode, "resource code", 23, is_ascii_digit, "23 digits"
}

code! {
    /// The name of a broadcast message (应急广播消息编码): the issuer's resource code, yyyymmdd, four digits of sequence.
    ///
    /// Source: GD/J 082-2018 and the loudspeaker command 0x04, 35 digits in BCD.
    EbmId, "EBM id", 35, is_ascii_digit, "35 digits"
}

code! {
    /// The event type (事件类型), five letters or digits, for example `11B03` 暴雨; `00000` when none fits.
    ///
    /// Source: GD/J 082-2018, EventType; GB/T 35561.
    EventType, "event type", 5, is_ascii_alphanumeric, "5 letters or digits"
}

impl EbmId {
    /// The id of an issuer's message: local calendar day and its sequence that day.
    ///
    /// # Errors
    /// [`BadCode`] when a part does not fit its digits; `sequence` runs from 0 to 9999, `day` is yyyymmdd.
    pub fn new(issuer: ResourceCode, day: u32, sequence: u16) -> Result<Self, BadCode> {
        format!("{issuer}{day:08}{sequence:04}").parse()
    }

    /// The platform that issued it.
    pub const fn issuer(&self) -> ResourceCode {
        let (head, _) = self.0.split_at(ResourceCode::LENGTH);
        let mut digits = [0; ResourceCode::LENGTH];
        digits.copy_from_slice(head);
        ResourceCode(digits)
    }
}

impl EventType {
    /// No event type of the list fits.
    pub const OTHER: Self = Self(*b"00000");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ebm_id_is_issuer_day_and_sequence() {
        let issuer: ResourceCode = "42104000000000103010101".parse().unwrap();
        let id = EbmId::new(issuer, 20_260_705, 17).unwrap();
        assert_eq!(id.as_str(), "42104000000000103010101202607050017");
        assert_eq!(id.issuer(), issuer);
        assert!(EbmId::new(issuer, 20_260_705, 10_000).is_err());
    }

    #[test]
    fn what_is_no_code_is_named_with_its_rule() {
        let error = "4210400000000010301010x".parse::<ResourceCode>().unwrap_err();
        assert!(error.to_string().contains("23 digits"));
        assert!("十一B03".parse::<EventType>().is_err() && "11B03".parse::<EventType>().is_ok());
    }
}
