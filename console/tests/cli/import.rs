//! Rosters come in, and can go back.

use crate::desk::{Desk, HEADER};
use serde_json::Value;

/// So many residents of a village of 清原满族自治县.
fn residents(n: u32) -> String {
    let row = |nth| format!("210423100225,,{},,,", 19_730_600_000_u64 + u64::from(nth));
    (0..n).map(row).chain([String::new()]).collect::<Vec<_>>().join("\n")
}

fn current(desk: &Desk) -> (String, u64) {
    let told = desk.run(&["import", "--list", "--json"]);
    let editions: Vec<Value> = serde_json::from_str(&told.text).unwrap();
    let current = editions.iter().find(|one| one["current"] == true).unwrap();
    (current["edition"].as_str().unwrap().to_owned(), current["recipients"].as_u64().unwrap())
}

#[test]
fn a_small_file_replaces_nothing_until_the_loss_is_typed_and_the_way_back_is_told() {
    let desk = Desk::new();
    assert!(desk.import(&residents(40), &[]).good);
    let (first, _) = current(&desk);

    let refused = desk.import(&residents(3), &[]);
    assert!(!refused.good);
    refused.tells(&["40", "3", "-37", "--replace --losing 37", "未导入 not imported", "清原满族自治县"]);
    refused.tells(&["新名册比现用的少 37", "The new roster loses 37"]);
    let wrong = desk.import(&residents(3), &["--replace", "--losing", "36"]);
    assert!(!wrong.good);
    wrong.tells(&["--losing 36", "--losing 37"]);
    assert!(!desk.import(&residents(3), &["--replace"]).good, "the number must be typed");
    assert_eq!(current(&desk), (first.clone(), 40));

    let replaced = desk.import(&residents(3), &["--replace", "--losing", "37"]);
    assert!(replaced.good, "{}", replaced.text);
    replaced.tells(&["现用名册版本 current edition", &format!("--restore {first}")]);
    assert_eq!(current(&desk).1, 3);
    let restored = desk.run(&["import", "--restore", &first]);
    assert!(restored.good, "{}", restored.text);
    restored.tells(&["+37", &first]);
    assert_eq!(current(&desk), (first, 40));
    desk.run(&["import", "--list"]).tells(&["现用 current", "接收人"]);
    let unknown = desk.run(&["import", "--restore", "01989a3e-7f00-7000-8000-000000000001"]);
    assert!(!unknown.good);
    unknown.tells(&["没有名册版本", "There is no edition"]);
}

#[test]
fn real_people_do_not_give_way_to_pretend_ones_without_a_word() {
    let desk = Desk::new();
    assert!(desk.import(&residents(5), &[]).good);
    let refused = desk.import(&residents(9), &["--pretend"]);
    assert!(!refused.good);
    refused.tells(&["--losing 5"]);
}

#[test]
fn one_bad_row_and_nothing_is_imported_unless_it_may_be_left_out() {
    let desk = Desk::new();
    let rows = format!("{}210423100225,护士,19730609999,,,\n210423100225,,1973060123,,,\n", residents(2));
    let refused = desk.import(&rows, &[]);
    assert!(!refused.good);
    refused.tells(&["第 4 行 groups“护士”", "groups.csv", "Line 4, groups", "第 5 行 sms“197***23”"]);
    refused.tells(&["13 至 19 开头", "13 to 19", "--skip-bad-rows"]);
    assert!(!refused.text.contains("1973060123"), "a number is never told whole");
    assert!(!desk.run(&["import", "--list"]).text.contains("现用"));

    let report = desk.path("bad.csv").display().to_string();
    let left_out = desk.import(&rows, &["--skip-bad-rows", "--json", "--report", &report]);
    assert!(left_out.good, "{}", left_out.text);
    let told: Value = serde_json::from_str(&left_out.text).unwrap();
    assert_eq!((told["recipients"].as_u64(), told["bad_rows"].as_u64()), (Some(2), Some(2)));
    assert_eq!(told["rows"][0]["code"], "row-unknown-group");
    assert_eq!(std::fs::read_to_string(report).unwrap().lines().count(), 3);
}

#[test]
fn a_number_that_stands_twice_is_told_with_both_lines() {
    let desk = Desk::new();
    let refused = desk.import(&format!("{}210423100224,,+8619730600001,,,\n", residents(3)), &[]);
    assert!(!refused.good);
    refused.tells(&["第 5 行 sms", "与第 3 行相同", "收到两次", "same as on line 3", "197***01"]);
    assert!(!refused.text.contains("19730600001"));
}

#[test]
fn a_spreadsheets_encoding_is_named_and_can_be_declared() {
    let desk = Desk::new();
    // 210423100225,网格员,19730600001,,, in GBK.
    let row = [b"210423100225,", &b"\xcd\xf8\xb8\xf1\xd4\xb1"[..], b",19730600001,,,\n"].concat();
    desk.write("roster.csv", [HEADER.as_bytes(), &row].concat());
    desk.import_file(&[]).tells(&["第 2 行 groups", "--encoding gb18030", "UTF-8"]);
    assert!(desk.import_file(&["--encoding", "gb18030"]).good);
    let marked = format!("\u{feff}{HEADER}{}", residents(1));
    desk.write("roster.csv", marked.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    let refused = desk.import_file(&[]);
    assert!(!refused.good);
    refused.tells(&["UTF-16", "--encoding utf-16", "It looks like".to_lowercase().as_str()]);
    assert!(desk.import_file(&["--encoding", "utf-16"]).good);
    desk.write("roster.csv", b"PK\x03\x04\x14\x00\x06\x00");
    desk.import_file(&[]).tells(&["Excel 工作簿", "Excel workbook"]);
}

#[test]
fn the_roster_in_the_help_can_be_imported() {
    let desk = Desk::new();
    let help = desk.run(&["import", "--help"]).text;
    let rows =
        help.lines().skip_while(|line| line.trim() != HEADER.trim()).take_while(|line| !line.is_empty());
    let sample = rows.map(str::trim).collect::<Vec<_>>().join("\n");
    assert_eq!(sample.lines().count(), 4, "{help}");
    desk.write("roster.csv", sample);
    let imported = desk.import_file(&[]);
    assert!(imported.good, "{}", imported.text);
}
