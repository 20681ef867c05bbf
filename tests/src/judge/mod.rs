//! The judge (核对): holds what the ledger says of a channel against what the simulators' own logs say, number by
//! number and name by name. Pure: two summaries and the audience in, a verdict out. Believes neither side.

mod finding;
mod heard;
mod kept;
#[cfg(test)]
mod tests;
mod there;

pub use finding::Finding;
pub use heard::{FarEvent, Fate, Heard};
pub use kept::Kept;

use kept::{CONFIRMED, OPEN, SPARED, TAKEN};
use serde::Serialize;
use std::collections::HashSet;
use there::There;

/// One channel to judge.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What the ledger says.
    pub kept: &'a Kept,
    /// What the simulators heard.
    pub heard: &'a Heard,
    /// Who ought to hear it: the addresses of the area in the roster.
    pub targets: &'a HashSet<Box<str>>,
    /// Copies that may come too many: none, but for a killed process (up to its windows) and for what was sent again
    /// in doubt. Of whom more came, the receipt of one copy may stand for another.
    pub doubles_allowed: u64,
    /// Whether the far side gives receipts at all; without them, accepted is the last word.
    pub receipts: bool,
}

/// The numbers of both sides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Recipients of the plans.
    pub target: u64,
    /// Taken whole by the far side, as the ledger has it.
    pub taken_in_ledger: u64,
    /// Taken whole, as the simulators have it.
    pub taken_by_simulator: u64,
    /// Different parts that the simulators hold.
    pub parts_at_simulator: u64,
    /// Lost.
    pub lost: u64,
    /// Copies too many.
    pub doubles: u64,
    /// Copies that may be too many.
    pub doubles_allowed: u64,
    /// Recipients outside the audience.
    pub strays: u64,
    /// Confirmed by receipt in the ledger.
    pub confirmed_in_ledger: u64,
    /// Confirmed by receipt by the simulators.
    pub confirmed_by_simulator: u64,
    /// Recipients of whom copies came too many: their receipts may be told differently by both sides.
    pub in_doubt: u64,
    /// Parts without a receipt that the ledger names.
    pub unconfirmed_in_ledger: u64,
    /// Parts whose receipt the simulators withheld.
    pub withheld_by_simulator: u64,
    /// Unknown without a name in the ledger.
    pub unanswered_in_ledger: u64,
    /// Taken without an answer by the simulators.
    pub unanswered_by_simulator: u64,
}

/// The verdict on one channel.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// The numbers.
    pub figures: Figures,
    /// What is wrong; nothing when all is well.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Judges one channel.
pub fn judge(case: &Case<'_>) -> Verdict {
    let there = There::of(case);
    let mut verdict = Verdict { figures: figures(case, &there), findings: Vec::new() };
    books(case, &mut verdict.findings);
    arrivals(&there, &mut verdict);
    failures(case.kept, &there, &mut verdict.findings);
    if case.receipts {
        receipts(case, &there, &mut verdict);
    }
    verdict
}

fn figures(case: &Case<'_>, there: &There) -> Figures {
    let kept = case.kept;
    let failed_there = kept.of(&["failed"]).min(there.failed);
    let taken_in_ledger = kept.of(&TAKEN) + failed_there;
    Figures {
        target: kept.target,
        taken_in_ledger,
        taken_by_simulator: there.whole,
        parts_at_simulator: there.parts,
        // Whoever the ledger does not say was refused or spared ought to have it, also who is unknown to it.
        lost: (kept.target + failed_there)
            .saturating_sub(kept.of(&["failed", "expired", "withdrawn"]))
            .saturating_sub(there.whole),
        doubles: there.doubles,
        doubles_allowed: case.doubles_allowed,
        strays: there.strays,
        confirmed_in_ledger: kept.of(&CONFIRMED),
        confirmed_by_simulator: there.confirmed,
        in_doubt: there.touched,
        unconfirmed_in_ledger: kept.unconfirmed.len() as u64,
        withheld_by_simulator: there.withheld.len() as u64,
        unanswered_in_ledger: kept.unanswered,
        unanswered_by_simulator: there.unanswered,
    }
}

