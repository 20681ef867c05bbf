//! Tells one target, one request at a time: each second it looks what is due, settles what is not to be told, and sends the
//! rest, the gravest first. What fails waits for itself only; what follows it in its chain waits with it. After a request that
//! took long it is looked anew, so that something graver that came meanwhile is next.

use super::{
    Desk,
    event::{self, Event, Sent},
    rules::{self, Known},
};
use crate::render::RenderError;
use mingluo_channels::{forward::Untaken, webhook::WebhookTarget};
use mingluo_ledger::{
    StoreError,
    store::{StoredAlert, WebhookDue, WebhookEnd, WebhookFate, WebhookStanding},
};
use mingluo_model::{
    alert::AlertState,
    clock::Timestamp,
    id::AlertId,
    mode::{Drill, Live, ModeKind},
};
use rand::rngs::StdRng;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    error::Error,
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Between two looks at the ledger.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// A request that took longer than this may have kept something graver waiting. Ours to choose.
const LONG: Duration = Duration::from_secs(1);

/// After the end of a hold: a recall that was begun in its last moment is in the ledger by then.
const SETTLES_WITHIN: Duration = Duration::from_secs(1);

/// What was due longer ago and was never looked at is over: no grade may hold for more than 255 hours.
const LOOKS_BACK: Duration = Duration::from_hours(256);

/// How the last requests about a warning went.
struct Trouble {
    failures: u32,
    /// On the clock's ticks.
    next: Duration,
}

/// Tells one target.
pub(super) struct Teller {
    desk: Desk,
    target: WebhookTarget,
    chance: StdRng,
    /// Warnings that were not taken yet. A restart forgets them, and tries them at once.
    troubles: BTreeMap<AlertId, Trouble>,
}

/// A warning that is to be told.
struct Turn {
    due: WebhookDue,
    alert: StoredAlert,
}

impl Teller {
    pub(super) const fn new(desk: Desk, target: WebhookTarget, chance: StdRng) -> Self {
        Self { desk, target, chance, troubles: BTreeMap::new() }
    }

