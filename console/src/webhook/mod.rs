//! Tells those who subscribed of each warning that leaves and of each that follows it (推送订阅).
//!
//! The cast: a [`Desk`] has what all share, a [`teller::Teller`] tells one target, [`event`] writes what is told. What is told
//! is derived from the ledger: the decision that releases a warning keeps when its hold ends, and what has become of it at a
//! target is a row of its own, so that a program that was killed goes on where it was. A request is in the log before it
//! leaves.
//!
//! The promises: at least once while the warning holds, under one id; nothing that was recalled or is over; a lift to everybody
//! who may have been told of what it lifts and to nobody else; no drill to who did not ask for drills; nobody waits for
//! another's target. Nothing personal is in it.

mod event;
mod rules;
mod teller;

use crate::office::Office;
use mingluo_channels::webhook::WebhookTarget;
use mingluo_ledger::{Store, StoreError};
use mingluo_model::{
    clock::SharedClock,
    mode::{Drill, Live},
};
use rand::{SeedableRng, rngs::StdRng};
use std::{sync::Arc, time::Duration};
use teller::Teller;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long requests stay in the log. Ours to choose: longer than an incident is looked into by those who were in it.
const LOGGED_FOR: Duration = Duration::from_hours(90 * 24);

/// Requests in the log at most, of all targets. Ours to choose: a target that is away for a day is tried some hundreds of
/// times for each warning.
const MOST_LOGGED: u32 = 100_000;

/// How often the log is shortened.
const SHORTENED_EVERY: Duration = Duration::from_hours(1);

/// What all tellers share.
#[derive(Clone)]
pub struct Desk {
    /// The durable truth.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: SharedClock,
    /// The address below which the public feed stands; `None` without one.
    pub feed: Option<String>,
    /// Real warnings.
    pub live: Arc<Office<Live>>,
    /// Drills.
    pub drill: Arc<Office<Drill>>,
}

/// Begins to tell targets, each in a task of its own, until it is stopped.
///
/// # Errors
/// [`StoreError`] when the targets cannot be made known.
pub(crate) async fn start(
    desk: Desk,
    targets: Vec<WebhookTarget>,
    chance: &mut StdRng,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<(), StoreError> {
    if targets.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    desk.store.know_webhooks(&names, desk.clock.now()).await?;
    tasks.spawn(shorten_log(desk.clone(), stop.clone()));
    for target in targets {
        let teller = Teller::new(desk.clone(), target, StdRng::from_rng(chance));
        tasks.spawn(teller.run(stop.clone()));
    }
    Ok(())
}

async fn shorten_log(desk: Desk, stop: CancellationToken) {
    loop {
        let before = rules::minus(desk.clock.now(), LOGGED_FOR);
        if let Err(error) = desk.store.prune_webhook_log(before, MOST_LOGGED).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the log of webhooks is not shortened yet"
            );
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = desk.clock.sleep(SHORTENED_EVERY) => {}
        }
    }
}