/// The ledger by itself.
fn books(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let Kept { target, states, .. } = case.kept;
    let sum: u64 = states.values().sum();
    if sum != *target {
        findings.push(Finding::SumDiffers { target: *target, sum });
    }
    let roster = case.targets.len() as u64;
    if roster != *target {
        findings.push(Finding::TargetDiffers { ledger: *target, roster });
    }
    for state in OPEN {
        let count = case.kept.of(&[state]);
        if count > 0 {
            findings.push(Finding::StillOpen { state: state.to_owned(), count });
        }
    }
    let waiting = case.kept.of(&["accepted"]).saturating_sub(case.kept.accepted_without_receipt);
    if case.receipts && waiting > 0 {
        findings.push(Finding::StillOpen { state: "accepted".to_owned(), count: waiting });
    }
}

/// Who got it.
fn arrivals(there: &There, verdict: &mut Verdict) {
    let Figures { taken_in_ledger, taken_by_simulator, lost, doubles, doubles_allowed, strays, .. } =
        verdict.figures;
    let findings = &mut verdict.findings;
    if lost > 0 {
        findings.push(Finding::Lost { count: lost, among: there.incomplete.clone() });
    }
    let knowing =
        taken_in_ledger + verdict.figures.unanswered_in_ledger.max(verdict.figures.unanswered_by_simulator);
    if taken_by_simulator > knowing {
        findings.push(Finding::Unknowing { count: taken_by_simulator - knowing });
    }
    if doubles > doubles_allowed {
        findings.push(Finding::Doubled {
            count: doubles,
            allowed: doubles_allowed,
            among: there.doubled.clone(),
        });
    }
    if strays > 0 {
        findings.push(Finding::Stray { count: strays, among: there.stray.clone() });
    }
}

/// Whoever is said to have failed was refused there, or reported as failed; nobody is spared unasked.
fn failures(kept: &Kept, there: &There, findings: &mut Vec<Finding>) {
    let (ledger, simulator) = (kept.of(&["failed"]), there.failed + there.refused);
    if ledger > simulator + there.touched {
        findings.push(Finding::FailedUnasked { ledger, simulator });
    }
    for state in SPARED {
        let count = kept.of(&[state]);
        if count > 0 {
            findings.push(Finding::Spared { state: state.to_owned(), count });
        }
    }
}

/// What was said of it.
fn receipts(case: &Case<'_>, there: &There, verdict: &mut Verdict) {
    let figures = &verdict.figures;
    let findings = &mut verdict.findings;
    let (ledger, simulator) = (figures.confirmed_in_ledger, figures.confirmed_by_simulator);
    let least = simulator - there.touched_confirmed;
    if !(least..=least + there.touched).contains(&ledger) {
        findings.push(Finding::ReceiptsDiffer { ledger, simulator });
    }
    let failed = case.kept.of(&["failed"]);
    if there.failed > failed + there.touched {
        findings.push(Finding::FailuresMissing { ledger: failed, simulator: there.failed });
    }
    let unconfirmed = &case.kept.unconfirmed;
    let named = |name: &&String| !there.withheld_names.contains(name.as_str());
    let vanished: Vec<String> = unconfirmed.iter().filter(named).cloned().collect();
    if !vanished.is_empty() {
        findings.push(Finding::ReceiptVanished { count: vanished.len() as u64, ids: few(vanished) });
    }
    let missed = |copies: &&Vec<Box<str>>| !copies.iter().any(|name| unconfirmed.contains(&**name));
    let unmissed: Vec<String> =
        there.withheld.iter().filter(missed).map(|copies| copies[0].to_string()).collect();
    if !unmissed.is_empty() {
        findings.push(Finding::ReceiptUnmissed { count: unmissed.len() as u64, ids: few(unmissed) });
    }
    let (ledger, simulator) = (figures.unanswered_in_ledger, figures.unanswered_by_simulator);
    if ledger.abs_diff(simulator) > case.doubles_allowed {
        findings.push(Finding::UnansweredDiffer { ledger, simulator });
    }
}

fn few(mut names: Vec<String>) -> Vec<String> {
    names.truncate(there::EXAMPLES);
    names
}
