//! Whose hands a warning still needs: the officers there are, and who of them could bring it out. Read from the store
//! when it is asked, so that a releaser who was added a minute ago counts.

use super::{Office, OfficeError};
use mingluo_ledger::store::OfficerRow;
use mingluo_model::{
    alert::{Alert, AlertError},
    clock::Timestamp,
    id::OfficerId,
    mode::Mode,
    owner::Officer,
};
use std::collections::BTreeSet;

/// A blind alley: what would be signed could not be released by anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranded {
    /// How many different people must sign.
    pub needed: u8,
    /// Names of those who may release, all of whom would have signed; empty when there is nobody.
    pub releasers: Vec<String>,
}

impl<M: Mode> Office<M> {
    /// Whether handing in or approving by this officer would leave nobody who can release.
    ///
    /// # Errors
    /// [`OfficeError::Store`]; [`OfficeError::NoSuchAlert`] when the earlier alert is not there.
    pub async fn stranded_by(
        &self,
        officer: &Officer,
        alert: &Alert<M>,
    ) -> Result<Option<Stranded>, OfficeError> {
        let (rows, policy) = (self.store.officers().await?, self.policy_for(alert).await?);
        let officers = officers(&rows);
        if !alert.strands(officer, &officers, &policy) {
            return Ok(None);
        }
        let needed = policy.rule(alert.content.kind, alert.content.grade).people.get();
        let releasers = alert.releasers(&officers).iter().map(|officer| officer.id).collect();
        Ok(Some(Stranded { needed, releasers: named(&rows, &releasers) }))
    }

    /// Those who could release an approved alert now: their ids and names.
    ///
    /// # Errors
    /// [`OfficeError::Store`]; [`OfficeError::NoSuchAlert`] when the earlier alert is not there.
    pub async fn able_to_release(&self, alert: &Alert<M>) -> Result<Vec<(OfficerId, String)>, OfficeError> {
        let (rows, policy) = (self.store.officers().await?, self.policy_for(alert).await?);
        let officers = officers(&rows);
        let able: BTreeSet<_> =
            alert.able_to_release(&officers, &policy).iter().map(|officer| officer.id).collect();
        let able = rows.into_iter().filter(|row| able.contains(&row.officer.id));
        Ok(able.map(|row| (row.officer.id, row.name)).collect())
    }

    /// Whether this officer could release the alert now, but for the number of people.
    ///
    /// # Errors
    /// As for [`Office::release`].
    pub async fn may_release(&self, officer: &Officer, alert: &Alert<M>) -> Result<(), OfficeError> {
        self.refuse_void(alert).await?;
        self.released(officer, alert.clone(), self.clock.now()).await.map(drop)
    }

    /// The alert, released by this officer; who is missing is told by name.
    pub(super) async fn released(
        &self,
        officer: &Officer,
        alert: Alert<M>,
        now: Timestamp,
    ) -> Result<Alert<M>, OfficeError> {
        let policy = self.policy_for(&alert).await?;
        match alert.clone().release(officer, &policy, now) {
            Err(AlertError::TooFewPeople { grade, needed, signed }) => {
                let mut signers = alert.state.signers();
                signers.insert(officer.id);
                let by = named(&self.store.officers().await?, &signers);
                let able = self.able_to_release(&alert).await?.into_iter().map(|(_, name)| name).collect();
                Err(OfficeError::TooFewPeople { grade, needed, signed, by, able })
            }
            done => Ok(done?),
        }
    }
}

/// Those who can sign in.
fn officers(rows: &[OfficerRow]) -> Vec<Officer> {
    rows.iter().filter(|row| row.enabled).map(|row| row.officer.clone()).collect()
}

/// Their names, or the beginning of the id of one who is not in the list.
fn named(rows: &[OfficerRow], wanted: &BTreeSet<OfficerId>) -> Vec<String> {
    let name = |id: &OfficerId| match rows.iter().find(|row| row.officer.id == *id) {
        Some(row) => row.name.clone(),
        None => id.to_string().chars().take(8).collect(),
    };
    wanted.iter().map(name).collect()
}
