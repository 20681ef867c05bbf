//! What the ledger says when the engine has ended: read from its log with the product's own rules, as a restart reads it.

use super::director::open_ledger;
use anyhow::Context;
use mingluo_dispatch::{
    engine::DispatchConfig,
    progress::{Progress, Rules},
    roster::EditionMap,
};
use mingluo_model::{
    channel::{ReceiptFor, Repeat},
    mode::{Live, ModeKind},
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
        let plan = stored.typed::<Live>().context("a live plan")?;
        let (id, retry) = (plan.id, DispatchConfig::default().retry);
        let rules = Rules { retry, repeat: Repeat::MayDouble, receipts };
        let districts = EditionMap::default().districts;
        let mut progress = Progress::new(plan, NonZeroU16::MIN, rules, districts, stored.status);
        let mut after = (0, 0);
        loop {
            let events = store.events(id, after, STEP).await?;
            let Some((last, _)) = events.last() else { break };
            after = *last;
            for (_, event) in &events {
                progress.apply(&event.fact, event.at);
            }
        }
        for standing in who.clone().filter_map(|ordinal| progress.standing(ordinal)) {
            *states.entry(standing.state().word()).or_default() += 1;
        }
    }
    Ok(states)
}
