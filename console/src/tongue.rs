//! What people read, in their language: codes and fields become sentences by the language files. Chinese first;
//! what a language lacks falls back to Chinese.

use fluent_templates::{Loader, fluent_bundle::FluentValue, langid, static_loader};
use mingluo_model::problem::Problem;
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

/// A problem in both languages.
pub fn tell(problem: &dyn Problem) -> Told {
    let code = problem.code();
    let fields = problem.fields();
    let key = format!("error-{code}");
    Told {
        code,
        zh: say(Tongue::Chinese, &key, &fields),
        en: say(Tongue::English, &key, &fields),
        fields: fields.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    fn keys(language: &str) -> BTreeSet<String> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(language).join("main.ftl");
        let text = std::fs::read_to_string(file).unwrap();
        let is_key = |line: &&str| line.starts_with(|first: char| first.is_ascii_lowercase());
        text.lines().filter(is_key).filter_map(|line| Some(line.split_once(" =")?.0.to_owned())).collect()
    }

    #[test]
    fn both_languages_say_the_same_things() {
        assert_eq!(keys("zh-CN"), keys("en"));
    }

    #[test]
    fn a_missing_sentence_would_show() {
        let sentence = super::say(super::Tongue::Chinese, "error-no-roster", &[]);
        assert!(sentence.contains("名册"), "{sentence}");
    }
}
