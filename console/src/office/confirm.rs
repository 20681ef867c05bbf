//! Which deliveries nobody confirmed, id by id: accepted without a receipt, or unknown. Read from the log, since the
//! engine keeps only hashes of the gateway's ids.

use super::{Office, OfficeError};
use mingluo_ledger::event::{Answer, Fact, PartAnswer};
use mingluo_model::{channel::ADDITION, delivery::Standing, id::PlanId, mode::Mode, receipt::ReceiptStatus};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Events read at once.
const STEP: u32 = 2_000;

/// One part of a delivery that nobody confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unconfirmed {
    /// The recipient's ordinal.
    pub ordinal: u32,
    /// The part, from 0.
    pub part: u8,
    /// `accepted` or `unknown`.
    pub state: &'static str,
    /// Why.
    pub reason: &'static str,
    /// The gateway's id, where it gave one.
    pub provider_id: Option<String>,
}

impl<M: Mode> Office<M> {
    /// The unconfirmed parts of a plan, in order.
    ///
    /// # Errors
    /// [`OfficeError::Store`] or [`OfficeError::Engine`].
    pub async fn unconfirmed(&self, plan: PlanId) -> Result<Vec<Unconfirmed>, OfficeError> {
        let open = self.engine.unconfirmed(plan).await?;
        let parts = self.parts_of(plan, &open).await?;
        Ok(parts.into_iter().filter(|one| open.contains_key(&one.ordinal)).collect())
    }

    async fn parts_of(
        &self,
        plan: PlanId,
        open: &BTreeMap<u32, Standing>,
    ) -> Result<Vec<Unconfirmed>, OfficeError> {
        let mut ids: BTreeMap<(u32, u8), Option<String>> = BTreeMap::new();
        let mut heard: BTreeSet<(u32, u8)> = BTreeSet::new();
        let mut after = (0, 0);
        loop {
            let events = self.store.events(plan, after, STEP).await?;
            let Some((last, _)) = events.last() else { break };
            after = *last;
            for (_, event) in &events {
                note(&event.fact, open, &mut ids, &mut heard);
            }
        }
        let unheard = ids.into_iter().filter(|(key, _)| !heard.contains(key));
        Ok(unheard
            .map(|((ordinal, part), provider_id)| {
                let standing = open.get(&ordinal).copied().unwrap_or_default();
                Unconfirmed {
                    ordinal,
                    part,
                    state: standing.state().word(),
                    reason: standing.reason().word(),
                    provider_id,
                }
            })
            .collect())
    }
}

fn note(
    fact: &Fact,
    open: &BTreeMap<u32, Standing>,
    ids: &mut BTreeMap<(u32, u8), Option<String>>,
    heard: &mut BTreeSet<(u32, u8)>,
) {
    match fact {
        Fact::Intent(intent) => {
            for parcel in intent.parcels.iter().filter(|parcel| open.contains_key(&parcel.ordinal)) {
                let parts = (0..ADDITION).filter(|part| parcel.part_set & (1 << part) != 0);
                parts.for_each(|part| {
                    ids.entry((parcel.ordinal, part)).or_default();
                });
            }
        }
        Fact::Answers(answers) => {
            let wanted = |answer: &&PartAnswer| answer.part != ADDITION && open.contains_key(&answer.ordinal);
            for answer in answers.iter().filter(wanted) {
                if let Answer::Accepted(Some(id)) = &answer.answer {
                    let text = id.bytes().escape_ascii().to_string();
                    ids.insert((answer.ordinal, answer.part), Some(text));
                }
            }
        }
        Fact::Receipts(receipts) => {
            let delivered = receipts.iter().filter(|receipt| receipt.status == ReceiptStatus::Delivered);
            heard.extend(delivered.map(|receipt| (receipt.ordinal, receipt.part)));
        }
        Fact::Moved(_) => {}
    }
}
