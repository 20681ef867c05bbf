//! What a gateway's answer means, by its HTTP status and a pattern over its body.

use mingluo_model::delivery::Reason;
use serde::Deserialize;

use super::Fault;
use crate::{account::ConfigError, sms::cloud::http::Said};

/// Where a pattern catches the gateway's own id.
const ID: &str = "{id}";

/// The longest id that is caught, in bytes.
const LONGEST_ID: usize = 64;

/// What is read of an answer, in bytes: real ones have a few dozen.
const LONGEST_TEXT: usize = 2_048;

/// One kind of answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRule {
    /// The HTTP status; any when it is left out.
    pub status: Option<u16>,
    /// The body: `*` stands for anything, `{id}` for the gateway's own id of the message, which its receipts name.
    #[serde(default = "anything")]
    pub text: String,
    /// What it means.
    pub means: Meaning,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Taken.
    Accepted,
    /// Too fast, or down for a while: again soon, without counting as a try.
    Busy,
    /// The number is none, or blocked.
    BadNumber,
    /// The words, or another parameter of the request, are refused.
    Content,
    /// The quota is used up.
    Quota,
    /// The account is not let in: somebody must act.
    Refused,
    /// Not this time.
    Temporary,
}

fn anything() -> String {
    "*".to_owned()
}

/// The answers of Kannel's `sendsms`, as its version 1.4.5 gives them.
pub(super) fn kannel() -> Vec<AnswerRule> {
    let rule = |status, text: &str, means| AnswerRule { status, text: text.to_owned(), means };
    vec![
        rule(Some(202), "0: Accepted for delivery*", Meaning::Accepted),
        rule(Some(202), "3: Queued for later delivery*", Meaning::Accepted),
        // Its smsbox answers so before it takes the message. A balancer in front would need a rule of its own.
        rule(Some(503), "*", Meaning::Busy),
        rule(None, "*uthorization failed*", Meaning::Refused),
        rule(None, "*receiver*", Meaning::BadNumber),
        rule(None, "*umber*black*", Meaning::BadNumber),
        rule(None, "*, rejected", Meaning::Content),
    ]
}

/// The rules of an account, in order.
pub(super) struct Answers(Vec<AnswerRule>);

impl Answers {
    pub(super) fn check(rules: &[AnswerRule]) -> Result<Self, ConfigError> {
        if !rules.iter().any(|rule| rule.means == Meaning::Accepted) {
            return Err(ConfigError::new("answers", "", "one must mean accepted, or nothing is ever taken"));
        }
        match rules.iter().find(|rule| rule.text.matches(ID).count() > 1) {
            Some(rule) => Err(ConfigError::new("answers", &rule.text, "{id} may stand in it once")),
            None => Ok(Self(rules.to_vec())),
        }
    }

    /// The gateway's own id, if it gave one; or why it did not take the message. An answer that no rule knows may mean
    /// anything.
    pub(super) fn read(&self, said: &Said) -> Result<Option<String>, Fault> {
        let text = String::from_utf8_lossy(&said.body);
        let text = text[..text.floor_char_boundary(LONGEST_TEXT)].trim();
        let of_status = |rule: &&AnswerRule| rule.status.is_none_or(|status| status == said.status);
        let fitting = self.0.iter().filter(of_status).find_map(|rule| Some((rule, fit(&rule.text, text)?)));
        let Some((rule, fit)) = fitting else { return Err(said.unreadable()) };
        let code = format!("{} {}", said.status, rule.text);
        match rule.means {
            Meaning::Accepted => Ok(match fit {
                Fit::Plain => None,
                Fit::WithId(id) => Some(id),
            }),
            Meaning::Busy => Err(Fault::THROTTLED),
            Meaning::BadNumber => Err(Fault::number(Reason::BadAddress, &code)),
            Meaning::Content => Err(Fault::permanent(Reason::Content, &code)),
            Meaning::Quota => Err(Fault::permanent(Reason::Quota, &code)),
            Meaning::Refused => Err(Fault::Refused(format!(
                "{code}: 网关拒绝此账号 the gateway refuses the account; see url and secret_file"
            ))),
            Meaning::Temporary => Err(Fault::temporary(Reason::FarFault, &code)),
        }
    }
}

