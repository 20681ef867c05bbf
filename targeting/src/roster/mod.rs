//! The roster (接收人名册) as a file, read row by row: who lives in which village, belongs to which groups and is
//! reached where. An address that is not given is a channel that was not opted into. A bad row stops nothing; it
//! is named, with what it holds of personal data masked. An address belongs to one row: a second one is a bad row.

mod address;
mod bad_row;
mod encoding;
mod lines;
mod reader;
mod repeats;
mod row;

pub use crate::telling::masked;
pub use address::phone;
pub use bad_row::{BadRow, RosterError, RowProblem};
pub use encoding::{Decoded, Encoding, Looks};
pub use reader::{Recipients, read_recipients};

use mingluo_model::{
    address::Address,
    audience::{ChannelKind, Group},
    region::RegionCode,
};

/// One person; or one speaker box or group robot, which is a recipient with nothing but its own address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The village or community.
    pub region: RegionCode,
    /// One bit for each group; none for residents and boxes.
    pub groups: u32,
    /// Mobile number in E.164, with `+86`.
    pub sms: Option<Address>,
    /// Open id under the service account.
    pub wechat: Option<Address>,
    /// Mailbox.
    pub email: Option<Address>,
    /// A box's 23-digit resource code (GD/J 080).
    pub speaker: Option<Address>,
    /// Member's `UserID` under the corporation's WeCom, in small letters.
    pub wecom: Option<Address>,
    /// The configured name of a group's robot, which is a recipient with nothing else.
    pub robot: Option<Address>,
}

impl Recipient {
    /// Someone in a village who is in no group and has no address yet.
    pub const fn new(region: RegionCode) -> Self {
        Self {
            region,
            groups: 0,
            sms: None,
            wechat: None,
            email: None,
            speaker: None,
            wecom: None,
            robot: None,
        }
    }

    /// The address on a channel.
    pub const fn address(&self, channel: ChannelKind) -> Option<&Address> {
        match channel {
            ChannelKind::Sms => self.sms.as_ref(),
            ChannelKind::WeChat => self.wechat.as_ref(),
            ChannelKind::Email => self.email.as_ref(),
            ChannelKind::Speaker => self.speaker.as_ref(),
            ChannelKind::WeCom => self.wecom.as_ref(),
            ChannelKind::Robot => self.robot.as_ref(),
        }
    }
}

/// The bit of a group in [`Recipient::groups`]; nothing for a group beyond the mask.
pub fn bit(group: Group) -> u32 {
    1_u32.checked_shl(u32::from(group.0)).unwrap_or(0)
}
