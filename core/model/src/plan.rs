//! One message on one channel to one set of recipients. The set is a set: nothing exists per recipient
//! before it is sent.

use crate::{
    audience::ChannelKind,
    clock::Timestamp,
    id::{AlertId, EditionId, PlanId},
    message::Message,
    mode::Mode,
    priority::Priority,
};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

/// An account at a gateway (通道账号) by its configured name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountName(pub String);

impl std::fmt::Display for AccountName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// Whom a plan reaches.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// People and boxes by their ordinals in one edition; a region is a few runs of them.
    People {
        /// The edition that the ordinals count in.
        edition: EditionId,
        /// The ordinals.
        ordinals: RoaringBitmap,
    },
    /// A place as a whole (all-network SMS, cell broadcast, a screen): aggregate receipts only.
    Place {
        /// What the gateway calls the place.
        name: String,
    },
}

impl Target {
    /// Recipients, for a plan to people; a place has no count.
    pub fn recipients(&self) -> u64 {
        match self {
            Self::People { ordinals, .. } => ordinals.len(),
            Self::Place { .. } => 0,
        }
    }
}

/// Why a plan exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The alert names this channel.
    Release,
    /// An earlier plan could not reach these people; the link is kept (改道).
    FallbackOf(PlanId),
    /// A responsible person is asked to answer (叫应): not among those who were signed for, and in no sum of them.
    Call,
}

/// A plan (发送计划): one message, one channel, one account, one set, one end.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan<M: Mode> {
    /// Its id.
    pub id: PlanId,
    /// The alert.
    pub alert: AlertId,
    /// The channel.
    pub channel: ChannelKind,
    /// The account it leaves by.
    pub account: AccountName,
    /// What is said.
    pub message: Message<M>,
    /// To whom.
    pub target: Target,
    /// Whose turn it is.
    pub priority: Priority,
    /// Nothing leaves before this instant (the hold).
    pub not_before: Timestamp,
    /// Nothing leaves after this instant (the alert's end).
    pub not_after: Timestamp,
    /// Why it exists.
    pub cause: Cause,
    /// The plan whose account could not send: these are those to whom it had not sent (改由本账号发送).
    pub instead_of: Option<PlanId>,
}

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanStatus {
    /// Is being sent or waits for receipts.
    Open,
    /// The rest was stopped by a lift, correction, update or recall; receipts still come in.
    Stopped,
    /// Every delivery has its last state; folded into chunks.
    Closed,
}

impl PlanStatus {
    /// The number kept in the ledger.
    pub const fn number(self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Stopped => 1,
            Self::Closed => 2,
        }
    }

    /// The status of a ledger number, if it is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Open),
            1 => Some(Self::Stopped),
            2 => Some(Self::Closed),
            _ => None,
        }
    }
}
