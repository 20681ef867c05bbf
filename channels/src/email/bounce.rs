//! What a mail says that comes back to the return path of one of ours (RFC 3464). Pure. What counts is the report's own
//! word for what was done: a relay that gives up after hours says `failed` with a code that sounds temporary.

use super::verdict::{Never, Reply, Stage, permanent};
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders};
use mingluo_model::{delivery::Reason, receipt::ReceiptStatus};
use std::collections::BTreeMap;

/// Reports on one mail that are looked through; ours have one recipient each.
const MOST_GROUPS: usize = 32;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// News of the mail: what became of it, and the report's codes without any address.
    News(ReceiptStatus, String),
    /// Nobody has its mailbox; the report's codes.
    Nobody(String),
    /// Nothing that moves it: the relay still tries (`delayed`), or handed it on to one that reports nothing (`relayed`) or
    /// to a list (`expanded`). It has left us, and may still come back.
    NoNews,
    /// A machine's answer that says nothing of delivery: a vacation notice.
    Automatic,
    /// Nothing that is known: a person's answer, or a report in words of its own.
    Unknown,
}

/// Reads a mail.
pub(super) fn read(raw: &[u8]) -> Said {
    let Some(mail) = MessageParser::default().parse(raw) else { return Said::Unknown };
    if let Some(report) = mail.parts.iter().find(|part| is(part, "message", "delivery-status")) {
        let letter = || mail.body_text(0).and_then(|text| quoted(&text));
        return told(&String::from_utf8_lossy(report.contents()), letter);
    }
    // Reports of some providers are letters; those that quote a relay's code are understood. A reader's machine that
    // says where its owner is quotes all sorts of numbers, too.
    let is_automatic =
        mail.header_raw("Auto-Submitted").is_some_and(|kind| !kind.trim().eq_ignore_ascii_case("no"));
    let quoted = (from_a_relay(&mail) || from_nobody(&mail) && !is_automatic)
        .then(|| mail.body_text(0).and_then(|text| quoted(&text)))
        .flatten();
    match quoted {
        Some(reply) => failed(reply),
        None if is_automatic => Said::Automatic,
        None => Said::Unknown,
    }
}

fn from_nobody(mail: &Message<'_>) -> bool {
    mail.return_path().as_text().is_none_or(|path| path.trim_matches(['<', '>', ' ']).is_empty())
}

/// The names under which relays write (RFC 2142 section 5, and custom).
fn from_a_relay(mail: &Message<'_>) -> bool {
    let from = mail.from().and_then(|from| from.first()?.address());
    let name = from.and_then(|address| address.split('@').next()).unwrap_or_default();
    ["mailer-daemon", "postmaster"].iter().any(|relay| name.eq_ignore_ascii_case(relay))
}

fn is(part: &MessagePart<'_>, kind: &str, subtype: &str) -> bool {
    part.content_type().is_some_and(|found| {
        found.ctype().eq_ignore_ascii_case(kind)
            && found.subtype().is_some_and(|found| found.eq_ignore_ascii_case(subtype))
    })
}

/// The first recipient's fields decide (RFC 3464 section 2.3). Where they say that it failed and not why, the letter before
/// them may quote who said so: OpenSMTPD writes 5.0.0 in every report.
fn told(report: &str, letter: impl FnOnce() -> Option<Reply>) -> Said {
    let groups = groups(report);
    let Some(fields) = groups.iter().find(|fields| fields.contains_key("action")) else {
        return Said::Unknown;
    };
    let status = fields.get("status").map_or("", String::as_str);
    let action = fields["action"].to_ascii_lowercase();
    let codes = format!("{action} {status}");
    match action.as_str() {
        "delivered" => Said::News(ReceiptStatus::Delivered, codes),
        // OpenSMTPD calls its last word a delay, too; the code says that its time is over (RFC 3463 section 3.5).
        "delayed" if status.starts_with("4.4.7") => Said::News(ReceiptStatus::Expired, codes),
        // RFC 3464 section 2.3.3: none of them says that the mail is in a mailbox, and a failure may follow.
        "delayed" | "relayed" | "expanded" => Said::NoNews,
        "failed" if status.starts_with('4') => Said::News(ReceiptStatus::Expired, codes),
        "failed" => match Reply::new(550, status) {
            reply if says_why(reply) => failed(reply),
            reply => failed(letter().filter(|quoted| says_why(*quoted)).unwrap_or(reply)),
        },
        _ => Said::Unknown,
    }
}

/// Whether a code has a subject (RFC 3463 section 3.1: 0 is other or undefined).
fn says_why(reply: Reply) -> bool {
    reply.enhanced.is_some_and(|(subject, _)| subject != 0)
}

fn failed(reply: Reply) -> Said {
    let codes = format!("failed {reply}");
    let reason = match reply.enhanced {
        // The report does not say why: that must not strike a mailbox off.
        None | Some((0, _)) => Reason::Other,
        // Hosts that cannot be routed to, and those that loop back (RFC 3463 section 3.5).
        Some((4, 4 | 6)) => Reason::BadAddress,
        // The network between here and there: the mailbox may be as good as ever.
        Some((4, _)) => Reason::Unreachable,
        Some(_) => match permanent(Stage::Recipient, reply) {
            Never::Nobody => return Said::Nobody(codes),
            Never::Failed(reason) => reason,
        },
    };
    Said::News(ReceiptStatus::Failed(reason), codes)
}

/// Groups of fields between empty lines; the first is about the whole mail. Folded lines are joined, types
/// (`rfc822; `) stay.
fn groups(report: &str) -> Vec<BTreeMap<String, String>> {
    let mut groups = vec![BTreeMap::new()];
    let mut last = None;
    for line in report.lines() {
        if line.trim().is_empty() {
            if groups.last().is_some_and(|group| !group.is_empty()) && groups.len() < MOST_GROUPS {
                groups.push(BTreeMap::new());
            }
            last = None;
            continue;
        }
        let Some(group) = groups.last_mut() else { continue };
        if line.starts_with([' ', '\t']) {
            if let Some(value) = last.as_ref().and_then(|name| group.get_mut(name)) {
                let value: &mut String = value;
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            let name = name.trim().to_ascii_lowercase();
            group.insert(name.clone(), value.trim().to_owned());
            last = Some(name);
        }
    }
    groups
}

/// A permanent refusal that a letter quotes: `550 5.1.1`, `550-5.1.1` or `550 #5.1.1`.
fn quoted(text: &str) -> Option<Reply> {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || "-#<>()[]:;,".contains(c)).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.windows(2).find_map(|pair| {
        let code: u16 = pair[0].parse().ok().filter(|code| (500..560).contains(code))?;
        let reply = Reply::new(code, pair[1]);
        (reply.enhanced.is_some() && pair[1].starts_with('5')).then_some(reply)
    })
}

#[cfg(test)]
#[path = "bounce_tests.rs"]
mod tests;
