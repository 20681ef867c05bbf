//! The frames of the village link (村级链路), version 1: small JSON texts over one WebSocket that the speaker opens.
//! Here stands only what is said; who says it when is the hub's and the speaker's affair. Unknown fields are passed
//! over and unknown frames are [`BoxFrame::Other`] or [`CityFrame::Other`], so that version N+1 may add.
//!
//! The talk: the box says [`Hello`], the city [`Welcome`]. The city sends [`Order`]s; the box answers each with
//! [`Report`]s, keeps every one in its journal, and sends it again after each hello until the city names it in
//! [`Committed`]. A report's id is the box's own rising number: the city acts on each (box, id) once. A box whose hello
//! tells of older keys than the city has is sent [`Keys`], and answers with [`KeysAnswer`]. Long before its certificate
//! ends the box asks by [`Renew`] for the next, and is answered by [`Certificate`].

pub mod poll;
pub mod renew;

use crate::{
    bulletin::{EbmId, KeyId, ResourceCode, SignedKeySet},
    clock::Timestamp,
    mode::ModeKind,
    region::RegionCode,
    signer::SignatureBytes,
};
pub use renew::{Certificate, Renew};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version spoken here; the city also speaks the one before.
pub const VERSION: u16 = 1;
/// Bytes of a frame at most, either way; both ends close the link on a longer one.
pub const FRAME_LIMIT: usize = 64 * 1024;
/// Ids that one [`Committed`] may name.
pub const MOST_COMMITTED: usize = 1_000;

/// What the box says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BoxFrame {
    /// The first frame after connecting.
    Hello(Hello),
    /// What became of an order.
    Report(Report),
    /// That the box lives, and how it is.
    Heartbeat(Heartbeat),
    /// Which keys it believes from now on.
    Keys(KeysAnswer),
    /// That it wants the next certificate.
    Renew(Renew),
    /// A frame of a later version.
    #[serde(other)]
    Other,
}

/// What the city says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum CityFrame {
    /// The answer to a hello.
    Welcome(Welcome),
    /// A signed bulletin.
    Order(Order),
    /// Reports that are durable in the city.
    Committed(Committed),
    /// The keys that are to be believed.
    Keys(Keys),
    /// The certificate that was asked for, or why there is none.
    Certificate(Certificate),
    /// A frame of a later version.
    #[serde(other)]
    Other,
}

/// Who the box is and what it already has (登录).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The link version that the box speaks.
    pub version: u16,
    /// The box's resource code; the city believes the certificate and closes when the two differ.
    pub box_code: ResourceCode,
    /// The box's software, for the record.
    pub firmware: String,
    /// Where the box stands, by its own configuration.
    pub region: RegionCode,
    /// Whether it takes part in exercises or in real warnings.
    pub mode: ModeKind,
    /// The highest sequence number seen, by key.
    pub last_seq: BTreeMap<KeyId, u64>,
    /// The state of its clock.
    pub boot: Boot,
    /// 32 random bytes; a welcome that signs them is fresh.
    #[serde(with = "hex::serde")]
    pub nonce: [u8; 32],
    /// Bulletins that it holds or plays, for the city not to send again.
    pub holding: Vec<EbmId>,
    /// The version of the key set that it believes; zero when no root signed it.
    #[serde(default)]
    pub key_set: u64,
    /// A random number for this run of its program, never zero; zero from those that do not tell. Two runs that take the
    /// link from each other in turn are two devices with one certificate.
    #[serde(default)]
    pub run: u64,
}

/// The state of the box's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// Whether the box believes its clock; without that it obeys nothing until the city told it the time.
    pub clock_trusted: bool,
    /// What its clock shows.
    pub time: Timestamp,
}

/// What became of an order (回执).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The box's own number for this report; rises, never used twice.
    pub id: u64,
    /// The bulletin, by the name that the [`Order`] gave it.
    pub ebm: EbmId,
    /// The reporting box.
    pub box_code: ResourceCode,
    /// What happened.
    pub event: Event,
    /// Why a refusal; a word of `bulletin::Refusal::code`, empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When it happened, by the box's clock.
    pub at: Timestamp,
    /// More words for the record; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Report {
    /// Whether a refusal holds for this moment only: the box does not know the time yet, or its clock is behind. The order stays
    /// where it is and goes out again after the box's next hello.
    pub fn is_passing(&self) -> bool {
        self.event == Event::Refused && matches!(self.reason.as_str(), "clock-untrusted" | "not-yet")
    }
}

/// What can happen to a bulletin in a box, in the usual order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// It arrived, and no more can be said of it yet (已接收). A box that judges it at once says what it found, and not this.
    Received,
    /// It is genuine, fresh and meant for this box, and stands in the journal (已验签).
    Verified,
    /// It is not, for [`Report::reason`] (已拒绝).
    Refused,
    /// The relay closed and sound began (播放中); said again when it goes on after a graver one that interrupted it.
    Playing,
    /// The sense input heard it (已播出).
    Sounded,
    /// It was played, and the sense input heard nothing (播放无声).
    NotHeard,
    /// Played to the end, or a stop was carried out (播放完毕).
    Ended,
    /// A graver bulletin took the speaker (被抢占).
    Preempted,
    /// A stop named it (已停止).
    Stopped,
    /// Its time ran out while it waited (已过期).
    Expired,
    /// Power or process failed between journal and end; it is not played again (断电中断).
    Interrupted,
    /// An event of a later version.
    #[serde(other)]
    Other,
}

