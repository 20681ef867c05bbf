//! Writes the bodies of a message's calls: the words, and the card whose button confirms them. Raw UTF-8, as the platform
//! wants it.

use super::fits;
use mingluo_model::{
    channel::Unfit,
    id::PlanId,
    message::{Body, Message},
    mode::Mode,
};
use serde_json::{Value, json};

/// The most letters of a card's title, of the line below it and of its button that a phone shows whole (企业微信开发者中心,
/// 发送应用消息, 按钮交互型).
const LONGEST_TITLE: usize = 36;
const LONGEST_NOTE: usize = 44;
const LONGEST_BUTTON: usize = 10;

/// For so long the platform takes an equal call for a repeat, in seconds; half an hour, as it would by itself.
const REPEAT_SECONDS: u32 = 1_800;

/// What the button reports.
pub(super) const CONFIRM: &str = "confirm";

/// A message that the platform will take.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    agent_id: u32,
    text: String,
    title: String,
    note: String,
    button: String,
}

impl Letter {
    /// Checks a message against the platform's limits.
    ///
    /// # Errors
    /// [`Unfit`] naming what would be cut.
    pub(super) fn of<M: Mode>(agent_id: u32, message: &Message<M>) -> Result<Self, Unfit> {
        let Body::WeCom { text, title, note, button } = &message.body else {
            let problem = format!("is for {}, WeCom takes its own messages", message.body.channel().word());
            return Err(Unfit::Wrong { field: "body".into(), problem: problem.into() });
        };
        fits("text", text)?;
        for (field, words, longest) in [
            ("title", title, LONGEST_TITLE),
            ("note", note, LONGEST_NOTE),
            ("button", button, LONGEST_BUTTON),
        ] {
            let length = words.chars().count();
            if length > longest {
                return Err(Unfit::TooLong { field: field.into(), length, longest, unit: "characters" });
            }
        }
        let [text, title, note, button] = [text, title, note, button].map(Clone::clone);
        Ok(Self { agent_id, text, title, note, button })
    }

    /// The words for these members.
    pub(super) fn words(&self, to: &str) -> Vec<u8> {
        self.call(to, &json!({ "msgtype": "text", "text": { "content": self.text } }))
    }

    /// The card for these members. `task` names it, once in the life of the application.
    pub(super) fn card(&self, to: &str, task: &str) -> Vec<u8> {
        let card = json!({
            "card_type": "button_interaction",
            "main_title": { "title": self.title, "desc": self.note },
            "task_id": task,
            "button_list": [{ "text": self.button, "style": 1, "key": CONFIRM }],
        });
        self.call(to, &json!({ "msgtype": "template_card", "template_card": card }))
    }

    fn call(&self, to: &str, what: &Value) -> Vec<u8> {
        let mut call = json!({
            "touser": to,
            "agentid": self.agent_id,
            "enable_duplicate_check": 1,
            "duplicate_check_interval": REPEAT_SECONDS,
        });
        if let (Some(call), Some(what)) = (call.as_object_mut(), what.as_object()) {
            call.extend(what.clone());
        }
        call.to_string().into_bytes()
    }
}

/// The name of a call's card: no other call of the plan begins with this member on this try. At most 51 letters, digits and
/// hyphens of the 128 that are allowed.
pub(super) fn task(plan: PlanId, first: u32, attempt: u8) -> String {
    format!("{plan}-{first}-{attempt}")
}

/// The plan that a card belongs to.
pub(super) fn plan_of(task: &str) -> Option<PlanId> {
    let (rest, _attempt) = task.rsplit_once('-')?;
    rest.rsplit_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::{alert::Language, grade::Grade, id::AlertId, mode::Live};

    const PLAN: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

    fn message(text: &str, title: &str) -> Message<Live> {
        let (text, title) = (text.to_owned(), title.to_owned());
        let body =
            Body::WeCom { text, title, note: "至7月5日20时".into(), button: "确认收到".into() };
        Message::new(PLAN.parse::<AlertId>().unwrap(), Grade::Red, Language::chinese(), body)
    }

    fn said(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn words_and_card_go_out_raw_to_all_of_them() {
        let letter = Letter::of(7, &message("请立即转移", "暴雨红色预警")).unwrap();
        let bytes = letter.words("zhang|li");
        assert!(String::from_utf8(bytes.clone()).unwrap().contains("请立即转移"), "no escapes");
        let words = said(&bytes);
        assert_eq!((&words["touser"], &words["agentid"]), (&json!("zhang|li"), &json!(7)));
        assert_eq!(words["text"]["content"], json!("请立即转移"));
        let card = said(&letter.card("zhang|li", "T-1"));
        assert_eq!(card["template_card"]["task_id"], json!("T-1"));
        assert_eq!(card["template_card"]["button_list"][0]["key"], json!(CONFIRM));
    }

    #[test]
    fn what_would_be_cut_is_refused_with_both_lengths() {
        let longest = "转".repeat(682);
        assert!(Letter::of(7, &message(&longest, "暴雨")).is_ok());
        let Err(Unfit::TooLong { field, length, longest, .. }) =
            Letter::of(7, &message(&format!("{longest}移"), "暴雨"))
        else {
            panic!("683 letters have 2,049 bytes")
        };
        assert_eq!((field.as_str(), length, longest), ("text", 2_049, LONGEST_TEXT));
        let title = Letter::of(7, &message("转移", &"雨".repeat(37)));
        assert!(matches!(title, Err(Unfit::TooLong { field, .. }) if field == "title"));
        assert!(matches!(Letter::of(7, &message(" ", "雨")), Err(Unfit::Wrong { .. })));
    }

    #[test]
    fn a_card_names_its_plan() {
        let name = task(PLAN.parse().unwrap(), u32::MAX, u8::MAX);
        assert_eq!((name.len(), plan_of(&name)), (51, Some(PLAN.parse().unwrap())));
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        for stray in ["", "1-2", "somebody-elses-task", PLAN] {
            assert_eq!(plan_of(stray), None, "{stray}");
        }
    }

    use crate::wecom::LONGEST_TEXT;
}
