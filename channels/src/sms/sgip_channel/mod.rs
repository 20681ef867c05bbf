//! One account at one SGIP gateway (中国联通短信网关): the words of a [`session`](super::session) on the codec of
//! [`super::sgip`], and the door through which the gateway comes to us.
//!
//! There are two directions. We connect to submit, and the answer to a submit names no message: its receipt is known
//! by the sequence that we chose, which no other command of the account has in a year. The gateway connects to our
//! [`door`] to report and to deliver; what it brings is taken up by whichever session hears next. The protocol has no
//! test of a link: one that is idle is closed in good order and opened again for the next run. What residents write
//! back (上行) is answered at once and counted: nothing takes it in yet.

mod config;
mod door;
mod login;
mod mailroom;
mod talk;
mod verdict;

pub use config::SgipConfig;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use mingluo_model::{
    channel::SendError,
    clock::{Clock, SharedClock, Timestamp},
    mode::Mode,
};

use crate::account::{ConfigError, Secret};
use crate::sms::{
    session::{Account, Carrier, Keys, Opened, SmsChannel},
    sgip::time,
    wire::{Padded, Stamp},
};
use door::Door;
use talk::SgipTalk;

/// An SGIP account as a way out.
pub type SgipChannel<M> = SmsChannel<Sgip, M>;

/// Sequences between one millisecond's first and the next one's: all 31 bits over a second.
const SEQUENCES_A_MS: u64 = (1 << 31) / 1_000;

/// A checked SGIP account.
pub struct Sgip {
    account: Account,
    login_name: Padded<16>,
    password: Secret,
    node: u32,
    corp_id: Padded<5>,
    sp_number: Padded<21>,
    service_type: Padded<10>,
    door: Door,
    // Guards the second of the last stamp, since 1970; held for a look.
    last_stamp_s: Mutex<i64>,
}

impl SgipConfig {
    /// Checks every key, reads the passwords' files and makes the channel. Opens no connection and no door.
    ///
    /// # Errors
    /// [`ConfigError`] for the first key that cannot be used.
    pub fn build<M: Mode>(self, clock: SharedClock) -> Result<SgipChannel<M>, ConfigError> {
        Ok(SmsChannel::new(self.check(Arc::clone(&clock))?, clock))
    }
}

impl<M: Mode> SmsChannel<Sgip, M> {
    /// Where the gateway may come in, once the first session was asked for.
    pub fn listening(&self) -> Option<SocketAddr> {
        self.carrier().door.address()
    }
}

impl Carrier for Sgip {
    type Talk = SgipTalk;

    fn account(&self) -> &Account {
        &self.account
    }

    /// The door is opened first: receipts come soon after the first submit.
    async fn open(self: &Arc<Self>, clock: &dyn Clock) -> Result<Opened<SgipTalk>, SendError> {
        self.door.open().await?;
        let (socket, heard) = login::bind(self, clock).await?;
        let (stamp, keys) = self.first_of_session(clock.now())?;
        Ok(Opened { socket, heard, talk: SgipTalk::new(Arc::clone(self), stamp), keys })
    }
}

impl Sgip {
    /// A stamp that no other session of this process has, and keys that begin where an earlier process that had the
    /// same stamp will not have come to: at the millisecond's share of the counter (clause 3.4).
    fn first_of_session(&self, now: Timestamp) -> Result<(Stamp, Keys), SendError> {
        let second = {
            let mut last = self.last_stamp_s.lock().unwrap_or_else(PoisonError::into_inner);
            *last = now.0.div_euclid(1_000).max(*last + 1);
            *last
        };
        let stamp = time::stamp(second * 1_000)
            .map_err(|cause| SendError::Refused { detail: format!("this machine's clock: {cause}") })?;
        let share = now.0.rem_euclid(1_000).unsigned_abs() * SEQUENCES_A_MS + 1;
        // A wire key ends in the counter and has the stamp in front, so that an intent tells the whole sequence.
        Ok((stamp, Keys::starting_at((u64::from(stamp.0) << 31) + share)))
    }
}

#[cfg(test)]
mod tests;
