//! The gateway's name for a message.

use std::fmt;

/// A Msg_Id (clause 8.4.3.2): 64 bits, unsigned, opaque to us; 0 when it is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MsgId(pub u64);

/// What a gateway makes an id of. Some fill in rubbish: nothing may be concluded from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MsgIdParts {
    /// 1 to 12; bits 63 to 60.
    pub month: u8,
    /// 1 to 31; bits 59 to 55.
    pub day: u8,
    /// 0 to 23; bits 54 to 50.
    pub hour: u8,
    /// 0 to 59; bits 49 to 44.
    pub minute: u8,
    /// 0 to 59; bits 43 to 38.
    pub second: u8,
    /// The gateway's number; bits 37 to 16.
    pub gateway: u32,
    /// Counts up and turns over; bits 15 to 0.
    pub sequence: u16,
}

impl MsgId {
    /// Puts an id together; bits beyond a part's width are dropped.
    pub const fn new(parts: MsgIdParts) -> Self {
        let MsgIdParts { month, day, hour, minute, second, gateway, sequence } = parts;
        Self(
            (month as u64 & 0xF) << 60
                | (day as u64 & 0x1F) << 55
                | (hour as u64 & 0x1F) << 50
                | (minute as u64 & 0x3F) << 44
                | (second as u64 & 0x3F) << 38
                | (gateway as u64 & 0x3F_FFFF) << 16
                | sequence as u64,
        )
    }

    /// Takes an id apart.
    pub const fn parts(self) -> MsgIdParts {
        MsgIdParts {
            month: (self.0 >> 60) as u8,
            day: (self.0 >> 55) as u8 & 0x1F,
            hour: (self.0 >> 50) as u8 & 0x1F,
            minute: (self.0 >> 44) as u8 & 0x3F,
            second: (self.0 >> 38) as u8 & 0x3F,
            gateway: (self.0 >> 16) as u32 & 0x3F_FFFF,
            sequence: self.0 as u16,
        }
    }

    /// The id of a group submit's recipient, counted from 0: the response names the first alone, the others
    /// follow in order and only the sequence turns over (clause 8.4.3.2).
    #[must_use]
    pub const fn of_recipient(self, index: u16) -> Self {
        Self(self.0 & !0xFFFF | (self.0 as u16).wrapping_add(index) as u64)
    }
}

/// Sixteen hexadecimal digits, as the ledger keeps it.
impl fmt::Display for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_of_november_is_taken_apart() {
        let parts =
            MsgIdParts { month: 11, day: 9, hour: 17, minute: 21, second: 12, gateway: 1, sequence: 0 };
        assert_eq!(MsgId(0xb4c5_5300_0001_0000).parts(), parts);
        assert_eq!(MsgId::new(parts).to_string(), "b4c5530000010000");
    }

    #[test]
    fn the_last_sequence_turns_over_within_its_gateway() {
        let first = MsgId(0xb4c5_5300_0001_ffff);
        assert_eq!((first.of_recipient(0), first.of_recipient(2)), (first, MsgId(0xb4c5_5300_0001_0001)));
    }

    proptest! {
        #[test]
        fn every_id_goes_together_again(id: u64) {
            prop_assert_eq!(MsgId::new(MsgId(id).parts()), MsgId(id));
        }
    }
}
