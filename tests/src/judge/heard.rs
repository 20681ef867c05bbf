//! What a simulator's log says, gathered by recipient: which parts came, under which names, and what became of their
//! receipts. Knows no ledger.

use std::collections::{HashMap, HashSet};

/// One line of a simulator's log, whatever its format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FarEvent<'a> {
    /// A part came and was taken.
    Arrived {
        /// To whom.
        to: &'a str,
        /// Which part of the message, from 0.
        part: u8,
        /// The name that the simulator gave it.
        id: &'a str,
        /// Whether it was answered; what is taken without an answer leaves the sender in doubt.
        answered: bool,
    },
    /// What became of the receipt of a part.
    Receipt {
        /// To whom the part was.
        to: &'a str,
        /// The part's name.
        id: &'a str,
        /// What was said.
        fate: Fate,
    },
    /// A part came and was refused for good, on the wire.
    Refused {
        /// To whom.
        to: &'a str,
    },
}

/// What the simulator said of a part that it had taken; a graver word for a good one never comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Nothing was said, and the log does not say that it was kept back.
    Silent,
    /// The receipt was kept back (扣下).
    Withheld,
    /// The receipt said that it failed.
    Failed,
    /// The receipt said that it arrived.
    Arrived,
}

/// One copy of one part.
#[derive(Debug, Clone)]
pub(super) struct Copy {
    pub(super) part: u8,
    pub(super) id: Box<str>,
    pub(super) answered: bool,
    pub(super) fate: Fate,
}

/// All that one channel's simulators heard.
#[derive(Debug, Default)]
pub struct Heard {
    people: HashMap<Box<str>, Vec<Copy>>,
    /// Of whom something was refused for good.
    refused: HashSet<Box<str>>,
    early: Vec<(Box<str>, Box<str>, Fate)>,
}

impl Heard {
    /// Adds a line.
    pub fn add(&mut self, event: FarEvent<'_>) {
        match event {
            FarEvent::Arrived { to, part, id, answered } => {
                let copy = Copy { part, id: id.into(), answered, fate: Fate::Silent };
                match self.people.get_mut(to) {
                    Some(copies) => copies.push(copy),
                    None => drop(self.people.insert(to.into(), vec![copy])),
                }
            }
            FarEvent::Refused { to } => drop(self.refused.insert(to.into())),
            FarEvent::Receipt { to, id, fate } => {
                if !self.said(to, id, fate) {
                    self.early.push((to.into(), id.into(), fate));
                }
            }
        }
    }

    /// The lines are all there: receipts that stand before their parts find them now.
    pub fn finish(&mut self) {
        for (to, id, fate) in std::mem::take(&mut self.early) {
            self.said(&to, &id, fate);
        }
    }

    fn said(&mut self, to: &str, id: &str, fate: Fate) -> bool {
        let copies = self.people.get_mut(to).map(|copies| copies.iter_mut());
        let Some(copy) = copies.and_then(|mut copies| copies.find(|copy| &*copy.id == id)) else {
            return false;
        };
        copy.fate = copy.fate.max(fate);
        true
    }

    /// Copies of parts in all.
    pub fn copies(&self) -> u64 {
        self.people.values().map(|copies| copies.len() as u64).sum()
    }

    pub(super) fn of(&self, to: &str) -> &[Copy] {
        self.people.get(to).map_or(&[], Vec::as_slice)
    }

    pub(super) fn was_refused(&self, to: &str) -> bool {
        self.refused.contains(to)
    }

    pub(super) fn people(&self) -> impl Iterator<Item = (&str, &[Copy])> {
        self.people.iter().map(|(to, copies)| (&**to, copies.as_slice()))
    }
}

/// What the copies of one recipient amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Not all parts came.
    Incomplete,
    /// All came, and a receipt says that one failed.
    Failed,
    /// All came, and of one at least nothing was said.
    Unconfirmed,
    /// All came and were receipted.
    Arrived,
}

/// The outcome of one recipient of a message with so many parts.
pub(super) fn outcome(copies: &[Copy], parts: u16) -> Outcome {
    let fates: Option<Vec<Fate>> = (0..parts).map(|part| best(copies, part as u8)).collect();
    match fates {
        None => Outcome::Incomplete,
        Some(fates) if fates.contains(&Fate::Failed) => Outcome::Failed,
        Some(fates) if fates.iter().all(|fate| *fate == Fate::Arrived) => Outcome::Arrived,
        Some(_) => Outcome::Unconfirmed,
    }
}

/// The best that was said of one part; `None` when it never came.
pub(super) fn best(copies: &[Copy], part: u8) -> Option<Fate> {
    copies.iter().filter(|copy| copy.part == part).map(|copy| copy.fate).max()
}
