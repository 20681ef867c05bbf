//! From an alert to the exact words of each channel. What is previewed here is what is sent: the same functions make
//! both. Which account sends it, and how long it may be, is the channel's business.

mod advice;
mod bulletin;
mod call;
pub(crate) mod cap;
mod chat;
mod hazards;
mod issued;
mod mail;
mod sms;
mod words;

pub use advice::{fixed, fixed_instead};
pub(crate) use bulletin::BoxBulletin;
pub use bulletin::{Believed, Broadcaster};
pub use call::Question;
pub use hazards::Hazards;
pub use issued::{Numbers, bulletins, replaced};
pub use sms::{SmsForm, SmsParts};
pub use words::has_link;

use bulletin::Given;
use mail::Mail;
use mingluo_exchange::cap::CapError;
use mingluo_model::{
    alert::{Alert, AlertKind, Content, Language, Text},
    audience::ChannelKind,
    bulletin::{AudioClip, EbmId, KeyId},
    clock::Timestamp,
    grade::Grade,
    hazard::Hazard,
    message::{Body, MARKED_WORDS, Message, Words},
    mode::{Mode, ModeKind},
    plan::AccountName,
    signer::SignerError,
    template::{Template, TemplateError},
};
use std::collections::{BTreeMap, BTreeSet};

/// The gaps that an SMS template may have.
pub const SMS_GAPS: [&str; 3] = ["headline", "body", "instruction"];

/// The gaps that a WeChat template's fields may have.
pub const WECHAT_GAPS: [&str; 4] = ["event", "area", "time", "advice"];

/// What drills begin and end with on every channel.
const DRILL_MARK: &str = "【演练】";

/// Why the words of a channel could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template has a gap that nothing fills.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The CAP document breaks a rule.
    #[error("the CAP attachment cannot be written: {0}")]
    Cap(Box<CapError>),
    /// The bulletin could not be signed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// Boxes would refuse the bulletin: the key set that they are told to believe does not let the signer's key sign it.
    #[error("boxes would refuse the bulletin: key {key}: {what}")]
    Disbelieved {
        /// The signer's key.
        key: KeyId,
        /// What of the bulletin is outside of its bounds.
        what: String,
    },
    /// A time lies outside of the calendar.
    #[error("{field}: {value} lies outside of the calendar")]
    Time {
        /// Which time.
        field: &'static str,
        /// Milliseconds since 1970.
        value: i64,
    },
}

/// The words of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The content.
    pub body: Body,
    /// The same by name; of short messages only.
    pub words: Words,
}

impl Rendered {
    /// The words as a message of the alert.
    pub fn message<M: Mode>(&self, alert: &Alert<M>) -> Message<M> {
        Message::new(alert.id, alert.content.grade, Language::chinese(), self.body.clone())
            .with_words(self.words.clone())
    }
}

/// The templates and names that words are made with.
pub struct Renderer {
    /// The issuer's name as headlines say it.
    pub issuer: String,
    /// The deployment's time zone.
    pub zone: jiff::tz::TimeZone,
    /// The event types.
    pub hazards: Hazards,
    /// The SMS text: gaps `headline`, `body`, `instruction`.
    pub sms: Template,
    /// The WeChat template's id and its fields with gaps `event`, `area`, `time`, `advice`.
    pub wechat: Option<WeChatTemplate>,
    /// The account that sends WeChat's words whole to many at once; `None` where there is none.
    pub mass: Option<AccountName>,
    /// Signs bulletins; `None` where no speaker account is configured.
    pub broadcaster: Option<Broadcaster>,
    /// Accounts whose far side only pretends.
    pub pretend: BTreeSet<AccountName>,
    /// How each SMS account signs and cuts.
    pub sms_forms: BTreeMap<AccountName, SmsForm>,
    /// Who sends CAP documents: an internet name of the organisation.
    pub cap_sender: String,
}

/// A WeChat template as the account holds it.
#[derive(Debug, Clone)]
pub struct WeChatTemplate {
    /// The template's id.
    pub id: String,
    /// Words with gaps, by field name.
    pub fields: BTreeMap<String, Template>,
}

