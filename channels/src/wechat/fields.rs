//! What may stand in the fields of a template (模板消息字段). The platform cuts or drops what does not fit without a
//! word, so it is refused here, while an officer still sees it.

use mingluo_model::{channel::Unfit, misfit::Misfit};
use std::collections::BTreeMap;

/// Checks every field of a message against its kind, which is its name without the number.
///
/// # Errors
/// [`Unfit`] naming the field, and its length and the longest where that is what is wrong.
pub(super) fn check(fields: &BTreeMap<String, String>) -> Result<(), Unfit> {
    if fields.is_empty() {
        return Err(wrong("fields", "must not be empty; fill the template's fields, like thing1"));
    }
    fields.iter().try_for_each(|(name, value)| check_field(name, value))
}

fn check_field(name: &str, value: &str) -> Result<(), Unfit> {
    let Some(rule) = rule(name.trim_end_matches(|c: char| c.is_ascii_digit())) else {
        return Err(wrong(
            name,
            "is no kind of field; use thing1, time3 and so on, as the template lists them",
        ));
    };
    if value.trim().is_empty() {
        return Err(wrong(name, Misfit::Empty));
    }
    if value.chars().any(char::is_control) {
        return Err(wrong(name, Misfit::ManyLines));
    }
    let length = value.chars().count();
    let longest = rule.longest(value);
    if length > longest {
        return Err(Unfit::TooLong { field: name.into(), length, longest, unit: "characters" });
    }
    if let Some(stray) = value.chars().find(|c| !(rule.takes)(*c)) {
        return Err(wrong(name, format!("takes {}, not {stray:?}", rule.what)));
    }
    Ok(())
}

struct Rule {
    longest: usize,
    /// The longest when every character is ASCII, where that is another number.
    longest_ascii: usize,
    takes: fn(char) -> bool,
    what: &'static str,
}

impl Rule {
    fn longest(&self, value: &str) -> usize {
        if value.is_ascii() { self.longest_ascii } else { self.longest }
    }
}

/// The table of field kinds (微信开放文档, 订阅消息参数值内容限制; the category templates obey the same one).
fn rule(kind: &str) -> Option<Rule> {
    let any = |_: char| true;
    let (longest, takes, what): (usize, fn(char) -> bool, _) = match kind {
        "thing" | "const" => (20, any, "any character"),
        "number" => (32, |c| c.is_ascii_digit() || c == '.', "digits"),
        "letter" => (32, |c| c.is_ascii_alphabetic(), "letters"),
        "symbol" => (5, |c| !c.is_alphanumeric(), "symbols"),
        "character_string" => (32, |c| c.is_ascii_graphic() || c == ' ', "digits, letters and symbols"),
        // The longest form is a range of two full dates.
        "time" | "date" => (40, any, "a date or a time"),
        "amount" => (12, any, "a currency sign and 10 digits"),
        "phone_number" => (17, |c| c.is_ascii_digit() || "+-() ".contains(c), "digits and signs"),
        "car_number" => (8, any, "a plate"),
        "name" => (10, any, "a name"),
        "phrase" => (5, |c| !c.is_ascii(), "Chinese characters"),
        _ => return None,
    };
    let longest_ascii = if kind == "name" { 20 } else { longest };
    Some(Rule { longest, longest_ascii, takes, what })
}

fn wrong(field: &str, problem: impl Into<Misfit>) -> Unfit {
    Unfit::Wrong { field: field.into(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &str, value: &str) -> Result<(), Unfit> {
        check(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn a_warning_in_twenty_characters_passes() {
        let fields = [
            ("thing1", "暴雨红色预警"),
            ("thing2", "东洲区、清原满族自治县、新宾满族自治县"),
            ("time3", "2026年7月12日 08:30"),
            ("phrase4", "红色预警"),
            ("phone_number5", "024-12345678"),
            ("character_string6", "W20260712.1"),
        ];
        let all = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(check(&BTreeMap::from(all)), Ok(()));
    }

    #[test]
    fn the_twenty_first_character_is_named_with_both_lengths() {
        let long = "转".repeat(21);
        let (field, length, longest) = ("thing4".into(), 21, 20);
        assert_eq!(
            checked("thing4", &long),
            Err(Unfit::TooLong { field, length, longest, unit: "characters" })
        );
    }

    #[test]
    fn a_name_may_be_longer_in_letters() {
        assert!(checked("name1", "Alexander the Great").is_ok());
        assert!(checked("name1", "十一个汉字的名字是太长了").is_err());
    }

    #[test]
    fn what_the_platform_would_drop_is_refused() {
        for (name, value) in [
            ("thing1", "请立即\n转移"),
            ("thing1", " "),
            ("number1", "三"),
            ("first", "您好"),
            ("letter1", "a1"),
            ("phrase1", "red"),
        ] {
            let Err(Unfit::Wrong { field, .. }) = checked(name, value) else { panic!("{name} {value:?}") };
            assert_eq!(field, name);
        }
    }
}
