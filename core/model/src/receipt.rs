//! Facts reported by the far side: about one delivery, or as a total about a place. The two are never added up.

use crate::{
    address::Address,
    clock::Timestamp,
    delivery::{DeliveryState, Reason},
    id::PlanId,
    plan::AccountName,
};
use smallvec::SmallVec;

/// The far side's own name for what it took (回执编号): bytes of any form and length up to 64. Up to 24 of them need
/// no memory of their own, and few gateways use more: millions pass through.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderId(SmallVec<[u8; 24]>);

impl ProviderId {
    /// The longest id kept; SMPP allows 65 octets with the final NUL, others use less.
    pub const LONGEST: usize = 64;

    /// Wraps an id, cut to [`Self::LONGEST`] bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(SmallVec::from_slice(&bytes[..bytes.len().min(Self::LONGEST)]))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for ProviderId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ProviderId({})", self.0.escape_ascii())
    }
}

/// What a receipt says became of one message part or one box's bulletin (回执状态).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptStatus {
    /// It arrived (DELIVRD), or the box began to play.
    Delivered,
    /// The box proved by its sense input that it sounded.
    Sounded,
    /// The box has finished.
    Ended,
    /// A person answered.
    Acknowledged,
    /// It did not arrive, for this reason.
    Failed(Reason),
    /// Its validity ran out at the far side.
    Expired,
}

impl ReceiptStatus {
    /// The state that this report asks for; `None` when it moves nothing.
    pub const fn state(self) -> Option<(DeliveryState, Reason)> {
        match self {
            Self::Delivered => Some((DeliveryState::Delivered, Reason::None)),
            Self::Sounded => Some((DeliveryState::Sounded, Reason::None)),
            Self::Acknowledged => Some((DeliveryState::Acknowledged, Reason::None)),
            Self::Failed(reason) => Some((DeliveryState::Failed, reason)),
            Self::Expired => Some((DeliveryState::Expired, Reason::None)),
            Self::Ended => None,
        }
    }

    /// The byte kept in the ledger: status in the low four bits, reason in the high four.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Delivered => 0,
            Self::Sounded => 1,
            Self::Ended => 2,
            Self::Acknowledged => 3,
            Self::Failed(reason) => 4 | ((reason as u8) << 4),
            Self::Expired => 5,
        }
    }

    /// Reads a ledger byte; `None` if it names no status.
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte & 0x0f {
            0 => Some(Self::Delivered),
            1 => Some(Self::Sounded),
            2 => Some(Self::Ended),
            3 => Some(Self::Acknowledged),
            4 => Some(Self::Failed(Reason::ALL[usize::from(byte >> 4)])),
            5 => Some(Self::Expired),
            _ => None,
        }
    }
}

/// A receipt about one delivery (回执). May come early, late, twice, or for nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The far side's name for what it reports on.
    pub provider_id: ProviderId,
    /// What became of it.
    pub status: ReceiptStatus,
    /// The recipient, where the report names them; finds the delivery when the id was never learnt.
    pub to: Option<Address>,
    /// The far side's own words or code, kept verbatim for the record; at most 64 bytes.
    pub far_code: String,
    /// When it reached us.
    pub at: Timestamp,
}

/// What became of a job for many at once (群发任务的结果): totals, which say of nobody whether they got it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregateReceipt {
    /// The far side's name for the job.
    pub provider_id: ProviderId,
    /// Why none of it was sent; `None` where it was.
    pub refused: Option<Reason>,
    /// How many it was meant for, by the far side's count. Of each total: `None` where the far side did not tell it.
    pub targeted: Option<u64>,
    /// How many were filtered before sending: who refuses, or had this month's share already.
    pub filtered: Option<u64>,
    /// How many it says got it.
    pub reached: Option<u64>,
    /// How many it tried in vain.
    pub failed: Option<u64>,
    /// The far side's own words, kept verbatim for the record; at most 64 bytes.
    pub far_code: String,
    /// When it reached us.
    pub at: Timestamp,
}

/// A job for many at once (群发任务): one call, one name for all whom it was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The account that sent it.
    pub account: AccountName,
    /// The far side's name for it.
    pub provider_id: ProviderId,
    /// What was taken, and when; `None` where the end was heard of before the answer that names its plan.
    pub begun: Option<JobBegun>,
    /// How it ended, once that is known.
    pub end: Option<AggregateReceipt>,
}

/// That the far side took a job (已提交), which is not that anybody got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobBegun {
    /// The plan whose people it was for.
    pub plan: PlanId,
    /// How many of them.
    pub recipients: u32,
    /// When its answer came.
    pub at: Timestamp,
}

/// What an account may send of jobs is counted by (群发用量).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobsUsed {
    /// Calls that were taken.
    pub calls: u64,
    /// Warnings that had any of them.
    pub warnings: u64,
}
