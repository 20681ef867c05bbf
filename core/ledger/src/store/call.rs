//! Calls to responsible persons (叫应) as the ledger keeps them.

use mingluo_model::{
    audience::ChannelKind,
    call::{Code, Means, Rung},
    clock::Timestamp,
    id::{AlertId, AskId, CallId, OfficerId, PlanId},
    mode::ModeKind,
    region::RegionCode,
};

/// One call: a warning, a division, and the steps that were taken, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// Live or drill.
    pub mode: ModeKind,
    /// The warning.
    pub alert: AlertId,
    /// The division whose responsible persons are called.
    pub region: RegionCode,
    /// When it was begun.
    pub opened: Timestamp,
    /// The steps so far.
    pub steps: Vec<CallStep>,
}

impl Call {
    /// The answer, once there is one.
    pub fn answered(&self) -> Option<&CallStep> {
        self.steps.iter().find(|step| matches!(step.taken, Taken::Answered(_)))
    }
}

/// A step of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallStep {
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub taken: Taken,
}

/// What was done in a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Somebody was asked.
    Asked {
        /// On which rung; never [`Rung::Nobody`].
        rung: Rung,
        /// What they are asked to answer.
        ask: AskId,
        /// The person in the warning's edition. Kept with the ask; read back with the step.
        ordinal: u32,
        /// By which channel.
        channel: ChannelKind,
        /// The message.
        plan: PlanId,
        /// Keyed hash of where it goes.
        address_hash: [u8; 16],
    },
    /// Nobody is left.
    Nobody,
    /// Somebody answered.
    Answered(Answered),
}

/// Whose answer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// That of somebody who was asked.
    Given {
        /// What they were asked.
        ask: AskId,
        /// The person in the warning's edition.
        ordinal: u32,
        /// How they answered.
        by: Means,
    },
    /// An officer noted it.
    Noted {
        /// The officer.
        by: OfficerId,
    },
}

/// What one person is asked to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Its id, which links name.
    pub id: AskId,
    /// Live or drill.
    pub mode: ModeKind,
    /// The warning.
    pub alert: AlertId,
    /// The person in the warning's edition.
    pub ordinal: u32,
    /// What is written back.
    pub code: Code,
    /// Later answers change nothing.
    pub until: Timestamp,
}

/// What one look at the calls of a warning makes durable: in one transaction with plans and audit lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallWrites {
    /// Calls that begin, without steps.
    pub calls: Vec<Call>,
    /// New asks.
    pub asks: Vec<Ask>,
    /// Steps. One that was taken already makes the whole change fail.
    pub steps: Vec<(CallId, ModeKind, CallStep)>,
}
