//! How far a message got.

/// The state of a message (状态报告) in the standard's words (clause 5.2.28).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MessageState {
    /// On its way.
    Enroute = 1,
    /// On the phone.
    Delivered = 2,
    /// Its validity ended first.
    Expired = 3,
    /// Deleted in the centre.
    Deleted = 4,
    /// Could not be delivered.
    Undeliverable = 5,
    /// Read by the customer service on the subscriber's behalf; says nothing about the phone.
    Accepted = 6,
    /// The centre does not know.
    Unknown = 7,
    /// Refused by the centre or the network.
    Rejected = 8,
}

impl MessageState {
    /// Every state, in the order of its code.
    pub const ALL: [Self; 8] = [
        Self::Enroute,
        Self::Delivered,
        Self::Expired,
        Self::Deleted,
        Self::Undeliverable,
        Self::Accepted,
        Self::Unknown,
        Self::Rejected,
    ];

    /// The state under the TLV's code; reserved codes are none.
    pub fn from_wire(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u8 == code)
    }

    /// The seven letters of a receipt's `stat` (appendix B; `ENROUTE` as centres write it).
    pub const fn stat(self) -> &'static str {
        match self {
            Self::Enroute => "ENROUTE",
            Self::Delivered => "DELIVRD",
            Self::Expired => "EXPIRED",
            Self::Deleted => "DELETED",
            Self::Undeliverable => "UNDELIV",
            Self::Accepted => "ACCEPTD",
            Self::Unknown => "UNKNOWN",
            Self::Rejected => "REJECTD",
        }
    }

    /// Reads a `stat`, also spelt out as some vendors do; a word nobody knows is
    /// [`MessageState::Unknown`].
    pub fn from_stat(stat: &str) -> Self {
        let begins = |state: &Self| {
            let (word, known) = (stat.as_bytes(), &state.stat().as_bytes()[..5]);
            word.get(..5).is_some_and(|head| head.eq_ignore_ascii_case(known))
        };
        if stat.eq_ignore_ascii_case("FAILED") {
            return Self::Undeliverable;
        }
        Self::ALL.into_iter().find(begins).unwrap_or(Self::Unknown)
    }

    /// Whether nothing more will follow. [`MessageState::Accepted`] and [`MessageState::Enroute`]
    /// are steps on the way.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Enroute | Self::Accepted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_reads_back_what_it_writes() {
        for state in MessageState::ALL {
            assert_eq!(MessageState::from_stat(state.stat()), state);
            assert_eq!(MessageState::from_wire(state as u8), Some(state));
        }
    }

    #[test]
    fn vendors_spelling_is_understood() {
        for (word, state) in [
            ("delivered", MessageState::Delivered),
            ("Undeliverable", MessageState::Undeliverable),
            ("FAILED", MessageState::Undeliverable),
            ("MA:0054", MessageState::Unknown),
            ("", MessageState::Unknown),
        ] {
            assert_eq!(MessageState::from_stat(word), state, "{word}");
        }
    }
}
