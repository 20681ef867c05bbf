//! Lifting (解除) and correcting (更正): who may, and how it is done in one go. Stopping harm must be as easy as
//! starting it, so the rule stands here once, for pages and API alike: whoever may release may also find the words
//! of a lift; the policy's `withdrawal` says how many people sign; with one, the same click stops and sends.

use super::{DraftOrder, Follow, Office, OfficeError};
use mingluo_model::{
    alert::{Alert, AlertError, AlertKind, AlertState},
    grade::Grade,
    id::AlertId,
    mode::Mode,
    owner::{Officer, Role},
};
use std::{borrow::Cow, time::Duration};

/// How long a lift or a correction may still be delivered, where the policy allows as much.
const LIFE: Duration = Duration::from_hours(6);

/// How an alert is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// 解除: the danger is over.
    Lift,
    /// 更正: it was wrong.
    Correct,
}

impl Withdrawal {
    /// What it does to the earlier alert.
    pub const fn follow(self, earlier: AlertId) -> Follow {
        match self {
            Self::Lift => Follow::Lift(earlier),
            Self::Correct => Follow::Correction(earlier),
        }
    }
}

/// Whether an officer may begin a lift or a correction: those who write and those who release.
pub fn may_withdraw(officer: &Officer) -> bool {
    officer.may(Role::Author) || officer.may(Role::Releaser)
}

/// The officer with the rights that count for an alert of this kind. Who may release may also stop, and stopping
/// needs words: for a lift or a correction the right to release includes writing and handing in.
pub(super) fn acting(officer: &Officer, kind: AlertKind) -> Cow<'_, Officer> {
    let stops = matches!(kind, AlertKind::Lift(_) | AlertKind::Correction(_));
    if !stops || !officer.may(Role::Releaser) || officer.may(Role::Author) {
        return Cow::Borrowed(officer);
    }
    let mut acting = officer.clone();
    acting.roles.push(Role::Author);
    Cow::Owned(acting)
}

impl<M: Mode> Office<M> {
    /// How many different people must sign a lift or a correction.
    pub fn withdrawal_people(&self) -> u8 {
        self.policy.withdrawal.people.get()
    }

    /// Takes a released alert back: drafts and hands in the lift or correction for the same people, and releases it
    /// at once where the policy wants one person and this officer may release. Else it waits for the others.
    ///
    /// # Errors
    /// [`OfficeError::Alert`] when the officer may not or the alert does not stand any more, else as for
    /// [`Office::draft`], [`Office::submit`] and [`Office::release`].
    pub async fn withdraw(
        &self,
        officer: &Officer,
        earlier: AlertId,
        how: Withdrawal,
        body: &str,
    ) -> Result<Alert<M>, OfficeError> {
        let earlier = self.standing(officer, earlier).await?;
        let draft = self.draft(officer, &self.withdrawal_order(&earlier, how, body)).await?;
        let submitted = self.submit(officer, draft.id).await?;
        let is_ready = matches!(submitted.state, AlertState::Approved { .. });
        if !is_ready || !officer.may(Role::Releaser) {
            return Ok(submitted);
        }
        let people = submitted.content.audience.deliveries();
        Ok(Box::pin(self.release(officer, submitted.id, people)).await?.alert)
    }

    /// The alert, if it stands and this officer may take it back.
    ///
    /// # Errors
    /// [`OfficeError::Alert`] and [`OfficeError::NoSuchAlert`].
    pub async fn standing(&self, officer: &Officer, id: AlertId) -> Result<Alert<M>, OfficeError> {
        let (alert, _) = self.alert(id).await?;
        if !may_withdraw(officer) {
            return Err(AlertError::NoRight { officer: officer.id, step: "followed" }.into());
        }
        match alert.state {
            AlertState::Released { .. } => Ok(alert),
            _ => Err(AlertError::WrongState { state: alert.state.word(), step: "followed" }.into()),
        }
    }

    /// Words to the public, written beforehand, so that nobody has to find them at night.
    pub fn prewritten(&self, earlier: &Alert<M>, how: Withdrawal) -> String {
        let at = match &earlier.state {
            AlertState::Released { release, .. } => release.at,
            _ => earlier.created,
        };
        let content = &earlier.content;
        let (at, hazard) = (self.renderer.public_time(at), &content.hazard.name_zh);
        let what = format!("{at}发布的{hazard}{}预警", content.grade.zh());
        match how {
            Withdrawal::Lift => format!("{what}现已解除。请继续留意后续信息。"),
            Withdrawal::Correct => format!("{what}系误发，请忽略，不需要采取行动。给您带来不便，深表歉意。"),
        }
    }

    fn withdrawal_order(&self, earlier: &Alert<M>, how: Withdrawal, body: &str) -> DraftOrder {
        let content = &earlier.content;
        let follows = how.follow(earlier.id);
        let longest = self.policy.rule(follows.into(), Grade::Blue).longest_hours.get();
        let groups = content.audience.groups.iter().filter_map(|group| self.groups.get(*group));
        DraftOrder {
            hazard: content.hazard.code.clone(),
            grade: content.grade.word().to_owned(),
            headline: String::new(),
            body: body.to_owned(),
            instruction: String::new(),
            area: content.audience.regions.iter().map(ToString::to_string).collect(),
            groups: groups.map(|entry| entry.name.to_string()).collect(),
            channels: content.audience.counts.keys().copied().collect(),
            reserve: Vec::new(),
            expires: self.clock.now().plus(LIFE.min(Duration::from_hours(longest.into()))),
            follows: Some(follows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::{
        id::{OfficerId, OrgId},
        owner::Owner,
    };

    fn officer(roles: &[Role]) -> Officer {
        let scope: mingluo_model::region::RegionCode = "2104".parse().unwrap();
        let owner = Owner { org: OrgId(uuid::Uuid::nil()), scope, level: scope.level() };
        Officer { id: OfficerId(uuid::Uuid::nil()), owner, roles: roles.to_vec() }
    }

    #[test]
    fn who_may_release_may_write_what_stops_and_nothing_else() {
        let earlier = AlertId(uuid::Uuid::nil());
        let releaser = officer(&[Role::Releaser]);
        for kind in [AlertKind::Lift(earlier), AlertKind::Correction(earlier)] {
            assert!(acting(&releaser, kind).may(Role::Author));
            assert!(!acting(&officer(&[Role::Approver, Role::Auditor]), kind).may(Role::Author));
        }
        for kind in [AlertKind::Alert, AlertKind::Update(earlier)] {
            assert!(!acting(&releaser, kind).may(Role::Author));
        }
    }
}
