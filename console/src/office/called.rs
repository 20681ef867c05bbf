//! How the calls of a warning stand (叫应情况), and the ways in for answers: the page behind a link, and an officer who heard it
//! on the telephone. Names what the roster knows of who was asked, which is their duty and their village.

use super::{Office, OfficeError};
use crate::call::Link;
use mingluo_ledger::{
    audit::AuditLine,
    store::{Answered, Ask, Call, Taken},
};
use mingluo_model::{
    audience::ChannelKind,
    call::{Answer, Means, Rung},
    clock::Timestamp,
    id::{AlertId, CallId, EditionId, OfficerId, PlanId},
    mode::Mode,
    owner::{Officer, Role},
    region::RegionCode,
};
use mingluo_targeting::groups::GroupEntry;
use serde::Serialize;
use serde_json::json;
use std::{collections::BTreeMap, sync::PoisonError};

/// Persons remembered at most; beyond them all are looked up anew.
const MOST_KNOWN: usize = 4_096;

/// Who has been looked up, by edition and ordinal.
pub(super) type Known = BTreeMap<(EditionId, u32), String>;

/// How one call stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Called {
    /// The call.
    pub call: CallId,
    /// The division.
    pub region: RegionCode,
    /// Its name.
    pub name: String,
    /// When it was begun.
    pub opened: Timestamp,
    /// How far it has come.
    pub outcome: Outcome,
    /// Who was asked, in the order in which they were.
    pub asked: Vec<Asked>,
}

/// How far a call has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Outcome {
    /// Nobody answered yet, and the last rung is this one.
    Waiting {
        /// The rung.
        rung: Rung,
        /// Since when.
        since: Timestamp,
    },
    /// It begins.
    Beginning,
    /// Nobody is left to be asked (无人可叫).
    Nobody {
        /// Since when.
        since: Timestamp,
    },
    /// Somebody answered (已应).
    Answered {
        /// When.
        at: Timestamp,
        /// Who, as far as the roster tells; nobody where an officer noted it.
        who: Option<String>,
        /// `reply`, `page`, `mail`, `button` or `phone`.
        by: &'static str,
        /// The officer who noted it.
        officer: Option<OfficerId>,
    },
}

/// Somebody who was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// On which rung.
    pub rung: Rung,
    /// When.
    pub at: Timestamp,
    /// Who, as far as the roster tells: their duty and their village.
    pub who: String,
    /// By which channel.
    pub channel: ChannelKind,
    /// The message.
    pub plan: PlanId,
}

/// What somebody finds behind their link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summons {
    pub(crate) ask: Ask,
    /// The warning's words: headline, body, instruction.
    pub(crate) said: Vec<String>,
    /// The divisions that they are asked about.
    pub(crate) divisions: Vec<String>,
    /// The answer that stands, once all of them are answered: when, and by what means.
    pub(crate) answered: Option<(Timestamp, &'static str)>,
}

impl Outcome {
    /// The word on the API and in the language files.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waiting { rung, .. } => rung.word(),
            Self::Beginning => "beginning",
            Self::Nobody { .. } => Rung::Nobody.word(),
            Self::Answered { .. } => "answered",
        }
    }
}

impl<M: Mode> Office<M> {
    /// How the calls of a warning stand, by division; none where it calls nobody, or did not begin to.
    ///
    /// # Errors
    /// [`OfficeError::Store`]; [`OfficeError::Damaged`] for an edition that cannot be read.
    pub async fn called(&self, alert: AlertId) -> Result<Vec<Called>, OfficeError> {
        let calls = self.store.calls(alert).await?;
        let Some(first) = calls.first().filter(|call| call.mode == M::KIND) else { return Ok(Vec::new()) };
        let (alert, _) = self.alert(first.alert).await?;
        let edition = alert.content.audience.edition;
        let mut called = Vec::with_capacity(calls.len());
        for call in &calls {
            called.push(self.stands(edition, call).await?);
        }
        Ok(called)
    }

    async fn stands(&self, edition: EditionId, call: &Call) -> Result<Called, OfficeError> {
        let (mut asked, mut outcome) = (Vec::new(), Outcome::Beginning);
        for step in &call.steps {
            let at = step.at;
            outcome = match &step.taken {
                Taken::Asked { rung, ordinal, channel, plan, .. } => {
                    let who = self.who(edition, *ordinal).await?;
                    asked.push(Asked { rung: *rung, at, who, channel: *channel, plan: *plan });
                    Outcome::Waiting { rung: *rung, since: at }
                }
                Taken::Nobody => Outcome::Nobody { since: at },
                Taken::Answered(Answered::Given { ordinal, by, .. }) => {
                    let who = Some(self.who(edition, *ordinal).await?);
                    Outcome::Answered { at, who, by: by.word(), officer: None }
                }
                Taken::Answered(Answered::Noted { by }) => {
                    Outcome::Answered { at, who: None, by: PHONE, officer: Some(*by) }
                }
            };
        }
        let name = self.division(call.region);
        Ok(Called { call: call.id, region: call.region, name, opened: call.opened, outcome, asked })
    }

