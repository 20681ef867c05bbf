//! The twelve octets that name a command for a year.

use std::fmt;

use super::super::wire::{DecodeError, Fields, Stamp};

/// A Sequence Number (clause 3.4): no two commands of the whole network share one. A response repeats it, a
/// REPORT names its SUBMIT by it; so it is durable before the bytes leave, and a restart must not use one again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sequence {
    /// The node that made the command; see [`sp_node`].
    pub node: u32,
    /// When, in the node's local time.
    pub stamp: Stamp,
    /// Counts up from 0 and turns over.
    pub counter: u32,
}

impl Sequence {
    /// The octets on the wire: three numbers, each big-endian.
    pub fn to_bytes(self) -> [u8; 12] {
        let mut octets = [0; 12];
        for (slot, number) in octets.chunks_exact_mut(4).zip([self.node, self.stamp.0, self.counter]) {
            slot.copy_from_slice(&number.to_be_bytes());
        }
        octets
    }

    pub(super) fn take(fields: &mut Fields, field: &'static str) -> Result<Self, DecodeError> {
        Ok(Self { node: fields.u32(field)?, stamp: Stamp(fields.u32(field)?), counter: fields.u32(field)? })
    }
}

/// `3024012345-1123120000-7`.
impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.node, self.stamp, self.counter)
    }
}

/// What is no area code or enterprise code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NodeError {
    /// An area code has its zero and up to three digits more.
    #[error("area code {area:?}: give 2 to 4 digits, for example 024")]
    Area {
        /// As given.
        area: String,
    },
    /// An enterprise code has five digits.
    #[error("enterprise code {enterprise:?}: give its 5 digits")]
    Enterprise {
        /// As given.
        enterprise: String,
    },
}

/// The node number of an SP (节点编号), 3AAAAQQQQQ: the area code of its gateway filled up to four digits with
/// zeros at the right, and the enterprise code (clause 3.3).
///
/// # Errors
/// [`NodeError`], naming the code and what it should be.
pub fn sp_node(area: &str, enterprise: &str) -> Result<u32, NodeError> {
    let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok())?;
    let wrong_area = || NodeError::Area { area: area.to_owned() };
    let wrong_enterprise = || NodeError::Enterprise { enterprise: enterprise.to_owned() };
    let code: u32 = digits(area).filter(|_| (2..=4).contains(&area.len())).ok_or_else(wrong_area)?;
    let padded = code * 10_u32.pow(4 - area.len() as u32);
    let firm: u32 = digits(enterprise).filter(|_| enterprise.len() == 5).ok_or_else(wrong_enterprise)?;
    Ok(3_000_000_000 + padded * 100_000 + firm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_of_fushun_is_told_from_its_area_code() {
        assert_eq!(sp_node("024", "12345"), Ok(3_024_012_345));
        assert_eq!(sp_node("010", "12345"), Ok(3_010_012_345));
        assert_eq!(sp_node("0413", "00001"), Ok(3_041_300_001));
    }

    #[test]
    fn a_wrong_code_is_named() {
        assert_eq!(sp_node("24a", "12345"), Err(NodeError::Area { area: "24a".into() }));
        assert_eq!(sp_node("", "12345"), Err(NodeError::Area { area: String::new() }));
        let error = sp_node("024", "+2345").unwrap_err();
        assert_eq!(error.to_string(), "enterprise code \"+2345\": give its 5 digits");
    }

    #[test]
    fn a_sequence_prints_its_three_numbers() {
        let sequence = Sequence { node: 3_024_012_345, stamp: Stamp(301_000_000), counter: 7 };
        assert_eq!(sequence.to_string(), "3024012345-0301000000-7");
    }
}
