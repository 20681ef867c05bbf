//! A warning and its life: drafted, submitted, approved, released, and then updated, lifted, corrected or
//! expired. Every step consumes the warning and answers with the next state or with the rule it broke.

use crate::{
    area::Area,
    audience::{Audience, ChannelKind},
    clock::Timestamp,
    grade::Grade,
    hazard::Hazard,
    id::{AlertId, OfficerId},
    mode::{Mode, ModeKind},
    owner::{Officer, Owner, Role},
    policy::{GradeRule, ReleasePolicy},
    priority::EmergencyClass,
    problem::Problem,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, collections::BTreeSet, marker::PhantomData};

/// What a warning does to an earlier one (关联). A released warning is never edited, only followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertKind {
    /// 发布: the first of its chain.
    Alert,
    /// 更新: replaces the earlier one.
    Update(AlertId),
    /// 解除: the danger is over.
    Lift(AlertId),
    /// 更正: the earlier one was wrong.
    Correction(AlertId),
}

impl AlertKind {
    /// The warning that this one follows, if any.
    pub const fn follows(self) -> Option<AlertId> {
        match self {
            Self::Alert => None,
            Self::Update(earlier) | Self::Lift(earlier) | Self::Correction(earlier) => Some(earlier),
        }
    }
}

/// A language tag of a text (BCP 47), `zh-CN` first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(pub String);

impl Language {
    /// Chinese as it is written in the mainland.
    pub fn chinese() -> Self {
        Self("zh-CN".to_owned())
    }
}

/// The words of a warning in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The headline (标题): issuer, action, event, colour.
    pub headline: String,
    /// What happens where and when (正文).
    pub body: String,
    /// What people should do (防御指南); may be empty.
    pub instruction: String,
}

/// What the author wrote and the others sign. The signature binds to the hash of exactly this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Alert, update, lift or correction.
    pub kind: AlertKind,
    /// The event type.
    pub hazard: Hazard,
    /// The grade.
    pub grade: Grade,
    /// Emergency or daily, for the order of sending.
    pub class: EmergencyClass,
    /// The words by language; `zh-CN` must be there.
    pub texts: BTreeMap<Language, Text>,
    /// Where it holds.
    pub area: Area,
    /// Who must hear it, with the counts that were previewed.
    pub audience: Audience,
    /// Channels for those whom the audience's channels fail to reach (补发渠道), in the order in which they are tried.
    #[serde(default)]
    pub reserve: Vec<ChannelKind>,
    /// When it ends (失效时间); nothing of it is sent later.
    pub expires: Timestamp,
}

/// The hash that signatures bind to (SHA-256 over mode and canonical JSON of the content).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContentHash(pub [u8; 32]);

impl std::fmt::Debug for ContentHash {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ContentHash({})", hex::encode(&self.0[..8]))
    }
}

impl Content {
    /// The hash of this content in this mode; a drill's never equals a live one's.
    ///
    /// # Panics
    /// Never: every map in a content has text keys and every value encodes.
    pub fn hash(&self, mode: ModeKind) -> ContentHash {
        let json =
            serde_json::to_vec(self).expect("maps here have text keys and no value can fail to encode");
        let mut digest = Sha256::new();
        digest.update(b"mingluo/content/1\0");
        digest.update([mode.number()]);
        digest.update(json);
        ContentHash(digest.finalize().into())
    }
}

/// One officer's signature under one content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Who signed.
    pub officer: OfficerId,
    /// When.
    pub at: Timestamp,
    /// What was signed.
    pub content: ContentHash,
}

