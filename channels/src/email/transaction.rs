//! One mail's way through one connection: MAIL, RCPT, DATA, content. Says how it came out and leaves the connection
//! either clean for the next mail or closed.

use super::{
    connection::{Line, Lines, Trouble},
    verdict::{Reply, Stage, verdict},
};
use crate::crew::Outcome;
use lettre::{
    Address,
    transport::smtp::commands::{Data, Mail, Rcpt, Rset},
};
use mingluo_model::{
    channel::{Refusal, SendError, Verdict},
    delivery::Reason,
};
use std::time::Duration;

/// How long dispatch waits when one more connection could not be had but others are at work.
const FEWER_LINES: Duration = Duration::from_secs(1);

/// A mail that is ready to go.
pub(super) struct Ready {
    pub(super) to: Address,
    pub(super) bytes: Vec<u8>,
}

/// Hands one mail over.
pub(super) async fn deliver(lines: &Lines, mail: &Ready) -> Outcome {
    let mut line = match begin(lines).await {
        Ok(line) => line,
        Err(outcome) => return outcome,
    };
    if let Err(trouble) = lines.say(&mut line, Rcpt::new(mail.to.clone(), Vec::new())).await {
        return turned_down(lines, line, Stage::Recipient, trouble).await;
    }
    if let Err(trouble) = lines.say(&mut line, Data).await {
        return turned_down(lines, line, Stage::Content, trouble).await;
    }
    match lines.content(&mut line, &mail.bytes).await {
        Ok(()) => {
            lines.give_back(line);
            Outcome::Answered(Verdict::Accepted(None))
        }
        Err(trouble @ Trouble::Refused(_)) => turned_down(lines, line, Stage::Content, trouble).await,
        // The relay may have taken it: nobody can know.
        Err(Trouble::Broken) => Outcome::Answered(Verdict::Lost),
    }
}

/// Gets a connection and says MAIL on it. One that sat idle may have been closed by the relay, which shows only
/// now; nothing was offered yet, so a fresh one takes its place.
async fn begin(lines: &Lines) -> Result<Line, Outcome> {
    if let Some(mut line) = lines.idle() {
        match introduce(lines, &mut line).await {
            Ok(()) => return Ok(line),
            Err(Trouble::Refused(reply)) if !reply.hangs_up() => {
                return Err(turned_down(lines, line, Stage::Sender, Trouble::Refused(reply)).await);
            }
            Err(_) => drop(line),
        }
    }
    let mut line = lines.connect().await.map_err(|error| no_line(lines, error))?;
    match introduce(lines, &mut line).await {
        Ok(()) => Ok(line),
        Err(trouble) => Err(turned_down(lines, line, Stage::Sender, trouble).await),
    }
}

async fn introduce(lines: &Lines, line: &mut Line) -> Result<(), Trouble> {
    lines.say(line, Mail::new(Some(lines.account.from.email.clone()), Vec::new())).await
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
