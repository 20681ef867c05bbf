//! The release: the one click that reaches a million people. Plans, states and the audit line become durable in one
//! transaction; only then does dispatch hear of it, and only after the hold does anything leave.

use super::{Office, OfficeError, Voiced, as_shown, follow::Stopped};
use crate::render::replaced;
use mingluo_dispatch::{
    EngineError,
    planner::{self, Hearing, Outgoing},
};
use mingluo_ledger::store::{AlertWrite, Change, StoredPlan};
use mingluo_model::{
    alert::{Alert, AlertKind, AlertState, ContentHash},
    audience::{ChannelKind, HeadCount},
    bulletin::{AudioClip, EbmId},
    clock::Timestamp,
    id::{AlertId, PlanId},
    mode::Mode,
    owner::Officer,
    plan::{AccountName, Plan, PlanStatus},
};
use mingluo_targeting::resolve::Wanted;
use roaring::RoaringBitmap;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// What a release amounts to.
#[derive(Debug)]
pub struct Released<M: Mode> {
    /// The alert, released.
    pub alert: Alert<M>,
    /// When the hold ends.
    pub hold_until: Timestamp,
    /// How long planning and making it durable took.
    pub planned_in: Duration,
    /// The plans.
    pub plans: Vec<PlanId>,
    /// Channels of a lift or correction by which it could not be sent; the others were told all the same.
    pub unsent: Vec<Unsent>,
    /// The speech that its bulletin was given.
    pub voiced: Voiced,
}

/// A channel by which a lift or correction could not be sent.
#[derive(Debug)]
pub struct Unsent {
    /// The channel.
    pub channel: ChannelKind,
    /// Why.
    pub problem: OfficeError,
}

/// What a release makes durable, the plans that dispatch then hears of, and what cannot be sent.
struct Decided<M: Mode> {
    change: Change,
    plans: Vec<Plan<M>>,
    unsent: Vec<Unsent>,
    voiced: Voiced,
}

/// Messages and people by account, and the channels that cannot carry them.
type Leaving<M> = (Vec<(ChannelKind, Outgoing<M>)>, Vec<Unsent>);

/// What a bulletin is given besides its alert.
struct Given<'a> {
    replaced: &'a [EbmId],
    clip: Option<AudioClip>,
}

impl<M: Mode> Office<M> {
    /// Releases an approved alert as it was shown. `deliveries` is the number that the officer typed: it must be the number that the
    /// audience shows, over all channels ([`super::Reach::deliveries`]). Runs to its end even if the caller goes away.
    ///
    /// # Panics
    /// Never: only a released alert is planned.
    ///
    /// # Errors
    /// [`OfficeError`]: the rule that refuses it; then nothing is released and nothing that ran is stopped.
    pub async fn release(
        &self,
        officer: &Officer,
        id: AlertId,
        shown: ContentHash,
        deliveries: u64,
    ) -> Result<Released<M>, OfficeError> {
        let officer = officer.clone();
        self.whole(move |office| async move { office.release_now(&officer, id, shown, deliveries).await })
            .await
    }

    /// What a halted dispatch cannot send must not become durable either: it would leave after a restart, perhaps
    /// beside the one that was issued again meanwhile.
    pub(super) fn refuse_halted(&self) -> Result<(), OfficeError> {
        let halted = self.engine.halted();
        halted.map_or(Ok(()), |reason| Err(EngineError::Halted { reason }.into()))
    }

    pub(super) async fn release_now(
        &self,
        officer: &Officer,
        id: AlertId,
        shown: ContentHash,
        deliveries: u64,
    ) -> Result<Released<M>, OfficeError> {
        let started = self.clock.ticks();
        self.refuse_halted()?;
        let now = self.clock.now();
        let (alert, revision) = self.alert(id).await?;
        let alert = as_shown(alert, shown)?;
        // Rights come first, and the number is told to nobody: who types it has read it off the preview.
        self.refuse_void(&alert).await?;
        let alert = self.released(officer, alert, now).await?;
        if deliveries != alert.content.audience.deliveries() {
            return Err(OfficeError::WrongNumber { typed: deliveries });
        }
        let stopped = self.follow(&alert, now).await?;
        // Before it is asked whom the earlier alert has reached, so that the answer cannot grow old.
        self.engine.stop_plans(&stopped.plans);
        let decided = match self.decide(officer, &alert, revision, &stopped).await {
            Ok(decided) => decided,
            Err(error) => {
                self.engine.resume(&stopped.plans);
                return Err(error);
            }
        };
        if let Err(error) = self.store.commit(&decided.change).await {
            self.engine.resume(&stopped.plans);
            return Err(error.into());
        }
        self.send(alert, decided, &stopped.plans, started).await
    }