/// Where a warning stands in its life (状态).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum AlertState {
    /// 拟稿: may be edited by its author.
    Draft,
    /// 待审: waits for approval.
    Submitted {
        /// The author's submission.
        submitted: Signature,
        /// Approvals so far, fewer than the policy wants.
        approvals: Vec<Signature>,
    },
    /// 待发: approved, waits for release.
    Approved {
        /// The author's submission.
        submitted: Signature,
        /// The approvals.
        approvals: Vec<Signature>,
    },
    /// 已发布: leaves when the hold ends.
    Released {
        /// The release; its time starts the hold.
        release: Signature,
        /// Nothing leaves before this instant.
        hold_until: Timestamp,
    },
    /// 已更新: replaced by a later one.
    Updated {
        /// The later one.
        by: AlertId,
        /// When.
        at: Timestamp,
    },
    /// 已解除.
    Lifted {
        /// The lift.
        by: AlertId,
        /// When.
        at: Timestamp,
    },
    /// 已更正.
    Corrected {
        /// The correction.
        by: AlertId,
        /// When.
        at: Timestamp,
    },
    /// 已失效: its time ran out.
    Expired {
        /// When that was noticed.
        at: Timestamp,
    },
    /// 已撤回: recalled within the hold, nothing left.
    Recalled {
        /// Who recalled it.
        by: OfficerId,
        /// When.
        at: Timestamp,
    },
}

impl AlertState {
    /// The word kept in the ledger and used on the API.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted { .. } => "submitted",
            Self::Approved { .. } => "approved",
            Self::Released { .. } => "released",
            Self::Updated { .. } => "updated",
            Self::Lifted { .. } => "lifted",
            Self::Corrected { .. } => "corrected",
            Self::Expired { .. } => "expired",
            Self::Recalled { .. } => "recalled",
        }
    }
}

/// A warning (预警) as one officer wrote it and others signed it.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert<M: Mode> {
    /// Its id.
    pub id: AlertId,
    /// Whose it is.
    pub owner: Owner,
    /// Who wrote it.
    pub author: OfficerId,
    /// When the draft was begun.
    pub created: Timestamp,
    /// What is said to whom.
    pub content: Content,
    /// Where it stands.
    pub state: AlertState,
    mode: PhantomData<M>,
}

/// Why a step in a warning's life was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AlertError {
    /// The step does not exist from this state.
    #[error("alert is {state}, it cannot be {step}")]
    WrongState {
        /// The state's word.
        state: &'static str,
        /// The step that was tried.
        step: &'static str,
    },
    /// The officer lacks the right for the step.
    #[error("officer {officer} lacks the right to {step}")]
    NoRight {
        /// Who.
        officer: OfficerId,
        /// The step.
        step: &'static str,
    },
    /// The alert belongs to an organisation that the one that acts is not set over.
    #[error("the alert belongs to scope {scope}, an organisation with scope {own} may not {step} it")]
    BeyondAuthority {
        /// The step.
        step: &'static str,
        /// The scope of the alert's owner.
        scope: crate::region::RegionCode,
        /// The scope of who acts.
        own: crate::region::RegionCode,
    },
    /// Somebody else tried to hand the author's words in; handing in is the author's signature.
    #[error("only the author can submit a draft, for this is their signature")]
    NotTheAuthor,
    /// A lift or correction leaves out people whom the earlier alert warned.
    #[error("{part}: {left_out} was warned and would not be told")]
    LeavesOut {
        /// `area` or `groups`.
        part: &'static str,
        /// What is left out.
        left_out: String,
    },
    /// The author tried to approve their own words.
    #[error("the author cannot approve their own alert")]
    AuthorCannotApprove,
    /// The same officer approved before.
    #[error("officer {officer} has approved already")]
    ApprovedBefore {
        /// Who.
        officer: OfficerId,
    },
    /// Too few different people have signed.
    #[error("grade {} needs {needed} different people, {signed} would have signed", grade.word())]
    TooFewPeople {
        /// The grade.
        grade: Grade,
        /// How many the policy wants.
        needed: u8,
        /// How many it would be.
        signed: u8,
    },
    /// The content is not what was signed.
    #[error("the content was changed after it was signed")]
    ContentChanged,
    /// The alert's end lies in the past.
    #[error("the alert expired at {expires:?}")]
    AlreadyExpired {
        /// Its end.
        expires: Timestamp,
    },
    /// The alert would hold longer than its grade allows.
    #[error("expiry: the alert would hold for {hours} hours, grade {} allows {longest}", grade.word())]
    TooLong {
        /// Hours from now to the expiry, rounded up.
        hours: u64,
        /// Hours allowed.
        longest: u8,
        /// The grade.
        grade: Grade,
    },
    /// A region lies outside of the organisation's scope.
    #[error("region {region} lies outside of the organisation's scope {scope}")]
    OutOfScope {
        /// The region.
        region: crate::region::RegionCode,
        /// The scope.
        scope: crate::region::RegionCode,
    },
    /// Nobody would be reached.
    #[error("the audience is empty: no recipient in these regions has an address on these channels")]
    EmptyAudience,
    /// The Chinese text is missing or empty.
    #[error("texts: the zh-CN {part} is empty")]
    NoText {
        /// Headline or body.
        part: &'static str,
    },
    /// The hold is over: it can be lifted or corrected, not recalled.
    #[error("the hold ended at {hold_until:?}; lift or correct the alert instead")]
    HoldOver {
        /// When.
        hold_until: Timestamp,
    },
}

