//! Officials and groups whom a warning did not reach, by name (未送达名单): whoever is on duty asks them on another way. Shown
//! to officers of the warning's own organisation and of those set over it; residents are never named.

use super::{desk::Desk, error::WebError, situation::Situation, voice::Voice};
use mingluo_dispatch::view::PlanView;
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{delivery::DeliveryState, mode::Mode, owner::Officer};

/// Names shown; more than these is no list that somebody works through at night, and the API has all of them.
const MOST: usize = 100;

/// One of them.
pub(super) struct Missed {
    pub(super) who: String,
    pub(super) place: String,
    pub(super) why: String,
}

/// Whom the plans of an alert did not reach, as far as they are called by a name.
///
/// # Errors
/// [`WebError::Office`] when a plan or its edition cannot be read.
pub(super) async fn missed<M: Mode>(
    desk: &Desk<M>,
    voice: &Voice,
    situation: &Situation,
    alert: &StoredAlert,
    officer: &Officer,
) -> Result<Vec<Missed>, WebError> {
    let mut all = Vec::new();
    if !officer.owner.covers(&alert.owner) {
        return Ok(all);
    }
    for plan in situation.plans_of(alert.id).into_iter().filter(|plan| has_lost(plan)) {
        let unreached = desk.office.unreached(plan.plan).await?;
        let named = unreached.into_iter().filter_map(|one| {
            let why = voice.reason(plan.channel, one.reason);
            Some(Missed { who: one.member?.expose().to_owned(), place: one.place, why })
        });
        all.extend(named);
    }
    all.truncate(MOST);
    Ok(all)
}

fn has_lost(plan: &PlanView) -> bool {
    let of = |state: DeliveryState| plan.counts.states.get(state.word()).copied().unwrap_or(0);
    of(DeliveryState::Failed) + of(DeliveryState::Expired) > 0
}
