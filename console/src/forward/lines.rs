//! Receipts as the platform reads them: a JSON object a line. `plan`, `ordinal` and `part` name what it is about, so that
//! whoever gets a line twice knows it.

use mingluo_dispatch::roster::{Lookup, Roster};
use mingluo_ledger::{
    Store, StoreError,
    event::{Event, Fact, PartReceipt},
    store::LogPlace,
};
use mingluo_model::{
    audience::ChannelKind,
    delivery::Reason,
    id::{EditionId, PlanId},
    plan::Target,
};
use serde::Serialize;
use std::{collections::HashMap, sync::Arc};

/// Plans remembered at once; when there are more, all are read anew.
const PLANS: usize = 256;

/// Octets of a line, about.
const LINE: usize = 256;

/// Receipts of an event.
pub(super) const fn count(event: &Event) -> usize {
    match &event.fact {
        Fact::Receipts(receipts) => receipts.len(),
        _ => 0,
    }
}

/// One receipt.
#[derive(Serialize)]
struct Line<'a> {
    alert: &'a str,
    plan: &'a str,
    channel: &'static str,
    /// The recipient in the plan's edition of the roster.
    ordinal: u32,
    /// Part of the message, from 0.
    part: u8,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// When it reached us, in milliseconds since 1970.
    at: i64,
    /// The address; left out for those who opted out since.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
}

/// What lines say of a plan.
struct About {
    alert: String,
    plan: String,
    channel: ChannelKind,
    edition: Option<EditionId>,
}

/// Writes lines.
pub(super) struct Writer {
    store: Arc<dyn Store>,
    roster: Arc<Roster>,
    plans: HashMap<PlanId, Arc<About>>,
}

impl Writer {
    pub(super) fn new(store: Arc<dyn Store>, roster: Arc<Roster>) -> Self {
        Self { store, roster, plans: HashMap::new() }
    }

    /// The lines of some events; none where nothing in them moves a delivery.
    pub(super) async fn write(&mut self, events: &[(LogPlace, Event)]) -> Result<Vec<u8>, StoreError> {
        let receipts = events.iter().map(|(_, event)| count(event)).sum::<usize>();
        let mut body = Vec::with_capacity(receipts * LINE);
        for (_, event) in events {
            if let Fact::Receipts(receipts) = &event.fact {
                let about = self.about(event.plan).await?;
                let to = self.addresses(&about, receipts).await?;
                for (receipt, to) in receipts.iter().zip(&to) {
                    write_line(&mut body, &about, event, *receipt, to)?;
                }
            }
        }
        Ok(body)
    }

    async fn about(&mut self, plan: PlanId) -> Result<Arc<About>, StoreError> {
        if let Some(about) = self.plans.get(&plan) {
            return Ok(Arc::clone(about));
        }
        let damaged =
            || StoreError::Damaged { what: "an event", problem: format!("there is no plan {plan}") };
        let stored = self.store.plan(plan).await?.ok_or_else(damaged)?;
        let fields = stored.fields();
        let edition = match fields.target {
            Target::People { edition, .. } => Some(edition),
            Target::Place { .. } => None,
        };
        let about = Arc::new(About {
            alert: fields.alert.to_string(),
            plan: plan.to_string(),
            channel: fields.channel,
            edition,
        });
        if self.plans.len() >= PLANS {
            self.plans.clear();
        }
        self.plans.insert(plan, Arc::clone(&about));
        Ok(about)
    }

    async fn addresses(&self, about: &About, receipts: &[PartReceipt]) -> Result<Vec<Lookup>, StoreError> {
        let Some(edition) = about.edition else { return Ok(vec![Lookup::Missing; receipts.len()]) };
        let ordinals = receipts.iter().map(|receipt| receipt.ordinal);
        self.roster.addresses(edition, about.channel, ordinals).await
    }
}

fn write_line(
    body: &mut Vec<u8>,
    about: &About,
    event: &Event,
    receipt: PartReceipt,
    to: &Lookup,
) -> Result<(), StoreError> {
    let Some((state, reason)) = receipt.status.state() else { return Ok(()) };
    let line = Line {
        alert: &about.alert,
        plan: &about.plan,
        channel: about.channel.word(),
        ordinal: receipt.ordinal,
        part: receipt.part,
        state: state.word(),
        reason: (reason != Reason::None).then(|| reason.word()),
        at: event.at.0,
        to: match to {
            Lookup::Found(address) | Lookup::StruckOff(address) => Some(address.expose()),
            // Who refused our messages is not named to others either.
            Lookup::OptedOut(_) | Lookup::Missing => None,
        },
    };
    let unwritten =
        |error: serde_json::Error| StoreError::Damaged { what: "a receipt", problem: error.to_string() };
    serde_json::to_writer(&mut *body, &line).map_err(unwritten)?;
    body.push(b'\n');
    Ok(())
}