impl Problem for AlertError {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongState { .. } => "alert-wrong-state",
            Self::NoRight { .. } => "alert-no-right",
            Self::BeyondAuthority { .. } => "alert-beyond-authority",
            Self::NotTheAuthor => "alert-not-the-author",
            Self::LeavesOut { .. } => "alert-leaves-out",
            Self::AuthorCannotApprove => "alert-author-cannot-approve",
            Self::ApprovedBefore { .. } => "alert-approved-before",
            Self::TooFewPeople { .. } => "alert-too-few-people",
            Self::ContentChanged => "alert-content-changed",
            Self::AlreadyExpired { .. } => "alert-already-expired",
            Self::TooLong { .. } => "alert-holds-too-long",
            Self::OutOfScope { .. } => "alert-out-of-scope",
            Self::EmptyAudience => "alert-empty-audience",
            Self::NoText { .. } => "alert-no-text",
            Self::HoldOver { .. } => "alert-hold-over",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::WrongState { state, step } => vec![("state", (*state).into()), ("step", (*step).into())],
            Self::NoRight { officer, step } => {
                vec![("officer", officer.to_string()), ("step", (*step).into())]
            }
            Self::BeyondAuthority { step, scope, own } => {
                vec![("step", (*step).into()), ("scope", scope.to_string()), ("own", own.to_string())]
            }
            Self::LeavesOut { part, left_out } => {
                vec![("part", (*part).into()), ("left_out", left_out.clone())]
            }
            Self::ApprovedBefore { officer } => vec![("officer", officer.to_string())],
            Self::TooFewPeople { grade, needed, signed } => {
                vec![
                    ("grade", grade.zh().into()),
                    ("needed", needed.to_string()),
                    ("signed", signed.to_string()),
                ]
            }
            Self::AlreadyExpired { expires } => vec![("expires", expires.0.to_string())],
            Self::TooLong { hours, longest, grade } => {
                vec![
                    ("hours", hours.to_string()),
                    ("longest", longest.to_string()),
                    ("grade", grade.zh().into()),
                ]
            }
            Self::OutOfScope { region, scope } => {
                vec![("region", region.to_string()), ("scope", scope.to_string())]
            }
            Self::NoText { part } => vec![("part", (*part).into())],
            Self::HoldOver { hold_until } => vec![("until", hold_until.0.to_string())],
            Self::NotTheAuthor | Self::AuthorCannotApprove | Self::ContentChanged | Self::EmptyAudience => {
                Vec::new()
            }
        }
    }
}

