//! What a mode looks like at this moment: its latest alerts, the engine's own counters, the speakers, the officers'
//! names. Read at most every half second, however many screens look; deliveries are never counted here. Plans that
//! were folded before the program started are not in the engine's memory: those of warnings that somebody looks at are
//! read back once and kept, so that a restart changes no number.

use super::{error::WebError, folded::Folded, mass, voice::Voice};
use crate::office::{Called, Office, ended_by, may_write};
use mingluo_channels::speaker::{FleetCount, SpeakerHub};
use mingluo_dispatch::{desk::Orphans, post::Link, view::PlanView};
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::{AlertKind, AlertState},
    clock::Timestamp,
    id::{AlertId, OfficerId},
    mode::Mode,
    owner::{Officer, Role},
    plan::AccountName,
    policy::ReleasePolicy,
    receipt::{Job, JobsUsed},
};
use std::{cmp::Reverse, collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::Mutex;

/// How old a reading may be.
pub(super) const FRESH: Duration = Duration::from_millis(500);

/// Alerts looked at: the latest of the mode.
const LATEST: u32 = 200;

/// Jobs looked at: the latest of the mode. Each follower gets four mass sends a month; a job is for ten thousand of them.
const JOBS: u32 = 200;

/// One reading.
pub(super) struct Situation {
    pub(super) at: Timestamp,
    /// Newest first.
    pub(super) alerts: Vec<StoredAlert>,
    /// The plans in memory, and the folded ones of warnings that hold or are looked at.
    pub(super) plans: Vec<PlanView>,
    /// How the calls of warnings that hold or are looked at stand.
    pub(super) calls: BTreeMap<AlertId, Vec<Called>>,
    /// Units that left by each account in the last second.
    pub(super) paces: BTreeMap<AccountName, u32>,
    /// How each account stands.
    pub(super) links: BTreeMap<AccountName, Link>,
    /// Receipts by account that match nothing that was sent.
    pub(super) orphans: BTreeMap<AccountName, Orphans>,
    /// The latest jobs for many (群发任务), newest first.
    pub(super) jobs: Vec<Job>,
    /// What was used of them of late.
    pub(super) jobs_used: JobsUsed,
    /// Why dispatch stopped, if it did.
    pub(super) halted: Option<String>,
    /// The boxes, where the mode has any.
    pub(super) fleet: Option<FleetCount>,
    /// Officers by id.
    pub(super) names: BTreeMap<OfficerId, String>,
}

/// The latest reading.
#[derive(Default)]
pub(super) struct Watch {
    // Held while one screen reads, so that the others wait for that reading instead of making their own.
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    reading: Option<(Duration, Arc<Situation>)>,
    folded: Folded,
}

impl Watch {
    /// The situation, read anew when the last reading is older than [`FRESH`] or lacks the `chosen` warning's plans.
    pub(super) async fn look<M: Mode>(
        &self,
        office: &Office<M>,
        hub: Option<&SpeakerHub>,
        chosen: Option<AlertId>,
    ) -> Result<Arc<Situation>, WebError> {
        let mut kept = self.kept.lock().await;
        let now = office.clock.ticks();
        let is_new = chosen.is_some_and(|id| kept.folded.want(id));
        if let Some((read_at, situation)) = &kept.reading
            && !is_new
            && now.saturating_sub(*read_at) < FRESH
        {
            return Ok(Arc::clone(situation));
        }
        let situation = Arc::new(Situation::read(office, hub, &mut kept.folded).await?);
        kept.reading = Some((now, Arc::clone(&situation)));
        Ok(situation)
    }

    /// Something was done here: the next look reads anew, so that officers see their own clicks.
    pub(super) async fn forget(&self) {
        self.kept.lock().await.reading = None;
    }
}

impl Situation {
    /// Reads the store's latest alerts and the engine's counters.
    async fn read<M: Mode>(
        office: &Office<M>,
        hub: Option<&SpeakerHub>,
        folded: &mut Folded,
    ) -> Result<Self, WebError> {
        let (officers, at) = (office.store.officers().await?, office.clock.now());
        let mut situation = Self {
            at,
            alerts: office.alerts(LATEST).await?,
            plans: office.progress(None),
            calls: BTreeMap::new(),
            paces: office.engine().paces(),
            links: office.engine().links(),
            orphans: office.engine().orphans(),
            jobs: office.store.jobs(M::KIND, JOBS).await?,
            jobs_used: mass::used_by(office.store.as_ref(), M::KIND, at).await?,
            halted: office.engine().halted(),
            fleet: hub.map(SpeakerHub::count),
            names: officers.into_iter().map(|row| (row.officer.id, row.name)).collect(),
        };
        let live: Vec<AlertId> = situation.live().iter().map(|alert| alert.id).collect();
        let wanted: Vec<AlertId> = live.iter().copied().chain(folded.chosen()).collect();
        let folded = folded.beside(office, &situation.plans, &live).await?;
        situation.plans.extend(folded);
        for alert in wanted {
            let called = office.called(alert).await?;
            situation.calls.insert(alert, called);
        }
        Ok(situation)
    }

    /// Warnings in force (生效预警), the gravest and newest first.
    pub(super) fn in_force(&self) -> Vec<&StoredAlert> {
        let mut live = self.live();
        live.retain(|alert| !is_end(alert));
        live
    }

    /// Lifts and corrections that are still told: they warn of nothing.
    pub(super) fn ends(&self) -> Vec<&StoredAlert> {
        let mut live = self.live();
        live.retain(|alert| is_end(alert));
        live
    }

    /// Released and not over, lifts and corrections too, the gravest and newest first.
    pub(super) fn live(&self) -> Vec<&StoredAlert> {
        let is_live = |alert: &&StoredAlert| {
            matches!(alert.state, AlertState::Released { .. }) && alert.content.expires > self.at
        };
        let mut live: Vec<_> = self.alerts.iter().filter(is_live).collect();
        live.sort_by_key(|alert| (Reverse(alert.content.grade), Reverse(released_at(alert))));
        live
    }

    /// How many wait for a signature.
    pub(super) fn waiting(&self) -> usize {
        self.alerts.iter().filter(|alert| self.is_waiting(alert)).count()
    }

    /// Whether an alert waits for approval or release, and can still have it.
    pub(super) fn is_waiting(&self, alert: &StoredAlert) -> bool {
        matches!(alert.state, AlertState::Submitted { .. } | AlertState::Approved { .. })
            && !self.is_void(alert)
    }

    /// Whether it was not released before what it was to follow ended: nobody need sign it. What follows an alert older
    /// than this reading is taken to stand; its own page knows.
    pub(super) fn is_void(&self, alert: &StoredAlert) -> bool {
        let is_unreleased = matches!(
            alert.state,
            AlertState::Draft | AlertState::Submitted { .. } | AlertState::Approved { .. }
        );
        let earlier = alert.content.kind.follows().and_then(|earlier| self.alert(earlier));
        is_unreleased && earlier.is_some_and(|earlier| ended_by(&earlier.state).is_some())
    }

    /// An alert's state in words.
    pub(super) fn state(&self, voice: &Voice, alert: &StoredAlert) -> String {
        if self.is_void(alert) { voice.say("web-void") } else { voice.state(alert, self.at) }
    }

    /// One alert out of the reading.
    pub(super) fn alert(&self, id: AlertId) -> Option<&StoredAlert> {
        self.alerts.iter().find(|alert| alert.id == id)
    }

    /// The plans of one alert, but for those that ask responsible persons to answer: nobody signed for them.
    pub(super) fn plans_of(&self, id: AlertId) -> Vec<&PlanView> {
        self.plans.iter().filter(|plan| plan.alert == id && !plan.is_call).collect()
    }

    /// An officer's name; the id's first digits for one who is not in the list.
    pub(super) fn name(&self, id: OfficerId) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| id.to_string().chars().take(8).collect())
    }
}

