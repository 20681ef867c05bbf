//! What people read, in their language: codes and fields become sentences by the language files. Chinese first;
//! what a language lacks falls back to Chinese.

use crate::complaint;
use fluent_templates::{Loader, fluent_bundle::FluentValue, langid, static_loader};
use jiff::tz::TimeZone;
use mingluo_model::{audience::ChannelKind, clock::Timestamp, grade::Grade, problem::Problem};
use serde::Serialize;
use std::{borrow::Cow, collections::BTreeMap, collections::HashMap};

static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "zh-CN",
        // Marks that isolate direction show as boxes in old consoles; neither language here needs them.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A sentence by its key with values.
pub fn say(language: Tongue, key: &str, fields: &[(&'static str, String)]) -> String {
    let values: HashMap<Cow<'static, str>, FluentValue<'_>> =
        fields.iter().map(|(name, value)| (Cow::from(*name), FluentValue::from(value.as_str()))).collect();
    let language = match language {
        Tongue::Chinese => langid!("zh-CN"),
        Tongue::English => langid!("en"),
    };
    LOCALES.lookup_with_args(&language, key, &values)
}

/// A language that the console speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    /// 中文.
    Chinese,
    /// English.
    English,
}

/// A problem as the API tells it: a stable code, both languages, the values.
#[derive(Debug, Serialize)]
pub struct Told {
    /// The code.
    pub code: &'static str,
    /// The Chinese sentence.
    pub zh: String,
    /// The English sentence.
    pub en: String,
    /// The values by name.
    pub fields: BTreeMap<&'static str, String>,
}

/// A problem in both languages, where no zone is known: times are in UTC.
pub fn tell(problem: &dyn Problem) -> Told {
    tell_at(problem, &TimeZone::UTC)
}

/// A problem in both languages, with times on the clocks of a zone.
pub fn tell_at(problem: &dyn Problem, zone: &TimeZone) -> Told {
    let code = problem.code();
    let fields = problem.fields();
    let key = format!("error-{code}");
    let told = |language| {
        let spoken = |(name, value): &(&'static str, String)| (*name, spoken(language, zone, name, value));
        say(language, &key, &fields.iter().map(spoken).collect::<Vec<_>>())
    };
    let (zh, en) = (told(Tongue::Chinese), told(Tongue::English));
    Told { code, zh, en, fields: fields.into_iter().collect() }
}

/// A value of a problem's field as people say it: words of the model become words of the language.
pub fn spoken(language: Tongue, zone: &TimeZone, name: &str, value: &str) -> String {
    let word = |family: &str, word: &str| say(language, &format!("web-{family}-{word}"), &[]);
    let channel = |zh: &str| {
        let kind = ChannelKind::ALL.into_iter().find(|kind| kind.zh() == zh);
        kind.map_or_else(|| zh.to_owned(), |kind| word("channel", kind.word()))
    };
    match name {
        "state" | "step" | "part" => word(name, value),
        "grade" => value.parse().map_or_else(|_| value.to_owned(), |grade: Grade| word(name, grade.word())),
        "expires" | "until" => value.parse().map_or_else(|_| value.to_owned(), |ms| instant(ms, zone)),
        "channel" => channel(value),
        "channels" => listed(language, value.split('、').map(channel)),
        "by" | "able" | "regions" | "groups" | "meant" => {
            listed(language, value.split('、').map(str::to_owned))
        }
        "place" => complaint::place_in(language, value),
        "given" | "expected" | "prose" if language == Tongue::Chinese => complaint::in_chinese(name, value),
        "range" if language == Tongue::Chinese => value.replace(" to ", " 至 "),
        _ => value.to_owned(),
    }
}

/// Words in a row, as the language writes it.
pub fn listed(language: Tongue, words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    words.join(match language {
        Tongue::Chinese => "、",
        Tongue::English => ", ",
    })
}

/// Milliseconds since 1970 on the clocks of a zone: 2026-07-05 20:00, and in UTC 2026-07-05 12:00 UTC.
pub fn instant(ms: i64, zone: &TimeZone) -> String {
    let form = if *zone == TimeZone::UTC { "%Y-%m-%d %H:%M UTC" } else { "%Y-%m-%d %H:%M" };
    let told = |instant: jiff::Timestamp| instant.to_zoned_datetime(zone.clone()).strftime(form).to_string();
    Timestamp(ms).to_jiff().map_or_else(|| ms.to_string(), told)
}

#[cfg(test)]
mod tests {
    use mingluo_model::alert::AlertError;
    use std::{collections::BTreeSet, path::Path};

    fn keys(language: &str) -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(language);
        let files = std::fs::read_dir(folder).unwrap();
        let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let is_key = |line: &&str| line.starts_with(|first: char| first.is_ascii_lowercase());
        let keys = |text: String| -> Vec<String> {
            text.lines().filter(is_key).filter_map(|line| Some(line.split_once(" =")?.0.to_owned())).collect()
        };
        let (keys, n): (BTreeSet<String>, usize) =
            texts.flat_map(keys).fold(Default::default(), |(mut all, n), key| {
                all.insert(key);
                (all, n + 1)
            });
        assert_eq!(keys.len(), n, "a sentence stands in two files of {language}");
        keys
    }

    #[test]
    fn both_languages_say_the_same_things() {
        assert_eq!(keys("zh-CN"), keys("en"));
    }

    #[test]
    fn a_word_of_the_model_is_told_in_each_language() {
        let problem = AlertError::WrongState { state: "lifted", step: "followed" };
        let told = super::tell(&problem);
        assert!(told.zh.contains("已解除") && told.en.contains("Lifted"), "{} {}", told.zh, told.en);
        assert_eq!(told.fields["state"], "lifted");
    }

    #[test]
    fn a_missing_sentence_would_show() {
        let sentence = super::say(super::Tongue::Chinese, "error-no-roster", &[]);
        assert!(sentence.contains("名册"), "{sentence}");
    }
}
