//! The right to append to the log, what is appended, and how receipts are read from it again.

use crate::event::{Event, RawId, RawReceipt};
use mingluo_model::{clock::Timestamp, id::NodeId};

/// Right to append: one holder per resource at a time; a later holder has a greater epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What is leased, for example `dispatch/live`.
    pub resource: String,
    /// The holder's run.
    pub node: NodeId,
    /// Greater than every epoch given before, over all resources; names the holder's stream.
    pub epoch: i64,
    /// The right ends here unless renewed.
    pub until: Timestamp,
}

/// What one group commit appends. All of it or nothing.
#[derive(Debug, Default)]
pub struct Append {
    /// Progress, each with its number in the lease's stream; numbers rise by one over events and raws together.
    pub events: Vec<(i64, Event)>,
    /// Receipts that match nothing yet.
    pub raws: Vec<(i64, RawReceipt)>,
    /// Raw receipts that found their delivery (their receipt is among `events`).
    pub matched: Vec<RawId>,
}

/// A place in the log: the stream (the lease's epoch) and the number in it.
pub type LogPlace = (i64, i64);

/// Receipts in the order of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptPage {
    /// Batches of matched receipts, each with its place.
    pub receipts: Vec<(LogPlace, Event)>,
    /// All receipts up to here are among them; go on from here. The place that was asked for at the log's end.
    pub read_to: LogPlace,
}