/// Whether an alert ends another one instead of warning.
pub(super) const fn is_end(alert: &StoredAlert) -> bool {
    matches!(alert.content.kind, AlertKind::Lift(_) | AlertKind::Correction(_))
}

/// What this officer may do next with an alert, by its word; `None` when it is somebody else's turn. Whoever signed
/// already is nobody new, and releases only where the rule asks for no other.
pub(super) fn turn_of(
    alert: &StoredAlert,
    officer: &Officer,
    policy: &ReleasePolicy,
) -> Option<&'static str> {
    if !officer.owner.covers(&alert.owner) {
        return None;
    }
    let (content, signed) = (&alert.content, alert.state.signers());
    let is_new = !signed.contains(&officer.id);
    let needed = usize::from(policy.rule(content.kind, content.grade).people.get());
    let may = match &alert.state {
        AlertState::Draft => alert.author == officer.id && may_write(officer, content.kind),
        AlertState::Submitted { .. } => officer.may(Role::Approver) && alert.author != officer.id && is_new,
        AlertState::Approved { .. } => {
            officer.may(Role::Releaser) && signed.len() + usize::from(is_new) >= needed
        }
        _ => false,
    };
    match &alert.state {
        _ if !may => None,
        AlertState::Draft => Some("submit"),
        AlertState::Submitted { .. } => Some("approve"),
        _ => Some("release"),
    }
}

/// What is left of an alert's hold (缓发期), in which nothing of it leaves; `None` when it is over or there is none.
pub(super) fn held(alert: &StoredAlert, now: Timestamp) -> Option<Duration> {
    match alert.state {
        AlertState::Released { hold_until, .. } => Some(hold_until.since(now)).filter(|left| !left.is_zero()),
        _ => None,
    }
}

/// When an alert was released, if it was.
pub(super) const fn released_at(alert: &StoredAlert) -> Option<Timestamp> {
    match &alert.state {
        AlertState::Released { release, .. } => Some(release.at),
        _ => None,
    }
}
