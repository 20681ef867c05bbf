//! How one visitor is spoken to: language, time zone, and the words for the model's values. Knows no page and no
//! request; what it says comes from the language files.

use super::situation::held;
use crate::tongue::{Tongue, listed, say, spoken};
use jiff::tz::TimeZone;
use mingluo_ledger::store::StoredAlert;
use mingluo_model::{
    alert::{AlertKind, Content, Language, Text},
    audience::ChannelKind,
    clock::Timestamp,
    grade::Grade,
    hazard::Hazard,
    plan::AccountName,
};
use mingluo_targeting::groups::GroupEntry;
use std::{fmt::Display, time::Duration};

/// Reasons that have other words on a channel than on telephones, for which the common words are.
const OWN_WORDS: [(ChannelKind, &str); 14] = [
    (ChannelKind::Email, "bad-address"),
    (ChannelKind::Email, "unreachable"),
    (ChannelKind::Email, "blocked"),
    (ChannelKind::WeChat, "bad-address"),
    (ChannelKind::WeChat, "unreachable"),
    (ChannelKind::WeChat, "blocked"),
    (ChannelKind::Speaker, "bad-address"),
    (ChannelKind::Speaker, "unreachable"),
    (ChannelKind::Speaker, "blocked"),
    (ChannelKind::Speaker, "no-receipt"),
    (ChannelKind::WeCom, "bad-address"),
    (ChannelKind::WeCom, "not-allowed"),
    (ChannelKind::Robot, "bad-address"),
    (ChannelKind::Robot, "not-allowed"),
];

/// A language and a zone to speak in.
#[derive(Clone)]
pub(super) struct Voice {
    pub(super) tongue: Tongue,
    pub(super) zone: TimeZone,
}

impl Voice {
    /// A sentence without values.
    pub(super) fn say(&self, key: &str) -> String {
        say(self.tongue, key, &[])
    }

    /// A sentence with one value.
    pub(super) fn with(&self, key: &str, name: &'static str, value: impl Display) -> String {
        say(self.tongue, key, &[(name, value.to_string())])
    }

    /// A sentence with two values, called `a` and `b` in the language files.
    pub(super) fn pair(&self, key: &str, a: impl Display, b: impl Display) -> String {
        say(self.tongue, key, &[("a", a.to_string()), ("b", b.to_string())])
    }

