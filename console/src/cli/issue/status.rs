//! An alert's state as people read it: a few lines and a table; the API's JSON is for programs.

use crate::{
    cli::{Table, grouped},
    tongue::{Tongue, say},
};
use mingluo_model::audience::ChannelKind;
use serde_json::Value;
use std::collections::BTreeMap;

/// States in which the far side has it.
const TAKEN: [&str; 4] = ["accepted", "delivered", "sounded", "acknowledged"];

/// States in which it is known to have arrived.
const ARRIVED: [&str; 3] = ["delivered", "sounded", "acknowledged"];

/// States in which nothing will come of it.
const FAILED: [&str; 3] = ["failed", "expired", "withdrawn"];

const HEADS: [&str; 8] = [
    "渠道\nchannel",
    "目标\ntarget",
    "已收\ntaken",
    "送达/播出\narrived",
    "失败\nfailed",
    "无回执\nno receipt",
    "未知\nunknown",
    "待发\nwaiting",
];

/// The latest alerts.
pub(super) fn all(answer: &Value) -> Vec<String> {
    let alerts = answer.as_array().map_or(&[][..], Vec::as_slice);
    if alerts.is_empty() {
        return vec!["没有预警 no alerts".to_owned()];
    }
    let mut table = Table::new([
        "预警\nalert",
        "状态\nstate",
        "级别\ngrade",
        "灾种\nhazard",
        "失效\nexpires",
        "区域\narea",
    ]);
    for alert in alerts {
        let word = |family, field: &str| both(family, text(&alert[field]));
        let plain = |field: &str| text(&alert[field]).to_owned();
        table.row([
            plain("id"),
            word("state", "state"),
            word("grade", "grade"),
            plain("hazard"),
            plain("expires_at"),
            plain("area"),
        ]);
    }
    table.lines()
}

/// One alert, with its townships if they are wanted.
pub(super) fn one(answer: &Value, townships: bool) -> Vec<String> {
    let content = &answer["content"];
    let (hazard, grade) = (text(&content["hazard"]["name_zh"]), both("grade", text(&content["grade"])));
    let area = text(&content["area"]["described"]);
    let mut lines = vec![
        format!("预警 alert {}  {}", text(&answer["id"]), both("state", text(&answer["state"]))),
        format!("{hazard} {grade}  {area}  至 until {}", text(&answer["expires_at"])),
        reach(answer),
    ];
    let plans = answer["plans"].as_array().map_or(&[][..], Vec::as_slice);
    if plans.is_empty() {
        lines.extend(words(answer));
        lines.push("尚未签发 not released yet".to_owned());
        return lines;
    }
    let mut table = Table::new(HEADS);
    for (channel, cells) in
        sums(plans.iter().map(|plan| (text(&plan["channel"]).to_owned(), &plan["counts"])))
    {
        table.row(row(label(&channel), &cells));
    }
    lines.extend(table.lines());
    lines.extend(calls(&answer["calls"]));
    if townships {
        lines.extend(by_township(plans, &answer["districts"]));
    }
    lines
}

/// What is signed besides the numbers: every word, what it does to an earlier warning, whom it is limited to, where else it
/// may go, and the hash that a signature binds to.
fn words(answer: &Value) -> Vec<String> {
    let content = &answer["content"];
    let texts = &content["texts"]["zh-CN"];
    let parts = [("标题 headline", "headline"), ("正文 text", "body"), ("指引 instruction", "instruction")];
    let mut lines: Vec<String> = parts
        .into_iter()
        .filter(|(_, part)| !text(&texts[part]).is_empty())
        .map(|(title, part)| format!("{title}: {}", text(&texts[part])))
        .collect();
    lines.extend(followed(&content["kind"]));
    let words = |list: &Value, word: fn(&str) -> String| -> Option<String> {
        let words: Vec<String> = list.as_array()?.iter().map(|one| word(text(one))).collect();
        (!words.is_empty()).then(|| words.join("，"))
    };
    if let Some(groups) = words(&answer["groups"], str::to_owned) {
        lines.push(format!("只发给 only for: {groups}"));
    }
    if let Some(reserve) = words(&content["reserve"], label) {
        lines.push(format!("补发渠道 in reserve: {reserve}"));
    }
    lines.push(format!("内容 content_hash: {}", text(&answer["content_hash"])));
    lines
}

