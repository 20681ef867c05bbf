//! What somebody who is called gets (叫应): which warning, for which divisions, and how to answer. The words are short, since
//! the warning itself is told by its own messages.

use super::{RenderError, Renderer, advice::shortened, chat::BUTTON, event, marked};
use mingluo_model::{
    alert::{Alert, Language},
    audience::ChannelKind,
    call::{Code, Rung},
    clock::Timestamp,
    message::{Body, Message},
    mode::{Mode, ModeKind},
};
use std::{collections::BTreeMap, time::Duration};

/// Divisions that are named; of more it is said how many there are.
const MOST_NAMED: usize = 3;

/// What is asked of somebody.
pub struct Question<'a> {
    /// On which rung.
    pub rung: Rung,
    /// The names of the divisions that they are asked about.
    pub divisions: &'a [String],
    /// What they may write back.
    pub code: Code,
    /// Where they may answer.
    pub link: &'a str,
    /// How long an answer is waited for.
    pub within: Duration,
}

impl Question<'_> {
    /// 清原镇, or 清原镇、红透山镇、草市镇等14个乡镇.
    fn named(&self) -> String {
        let names = self.divisions.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join("、");
        match self.divisions.len() {
            many if many > MOST_NAMED => format!("{names}等{many}个乡镇"),
            _ => names,
        }
    }

    /// 5分钟, or 90秒.
    fn time(&self) -> String {
        let seconds = self.within.as_secs();
        if seconds.is_multiple_of(60) { format!("{}分钟", seconds / 60) } else { format!("{seconds}秒") }
    }

    /// Why they of all people are asked.
    const fn why(&self) -> &'static str {
        match self.rung {
            Rung::Asked => "请确认已收到",
            Rung::Reminded => "尚未收到您的应答，请立即确认",
            Rung::Deputy => "责任人未应答，请您确认并处置",
            Rung::County | Rung::City | Rung::Nobody => "乡镇责任人未应答，请您确认并督促",
        }
    }

    /// The same, and for how long, within the 20 characters that a field of a WeChat template has (thing.DATA).
    fn briefly(&self) -> String {
        let why = match self.rung {
            Rung::Asked => "请点开确认已收到",
            Rung::Reminded => "未收到您的应答,请点开确认",
            Rung::Deputy => "责任人未应答,请点开确认",
            Rung::County | Rung::City | Rung::Nobody => "乡镇未应答,请确认并督促",
        };
        format!("{why}({}内)", self.time())
    }
}

impl Renderer {
    /// The message that asks somebody to answer.
    ///
    /// # Errors
    /// [`RenderError`].
    pub fn question<M: Mode>(
        &self,
        alert: &Alert<M>,
        channel: ChannelKind,
        question: &Question<'_>,
        now: Timestamp,
    ) -> Result<Message<M>, RenderError> {
        let text = alert.content.texts.get(&Language::chinese());
        let headline = text.map_or("", |text| text.headline.as_str());
        let (named, why, time) = (question.named(), question.why(), question.time());
        let (code, link) = (question.code.expose(), question.link);
        let body = match channel {
            ChannelKind::Email => {
                let subject = marked::<M>(&format!("叫应：{headline}（{named}）"));
                let said = text.map_or(String::new(), |text| format!("{}\n{}", text.body, text.instruction));
                let plain =
                    format!("{headline}\n涉及：{named}\n{why}（{time}内）：\n{link}\n\n{}\n", said.trim());
                let (html, cap_xml) = (String::new(), String::new());
                Body::Email { subject, text: marked::<M>(&plain), html, cap_xml }
            }
            ChannelKind::WeChat => self.wechat_question(alert, question, now)?,
            ChannelKind::WeCom => Body::WeCom {
                text: marked::<M>(&format!(
                    "叫应：{headline}（{named}）\n{why}：{time}内按下方按钮，或打开 {link} 应答"
                )),
                title: format!(
                    "{}叫应：{}",
                    if M::KIND == ModeKind::Drill { "演练：" } else { "" },
                    event(&alert.content)
                ),
                note: format!("{named}，{time}内"),
                button: BUTTON.to_owned(),
            },
            // The address has a blank on both sides, so that a telephone takes no more for it.
            ChannelKind::Sms | ChannelKind::Speaker | ChannelKind::Robot => Body::Sms {
                text: marked::<M>(&format!(
                    "叫应：{headline}（{named}）。{why}：{time}内回复{code}，或打开 {link} 应答"
                )),
            },
        };
        Ok(Message::new(alert.id, alert.content.grade, Language::chinese(), body))
    }

    /// The warning's template, in which a question stands instead of the advice. Without the words whole, so that it never goes
    /// as a mass send: it asks one person.
    fn wechat_question<M: Mode>(
        &self,
        alert: &Alert<M>,
        question: &Question<'_>,
        now: Timestamp,
    ) -> Result<Body, RenderError> {
        let (mut template_id, mut fields) = (String::new(), BTreeMap::new());
        if let Some(template) = &self.wechat {
            let drill = if M::KIND == ModeKind::Drill { "演练:" } else { "" };
            let mut values = self.wechat_values(alert, now)?;
            values.insert("event", format!("{drill}叫应:{}", event(&alert.content)));
            values.insert("area", shortened(&question.named(), question.divisions.len()));
            values.insert("advice", question.briefly());
            template_id.clone_from(&template.id);
            fields = template.filled(&values)?;
        }
        Ok(Body::WeChat { template_id, fields, url: question.link.to_owned(), text: String::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(divisions: &[String], within_s: u64) -> Question<'_> {
        let code = Code::read("482913").unwrap();
        let (rung, within) = (Rung::Asked, Duration::from_secs(within_s));
        Question { rung, divisions, code, link: "https://warn.example/a/x", within }
    }

    #[test]
    fn a_wechat_field_holds_each_question_with_the_longest_time_that_is_likely() {
        for rung in [Rung::Asked, Rung::Reminded, Rung::Deputy, Rung::County, Rung::City] {
            let brief = Question { rung, ..question(&[], 3_600) }.briefly();
            assert!(brief.chars().count() <= 20 && brief.ends_with("(60分钟内)"), "{brief}");
        }
    }

    #[test]
    fn many_divisions_are_counted_and_few_are_named() {
        let names = ["清原镇", "红透山镇", "草市镇", "湾甸子镇"].map(str::to_owned);
        assert_eq!(question(&names[..1], 300).named(), "清原镇");
        assert_eq!(question(&names, 300).named(), "清原镇、红透山镇、草市镇等4个乡镇");
        assert_eq!(
            (question(&names, 300).time(), question(&names, 90).time()),
            ("5分钟".into(), "90秒".into())
        );
    }
}