    /// Tells until it is stopped. A request that is under way then is made anew after a restart.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        tokio::select! {
            () = stop.cancelled() => {}
            never = self.tell_on() => match never {},
        }
    }

    async fn tell_on(&mut self) -> Infallible {
        loop {
            if let Err(error) = self.look().await {
                let error = &error as &dyn Error;
                tracing::warn!(error, webhook = self.target.name, "webhooks cannot be told yet");
            }
            self.desk.clock.sleep(LOOKS_EVERY).await;
        }
    }

    /// Tells what is due.
    async fn look(&mut self) -> Result<(), StoreError> {
        let mut turns = Vec::new();
        for due in self.due().await? {
            match self.turn(due).await {
                Ok(turn) => turns.extend(turn),
                // It keeps no other from being told.
                Err(error @ StoreError::Damaged { .. }) => {
                    let error = &error as &dyn Error;
                    tracing::error!(error, alert.id = %due.alert, webhook = self.target.name, "a warning cannot be read");
                }
                Err(error) => return Err(error),
            }
        }
        let mut waiting: BTreeSet<AlertId> = turns.iter().map(|turn| turn.due.alert).collect();
        self.troubles.retain(|alert, _| waiting.contains(alert));
        // Holds that ended first come first where the grade is the same.
        turns.sort_by_key(|turn| Reverse(turn.alert.content.grade));
        // Those that follow another one of these come after it, whatever their grade.
        let mut rest = turns;
        let began = self.desk.clock.ticks();
        while !rest.is_empty() {
            let before = rest.len();
            let mut later = Vec::new();
            for turn in rest {
                let earlier = turn.alert.content.kind.follows();
                if earlier.is_some_and(|earlier| waiting.contains(&earlier)) {
                    later.push(turn);
                } else if self.may_try(turn.due.alert) && self.tell(&turn).await? {
                    waiting.remove(&turn.due.alert);
                }
                if self.desk.clock.ticks().saturating_sub(began) >= LONG {
                    return Ok(());
                }
            }
            rest = if later.len() < before { later } else { Vec::new() };
        }
        Ok(())
    }

    async fn due(&self) -> Result<Vec<WebhookDue>, StoreError> {
        let now = self.desk.clock.now();
        let (floor, settled) = (rules::minus(now, LOOKS_BACK), rules::minus(now, SETTLES_WITHIN));
        let mut all = Vec::new();
        for mode in &self.target.modes {
            all.extend(self.desk.store.due_webhooks(&self.target.name, *mode, floor, settled).await?);
        }
        Ok(all)
    }

    /// The warning, if it is to be told; what is not is settled.
    async fn turn(&self, due: WebhookDue) -> Result<Option<Turn>, StoreError> {
        let (store, name) = (&self.desk.store, &self.target.name);
        let damaged =
            || StoreError::Damaged { what: "a webhook", problem: format!("there is no alert {}", due.alert) };
        let alert = store.alert(due.alert).await?.ok_or_else(damaged)?;
        let earlier = match alert.content.kind.follows() {
            Some(earlier) => self.earlier(earlier).await?,
            None => None,
        };
        let known = Known {
            kind: alert.content.kind,
            state: &alert.state,
            due: due.due,
            expires: alert.content.expires,
            asked: due.asked,
            followed: self.followed(&alert.state).await?,
            earlier,
            is_wanted: self.target.wants(&alert.content),
        };
        let Some(fate) = rules::fate(&known, self.desk.clock.now()) else {
            return Ok(Some(Turn { due, alert }));
        };
        store.settle_webhook(name, due.alert, fate).await?;
        if fate == WebhookFate::Over {
            tracing::warn!(alert.id = %due.alert, webhook = name, "a webhook was not taken before its warning was over");
        }
        Ok(None)
    }

    /// How the one that is followed stands here. What was followed in its hold has not been looked at yet, and never left.
    async fn earlier(&self, earlier: AlertId) -> Result<Option<WebhookStanding>, StoreError> {
        let store = &self.desk.store;
        let standing = store.webhook_standing(&self.target.name, earlier).await?;
        let (None, Some(due)) = (standing, store.released_at(earlier).await?) else { return Ok(standing) };
        let was_public =
            store.alert(earlier).await?.is_some_and(|alert| rules::was_public(&alert.state, due));
        Ok((!was_public).then_some(WebhookStanding { fate: WebhookFate::NeverPublic, tries: 0 }))
    }

    /// When the later one that ended it is public; `None` where there is none or it was recalled.
    async fn followed(&self, state: &AlertState) -> Result<Option<Timestamp>, StoreError> {
        let (AlertState::Updated { by, .. }
        | AlertState::Lifted { by, .. }
        | AlertState::Corrected { by, .. }) = state
        else {
            return Ok(None);
        };
        let later = self.desk.store.alert(*by).await?;
        if later.is_none_or(|later| matches!(later.state, AlertState::Recalled { .. })) {
            return Ok(None);
        }
        let due = self.desk.store.released_at(*by).await?;
        Ok(due.map(|due| due.plus(SETTLES_WITHIN)))
    }

    fn may_try(&self, alert: AlertId) -> bool {
        let now = self.desk.clock.ticks();
        self.troubles.get(&alert).is_none_or(|trouble| trouble.next <= now)
    }

    /// Sends it, and gives whether it was taken.
    async fn tell(&mut self, turn: &Turn) -> Result<bool, StoreError> {
        let (alert, name) = (turn.due.alert, self.target.name.clone());
        let event = match self.written(turn).await? {
            Ok(event) => event,
            Err(error) => {
                let error = &error as &dyn Error;
                tracing::error!(error, alert.id = %alert, webhook = name, "a webhook cannot be written");
                self.wait(alert);
                return Ok(false);
            }
        };
        let (store, clock) = (&self.desk.store, &self.desk.clock);
        let number = store.begin_webhook(&name, alert, event.kind, clock.now()).await?;
        let began = clock.ticks();
        let answer = match self.target.platform.post(&event.id, event.json).await {
            Ok(status) | Err(Untaken::Status(status)) => Ok(status),
            Err(Untaken::Unreachable) => Err("no-connection".to_owned()),
            Err(Untaken::NoAnswer) => Err("no-answer".to_owned()),
        };
        let end = WebhookEnd { answer, took: clock.ticks().saturating_sub(began) };
        store.end_webhook(&name, alert, number, &end).await?;
        if end.is_taken() {
            self.troubles.remove(&alert);
            tracing::info!(alert.id = %alert, webhook = name, kind = event.kind, "a webhook was taken");
            return Ok(true);
        }
        let (failures, pause) = self.wait(alert);
        let answer = end.answer.map_or_else(|fault| fault, |status| status.to_string());
        let pause_s = pause.as_secs();
        tracing::warn!(alert.id = %alert, webhook = name, answer, failures, pause_s, "a webhook is not taken");
        Ok(false)
    }

    /// Not to be tried before a pause is over; gives how often it failed by now, and the pause.
    fn wait(&mut self, alert: AlertId) -> (u32, Duration) {
        let failures = self.troubles.get(&alert).map_or(1, |trouble| trouble.failures.saturating_add(1));
        let pause = rules::pause(failures, &mut self.chance);
        let next = self.desk.clock.ticks().saturating_add(pause);
        self.troubles.insert(alert, Trouble { failures, next });
        (failures, pause)
    }

    async fn written(&self, turn: &Turn) -> Result<Result<Event, RenderError>, StoreError> {
        let earlier = match turn.alert.content.kind.follows() {
            Some(earlier) => self.desk.store.released_at(earlier).await?.map(|at| (earlier, at)),
            None => None,
        };
        let (sent, feed) = (Sent { at: turn.due.due, earlier }, self.desk.feed.as_deref());
        let damaged = || StoreError::Damaged { what: "an alert", problem: "is of another mode".to_owned() };
        Ok(match turn.alert.mode {
            ModeKind::Live => {
                let alert = turn.alert.clone().typed::<Live>().ok_or_else(damaged)?;
                event::write(&self.desk.live.renderer, &alert, sent, feed)
            }
            ModeKind::Drill => {
                let alert = turn.alert.clone().typed::<Drill>().ok_or_else(damaged)?;
                event::write(&self.desk.drill.renderer, &alert, sent, feed)
            }
        })
    }
}