    /// A sentence with these values.
    pub(super) fn values(&self, key: &str, values: &[(&'static str, String)]) -> String {
        say(self.tongue, key, values)
    }

    /// That one account sends so many instead of another (改由……发送).
    pub(super) fn handed_over(&self, from: &AccountName, to: &AccountName, n: impl Display) -> String {
        let values = [("a", from.to_string()), ("b", to.to_string()), ("c", n.to_string())];
        say(self.tongue, "web-handed-over", &values)
    }

    /// The word of a family: `web-state-draft`, `web-reason-quota`.
    pub(super) fn word(&self, family: &str, word: &str) -> String {
        self.say(&format!("web-{family}-{word}"))
    }

    /// A sentence for a problem's code and fields. Words of the model inside the fields are spoken as well.
    pub(super) fn problem(&self, code: &str, fields: Vec<(&'static str, String)>) -> String {
        let fields: Vec<_> = fields
            .into_iter()
            .map(|(name, value)| (name, spoken(self.tongue, &self.zone, name, &value)))
            .collect();
        say(self.tongue, &format!("error-{code}"), &fields)
    }

    /// The attribute of `<html lang>`.
    pub(super) const fn lang(&self) -> &'static str {
        match self.tongue {
            Tongue::Chinese => "zh-CN",
            Tongue::English => "en",
        }
    }

    /// 红色 / Red.
    pub(super) fn grade(&self, grade: Grade) -> String {
        self.word("grade", grade.word())
    }

    /// 短信 / SMS.
    pub(super) fn channel(&self, channel: ChannelKind) -> String {
        self.word("channel", channel.word())
    }

    /// Why a delivery failed, in the words of its channel: 空号 is a telephone's, 邮箱不存在 a mailbox's.
    pub(super) fn reason(&self, channel: ChannelKind, reason: &str) -> String {
        let of_channel = OWN_WORDS.contains(&(channel, reason));
        let word = if of_channel { format!("{reason}-{}", channel.word()) } else { reason.to_owned() };
        self.pair("web-cause", self.channel(channel), self.word("reason", &word))
    }

    /// A list of names or words, as the language writes it.
    pub(super) fn list<T: AsRef<str>>(&self, words: &[T]) -> String {
        listed(self.tongue, words.iter().map(|word| word.as_ref().to_owned()))
    }

    /// 网格员 / grid worker.
    pub(super) fn group(&self, entry: &GroupEntry) -> String {
        match self.tongue {
            Tongue::Chinese => entry.name_zh.to_string(),
            Tongue::English => entry.name.replace('_', " "),
        }
    }

    /// 暴雨 / Rainstorm.
    pub(super) fn hazard(&self, hazard: &Hazard) -> String {
        match self.tongue {
            Tongue::English if !hazard.name_en.is_empty() => hazard.name_en.clone(),
            _ => hazard.name_zh.clone(),
        }
    }

    /// 首发, 更新, 解除, 更正.
    pub(super) fn kind(&self, kind: AlertKind) -> String {
        self.word("kind", kind_word(kind))
    }

    /// The state of an alert; inside the hold it is not released to anybody yet.
    pub(super) fn state(&self, alert: &StoredAlert, now: Timestamp) -> String {
        self.word("state", held(alert, now).map_or(alert.state.word(), |_| "held"))
    }

    /// Date and minute: 11-23 16:31.
    pub(super) fn moment(&self, at: Timestamp) -> String {
        self.formatted(at, "%m-%d %H:%M")
    }

    /// Hour, minute and second.
    pub(super) fn time(&self, at: Timestamp) -> String {
        self.formatted(at, "%H:%M:%S")
    }

    /// The form of a `datetime-local` control.
    pub(super) fn control(&self, at: Timestamp) -> String {
        self.formatted(at, "%Y-%m-%dT%H:%M")
    }

    fn formatted(&self, at: Timestamp, form: &str) -> String {
        let instant = at.to_jiff().unwrap_or(jiff::Timestamp::MAX);
        instant.to_zoned_datetime(self.zone.clone()).strftime(form).to_string()
    }

    /// Minutes east of UTC at an instant, for the clock on the page.
    pub(super) fn offset_minutes(&self, at: Timestamp) -> i32 {
        self.zone.to_offset(at.to_jiff().unwrap_or_default()).seconds() / 60
    }

    /// A span for people: 3.2 秒, 38 秒, 2 分 39 秒, 1 小时 5 分.
    pub(super) fn span(&self, span: Duration) -> String {
        let seconds = span.as_secs();
        match seconds {
            0..10 => self.with("web-span-tenths", "a", format_args!("{:.1}", span.as_secs_f64())),
            10..60 => self.with("web-span-seconds", "a", seconds),
            60..3600 => self.pair("web-span-minutes", seconds / 60, seconds % 60),
            _ => self.pair("web-span-hours", seconds / 3600, seconds % 3600 / 60),
        }
    }
}

const fn kind_word(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Alert => "alert",
        AlertKind::Update(_) => "update",
        AlertKind::Lift(_) => "lift",
        AlertKind::Correction(_) => "correction",
    }
}

/// The Chinese words of a content; empty when it has none.
pub(super) fn chinese(content: &Content) -> Text {
    let nothing = || Text { headline: String::new(), body: String::new(), instruction: String::new() };
    content.texts.get(&Language::chinese()).cloned().unwrap_or_else(nothing)
}

/// 68,214.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at(first);
    let groups = tail.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let parts: Vec<String> = (!head.is_empty()).then(|| head.to_owned()).into_iter().chain(groups).collect();
    parts.join(",")
}

