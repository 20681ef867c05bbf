//! An alert rendered for one channel in one language: the exact words that were previewed and will be sent.

use crate::{alert::Language, audience::ChannelKind, id::AlertId, mode::Mode};
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
    /// A WeChat template message: values by field name (`thing1`, `time3`, …) and the page it opens.
    WeChat {
        /// The template's id in the account.
        template_id: String,
        /// Values by field name.
        fields: BTreeMap<String, String>,
        /// The page that a tap opens; empty for none.
        url: String,
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
        }
    }
}

/// One alert on one channel in one language. A drill's message is another type than a live one's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<M: Mode> {
    /// The alert it says.
    pub alert: AlertId,
    /// The language of the words.
    pub language: Language,
    /// The rendered words.
    pub body: Body,
    mode: PhantomData<M>,
}

impl<M: Mode> Message<M> {
    /// A message of this mode.
    pub const fn new(alert: AlertId, language: Language, body: Body) -> Self {
        Self { alert, language, body, mode: PhantomData }
    }
}
