//! Calling responsible persons (叫应): each look at the warnings in force begins the calls that there are none of yet, and
//! takes the steps that are due. A step is durable, with its message and its audit line, before the message leaves; so a
//! restart goes on where it was.

use super::{Indexed, Office, OfficeError};
use crate::{
    call::{Calling, Link},
    render::Question as Words,
};
use mingluo_dispatch::{
    ladder::{Done, Person, Persons, Question, Sent, due, questions},
    planner,
};
use mingluo_ledger::{
    audit::AuditLine,
    store::{Ask, Call, CallStep, CallWrites, Change, StoredAlert, StoredPlan, Taken},
};
use mingluo_model::{
    alert::{Alert, AlertState, Content},
    audience::{ChannelKind, Group},
    call::{Code, Rung},
    clock::Timestamp,
    id::{AlertId, AskId, CallId, PlanId},
    mode::Mode,
    plan::{Cause, Plan, PlanStatus, Target},
    priority::Hearers,
    region::{Level, RegionCode},
};
use roaring::RoaringBitmap;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Between two looks. A message that failed is not waited for any longer than this.
const LOOK: Duration = Duration::from_secs(1);

/// A call with the questions that may be put next.
struct Open {
    call: Call,
    next: Vec<Question>,
}

/// One message: a question to one person about one division or several. A reminder repeats what was asked before.
type Asking = (Question, Option<AskId>);

/// What one look makes durable, and what leaves then.
struct Step<M: Mode> {
    writes: CallWrites,
    plans: Vec<Plan<M>>,
    audit: Vec<AuditLine>,
}

