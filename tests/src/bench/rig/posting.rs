//! An account as the engine's process is told of it: which of the product's channels, with the keys that an operator would
//! write, and whom it warns.

use crate::bench::town::Notice;
use anyhow::Context;
use mingluo_channels::{
    email::{EmailChannel, EmailConfig},
    sms::{
        cmpp_channel::CmppConfig, sgip_channel::SgipConfig, smgp_channel::SmgpConfig,
        smpp_channel::SmppConfig,
    },
    wechat::{Callback, WeChatChannel, WeChatConfig},
};
use mingluo_model::{channel::Channel, clock::SharedClock, mode::Live, plan::AccountName};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{net::SocketAddr, ops::Range, sync::Arc};

/// Which channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::bench) enum Wire {
    Smpp,
    Cmpp,
    Smgp,
    Sgip,
    Email,
    WeChat,
}

/// One account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::bench) struct Posting {
    pub(in crate::bench) wire: Wire,
    /// As an operator writes them.
    pub(in crate::bench) keys: Value,
    /// Where the platform pushes to, if it does: `http://DOOR/` and the account's name.
    pub(in crate::bench) door: Option<SocketAddr>,
    /// The recipients that it warns.
    pub(in crate::bench) who: Range<u32>,
}

/// An account that is ready to open sessions.
pub(super) struct Ready {
    pub(super) channel: Arc<dyn Channel<Live>>,
    /// Where its pushes come in, and what reads them.
    pub(super) pushes: Option<(SocketAddr, Callback)>,
}

impl Posting {
    /// The account's name.
    pub(super) fn name(&self) -> anyhow::Result<AccountName> {
        let name = self.keys["name"].as_str().context("an account has a name")?;
        Ok(AccountName(name.to_owned()))
    }

    /// What its people are told.
    pub(super) fn notice(&self) -> Notice {
        match self.wire {
            Wire::Email => Notice::mail(),
            Wire::WeChat => Notice::template(),
            Wire::Smpp | Wire::Cmpp | Wire::Smgp | Wire::Sgip => Notice::text(),
        }
    }

    /// The product's own channel.
    pub(super) fn ready(&self, clock: SharedClock) -> anyhow::Result<Ready> {
        let channel: Arc<dyn Channel<Live>> = match self.wire {
            Wire::Smpp => Arc::new(self.config::<SmppConfig>()?.build::<Live>(clock)?),
            Wire::Cmpp => Arc::new(self.config::<CmppConfig>()?.build::<Live>(clock)?),
            Wire::Smgp => Arc::new(self.config::<SmgpConfig>()?.build::<Live>(clock)?),
            Wire::Sgip => Arc::new(self.config::<SgipConfig>()?.build::<Live>(clock)?),
            Wire::Email => Arc::new(EmailChannel::<Live>::new(self.config::<EmailConfig>()?, clock)?),
            Wire::WeChat => {
                let channel = WeChatChannel::<Live>::new(self.config::<WeChatConfig>()?, clock)?;
                let pushes = self.door.map(|door| (door, channel.callback()));
                return Ok(Ready { channel: Arc::new(channel), pushes });
            }
        };
        Ok(Ready { channel, pushes: None })
    }

    fn config<C: DeserializeOwned>(&self) -> anyhow::Result<C> {
        Ok(serde_json::from_value(self.keys.clone())?)
    }
}
