//! Progress of a plan as facts. One event is one batch of one kind about one plan; its bytes carry a version
//! and a checksum, so both engines keep the same blob.

use mingluo_model::{
    clock::Timestamp,
    delivery::{Reason, Standing},
    id::PlanId,
    receipt::{ProviderId, ReceiptStatus},
};

/// A batch of facts about one plan, in the order in which they became true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The plan.
    pub plan: PlanId,
    /// When the batch was made.
    pub at: Timestamp,
    /// What happened.
    pub fact: Fact,
}

/// What happened to some deliveries of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// These are about to be put on a wire. Durable before the first byte.
    Intent(Intent),
    /// The far side's answers to parts.
    Answers(Vec<PartAnswer>),
    /// Receipts that were matched to parts.
    Receipts(Vec<PartReceipt>),
    /// Deliveries moved by a decision of ours: expired, withdrawn, given up, queued again.
    Moved(Vec<Moved>),
}

/// A run that is about to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The session's wire key of the first parcel's first part.
    pub first_key: u64,
    /// Parts of the whole message.
    pub parts: u16,
    /// The parcels in order.
    pub parcels: Vec<IntentParcel>,
}

/// One recipient in an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntentParcel {
    /// Ordinal in the plan's edition.
    pub ordinal: u32,
    /// Which try, from 1.
    pub attempt: u8,
    /// Which parts leave, bit 0 for the first; on a first try all of them. Keys are consecutive over set bits.
    pub part_set: u16,
}

/// An answer to one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartAnswer {
    /// Ordinal in the plan's edition.
    pub ordinal: u32,
    /// Part of the message, from 0.
    pub part: u8,
    /// What was said.
    pub answer: Answer,
}

/// The far side's answer as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Taken, with the far side's id where it gives one.
    Accepted(Option<ProviderId>),
    /// Not now; costs no attempt.
    Busy,
    /// Not this time.
    Temporary(Reason),
    /// Never.
    Permanent(Reason),
    /// No answer will come.
    Lost,
}

/// A receipt for one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartReceipt {
    /// Ordinal in the plan's edition.
    pub ordinal: u32,
    /// Part of the message, from 0.
    pub part: u8,
    /// What became of it.
    pub status: ReceiptStatus,
}

/// A range of deliveries that a decision moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// First ordinal.
    pub first: u32,
    /// How many ordinals follow, the first included; ordinals outside of the plan's target are not touched.
    pub count: u32,
    /// The new state and reason.
    pub standing: Standing,
}

/// A receipt that no known delivery claims yet: kept as it came, matched later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawReceipt {
    /// The account it came to.
    pub account: mingluo_model::plan::AccountName,
    /// The far side's id.
    pub provider_id: ProviderId,
    /// Keyed hash of the recipient's address, where the receipt named it.
    pub address_hash: Option<[u8; 16]>,
    /// What it says.
    pub status: ReceiptStatus,
    /// The far side's own code.
    pub far_code: String,
    /// When it reached us.
    pub at: Timestamp,
}

/// Names a kept raw receipt: the stream it was appended to and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RawId {
    /// The stream (the lease's epoch).
    pub epoch: i64,
    /// Number in the stream.
    pub seq: i64,
}

mod codec;