impl<M: Mode> Alert<M> {
    /// Begins a draft.
    ///
    /// # Errors
    /// [`AlertError::NoRight`] if the officer may not write; the errors of [`Alert::check`].
    pub fn draft(
        id: AlertId,
        officer: &Officer,
        content: Content,
        at: Timestamp,
    ) -> Result<Self, AlertError> {
        demand(officer, Role::Author, "draft")?;
        let alert = Self {
            id,
            owner: officer.owner,
            author: officer.id,
            created: at,
            content,
            state: AlertState::Draft,
            mode: PhantomData,
        };
        alert.check(at)?;
        Ok(alert)
    }

    /// Puts an alert together again from what the ledger kept; makes no check, since a kept alert passed them.
    pub fn restore(
        id: AlertId,
        owner: Owner,
        author: OfficerId,
        created: Timestamp,
        content: Content,
        state: AlertState,
    ) -> Self {
        Self { id, owner, author, created, content, state, mode: PhantomData }
    }

    /// The hash of the content in this mode.
    pub fn content_hash(&self) -> ContentHash {
        self.content.hash(M::KIND)
    }

    /// The rules that hold for the content at any time before release.
    ///
    /// # Errors
    /// [`AlertError::NoText`], [`AlertError::OutOfScope`], [`AlertError::EmptyAudience`] or
    /// [`AlertError::AlreadyExpired`].
    pub fn check(&self, now: Timestamp) -> Result<(), AlertError> {
        let text = self.content.texts.get(&Language::chinese()).ok_or(AlertError::NoText { part: "text" })?;
        if text.headline.trim().is_empty() {
            return Err(AlertError::NoText { part: "headline" });
        }
        if text.body.trim().is_empty() {
            return Err(AlertError::NoText { part: "body" });
        }
        let scope = self.owner.scope;
        if let Some(region) =
            self.content.audience.regions.iter().copied().find(|code| !scope.contains(*code))
        {
            return Err(AlertError::OutOfScope { region, scope });
        }
        if self.content.audience.deliveries() == 0 {
            return Err(AlertError::EmptyAudience);
        }
        if self.content.expires <= now {
            return Err(AlertError::AlreadyExpired { expires: self.content.expires });
        }
        Ok(())
    }

    /// The author hands the draft in (提交). Where the policy wants one person only, it waits for release at once.
    /// This is the author's signature, the first of those that the policy counts: nobody gives it for another.
    ///
    /// # Errors
    /// [`AlertError::WrongState`] unless it is a draft, [`AlertError::NotTheAuthor`], and the errors of
    /// [`Alert::check`].
    pub fn submit(
        mut self,
        officer: &Officer,
        policy: &ReleasePolicy,
        at: Timestamp,
    ) -> Result<Self, AlertError> {
        demand(officer, Role::Author, "submit")?;
        if self.state != AlertState::Draft {
            return Err(self.wrong("submitted"));
        }
        if officer.id != self.author {
            return Err(AlertError::NotTheAuthor);
        }
        self.within_authority(officer, "submit")?;
        self.check(at)?;
        let submitted = self.signature(officer, at);
        let approvals = Vec::new();
        self.state = if self.rule(policy).people.get() == 1 {
            AlertState::Approved { submitted, approvals }
        } else {
            AlertState::Submitted { submitted, approvals }
        };
        Ok(self)
    }

