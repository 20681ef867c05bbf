//! Who must hear a warning, as it was previewed and signed: regions, groups and channels over one edition
//! of the roster, with the head-counts that the officers saw.

use crate::{id::EditionId, region::RegionCode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A way to reach people (渠道).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// 短信.
    Sms,
    /// 微信服务号模板消息.
    WeChat,
    /// 电子邮件.
    Email,
    /// 应急广播大喇叭.
    Speaker,
    /// 企业微信应用消息.
    WeCom,
    /// 企业微信群机器人: a group chat, and nobody in particular.
    Robot,
}

impl ChannelKind {
    /// All channels, in the order in which pages show them.
    pub const ALL: [Self; 6] =
        [Self::Sms, Self::Speaker, Self::WeChat, Self::WeCom, Self::Robot, Self::Email];

    /// The number kept in the ledger.
    pub const fn number(self) -> u8 {
        match self {
            Self::Sms => 1,
            Self::WeChat => 2,
            Self::Email => 3,
            Self::Speaker => 4,
            Self::WeCom => 5,
            Self::Robot => 6,
        }
    }

    /// The channel of a ledger number, if it is one.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The word used in configuration and on the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::WeChat => "wechat",
            Self::Email => "email",
            Self::Speaker => "speaker",
            Self::WeCom => "wecom",
            Self::Robot => "robot",
        }
    }

    /// The Chinese word on pages.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::Sms => "短信",
            Self::WeChat => "微信",
            Self::Email => "邮件",
            Self::Speaker => "大喇叭",
            Self::WeCom => "企业微信",
            Self::Robot => "群机器人",
        }
    }

    /// Whether each address is one person's: a box and a group chat are heard by many and are nobody.
    pub const fn is_of_people(self) -> bool {
        !matches!(self, Self::Speaker | Self::Robot)
    }
}

/// A group of recipients (人群), a bit in the roster; residents are who is in no group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Group(pub u8);

/// How many recipients one channel reaches, and how many of them answer for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HeadCount {
    /// Recipients with an address on the channel, opted out not counted.
    pub recipients: u32,
    /// Those of them who are in a group of responsible persons (责任人).
    pub responsible: u32,
}

/// Regions x groups x channels over one edition (受众), signed with the alert: what was previewed is what is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// The edition that the counts were taken from and that will be sent to.
    pub edition: EditionId,
    /// Regions, resolved from the area's regions and shapes, none inside another.
    pub regions: Vec<RegionCode>,
    /// Only members of these groups; empty means everybody.
    pub groups: Vec<Group>,
    /// Head-counts by channel; a channel that is not a key is not used.
    pub counts: BTreeMap<ChannelKind, HeadCount>,
}

impl Audience {
    /// Recipients over all channels; one person on two channels counts twice here.
    pub fn deliveries(&self) -> u64 {
        self.counts.values().map(|count| u64::from(count.recipients)).sum()
    }
}
