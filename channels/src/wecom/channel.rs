//! The application behind the port: measures with the platform's limits, opens sessions, puts the members of a run together
//! into calls and sends them.

use super::{
    call::{Far, Giver, Members, all, deliver, joined},
    callback::Callback,
    config::{CALLS, MOST_MEMBERS, PARTS, WeComConfig},
    letter::{Letter, task},
};
use crate::{
    account::ConfigError,
    crew::{Crew, NoAnswer},
    leave::{HeldBack, Leave, NOT_BEGUN},
    weixin::{server::Server, token::TokenHolder},
};
use async_trait::async_trait;
use mingluo_model::{
    audience::ChannelKind,
    channel::{
        Channel, Limits, Outlet, Parcel, ReceiptFor, Repeat, Run, SendError, Session, Unfit, WireKeys,
    },
    clock::SharedClock,
    message::Message,
    mode::Mode,
    plan::AccountName,
};
use std::{collections::VecDeque, marker::PhantomData, num::NonZeroU16, sync::Arc, time::Duration};

/// An application of a corporation (企业微信自建应用).
pub struct WeComChannel<M: Mode> {
    far: Far,
    clock: SharedClock,
    mode: PhantomData<M>,
}

impl<M: Mode> WeComChannel<M> {
    /// Checks the configuration and reads the files that it names; calls nobody.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key, its value and what to write instead.
    pub fn new(config: WeComConfig, clock: SharedClock) -> Result<Self, ConfigError> {
        let account = Arc::new(config.check()?);
        let server = Server::new(&account.api_base, CALLS, account.answer, Arc::clone(&clock))?;
        let server = Arc::new(server);
        let giver = Giver { account: Arc::clone(&account), server: Arc::clone(&server) };
        let tokens = Arc::new(TokenHolder::new(giver, Arc::clone(&clock)));
        Ok(Self { far: Far { account, server, tokens }, clock, mode: PhantomData })
    }

    /// The parser of this application's callbacks, for the console that receives them.
    pub fn callback(&self) -> Callback {
        let account = &self.far.account;
        let (token, cipher) = (account.callback_token.clone(), account.cipher.clone());
        Callback::new(account.corp_id.clone(), token, cipher, Arc::clone(&self.clock))
    }
}

#[async_trait]
impl<M: Mode> Channel<M> for WeComChannel<M> {
    fn account(&self) -> &AccountName {
        &self.far.account.name
    }

    fn kind(&self) -> ChannelKind {
        ChannelKind::WeCom
    }

    fn limits(&self) -> Limits {
        self.far.account.limits
    }

    fn repeat(&self) -> Repeat {
        Repeat::MayDouble
    }

    /// The answer is all that will be known, until somebody presses the button.
    fn receipts(&self) -> ReceiptFor {
        ReceiptFor::Nothing
    }

    fn may_answer_within(&self) -> Option<Duration> {
        Some(self.far.server.reports_within())
    }

    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        Letter::of(self.far.account.agent_id, message)?;
        Ok(const { NonZeroU16::new(PARTS as u16).expect("it is not zero") })
    }

    /// Gets a token, so that a wrong secret or an address that is not on the list shows at once.
    async fn open(&self) -> Result<Session<M>, SendError> {
        self.far.tokens.token().await?;
        let (crew, inlet) = Crew::new(CALLS, CALLS);
        let (far, clock, held_back) = (self.far.clone(), Arc::clone(&self.clock), HeldBack::default());
        let outlet = WeComOutlet { far, clock, held_back, crew, prepared: VecDeque::new() };
        Ok(Session { outlet: Box::new(outlet), inlet: Box::new(inlet), answerer: Arc::new(NoAnswer) })
    }
}

/// A call of the prepared run.
struct Prepared {
    members: Members,
    body: Vec<u8>,
    leave: Leave,
}

impl Prepared {
    fn keys(&self) -> Vec<u64> {
        self.members.iter().map(|(key, _)| *key).collect()
    }
}

struct WeComOutlet {
    far: Far,
    clock: SharedClock,
    held_back: HeldBack,
    crew: Crew,
    prepared: VecDeque<Prepared>,
}

#[async_trait]
impl<M: Mode> Outlet<M> for WeComOutlet {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        self.prepared.clear();
        let letter = Letter::of(self.far.account.agent_id, &run.message)?;
        let leave = Leave::of(run, &self.held_back, &self.clock);
        let units = run.parcels.iter().map(|parcel| parcel.part_set.count_ones() as usize).sum();
        let first = self.crew.keys(units);
        // The words of all before the cards of all: who reads the one waits for the other.
        for part in 0..PARTS {
            for some in wanting(&run.parcels, first, part).chunks(MOST_MEMBERS) {
                let to: Members = some.iter().map(|(key, parcel)| (*key, parcel.to.clone())).collect();
                let body = match some.first() {
                    Some((_, parcel)) if part > 0 => {
                        letter.card(&joined(&to), &task(run.plan, parcel.ordinal, parcel.attempt))
                    }
                    _ => letter.words(&joined(&to)),
                };
                self.prepared.push_back(Prepared { members: to, body, leave: leave.clone() });
            }
        }
        Ok(WireKeys { first })
    }

    async fn ready(&mut self) -> Result<(), SendError> {
        self.crew.hands_free(self.prepared.len()).await.map(drop)
    }

    async fn send(&mut self) -> Result<(), SendError> {
        while let Some(call) = self.prepared.pop_front() {
            let far = self.far.clone();
            let keys = call.keys();
            let work = async move {
                if call.leave.is_given() {
                    Box::pin(deliver(&far, &call.members, call.body)).await
                } else {
                    all(&call.members, &NOT_BEGUN)
                }
            };
            self.crew.put_all(keys, work).await?;
        }
        Ok(())
    }

    fn hold_back(&mut self) {
        self.held_back.begin();
    }

    async fn close(&mut self) {
        self.crew.finish().await;
    }
}

/// The parcels of which this part is to leave, each with its wire key: keys count parcel by parcel.
fn wanting(parcels: &[Parcel], first: u64, part: u32) -> Vec<(u64, &Parcel)> {
    let mut next = first;
    let mut wanting = Vec::new();
    for parcel in parcels {
        let before = (parcel.part_set & ((1 << part) - 1)).count_ones();
        if parcel.part_set & (1 << part) != 0 {
            wanting.push((next + u64::from(before), parcel));
        }
        next += u64::from(parcel.part_set.count_ones());
    }
    wanting
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::address::Address;

    #[test]
    fn keys_count_parcel_by_parcel_and_part_by_part() {
        let parcel = |ordinal, part_set| Parcel { ordinal, attempt: 1, part_set, to: Address::new("a") };
        let parcels = [parcel(0, 0b11), parcel(1, 0b10), parcel(2, 0b01), parcel(3, 0b11)];
        let keys = |part| -> Vec<(u64, u32)> {
            wanting(&parcels, 10, part).into_iter().map(|(key, parcel)| (key, parcel.ordinal)).collect()
        };
        assert_eq!(keys(0), [(10, 0), (13, 2), (14, 3)]);
        assert_eq!(keys(1), [(11, 0), (12, 1), (15, 3)]);
    }
}
