//! What operators write wrong, and what officers write too long.

use mingluo_model::{
    channel::Unfit,
    message::{WORDS, Words},
    misfit::Misfit,
    mode::ModeKind,
};
use serde_json::{Value, json};

use super::*;
use crate::account::ConfigError;

pub(in crate::sms::cloud) fn words(changes: &[(&str, &str)]) -> Words {
    let usual = |name: &str| match name {
        "event" => "暴雨红色预警",
        "area" => "清原镇、红透山镇",
        "advice" => "请立即避险，服从转移安排",
        "event_code" => "11B03",
        "grade_code" => "red",
        "step_code" => "alert",
        _ => "某词",
    };
    let mut words: Words = WORDS.iter().map(|name| ((*name).to_owned(), usual(name).to_owned())).collect();
    words.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    words
}

fn general() -> Value {
    json!({
        "code": "SMS_1", "text": "${event}：影响${area}，${advice}。",
        "variables": {
            "event": {"words": "{event}", "longest": 20},
            "area": {"words": "{area}", "longest": 8, "otherwise": "相关地区"},
            "advice": {"words": "{advice}", "longest": 20},
        },
    })
}

fn checked(list: &Value, syntax: Syntax, mode: ModeKind) -> Result<Templates, ConfigError> {
    let configs: Vec<TemplateConfig> = serde_json::from_value(list.clone()).unwrap();
    Templates::check("抚顺应急", &configs, syntax, mode)
}

fn fault(change: impl FnOnce(&mut Value)) -> String {
    let mut template = general();
    change(&mut template);
    let error = checked(&json!([template]), Syntax::Named, ModeKind::Live).unwrap_err();
    assert_eq!(error.field, "templates");
    format!("{}: {}", error.value, error.fix)
}

#[test]
fn an_alert_becomes_the_variables_and_what_phones_show() {
    let templates = checked(&json!([general()]), Syntax::Named, ModeKind::Live).unwrap();
    let filled = templates.fill(&words(&[])).unwrap();
    assert_eq!(filled.values[1], ("area".to_owned(), "清原镇、红透山镇".to_owned()));
    let shown = &filled.segments.parts[0].text;
    assert_eq!(shown, "【抚顺应急】暴雨红色预警：影响清原镇、红透山镇，请立即避险，服从转移安排。");
    assert_eq!(templates.text("SMS_1", Syntax::Named).unwrap(), "${event}：影响${area}，${advice}。");
}

#[test]
fn words_that_are_too_long_give_way_or_are_named() {
    let templates = checked(&json!([general()]), Syntax::Named, ModeKind::Live).unwrap();
    let long = "清原满族自治县清原镇等13个地区";
    assert_eq!(templates.fill(&words(&[("area", long)])).unwrap().values[1].1, "相关地区");
    let error = templates.fill(&words(&[("advice", &"撤".repeat(21))])).unwrap_err();
    let field = "SMS_1.advice".to_owned();
    assert_eq!(error, Unfit::TooLong { field, length: 21, longest: 20, unit: "characters" });
}

#[test]
fn what_the_provider_would_refuse_is_named_before() {
    let templates = checked(&json!([general()]), Syntax::Named, ModeKind::Live).unwrap();
    for bad in ["", "见https://a.cn", "见www.a.cn", "【演练】", "一\n二"] {
        let Err(Unfit::Wrong { field, .. }) = templates.fill(&words(&[("advice", bad)])) else {
            panic!("{bad}")
        };
        assert_eq!(field, "SMS_1.advice");
    }
    let Err(Unfit::Wrong { field, .. }) = templates.fill(&Words::new()) else { panic!("no words") };
    assert_eq!(field, "words");
}

#[test]
fn the_first_template_that_is_for_it_is_taken() {
    let mut lift = general();
    (lift["code"], lift["steps"]) = (json!("SMS_LIFT"), json!(["lift", "correction"]));
    let mut flood = general();
    (flood["code"], flood["events"], flood["grades"]) =
        (json!("SMS_FLOOD"), json!(["11A01"]), json!(["red"]));
    let templates = checked(&json!([lift, flood, general()]), Syntax::Named, ModeKind::Live).unwrap();
    let code = |changes: &[(&str, &str)]| templates.fill(&words(changes)).unwrap().code;
    assert_eq!(code(&[]), "SMS_1");
    assert_eq!(code(&[("step_code", "lift")]), "SMS_LIFT");
    assert_eq!(code(&[("event_code", "11A01")]), "SMS_FLOOD");
    assert_eq!(code(&[("event_code", "11A01"), ("grade_code", "blue")]), "SMS_1");
}