impl Event {
    /// Whether nothing more will happen to the bulletin in this box.
    pub const fn is_last(self) -> bool {
        matches!(
            self,
            Self::Refused | Self::Ended | Self::Preempted | Self::Stopped | Self::Expired | Self::Interrupted
        )
    }
}

/// How the box is (心跳).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The device's state.
    pub state: DeviceState,
    /// The volume that is set, in percent.
    pub volume: u8,
    /// The bulletin that is being played.
    pub playing: Option<EbmId>,
    /// Bulletins that wait.
    pub waiting: u32,
    /// Reports that the city has not committed.
    pub pending: u32,
    /// Whether the clock is believed.
    pub clock_trusted: bool,
    /// Whether the case is open (防拆报警).
    #[serde(default)]
    pub case_open: bool,
    /// What the box knows of its own condition.
    #[serde(default)]
    pub health: Health,
    /// When, by the box's clock.
    pub at: Timestamp,
}

/// A box's condition (终端工况); what its sensors cannot tell is absent, never guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Whether mains is there (市电); without it the battery carries the box.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mains: Option<bool>,
    /// The battery's charge in percent, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<u8>,
    /// The board's temperature in degrees Celsius.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<i16>,
    /// The last self-test (自检).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_test: Option<SelfTest>,
}

/// How a self-test of relay, amplifier and sense input came out (自检结果).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfTest {
    /// When it was held, by the box's clock.
    pub at: Timestamp,
    /// Whether it sounded (有声): the monthly one does, the daily one is silent.
    pub audible: bool,
    /// Whether the sense input saw what it should.
    pub passed: bool,
    /// More words for the record; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// What became of a key set (公钥集回执).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysAnswer {
    /// The version that the box believes now.
    pub version: u64,
    /// Why the one that was sent is not taken; a word of `bulletin::BadKeySet::code`, empty when it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// More words for the record; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// A device's state (终端状态), by the standard's number, which is what stands on the wire.
///
/// Source: GD/J 083-2018 and GY/T 384-2023, device state 1 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", try_from = "u8")]
#[repr(u8)]
pub enum DeviceState {
    /// 开机/运行正常.
    On = 1,
    /// 关机.
    Off = 2,
    /// 故障.
    Fault = 3,
    /// 故障恢复.
    Recovered = 4,
    /// 播发中.
    Playing = 5,
}

impl From<DeviceState> for u8 {
    fn from(state: DeviceState) -> Self {
        state as Self
    }
}

impl TryFrom<u8> for DeviceState {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        [Self::On, Self::Off, Self::Fault, Self::Recovered, Self::Playing]
            .into_iter()
            .find(|state| *state as u8 == number)
            .ok_or_else(|| format!("device state: {number}, must be 1 to 5"))
    }
}

/// The city's answer to a hello.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The link version that is spoken from here on.
    pub version: u16,
    /// The city's time.
    pub time: Timestamp,
    /// Signature over `signer::time_bytes(nonce, time)`; without it the box learns no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce_signature: Option<SignatureBytes>,
}

/// A bulletin for this box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The name under which the box reports, also when the envelope cannot be read; must equal the signed one.
    pub ebm: EbmId,
    /// The envelope's bytes, hexadecimal in JSON.
    #[serde(with = "crate::hexadecimal")]
    pub envelope: Vec<u8>,
}

/// Reports that are durable in the city; the box may forget them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// Their ids.
    pub ids: Vec<u64>,
}

/// The keys that are to be believed, as the offline root signed them (公钥集下发).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The set; its version rises.
    pub signed: SignedKeySet,
}

/// A text that is no frame.
#[derive(Debug, thiserror::Error)]
pub enum BadFrame {
    /// Longer than both ends allow.
    #[error("a frame of {length} bytes, at most {FRAME_LIMIT}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// Not the JSON of a frame.
    #[error("no frame of the village link")]
    NotAFrame(#[source] serde_json::Error),
}

macro_rules! text_form {
    ($frame:ident) => {
        impl $frame {
            /// Reads a frame.
            ///
            /// # Errors
            /// [`BadFrame`] when it is too long or not the JSON of one.
            pub fn read(text: &str) -> Result<Self, BadFrame> {
                if text.len() > FRAME_LIMIT {
                    return Err(BadFrame::TooLong { length: text.len() });
                }
                serde_json::from_str(text).map_err(BadFrame::NotAFrame)
            }

            /// The frame as it goes on the wire.
            pub fn write(&self) -> String {
                serde_json::to_string(self).expect("frames hold texts, numbers and maps with text keys")
            }
        }
    };
}

text_form!(BoxFrame);
text_form!(CityFrame);

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
