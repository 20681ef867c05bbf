//! Somebody else's words out of a file: plain text, or a line of JSON with the fields `text`, and where known
//! `headline`, `instruction`, `event_code`, `event` and `colour`.

use super::{Draft, Order};
use anyhow::{Context, ensure};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    headline: String,
    #[serde(default)]
    instruction: String,
    event_code: Option<String>,
    event: Option<String>,
    colour: Option<String>,
    id: Option<String>,
    issuer: Option<String>,
}

/// Reads a text; `line` counts from 1 in a file of JSON lines, the first without it. What the file does not say is a red
/// rainstorm.
pub(in super::super) fn from_text(file: &Path, line: Option<usize>) -> anyhow::Result<Draft> {
    let said = || format!("--text {}", file.display());
    let text = std::fs::read_to_string(file).with_context(|| super::unreadable(&said()))?;
    if file.extension().is_none_or(|kind| kind != "jsonl") {
        ensure!(
            !text.trim().is_empty(),
            "{}: 文件是空的，请写入正文 / the file is empty; write the warning's words into it",
            said()
        );
        ensure!(
            line.is_none(),
            "--line: {} 是纯文本，整篇就是正文，没有行可选；请去掉 --line，或给 .jsonl 文件 / is plain text, all of it is the words; \
             drop --line, or give a .jsonl file",
            file.display()
        );
        let order = Order { hazard: rain(), grade: red(), body: text.trim().to_owned(), ..Order::default() };
        return Ok(Draft { order, notes: Vec::new() });
    }
    let line = line.unwrap_or(1);
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let row = lines.clone().nth(line.saturating_sub(1)).filter(|_| line > 0);
    let row = row.with_context(|| {
        let count = lines.count();
        format!(
            "--line {line}: 文件有 {count} 行，请给 1 到 {count} / the file has {count} lines; give 1 to that"
        )
    })?;
    let row: Line = serde_json::from_str(row).with_context(|| {
        format!(
            "{}: 第 {line} 行不是带 text 字段的 JSON / line {line} is no JSON with a field `text`",
            said()
        )
    })?;
    Ok(draft(row))
}

fn draft(line: Line) -> Draft {
    let source = [line.id, line.issuer].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let note = format!(
        "正文取自 {source}，对象改为本次区域；里面的地名时间照原样 / words of {source}, sent to this area; \
         places and times in them stay as they are"
    );
    let order = Order {
        hazard: line.event_code.or(line.event).unwrap_or_else(rain),
        grade: line.colour.unwrap_or_else(red),
        headline: line.headline,
        body: line.text,
        instruction: line.instruction,
        ..Order::default()
    };
    Draft { order, notes: vec![note] }
}

fn rain() -> String {
    "11B03".to_owned()
}

fn red() -> String {
    "red".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, content: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        (folder, path)
    }

    #[test]
    fn a_line_of_json_brings_its_event_and_colour() {
        let second = r#"{"id":"W2","event_code":"11B06","colour":"blue","text":"大风","issuer":"某台"}"#;
        let (_folder, path) = file("w.jsonl", &format!("{{\"text\":\"一\"}}\n\n{second}\n"));
        let draft = from_text(&path, Some(2)).unwrap();
        let Order { hazard, grade, body, .. } = draft.order;
        assert_eq!([hazard, grade, body], ["11B06", "blue", "大风"]);
        assert!(draft.notes[0].contains("W2 某台"));
        assert_eq!(from_text(&path, None).unwrap().order.grade, "red");
        for line in [0, 3] {
            assert!(from_text(&path, Some(line)).unwrap_err().to_string().contains("2 lines"));
        }
    }

    #[test]
    fn a_plain_file_is_the_words_and_an_empty_one_is_refused() {
        let (_folder, path) = file("w.txt", "  山洪将至\n");
        assert_eq!(from_text(&path, None).unwrap().order.body, "山洪将至");
        let refused = from_text(&path, Some(1)).unwrap_err().to_string();
        assert!(refused.contains("--line") && refused.contains("纯文本"), "{refused}");
        let (_folder, path) = file("w.txt", " \n");
        assert!(from_text(&path, None).unwrap_err().to_string().contains("--text"));
    }

    #[test]
    fn collected_texts_can_all_be_drafted() {
        let Some(samples) = std::env::var_os("MINGLUO_SAMPLES") else {
            return println!("skipped: MINGLUO_SAMPLES names no directory");
        };
        let path = Path::new(&samples).join("warnings/warnings_zh.jsonl");
        let count = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!((1..=count).all(|line| !from_text(&path, Some(line)).unwrap().order.body.is_empty()));
    }
}
