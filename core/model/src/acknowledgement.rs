//! Somebody confirms that they have read a message (确认收到), by the button that stands below it.

use crate::{address::Address, clock::Timestamp, id::PlanId};

/// One press of a button (按钮确认). It may come twice, and before anybody knows that its message was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Who pressed it, in the form of the roster.
    pub by: Address,
    /// The plan that the message belongs to; with the person it names the delivery.
    pub plan: PlanId,
    /// When it reached us.
    pub at: Timestamp,
}
