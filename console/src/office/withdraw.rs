//! Lifting (解除) and correcting (更正): who may, and how it is done in one go. Stopping harm must be as easy as
//! starting it, so the rule stands here once, for pages and API alike: whoever may release may also find the words
//! of a lift; the policy's `withdrawal` says how many people sign; with one, the same click stops and sends. That rule
//! is for the words written beforehand: who changes them signs a text like any other, under the rule of the earlier
//! alert's grade.

use super::{DraftOrder, Follow, Office, OfficeError, Unsent};
use mingluo_model::{
    alert::{Alert, AlertError, AlertKind, AlertState, Content, Language, Text},
    audience::ChannelKind,
    id::AlertId,
    mode::Mode,
    owner::{Officer, Role},
    policy::{GradeRule, ReleasePolicy},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

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

/// What taking an alert back came to.
#[derive(Debug)]
pub struct Withdrawn<M: Mode> {
    /// The lift or correction; released, or waiting for the others.
    pub alert: Alert<M>,
    /// How many different people must sign it.
    pub people: u8,
    /// What could not be sent.
    pub unsent: Vec<Unsent>,
}

/// Whether an officer may begin a lift or a correction: those who write and those who release.
pub fn may_withdraw(officer: &Officer) -> bool {
    officer.may(Role::Author) || officer.may(Role::Releaser)
}

/// Whether an officer may write, hand in and edit an alert of this kind.
pub fn may_write(officer: &Officer, kind: AlertKind) -> bool {
    acting(officer, kind).may(Role::Author)
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
    /// How many different people must sign a lift or a correction in the words written beforehand.
    pub fn withdrawal_people(&self) -> u8 {
        self.policy.withdrawal.people.get()
    }

    /// How many different people must sign a lift or a correction of this alert in other words.
    pub fn own_words_people(&self, earlier: &Alert<M>) -> u8 {
        self.own_words(earlier).people.get()
    }

    /// The rule for a lift or correction in words of one's own: that of the earlier alert's grade, and never fewer
    /// people than the prewritten words need.
    fn own_words(&self, earlier: &Alert<M>) -> GradeRule {
        let rule = self.policy.rule(AlertKind::Alert, earlier.content.grade);
        GradeRule { people: rule.people.max(self.policy.withdrawal.people), ..*rule }
    }

    /// The policy as it holds for this alert: the one-person rule of withdrawals is for prewritten words only.
    ///
    /// # Errors
    /// [`OfficeError::NoSuchAlert`] when the earlier alert is not there; [`OfficeError::Store`].
    pub async fn policy_for(&self, alert: &Alert<M>) -> Result<ReleasePolicy, OfficeError> {
        let (earlier, how) = match alert.content.kind {
            AlertKind::Lift(earlier) => (earlier, Withdrawal::Lift),
            AlertKind::Correction(earlier) => (earlier, Withdrawal::Correct),
            AlertKind::Alert | AlertKind::Update(_) => return Ok(self.policy.clone()),
        };
        let (earlier, _) = self.alert(earlier).await?;
        let mut policy = self.policy.clone();
        if !self.is_prewritten(&alert.content, &earlier, how) {
            policy.withdrawal = self.own_words(&earlier);
        }
        Ok(policy)
    }

    /// Whether every word that any channel would carry is the one written beforehand.
    fn is_prewritten(&self, content: &Content, earlier: &Alert<M>, how: Withdrawal) -> bool {
        let (hazard, grade) = (&earlier.content.hazard, earlier.content.grade);
        let text = Text {
            headline: self.renderer.headline(content.kind, hazard, grade),
            body: self.prewritten(earlier, how),
            instruction: String::new(),
        };
        let texts = BTreeMap::from([(Language::chinese(), text)]);
        content.hazard == *hazard && content.grade == grade && content.texts == texts
    }

    /// Takes a released alert back: drafts and hands in the lift or correction for the same people, and releases it
    /// at once where the policy wants one person and this officer may release. Else it waits for the others. Runs to
    /// its end even if the caller goes away.
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
    ) -> Result<Withdrawn<M>, OfficeError> {
        let (officer, body) = (officer.clone(), body.to_owned());
        self.whole(move |office| async move { office.withdraw_now(&officer, earlier, how, &body).await })
            .await
    }

    async fn withdraw_now(
        &self,
        officer: &Officer,
        earlier: AlertId,
        how: Withdrawal,
        body: &str,
    ) -> Result<Withdrawn<M>, OfficeError> {
        self.refuse_halted()?;
        let earlier = self.standing(officer, earlier).await?;
        let draft = self.draft(officer, &self.withdrawal_order(&earlier, how, body)).await?;
        let submitted = self.submit(officer, draft.id).await?;
        let people = self.policy_for(&submitted).await?.withdrawal.people.get();
        let is_ready = matches!(submitted.state, AlertState::Approved { .. });
        if !is_ready || !officer.may(Role::Releaser) {
            return Ok(Withdrawn { alert: submitted, people, unsent: Vec::new() });
        }
        let (shown, deliveries) = (submitted.content_hash(), submitted.content.audience.deliveries());
        let released = Box::pin(self.release_now(officer, submitted.id, shown, deliveries)).await?;
        Ok(Withdrawn { alert: released.alert, people, unsent: released.unsent })
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
        alert.within_authority(officer, "followed")?;
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
        let longest = self.policy.withdrawal.longest_hours.min(self.own_words(earlier).longest_hours).get();
        DraftOrder {
            hazard: content.hazard.code.clone(),
            grade: content.grade.word().to_owned(),
            headline: String::new(),
            body: body.to_owned(),
            instruction: String::new(),
            area: content.audience.regions.iter().map(ToString::to_string).collect(),
            groups: self.groups_of(&content.audience).map(|entry| entry.name.to_string()).collect(),
            channels: told_on(content),
            reserve: Vec::new(),
            expires: self.clock.now().plus(LIFE.min(Duration::from_hours(longest.into()))),
            follows: Some(follows),
        }
    }
}

