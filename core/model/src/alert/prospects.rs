//! Who could still bring a warning out. Separation of duty can lead into a blind alley: where those who may release
//! have signed already, nobody is left to be one more person. That is told before it happens.

use super::Alert;
use crate::{
    id::OfficerId,
    mode::Mode,
    owner::{Officer, Role},
    policy::ReleasePolicy,
};
use std::collections::BTreeSet;

impl<M: Mode> Alert<M> {
    /// Those of `officers` who may release alerts of this owner, whether they have signed or not.
    pub fn releasers<'a>(&self, officers: &'a [Officer]) -> Vec<&'a Officer> {
        officers.iter().filter(|officer| self.has_hand(officer, Role::Releaser)).collect()
    }

    /// Those of `officers` whose release would make the signatures enough, as it stands.
    pub fn able_to_release<'a>(&self, officers: &'a [Officer], policy: &ReleasePolicy) -> Vec<&'a Officer> {
        let (signed, needed) = (self.state.signers(), self.needed(policy));
        let enough = |officer: &&Officer| {
            let is_new = !signed.contains(&officer.id);
            signed.len() + usize::from(is_new) >= needed
        };
        self.releasers(officers).into_iter().filter(enough).collect()
    }

    /// Whether none of `officers` could bring it out any more once `next` has handed it in or approved it, whoever
    /// else approves.
    pub fn strands(&self, next: &Officer, officers: &[Officer], policy: &ReleasePolicy) -> bool {
        let mut signed = self.state.signers();
        signed.extend([self.author, next.id]);
        let needed = self.needed(policy);
        // The author and the releaser are two; the approvals that are still missing are others'.
        let more = needed.saturating_sub(2).saturating_sub(signed.len() - 1);
        let brings_out = |releaser: &&Officer| {
            let is_new = !signed.contains(&releaser.id);
            let approvers = self.further_approvers(officers, &signed, releaser.id);
            approvers >= more && signed.len() + more + usize::from(is_new) >= needed
        };
        !self.releasers(officers).iter().any(brings_out)
    }

    fn further_approvers(
        &self,
        officers: &[Officer],
        signed: &BTreeSet<OfficerId>,
        releaser: OfficerId,
    ) -> usize {
        let is_free = |officer: &&Officer| officer.id != releaser && !signed.contains(&officer.id);
        let approvers = officers.iter().filter(|officer| self.has_hand(officer, Role::Approver));
        approvers.filter(is_free).count()
    }

    fn has_hand(&self, officer: &Officer, role: Role) -> bool {
        officer.may(role) && officer.owner.covers(&self.owner)
    }

    fn needed(&self, policy: &ReleasePolicy) -> usize {
        usize::from(self.rule(policy).people.get())
    }
}