impl<M: Mode> Office<M> {
    /// Looks at the calls now and then until it is stopped. What fails is tried at the next look.
    pub async fn call_until(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = self.clock.sleep(LOOK) => {}
                () = stop.cancelled() => return,
            }
            if let Err(error) = self.look_at_calls().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "calls could not be looked at");
            }
        }
    }

    /// One look at all warnings in force. What is wrong with one holds up no other.
    ///
    /// # Errors
    /// [`OfficeError::Store`] when they cannot be read.
    pub(crate) async fn look_at_calls(&self) -> Result<(), OfficeError> {
        let (Some(calling), None) = (&self.calling, self.engine.halted()) else { return Ok(()) };
        let now = self.clock.now();
        for stored in self.store.released_alerts(M::KIND).await? {
            let Some(within) = waits(calling, &stored.state, &stored.content, now) else { continue };
            match self.is_due(&stored, within).await {
                Ok(false) => continue,
                Ok(true) => {}
                Err(error) => return Err(error),
            }
            let id = stored.id;
            let stepped = self.whole(move |office| async move { office.step_calls(id).await }).await;
            if let Err(error) = stepped {
                let error = &error as &dyn std::error::Error;
                tracing::error!(alert.id = %id, error, "responsible persons could not be called");
            }
        }
        Ok(())
    }

    /// Whether a call has to begin or to go on.
    async fn is_due(&self, stored: &StoredAlert, within: Duration) -> Result<bool, OfficeError> {
        let calls = self.store.calls(stored.id).await?;
        let now = self.clock.now();
        let goes_on =
            |call: &Call| call.answered().is_none() && due(&[], self.done(call), within, now).is_some();
        Ok(calls.is_empty() || calls.iter().any(goes_on))
    }

    /// The last step of a call that leads on.
    fn done(&self, call: &Call) -> Option<Done> {
        let step = call.steps.last()?;
        let (rung, sent) = match &step.taken {
            Taken::Asked { rung, plan, .. } => (*rung, self.engine.fares(*plan)),
            Taken::Nobody | Taken::Answered(_) => (Rung::Nobody, Sent::MayArrive),
        };
        Some(Done { rung, at: step.at, sent })
    }

    /// Takes the steps of one warning that are due.
    async fn step_calls(&self, id: AlertId) -> Result<(), OfficeError> {
        let Some(calling) = self.calling.clone() else { return Ok(()) };
        self.refuse_halted()?;
        let (now, (alert, _)) = (self.clock.now(), self.alert(id).await?);
        let Some(within) = waits(&calling, &alert.state, &alert.content, now) else { return Ok(()) };
        let indexed = self.indexed_of(alert.content.audience.edition).await?;
        let mut step = Step { writes: CallWrites::default(), plans: Vec::new(), audit: Vec::new() };
        let mut calls = self.store.calls(id).await?;
        if calls.is_empty() {
            calls = self.begin_calls(&alert, now);
            step.writes.calls.clone_from(&calls);
        }
        let open = calls.into_iter().filter(|call| call.answered().is_none());
        let open: Vec<Open> = open
            .filter_map(|call| {
                let all = questions(&self.persons(&calling, &indexed, call.region));
                let next = due(&all, self.done(&call), within, now)?.to_vec();
                Some(Open { call, next })
            })
            .collect();
        self.put_questions(&alert, &indexed, within, open, &mut step).await?;
        self.keep_calls(step).await
    }

    async fn keep_calls(&self, step: Step<M>) -> Result<(), OfficeError> {
        let Step { writes, plans, audit } = step;
        if writes == CallWrites::default() {
            return Ok(());
        }
        let stored = plans.iter().map(|plan| StoredPlan::new(plan, PlanStatus::Open)).collect();
        let change = Change { plans: stored, calls: writes, audit, ..Change::default() };
        Ok(self.engine.call(change, plans).await?)
    }

    /// One call for each township that the warning is for, whether anybody can be asked there or not.
    fn begin_calls(&self, alert: &Alert<M>, now: Timestamp) -> Vec<Call> {
        let mut townships = BTreeSet::new();
        for region in &alert.content.audience.regions {
            // A village's call is that of its township; a county has all of its townships called.
            if let Some(township) = region.at(Level::Township) {
                townships.insert(township);
            } else {
                let inside = self.gazetteer.inside(*region, Level::Township);
                townships.extend(inside.map(|division| division.code));
            }
        }
        let call = |region| Call {
            id: self.chance(|chance| CallId::new(now, chance)),
            mode: M::KIND,
            alert: alert.id,
            region,
            opened: now,
            steps: Vec::new(),
        };
        townships.into_iter().map(call).collect()
    }

    /// Who can be asked about a township.
    fn persons(&self, calling: &Calling, indexed: &Indexed, township: RegionCode) -> Persons {
        let of = |groups: &[Group], level| {
            township
                .at(level)
                .map_or_else(Vec::new, |region| self.persons_of(&calling.channels, indexed, groups, region))
        };
        Persons {
            here: of(&calling.township, Level::Township),
            county: of(&calling.county, Level::County),
            city: of(&calling.city, Level::City),
        }
    }

    /// The members of groups in a region that can be asked by any of these channels, in the order of the groups.
    fn persons_of(
        &self,
        channels: &[ChannelKind],
        indexed: &Indexed,
        groups: &[Group],
        region: RegionCode,
    ) -> Vec<Person> {
        let mut here = RoaringBitmap::new();
        here.insert_range(indexed.index.range(region));
        let mut persons: Vec<Person> = Vec::new();
        for group in groups {
            let members = indexed.index.in_group(*group).map(|members| members & &here).unwrap_or_default();
            for ordinal in members {
                let has = |channel: &ChannelKind| {
                    self.account(*channel).is_ok()
                        && indexed.index.on_channel(*channel).is_some_and(|set| set.contains(ordinal))
                };
                let channels: Vec<_> = channels.iter().copied().filter(has).collect();
                let is_new = persons.iter().all(|person| person.ordinal != ordinal);
                if is_new && !channels.is_empty() {
                    persons.push(Person { ordinal, channels });
                }
            }
        }
        persons
    }

    /// Puts to each call the first question that somebody can be asked. Whoever is asked about several divisions at once
    /// gets one message.
    async fn put_questions(
        &self,
        alert: &Alert<M>,
        indexed: &Indexed,
        within: Duration,
        mut open: Vec<Open>,
        step: &mut Step<M>,
    ) -> Result<(), OfficeError> {
        while !open.is_empty() {
            let mut messages: BTreeMap<Asking, Vec<Open>> = BTreeMap::new();
            for one in open.drain(..) {
                match one.next.first().copied() {
                    Some(question) => {
                        let asking = (question, asked_before(&one.call, question));
                        messages.entry(asking).or_default().push(one);
                    }
                    None => self.leave(&one.call, step),
                }
            }
            for (asking, calls) in messages {
                if !self.ask(alert, indexed, within, (asking, &calls), step).await? {
                    // Nobody is reached so: the next rung, now.
                    open.extend(calls.into_iter().map(|one| Open { next: one.next[1..].to_vec(), ..one }));
                }
            }
        }
        Ok(())
    }

    /// Nobody is left for this call.
    fn leave(&self, call: &Call, step: &mut Step<M>) {
        let at = self.clock.now();
        step.writes.steps.push((call.id, M::KIND, CallStep { at, taken: Taken::Nobody }));
        step.audit.push(self.told(call.alert, json!({ "rung": Rung::Nobody, "divisions": [call.region] })));
    }

    /// One message to one person; `false` where no account carries it to them.
    async fn ask(
        &self,
        alert: &Alert<M>,
        indexed: &Indexed,
        within: Duration,
        ((question, before), calls): (Asking, &[Open]),
        step: &mut Step<M>,
    ) -> Result<bool, OfficeError> {
        let now = self.clock.now();
        let Question { rung, ordinal, channel } = question;
        let (ask, is_new) = self.ask_of(alert, ordinal, before).await?;
        let message = self.words(alert, within, (rung, channel), (&ask, calls))?;
        let may = |account: &_| self.renderer.is_pretend(account) == indexed.head.pretend;
        let way = self.engine.way_to(indexed.head.id, ordinal, &message, may).await?;
        let Some((account, address)) = way else { return Ok(false) };
        let (plan, edition) = (self.chance(|chance| PlanId::new(now, chance)), indexed.head.id);
        let address_hash = self.store.vault().address_hash(&address);
        let taken = Taken::Asked { rung, ask: ask.id, ordinal, channel, plan, address_hash };
        for one in calls {
            step.writes.steps.push((one.call.id, M::KIND, CallStep { at: now, taken: taken.clone() }));
        }
        let divisions: Vec<RegionCode> = calls.iter().map(|one| one.call.region).collect();
        step.audit.push(self.told(
            alert.id,
            json!({ "rung": rung, "channel": channel, "plan": plan, "divisions": divisions }),
        ));
        step.plans.push(Plan {
            id: plan,
            alert: alert.id,
            channel,
            account,
            message,
            target: Target::People { edition, ordinals: RoaringBitmap::from_iter([ordinal]) },
            priority: planner::priority(alert, Hearers::Responsible),
            not_before: now,
            not_after: alert.content.expires,
            cause: Cause::Call,
            instead_of: None,
        });
        if is_new {
            step.writes.asks.push(ask);
        }
        Ok(true)
    }

    /// What somebody was asked before, or something new.
    async fn ask_of(
        &self,
        alert: &Alert<M>,
        ordinal: u32,
        before: Option<AskId>,
    ) -> Result<(Ask, bool), OfficeError> {
        if let Some(id) = before
            && let Some(ask) = self.store.ask(id).await?
        {
            return Ok((ask, false));
        }
        let (now, until) = (self.clock.now(), alert.content.expires);
        let (id, code) = self.chance(|chance| (AskId::new(now, chance), Code::new(chance)));
        Ok((Ask { id, mode: M::KIND, alert: alert.id, ordinal, code, until }, true))
    }

    fn words(
        &self,
        alert: &Alert<M>,
        within: Duration,
        (rung, channel): (Rung, ChannelKind),
        (ask, calls): (&Ask, &[Open]),
    ) -> Result<mingluo_model::message::Message<M>, OfficeError> {
        let links = self.calling.as_ref().map(|calling| &calling.links);
        let link = Link { mode: M::KIND, channel, ask: ask.id };
        let link = links.map_or_else(String::new, |links| links.write(link));
        let divisions: Vec<String> = calls.iter().map(|one| self.division(one.call.region)).collect();
        let words = Words { rung, divisions: &divisions, code: ask.code, link: &link, within };
        Ok(self.renderer.question(alert, channel, &words, self.clock.now())?)
    }

    /// The name of a division, or its code where it has none.
    pub(crate) fn division(&self, code: RegionCode) -> String {
        self.gazetteer.get(code).map_or_else(|| code.to_string(), |division| division.name.to_string())
    }

    fn told(&self, alert: AlertId, detail: serde_json::Value) -> AuditLine {
        AuditLine {
            at: self.clock.now(),
            actor: AuditLine::SYSTEM.to_owned(),
            action: "call.step".to_owned(),
            subject: alert.to_string(),
            detail,
        }
    }
}

/// How long an answer to a warning is waited for, if it calls anybody now: it is released, its hold is over and it holds.
fn waits(calling: &Calling, state: &AlertState, content: &Content, now: Timestamp) -> Option<Duration> {
    let AlertState::Released { hold_until, .. } = state else { return None };
    let holds = *hold_until <= now && now < content.expires;
    calling.within(content.kind, content.grade).filter(|_| holds)
}

/// What the same person was asked in this call, where this reminds them of it.
fn asked_before(call: &Call, question: Question) -> Option<AskId> {
    call.steps.iter().find_map(|step| match step.taken {
        Taken::Asked { ask, ordinal, .. } if ordinal == question.ordinal => Some(ask),
        _ => None,
    })
}
