//! What a gateway's own log says of one account, person by person and id by id.

use crate::{
    bench::rig::Account,
    sim_smsc::log::{Arrived, LogError, Posted, PostedAs, Record, Tail, Verdict},
};
use mingluo_model::receipt::ProviderId;
use serde::Serialize;
use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

/// The number of the recipient with ordinal 0, as logs have it: without its country code.
const NUMBER_ZERO: u64 = 10_000_000_000;

/// Delivered, as the log has it (SMPP 3.4 clause 5.2.28).
const DELIVERED: u8 = 2;

/// One recipient at the gateway.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that the gateway saw, in any mixture")]
pub(super) struct There {
    /// Copies that were taken.
    pub(super) copies: u16,
    /// Tries that were refused for good.
    pub(super) refused: u16,
    /// A receipt of arrival was sent, and one was answered.
    pub(super) said_arrived: bool,
    pub(super) arrived: bool,
    /// A receipt of failure was sent, and one was answered.
    pub(super) said_failed: bool,
    pub(super) failed: bool,
    /// A receipt was kept back.
    pub(super) withheld: bool,
}

/// What the gateway's faults amounted to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Struck {
    /// Submits over what it grants.
    pub(super) throttled: u64,
    /// Submits sent away once as busy.
    pub(super) busy: u64,
    pub(super) refused: u64,
    /// Receipts that said that it failed.
    pub(super) failed: u64,
    /// Receipts that were kept back.
    pub(super) withheld: u64,
    /// Receipts sent once more: doubled, or not answered in time.
    pub(super) receipts_again: u64,
    /// Receipts that went another connection than their message came.
    pub(super) elsewhere: u64,
    /// Connections that submits came over: all but the first ones because one was ended, by a frame that broke off, a
    /// length that lied, or a kill.
    pub(super) sessions: u64,
}

/// One account at its gateway.
#[derive(Debug, Default)]
pub(super) struct Far {
    /// By ordinal, from the account's first.
    pub(super) people: Vec<There>,
    /// The ordinal of each id, as the client ought to know it.
    pub(super) ids: HashMap<ProviderId, u32>,
    /// Submits to people whom nobody was to warn here.
    pub(super) strays: u64,
    pub(super) struck: Struck,
    known: HashMap<u64, Message>,
}

/// A message that was taken.
#[derive(Debug, Clone, Copy)]
struct Message {
    /// From the account's first.
    person: usize,
    session: u32,
    times_sent: u16,
    state: u8,
}

#[cfg(test)]
impl Far {
    /// An account that saw these people and gave these ids.
    pub(super) fn that_saw(people: Vec<There>, ids: HashMap<ProviderId, u32>) -> Self {
        Self { people, ids, ..Self::default() }
    }
}

impl Far {
    /// Reads a gateway's log to its end.
    pub(super) fn read(log: &Path, account: &Account) -> Result<Self, LogError> {
        let mut far = Self { people: vec![There::default(); account.who.len()], ..Self::default() };
        let mut sessions = HashSet::new();
        Tail::new(log).read(|record| match record {
            Record::Arrived(arrived) => {
                sessions.insert(arrived.session);
                far.arrived(&arrived, account);
            }
            Record::Posted(posted) => far.posted(&posted),
        })?;
        far.struck.sessions = sessions.len() as u64;
        Ok(far)
    }

    fn arrived(&mut self, arrived: &Arrived, account: &Account) {
        let ordinal = arrived.destination.wrapping_sub(NUMBER_ZERO);
        let person = ordinal.wrapping_sub(account.who.start.into()) as usize;
        let Some(there) = self.people.get_mut(person) else {
            self.strays += 1;
            return;
        };
        match arrived.verdict {
            Verdict::Taken | Verdict::Lied => {
                there.copies += 1;
                self.ids.insert(account.protocol.name_of(arrived), ordinal as u32);
                let message = Message { person, session: arrived.session, times_sent: 0, state: 0 };
                self.known.insert(arrived.id, message);
            }
            Verdict::Throttled => self.struck.throttled += 1,
            Verdict::Busy => self.struck.busy += 1,
            Verdict::Refused => {
                there.refused += 1;
                self.struck.refused += 1;
            }
        }
    }

    fn posted(&mut self, posted: &Posted) {
        let Some(message) = self.known.get_mut(&posted.id) else { return };
        let Some(there) = self.people.get_mut(message.person) else { return };
        match posted.how {
            PostedAs::Withheld => {
                there.withheld = true;
                self.struck.withheld += 1;
            }
            PostedAs::Sent => {
                message.state = posted.state;
                message.times_sent += 1;
                self.struck.receipts_again += u64::from(message.times_sent > 1);
                self.struck.elsewhere += u64::from(posted.session != message.session);
                self.struck.failed += u64::from(posted.state != DELIVERED);
                there.said_arrived |= posted.state == DELIVERED;
                there.said_failed |= posted.state != DELIVERED;
            }
            PostedAs::Answered if message.state == DELIVERED => there.arrived = true,
            PostedAs::Answered => there.failed = true,
        }
    }
}