    /// Another officer approves (审核). With enough people the alert becomes approved.
    ///
    /// # Errors
    /// [`AlertError::AuthorCannotApprove`], [`AlertError::ApprovedBefore`], [`AlertError::ContentChanged`],
    /// [`AlertError::NoRight`], [`AlertError::BeyondAuthority`] or [`AlertError::WrongState`].
    pub fn approve(
        mut self,
        officer: &Officer,
        policy: &ReleasePolicy,
        at: Timestamp,
    ) -> Result<Self, AlertError> {
        let AlertState::Submitted { submitted, mut approvals } = self.state.clone() else {
            return Err(self.wrong("approved"));
        };
        if officer.id == self.author {
            return Err(AlertError::AuthorCannotApprove);
        }
        demand(officer, Role::Approver, "approve")?;
        self.within_authority(officer, "approve")?;
        if approvals.iter().any(|earlier| earlier.officer == officer.id) {
            return Err(AlertError::ApprovedBefore { officer: officer.id });
        }
        if submitted.content != self.content_hash() {
            return Err(AlertError::ContentChanged);
        }
        self.check(at)?;
        approvals.push(self.signature(officer, at));
        // The releaser is one more person, so an alert may wait for release when one is still missing.
        let enough = approvals.len() + 2 >= usize::from(self.rule(policy).people.get());
        self.state = if enough {
            AlertState::Approved { submitted, approvals }
        } else {
            AlertState::Submitted { submitted, approvals }
        };
        Ok(self)
    }

    /// An officer with the right to release lets it go (签发). The hold begins.
    ///
    /// # Errors
    /// [`AlertError::TooFewPeople`] when the policy wants more signatures; [`AlertError::TooLong`] when it
    /// would hold longer than its grade may; [`AlertError::ContentChanged`], [`AlertError::NoRight`],
    /// [`AlertError::BeyondAuthority`], [`AlertError::WrongState`] and the errors of [`Alert::check`].
    pub fn release(
        mut self,
        officer: &Officer,
        policy: &ReleasePolicy,
        at: Timestamp,
    ) -> Result<Self, AlertError> {
        let AlertState::Approved { submitted, approvals } = &self.state else {
            return Err(self.wrong("released"));
        };
        demand(officer, Role::Releaser, "release")?;
        self.within_authority(officer, "release")?;
        let hash = self.content_hash();
        if submitted.content != hash || approvals.iter().any(|approval| approval.content != hash) {
            return Err(AlertError::ContentChanged);
        }
        let mut people: BTreeSet<_> = approvals.iter().map(|approval| approval.officer).collect();
        people.extend([submitted.officer, officer.id]);
        self.check(at)?;
        let rule = self.rule(policy);
        let (needed, signed) = (rule.people.get(), u8::try_from(people.len()).unwrap_or(u8::MAX));
        if signed < needed {
            return Err(AlertError::TooFewPeople { grade: self.content.grade, needed, signed });
        }
        let hours = self.content.expires.since(at).as_secs().div_ceil(3600);
        if hours > u64::from(rule.longest_hours.get()) {
            let (grade, longest) = (self.content.grade, rule.longest_hours.get());
            return Err(AlertError::TooLong { hours, longest, grade });
        }
        let hold_until =
            at.plus(policy.hold(self.content.kind, self.content.grade, &self.content.hazard.code));
        self.state = AlertState::Released { release: self.signature(officer, at), hold_until };
        Ok(self)
    }

    /// Takes a release back inside the hold (撤回); nothing has left.
    ///
    /// # Errors
    /// [`AlertError::HoldOver`] when the hold has ended, [`AlertError::NoRight`], [`AlertError::BeyondAuthority`] or
    /// [`AlertError::WrongState`].
    pub fn recall(mut self, officer: &Officer, at: Timestamp) -> Result<Self, AlertError> {
        let AlertState::Released { hold_until, .. } = self.state else {
            return Err(self.wrong("recalled"));
        };
        demand(officer, Role::Releaser, "recall")?;
        self.within_authority(officer, "recall")?;
        if at >= hold_until {
            return Err(AlertError::HoldOver { hold_until });
        }
        self.state = AlertState::Recalled { by: officer.id, at };
        Ok(self)
    }

