//! Mailboxes that a relay says nobody has, beside sending and hearing: striking them off holds up neither.

use super::{Line, Post, replies::MOST_WAITING};
use crate::roster::Lookup;
use mingluo_ledger::StoreError;
use mingluo_model::mode::Mode;
use std::collections::BTreeMap;

impl Line {
    /// Lets deliveries to mailboxes that nobody has, by plan and ordinal, wait for their turn.
    pub(super) fn take_nobody(&self, nobody: Vec<(usize, u32)>) {
        if nobody.is_empty() {
            return;
        }
        let mut waiting = self.nobody();
        // What finds no room strikes at the next warning.
        let room = MOST_WAITING.saturating_sub(waiting.len());
        waiting.extend(nobody.into_iter().take(room));
        self.wrote.notify_one();
    }
}

impl<M: Mode> Post<M> {
    /// Strikes off what waits. It waits on until it is done, should this be cut short; what cannot be kept strikes at
    /// the next warning.
    pub(super) async fn strike(&self, line: &Line) {
        let waiting = line.nobody().clone();
        let mut by_plan: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for (number, ordinal) in &waiting {
            by_plan.entry(*number).or_default().push(*ordinal);
        }
        for (number, ordinals) in by_plan {
            if let Err(error) = self.strike_of(number, &ordinals).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "it is not kept which mailboxes nobody has");
            }
        }
        line.nobody().drain(..waiting.len());
    }

    async fn strike_of(&self, number: usize, ordinals: &[u32]) -> Result<(), StoreError> {
        let (plan, of, edition) = {
            let mut desk = self.desk();
            let progress = desk.plan(number);
            (progress.plan().id, progress.plan().target.recipients(), progress.edition())
        };
        let Some(edition) = edition else { return Ok(()) };
        let found = self.roster.addresses(edition, self.channel.kind(), ordinals.iter().copied()).await?;
        let mailboxes: Vec<_> = found
            .into_iter()
            .filter_map(|lookup| match lookup {
                Lookup::Found(address) | Lookup::OptedOut(address) => Some(address),
                Lookup::StruckOff(_) | Lookup::Missing => None,
            })
            .collect();
        if mailboxes.is_empty() {
            return Ok(());
        }
        self.roster.strike(plan, of, &mailboxes, self.clock.now()).await
    }
}
