//! One recipient's share of a plan: its state, and the reason when it went wrong.

use serde::{Deserialize, Serialize};

/// Where one delivery stands (投递状态). Order has no meaning; the allowed steps are in [`DeliveryState::absorbs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum DeliveryState {
    /// In the plan, not yet touched.
    Planned = 0,
    /// Waits to be sent again.
    Queued = 1,
    /// Its intent is durable; it may be on the wire.
    Submitting = 2,
    /// The far side took it (已提交).
    Accepted = 3,
    /// The far side says that it arrived (已送达).
    Delivered = 4,
    /// A speaker proved that it sounded (已播出).
    Sounded = 5,
    /// A person answered (已回应).
    Acknowledged = 6,
    /// Refused or undeliverable.
    Failed = 7,
    /// Its time ran out first.
    Expired = 8,
    /// The alert was lifted, corrected or recalled before it was sent.
    Withdrawn = 9,
    /// It left, and nobody can say what became of it.
    Unknown = 10,
}

impl DeliveryState {
    /// Every state, by its number.
    pub const ALL: [Self; 11] = [
        Self::Planned,
        Self::Queued,
        Self::Submitting,
        Self::Accepted,
        Self::Delivered,
        Self::Sounded,
        Self::Acknowledged,
        Self::Failed,
        Self::Expired,
        Self::Withdrawn,
        Self::Unknown,
    ];

    /// Whether the state is open: something is still to be done by us.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::Queued | Self::Submitting)
    }

    /// Whether no later report moves it, but for the contradictions that [`Self::absorbs`] names.
    pub const fn is_final(self) -> bool {
        matches!(
            self,
            Self::Delivered
                | Self::Sounded
                | Self::Acknowledged
                | Self::Failed
                | Self::Expired
                | Self::Withdrawn
        )
    }

    /// Whether a delivery in this state stays where it is although `next` was reported.
    ///
    /// Final states absorb; a speaker's and a person's answers may still raise a delivered one, and proof of
    /// delivery, an answer among them, lifts what was given up as unknown, expired or failed: a refusal may be of one try and
    /// the proof of another.
    pub const fn absorbs(self, next: Self) -> bool {
        match (self, next) {
            (Self::Delivered, Self::Sounded | Self::Acknowledged)
            | (Self::Sounded, Self::Acknowledged)
            | (Self::Expired | Self::Failed, Self::Delivered | Self::Sounded | Self::Acknowledged) => false,
            (from, _) => from.is_final(),
        }
    }

    /// The English word on the API and in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Queued => "queued",
            Self::Submitting => "submitting",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Sounded => "sounded",
            Self::Acknowledged => "acknowledged",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Unknown => "unknown",
        }
    }

    /// The state of a ledger number, if it is one.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// Why a delivery failed or is unknown (原因). At most sixteen, since a state and its reason share a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Reason {
    /// Nothing went wrong.
    #[default]
    None = 0,
    /// The address does not exist or is malformed (空号).
    BadAddress = 1,
    /// Phone off or out of reach until the message's end (关机、不在服务区).
    Unreachable = 2,
    /// The recipient blocked the sender (拒收、取消关注).
    Blocked = 3,
    /// The far side refuses the words or the template (内容被拒).
    Content = 4,
    /// The account may not send: signature, permission, forbidden hours (无权限).
    NotAllowed = 5,
    /// The day's or month's quota is used up (配额用尽).
    Quota = 6,
    /// The far side has an internal fault (对端故障).
    FarFault = 7,
    /// Tried as often as the policy allows (重试用尽).
    TriesUsed = 8,
    /// The session broke between our bytes and the answer (连接中断).
    SessionLost = 9,
    /// Accepted, and no receipt came in time (无回执).
    NoReceipt = 10,
    /// Opted out since the roster's edition was made (已退订).
    OptedOut = 11,
    /// A speaker refused the bulletin: key, scope, time or sequence (终端拒绝).
    BoxRefused = 12,
    /// Played, but the sense input heard nothing (播放无声).
    NotHeard = 13,
    /// A graver bulletin took the speaker (被更高级别打断).
    Preempted = 14,
    /// Another cause; the far side's own code is in the log (其他).
    Other = 15,
}

impl Reason {
    /// Every reason, by its number.
    pub const ALL: [Self; 16] = [
        Self::None,
        Self::BadAddress,
        Self::Unreachable,
        Self::Blocked,
        Self::Content,
        Self::NotAllowed,
        Self::Quota,
        Self::FarFault,
        Self::TriesUsed,
        Self::SessionLost,
        Self::NoReceipt,
        Self::OptedOut,
        Self::BoxRefused,
        Self::NotHeard,
        Self::Preempted,
        Self::Other,
    ];

    /// The word on the API and in tables.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::BadAddress => "bad-address",
            Self::Unreachable => "unreachable",
            Self::Blocked => "blocked",
            Self::Content => "content",
            Self::NotAllowed => "not-allowed",
            Self::Quota => "quota",
            Self::FarFault => "far-fault",
            Self::TriesUsed => "tries-used",
            Self::SessionLost => "session-lost",
            Self::NoReceipt => "no-receipt",
            Self::OptedOut => "opted-out",
            Self::BoxRefused => "box-refused",
            Self::NotHeard => "not-heard",
            Self::Preempted => "preempted",
            Self::Other => "other",
        }
    }
}

/// A state and its reason in one byte: the state in the low four bits, the reason in the high four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing(u8);

impl Standing {
    /// Never sent here: another account of the same channel sends it instead (改由其他账号发送), in a plan of its own that
    /// is linked to this one. No sum over plans counts it here.
    pub const HANDED_OVER: Self = Self::new(DeliveryState::Withdrawn, Reason::SessionLost);

    /// Packs a state and a reason.
    pub const fn new(state: DeliveryState, reason: Reason) -> Self {
        Self(state as u8 | ((reason as u8) << 4))
    }

    /// Reads a byte; `None` if its low half is no state.
    pub fn from_byte(byte: u8) -> Option<Self> {
        DeliveryState::from_number(byte & 0x0f).map(|_| Self(byte))
    }

    /// The byte.
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// The state.
    pub fn state(self) -> DeliveryState {
        DeliveryState::from_number(self.0 & 0x0f).unwrap_or(DeliveryState::Unknown)
    }

    /// The reason.
    pub fn reason(self) -> Reason {
        Reason::ALL[usize::from(self.0 >> 4)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_holds_every_state_with_every_reason() {
        for state in DeliveryState::ALL {
            for reason in Reason::ALL {
                let packed = Standing::new(state, reason);
                assert_eq!((packed.state(), packed.reason()), (state, reason));
                assert_eq!(Standing::from_byte(packed.byte()), Some(packed));
            }
        }
        assert_eq!(Standing::from_byte(0x0f), None);
    }

    #[test]
    fn final_states_absorb_but_unknown_yields_to_proof() {
        assert!(DeliveryState::Delivered.absorbs(DeliveryState::Failed));
        assert!(!DeliveryState::Failed.absorbs(DeliveryState::Delivered));
        assert!(DeliveryState::Withdrawn.absorbs(DeliveryState::Delivered));
        assert!(!DeliveryState::Unknown.absorbs(DeliveryState::Delivered));
        assert!(!DeliveryState::Delivered.absorbs(DeliveryState::Sounded));
        assert!(!DeliveryState::Expired.absorbs(DeliveryState::Acknowledged), "who answered has it");
    }
}
