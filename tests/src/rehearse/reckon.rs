//! The reckoning: for each channel what the city says, what the simulators' logs say, and the judge's verdict.

use super::{
    api::{Door, Key, PlanView, Unconfirmed},
    far::{Ear, FarSide},
};
use crate::{
    judge::{Case, Kept, Verdict, judge},
    residents::Person,
};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// One channel, reckoned.
#[derive(Debug, Serialize)]
pub(super) struct Reckoned {
    pub(super) channel: &'static str,
    pub(super) plans: Vec<PlanView>,
    pub(super) verdict: Verdict,
    /// Unconfirmed parts by state and reason.
    pub(super) unconfirmed: BTreeMap<String, u64>,
}

/// What one channel is reckoned from.
pub(super) struct Books<'a> {
    pub(super) door: &'a Door,
    pub(super) key: &'a Key,
    pub(super) side: &'a dyn FarSide,
    /// The channel's plans.
    pub(super) plans: Vec<PlanView>,
    /// Addresses of the audience.
    pub(super) targets: &'a HashSet<Box<str>>,
    /// How often mingluo was killed.
    pub(super) kills: u64,
    /// Whether the far side was told to break answers off.
    pub(super) has_faults: bool,
}

impl Books<'_> {
    /// Asks the city for what is unconfirmed, and judges.
    pub(super) async fn reckon(self, ear: &mut Ear) -> anyhow::Result<Reckoned> {
        let mut missing = Vec::new();
        for plan in &self.plans {
            missing.extend(self.door.unconfirmed(self.key, &plan.plan).await?);
        }
        let kept = kept(&self.plans, &missing);
        let case = Case {
            kept: &kept,
            targets: self.targets,
            doubles_allowed: self.doubles_allowed(),
            receipts: self.side.gives_receipts(),
            heard: ear.heard(),
        };
        let verdict = judge(&case);
        let mut unconfirmed: BTreeMap<String, u64> = BTreeMap::new();
        for one in &missing {
            *unconfirmed.entry(format!("{}/{}", one.state, one.reason)).or_default() += 1;
        }
        Ok(Reckoned { channel: self.side.kind().word(), plans: self.plans, verdict, unconfirmed })
    }

    /// After a kill what was in the windows may come twice. Where answers were broken off, what the city says that it sent
    /// again in doubt; where none were, there is nothing to doubt.
    fn doubles_allowed(&self) -> u64 {
        if self.kills > 0 {
            return self.side.window() * self.kills;
        }
        if !self.has_faults {
            return 0;
        }
        self.plans.iter().map(|plan| plan.resent_in_doubt * u64::from(plan.parts)).sum()
    }
}

fn kept(plans: &[PlanView], missing: &[Unconfirmed]) -> Kept {
    let mut kept = Kept::default();
    for plan in plans {
        kept.target += plan.counts.target;
        kept.parts = kept.parts.max(plan.parts);
        kept.accepted_without_receipt += plan.counts.accepted_without_receipt;
        for (state, count) in &plan.counts.states {
            *kept.states.entry(state.clone()).or_default() += count;
        }
    }
    kept.unconfirmed = missing.iter().filter_map(|one| one.provider_id.clone()).collect();
    let nameless: HashSet<u32> =
        missing.iter().filter(|one| one.provider_id.is_none()).map(|one| one.ordinal).collect();
    kept.unanswered = nameless.len() as u64;
    kept
}

/// The addresses of the audience on one channel.
pub(super) fn targets(side: &dyn FarSide, people: impl Iterator<Item = Person>) -> HashSet<Box<str>> {
    people.filter_map(|person| side.address(&person)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(ordinal: u32, part: u8, id: Option<&str>) -> Unconfirmed {
        let (state, reason) = ("accepted".to_owned(), "no-receipt".to_owned());
        Unconfirmed { ordinal, part, state, reason, provider_id: id.map(str::to_owned) }
    }

    #[test]
    fn a_person_with_two_unanswered_parts_is_one_and_names_are_names() {
        let kept = kept(&[], &[missing(1, 0, None), missing(1, 1, None), missing(2, 0, Some("77"))]);
        assert_eq!(kept.unanswered, 1);
        assert_eq!(kept.unconfirmed, ["77".to_owned()].into());
    }
}
