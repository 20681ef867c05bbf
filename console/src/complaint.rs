//! What is wrong with a text that should be JSON or TOML (格式错误), as a problem with a place, a field and both languages.
//! The libraries say it in English prose only; this reads the few forms that prose has.

mod phrase;

pub(crate) use phrase::{in_chinese, place_in};

use mingluo_model::problem::Problem;
use serde::de::DeserializeOwned;
use std::{ops::Range, path::Path};

/// Characters of an outside value that are repeated.
const LONGEST: usize = 80;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{form}, line {}, column {}: {what}", place.0, place.1)]
pub struct Complaint {
    form: Form,
    /// The file; empty for what came in a request.
    file: String,
    /// Line and column, from 1; 0 where there is none.
    place: (usize, usize),
    what: Box<What>,
}

/// The language of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Toml,
}

impl std::fmt::Display for Form {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Json => "JSON",
            Self::Toml => "TOML",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum What {
    #[error("nobody knows {field}; known are {known}")]
    Unknown { field: String, known: String },
    #[error("{field} is missing")]
    Missing { field: String },
    #[error("{field} stands twice")]
    Twice { field: String },
    #[error("{field} should be {wanted} and is {given}")]
    Type { field: String, given: String, wanted: String },
    #[error("{field} cannot be {value:?}; known are {known}")]
    Word { field: String, value: String, known: String },
    #[error("{field}: {detail}")]
    Value { field: String, detail: String },
    #[error("{detail}")]
    Syntax { detail: String },
}

/// Reads JSON.
///
/// # Errors
/// [`Complaint`]: the first thing that is wrong.
pub fn json<T: DeserializeOwned>(text: &[u8]) -> Result<T, Complaint> {
    let file = String::new();
    let syntax = |error: &serde_json::Error| Complaint {
        form: Form::Json,
        file: String::new(),
        place: (error.line(), error.column()),
        what: Box::new(What::Syntax { detail: bare(error) }),
    };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (path, cause) = (error.path().to_string(), error.inner());
        if cause.is_data() {
            let place = (cause.line(), cause.column());
            Complaint { form: Form::Json, file, place, what: Box::new(What::read(&path, &bare(cause))) }
        } else {
            syntax(cause)
        }
    })?;
    reader.end().map_err(|error| syntax(&error))?;
    Ok(value)
}

/// Reads TOML.
///
/// # Errors
/// [`Complaint`]: the first thing that is wrong.
pub fn toml<T: DeserializeOwned>(text: &str) -> Result<T, Complaint> {
    let complaint = |span, what| Complaint {
        form: Form::Toml,
        file: String::new(),
        place: place(text, span),
        what: Box::new(what),
    };
    let reader = toml::Deserializer::parse(text)
        .map_err(|error| complaint(error.span(), What::Syntax { detail: clipped(error.message()) }))?;
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let (path, cause) = (error.path().to_string(), error.inner());
        complaint(cause.span(), What::read(&path, cause.message()))
    })
}

impl Complaint {
    /// The same complaint about the text of a file.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        self.file = file.display().to_string();
        self
    }
}

/// The message without the place that the library writes behind it.
fn bare(error: &serde_json::Error) -> String {
    let told = error.to_string();
    told.rsplit_once(" at line ").map_or(told.clone(), |(message, _)| message.to_owned())
}

