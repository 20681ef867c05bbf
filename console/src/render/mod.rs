//! From an alert to the exact words of each channel. What is previewed here is what is sent: the same functions make
//! both. Which account sends it, and how long it may be, is the channel's business.

mod bulletin;
mod cap;
mod issued;
mod sms;

pub use bulletin::Broadcaster;
pub use issued::{Numbers, replaced};
pub use sms::{SmsForm, SmsParts};

use mingluo_exchange::cap::CapError;
use mingluo_model::{
    alert::{Alert, AlertKind, Language, Text},
    audience::ChannelKind,
    bulletin::EbmId,
    clock::Timestamp,
    grade::Grade,
    hazard::{Hazard, HazardSystem},
    message::{Body, Message},
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
}

impl Rendered {
    /// The words as a message of the alert.
    pub fn message<M: Mode>(&self, alert: &Alert<M>) -> Message<M> {
        Message::new(alert.id, Language::chinese(), self.body.clone())
    }
}

/// The templates and names that words are made with.
pub struct Renderer {
    /// The issuer's name as headlines say it.
    pub issuer: String,
    /// The deployment's time zone.
    pub zone: jiff::tz::TimeZone,
    /// The event types by code.
    pub hazards: BTreeMap<String, Hazard>,
    /// The SMS text: gaps `headline`, `body`, `instruction`.
    pub sms: Template,
    /// The WeChat template's id and its fields with gaps `event`, `area`, `time`, `advice`.
    pub wechat: Option<WeChatTemplate>,
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

impl Renderer {
    /// An event type by code or Chinese name.
    pub fn hazard(&self, word: &str) -> Option<Hazard> {
        let word = word.trim();
        let named = |hazard: &&Hazard| hazard.name_zh == word || hazard.name_en.eq_ignore_ascii_case(word);
        self.hazards.get(word).or_else(|| self.hazards.values().find(named)).cloned()
    }

    /// A headline in the form of the field: who, what step, which event, which colour.
    pub fn headline(&self, kind: AlertKind, hazard: &Hazard, grade: Grade) -> String {
        let step = match kind {
            AlertKind::Alert => "发布",
            AlertKind::Update(_) => "更新",
            AlertKind::Lift(_) => "解除",
            AlertKind::Correction(_) => "更正",
        };
        format!("{}{step}{}{}预警", self.issuer, hazard.name_zh, grade.zh())
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
            ChannelKind::WeChat => self.wechat_body(alert, now)?,
            ChannelKind::Email => self.mail_body(alert, &text, now)?,
            ChannelKind::Speaker => Body::Speaker { envelope: Vec::new(), script: script::<M>(&text) },
        };
        Ok(Rendered { body })
    }