impl WeChatTemplate {
    fn filled(
        &self,
        values: &BTreeMap<&'static str, String>,
    ) -> Result<BTreeMap<String, String>, TemplateError> {
        self.fields.iter().map(|(name, words)| Ok((name.clone(), words.fill(values)?))).collect()
    }
}

impl Renderer {
    /// An event type by code or Chinese name.
    pub fn hazard(&self, word: &str) -> Option<Hazard> {
        self.hazards.find(word).cloned()
    }

    /// A headline in the form of the field: who, what step, which event, which colour.
    pub fn headline(&self, kind: AlertKind, hazard: &Hazard, grade: Grade) -> String {
        format!("{}{}{}{}预警", self.issuer, step(kind).0, hazard.name_zh, grade.zh())
    }

    /// Whether an account's far side only pretends.
    pub fn is_pretend(&self, account: &AccountName) -> bool {
        self.pretend.contains(account)
    }

    /// The words of one channel for preview and for counting; a speaker's are not signed yet.
    ///
    /// # Errors
    /// [`RenderError`].
    pub fn render<M: Mode>(
        &self,
        alert: &Alert<M>,
        channel: ChannelKind,
        now: Timestamp,
    ) -> Result<Rendered, RenderError> {
        let text = alert.content.texts.get(&Language::chinese()).cloned().unwrap_or_else(nothing);
        let body = match channel {
            ChannelKind::Sms => Body::Sms { text: self.sms_text::<M>(&text)? },
            ChannelKind::WeChat => self.wechat_body(alert, &text, now)?,
            ChannelKind::Email => self.mail_body(alert, &text, now)?,
            ChannelKind::WeCom => self.wecom_body(alert, &text)?,
            ChannelKind::Robot => Body::Robot { text: self.chat_text(alert, &text)? },
            ChannelKind::Speaker => Body::Speaker { envelope: Vec::new(), script: script::<M>(&text) },
        };
        let words = match channel {
            ChannelKind::Sms => self.words(alert, &text, now)?,
            ChannelKind::WeChat
            | ChannelKind::Email
            | ChannelKind::Speaker
            | ChannelKind::WeCom
            | ChannelKind::Robot => Words::new(),
        };
        Ok(Rendered { body, words })
    }

    /// The message as it will be sent; a speaker's is signed here, silences the bulletins that are [`replaced`], and names
    /// the clip that says its script, where there is one.
    ///
    /// # Errors
    /// [`RenderError`].
    pub async fn finish<M: Mode>(
        &self,
        alert: &Alert<M>,
        channel: ChannelKind,
        now: Timestamp,
        replaced: &[EbmId],
        clip: Option<AudioClip>,
    ) -> Result<Message<M>, RenderError> {
        let mut rendered = self.render(alert, channel, now)?;
        if let (Body::Speaker { envelope, script }, Some(broadcaster)) =
            (&mut rendered.body, &self.broadcaster)
        {
            let given = Given { zone: &self.zone, replaced, clip };
            *envelope = broadcaster.seal(alert, script, now, given).await?;
        }
        Ok(rendered.message(alert))
    }

    /// Whether the bulletin of this alert would keep the rules.
    ///
    /// # Errors
    /// [`RenderError::Signer`] naming the field that breaks one.
    pub fn check_bulletin<M: Mode>(&self, alert: &Alert<M>, now: Timestamp) -> Result<(), RenderError> {
        let text = alert.content.texts.get(&Language::chinese()).cloned().unwrap_or_else(nothing);
        self.broadcaster
            .as_ref()
            .map_or(Ok(()), |broadcaster| broadcaster.check(alert, &script::<M>(&text), now))
    }

    fn sms_text<M: Mode>(&self, text: &Text) -> Result<String, TemplateError> {
        // Real texts often begin with the headline's own words; saying them twice costs a part.
        let template = if repeats(text) { Template::new("{body}{instruction}") } else { self.sms.clone() };
        let values = BTreeMap::from([
            ("headline", words::bare(&text.headline).to_owned()),
            ("body", words::before(words::second_of(&text.body), &text.instruction)),
            ("instruction", words::second_of(&text.instruction).to_owned()),
        ]);
        Ok(marked::<M>(&template.fill(&values)?))
    }