/// A share in per cent with one decimal, rounded down: 100.0 % means that nobody is missing.
pub(super) fn share(part: u64, whole: u64) -> String {
    let tenths = per_mille(part, whole);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// A share in thousandths, rounded down; 0 of nothing.
pub(super) const fn per_mille(part: u64, whole: u64) -> u64 {
    match (part * 1000).checked_div(whole) {
        Some(share) => share,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chinese_voice() -> Voice {
        Voice { tongue: Tongue::Chinese, zone: TimeZone::get("Asia/Shanghai").unwrap() }
    }

    #[test]
    fn a_share_is_never_rounded_up_to_everybody() {
        assert_eq!(share(158_857, 182_640), "86.9%");
        assert_eq!(share(9_999, 10_000), "99.9%");
        assert_eq!(share(0, 0), "0.0%");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(
            [0, 999, 1_000, 68_214, 1_600_000].map(thousands),
            ["0", "999", "1,000", "68,214", "1,600,000"]
        );
    }

    #[test]
    fn spans_and_times_are_told_in_the_zone() {
        let voice = chinese_voice();
        assert_eq!(voice.span(Duration::from_secs(159)), "2 分 39 秒");
        assert_eq!(voice.moment(Timestamp(1_795_406_400_000)), "11-23 12:00");
        assert_eq!(voice.offset_minutes(Timestamp(0)), 480);
    }

    #[test]
    fn a_mailbox_is_no_telephone() {
        let said = |channel| chinese_voice().reason(channel, "bad-address");
        assert_eq!(said(ChannelKind::Sms), "短信：空号");
        assert_eq!(said(ChannelKind::Email), "邮件：邮箱不存在");
        assert_eq!(chinese_voice().reason(ChannelKind::Email, "quota"), "邮件：配额用尽");
    }

    #[test]
    fn every_word_of_the_model_is_spoken() {
        use mingluo_model::delivery::Reason;
        let states = [
            "draft",
            "submitted",
            "approved",
            "released",
            "updated",
            "lifted",
            "corrected",
            "expired",
            "recalled",
            "held",
        ];
        let words = Grade::ALL.map(|grade| format!("grade-{}", grade.word())).into_iter();
        let words = words.chain(ChannelKind::ALL.map(|kind| format!("channel-{}", kind.word())));
        let words = words.chain(Reason::ALL.map(|reason| format!("reason-{}", reason.word())));
        let own = OWN_WORDS.map(|(channel, reason)| format!("reason-{reason}-{}", channel.word()));
        let words = words.chain(own);
        let words = words.chain(states.map(|state| format!("state-{state}")));
        let silent: Vec<String> =
            words.filter(|word| chinese_voice().say(&format!("web-{word}")).starts_with("Unknown")).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }

    #[test]
    fn every_sentence_that_pages_ask_for_exists() {
        let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = ["templates", "src/web"].into_iter().flat_map(|folder| {
            std::fs::read_dir(here.join(folder)).unwrap().map(|entry| entry.unwrap().path())
        });
        let texts: Vec<String> =
            files.filter(|file| file.is_file()).map(|file| std::fs::read_to_string(file).unwrap()).collect();
        let is_key =
            |word: &&str| word.starts_with("web-") && !word.contains(['{', ' ']) && !word.ends_with('-');
        let keys = texts.iter().flat_map(|text| text.split('"')).filter(is_key);
        for tongue in [Tongue::Chinese, Tongue::English] {
            let values = ["a", "b", "c", "d", "e"].map(|name| (name, String::new()));
            let exists = |key: &str| !say(tongue, key, &values).starts_with("Unknown");
            let silent: Vec<&str> =
                keys.clone().filter(|key| !exists(key) && !exists(&format!("{key}-drill"))).collect();
            assert!(silent.is_empty(), "{tongue:?}: {silent:?}");
        }
    }

    #[test]
    fn every_word_of_the_pages_is_spoken() {
        let families = [
            ("nav", &["board", "compose", "waiting", "alerts", "live", "drill"][..]),
            ("todo", &["submit", "approve", "release"]),
            ("go", &["submit", "approve", "release"]),
            (
                "signed",
                &["draft", "edit", "submit", "retract", "approve", "return", "release", "recall", "expire"],
            ),
            ("kind", &["alert", "update", "lift", "correction"]),
            ("follow", &["lift", "correct"]),
            ("follow-go", &["lift", "correct"]),
            ("follow-ask", &["lift", "correct"]),
            ("empty", &["hazard", "grade", "body", "area", "channels"]),
            ("status", &["400", "401", "403", "404", "409", "422", "429", "503"]),
            ("part", &["text", "headline", "body"]),
            (
                "step",
                &["draft", "submit", "submitted", "approve", "approved", "release", "released", "recall"],
            ),
            ("step", &["recalled", "followed", "expired", "return", "returned", "retract", "retracted"]),
            ("step", &["edit", "edited"]),
            ("call", &["answered", "beginning", "asked", "reminded", "deputy", "county", "city", "nobody"]),
            ("call-by", &["reply", "page", "mail", "button", "phone"]),
        ];
        let words = families.iter().flat_map(|(family, words)| words.iter().map(move |word| (family, word)));
        let checks = ["advice", "area", "beyond", "drill", "markup", "links", "boxes", "overlap"];
        let silent = |key: &String| chinese_voice().say(key).starts_with("Unknown");
        let missing: Vec<String> =
            words.map(|(family, word)| format!("web-{family}-{word}")).filter(silent).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let both =
            checks.iter().flat_map(|check| ["good", "look"].map(|end| format!("web-check-{check}-{end}")));
        assert_eq!(both.filter(silent).count(), 0);
    }

    #[test]
    fn the_words_inside_a_problem_are_spoken_too() {
        let fields = vec![("state", "released".to_owned()), ("step", "approved".to_owned())];
        let told = chinese_voice().problem("alert-wrong-state", fields);
        assert!(told.contains("已发布") && told.contains("审核"), "{told}");
    }
}
