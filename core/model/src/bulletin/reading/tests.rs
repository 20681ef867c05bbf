//! Scripts as they are written, and as a person reads them out.

use super::*;
use proptest::prelude::*;

#[track_caller]
fn reads(written: &str, said: &str) {
    assert_eq!(spoken(written), said, "{written}");
}

#[test]
fn numbers_are_said_as_people_say_them() {
    for (written, said) in [
        ("0户", "零户"),
        ("10户", "十户"),
        ("15户", "十五户"),
        ("105户", "一百零五户"),
        ("110户", "一百一十户"),
        ("1050人", "一千零五十人"),
        ("2731人", "二千七百三十一人"),
        ("10001人", "一万零一人"),
        ("120000人", "十二万人"),
        ("100000000人", "一亿人"),
        ("100100000人", "一亿零一十万人"),
        ("3.5万人", "三点五万人"),
        ("０.08", "零点零八"),
    ] {
        reads(written, said);
    }
}

#[test]
fn two_is_liang_before_what_is_counted() {
    reads("2小时内转移2户", "两小时内转移两户");
    reads("2级，12小时，200人，2.5米", "二级，十二小时，二百人，二点五米");
    reads("7月2日", "七月二日");
}

#[test]
fn dates_and_times_are_said_in_full() {
    reads("2026-07-05 18:00", "二零二六年七月五日 十八点整");
    reads("2026/7/5", "二零二六年七月五日");
    reads("2026年7月5日08:05至15：30", "二零二六年七月五日八点零五分至十五点三十分");
    reads("25:00和7:99", "二十五:零和七:九十九");
}

#[test]
fn units_percents_ranges_and_frost_are_words() {
    reads("雨量50-80mm", "雨量五十到八十毫米");
    reads("降水50～100毫米", "降水五十到一百毫米");
    reads("流量1200m³/s，风速28.5m/s", "流量一千二百立方米每秒，风速二十八点五米每秒");
    reads("可能性90%，湿度30％～40％", "可能性百分之九十，湿度百分之三十到百分之四十");
    reads("湿度30-40%", "湿度百分之三十到百分之四十");
    reads("最低-25℃", "最低零下二十五摄氏度");
    reads("水位121.3m", "水位一百二十一点三米");
    reads("5G信号", "五G信号");
}

#[test]
fn numbers_that_are_dialled_are_said_figure_by_figure() {
    reads("请拨打119或12345", "请拨打幺幺九或幺二三四五");
    reads("电话02452651234", "电话零二四五二六五幺二三四");
    reads("转移110户、119人", "转移一百一十户、一百一十九人");
}

#[test]
fn spans_of_time_and_numbers_with_a_name_are_said_whole() {
    reads("今天18:00—20:00", "今天十八点整到二十点整");
    reads("7月5日~7日有4-6级风", "七月五日到七日有四到六级风");
    reads("气温-5℃—3℃", "气温零下五摄氏度到三摄氏度");
    reads("值班电话024-52651234", "值班电话零二四，五二六五幺二三四");
    reads("G202国道、S10线", "G二零二国道、S十线");
    reads("A-3号楼", "A-三号楼");
}

#[test]
fn brackets_are_a_breath_and_roman_grades_are_numbers() {
    reads("【演练】启动Ⅰ级响应", "，演练，启动一级响应");
    reads("“大喇叭”", "大喇叭");
}

#[test]
fn misread_words_get_their_pinyin_and_the_longest_counts() {
    let readings = Readings::with_file("# 本地地名\n浑江 hun2 jiang1\n地处 di4 chu3 # 再写一遍\n").unwrap();
    assert_eq!(readings.apply("应急"), " ying4 ji2 ");
    assert_eq!(readings.apply("地处浑江"), " di4 chu3  hun2 jiang1 ");
    assert_eq!(readings.apply("低洼地带"), "低洼 di4 带");
}

#[test]
fn a_line_that_is_no_reading_is_named() {
    for bad in ["浑江", "hun jiang1", "浑江 hun jiang1", "浑江 hun2-jiang1", "浑江 hun6"] {
        let error = Readings::with_file(&format!("厦门 xia4 men2\n{bad}")).unwrap_err();
        assert_eq!((error.line, error.text.as_str()), (2, bad));
    }
}

proptest! {
    #[test]
    fn no_digit_is_left_and_nothing_panics(script in "[0-9０-９:：./%％~-]{0,12}[\\PC]{0,20}[0-9mks/℃-]{0,9}") {
        let said = spoken(&script);
        prop_assert!(!said.chars().any(|letter| letter.is_ascii_digit()), "{said}");
        Readings::default().apply(&said);
    }

    #[test]
    fn what_holds_no_figure_is_left_as_it_is(script in "[一-龥，。、]{0,40}") {
        prop_assert_eq!(spoken(&script), script);
    }
}
