//! From a released alert to its plans: one for each account and each kind of hearers. Pure.

use mingluo_model::{
    alert::{Alert, AlertState},
    audience::ChannelKind,
    clock::Timestamp,
    id::PlanId,
    message::Message,
    mode::Mode,
    plan::{AccountName, Cause, Plan, Target},
    priority::{Hearers, Occasion, Priority},
};
use rand::RngCore;
use roaring::RoaringBitmap;

/// Who hears by one account.
#[derive(Debug, Clone, PartialEq)]
pub enum Hearing {
    /// These people or boxes, told apart by duty.
    Now {
        /// Members of a group of responsible persons.
        responsible: RoaringBitmap,
        /// Everybody else.
        residents: RoaringBitmap,
    },
    /// Only those whom other channels fail to reach: one plan to nobody holds the words.
    InReserve,
}

impl Hearing {
    /// Those of them who are in a set; who hears in reserve stays so.
    #[must_use]
    pub fn within(&self, set: &RoaringBitmap) -> Self {
        match self {
            Self::Now { responsible, residents } => {
                Self::Now { responsible: responsible & set, residents: residents & set }
            }
            Self::InReserve => Self::InReserve,
        }
    }

    fn sets(self) -> Vec<(Hearers, RoaringBitmap)> {
        match self {
            Self::Now { responsible, residents } => {
                let sets = [(Hearers::Responsible, responsible), (Hearers::Residents, residents)];
                sets.into_iter().filter(|(_, ordinals)| !ordinals.is_empty()).collect()
            }
            Self::InReserve => vec![(Hearers::Residents, RoaringBitmap::new())],
        }
    }
}

/// What one account of a channel contributes to an alert.
#[derive(Debug, Clone)]
pub struct Outgoing<M: Mode> {
    /// The account it leaves by.
    pub account: AccountName,
    /// The words.
    pub message: Message<M>,
    /// The people or boxes.
    pub hearing: Hearing,
}

/// Why an alert cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Only a released alert is planned.
    #[error("alert is {state}, only a released one is planned")]
    NotReleased {
        /// Its state.
        state: &'static str,
    },
}

/// The plans of a released alert. Empty sets make no plan.
///
/// # Errors
/// [`PlanError::NotReleased`].
pub fn plans<M: Mode>(
    alert: &Alert<M>,
    outgoing: impl IntoIterator<Item = (ChannelKind, Outgoing<M>)>,
    at: Timestamp,
    chance: &mut dyn RngCore,
) -> Result<Vec<Plan<M>>, PlanError> {
    let AlertState::Released { hold_until, .. } = alert.state else {
        return Err(PlanError::NotReleased { state: alert.state.word() });
    };
    let mut plans = Vec::new();
    for (channel, out) in outgoing {
        for (hearers, ordinals) in out.hearing.sets() {
            plans.push(Plan {
                id: PlanId::new(at, chance),
                alert: alert.id,
                channel,
                account: out.account.clone(),
                message: out.message.clone(),
                target: Target::People { edition: alert.content.audience.edition, ordinals },
                priority: priority(alert, hearers),
                not_before: hold_until,
                not_after: alert.content.expires,
                cause: Cause::Release,
                instead_of: None,
            });
        }
    }
    Ok(plans)
}

/// The place of an alert's plan in the order of sending.
pub fn priority<M: Mode>(alert: &Alert<M>, hearers: Hearers) -> Priority {
    let Occasion { grade, withdraws } = alert.content.occasion();
    Priority { withdraws, class: alert.content.class, grade, tier: alert.owner.level, hearers }
}
