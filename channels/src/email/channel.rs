//! The mail account behind the port: measures with the code that renders, opens sessions, prepares and sends runs.

use super::{
    config::{Account, EmailConfig},
    connection::Lines,
    door::EmailDoor,
    letter::{Letter, dates, recipient},
    tag::Tag,
    transaction::{Ready, deliver},
};
use crate::{
    account::ConfigError,
    crew::{Crew, NoAnswer, Outcome},
    leave::{HeldBack, Leave, NOT_BEGUN},
};
use async_trait::async_trait;
use mingluo_model::{
    audience::ChannelKind,
    channel::{
        Channel, Limits, Outlet, Parcel, ReceiptFor, Refusal, Repeat, Run, SendError, Session, Unfit,
        Verdict, WireKeys,
    },
    clock::SharedClock,
    delivery::Reason,
    id::PlanId,
    message::Message,
    mode::Mode,
    plan::AccountName,
};
use std::{marker::PhantomData, num::NonZeroU16, sync::Arc, time::Duration};

/// How long an answer waits for others. A relay answers each mail alone and keeps it on its disk first, often on the same
/// machine: a turn of the disk for each answer, and another for what leaves in its place, would cost it its own.
const GATHER: Duration = Duration::from_millis(10);

/// So many answers wait no more: what a relay that keeps nothing answers in a few milliseconds.
const ENOUGH: usize = 32;

/// A mail account (电子邮件账号) at one relay.
pub struct EmailChannel<M: Mode> {
    account: Arc<Account>,
    clock: SharedClock,
    mode: PhantomData<M>,
}

impl<M: Mode> EmailChannel<M> {
    /// Checks the configuration and reads the files that it names; opens nothing.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key, its value and what to write instead.
    pub fn new(config: EmailConfig, clock: SharedClock) -> Result<Self, ConfigError> {
        Ok(Self { account: Arc::new(config.check()?), clock, mode: PhantomData })
    }

    /// What comes back of this account's mails, for the console that hears it.
    pub fn door(&self) -> EmailDoor {
        EmailDoor::of(&self.account)
    }
}

#[async_trait]
impl<M: Mode> Channel<M> for EmailChannel<M> {
    fn account(&self) -> &AccountName {
        &self.account.name
    }

    fn kind(&self) -> ChannelKind {
        ChannelKind::Email
    }

    fn limits(&self) -> Limits {
        self.account.limits
    }

    fn repeat(&self) -> Repeat {
        Repeat::MayDouble
    }

    fn receipts(&self) -> ReceiptFor {
        match &self.account.bounces {
            Some(bounces) if bounces.success_reports => ReceiptFor::EachPart,
            Some(_) => ReceiptFor::BadNews,
            None => ReceiptFor::Nothing,
        }
    }

    fn measure(&self, message: &Message<M>) -> Result<NonZeroU16, Unfit> {
        Letter::new(&self.account, message).map(|_| NonZeroU16::MIN)
    }

    /// Opens the first connection, so that a relay that is gone or refuses the login shows at once; the others
    /// are opened when there are mails for them.
    async fn open(&self) -> Result<Session<M>, SendError> {
        let lines = Lines::new(Arc::clone(&self.account), Arc::clone(&self.clock));
        lines.give_back(lines.connect().await?);
        let (crew, inlet) = Crew::new(self.account.limits.window.get(), self.account.sockets);
        let inlet = inlet.gathering(Arc::clone(&self.clock), GATHER, ENOUGH);
        let (clock, held_back) = (Arc::clone(&self.clock), HeldBack::default());
        let outlet = EmailOutlet {
            lines: Arc::new(lines),
            clock,
            crew,
            held_back,
            letter: None,
            prepared: Vec::new(),
        };
        Ok(Session { outlet: Box::new(outlet), inlet: Box::new(inlet), answerer: Arc::new(NoAnswer) })
    }
}

/// A mail of the prepared run; none where the address is no mailbox.
struct Prepared {
    key: u64,
    mail: Option<Ready>,
    leave: Leave,
}

struct EmailOutlet {
    lines: Arc<Lines>,
    clock: SharedClock,
    crew: Crew,
    held_back: HeldBack,
    /// The letter of the plan that was sent last: a plan has one message, and its runs follow each other.
    letter: Option<(PlanId, Arc<Letter>)>,
    prepared: Vec<Prepared>,
}

#[async_trait]
impl<M: Mode> Outlet<M> for EmailOutlet {
    fn prepare(&mut self, run: &Run<M>) -> Result<WireKeys, Unfit> {
        self.prepared.clear();
        let letter = match self.letter.take().filter(|(plan, _)| *plan == run.plan) {
            Some((_, letter)) => letter,
            None => Arc::new(Letter::new(&self.lines.account, &run.message)?),
        };
        let first = self.crew.keys(run.parcels.len());
        let dates = dates(self.clock.now(), run.not_after);
        let leave = Leave::of(run, &self.held_back, &self.clock);
        let write = |(key, parcel): (u64, &Parcel)| Prepared {
            key,
            leave: leave.clone(),
            mail: recipient(parcel.to.expose()).map(|to| Ready {
                to,
                tag: Tag { plan: run.plan, ordinal: parcel.ordinal, attempt: parcel.attempt },
                letter: Arc::clone(&letter),
                dates: dates.clone(),
            }),
        };
        self.prepared = (first..).zip(&run.parcels).map(write).collect();
        self.letter = Some((run.plan, letter));
        Ok(WireKeys { first })
    }

    async fn send(&mut self) -> Result<(), SendError> {
        for Prepared { key, mail, leave } in std::mem::take(&mut self.prepared) {
            let lines = Arc::clone(&self.lines);
            let work = async move {
                match mail {
                    Some(mail) if leave.is_given() => Box::pin(deliver(&lines, &mail)).await,
                    Some(_) => Outcome::Answered(NOT_BEGUN),
                    None => Outcome::Answered(no_mailbox()),
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
        self.lines.close().await;
    }
}

fn no_mailbox() -> Verdict {
    Verdict::Permanent(Refusal { reason: Reason::BadAddress, far_code: "not an ASCII mailbox".into() })
}
