//! What the ledger says when the engine has ended: read from its log with the product's own rules, as a restart reads it.

use super::director::open_ledger;
use anyhow::Context;
use mingluo_dispatch::{
    engine::DispatchConfig,
    progress::{Progress, Rules},
    roster::EditionMap,
};
use mingluo_ledger::{Store, event::Fact};
use mingluo_model::{
    channel::{ReceiptFor, Repeat},
    mode::{Live, ModeKind},
    plan::{Plan, PlanStatus},
};
use std::{collections::BTreeMap, num::NonZeroU16, ops::Range, path::Path};

/// Events read at once.
const STEP: u32 = 2_000;

/// How many of these recipients stand in which state, over all plans that are open.
///
/// # Errors
/// When the ledger cannot be read.
pub(in crate::bench) async fn states_on_disk(
    database: &Path,
    receipts: ReceiptFor,
    who: Range<u32>,
) -> anyhow::Result<BTreeMap<&'static str, u32>> {
    let store = open_ledger(database).await?;
    let mut states = BTreeMap::new();
    for stored in store.open_plans(ModeKind::Live).await? {
        let rules = Rules { retry: DispatchConfig::default().retry, repeat: Repeat::MayDouble, receipts };
        let plan = stored.typed::<Live>().context("a live plan")?;
        let progress = retold(store.as_ref(), plan, stored.status, rules, |_| {}).await?;
        for standing in who.clone().filter_map(|ordinal| progress.standing(ordinal)) {
            *states.entry(standing.state().word()).or_default() += 1;
        }
    }
    Ok(states)
}

/// A plan of messages of one part, with everything that its log says of it, each fact told to `hear` as well.
///
/// # Errors
/// When the ledger cannot be read.
pub(in crate::bench) async fn retold(
    store: &dyn Store,
    plan: Plan<Live>,
    status: PlanStatus,
    rules: Rules,
    mut hear: impl FnMut(&Fact),
) -> anyhow::Result<Progress<Live>> {
    let (id, districts) = (plan.id, EditionMap::default().districts);
    let mut progress = Progress::new(plan, NonZeroU16::MIN, rules, districts, status);
    let mut after = (0, 0);
    loop {
        let events = store.events(id, after, STEP).await?;
        let Some((last, _)) = events.last() else { return Ok(progress) };
        after = *last;
        for (_, event) in &events {
            progress.apply(&event.fact, event.at);
            hear(&event.fact);
        }
    }
}