/// How a text fits a pattern.
enum Fit {
    Plain,
    /// With what `{id}` caught.
    WithId(String),
}

fn fit(pattern: &str, text: &str) -> Option<Fit> {
    let Some((before, after)) = pattern.split_once(ID) else {
        return globs(pattern, text).then_some(Fit::Plain);
    };
    // The id is what stands between: the shortest that lets the rest fit.
    let starts = (0..=text.len()).filter(|at| text.is_char_boundary(*at) && globs(before, &text[..*at]));
    for start in starts {
        let longest = text.len().min(start + LONGEST_ID);
        let mut ends = (start + 1..=longest).filter(|at| text.is_char_boundary(*at));
        if let Some(end) = ends.find(|end| globs(after, &text[*end..])) {
            return Some(Fit::WithId(text[start..end].to_owned()));
        }
    }
    None
}

/// `*` stands for anything, also for nothing.
fn globs(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(rules: &[AnswerRule], status: u16, body: &str) -> Result<Option<String>, Fault> {
        Answers::check(rules).unwrap().read(&Said { status, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn kannels_answers_are_known() {
        let read = |status, body| read(&kannel(), status, body);
        assert_eq!(read(202, "0: Accepted for delivery"), Ok(None));
        assert_eq!(read(202, "3: Queued for later delivery\n"), Ok(None));
        assert_eq!(read(503, "Temporal failure, try again later."), Err(Fault::THROTTLED));
        assert!(matches!(read(403, "Authorization failed for sendsms"), Err(Fault::Refused(_))));
        assert!(matches!(
            read(400, "Empty receiver number not allowed, rejected"),
            Err(Fault::Number(refusal)) if refusal.reason == Reason::BadAddress
        ));
        for refused in ["Coding field misformed, rejected", "Sender missing and no global set, rejected"] {
            assert!(
                matches!(read(400, refused), Err(Fault::Permanent(refusal)) if refusal.reason == Reason::Content)
            );
        }
        assert_eq!(read(200, "<html>a proxy's page"), Err(Fault::Lost));
        assert!(matches!(read(404, "no such page"), Err(Fault::Temporary(_))));
    }

    #[test]
    fn a_503_says_that_nothing_was_sent_only_where_a_rule_says_so() {
        let accepted = AnswerRule { status: Some(200), text: "*".into(), means: Meaning::Accepted };
        let busy = AnswerRule { status: Some(503), text: "*".into(), means: Meaning::Busy };
        assert_eq!(read(std::slice::from_ref(&accepted), 503, "<html>"), Err(Fault::Lost));
        assert_eq!(read(&[accepted, busy], 503, "<html>"), Err(Fault::THROTTLED));
    }

    #[test]
    fn a_gateways_own_id_is_caught() {
        let rule = |text: &str| [AnswerRule { status: None, text: text.into(), means: Meaning::Accepted }];
        let json = r#"{"code":0,"msgid":"20261123-7","n":1}"#;
        assert_eq!(read(&rule(r#"*"code":0*"msgid":"{id}"*"#), 200, json), Ok(Some("20261123-7".into())));
        assert_eq!(read(&rule("Success \"{id}\""), 200, "Success \"a-b\""), Ok(Some("a-b".into())));
        assert_eq!(read(&rule("OK:{id}"), 200, "OK:42"), Ok(Some("42".into())));
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "ab", false),
            ("a", "ab", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(globs(pattern, text), fits, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(pattern in "[a*{}id测]{0,12}", text in any::<String>()) {
            let _fits = fit(&pattern, &text);
        }
    }
}
