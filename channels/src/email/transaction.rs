//! One mail's way through one connection: MAIL, RCPT, DATA, content. Says how it came out and leaves the connection
//! either clean for the next mail or closed.

use super::{
    config::Account,
    connection::{Line, Lines, Trouble},
    letter::{Dates, Letter},
    tag::{Purpose, Tag},
    verdict::{Reply, Stage, verdict},
};
use crate::crew::Outcome;
use lettre::{
    Address,
    transport::smtp::{
        commands::{Data, Mail, Rcpt, Rset},
        extension::{MailParameter, RcptParameter},
    },
};
use mingluo_model::{
    channel::{Refusal, SendError, Verdict},
    delivery::Reason,
    receipt::ProviderId,
};
use std::{sync::Arc, time::Duration};

/// How long dispatch waits when one more connection could not be had but others are at work.
const FEWER_LINES: Duration = Duration::from_secs(1);

/// A mail that is ready to go, but for its signatures: they are made by the hand that sends it, many at once.
pub(super) struct Ready {
    pub(super) to: Address,
    pub(super) tag: Tag,
    pub(super) letter: Arc<Letter>,
    pub(super) dates: Dates,
}

impl Ready {
    /// Where it comes back to: a mailbox of its own, so that the mailbox tells which mail it was (VERP).
    fn return_path(&self, account: &Account) -> Address {
        let own = account.bounces.as_ref().zip(account.tagger.as_ref()).and_then(|(bounces, tagger)| {
            let local = format!("{}+{}", bounces.local, tagger.write(Purpose::Bounce, self.tag));
            Address::new(local, &bounces.domain).ok()
        });
        own.unwrap_or_else(|| account.from.email.clone())
    }

    fn mail(&self, account: &Account, offers_dsn: bool) -> Mail {
        let other = |keyword: &str, value: String| MailParameter::Other {
            keyword: keyword.into(),
            value: Some(value),
        };
        let parameters = match (&account.bounces, offers_dsn) {
            // The report is about this mail alone, which its return path names: its headers are enough (RFC 3461).
            (Some(_), true) => vec![other("RET", "HDRS".into())],
            _ => Vec::new(),
        };
        Mail::new(Some(self.return_path(account)), parameters)
    }

    fn recipient(&self, account: &Account, offers_dsn: bool) -> Rcpt {
        let parameters = match (&account.bounces, offers_dsn) {
            (Some(bounces), true) => {
                let notify = if bounces.success_reports { "SUCCESS,FAILURE,DELAY" } else { "FAILURE,DELAY" };
                let (keyword, value) = ("NOTIFY".into(), Some(notify.into()));
                vec![RcptParameter::Other { keyword, value }]
            }
            _ => Vec::new(),
        };
        Rcpt::new(self.to.clone(), parameters)
    }

    /// The name under which reports come back, where any do.
    fn provider_id(&self, account: &Account) -> Option<ProviderId> {
        account.bounces.as_ref().map(|_| self.tag.provider_id())
    }
}

/// Hands one mail over.
pub(super) async fn deliver(lines: &Lines, mail: &Ready) -> Outcome {
    let account = &*lines.account;
    let bytes = mail.letter.to(account, mail.tag, &mail.to, &mail.dates);
    let mut line = match begin(lines, mail).await {
        Ok(line) => line,
        Err(outcome) => return outcome,
    };
    let recipient = mail.recipient(account, line.offers_dsn);
    if let Err(trouble) = lines.say(&mut line, recipient).await {
        return turned_down(lines, line, Stage::Recipient, trouble).await;
    }
    if let Err(trouble) = lines.say(&mut line, Data).await {
        return turned_down(lines, line, Stage::Content, trouble).await;
    }
    match lines.content(&mut line, &bytes).await {
        Ok(()) => {
            lines.give_back(line);
            Outcome::Answered(Verdict::Accepted(mail.provider_id(account)))
        }
        Err(trouble @ Trouble::Refused(_)) => turned_down(lines, line, Stage::Content, trouble).await,
        // The relay may have taken it: nobody can know.
        Err(Trouble::Broken) => Outcome::Answered(Verdict::Lost),
    }
}

/// Gets a connection and says MAIL on it. One that sat idle may have been closed by the relay, which shows only
/// now; nothing was offered yet, so a fresh one takes its place.
async fn begin(lines: &Lines, mail: &Ready) -> Result<Line, Outcome> {
    if let Some(mut line) = lines.idle() {
        match introduce(lines, &mut line, mail).await {
            Ok(()) => return Ok(line),
            Err(Trouble::Refused(reply)) if !reply.hangs_up() => {
                return Err(turned_down(lines, line, Stage::Sender, Trouble::Refused(reply)).await);
            }
            Err(_) => drop(line),
        }
    }
    let mut line = lines.connect().await.map_err(|error| no_line(lines, error))?;
    match introduce(lines, &mut line, mail).await {
        Ok(()) => Ok(line),
        Err(trouble) => Err(turned_down(lines, line, Stage::Sender, trouble).await),
    }
}

async fn introduce(lines: &Lines, line: &mut Line, mail: &Ready) -> Result<(), Trouble> {
    let command = mail.mail(&lines.account, line.offers_dsn);
    lines.say(line, command).await
}

fn no_line(lines: &Lines, error: SendError) -> Outcome {
    match error {
        SendError::Busy { retry_after } => Outcome::Answered(Verdict::Busy { retry_after }),
        SendError::Unreachable { .. } if lines.any() => {
            Outcome::Answered(Verdict::Busy { retry_after: FEWER_LINES })
        }
        SendError::Unreachable { .. } | SendError::Refused { .. } => Outcome::NotBegun(error),
    }
}

/// Nothing of the mail was taken.
async fn turned_down(lines: &Lines, line: Line, stage: Stage, trouble: Trouble) -> Outcome {
    match trouble {
        Trouble::Refused(reply) => {
            clean(lines, line, reply).await;
            Outcome::Answered(verdict(stage, reply))
        }
        Trouble::Broken => {
            let far_code = String::from("broken before the content");
            Outcome::Answered(Verdict::Temporary(Refusal { reason: Reason::SessionLost, far_code }))
        }
    }
}

/// Ends the transaction that was refused, so that the next mail begins afresh.
async fn clean(lines: &Lines, mut line: Line, reply: Reply) {
    if !reply.hangs_up() && lines.say(&mut line, Rset).await.is_ok() {
        lines.give_back(line);
    }
}