    fn wechat_body<M: Mode>(
        &self,
        alert: &Alert<M>,
        text: &Text,
        now: Timestamp,
    ) -> Result<Body, RenderError> {
        let (mut template_id, mut fields, url) = (String::new(), BTreeMap::new(), String::new());
        if let Some(template) = &self.wechat {
            template_id.clone_from(&template.id);
            fields = template.filled(&self.wechat_values(alert, now)?)?;
        }
        let text = if self.mass.is_some() { whole::<M>(text) } else { String::new() };
        Ok(Body::WeChat { template_id, fields, url, text })
    }

    /// What the gaps of a WeChat template are filled with.
    fn wechat_values<M: Mode>(
        &self,
        alert: &Alert<M>,
        now: Timestamp,
    ) -> Result<BTreeMap<&'static str, String>, RenderError> {
        let content = &alert.content;
        let drill = if M::KIND == ModeKind::Drill { "演练:" } else { "" };
        Ok(BTreeMap::from([
            ("event", format!("{drill}{}", event(content))),
            ("area", advice::shortened(&content.area.described, content.area.regions.len())),
            ("time", self.clock_time("time", now)?),
            ("advice", advice::advice(content).to_owned()),
        ]))
    }

    /// The words by name that approved templates are filled with; a drill's say so.
    fn words<M: Mode>(&self, alert: &Alert<M>, text: &Text, now: Timestamp) -> Result<Words, RenderError> {
        let content = &alert.content;
        let (step, step_code) = step(content.kind);
        let pairs = [
            ("issuer", self.issuer.clone()),
            ("step", step.to_owned()),
            ("event", format!("{}{}预警", content.hazard.name_zh, content.grade.zh())),
            ("hazard", content.hazard.name_zh.clone()),
            ("grade", content.grade.zh().to_owned()),
            ("area", advice::shortened(&content.area.described, content.area.regions.len())),
            ("time", self.clock_time("time", now)?),
            ("ends", self.clock_time("expires", content.expires)?),
            ("advice", advice::advice(content).to_owned()),
            ("headline", text.headline.clone()),
            ("body", text.body.clone()),
            ("instruction", text.instruction.clone()),
            ("event_code", content.hazard.code.clone()),
            ("grade_code", content.grade.word().to_owned()),
            ("step_code", step_code.to_owned()),
        ];
        let marked = |name: &str| M::KIND == ModeKind::Drill && MARKED_WORDS.contains(&name);
        let pair = |(name, word): (&str, String)| {
            let word = if marked(name) { format!("演练：{word}") } else { word };
            (name.to_owned(), word)
        };
        Ok(pairs.into_iter().map(pair).collect())
    }

    fn mail_body<M: Mode>(&self, alert: &Alert<M>, text: &Text, now: Timestamp) -> Result<Body, RenderError> {
        let subject = marked::<M>(&text.headline);
        let ends = self.clock_time("expires", alert.content.expires)?;
        let said = said(text);
        let area = &alert.content.area.described;
        let plain = format!("{}\n\n影响区域：{area}\n失效时间：{ends}\n", said.join("\n\n"));
        let cap_xml = cap::document(self, alert, now)?;
        let html = mail::html(&Mail {
            grade: alert.content.grade,
            event: &event(&alert.content),
            said: &said,
            area,
            ends: &ends,
            issuer: &self.issuer,
            is_drill: M::KIND == ModeKind::Drill,
        });
        Ok(Body::Email { subject, text: marked::<M>(&plain), html, cap_xml })
    }

    /// An instant as texts to the public say it: 7月5日16时31分.
    pub fn public_time(&self, at: Timestamp) -> String {
        let instant = at.to_jiff().unwrap_or(jiff::Timestamp::MAX);
        instant.to_zoned_datetime(self.zone.clone()).strftime("%-m月%-d日%-H时%-M分").to_string()
    }

    fn clock_time(&self, field: &'static str, at: Timestamp) -> Result<String, RenderError> {
        let instant = at.to_jiff().ok_or(RenderError::Time { field, value: at.0 })?;
        Ok(instant.to_zoned_datetime(self.zone.clone()).strftime("%Y年%-m月%-d日 %H:%M").to_string())
    }
}

/// What a warning does to an earlier one, in words and as the code that templates are chosen by.
const fn step(kind: AlertKind) -> (&'static str, &'static str) {
    match kind {
        AlertKind::Alert => ("发布", "alert"),
        AlertKind::Update(_) => ("更新", "update"),
        AlertKind::Lift(_) => ("解除", "lift"),
        AlertKind::Correction(_) => ("更正", "correction"),
    }
}

