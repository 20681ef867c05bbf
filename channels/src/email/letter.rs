//! Writes a mail (RFC 5322, MIME): the same words for everyone of a plan, a few lines of header for each recipient.
//! Refuses to know connections and verdicts.

use super::{
    config::Account,
    dkim::BodyHash,
    tag::{Purpose, Tag},
};
use jiff::{fmt::rfc2822, tz::TimeZone};
use lettre::{
    Address,
    message::{
        Attachment, Mailboxes, MultiPart, SinglePart,
        header::{self, ContentType, HeaderName, HeaderValue, Headers, MimeVersion, Subject},
    },
};
use mingluo_model::{
    channel::Unfit,
    clock::Timestamp,
    message::{Body, Message},
    mode::Mode,
};
use std::fmt;

/// The longest mail: what a relay takes when nobody changed it (Postfix `message_size_limit`), in bytes.
const LONGEST: usize = 10_240_000;

/// What a receiver posts to the address before it (RFC 8058 section 3.1).
const ONE_CLICK: &str = "List-Unsubscribe-Post: List-Unsubscribe=One-Click";

/// How the attached CAP message is called.
const CAP_NAME: &str = "alert.cap.xml";

/// What is the same for every recipient: headers from `From` on, and the body.
pub(super) struct Letter {
    headers: String,
    /// Headers and body as they stand on the wire: a dot before each that begins a line (RFC 5321 section 4.5.2).
    wire: String,
    body_hash: BodyHash,
}

/// A mail as it stands on the wire, up to its final dot.
pub(super) struct Content<'a> {
    /// What is this recipient's own. None of its lines begins with a dot.
    head: String,
    letter: &'a Letter,
}

impl fmt::Display for Content<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.head)?;
        out.write_str(&self.letter.wire)?;
        out.write_str(".\r\n")
    }
}

impl Letter {
    /// Renders a message for an account.
    ///
    /// # Errors
    /// [`Unfit`] when it is no mail, lacks words, or is too long for a relay.
    pub(super) fn new<M: Mode>(account: &Account, message: &Message<M>) -> Result<Self, Unfit> {
        let Body::Email { subject, text, html, cap_xml } = &message.body else {
            return Err(wrong(
                "body",
                format!("is for {}, an e-mail account takes mails", message.body.channel().word()),
            ));
        };
        if subject.trim().is_empty() || subject.chars().any(char::is_control) {
            return Err(wrong("subject", "must be one line of words".into()));
        }
        if text.trim().is_empty() {
            return Err(wrong("text", "must not be empty; HTML alone is not readable everywhere".into()));
        }
        let parts = body(&message.alert.to_string(), text, html, cap_xml);
        // A body begins with the headers that say what it is.
        let end = parts.windows(4).position(|four| four == b"\r\n\r\n").map_or(parts.len(), |at| at + 2);
        let (kind, rest) = parts.split_at(end);
        let body = rest.strip_prefix(b"\r\n").unwrap_or(rest).to_vec();
        let headers = headers(account, subject).to_string() + &String::from_utf8_lossy(kind);
        let wire = wire(&headers, &String::from_utf8_lossy(&body));
        let length = headers.len() + body.len();
        if length > LONGEST {
            let field = String::from("mail");
            return Err(Unfit::TooLong { field, length, longest: LONGEST, unit: "bytes" });
        }
        let body_hash = BodyHash::of(&body);
        Ok(Self { headers, wire, body_hash })
    }

    /// The mail for one recipient.
    pub(super) fn to(&self, account: &Account, tag: Tag, to: &Address, dates: &Dates) -> Content<'_> {
        let (Tag { plan, ordinal, attempt }, domain) = (tag, account.from.email.domain());
        let mut head =
            format!("{}Message-ID: <{plan}.{ordinal}.{attempt}@{domain}>\r\nTo: {to}\r\n", dates.lines);
        if let (Some(url), Some(tagger)) = (&account.unsubscribe_url, &account.tagger) {
            let tag = tagger.write(Purpose::Unsubscribe, tag);
            head.extend(["List-Unsubscribe: <", url, &tag, ">\r\n", ONE_CLICK, "\r\n"]);
        }
        if !account.dkim.is_empty() {
            let own = head.len();
            head.push_str(&self.headers);
            let signatures = account.dkim.sign(&head, &self.body_hash, dates.now);
            head.truncate(own);
            head.insert_str(0, &signatures);
        }
        Content { head, letter: self }
    }
}

/// Doubles the dot that begins a line, and ends the last line.
fn wire(headers: &str, body: &str) -> String {
    let whole = format!("{headers}\r\n{body}");
    let mut wire = whole.replace("\r\n.", "\r\n..");
    if !wire.ends_with("\r\n") {
        wire.push_str("\r\n");
    }
    wire
}

/// What a mail says of time.
#[derive(Clone)]
pub(super) struct Dates {
    lines: String,
    now: Timestamp,
}

