//! What the board shows of a plan, taken from the engine's own counters: never a count over deliveries.

use crate::{
    progress::{Additions, Progress},
    tally::{Counts, SHOWN},
};
use mingluo_model::{
    audience::ChannelKind,
    channel::ReceiptFor,
    clock::Timestamp,
    delivery::{DeliveryState, Reason},
    id::{AlertId, PlanId},
    mode::Mode,
    plan::{AccountName, Cause, PlanStatus},
    region::RegionCode,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// One plan as it stands now.
#[derive(Debug, Clone, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something else of a plan, and any of them may come together"
)]
pub struct PlanView {
    /// The plan.
    pub plan: PlanId,
    /// Its alert.
    pub alert: AlertId,
    /// Its channel.
    pub channel: ChannelKind,
    /// Its account.
    pub account: AccountName,
    /// Open, stopped or closed.
    pub status: PlanStatus,
    /// Nothing is left to send, to wait for or to decide: only a late receipt can still move a count. Turns true
    /// before the plan is closed, which the settings put off so that late receipts find it.
    pub settled: bool,
    /// Whether it takes over what another channel could not reach.
    pub is_fallback: bool,
    /// Whether it asks a responsible person to answer (叫应): nobody signed for it, and no sum counts it.
    pub is_call: bool,
    /// The plan whose account could not send; these were its unsent rest.
    pub instead_of: Option<PlanId>,
    /// Recipients to whom another account sends instead; they are counted in its plan and no more in this one.
    pub handed_over: u32,
    /// Whether the far side tells totals only (a mass send): what is accepted has left us, and nobody says of anybody whether
    /// it arrived.
    pub told_in_totals: bool,
    /// Parts of the message.
    pub parts: u16,
    /// What became of the flashes (闪信) beside the messages; `None` where none left.
    pub additions: Option<Additions>,
    /// When the hold ends.
    pub not_before: Timestamp,
    /// When the first intent was made.
    pub first_byte: Option<Timestamp>,
    /// Deliveries sent again although an earlier try may have arrived.
    pub resent_in_doubt: u32,
    /// The counts of all.
    pub counts: CountsView,
    /// The counts of each township.
    pub districts: BTreeMap<RegionCode, CountsView>,
}

/// Counts by state, and how long it took.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CountsView {
    /// Recipients in all, but for those that were handed over; equals the sum of `states`.
    pub target: u32,
    /// By state, those with any.
    pub states: BTreeMap<&'static str, u32>,
    /// Failed by reason.
    pub failed: BTreeMap<&'static str, u32>,
    /// Unknown by reason.
    pub unknown: BTreeMap<&'static str, u32>,
    /// Accepted ones whose receipt was given up.
    pub accepted_without_receipt: u32,
    /// Milliseconds from the end of the hold until half had arrived.
    pub reached_50_ms: Option<u64>,
    /// Until nine in ten had.
    pub reached_90_ms: Option<u64>,
    /// Until nineteen in twenty had.
    pub reached_95_ms: Option<u64>,
}

impl PlanView {
    /// The view of a plan in progress.
    pub fn of<M: Mode>(progress: &Progress<M>, now: Timestamp) -> Self {
        let plan = progress.plan();
        Self {
            plan: plan.id,
            alert: plan.alert,
            channel: plan.channel,
            account: plan.account.clone(),
            status: progress.status(),
            settled: progress.status() == PlanStatus::Closed || progress.is_settled(now),
            is_fallback: matches!(plan.cause, Cause::FallbackOf(_)),
            is_call: plan.cause == Cause::Call,
            instead_of: plan.instead_of,
            handed_over: progress.tally().total().handed_over(),
            told_in_totals: progress.receipts() == ReceiptFor::Job,
            parts: progress.parts(),
            additions: Some(progress.additions()).filter(|some| *some != Additions::default()),
            not_before: plan.not_before,
            first_byte: progress.first_byte(),
            resent_in_doubt: progress.resent_in_doubt(),
            counts: CountsView::of(progress.tally().total()),
            districts: progress
                .tally()
                .districts()
                .map(|(code, counts)| (code, CountsView::of(counts)))
                .collect(),
        }
    }
}

impl CountsView {
    /// The view of some counts.
    pub fn of(counts: &Counts) -> Self {
        let handed_over = counts.handed_over();
        let of = |state: DeliveryState| match state {
            DeliveryState::Withdrawn => counts.of(state) - handed_over,
            state => counts.of(state),
        };
        let states = DeliveryState::ALL.into_iter().map(|state| (state.word(), of(state)));
        let [half, most, nearly_all] =
            SHOWN.map(|share| counts.reached(share).map(|time| time.as_millis() as u64));
        Self {
            target: counts.total() - handed_over,
            states: states.filter(|(_, count)| *count > 0).collect(),
            failed: by_reason(counts, DeliveryState::Failed),
            unknown: by_reason(counts, DeliveryState::Unknown),
            accepted_without_receipt: counts.of_reason(DeliveryState::Accepted, Reason::NoReceipt),
            reached_50_ms: half,
            reached_90_ms: most,
            reached_95_ms: nearly_all,
        }
    }
}

fn by_reason(counts: &Counts, state: DeliveryState) -> BTreeMap<&'static str, u32> {
    let all = Reason::ALL.into_iter().map(|reason| (reason.word(), counts.of_reason(state, reason)));
    all.filter(|(_, count)| *count > 0).collect()
}