/// The channels on which a lift or correction is told: those of the earlier alert and those that took over where they
/// failed. Who was reached on none of them hears nothing of it either.
fn told_on(earlier: &Content) -> Vec<ChannelKind> {
    let counted = earlier.audience.counts.keys();
    let channels: BTreeSet<ChannelKind> = counted.chain(&earlier.reserve).copied().collect();
    channels.into_iter().collect()
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
    fn whoever_heard_it_by_a_reserve_channel_hears_of_its_end() {
        use ChannelKind::{Email, Sms, Speaker};
        let told = told_on(&content(&[Sms], &[Speaker, Email, Sms]));
        assert_eq!(told, BTreeSet::from([Sms, Email, Speaker]).into_iter().collect::<Vec<_>>());
    }

    fn content(channels: &[ChannelKind], reserve: &[ChannelKind]) -> Content {
        let count = mingluo_model::audience::HeadCount { recipients: 1, responsible: 0 };
        let hazard = mingluo_model::hazard::Hazard {
            code: "11B03".into(),
            system: mingluo_model::hazard::HazardSystem::National,
            name_zh: "暴雨".into(),
            name_en: "Rainstorm".into(),
        };
        let regions = vec!["2104".parse().unwrap()];
        Content {
            kind: AlertKind::Alert,
            hazard,
            grade: mingluo_model::grade::Grade::Red,
            class: mingluo_model::priority::EmergencyClass::Emergency,
            texts: BTreeMap::new(),
            area: mingluo_model::area::Area {
                regions: regions.clone(),
                shapes: vec![],
                described: String::new(),
            },
            audience: mingluo_model::audience::Audience {
                edition: mingluo_model::id::EditionId(uuid::Uuid::nil()),
                regions,
                groups: vec![],
                counts: channels.iter().map(|channel| (*channel, count)).collect(),
            },
            reserve: reserve.to_vec(),
            expires: mingluo_model::clock::Timestamp(0),
        }
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