/// The event of a template message: 暴雨红色预警, or 解除暴雨红色预警, which must not look like the warning itself.
fn event(content: &Content) -> String {
    let step = if content.kind == AlertKind::Alert { "" } else { step(content.kind).0 };
    format!("{step}{}{}预警", content.hazard.name_zh, content.grade.zh())
}

const fn nothing() -> Text {
    Text { headline: String::new(), body: String::new(), instruction: String::new() }
}

/// What the officer wrote, without what was left empty.
fn said(text: &Text) -> Vec<&str> {
    let parts = [&text.headline, &text.body, &text.instruction];
    parts.into_iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect()
}

/// Whether the body says the headline's step and event by itself (…发布暴雨红色预警…).
fn repeats(text: &Text) -> bool {
    let gist = text.headline.rsplit(['布', '除', '新', '正']).next().unwrap_or(&text.headline);
    !gist.is_empty() && text.body.contains(gist.trim_end_matches("信号"))
}

/// A drill says so first and last.
fn marked<M: Mode>(words: &str) -> String {
    match M::KIND {
        ModeKind::Live => words.to_owned(),
        ModeKind::Drill => format!("{DRILL_MARK}{words}{DRILL_MARK}"),
    }
}

/// The words whole, for a mass send: a line for each part; a drill says so first and last.
fn whole<M: Mode>(text: &Text) -> String {
    let headline = if repeats(text) { "" } else { text.headline.as_str() };
    let parts = [headline, &text.body, &text.instruction].map(str::trim);
    let lines: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    marked::<M>(&lines.join("\n"))
}

/// What a speaker says: headline, words, advice, no web address; a drill says so first and last.
fn script<M: Mode>(text: &Text) -> String {
    let [headline, body, instruction] =
        [&text.headline, &text.body, &text.instruction].map(|part| words::spoken(part));
    let words = if repeats(text) { body } else { words::joined(&headline, &body) };
    let words = words::joined(&words, &instruction);
    match M::KIND {
        ModeKind::Live => words,
        ModeKind::Drill => format!("这是演练。{}这是演练。", words::before(&words, "这是演练")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::mode::{Drill, Live};

    fn text(headline: &str, body: &str) -> Text {
        Text { headline: headline.into(), body: body.into(), instruction: String::new() }
    }

    #[test]
    fn a_body_that_says_its_headline_is_not_said_twice() {
        assert!(repeats(&text("抚顺市发布暴雨红色预警", "抚顺市气象台7月5日发布暴雨红色预警信号：预计…")));
        assert!(!repeats(&text("抚顺市发布暴雨红色预警", "预计未来三小时降雨将达100毫米")));
    }

    #[test]
    fn a_mass_send_has_every_part_on_its_line_and_says_nothing_twice() {
        let whole_text = Text {
            instruction: "请转移".into(), ..text("抚顺市发布暴雨红色预警", "今晚有雨")
        };
        assert_eq!(whole::<Live>(&whole_text), "抚顺市发布暴雨红色预警\n今晚有雨\n请转移");
        assert_eq!(whole::<Live>(&text("发布暴雨预警", "市气象台发布暴雨预警")), "市气象台发布暴雨预警");
        assert_eq!(whole::<Drill>(&text("", "有雨")), "【演练】有雨【演练】");
    }

    #[test]
    fn a_drill_says_so_first_and_last() {
        assert_eq!(marked::<Live>("转移"), "转移");
        assert_eq!(marked::<Drill>("转移"), "【演练】转移【演练】");
        assert!(script::<Drill>(&text("a", "b")).starts_with("这是演练"));
    }

    #[test]
    fn a_script_joins_its_sentences_and_reads_no_address() {
        let text = Text {
            instruction: "请转移，见https://a.example".into(),
            ..text("发布暴雨预警", "今晚有雨")
        };
        assert_eq!(script::<Live>(&text), "发布暴雨预警。今晚有雨。请转移，见");
        assert_eq!(script::<Drill>(&text), "这是演练。发布暴雨预警。今晚有雨。请转移，见。这是演练。");
    }
}
