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
    assert_eq!(current(&desk), (first.clone(), 40));
    desk.run(&["import", "--list"]).tells(&["现用 current", "接收人"]);
    let lossy = residents(3);
    let back = desk.import(&lossy, &["--replace", "--losing", "37", "--json"]);
    let small = serde_json::from_str::<Value>(&back.text).unwrap()["edition"].as_str().unwrap().to_owned();
    assert!(desk.run(&["import", "--restore", &first]).good);
    let refused = desk.run(&["import", "--restore", &small]);
    assert!(!refused.good, "going back loses as much as an import");
    refused.tells(&["未退回 not restored", "--replace --losing 37"]);
    assert_eq!(current(&desk), (first.clone(), 40));
    assert!(desk.run(&["import", "--restore", &small, "--replace", "--losing", "37"]).good);
    assert_eq!(current(&desk), (small, 3));
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
    refused.tells(&["--losing 5", "现用名册是真实的", "去掉 --pretend", "The current roster is a real one"]);
}

#[test]
fn a_roster_that_no_account_may_send_to_is_told_at_the_import_and_by_check() {
    let desk = Desk::new();
    let real = desk.import(&residents(5), &[]);
    assert!(real.good, "{}", real.text);
    real.tells(&["注意 warn", "实发名册是真实的", "请加 --pretend", "live roster is a real one"]);
    let checked = desk.run(&["check"]);
    assert!(checked.good, "serve does not refuse it: {}", checked.text);
    checked.tells(&["注意 warn  名册", "请加 --pretend 重新导入"]);
    let pretend = desk.import(&residents(5), &["--pretend", "--replace", "--losing", "5"]);
    assert!(pretend.good && !pretend.text.contains("注意"), "{}", pretend.text);
    assert!(!desk.run(&["check"]).text.contains("注意 warn  名册"));
    desk.change("pretend = true", "pretend = false");
    desk.run(&["check"]).tells(&["实发名册是模拟的", "不加 --pretend", "live roster is a pretend one"]);
}

#[test]
fn whoever_has_read_enough_ends_nothing() {
    use std::process::Stdio;
    let desk = Desk::new();
    desk.write("roster.csv", format!("{HEADER}{}", residents(9)));
    let roster = desk.path("roster.csv").display().to_string();
    let mut import = desk.command(&["import", "--recipients", &roster, "--pretend"]);
    let mut import = import.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(import.stdout.take());
    let ended = import.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && !said.contains("panicked"), "{said}");
    assert_eq!(current(&desk).1, 9);
}

#[test]
fn going_back_keeps_to_its_mode_and_to_real_people() {
    let desk = Desk::new();
    let edition = |said: &crate::desk::Said| {
        serde_json::from_str::<Value>(&said.text).unwrap()["edition"].as_str().unwrap().to_owned()
    };
    let drill = edition(&desk.import(&residents(5), &["--mode", "drill", "--json"]));
    let pretend = edition(&desk.import(&residents(5), &["--pretend", "--json"]));
    let real = edition(&desk.import(&residents(5), &["--json"]));
    let other = desk.run(&["import", "--restore", &drill]);
    assert!(!other.good);
    other.tells(&["属于另一模式", "--mode drill"]);
    let refused = desk.run(&["import", "--restore", &pretend]);
    assert!(!refused.good, "real people do not give way to pretend ones this way either");
    refused.tells(&["--losing 5"]);
    assert_eq!(current(&desk), (real, 5));
}

#[test]
fn a_township_or_its_wardens_are_not_lost_inside_a_large_county() {
    let desk = Desk::new();
    let tail = "210423103,网格员,19730700001,,,\n210423103,,19730700002,,,\n";
    let village = |rows: &str| rows.replace("210423103,", "210423103203,");
    let all = format!("{}{}", residents(60), village(tail));
    assert!(desk.import(&all, &[]).good, "{}", desk.import(&all, &[]).text);
    let no_township = desk.import(&residents(62), &[]);
    assert!(!no_township.good, "the county has as many as before");
    no_township.tells(&["210423103", "--losing 2"]);
    let no_warden = desk.import(&all.replace("网格员", ""), &[]);
    assert!(!no_warden.good, "nobody is missing, and nobody answers for anybody");
    no_warden.tells(&["网格员", "--losing 1"]);
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
    let without_the_warden = ["--encoding", "utf-16", "--replace", "--losing", "1"];
    assert!(desk.import_file(&without_the_warden).good);
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