/// What it does to which earlier warning; nothing for the first of its chain.
fn followed(kind: &Value) -> Option<String> {
    let (word, earlier) = kind.as_object()?.iter().next()?;
    Some(format!("{} 预警 alert {}", both("kind", word), text(earlier)))
}

/// People where they are told, and what the releaser types.
fn reach(answer: &Value) -> String {
    let number = |value: &Value| grouped(value.as_u64().unwrap_or(0));
    let counts = answer["content"]["audience"]["counts"].as_object();
    let each = counts
        .into_iter()
        .flatten()
        .map(|(channel, count)| format!("{} {}", label(channel), number(&count["recipients"])));
    let each = each.collect::<Vec<_>>().join("，");
    let deliveries = number(&answer["deliveries"]);
    let people = match (answer["people"].as_u64(), answer["speakers"].as_u64()) {
        (Some(people), Some(speakers)) => {
            format!("{} 人 people，{} 只大喇叭 speakers；", grouped(people), grouped(speakers))
        }
        _ => String::new(),
    };
    format!("受众 audience: {people}{deliveries} 条 deliveries（{each}）")
}

/// How each township's call stands, where responsible persons are called (叫应).
fn calls(calls: &Value) -> Vec<String> {
    let calls = calls.as_array().map_or(&[][..], Vec::as_slice);
    if calls.is_empty() {
        return Vec::new();
    }
    let mut table = Table::new(["叫应\ncall", "情况\nhow it stands", "已叫\nasked"]);
    for call in calls {
        let outcome = &call["outcome"];
        let word = if outcome["rung"].is_string() { &outcome["rung"] } else { &outcome["state"] };
        let asked = call["asked"].as_array().map_or(0, Vec::len);
        table.row([text(&call["name"]).to_owned(), both("call", text(word)), asked.to_string()]);
    }
    table.lines()
}

fn by_township(plans: &[Value], names: &Value) -> Vec<String> {
    let mut heads = HEADS;
    heads[0] = "乡镇 渠道\ntownship, channel";
    let rows = plans.iter().flat_map(|plan| {
        let channel = text(&plan["channel"]);
        let districts = plan["districts"].as_object().into_iter().flatten();
        districts.map(move |(code, counts)| (format!("{code}\n{channel}"), counts))
    });
    let mut table = Table::new(heads);
    for (key, cells) in sums(rows) {
        let (code, channel) = key.split_once('\n').unwrap_or((&key, ""));
        table.row(row(format!("{code} {} {}", text(&names[code]), label(channel)), &cells));
    }
    table.lines()
}

/// Target, taken, arrived, failed, without receipt, unknown, waiting: by title, several plans in one.
fn sums<'a>(counts: impl Iterator<Item = (String, &'a Value)>) -> BTreeMap<String, [u64; 7]> {
    let mut sums: BTreeMap<String, [u64; 7]> = BTreeMap::new();
    for (title, counts) in counts {
        let of = |states: &[&str]| -> u64 {
            states.iter().filter_map(|state| counts["states"][state].as_u64()).sum()
        };
        let number = |field: &str| counts[field].as_u64().unwrap_or(0);
        let (target, taken, failed) = (number("target"), of(&TAKEN), of(&FAILED));
        let unknown = of(&["unknown"]);
        let waiting = target.saturating_sub(taken + failed + unknown);
        let silent = number("accepted_without_receipt");
        let cells = [target, taken, of(&ARRIVED), failed, silent, unknown, waiting];
        sums.entry(title).or_default().iter_mut().zip(cells).for_each(|(sum, cell)| *sum += cell);
    }
    sums
}

fn row(title: String, cells: &[u64; 7]) -> Vec<String> {
    std::iter::once(title).chain(cells.iter().map(|cell| grouped(*cell))).collect()
}

/// A word of the model in both languages.
fn both(family: &str, word: &str) -> String {
    let key = format!("web-{family}-{word}");
    format!("{} {}", say(Tongue::Chinese, &key, &[]), say(Tongue::English, &key, &[]))
}

