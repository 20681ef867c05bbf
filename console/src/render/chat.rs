//! The words of chats: what officials read in WeCom and what a robot says into their group. All that the officer wrote, where
//! it holds and until when; and the card on which an official confirms it.

use super::{RenderError, Renderer, advice, event, marked, nothing, said};
use mingluo_model::{
    alert::{Alert, Language, Text},
    message::Body,
    mode::{Live, Mode, ModeKind},
};

/// What the card's button says: a card is pressed by who has read it, not by who obeys.
pub(super) const BUTTON: &str = "确认收到";

impl Renderer {
    /// The words of a chat.
    pub(super) fn chat_text<M: Mode>(&self, alert: &Alert<M>, text: &Text) -> Result<String, RenderError> {
        let content = &alert.content;
        let ends = self.clock_time("expires", content.expires)?;
        let area = &content.area.described;
        Ok(marked::<M>(&format!("{}\n影响区域：{area}\n失效时间：{ends}", said(text).join("\n"))))
    }

    /// A warning in full, for residents who ask what is in force.
    ///
    /// # Errors
    /// [`RenderError::Time`].
    pub fn in_full(&self, alert: &Alert<Live>) -> Result<String, RenderError> {
        let text = alert.content.texts.get(&Language::chinese()).cloned().unwrap_or_else(nothing);
        self.chat_text(alert, &text)
    }

    /// The same without its end, where that cannot be said.
    pub fn without_end(&self, alert: &Alert<Live>) -> String {
        let text = alert.content.texts.get(&Language::chinese()).cloned().unwrap_or_else(nothing);
        marked::<Live>(&format!("{}\n影响区域：{}", said(&text).join("\n"), alert.content.area.described))
    }

    /// The words and the card of an application message.
    pub(super) fn wecom_body<M: Mode>(&self, alert: &Alert<M>, text: &Text) -> Result<Body, RenderError> {
        let content = &alert.content;
        let drill = if M::KIND == ModeKind::Drill { "演练：" } else { "" };
        let area = advice::shortened(&content.area.described, content.area.regions.len());
        Ok(Body::WeCom {
            text: self.chat_text(alert, text)?,
            title: format!("{drill}{}", event(content)),
            note: format!("{area}，至{}", self.clock_time("expires", content.expires)?),
            button: BUTTON.to_owned(),
        })
    }
}
