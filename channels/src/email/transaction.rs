//! One mail's way through one connection: MAIL, RCPT, DATA, content; the first three in one write where the relay takes
//! groups. Says how it came out and leaves the connection either clean for the next mail or closed.

use super::{
    config::{Account, Bounces},
    connection::{Line, Lines, Offer, Trouble},
    letter::{Dates, Letter},
    tag::{Purpose, Tag},
    verdict::{Reply, Stage, verdict},
};
use crate::crew::Outcome;
use lettre::{Address, transport::smtp::commands::Rset};
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
    fn return_path(&self, account: &Account) -> String {
        match (&account.bounces, &account.tagger) {
            (Some(Bounces { local, domain, .. }), Some(tagger)) => {
                format!("{local}+{}@{domain}", tagger.write(Purpose::Bounce, self.tag))
            }
            _ => account.from.email.to_string(),
        }
    }

    /// MAIL, RCPT and DATA.
    fn commands(&self, account: &Account, offer: Offer) -> [(Stage, String); 3] {
        let (from, to) = (self.return_path(account), &self.to);
        // The report is about this mail alone, which its return path names: its headers are enough (RFC 3461).
        let (about, notify) = match &account.bounces {
            Some(bounces) if offer.dsn && bounces.success_reports => {
                (" RET=HDRS", " NOTIFY=SUCCESS,FAILURE,DELAY")
            }
            Some(_) if offer.dsn => (" RET=HDRS", " NOTIFY=FAILURE,DELAY"),
            _ => ("", ""),
        };
        [
            (Stage::Sender, format!("MAIL FROM:<{from}>{about}\r\n")),
            (Stage::Recipient, format!("RCPT TO:<{to}>{notify}\r\n")),
            (Stage::Content, String::from("DATA\r\n")),
        ]
    }

    /// The name under which reports come back, where any do.
    fn provider_id(&self, account: &Account) -> Option<ProviderId> {
        account.bounces.as_ref().map(|_| self.tag.provider_id())
    }
}

/// Hands one mail over.
pub(super) async fn deliver(lines: &Lines, mail: &Ready) -> Outcome {
    let account = &*lines.account;
    let content = mail.letter.to(account, mail.tag, &mail.to, &mail.dates);
    let mut line = match begin(lines, mail).await {
        Ok(line) => line,
        Err(outcome) => return outcome,
    };
    match lines.say(&mut line, content).await {
        Ok(()) => {
            lines.give_back(line);
            Outcome::Answered(Verdict::Accepted(mail.provider_id(account)))
        }
        Err(trouble @ Trouble::Refused(_)) => turned_down(lines, line, Stage::Content, trouble).await,
        // The relay may have taken it: nobody can know.
        Err(Trouble::Broken) => Outcome::Answered(Verdict::Lost),
    }
}

/// Gets a connection that waits for the mail's content. One that sat idle may have been closed by the relay, which shows
/// only now, at MAIL; nothing was offered yet, so a fresh one takes its place.
async fn begin(lines: &Lines, mail: &Ready) -> Result<Line, Outcome> {
    if let Some(mut line) = lines.idle() {
        match introduce(lines, &mut line, mail).await {
            Ok(()) => return Ok(line),
            Err((Stage::Sender, Trouble::Broken)) => drop(line),
            Err((Stage::Sender, Trouble::Refused(reply))) if reply.hangs_up() => drop(line),
            Err((stage, trouble)) => return Err(turned_down(lines, line, stage, trouble).await),
        }
    }
    let mut line = lines.connect().await.map_err(|error| no_line(lines, error))?;
    match introduce(lines, &mut line, mail).await {
        Ok(()) => Ok(line),
        Err((stage, trouble)) => Err(turned_down(lines, line, stage, trouble).await),
    }
}

async fn introduce(lines: &Lines, line: &mut Line, mail: &Ready) -> Result<(), (Stage, Trouble)> {
    let commands = mail.commands(&lines.account, line.offer);
    if line.offer.pipelining {
        return in_one_write(lines, line, &commands).await;
    }
    for (stage, command) in commands {
        lines.say(line, command).await.map_err(|trouble| (stage, trouble))?;
    }
    Ok(())
}

/// All three at once; each has its own answer, and the first refusal is what became of the mail.
async fn in_one_write(
    lines: &Lines,
    line: &mut Line,
    commands: &[(Stage, String); 3],
) -> Result<(), (Stage, Trouble)> {
    let [(_, mail), (_, recipient), (_, data)] = commands;
    let mut first = Some([mail.as_str(), recipient, data].concat());
    let mut refused = None;
    for (stage, _) in commands {
        let heard = match first.take() {
            Some(group) => lines.say(line, group).await,
            None => lines.hear(line).await,
        };
        match heard {
            // It waits for the words of a mail that nobody would get; saying nothing and leaving is what ends that.
            Ok(()) if *stage == Stage::Content && refused.is_some() => line.is_spoilt = true,
            Ok(()) => {}
            Err(Trouble::Refused(reply)) => {
                let (_, before) = *refused.get_or_insert((*stage, reply));
                if before.hangs_up() || reply.hangs_up() {
                    line.is_spoilt = true;
                    break;
                }
            }
            Err(Trouble::Broken) => {
                line.is_spoilt = true;
                if refused.is_none() {
                    return Err((*stage, Trouble::Broken));
                }
                break;
            }
        }
    }
    refused.map_or(Ok(()), |(stage, reply)| Err((stage, Trouble::Refused(reply))))
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
    if !reply.hangs_up() && !line.is_spoilt && lines.say(&mut line, Rset).await.is_ok() {
        lines.give_back(line);
    }
}