    /// Everything that the release makes durable at once, and its plans.
    async fn decide(
        &self,
        officer: &Officer,
        alert: &Alert<M>,
        revision: i64,
        stopped: &Stopped,
    ) -> Result<Decided<M>, OfficeError> {
        let voiced = self.voiced(alert).await;
        let (outgoing, unsent) = self.outgoing(alert, voiced.clip()).await?;
        // Dispatch has it at hand then: nothing is read between the commit and the sending.
        self.engine.map(alert.content.audience.edition).await?;
        let now = self.clock.now();
        let plans = self
            .chance(|chance| planner::plans(alert, outgoing, now, chance))
            .expect("only a released alert gets here");
        let detail = json!({
            "content": alert.content_hash().to_string(),
            "plans": plans.len(),
            "deliveries": alert.content.audience.deliveries(),
            "unsent": unsent.iter().map(Unsent::told).collect::<Vec<_>>(),
            "speech": voiced.told(),
        });
        let mut alerts = vec![AlertWrite::new(alert, revision)];
        alerts.extend(stopped.earlier.clone());
        let change = Change {
            alerts,
            plans: plans.iter().map(|plan| StoredPlan::new(plan, PlanStatus::Open)).collect(),
            statuses: stopped.plans.iter().map(|plan| (*plan, PlanStatus::Stopped)).collect(),
            audit: vec![self.line(officer, "alert.release", alert.id, detail)],
            ..Change::default()
        };
        Ok(Decided { change, plans, unsent, voiced })
    }

    /// The decision is durable: dispatch hears of it, and what was stopped and never sent is withdrawn.
    async fn send(
        &self,
        alert: Alert<M>,
        decided: Decided<M>,
        stopped: &[PlanId],
        started: Duration,
    ) -> Result<Released<M>, OfficeError> {
        let Decided { plans, unsent, voiced, .. } = decided;
        let planned_in = self.clock.ticks().saturating_sub(started);
        let ids = plans.iter().map(|plan| plan.id).collect();
        // What was stopped is withdrawn even if dispatch halts between the two.
        let admitted = self.engine.admit(plans).await;
        self.engine.withdraw(stopped).await?;
        admitted?;
        let hold_until = match alert.state {
            AlertState::Released { hold_until, .. } => hold_until,
            _ => self.clock.now(),
        };
        tracing::info!(alert.id = %alert.id, planned_ms = planned_in.as_millis(), "alert released");
        Ok(Released { alert, hold_until, planned_in, plans: ids, unsent, voiced })
    }

    /// Messages and people by account. A lift or a correction goes to those whom the earlier one may have reached, and
    /// a channel that cannot carry it, because the signer is away or the text does not fit, keeps it from no other.
    async fn outgoing(&self, alert: &Alert<M>, clip: Option<AudioClip>) -> Result<Leaving<M>, OfficeError> {
        let (mut outgoing, mut unsent) = (Vec::new(), Vec::new());
        let replaced = replaced(self.store.as_ref(), alert.content.kind, self.clock.now()).await?;
        for (channel, hearing) in self.hearing(alert).await? {
            if is_nobody(&hearing) {
                continue;
            }
            let given = Given { replaced: &replaced, clip };
            match self.outgoing_on(alert, channel, hearing, &given, &mut unsent).await {
                Ok(out) => outgoing.extend(out.into_iter().map(|out| (channel, out))),
                Err(problem) if may_miss(alert.content.kind, &problem) => {
                    tracing::error!(alert.id = %alert.id, channel = channel.word(), %problem, "not sent");
                    unsent.push(Unsent { channel, problem });
                }
                Err(problem) => return Err(problem),
            }
        }
        Ok((outgoing, unsent))
    }

    /// What each account of a channel sends: the same words to those whom it takes. One that cannot carry a lift or a
    /// correction keeps it from no other.
    async fn outgoing_on(
        &self,
        alert: &Alert<M>,
        channel: ChannelKind,
        hearing: Hearing,
        given: &Given<'_>,
        unsent: &mut Vec<Unsent>,
    ) -> Result<Vec<Outgoing<M>>, OfficeError> {
        let first = self.account(channel)?.account().clone();
        let shares = match &hearing {
            Hearing::Now { responsible, residents } => {
                let edition = alert.content.audience.edition;
                let everybody = responsible | residents;
                self.engine.shares(channel, edition, &everybody, alert.content.occasion()).await?
            }
            Hearing::InReserve => BTreeMap::from([(first, RoaringBitmap::new())]),
        };
        let sender = |name: &AccountName| self.engine.account(name).ok_or(OfficeError::NoAccount { channel });
        for name in shares.keys() {
            self.refuse_pretend_mix(alert, sender(name)?.as_ref()).await?;
        }
        let now = self.clock.now();
        let message = self.renderer.finish(alert, channel, now, given.replaced, given.clip).await?;
        let mut outgoing = Vec::new();
        for (account, share) in shares {
            match sender(&account)?.measure(&message) {
                Ok(_) => outgoing.push(Outgoing {
                    account,
                    message: message.clone(),
                    hearing: hearing.within(&share),
                }),
                Err(source) => {
                    let problem = OfficeError::Unfit { channel, source };
                    if !may_miss(alert.content.kind, &problem) {
                        return Err(problem);
                    }
                    tracing::error!(alert.id = %alert.id, account = account.0, %problem, "not sent");
                    unsent.push(Unsent { channel, problem });
                }
            }
        }
        Ok(outgoing)
    }

