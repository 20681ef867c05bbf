//! What the ledger says of one account, person by person and id by id, read from its log with the product's own rules.

use crate::bench::rig::{Account, retold};
use anyhow::Context;
use mingluo_dispatch::{engine::DispatchConfig, progress::Rules};
use mingluo_ledger::{
    Store,
    event::{Answer, Fact, PartAnswer},
};
use mingluo_model::{
    channel::{ReceiptFor, Repeat},
    delivery::Standing,
    mode::{Live, ModeKind},
    receipt::ProviderId,
};
use std::collections::HashMap;

/// One recipient in the ledger.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    pub(super) standing: Standing,
    /// Tries that left and were never answered.
    pub(super) lost: u16,
}

/// One account in the ledger (台账).
#[derive(Debug, Default)]
pub(super) struct Book {
    /// By ordinal, from the account's first.
    pub(super) people: Vec<Entry>,
    /// The ordinal of each id that an answer gave.
    pub(super) ids: HashMap<ProviderId, u32>,
    pub(super) resent_in_doubt: u32,
}

impl Book {
    /// Reads an account's plans. All messages have one part.
    pub(super) async fn read(
        store: &dyn Store,
        account: &Account,
        config: &DispatchConfig,
    ) -> anyhow::Result<Self> {
        let mut book = Self { people: vec![Entry::default(); account.who.len()], ..Self::default() };
        for stored in store.open_plans(ModeKind::Live).await? {
            let plan = stored.typed::<Live>().context("a live plan")?;
            if plan.account.0 != account.name {
                continue;
            }
            let rules = Rules {
                retry: config.retry.clone(),
                repeat: Repeat::MayDouble,
                receipts: ReceiptFor::EachPart,
            };
            let hear = |fact: &Fact| book.note(fact, account.who.start);
            let progress = retold(store, plan, stored.status, rules, hear).await?;
            for (ordinal, entry) in account.who.clone().zip(&mut book.people) {
                entry.standing = progress.standing(ordinal).unwrap_or_default();
            }
            book.resent_in_doubt += progress.resent_in_doubt();
        }
        Ok(book)
    }

    fn note(&mut self, fact: &Fact, first: u32) {
        let Fact::Answers(answers) = fact else { return };
        for PartAnswer { ordinal, answer, .. } in answers {
            match answer {
                Answer::Accepted(Some(id)) => drop(self.ids.insert(id.clone(), *ordinal)),
                Answer::Lost => {
                    if let Some(entry) = self.people.get_mut(ordinal.wrapping_sub(first) as usize) {
                        entry.lost += 1;
                    }
                }
                _ => {}
            }
        }
    }
}