    /// The message as it will be sent; a speaker's is signed here and silences the bulletins that are [`replaced`].
    ///
    /// # Errors
    /// [`RenderError`].
    pub async fn finish<M: Mode>(
        &self,
        alert: &Alert<M>,
        channel: ChannelKind,
        now: Timestamp,
        replaced: &[EbmId],
    ) -> Result<Message<M>, RenderError> {
        let mut rendered = self.render(alert, channel, now)?;
        if let (Body::Speaker { envelope, script }, Some(broadcaster)) =
            (&mut rendered.body, &self.broadcaster)
        {
            *envelope = broadcaster.seal(alert, script, now, &self.zone, replaced).await?;
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
        let words = [text.headline.clone(), text.body.clone(), text.instruction.clone()];
        let values: BTreeMap<&str, String> = SMS_GAPS.into_iter().zip(words).collect();
        Ok(marked::<M>(&template.fill(&values)?))
    }

    fn wechat_body<M: Mode>(&self, alert: &Alert<M>, now: Timestamp) -> Result<Body, RenderError> {
        let Some(template) = &self.wechat else {
            return Ok(Body::WeChat {
                template_id: String::new(),
                fields: BTreeMap::new(),
                url: String::new(),
            });
        };
        let content = &alert.content;
        let drill = if M::KIND == ModeKind::Drill { "演练:" } else { "" };
        let words = [
            format!("{drill}{}{}预警", content.hazard.name_zh, content.grade.zh()),
            shortened(&content.area.described, content.area.regions.len()),
            self.clock_time("time", now)?,
            advice(content.kind, content.grade).to_owned(),
        ];
        let values: BTreeMap<&str, String> = WECHAT_GAPS.into_iter().zip(words).collect();
        let fields = template.fields.iter().map(|(name, words)| Ok((name.clone(), words.fill(&values)?)));
        let fields = fields.collect::<Result<_, TemplateError>>()?;
        Ok(Body::WeChat { template_id: template.id.clone(), fields, url: String::new() })
    }

    fn mail_body<M: Mode>(&self, alert: &Alert<M>, text: &Text, now: Timestamp) -> Result<Body, RenderError> {
        let subject = marked::<M>(&text.headline);
        let ends = self.clock_time("expires", alert.content.expires)?;
        let plain = format!(
            "{}\n\n{}\n\n{}\n\n影响区域：{}\n失效时间：{ends}\n",
            text.headline, text.body, text.instruction, alert.content.area.described
        );
        let cap_xml = cap::document(self, alert, now)?;
        Ok(Body::Email { subject, text: marked::<M>(&plain), html: String::new(), cap_xml })
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

const fn nothing() -> Text {
    Text { headline: String::new(), body: String::new(), instruction: String::new() }
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

/// What a speaker says: headline, words, advice; a drill says so first and last.
fn script<M: Mode>(text: &Text) -> String {
    let words = if repeats(text) { text.body.clone() } else { format!("{}。{}", text.headline, text.body) };
    let words = format!("{words}{}", text.instruction);
    match M::KIND {
        ModeKind::Live => words,
        ModeKind::Drill => format!("这是演练。{words}这是演练。"),
    }
}

/// A template field holds 20 characters: a longer list of names becomes its first and a number.
fn shortened(described: &str, regions: usize) -> String {
    if described.chars().count() <= 20 {
        return described.to_owned();
    }
    let first: String = described.split('、').next().unwrap_or(described).chars().take(10).collect();
    format!("{first}等{regions}个地区")
}

/// The one thing to do, in at most 20 characters (the length of a template's `thing`).
const fn advice(kind: AlertKind, grade: Grade) -> &'static str {
    match (kind, grade) {
        (AlertKind::Lift(_), _) => "险情解除，请继续留意后续信息",
        (AlertKind::Correction(_), _) => "前一条预警有误，以本条为准",
        (_, Grade::Red) => "请立即避险，服从转移安排",
        (_, Grade::Orange) => "请停止外出，做好转移准备",
        (_, Grade::Yellow) => "请减少外出，检查防范措施",
        (_, Grade::Blue) => "请关注天气变化，注意防范",
    }
}

/// Reads the event types of a region pack (columns `code,name_zh,name_en`).
///
/// # Errors
/// The line that cannot be read.
pub fn read_hazards(reader: impl std::io::Read) -> Result<BTreeMap<String, Hazard>, csv::Error> {
    #[derive(serde::Deserialize)]
    struct Row {
        code: String,
        name_zh: String,
        name_en: String,
    }
    let mut hazards = BTreeMap::new();
    for row in csv::Reader::from_reader(reader).deserialize() {
        let Row { code, name_zh, name_en } = row?;
        let system = HazardSystem::National;
        hazards.insert(code.clone(), Hazard { code, system, name_zh, name_en });
    }
    Ok(hazards)
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
    fn a_drill_says_so_first_and_last() {
        assert_eq!(marked::<Live>("转移"), "转移");
        assert_eq!(marked::<Drill>("转移"), "【演练】转移【演练】");
        assert!(script::<Drill>(&text("a", "b")).starts_with("这是演练"));
    }

    #[test]
    fn every_advice_fits_a_template_field() {
        let earlier = mingluo_model::id::AlertId(uuid::Uuid::nil());
        for kind in [AlertKind::Alert, AlertKind::Lift(earlier), AlertKind::Correction(earlier)] {
            assert!(Grade::ALL.into_iter().all(|grade| advice(kind, grade).chars().count() <= 20));
        }
        assert_eq!(shortened(&"清原满族自治县清原镇、".repeat(3), 3), "清原满族自治县清原镇等3个地区");
    }
}
