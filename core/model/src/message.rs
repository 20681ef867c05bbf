//! An alert rendered for one channel in one language: the exact words that were previewed and will be sent.

use crate::{alert::Language, audience::ChannelKind, grade::Grade, id::AlertId, mode::Mode};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, marker::PhantomData};

/// The rendered words (报文), as the channel's own kind of content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind")]
pub enum Body {
    /// A short message: the text without the signature, which the account adds (签名 belongs to the account).
    Sms {
        /// The words.
        text: String,
    },
    /// A WeChat template message: values by field name (`thing1`, `time3`, …) and the page it opens. A mass send has the
    /// words whole instead.
    WeChat {
        /// The template's id in the account.
        template_id: String,
        /// Values by field name.
        fields: BTreeMap<String, String>,
        /// The page that a tap opens; empty for none.
        url: String,
        /// All of the words, for a mass send; empty where no account of the channel sends so.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    },
    /// A mail.
    Email {
        /// The subject.
        subject: String,
        /// Plain text.
        text: String,
        /// HTML; empty for none.
        html: String,
        /// The alert as CAP 1.2, attached; empty for none.
        cap_xml: String,
    },
    /// A WeCom application message (企业微信应用消息): the words, and after them a card whose button says that they were
    /// read (按钮交互型模板卡片).
    WeCom {
        /// The words.
        text: String,
        /// The card's title.
        title: String,
        /// What stands below the title.
        note: String,
        /// What the button says before it is pressed.
        button: String,
    },
    /// What a group's robot says (群机器人).
    Robot {
        /// The words.
        text: String,
    },
    /// A signed bulletin for speakers, as the signer's exact bytes.
    Speaker {
        /// The signed envelope (see `model::bulletin`).
        envelope: Vec<u8>,
        /// The words that are spoken, for preview and for the record.
        script: String,
    },
}

impl Body {
    /// The channel this kind of content belongs to.
    pub const fn channel(&self) -> ChannelKind {
        match self {
            Self::Sms { .. } => ChannelKind::Sms,
            Self::WeChat { .. } => ChannelKind::WeChat,
            Self::Email { .. } => ChannelKind::Email,
            Self::Speaker { .. } => ChannelKind::Speaker,
            Self::WeCom { .. } => ChannelKind::WeCom,
            Self::Robot { .. } => ChannelKind::Robot,
        }
    }
}

/// The words that an alert is told with, by name (变量), for gateways that take nothing but the variables of an approved
/// template. The names are [`WORDS`].
pub type Words = BTreeMap<String, String>;

/// The names of [`Words`]. Those that end in `_code` are not for people: they choose the template.
pub const WORDS: [&str; 15] = [
    "issuer",
    "step",
    "event",
    "hazard",
    "grade",
    "area",
    "time",
    "ends",
    "advice",
    "headline",
    "body",
    "instruction",
    "event_code",
    "grade_code",
    "step_code",
];

/// Words that deny a drill, in lower case; a drill that says so is refused (Hawaii, 13 January 2018).
pub const DRILL_DENIALS: [&str; 7] =
    ["非演练", "不是演练", "并非演练", "非演习", "不是演习", "并非演习", "not a drill"];

/// The words that begin with 演练 in a drill.
pub const MARKED_WORDS: [&str; 3] = ["event", "headline", "body"];

/// One alert on one channel in one language. A drill's message is another type than a live one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<M: Mode> {
    /// The alert it says.
    pub alert: AlertId,
    /// How grave that is: what its priority on the wire follows.
    pub grade: Grade,
    /// The language of the words.
    pub language: Language,
    /// The rendered words.
    pub body: Body,
    /// The same by name; empty where no account of the channel takes words so.
    pub words: Words,
    mode: PhantomData<M>,
}

impl<M: Mode> Message<M> {
    /// A message of this mode.
    pub const fn new(alert: AlertId, grade: Grade, language: Language, body: Body) -> Self {
        Self { alert, grade, language, body, words: Words::new(), mode: PhantomData }
    }

    /// The same message with its words by name.
    #[must_use]
    pub fn with_words(self, words: Words) -> Self {
        Self { words, ..self }
    }
}
