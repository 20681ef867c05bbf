//! The gateway's name for a message.

use std::fmt;

/// Sequences of a gateway, before they turn over.
const SEQUENCES: u32 = 1_000_000;

/// A MsgID (clause 6.2.26): ten octets, opaque to us. By the standard they are twenty BCD digits, six of the
/// gateway, MMDDHHMM and six of a sequence; some gateways fill in other octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MsgId(pub [u8; 10]);

impl MsgId {
    /// Puts an id together from the gateway's number (6 digits), MMDDHHMM and a sequence (6 digits); digits
    /// beyond these are dropped.
    pub fn new(gateway: u32, minute: u32, sequence: u32) -> Self {
        let mut id = [0; 10];
        put_bcd(gateway, &mut id[..3]);
        put_bcd(minute, &mut id[3..7]);
        put_bcd(sequence, &mut id[7..]);
        Self(id)
    }

    /// The id of a group submit's recipient, counted from 0: the response names the first alone, the others
    /// follow in order on the decimal sequence (appendix B). `None` when the sequence is no BCD.
    pub fn of_recipient(self, index: u32) -> Option<Self> {
        let first = self.0[7..].iter().try_fold(0, |number, octet| {
            let [tens, ones] = [octet >> 4, octet & 0xF];
            (tens < 10 && ones < 10).then(|| number * 100 + u32::from(tens) * 10 + u32::from(ones))
        })?;
        let mut id = self.0;
        put_bcd((first + index % SEQUENCES) % SEQUENCES, &mut id[7..]);
        Some(Self(id))
    }
}

fn put_bcd(mut number: u32, octets: &mut [u8]) {
    for octet in octets.iter_mut().rev() {
        *octet = (number / 10 % 10) as u8 * 16 + (number % 10) as u8;
        number /= 100;
    }
}

/// Twenty hexadecimal digits, as the ledger keeps it.
impl fmt::Display for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of clause 6.2.26.
    #[test]
    fn an_id_is_twenty_digits() {
        let id = MsgId::new(10_061, 1_161_700, 12_345);
        assert_eq!(id.to_string(), "01006101161700012345");
    }

    #[test]
    fn the_last_sequence_turns_over() {
        let first = MsgId::new(10_061, 1_161_700, 999_999);
        assert_eq!(first.of_recipient(0), Some(first));
        assert_eq!(first.of_recipient(3), Some(MsgId::new(10_061, 1_161_700, 2)));
        assert!(first.of_recipient(u32::MAX).is_some());
    }

    #[test]
    fn a_sequence_that_is_no_bcd_has_no_next() {
        assert_eq!(MsgId([0xAB; 10]).of_recipient(1), None);
        assert_eq!(MsgId([0xAB; 10]).to_string(), "abababababababababab");
    }
}