#[test]
fn each_wrong_template_is_named_with_its_fix() {
    for (part, told) in [
        (fault(|t| t["code"] = json!("")), "provider's console"),
        (fault(|t| t["text"] = json!("${event}${area}${advice}")), "all variables"),
        (fault(|t| t["text"] = json!("【抚顺】${event}，${area}，${advice}")), "【"),
        (fault(|t| t["text"] = json!("${event}，${area}，${advice}，${event}")), "twice"),
        (fault(|t| t["text"] = json!("${event}，${area}。")), "advice, which is not in text"),
        (fault(|t| t["text"] = json!("${event}${area}${advice}，${x}。")), "x, which is not in variables"),
        (fault(|t| t["text"] = json!("${event}，${area")), "closing"),
        (fault(|t| t["variables"]["area"]["words"] = json!("{town}")), "town"),
        (fault(|t| t["variables"]["area"]["longest"] = json!(0)), "longest = 0"),
        (fault(|t| t["variables"]["area"]["words"] = json!("一共有九个汉字呢啊{area}")), "shorten"),
        (fault(|t| t["variables"]["area"]["otherwise"] = json!("一共有九个汉字呢啊")), "otherwise"),
        (fault(|t| t["variables"]["area"]["longest"] = json!(480)), "500"),
        (fault(|t| t["grades"] = json!(["crimson"])), "crimson"),
        (fault(|t| t["grades"] = json!(["red"])), "blue, alert: none"),
    ] {
        assert!(part.contains(told), "{part} | {told}");
    }
}

#[test]
fn numbered_variables_count_from_one() {
    let text = |text: &str| {
        let one = json!({"words": "{event}", "longest": 12});
        let list = json!([{"code": "7", "text": text, "variables": {"1": one, "2": one}}]);
        checked(&list, Syntax::Numbered, ModeKind::Live)
    };
    assert_eq!(text("{1}，{2}。").unwrap().text("7", Syntax::Numbered).unwrap(), "{1}，{2}。");
    assert!(text("{2}，{1}。").unwrap_err().fix.contains("{1}"));
}

#[test]
fn a_drills_template_says_that_it_is_one() {
    let plain =
        json!([{"code": "7", "text": "影响{1}。", "variables": {"1": {"words": "{area}", "longest": 12}}}]);
    assert!(checked(&plain, Syntax::Numbered, ModeKind::Live).is_ok());
    assert!(checked(&plain, Syntax::Numbered, ModeKind::Drill).unwrap_err().fix.contains("演练"));
    assert!(checked(&json!([general()]), Syntax::Named, ModeKind::Drill).is_ok(), "{{event}} is marked");
}

fn drill(text: &str, variable: &Value) -> Result<Templates, ConfigError> {
    let list = json!([{"code": "7", "text": text, "variables": {"1": variable}}]);
    checked(&list, Syntax::Numbered, ModeKind::Drill)
}

#[test]
fn a_drills_template_that_denies_it_or_gives_the_mark_up_is_refused() {
    let area = json!({"words": "{area}", "longest": 12});
    for text in ["非演练：影响{1}。", "这不是演练，影响{1}。", "This is NOT a drill 演练{1}。"]
    {
        assert!(drill(text, &area).unwrap_err().fix.contains("演练"), "{text}");
    }
    let event = |otherwise: &str| json!({"words": "{event}", "longest": 12, "otherwise": otherwise});
    assert!(drill("影响{1}。", &event("有暴雨")).is_err(), "the long words' replacement is no drill");
    assert!(drill("影响{1}。", &event("非演练")).is_err());
    assert!(drill("影响{1}。", &event("演练：有暴雨")).is_ok());
}

#[test]
fn what_phones_show_of_a_drill_says_so_whatever_fills_it() {
    let event = json!({"words": "{event}", "longest": 20});
    let templates = drill("影响{1}。", &event).unwrap();
    assert!(templates.fill(&words(&[("event", "演练：暴雨红色预警")])).is_ok());
    for event in ["暴雨红色预警", "非演练：暴雨红色预警", "不是演练，演练"] {
        let Err(Unfit::Wrong { problem, .. }) = templates.fill(&words(&[("event", event)])) else {
            panic!("{event}")
        };
        assert_eq!(problem, Misfit::NoDrill);
    }
    let fixed = drill("演练：影响{1}。", &json!({"words": "{area}", "longest": 12})).unwrap();
    assert!(fixed.fill(&words(&[("area", "这不是演练")])).is_err());
}
