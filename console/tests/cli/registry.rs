//! The registry of the boxes comes in whole, or everything that is wrong with it is told.

use crate::desk::{Desk, Said};
use std::process::{Command, Output};

fn registry(desk: &Desk, words: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mingluo"));
    command.env("MINGLUO_CONFIG", desk.path("mingluo.toml")).args(["box", "registry"]).args(words);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    Said { good: status.success(), text }
}

const GOOD: &str = "\u{feff}code,region,place,latitude,longitude,power,horns,keeper,phone,enrolled
62104231002010314010101,210423100201,村委会楼顶,42.09,124.92,市电,4,王强,19730601234,2026-07-01
62104231002030314010101,210423100203,小学,,,solar,2,,,
";

#[test]
fn a_registry_is_looked_at_first_and_then_imported_and_said_again() {
    let desk = Desk::new();
    desk.write("boxes.csv", GOOD);
    let file = desk.path("boxes.csv").display().to_string();
    let looked = registry(&desk, &["import", "--dry-run", &file]);
    assert!(looked.good, "{}", looked.text);
    looked.tells(&["2 台无误：新增 2", "nothing was imported"]);
    let imported = registry(&desk, &["import", &file]);
    assert!(imported.good, "{}", imported.text);
    imported.tells(&["已导入 2 台：新增 2"]);
    let code = "62104231002010314010101";
    desk.write(
        "issued.csv",
        format!(
            "serial,code,issued,until,revoked\n01,{code},1,1830297600000,\n02,{code},1,1930297600000,5\n"
        ),
    );
    let issued = desk.path("issued.csv").display().to_string();
    let again = registry(&desk, &["import", "--issued", &issued, &file]);
    assert!(again.good, "{}", again.text);
    again.tells(&["新增 0，更新 2"]);
}

#[test]
fn everything_that_is_wrong_is_told_with_line_field_value_and_fix_and_no_name() {
    let desk = Desk::new();
    let rows = "code,region,place,latitude,longitude,power,horns,keeper,phone
123,210423100201,村委会,91,124,wind,400,王强,19730601234
62104231002020314010101,999999999999,小学,42,,solar,2,李四,abc
62104231002030314010101,210423100203,小学,42,124,solar,2,,
62104231002030314010101,210423100203,小学,42,124,solar,2,,
";
    desk.write("boxes.csv", rows);
    let file = desk.path("boxes.csv").display().to_string();
    let refused = registry(&desk, &["import", &file]);
    assert!(!refused.good);
    refused.tells(&[
        "第 2 行 line 2 code = \"123\"",
        "23 位数字",
        "latitude = \"91\"",
        "power = \"wind\"",
        "horns = \"400\"",
        "0 至 64",
        "第 3 行 line 3 region = \"999999999999\"",
        "phone = \"…\"",
        "与第 4 行重复",
        "未导入",
        "nothing was imported",
    ]);
    assert!(
        !refused.text.contains("王强") && !refused.text.contains("1973") && !refused.text.contains("abc")
    );
    desk.write("boxes.csv", "code,place,colour\n");
    registry(&desk, &["import", &file]).tells(&["没有这些列 colour", "there are no columns colour"]);
}

#[test]
fn the_demo_registry_can_be_imported() {
    let desk = Desk::new();
    let file = desk.path("demo.csv").display().to_string();
    let made = registry(&desk, &["demo", "--out", &file]);
    assert!(made.good, "{}", made.text);
    let imported = registry(&desk, &["import", "--mode", "drill", &file]);
    assert!(imported.good, "{}", imported.text);
}
