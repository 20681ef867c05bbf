//! Alerts and plans as the ledger keeps them, and what one decision writes of them.

use super::{CallWrites, Lease};
use crate::audit::AuditLine;
use mingluo_model::{
    alert::{Alert, AlertState, Content},
    clock::Timestamp,
    id::{AlertId, OfficerId, PlanId},
    message::Message,
    mode::{Live, Mode, ModeKind},
    owner::Owner,
    plan::{Plan, PlanStatus},
};

/// What one decision makes durable at once, with its audit lines. All of it or nothing.
#[derive(Debug, Default)]
pub struct Change {
    /// Alerts to insert or move.
    pub alerts: Vec<AlertWrite>,
    /// New plans.
    pub plans: Vec<StoredPlan>,
    /// Plans to move, with the state they must move from not being checked (a closed plan stays closed).
    pub statuses: Vec<(PlanId, PlanStatus)>,
    /// Calls to responsible persons: what begins, and which steps are taken.
    pub calls: CallWrites,
    /// Who did what, one line each.
    pub audit: Vec<AuditLine>,
    /// A decision of dispatch's own holds only as long as this lease is ours; people's decisions hang on none.
    pub fence: Option<Lease>,
}

/// An alert of either mode, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAlert {
    /// Live or drill.
    pub mode: ModeKind,
    /// Counts the writes; the optimistic lock.
    pub revision: i64,
    /// Id, owner, author, creation, content and state, without the mode's type.
    pub id: AlertId,
    /// Whose it is.
    pub owner: Owner,
    /// Who wrote it.
    pub author: OfficerId,
    /// When it was begun.
    pub created: Timestamp,
    /// What is said.
    pub content: Content,
    /// Where it stands.
    pub state: AlertState,
}

impl StoredAlert {
    /// The alert with its mode as a type, if it is of that mode.
    pub fn typed<M: Mode>(self) -> Option<Alert<M>> {
        (self.mode == M::KIND)
            .then(|| Alert::restore(self.id, self.owner, self.author, self.created, self.content, self.state))
    }
}

/// One alert to write.
#[derive(Debug, Clone)]
pub struct AlertWrite {
    /// The alert as it shall stand; `revision` is the one that was read, 0 for a new one.
    pub alert: StoredAlert,
}

impl AlertWrite {
    /// Writes this alert over the revision that was read (0 inserts it).
    pub fn new<M: Mode>(alert: &Alert<M>, read_revision: i64) -> Self {
        Self {
            alert: StoredAlert {
                mode: M::KIND,
                revision: read_revision,
                id: alert.id,
                owner: alert.owner,
                author: alert.author,
                created: alert.created,
                content: alert.content.clone(),
                state: alert.state.clone(),
            },
        }
    }
}

/// A plan of either mode with its status, as the ledger keeps it. The message and target are kept whole.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPlan {
    /// Live or drill.
    pub mode: ModeKind,
    /// Where it stands.
    pub status: PlanStatus,
    /// Everything else, with the mode's type erased to live's; use [`StoredPlan::typed`].
    plan: Plan<Live>,
}

impl StoredPlan {
    /// Erases the mode's type and keeps it as a value.
    pub fn new<M: Mode>(plan: &Plan<M>, status: PlanStatus) -> Self {
        Self { mode: M::KIND, status, plan: retyped(plan) }
    }

    /// The plan with its mode as a type, if it is of that mode.
    pub fn typed<M: Mode>(&self) -> Option<Plan<M>> {
        (self.mode == M::KIND).then(|| retyped(&self.plan))
    }

    /// The fields that do not depend on the mode, for the engines.
    pub fn fields(&self) -> &Plan<Live> {
        &self.plan
    }

    /// Puts a plan together from kept fields.
    pub(crate) const fn restore(mode: ModeKind, status: PlanStatus, plan: Plan<Live>) -> Self {
        Self { mode, status, plan }
    }
}

fn retyped<A: Mode, B: Mode>(plan: &Plan<A>) -> Plan<B> {
    Plan {
        id: plan.id,
        alert: plan.alert,
        channel: plan.channel,
        account: plan.account.clone(),
        message: Message::new(
            plan.message.alert,
            plan.message.grade,
            plan.message.language.clone(),
            plan.message.body.clone(),
        )
        .with_words(plan.message.words.clone()),
        target: plan.target.clone(),
        priority: plan.priority,
        not_before: plan.not_before,
        not_after: plan.not_after,
        cause: plan.cause,
        instead_of: plan.instead_of,
    }
}
