//! The simulators' side in numbers, recipient by recipient.

use super::{
    Case,
    heard::{Copy, Fate, Outcome, best, outcome},
};
use std::collections::BTreeSet;

/// Examples that a finding names.
pub(super) const EXAMPLES: usize = 3;

/// What the simulators' side amounts to.
#[derive(Default)]
pub(super) struct There {
    pub(super) whole: u64,
    pub(super) failed: u64,
    /// Recipients who did not get all of it, and of whom something was refused for good.
    pub(super) refused: u64,
    pub(super) confirmed: u64,
    pub(super) parts: u64,
    pub(super) doubles: u64,
    pub(super) strays: u64,
    pub(super) unanswered: u64,
    /// Recipients with copies too many.
    pub(super) touched: u64,
    /// Of these, the ones that the simulators confirmed.
    pub(super) touched_confirmed: u64,
    pub(super) incomplete: Vec<String>,
    pub(super) doubled: Vec<String>,
    pub(super) stray: Vec<String>,
    /// For each part without a receipt, the names that its copies have.
    pub(super) withheld: Vec<Vec<Box<str>>>,
    /// Every name that the ledger may miss a receipt of.
    pub(super) withheld_names: BTreeSet<Box<str>>,
}

impl There {
    /// Counts what everybody of the audience got, and who else got anything.
    pub(super) fn of(case: &Case<'_>) -> Self {
        let mut there = Self::default();
        for to in case.targets {
            there.count(to, case);
        }
        for (to, _) in case.heard.people().filter(|(to, _)| !case.targets.contains(*to)) {
            there.strays += 1;
            example(&mut there.stray, to);
        }
        there
    }

    fn count(&mut self, to: &str, case: &Case<'_>) {
        let (copies, parts) = (case.heard.of(to), case.kept.parts);
        let different: BTreeSet<u8> = copies.iter().map(|copy| copy.part).collect();
        self.parts += different.len() as u64;
        let doubles = copies.len() - different.len();
        self.doubles += doubles as u64;
        if doubles > 0 {
            example(&mut self.doubled, to);
        }
        let outcome = outcome(copies, parts);
        match outcome {
            Outcome::Incomplete => {
                self.refused += u64::from(case.heard.was_refused(to));
                example(&mut self.incomplete, to);
            }
            Outcome::Failed => self.failed += 1,
            Outcome::Unconfirmed => {}
            Outcome::Arrived => self.confirmed += 1,
        }
        self.whole += u64::from(outcome != Outcome::Incomplete);
        if doubles > 0 {
            self.touched += 1;
            self.touched_confirmed += u64::from(outcome == Outcome::Arrived);
            self.withheld_names.extend(copies.iter().map(|copy| copy.id.clone()));
        } else {
            self.silences(copies, &different, outcome);
        }
    }

    fn silences(&mut self, copies: &[Copy], different: &BTreeSet<u8>, outcome: Outcome) {
        let withheld = |copy: &&Copy| copy.fate == Fate::Withheld;
        self.withheld_names.extend(copies.iter().filter(withheld).map(|copy| copy.id.clone()));
        if outcome == Outcome::Failed {
            return;
        }
        let mut unanswered = false;
        for part in different {
            let same: Vec<&Copy> = copies.iter().filter(|copy| copy.part == *part).collect();
            if same.iter().all(|copy| !copy.answered && copy.fate < Fate::Failed) {
                unanswered = true;
            } else if best(copies, *part) == Some(Fate::Withheld) {
                self.withheld.push(same.into_iter().filter(withheld).map(|copy| copy.id.clone()).collect());
            }
        }
        self.unanswered += u64::from(unanswered);
    }
}

fn example(examples: &mut Vec<String>, address: &str) {
    if examples.len() < EXAMPLES {
        examples.push(masked(address));
    }
}

/// An address as it may be printed: also of people who do not exist, since habits are formed in rehearsals.
fn masked(address: &str) -> String {
    let letters: Vec<char> = address.chars().collect();
    match letters.len() {
        0..8 => "***".to_owned(),
        length => letters[..3].iter().chain(&['*'; 4]).chain(&letters[length - 4..]).collect(),
    }
}