    /// A later alert was released that follows this one: it becomes updated, lifted or corrected.
    ///
    /// # Errors
    /// [`AlertError::WrongState`] unless this alert is released, and the errors of [`Alert::may_be_followed`].
    pub fn followed(mut self, later: &Self, at: Timestamp) -> Result<Self, AlertError> {
        if !matches!(self.state, AlertState::Released { .. }) {
            return Err(self.wrong("followed"));
        }
        self.may_be_followed(later)?;
        let by = later.id;
        self.state = match later.content.kind {
            AlertKind::Update(_) => AlertState::Updated { by, at },
            AlertKind::Lift(_) => AlertState::Lifted { by, at },
            AlertKind::Correction(_) => AlertState::Corrected { by, at },
            AlertKind::Alert => return Err(self.wrong("followed")),
        };
        Ok(self)
    }

    /// Whether a later alert may follow this one: it names this one, its owner is set over this one's, and a lift or
    /// correction speaks to all whom this one warned.
    ///
    /// # Errors
    /// [`AlertError::WrongState`], [`AlertError::BeyondAuthority`] or [`AlertError::LeavesOut`].
    pub fn may_be_followed(&self, later: &Self) -> Result<(), AlertError> {
        if later.content.kind.follows() != Some(self.id) {
            return Err(self.wrong("followed"));
        }
        self.within_reach(&later.owner, "followed")?;
        if matches!(later.content.kind, AlertKind::Update(_)) {
            return Ok(());
        }
        let (own, theirs) = (&self.content.audience, &later.content.audience);
        let is_told = |region| theirs.regions.iter().any(|wider| wider.contains(region));
        if let Some(region) = own.regions.iter().copied().find(|region| !is_told(*region)) {
            return Err(AlertError::LeavesOut { part: "area", left_out: region.to_string() });
        }
        let is_open = theirs.groups.is_empty();
        let are_all = !own.groups.is_empty() && own.groups.iter().all(|group| theirs.groups.contains(group));
        if is_open || are_all {
            return Ok(());
        }
        let left_out = own.groups.iter().find(|group| !theirs.groups.contains(group));
        let left_out = left_out.map_or_else(|| "everybody else".to_owned(), |group| group.0.to_string());
        Err(AlertError::LeavesOut { part: "groups", left_out })
    }

    /// Whether the officer's organisation is this alert's owner or set over it.
    ///
    /// # Errors
    /// [`AlertError::BeyondAuthority`].
    pub fn within_authority(&self, officer: &Officer, step: &'static str) -> Result<(), AlertError> {
        self.within_reach(&officer.owner, step)
    }

    fn within_reach(&self, owner: &Owner, step: &'static str) -> Result<(), AlertError> {
        if owner.covers(&self.owner) {
            return Ok(());
        }
        Err(AlertError::BeyondAuthority { step, scope: self.owner.scope, own: owner.scope })
    }

    /// The alert's time ran out (失效).
    ///
    /// # Errors
    /// [`AlertError::WrongState`] unless it is released and its end has come.
    pub fn expire(mut self, at: Timestamp) -> Result<Self, AlertError> {
        if !matches!(self.state, AlertState::Released { .. }) || at < self.content.expires {
            return Err(self.wrong("expired"));
        }
        self.state = AlertState::Expired { at };
        Ok(self)
    }

    const fn rule<'a>(&self, policy: &'a ReleasePolicy) -> &'a GradeRule {
        policy.rule(self.content.kind, self.content.grade)
    }

    fn signature(&self, officer: &Officer, at: Timestamp) -> Signature {
        Signature { officer: officer.id, at, content: self.content_hash() }
    }

    fn wrong(&self, step: &'static str) -> AlertError {
        AlertError::WrongState { state: self.state.word(), step }
    }
}

fn demand(officer: &Officer, role: Role, step: &'static str) -> Result<(), AlertError> {
    if officer.may(role) { Ok(()) } else { Err(AlertError::NoRight { officer: officer.id, step }) }
}

#[cfg(test)]
#[path = "alert_tests.rs"]
mod tests;