    async fn hearing(&self, alert: &Alert<M>) -> Result<BTreeMap<ChannelKind, Hearing>, OfficeError> {
        let audience = &alert.content.audience;
        let channels: Vec<ChannelKind> = audience.counts.keys().copied().collect();
        let indexed = self.indexed_of(audience.edition).await?;
        let wanted = Wanted { regions: &audience.regions, groups: &audience.groups, channels: &channels };
        let resolved = self.resolve(&indexed, &wanted)?;
        refuse_other_counts(&audience.counts, &resolved.audience.counts)?;
        let targets = resolved.targets;
        let reached = match alert.content.kind {
            AlertKind::Lift(earlier) | AlertKind::Correction(earlier) => {
                Some(self.engine.reached(earlier).await?)
            }
            AlertKind::Alert | AlertKind::Update(_) => None,
        };
        let mut hearing = BTreeMap::new();
        for (channel, sets) in targets {
            let (mut responsible, mut residents) = (sets.responsible, sets.residents);
            if let Some(reached) = &reached {
                let got_it = reached.get(&channel).cloned().unwrap_or_default();
                responsible &= &got_it;
                residents &= &got_it;
            }
            hearing.insert(channel, Hearing::Now { responsible, residents });
        }
        for channel in &alert.content.reserve {
            hearing.entry(*channel).or_insert(Hearing::InReserve);
        }
        Ok(hearing)
    }

    pub(super) async fn refuse_pretend_mix(
        &self,
        alert: &Alert<M>,
        account: &dyn mingluo_model::channel::Channel<M>,
    ) -> Result<(), OfficeError> {
        let indexed = self.indexed_of(alert.content.audience.edition).await?;
        let pretend = self.renderer.is_pretend(account.account());
        if indexed.head.pretend == pretend {
            return Ok(());
        }
        Err(OfficeError::PretendMix { account: account.account().to_string(), roster: indexed.head.pretend })
    }
}

impl Unsent {
    /// What the audit log keeps of it.
    fn told(&self) -> Value {
        json!({ "channel": self.channel.word(), "problem": self.problem.to_string() })
    }
}

/// Whether a follow-up may leave without this channel: stopping and telling the others must not wait for it. A warning
/// leaves whole or not at all, so that nobody takes half of it for all.
const fn may_miss(kind: AlertKind, problem: &OfficeError) -> bool {
    let is_of_one_channel =
        matches!(problem, OfficeError::Render(_) | OfficeError::Unfit { .. } | OfficeError::NoAccount { .. });
    is_of_one_channel && matches!(kind, AlertKind::Lift(_) | AlertKind::Correction(_))
}

fn is_nobody(hearing: &Hearing) -> bool {
    match hearing {
        Hearing::Now { responsible, residents } => responsible.is_empty() && residents.is_empty(),
        Hearing::InReserve => false,
    }
}

/// What was signed is what is sent: the same people by number, on every channel.
fn refuse_other_counts(
    signed: &BTreeMap<ChannelKind, HeadCount>,
    found: &BTreeMap<ChannelKind, HeadCount>,
) -> Result<(), OfficeError> {
    let of =
        |counts: &BTreeMap<ChannelKind, HeadCount>, channel| counts.get(channel).copied().unwrap_or_default();
    for channel in signed.keys().chain(found.keys()) {
        let (signed, found) = (of(signed, channel), of(found, channel));
        if signed != found {
            return Err(OfficeError::AudienceChanged { channel: *channel, signed, found });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::RenderError;
    use mingluo_model::signer::SignerError;

    #[test]
    fn a_broken_signer_holds_up_a_warning_and_no_lift() {
        let broken = || SignerError::Unreachable { detail: "no answer".into() };
        let broken = OfficeError::Render(RenderError::Signer(broken()));
        let earlier = AlertId(uuid::Uuid::nil());
        assert!(
            may_miss(AlertKind::Lift(earlier), &broken) && may_miss(AlertKind::Correction(earlier), &broken)
        );
        assert!(!may_miss(AlertKind::Alert, &broken) && !may_miss(AlertKind::Update(earlier), &broken));
        let mixed = OfficeError::PretendMix { account: "sms".into(), roster: true };
        assert!(!may_miss(AlertKind::Lift(earlier), &mixed), "a safeguard is no broken channel");
    }
}
