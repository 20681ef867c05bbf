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

/// What a refusal for good says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Never {
    /// Nobody has the mailbox: it is struck off.
    Nobody,
    /// This mail does not get there; the mailbox may be as good as ever.
    Failed(Reason),
}

/// What a refusal at a stage means.
pub(super) fn verdict(stage: Stage, reply: Reply) -> Verdict {
    let refusal = |reason| Refusal { reason, far_code: reply.to_string() };
    if reply.code >= 500 {
        return match (permanent(stage, reply), stage) {
            (Never::Nobody, _) => Verdict::NoSuchAddress { far_code: reply.to_string() },
            // It will say so of every mail: the account rests, and is tried again.
            (Never::Failed(Reason::NotAllowed), Stage::Sender) => {
                Verdict::Closed(refusal(Reason::NotAllowed))
            }
            (Never::Failed(reason), _) => Verdict::Permanent(refusal(reason)),
        };
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

/// The enhanced code speaks plainer than the three digits; then the stage decides. Only a code that says so of this very
/// mailbox strikes it off: a bare 550 is said for all sorts of reasons, often by a relay that is set up wrongly.
pub(super) const fn permanent(stage: Stage, reply: Reply) -> Never {
    Never::Failed(match (reply.enhanced, reply.code, stage) {
        // RFC 3463 section 3.2: no such mailbox (1), no such host (2), no mailbox by its syntax (3), moved and gone (6); RFC
        // 7505: its host takes no mail (10).
        (Some((1, 1 | 2 | 3 | 6 | 10)), _, Stage::Recipient) => return Never::Nobody,
        // X.3.4 and X.6 are about the message itself.
        (Some((3, 4) | (6, _)), ..) => Reason::Content,
        // X.1.7 and X.1.8 are about the sender's mailbox and its host, wherever they are said.
        (Some((1, 7 | 8)), ..) | (_, _, Stage::Sender) => Reason::NotAllowed,
        // X.1 addressing, X.2 the mailbox, X.7 policy.
        (Some((1, _)), _, Stage::Recipient) => Reason::BadAddress,
        (Some((2, _)), ..) => Reason::Unreachable,
        (Some((7, _)), ..) | (_, 530 | 535, _) => Reason::NotAllowed,
        // 521 and 556: the host takes no mail at all (RFC 7504).
        (_, 550 | 551 | 553 | 521 | 556, Stage::Recipient) => Reason::BadAddress,
        (_, 552 | 554, _) | (_, _, Stage::Content) => Reason::Content,
        _ => Reason::Other,
    })
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
            Verdict::NoSuchAddress { .. } => Reason::BadAddress,
            Verdict::Accepted(_) | Verdict::Busy { .. } | Verdict::Lost => Reason::None,
        }
    }

    #[test]
    fn an_unknown_mailbox_is_a_bad_address_for_ever() {
        let verdict = said(Stage::Recipient, 550, "5.1.1 <wang@bad.example>: user unknown");
        let nobody = Verdict::NoSuchAddress { far_code: "550 5.1.1".into() };
        assert_eq!(verdict, nobody, "and the address is not in the record");
    }

    #[test]
    fn only_what_is_said_of_the_mailbox_itself_strikes_it_off() {
        let strikes =
            |code, words: &str| matches!(said(Stage::Recipient, code, words), Verdict::NoSuchAddress { .. });
        for detail in 0..=12 {
            let is_said = [1, 2, 3, 6, 10].contains(&detail);
            assert_eq!(strikes(550, &format!("5.1.{detail} no")), is_said, "5.1.{detail}");
        }
        for code in [550, 551, 553, 521, 556] {
            let bare = said(Stage::Recipient, code, "no");
            let refusal = Refusal { reason: Reason::BadAddress, far_code: code.to_string() };
            assert_eq!(bare, Verdict::Permanent(refusal), "this mail fails, and the next is tried");
        }
        assert!(!strikes(550, "5.2.1 disabled") && !strikes(550, "5.4.4 no route"));
    }

    #[test]
    fn what_is_said_of_the_sender_is_no_word_on_a_mailbox() {
        for words in ["5.1.7 bad sender", "5.1.8 sender's domain not found"] {
            let Verdict::Permanent(refusal) = said(Stage::Recipient, 550, words) else { panic!("{words}") };
            assert_eq!(refusal.reason, Reason::NotAllowed, "{words}");
        }
    }

    #[test]
    fn a_relay_that_refuses_us_as_a_sender_closes_the_account() {
        for (code, words) in [
            (550, "no"),
            (553, "5.7.1 not your domain"),
            (530, "5.7.0 STARTTLS first"),
            (501, "5.1.7 syntax"),
        ] {
            let closed = said(Stage::Sender, code, words);
            assert!(
                matches!(&closed, Verdict::Closed(one) if one.reason == Reason::NotAllowed),
                "{closed:?}"
            );
        }
        let too_big = said(Stage::Sender, 552, "5.3.4 too big");
        assert!(matches!(too_big, Verdict::Permanent(one) if one.reason == Reason::Content));
        assert_eq!(said(Stage::Sender, 451, "later"), Verdict::Busy { retry_after: BRIEF });
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