    /// What the roster tells of a person: their duties and their village (乡镇值班室，站前社区).
    async fn who(&self, edition: EditionId, ordinal: u32) -> Result<String, OfficeError> {
        let known = self.who.lock().unwrap_or_else(PoisonError::into_inner).get(&(edition, ordinal)).cloned();
        if let Some(who) = known {
            return Ok(who);
        }
        let indexed = self.indexed_of(edition).await?;
        let is_in = |entry: &&GroupEntry| {
            indexed.index.in_group(entry.group).is_some_and(|members| members.contains(ordinal))
        };
        let duties = self.groups.entries().iter().filter(is_in).map(|entry| entry.name_zh.to_string());
        let village = indexed.index.village_of(ordinal).map(|code| self.division(code));
        let who = duties.chain(village).collect::<Vec<_>>().join("，");
        let mut known = self.who.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert((edition, ordinal), who.clone());
        Ok(who)
    }

    /// What is behind a link of this mode; `None` where there is no such thing any more.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub(crate) async fn summons(&self, link: Link) -> Result<Option<Summons>, OfficeError> {
        let ask = self.store.ask(link.ask).await?.filter(|ask| ask.mode == M::KIND && link.mode == M::KIND);
        let Some(ask) = ask else { return Ok(None) };
        let (alert, _) = self.alert(ask.alert).await?;
        let concerns = |call: &&Call| {
            call.steps.iter().any(|step| matches!(step.taken, Taken::Asked { ask: of, .. } if of == ask.id))
        };
        let calls = self.store.calls(ask.alert).await?;
        let calls: Vec<&Call> = calls.iter().filter(concerns).collect();
        let answers: Vec<_> = calls.iter().filter_map(|call| call.answered()).collect();
        let is_over = answers.len() == calls.len();
        let last = answers.into_iter().max_by_key(|step| step.at).filter(|_| is_over);
        let answered = last.map(|step| {
            let by = match &step.taken {
                Taken::Answered(Answered::Given { by, .. }) => by.word(),
                _ => PHONE,
            };
            (step.at, by)
        });
        let text = alert.content.texts.into_values().next();
        let said = text.map(|text| vec![text.headline, text.body, text.instruction]).unwrap_or_default();
        let divisions = calls.iter().map(|call| self.division(call.region)).collect();
        Ok(Some(Summons { ask, said, divisions, answered }))
    }

    /// Somebody answers by their link. Gives whether anything is new by it.
    ///
    /// # Errors
    /// [`OfficeError::Store`] when it cannot be kept: then they are told to try again.
    pub(crate) async fn answer_link(&self, link: Link) -> Result<bool, OfficeError> {
        let by = if link.channel == ChannelKind::Email { Means::Mail } else { Means::Page };
        let answer = Answer::Given { ask: link.ask, by };
        Ok(self.store.answer(M::KIND, answer, self.clock.now(), None).await? > 0)
    }

    /// An officer notes an answer that was heard on the telephone. Whoever is set over the warning's organisation may, but
    /// for those who only look. What was answered before stays as it was.
    ///
    /// # Errors
    /// [`OfficeError::NoSuchAlert`] for what the officer is not set over; [`OfficeError::NoSuchCall`];
    /// [`OfficeError::NoRightToNote`]; [`OfficeError::Store`].
    pub async fn note_answer(
        &self,
        officer: &Officer,
        alert: AlertId,
        call: CallId,
    ) -> Result<(), OfficeError> {
        self.alert_seen_by(officer, alert).await?;
        if !may_note(officer) {
            return Err(OfficeError::NoRightToNote);
        }
        let calls = self.store.calls(alert).await?;
        let found = calls.iter().find(|one| one.id == call && one.mode == M::KIND);
        let region = found.ok_or(OfficeError::NoSuchCall { call })?.region;
        let line = AuditLine {
            at: self.clock.now(),
            actor: officer.id.to_string(),
            action: "call.phone".to_owned(),
            subject: alert.to_string(),
            detail: json!({ "division": region }),
        };
        let answer = Answer::Noted { call, by: officer.id };
        self.store.answer(M::KIND, answer, self.clock.now(), Some(line)).await?;
        Ok(())
    }
}

/// The word for an answer that an officer heard.
const PHONE: &str = "phone";

/// Whether an officer may note an answer: who writes, approves or releases may.
pub(crate) fn may_note(officer: &Officer) -> bool {
    [Role::Author, Role::Approver, Role::Releaser].into_iter().any(|role| officer.may(role))
}