/// `Date`, and `Expires` (RFC 4021 section 2.1.50): a reader may hide a warning that no longer holds.
pub(super) fn dates(now: Timestamp, not_after: Timestamp) -> Dates {
    let line = |name: &str, at: Timestamp| {
        let zoned = at.to_jiff().map(|instant| instant.to_zoned_datetime(TimeZone::UTC));
        // A year beyond the calendar gets no line; a mail without it is still a mail.
        let text = zoned.and_then(|zoned| rfc2822::to_string(&zoned).ok());
        text.map_or_else(String::new, |text| format!("{name}: {text}\r\n"))
    };
    Dates { lines: line("Date", now) + &line("Expires", not_after), now }
}

fn headers(account: &Account, subject: &str) -> Headers {
    let mut headers = Headers::new();
    headers.set(header::From::from(Mailboxes::from(account.from.clone())));
    if let Some(mailbox) = &account.reply_to {
        headers.set(header::ReplyTo::from(Mailboxes::from(mailbox.clone())));
    }
    headers.set(Subject::from(subject.to_owned()));
    headers.set(MimeVersion::default());
    // RFC 3834 section 5: no vacation notice may answer this.
    headers.insert_raw(raw("Auto-Submitted", "auto-generated"));
    headers.insert_raw(raw("Precedence", "bulk"));
    headers
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn body(alert: &str, text: &str, html: &str, cap_xml: &str) -> Vec<u8> {
    let words = words(alert, text, html);
    if cap_xml.is_empty() {
        return words.formatted();
    }
    let kind =
        ContentType::parse("application/cap+xml").expect("the media type of CAP 1.2 section 4.2 parses");
    let cap = Attachment::new(CAP_NAME.to_owned()).body(cap_xml.as_bytes().to_vec(), kind);
    words.beside(MultiPart::mixed().boundary(format!("=_mixed_{alert}")).build(), cap).formatted()
}

/// Plain text alone, or with its HTML form.
enum Words {
    Plain(SinglePart),
    Both(MultiPart),
}

fn words(alert: &str, text: &str, html: &str) -> Words {
    let plain = SinglePart::plain(text.to_owned());
    if html.is_empty() {
        return Words::Plain(plain);
    }
    let both = MultiPart::alternative().boundary(format!("=_words_{alert}")).singlepart(plain);
    Words::Both(both.singlepart(SinglePart::html(html.to_owned())))
}

impl Words {
    fn formatted(&self) -> Vec<u8> {
        match self {
            Self::Plain(part) => part.formatted(),
            Self::Both(parts) => parts.formatted(),
        }
    }

    fn beside(self, whole: MultiPart, attachment: SinglePart) -> MultiPart {
        match self {
            Self::Plain(part) => whole.singlepart(part),
            Self::Both(parts) => whole.multipart(parts),
        }
        .singlepart(attachment)
    }
}

fn wrong(field: &str, problem: String) -> Unfit {
    Unfit::Wrong { field: field.into(), problem: problem.into() }
}

/// A mailbox that every relay can carry; `None` for what is malformed or not ASCII (SMTPUTF8 is not offered).
pub(super) fn recipient(text: &str) -> Option<Address> {
    text.is_ascii().then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::STANDARD};
    use mingluo_model::{alert::Language, grade::Grade, id::AlertId, mode::Live};
    use serde_json::json;

    const PLAN: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

    fn account() -> Account {
        super::super::config::tests::sample(&json!({})).check().unwrap()
    }

    fn message(subject: &str, text: &str, html: &str, cap_xml: &str) -> Message<Live> {
        let (subject, text, html, cap_xml) = (subject.into(), text.into(), html.into(), cap_xml.into());
        let alert: AlertId = PLAN.parse().unwrap();
        Message::new(alert, Grade::Red, Language::chinese(), Body::Email { subject, text, html, cap_xml })
    }

    fn mail(message: &Message<Live>) -> String {
        mail_of(&account(), message)
    }

    fn mail_of(account: &Account, message: &Message<Live>) -> String {
        let tag = Tag { plan: PLAN.parse().unwrap(), ordinal: 7, attempt: 2 };
        let letter = Letter::new(account, message).unwrap();
        let dates = dates(Timestamp(1_783_816_200_000), Timestamp(1_783_837_800_000));
        let wire = letter.to(account, tag, &"li@ok.example".parse().unwrap(), &dates).to_string();
        wire.strip_suffix(".\r\n").unwrap().replace("\r\n..", "\r\n.")
    }

    /// An account that signs, and whose readers can unsubscribe.
    fn listed(key: &std::path::Path) -> Account {
        let changes = json!({
            "unsubscribe_url": "https://warn.fushun.example/u/", "tag_key_file": key,
            "dkim": [{"selector": "s0", "key_file": key}],
        });
        super::super::config::tests::sample(&changes).check().unwrap()
    }

    /// Joins what RFC 2047 encoded words say in a header.
    fn header(mail: &str, name: &str) -> String {
        let unfolded = mail.replace("\r\n ", " ");
        let value =
            unfolded.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap().to_owned();
        let said = value.split_whitespace().map(|word| {
            let code = word.strip_prefix("=?utf-8?b?").and_then(|rest| rest.strip_suffix("?="));
            code.map_or_else(
                || word.into(),
                |code| String::from_utf8(STANDARD.decode(code).unwrap()).unwrap(),
            )
        });
        said.collect()
    }

    #[test]
    fn a_long_chinese_subject_arrives_whole_in_short_ascii_lines() {
        let subject =
            "【红色预警】暴雨抚顺市东洲区、清原满族自治县、新宾满族自治县七月十二日八时三十分请立即转移";
        let mail = mail(&message(subject, "请立即向高处转移。", "", ""));
        assert_eq!(header(&mail, "Subject"), subject);
        assert!(mail.is_ascii() && mail.lines().all(|line| line.len() <= 78), "{mail}");
    }

    #[test]
    fn the_same_attempt_is_recognisable_and_nobody_answers_it_by_machine() {
        let mail = mail(&message("暴雨", "转移", "", ""));
        assert!(mail.contains(&format!("Message-ID: <{PLAN}.7.2@fushun.example>\r\n")));
        assert!(mail.contains("To: li@ok.example\r\n"));
        assert!(mail.contains("Auto-Submitted: auto-generated\r\n"));
        assert!(mail.contains("Date: Sun, 12 Jul 2026 00:30:00 +0000\r\n"));
        assert!(mail.contains("Expires: Sun, 12 Jul 2026 06:30:00 +0000\r\n"));
    }

    #[test]
    fn text_html_and_cap_are_three_parts_in_that_order() {
        let mail = mail(&message("暴雨", "转移", "<p>转移</p>", "<alert>暴雨</alert>"));
        let places =
            ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/cap+xml"]
                .map(|kind| mail.find(kind).unwrap());
        assert!(places.is_sorted());
        assert!(mail.contains("filename=\"alert.cap.xml\""));
        assert!(mail.contains(&STANDARD.encode("<alert>暴雨</alert>")));
    }

    #[test]
    fn one_click_is_offered_and_signed() {
        let key = tempfile::NamedTempFile::new().unwrap();
        let mut openssl = std::process::Command::new("openssl");
        let made = openssl.args(["genpkey", "-algorithm", "ed25519", "-out"]).arg(key.path()).status();
        assert!(made.unwrap().success());
        let account = listed(key.path());
        let (subject, text) = ("【红色预警】暴雨 抚顺市东洲区 07-12 08:30", "请立即向高处转移。");
        let mail = mail_of(&account, &message(subject, text, "<p>转移</p>", "<alert/>"));
        let (_, rest) = mail.split_once("List-Unsubscribe: <https://warn.fushun.example/u/").unwrap();
        let (tag, rest) = rest.split_once(">\r\n").unwrap();
        assert!(rest.starts_with("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{rest}");
        let tagger = account.tagger.as_ref().unwrap();
        assert_eq!(tagger.read(Purpose::Unsubscribe, tag).unwrap().ordinal, 7);
        assert!(mail.starts_with("DKIM-Signature: v=1; a=ed25519-sha256;"));
        for letter in 0..2 {
            let changed = if letter == 0 { mail.clone() } else { mail.replace(tag, &tag.replace('a', "b")) };
            let case = json!({"mail": changed, "records": account.dkim.records(), "signatures": 1});
            let Some(said) = crate::oracle::asked("verify_mail.py", &[case]) else { return };
            assert_eq!(said, [if letter == 0 { "[true]" } else { "[false]" }]);
        }
    }

    #[test]
    fn a_dot_that_begins_a_line_is_doubled_and_only_the_last_one_ends_the_mail() {
        let letter = Letter::new(&account(), &message("rain", "move\n.\n..now", "", "")).unwrap();
        let tag = Tag { plan: PLAN.parse().unwrap(), ordinal: 7, attempt: 2 };
        let dates = dates(Timestamp(1_783_816_200_000), Timestamp(1_783_837_800_000));
        let wire = letter.to(&account(), tag, &"li@ok.example".parse().unwrap(), &dates).to_string();
        assert!(wire.ends_with("\r\n\r\nmove\r\n..\r\n...now\r\n.\r\n"), "{wire}");
    }

    #[test]
    fn what_is_no_mail_is_refused_by_its_field() {
        let account = account();
        for (field, bad) in [
            ("subject", message("", "转移", "", "")),
            ("subject", message("暴雨\r\nBcc: a@b.example", "转移", "", "")),
            ("text", message("暴雨", " ", "<p>转移</p>", "")),
            (
                "body",
                Message::new(bad_alert(), Grade::Red, Language::chinese(), Body::Sms { text: "转移".into() }),
            ),
        ] {
            let Err(Unfit::Wrong { field: named, .. }) = Letter::new(&account, &bad) else {
                panic!("{field}")
            };
            assert_eq!(named, field);
        }
    }

    fn bad_alert() -> AlertId {
        PLAN.parse().unwrap()
    }

    #[test]
    fn only_plain_mailboxes_are_recipients() {
        assert!(recipient("li@ok.example").is_some());
        assert!(
            ["", "li", "李@ok.example", "a@b.example\r\nRCPT TO:<c@d.example>", "a b@c.example"]
                .iter()
                .all(|text| recipient(text).is_none())
        );
    }
}
