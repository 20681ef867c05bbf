//! Every step in an alert's life (经办): who, what, when. Read from the audit log, which keeps what an alert's state
//! forgets once it moves on, such as who approved it before it was released. The log is read once and then followed,
//! so a look costs only the lines that are new.

use super::{Office, OfficeError};
use mingluo_ledger::audit::AuditLine;
use mingluo_model::{
    audience::ChannelKind,
    clock::Timestamp,
    id::{AlertId, OfficerId},
    mode::Mode,
};
use serde::Serialize;
use std::collections::HashMap;

/// Lines read at once.
const PAGE: u32 = 2_000;

/// What actions on alerts begin with in the audit log.
const ALERT: &str = "alert.";

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// `draft`, `edit`, `submit`, `retract`, `approve`, `return`, `release`, `recall`, `expire`.
    pub step: String,
    /// Who; nobody for what time brought about.
    pub officer: Option<OfficerId>,
    /// When.
    pub at: Timestamp,
    /// Channels by which a lift or correction could not be sent when it was released.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsent: Vec<ChannelKind>,
    /// Why it was returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The steps of all alerts, as far as the log was read.
#[derive(Default)]
pub(super) struct Trail {
    after: i64,
    steps: HashMap<AlertId, Vec<Step>>,
}

impl Trail {
    fn note(&mut self, line: &AuditLine) {
        let Some(step) = line.action.strip_prefix(ALERT) else { return };
        let Ok(alert) = line.subject.parse() else { return };
        let unsent = line.detail.get("unsent").and_then(|list| list.as_array()).into_iter().flatten();
        let channel = |one: &serde_json::Value| {
            let word = one.get("channel")?.as_str()?;
            ChannelKind::ALL.into_iter().find(|kind| kind.word() == word)
        };
        let unsent = unsent.filter_map(channel).collect();
        let reason = line.detail.get("reason").and_then(|reason| reason.as_str()).map(str::to_owned);
        let step =
            Step { step: step.to_owned(), officer: line.actor.parse().ok(), at: line.at, unsent, reason };
        self.steps.entry(alert).or_default().push(step);
    }
}

impl<M: Mode> Office<M> {
    /// The steps of an alert so far, oldest first.
    ///
    /// # Errors
    /// [`OfficeError::Store`].
    pub async fn steps(&self, id: AlertId) -> Result<Vec<Step>, OfficeError> {
        let mut trail = self.trail.lock().await;
        loop {
            let rows = self.store.audit_rows(trail.after, PAGE).await?;
            for row in &rows {
                trail.note(&row.line);
                trail.after = row.seq;
            }
            if rows.len() < PAGE as usize {
                break;
            }
        }
        Ok(trail.steps.get(&id).cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(action: &str, subject: &str, actor: &str) -> AuditLine {
        let (action, subject, actor) = (action.to_owned(), subject.to_owned(), actor.to_owned());
        AuditLine { at: Timestamp(7), actor, action, subject, detail: serde_json::json!({}) }
    }

    #[test]
    fn only_steps_of_alerts_are_kept_and_time_has_no_officer() {
        let (alert, officer) =
            ("01a20976-5a2d-7aa1-b27f-ec789695025d", "01a20976-5a2d-7aa1-b27f-ec7896950001");
        let mut trail = Trail::default();
        for (action, subject, actor) in [
            ("alert.approve", alert, officer),
            ("officer.add", officer, AuditLine::SYSTEM),
            ("alert.expire", alert, AuditLine::SYSTEM),
            ("alert.draft", "no id", officer),
        ] {
            trail.note(&line(action, subject, actor));
        }
        let steps = &trail.steps[&alert.parse::<AlertId>().unwrap()];
        assert_eq!(trail.steps.len(), 1);
        assert_eq!(steps.iter().map(|step| step.step.as_str()).collect::<Vec<_>>(), ["approve", "expire"]);
        assert_eq!((steps[0].officer, steps[1].officer), (officer.parse().ok(), None));
    }

    #[test]
    fn a_release_tells_what_could_not_be_sent() {
        let alert = "01a20976-5a2d-7aa1-b27f-ec789695025d";
        let detail =
            serde_json::json!({ "unsent": [{ "channel": "speaker", "problem": "the signer is away" }] });
        let mut trail = Trail::default();
        trail.note(&AuditLine { detail, ..line("alert.release", alert, AuditLine::SYSTEM) });
        assert_eq!(trail.steps[&alert.parse::<AlertId>().unwrap()][0].unsent, [ChannelKind::Speaker]);
    }
}
