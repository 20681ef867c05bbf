//! What the libraries find wrong with TOML or JSON, for the electrician who wrote it: the place and the few things that they say,
//! in Chinese first; their own words stand behind.

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("第 {line} 行第 {column} 列：{} / line {line}, column {column}: {prose}", chinese(prose))]
pub struct Complaint {
    line: usize,
    column: usize,
    // The library's words, one line.
    prose: String,
}

impl Complaint {
    /// What is wrong with this TOML.
    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let last = before.rsplit('\n').next().unwrap_or_default();
        let (line, column) = (before.matches('\n').count() + 1, last.chars().count() + 1);
        Self { line, column, prose: error.message().replace('\n', ", ") }
    }

    /// What is wrong with this JSON.
    pub(crate) fn of_json(error: &serde_json::Error) -> Self {
        let told = error.to_string();
        // The library writes the place behind its words.
        let prose = told.rsplit_once(" at line ").map_or(told.as_str(), |(words, _)| words);
        Self { line: error.line(), column: error.column(), prose: prose.to_owned() }
    }
}

/// The forms that serde's prose has; of anything else the place is known.
fn chinese(prose: &str) -> String {
    let quoted = prose.split('`').nth(1).unwrap_or_default();
    let known = || prose.split('`').skip(3).step_by(2).collect::<Vec<_>>().join("、");
    let wanted = prose.rsplit_once("expected ").map_or("", |(_, wanted)| wanted);
    if prose.starts_with("unknown field ") {
        format!("没有 {quoted} 这一项，可写的有 {}", known())
    } else if prose.starts_with("unknown variant ") {
        format!("不能写 {quoted}，可写的有 {}", known())
    } else if prose.starts_with("missing field ") {
        format!("缺少 {quoted} 这一项")
    } else if prose.starts_with("duplicate ") {
        format!("{quoted} 写了两次，请删去一处")
    } else if prose.starts_with("invalid type: ") || prose.starts_with("invalid value: ") {
        format!("值的类型或范围不对，应为 {wanted}")
    } else {
        "写法或值不对，请对照 speaker.toml 样例核对这一行".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Door {
        #[expect(dead_code, reason = "only its reading is tested")]
        port: u16,
        #[expect(dead_code, reason = "only its reading is tested")]
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Wide,
        Narrow,
    }

    #[test]
    fn each_mistake_is_told_in_chinese_with_its_place_and_the_librarys_words_behind() {
        for (text, place, zh) in [
            ("port = 1\nlock = 2", "第 2 行第 1 列", "没有 lock 这一项，可写的有 port、kind"),
            ("kind = \"wide\"", "第 1 行", "缺少 port 这一项"),
            ("port = \"x\"", "第 1 行第 8 列", "应为 u16"),
            ("port = 1\nkind = \"open\"", "第 2 行第 8 列", "不能写 open，可写的有 wide、narrow"),
            ("port = ", "第 1 行", "对照 speaker.toml 样例"),
        ] {
            let error = toml::from_str::<Door>(text).unwrap_err();
            let told = Complaint::of_toml(text, &error).to_string();
            assert!(told.contains(place) && told.contains(zh) && told.contains(" / line "), "{told}");
        }
        let told =
            Complaint::of_json(&serde_json::from_str::<Door>("{\"lock\": 1}").unwrap_err()).to_string();
        assert!(told.contains("没有 lock 这一项") && !told.contains(" at line "), "{told}");
        let (wide, narrow) = (Kind::Wide, Kind::Narrow);
        assert_ne!(std::mem::discriminant(&wide), std::mem::discriminant(&narrow));
    }

    proptest::proptest! {
        #[test]
        fn no_text_leads_out_of_bounds(text in "[\\PC\\n]{0,60}") {
            if let Err(error) = toml::from_str::<Door>(&text) {
                let told = Complaint::of_toml(&text, &error);
                proptest::prop_assert!(told.line >= 1 && told.column >= 1);
            }
        }
    }
}