fn place(text: &str, span: Option<Range<usize>>) -> (usize, usize) {
    let Some(before) = span.and_then(|span| text.get(..span.start)) else { return (0, 0) };
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

fn clipped(text: &str) -> String {
    let one_line = text.lines().next().unwrap_or_default();
    if one_line.chars().count() <= LONGEST {
        return one_line.to_owned();
    }
    one_line.chars().take(LONGEST).chain(['…']).collect()
}

impl What {
    /// Reads serde's prose; `path` leads to the field that it speaks of, or to the table around it.
    fn read(path: &str, prose: &str) -> Self {
        let field = if path == "." { String::new() } else { path.to_owned() };
        let quoted = |rest: &str| rest.split('`').nth(1).unwrap_or_default().to_owned();
        if let Some(rest) = prose.strip_prefix("unknown field ") {
            let known = rest.split_once(", ").map_or("", |(_, known)| known);
            return Self::Unknown { field, known: words(known) };
        }
        if let Some(rest) = prose.strip_prefix("missing field ") {
            let dot = if field.is_empty() { "" } else { "." };
            return Self::Missing { field: format!("{field}{dot}{}", quoted(rest)) };
        }
        if prose.starts_with("duplicate field ") {
            return Self::Twice { field };
        }
        if let Some(rest) = prose.strip_prefix("unknown variant ") {
            let known = rest.split_once(", ").map_or("", |(_, known)| known);
            return Self::Word { field, value: clipped(&quoted(rest)), known: words(known) };
        }
        let mistaken = ["invalid type: ", "invalid value: "];
        if let Some(rest) = mistaken.iter().find_map(|start| prose.strip_prefix(start))
            && let Some((given, wanted)) = rest.rsplit_once(", expected ")
        {
            return Self::Type { field, given: clipped(given), wanted: wanted.to_owned() };
        }
        Self::Value { field, detail: clipped(prose) }
    }
}

/// The words in backticks; `none` for no words, which the language files know.
fn words(prose: &str) -> String {
    let words: Vec<&str> = prose.split('`').skip(1).step_by(2).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

impl Problem for Complaint {
    fn code(&self) -> &'static str {
        match *self.what {
            What::Unknown { .. } => "unknown-field",
            What::Missing { .. } => "missing-field",
            What::Twice { .. } => "repeated-field",
            What::Type { .. } => "wrong-type",
            What::Word { .. } => "unknown-word",
            What::Value { .. } => "bad-value",
            What::Syntax { .. } => "bad-syntax",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let named = |field: &String| if field.is_empty() { "top".to_owned() } else { field.clone() };
        let place = format!("{}:{}:{}", self.place.0, self.place.1, self.file);
        let mut fields = vec![("place", place)];
        match &*self.what {
            What::Unknown { field, known } => {
                fields.extend([("field", named(field)), ("known", known.clone())]);
            }
            What::Missing { field } | What::Twice { field } => fields.push(("field", named(field))),
            What::Type { field, given, wanted } => {
                fields.extend([
                    ("field", named(field)),
                    ("given", given.clone()),
                    ("expected", wanted.clone()),
                ]);
            }
            What::Word { field, value, known } => {
                fields.extend([("field", named(field)), ("value", value.clone()), ("known", known.clone())]);
            }
            What::Value { field, detail } => {
                fields.extend([("field", named(field)), ("prose", detail.clone())]);
            }
            What::Syntax { detail } => {
                fields.extend([("form", self.form.to_string()), ("prose", detail.clone())]);
            }
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tongue::tell;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Office {
        #[expect(dead_code, reason = "only its reading is tested")]
        name: String,
        #[expect(dead_code, reason = "only its reading is tested")]
        door: Option<Door>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Door {
        #[expect(dead_code, reason = "only its reading is tested")]
        port: u16,
        #[expect(dead_code, reason = "only its reading is tested")]
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Wide,
        Narrow,
    }

    fn of_json(text: &str) -> (&'static str, String, String) {
        let told = tell(&json::<Office>(text.as_bytes()).unwrap_err());
        (told.code, told.zh, told.en)
    }

    fn of_toml(text: &str) -> (&'static str, String, String) {
        let told = tell(&toml::<Office>(text).unwrap_err());
        (told.code, told.zh, told.en)
    }

    #[test]
    fn each_fault_of_a_json_text_is_told_by_field_in_both_languages() {
        for (text, code, field, zh) in [
            (r#"{"name":"a","colour":1}"#, "unknown-field", "colour", "name, door"),
            (r#"{"door":null}"#, "missing-field", "name", "缺少"),
            (r#"{"name":5}"#, "wrong-type", "name", "整数 `5`"),
            (r#"{"name":"a","door":{"port":"x","kind":"wide"}}"#, "wrong-type", "door.port", "0 至 65535"),
            (r#"{"name":"a","door":{"port":70000,"kind":"wide"}}"#, "wrong-type", "door.port", "70000"),
            (r#"{"name":"a","door":{"port":7,"kind":"open"}}"#, "unknown-word", "door.kind", "wide, narrow"),
            (r#"{"name":"a","door":{"port":7}}"#, "missing-field", "door.kind", "缺少"),
        ] {
            let told = of_json(text);
            assert_eq!(told.0, code, "{told:?}");
            assert!(told.1.contains(field) && told.2.contains(field) && told.1.contains(zh), "{told:?}");
        }
    }

    #[test]
    fn syntax_is_told_by_line_and_column() {
        let told = of_json("{\"name\":\"a\",\n}");
        assert_eq!(told.0, "bad-syntax");
        assert!(
            told.1.contains("第 2 行") && told.1.contains("多了逗号") && told.2.contains("line 2"),
            "{told:?}"
        );
        assert_eq!(of_json("{\"name\":\"a\"} x").0, "bad-syntax");
        let told = of_toml("name = \"a\"\n[door]\nport\n");
        assert_eq!(told.0, "bad-syntax");
        assert!(
            told.1.contains("第 3 行") && told.1.contains("等号") && told.2.contains("line 3"),
            "{told:?}"
        );
        let told = of_toml("name = town\n");
        assert!(told.1.contains("第 1 行") && told.1.contains("双引号"), "{told:?}");
    }

    #[test]
    fn a_toml_key_is_told_with_its_table() {
        let told = of_toml("name = \"a\"\n[door]\nport = 7\nkind = \"wide\"\nlock = 1\n");
        assert_eq!(told.0, "unknown-field");
        assert!(
            told.1.contains("door.lock") && told.1.contains("第 5 行") && told.1.contains("port, kind"),
            "{told:?}"
        );
        let told = of_toml("name = \"a\"\n[door]\nkind = \"wide\"\n");
        assert!(told.0 == "missing-field" && told.2.contains("door.port"), "{told:?}");
        assert_eq!(of_toml("name = \"a\"\nname = \"b\"\n").0, "bad-syntax");
    }
}
