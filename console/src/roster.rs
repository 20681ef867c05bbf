//! From a built roster to a kept edition: head, blocks, seal. Invisible until everything is there.

use crate::region::Region;
use anyhow::Context;
use mingluo_ledger::{
    Store,
    audit::AuditLine,
    store::{EditionBlock, EditionHead},
};
use mingluo_model::{
    clock::Clock,
    id::{EditionId, OrgId},
    mode::ModeKind,
    owner::Owner,
};
use mingluo_targeting::edition::{BlockPlain, EditionDraft};
use rand::RngCore;
use serde_json::json;

/// Blocks kept in one transaction.
const BATCH: usize = 64;

/// What an edition is kept as.
#[derive(Debug, Clone, Copy)]
pub struct KeepOrder {
    /// For real warnings or for drills.
    pub mode: ModeKind,
    /// Every address is made up.
    pub pretend: bool,
    /// Rows of the file that were left out, for the audit line.
    pub bad_rows: usize,
    /// The current edition that it was compared with; none for the first of its mode.
    pub replaces: Option<EditionId>,
}

/// Keeps a roster as a new edition; `kept` is told of each block's recipients.
///
/// # Errors
/// When the store fails, or another edition is current by now ([`mingluo_ledger::StoreError::Overtaken`]); an edition
/// that was begun stays invisible.
pub async fn keep(
    store: &dyn Store,
    region: &Region,
    draft: &EditionDraft,
    order: KeepOrder,
    clock: &dyn Clock,
    chance: &mut (dyn RngCore + Send),
    kept: impl Fn(u64),
) -> anyhow::Result<EditionId> {
    let now = clock.now();
    let scope = region.gazetteer.roots().next().context("the division list is empty")?.code;
    let org = store.orgs().await?.first().map(|row| row.id);
    let org = org.unwrap_or_else(|| OrgId::new(now, chance));
    let head = EditionHead {
        id: EditionId::new(now, chance),
        mode: order.mode,
        owner: Owner { org, scope, level: scope.level() },
        recipients: draft.index().n(),
        index: draft.index().to_bytes(),
        built_at: now,
        pretend: order.pretend,
    };
    let replaced = match order.replaces {
        Some(replaced) => store.edition(replaced).await?,
        None => None,
    };
    store.begin_edition(&head).await?;
    let mut batch = Vec::with_capacity(BATCH);
    for block in draft.blocks() {
        kept(u64::from(block.n));
        batch.push(edition_block(block));
        if batch.len() == BATCH {
            store.add_blocks(head.id, &batch).await?;
            batch.clear();
        }
    }
    store.add_blocks(head.id, &batch).await?;
    let line = AuditLine {
        at: clock.now(),
        actor: AuditLine::SYSTEM.to_owned(),
        action: "roster.import".to_owned(),
        subject: head.id.to_string(),
        detail: json!({
            "recipients": head.recipients, "bad_rows": order.bad_rows, "pretend": order.pretend,
            "replaces": order.replaces, "recipients_before": replaced.map(|head| head.recipients),
        }),
    };
    store.seal_edition(head.id, order.replaces, line).await?;
    Ok(head.id)
}

fn edition_block(block: BlockPlain) -> EditionBlock {
    EditionBlock {
        block_no: block.block_no,
        first_ordinal: block.first_ordinal,
        recipients: block.n,
        region_min: block.region_min,
        region_max: block.region_max,
        columns: block.columns,
    }
}