fn label(channel: &str) -> String {
    let kind = ChannelKind::ALL.into_iter().find(|kind| kind.word() == channel);
    kind.map_or_else(|| channel.to_owned(), |kind| format!("{} {}", kind.zh(), kind.word()))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(plans: &Value) -> Value {
        json!({
            "id": "a1", "state": "approved", "expires_at": "2026-07-05T18:00:00+08:00",
            "content_hash": "8f3c", "people": 2_731, "speakers": 61, "deliveries": 5_432,
            "content": {
                "hazard": { "name_zh": "暴雨" }, "grade": "red", "area": { "described": "清原镇" },
                "texts": { "zh-CN": { "headline": "暴雨红色预警", "body": "今晚有大暴雨。", "instruction": "" } },
                "audience": { "counts": { "sms": { "recipients": 2_731, "responsible": 9 } } },
            },
            "districts": { "210423100": "清原镇" },
            "plans": plans,
        })
    }

    fn plan(states: &Value, target: u64) -> Value {
        let counts = json!({ "target": target, "states": states, "accepted_without_receipt": 1 });
        json!({ "channel": "sms", "counts": counts, "districts": { "210423100": counts } })
    }

    #[test]
    fn people_and_deliveries_are_told_apart_before_the_release() {
        let lines = one(&answer(&json!([])), false).join("\n");
        assert!(lines.contains("2,731 人 people") && lines.contains("61 只大喇叭"), "{lines}");
        assert!(lines.contains("5,432 条 deliveries") && lines.contains("尚未签发"), "{lines}");
        assert!(lines.contains("今晚有大暴雨。") && lines.contains("content_hash: 8f3c"), "{lines}");
        assert!(!lines.contains("指引"), "{lines}");
    }

    #[test]
    fn whoever_signs_reads_what_it_stops_whom_it_leaves_out_and_where_else_it_may_go() {
        let mut answer = answer(&json!([]));
        let plain = one(&answer, false).join("\n");
        assert!(
            !plain.contains("更新") && !plain.contains("只发给") && !plain.contains("补发渠道"),
            "{plain}"
        );
        answer["content"]["kind"] = json!({ "update": "a0" });
        answer["groups"] = json!(["网格员"]);
        answer["content"]["reserve"] = json!(["speaker"]);
        let lines = one(&answer, false).join("\n");
        assert!(lines.contains("更新 Update 预警 alert a0"), "{lines}");
        assert!(lines.contains("只发给 only for: 网格员"), "{lines}");
        assert!(lines.contains("补发渠道 in reserve: 大喇叭 speaker"), "{lines}");
    }

    #[test]
    fn the_plans_of_a_channel_are_one_row_of_a_short_table() {
        let plans = json!([
            plan(&json!({ "delivered": 2, "accepted": 1, "queued": 3 }), 6),
            plan(&json!({ "failed": 1, "unknown": 1, "delivered": 1_000 }), 1_002),
        ]);
        let lines = one(&answer(&plans), false);
        assert_eq!(lines.len(), 7, "{lines:#?}");
        let cells: Vec<&str> = lines[6].split_whitespace().collect();
        assert_eq!(cells, ["短信", "sms", "1,008", "1,003", "1,002", "1", "2", "1", "3"]);
        let long = one(&answer(&plans), true);
        assert!(long.last().unwrap().contains("210423100 清原镇 短信"), "{long:#?}");
        assert!(long.len() < 20);
    }

    #[test]
    fn who_has_not_answered_is_told_below_the_arrivals() {
        let mut answer = answer(&json!([plan(&json!({ "delivered": 6 }), 6)]));
        answer["calls"] = json!([
            { "name": "清原镇", "outcome": { "state": "waiting", "rung": "deputy", "since": 1 }, "asked": [1, 2, 3] },
            { "name": "草市镇", "outcome": { "state": "nobody", "since": 1 }, "asked": [] },
        ]);
        let lines = one(&answer, false).join("\n");
        assert!(lines.contains("已转副职 Deputy asked") && lines.contains("无人可叫"), "{lines}");
    }

    #[test]
    fn alerts_are_listed_in_words() {
        let answer = json!([{ "id": "a1", "state": "released", "grade": "red", "hazard": "暴雨",
            "area": "清原镇", "expires": 1, "expires_at": "2026-07-05T18:00:00+08:00" }]);
        let lines = all(&answer).join("\n");
        assert!(lines.contains("已发布") && lines.contains("Released") && lines.contains("红"), "{lines}");
    }
}
