//! The service account behind the port: measures with the rules that the platform applies, opens sessions, prepares
//! and sends runs.

use super::{
    call::{Endpoint, Far, Giver, deliver},
    callback::Callback,
    config::WeChatConfig,
    custom::CustomService,
    mass::MassChannel,
    template::Template,
};
use crate::{
    account::ConfigError,
    crew::{Crew, NoAnswer, Outcome},
    leave::{HeldBack, Leave, NOT_BEGUN},
    weixin::{server::Server, token::TokenHolder},
};
use async_trait::async_trait;
use mingluo_model::{
    address::Address,
    audience::ChannelKind,
    channel::{
        Channel, Limits, Outlet, ReceiptFor, Repeat, Run, SendError, Session, Unfit, Verdict, WireKeys,
    },
    clock::SharedClock,
    message::Message,
    mode::Mode,
    plan::AccountName,
    receipt::ProviderId,
};
use std::{marker::PhantomData, num::NonZeroU16, sync::Arc};

/// A service account (微信服务号).
pub struct WeChatChannel<M: Mode> {
    far: Far,
    clock: SharedClock,
    mode: PhantomData<M>,
}

impl<M: Mode> WeChatChannel<M> {
    /// Checks the configuration and reads the files that it names; calls nobody.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key, its value and what to write instead.
    pub fn new(config: WeChatConfig, clock: SharedClock) -> Result<Self, ConfigError> {
        let account = Arc::new(config.check()?);
        let (base, calls, answer) = (&account.api_base, account.calls, account.answer);
        let server = Arc::new(Server::new(base, calls, answer, Arc::clone(&clock))?);
        let giver = Giver { account: Arc::clone(&account), server: Arc::clone(&server) };
        let tokens = Arc::new(TokenHolder::new(giver, Arc::clone(&clock)));
        Ok(Self { far: Far { account, server, tokens }, clock, mode: PhantomData })
    }

    /// The account's mass send, where it has one.
    pub fn mass(&self) -> Option<MassChannel<M>> {
        let mass = self.far.account.mass.clone()?;
        Some(MassChannel::new(self.far.clone(), mass, Arc::clone(&self.clock)))
    }

    /// What answers followers who ask.
    pub fn custom_service(&self) -> CustomService {
        CustomService::new(self.far.clone(), Arc::clone(&self.clock))
    }

    /// The parser of this account's callbacks, for the console that receives them.
    pub fn callback(&self) -> Callback {
        let account = &self.far.account;
        let mass = account.mass.as_ref().map(|mass| mass.name.clone());
        Callback::new(account.callback_token.clone(), account.cipher.clone(), mass, Arc::clone(&self.clock))
    }
}

#[async_trait]
impl<M: Mode> Channel<M> for WeChatChannel<M> {
    fn account(&self) -> &AccountName {
        &self.far.account.name
    }

    fn kind(&self) -> ChannelKind {
        ChannelKind::WeChat
    }

    fn limits(&self) -> Limits {
        self.far.account.limits
    }

    /// Notices have no name that would make their repeat act once.
    fn repeat(&self) -> Repeat {
        if self.far.account.notices.is_empty() { Repeat::ActsOnce } else { Repeat::MayDouble }
    }

    fn receipts(&self) -> ReceiptFor {
        if self.far.account.notices.is_empty() { ReceiptFor::EachPart } else { ReceiptFor::InTurn }
    }

    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        Template::of(&self.far.account, message).map(|_| NonZeroU16::MIN)
    }

    /// Gets a token, so that a wrong secret or an address that is not on the account's list shows at once.
    async fn open(&self) -> Result<Session<M>, SendError> {
        self.far.tokens.token().await?;
        let (crew, inlet) = Crew::new(self.far.account.limits.window.get(), self.far.account.calls);
        let (far, clock, held_back) = (self.far.clone(), Arc::clone(&self.clock), HeldBack::default());
        let outlet = WeChatOutlet { far, clock, held_back, crew, prepared: Vec::new() };
        Ok(Session { outlet: Box::new(outlet), inlet: Box::new(inlet), answerer: Arc::new(NoAnswer) })
    }
}

/// A call of the prepared run.
struct Prepared {
    key: u64,
    endpoint: Endpoint,
    /// What it is called, where the answer does not say.
    notice: Option<ProviderId>,
    to: Address,
    body: Vec<u8>,
    leave: Leave,
}

/// An answer without a number, and the name by which its event will be known all the same.
fn named(outcome: Outcome, notice: Option<ProviderId>) -> Outcome {
    match outcome {
        Outcome::Answered(Verdict::Accepted(None)) => Outcome::Answered(Verdict::Accepted(notice)),
        other => other,
    }
}

struct WeChatOutlet {
    far: Far,
    clock: SharedClock,
    held_back: HeldBack,
    crew: Crew,
    prepared: Vec<Prepared>,
}

#[async_trait]
impl<M: Mode> Outlet<M> for WeChatOutlet {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        self.prepared.clear();
        let template = Template::of(&self.far.account, &run.message)?;
        let first = self.crew.keys(run.parcels.len());
        let parcels = (first..).zip(&run.parcels);
        let leave = Leave::of(run, &self.held_back, &self.clock);
        self.prepared.extend(parcels.map(|(key, parcel)| Prepared {
            key,
            endpoint: template.endpoint(),
            notice: template.notice(&parcel.to),
            to: parcel.to.clone(),
            body: template.body(run.plan, parcel),
            leave: leave.clone(),
        }));
        Ok(WireKeys { first })
    }

    async fn send(&mut self) -> Result<(), SendError> {
        for Prepared { key, endpoint, notice, to, body, leave } in std::mem::take(&mut self.prepared) {
            let far = self.far.clone();
            let work = async move {
                if leave.is_given() {
                    named(Box::pin(deliver(&far, endpoint, &to, body)).await, notice)
                } else {
                    Outcome::Answered(NOT_BEGUN)
                }
            };
            self.crew.put(key, work).await?;
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
