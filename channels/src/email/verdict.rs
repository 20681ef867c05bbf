//! What a relay's refusal means (RFC 5321 section 4.2, enhanced codes of RFC 3463). Pure; it never sees an address,
//! since only the codes of an answer are kept.

use mingluo_model::{
    channel::{Refusal, Verdict},
    delivery::Reason,
};
use std::{fmt, time::Duration};

/// A single mail was not processed; the next may be.
const BRIEF: Duration = Duration::from_millis(250);
/// The relay is short of something, or shuts down.
const LONG: Duration = Duration::from_secs(5);

/// Where in the transaction the relay said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// At MAIL: about us, the sender.
    Sender,
    /// At RCPT: about the mailbox.
    Recipient,
    /// At DATA or after the final dot: about the words.
    Content,
}

/// A refusal's codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reply {
    /// The three digits, 400 to 599.
    pub(super) code: u16,
    /// Subject and detail of the enhanced code, where the relay gave one (the `1.1` of `5.1.1`).
    pub(super) enhanced: Option<(u16, u16)>,
}

impl Reply {
    /// Keeps the codes of an answer and drops its words, which quote addresses.
    pub(super) fn new(code: u16, words: &str) -> Self {
        Self { code, enhanced: enhanced(words) }
    }

    /// The relay will hang up (421) whatever is said next.
    pub(super) const fn hangs_up(self) -> bool {
        self.code == 421
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.code)?;
        self.enhanced
            .map_or(Ok(()), |(subject, detail)| write!(out, " {}.{subject}.{detail}", self.code / 100))
    }
}

fn enhanced(words: &str) -> Option<(u16, u16)> {
    let mut numbers = words.split_whitespace().next()?.split('.');
    let class = numbers.next()?;
    let (subject, detail) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
    (matches!(class, "4" | "5") && numbers.next().is_none()).then_some((subject, detail))
}

/// What a refusal at a stage means.
pub(super) fn verdict(stage: Stage, reply: Reply) -> Verdict {
    let refusal = |reason| Refusal { reason, far_code: reply.to_string() };
    if reply.code >= 500 {
        return Verdict::Permanent(refusal(permanent(stage, reply)));
    }
    match (reply.code, reply.enhanced) {
        (421, _) => Verdict::Busy { retry_after: LONG },
        // About this mailbox (full, greylisted, policy), so holding the account back would help nobody.
        (_, Some((1 | 2 | 7, _))) | (450, _) => Verdict::Temporary(refusal(Reason::Unreachable)),
        (451, _) => Verdict::Busy { retry_after: BRIEF },
        (452, _) => Verdict::Busy { retry_after: LONG },
        _ => Verdict::Temporary(refusal(Reason::FarFault)),
    }
}

/// The enhanced code speaks plainer than the three digits; then the stage decides.
pub(super) const fn permanent(stage: Stage, reply: Reply) -> Reason {
    match (reply.enhanced, reply.code, stage) {
        // RFC 3463: X.1 addressing, X.2 mailbox, X.3.4 and X.6 the message itself, X.7 policy.
        (Some((1, _)), _, Stage::Recipient) => Reason::BadAddress,
        (Some((2, _)), _, _) => Reason::Unreachable,
        (Some((3, 4) | (6, _)), _, _) => Reason::Content,
        (Some((7, _)), _, _) | (_, 530 | 535, _) | (_, _, Stage::Sender) => Reason::NotAllowed,
        // 521 and 556: the host takes no mail at all (RFC 7504).
        (_, 550 | 551 | 553 | 521 | 556, Stage::Recipient) => Reason::BadAddress,
        (_, 552 | 554, _) | (_, _, Stage::Content) => Reason::Content,
        _ => Reason::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(stage: Stage, code: u16, words: &str) -> Verdict {
        verdict(stage, Reply::new(code, words))
    }

    fn reason(verdict: Verdict) -> Reason {
        match verdict {
            Verdict::Temporary(refusal) | Verdict::Permanent(refusal) | Verdict::Closed(refusal) => {
                refusal.reason
            }
            Verdict::Accepted(_) | Verdict::Busy { .. } | Verdict::Lost => Reason::None,
        }
    }

    #[test]
    fn an_unknown_mailbox_is_a_bad_address_for_ever() {
        let verdict = said(Stage::Recipient, 550, "5.1.1 <wang@bad.example>: user unknown");
        let refusal = Refusal { reason: Reason::BadAddress, far_code: "550 5.1.1".into() };
        assert_eq!(verdict, Verdict::Permanent(refusal), "and the address is not in the record");
    }

    #[test]
    fn the_stage_tells_what_a_bare_550_is_about() {
        assert_eq!(reason(said(Stage::Sender, 550, "no")), Reason::NotAllowed);
        assert_eq!(reason(said(Stage::Recipient, 550, "no")), Reason::BadAddress);
        assert_eq!(reason(said(Stage::Content, 550, "no")), Reason::Content);
    }

    #[test]
    fn the_enhanced_code_speaks_first() {
        assert_eq!(reason(said(Stage::Recipient, 550, "5.7.1 relaying denied")), Reason::NotAllowed);
        assert_eq!(reason(said(Stage::Recipient, 552, "5.2.2 mailbox full")), Reason::Unreachable);
        assert_eq!(reason(said(Stage::Content, 554, "5.3.4 too big")), Reason::Content);
    }

    #[test]
    fn a_busy_relay_costs_no_attempt_and_a_full_mailbox_does() {
        for (code, after) in [(451, BRIEF), (452, LONG), (421, LONG)] {
            assert_eq!(said(Stage::Recipient, code, "later"), Verdict::Busy { retry_after: after });
        }
        assert_eq!(reason(said(Stage::Recipient, 452, "4.2.2 mailbox full")), Reason::Unreachable);
        assert!(matches!(said(Stage::Recipient, 450, "greylisted"), Verdict::Temporary(_)));
    }

    #[test]
    fn words_that_look_like_a_code_and_are_none_are_dropped() {
        for words in ["", "5.1", "5.1.1.1", "6.1.1", "5.x.1", "192.0.2"] {
            assert_eq!(Reply::new(550, words).to_string(), "550");
        }
    }
}
