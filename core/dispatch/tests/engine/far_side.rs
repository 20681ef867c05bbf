//! A gateway that says what a story has it say, behind the port that every channel is behind.

use async_trait::async_trait;
use mingluo_model::{
    audience::ChannelKind,
    channel::{
        Answerer, Channel, Inlet, JobState, Limits, Outlet, Rate, ReceiptFor, ReceiptToken, Refusal, Repeat,
        Report, Run, SendError, Session, Unfit, Verdict, WireKeys,
    },
    delivery::Reason,
    message::Message,
    misfit::Misfit,
    mode::Live,
    plan::AccountName,
    receipt::ProviderId,
};
use std::{
    num::{NonZeroU16, NonZeroU32},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;

pub(crate) const ACCOUNT: &str = "sms";

/// The account that takes over from it.
pub(crate) const OTHER: &str = "sms-other";

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// Reports under way; a story has fewer.
const REPORTS: usize = 64;

/// What becomes of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Each part is taken under a name.
    Takes,
    /// Nothing is answered.
    Silent,
    /// Nothing is answered, where an answer is due within [`ANSWER`].
    Deaf,
    /// Everything is refused for now.
    Later,
    /// The channel has a defect.
    Breaks,
    /// It cannot be reached.
    Away,
    /// It lets us in and has not approved the message's template.
    Unready,
}

fn not_approved() -> Unfit {
    Unfit::Wrong { field: "SMS_1".into(), problem: Misfit::NotApproved }
}

pub(crate) struct FarSide {
    account: AccountName,
    manner: Arc<Mutex<Manner>>,
    opened: AtomicU32,
    /// Into how many parts it cuts a message; `None` when it takes none.
    parts: Option<NonZeroU16>,
    window: u32,
    sent: Arc<Mutex<Vec<(u32, u16)>>>,
    /// What it says of a job that it is asked after, where its calls are jobs for many.
    job: Option<JobState>,
}

impl FarSide {
    /// One that cuts messages into so many parts (0: takes none) and leaves so many of them unanswered at a time.
    pub(crate) fn new(manner: Manner, parts: u16, window: u32) -> Arc<Self> {
        Self::of(ACCOUNT, manner, parts, window)
    }

    /// The same for another account.
    pub(crate) fn of(account: &str, manner: Manner, parts: u16, window: u32) -> Arc<Self> {
        let (account, sent) = (AccountName(account.into()), Arc::default());
        let (manner, opened) = (Arc::new(Mutex::new(manner)), AtomicU32::default());
        Arc::new(Self { account, manner, opened, parts: NonZeroU16::new(parts), window, sent, job: None })
    }

    /// One that takes jobs for many, of whose end it tells nothing but this when it is asked.
    pub(crate) fn of_jobs(state: JobState) -> Arc<Self> {
        let (manner, job) = (Arc::new(Mutex::new(Manner::Takes)), Some(state));
        let (account, parts) = (AccountName(ACCOUNT.into()), Some(NonZeroU16::MIN));
        let (opened, sent) = (AtomicU32::default(), Arc::default());
        Arc::new(Self { account, manner, opened, parts, window: 16, sent, job })
    }

    /// From now on it does otherwise.
    pub(crate) fn turn(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// Sessions that were opened.
    pub(crate) fn opened(&self) -> u32 {
        self.opened.load(Ordering::Relaxed)
    }

    fn manner(&self) -> Manner {
        *self.manner.lock().unwrap()
    }

    /// Who was sent which parts, in order.
    pub(crate) fn sent(&self) -> Vec<(u32, u16)> {
        self.sent.lock().unwrap().clone()
    }
}

#[async_trait]
impl Channel<Live> for FarSide {
    fn account(&self) -> &AccountName {
        &self.account
    }

    fn kind(&self) -> ChannelKind {
        ChannelKind::Sms
    }

    fn limits(&self) -> Limits {
        Limits {
            rate: Rate::per_second(NonZeroU32::new(1_000).unwrap()),
            window: NonZeroU32::new(self.window).unwrap(),
            batch: NonZeroU32::new(100).unwrap(),
            sessions: NonZeroU16::MIN,
            answer_within: (self.manner() == Manner::Deaf).then_some(ANSWER),
        }
    }

    fn repeat(&self) -> Repeat {
        Repeat::MayDouble
    }

    fn receipts(&self) -> ReceiptFor {
        if self.job.is_some() { ReceiptFor::Job } else { ReceiptFor::EachPart }
    }

    async fn ask_job(&self, _id: &ProviderId) -> Result<JobState, SendError> {
        Ok(self.job.unwrap_or(JobState::Unsaid))
    }

    fn measure(&self, _message: &Message<Live>) -> Result<NonZeroU16, Unfit> {
        let unfit = || Unfit::Wrong { field: "template".into(), problem: "it is not approved".into() };
        self.parts.ok_or_else(unfit)
    }

    fn stands(&self, _message: &Message<Live>) -> Result<(), Unfit> {
        if self.manner() == Manner::Unready { Err(not_approved()) } else { Ok(()) }
    }

    async fn open(&self) -> Result<Session<Live>, SendError> {
        if self.manner() == Manner::Away {
            return Err(SendError::Unreachable { detail: "no route".into() });
        }
        let (says, hears) = mpsc::channel(REPORTS);
        self.opened.fetch_add(1, Ordering::Relaxed);
        let (manner, sent) = (Arc::clone(&self.manner), Arc::clone(&self.sent));
        let outlet = Out { manner, sent, says, next_key: 1, prepared: Vec::new() };
        Ok(Session { outlet: Box::new(outlet), inlet: Box::new(In { hears }), answerer: Arc::new(Nobody) })
    }
}

struct Out {
    manner: Arc<Mutex<Manner>>,
    sent: Arc<Mutex<Vec<(u32, u16)>>>,
    says: mpsc::Sender<Report>,
    next_key: u64,
    prepared: Vec<(u64, u32, u16)>,
}

impl Manner {
    fn verdict(self, key: u64) -> Option<Verdict> {
        match self {
            Self::Takes => Some(Verdict::Accepted(Some(ProviderId::new(&key.to_be_bytes())))),
            Self::Later => {
                let refusal = Refusal { reason: Reason::FarFault, far_code: "8 system error".into() };
                Some(Verdict::Temporary(refusal))
            }
            Self::Silent | Self::Deaf | Self::Breaks | Self::Away | Self::Unready => None,
        }
    }
}

#[async_trait]
impl Outlet<Live> for Out {
    fn prepare(&mut self, run: &Run<Live>) -> Result<WireKeys, Unfit> {
        assert!(*self.manner.lock().unwrap() != Manner::Breaks, "the channel has a defect");
        if *self.manner.lock().unwrap() == Manner::Unready {
            return Err(not_approved());
        }
        let first = self.next_key;
        self.prepared.clear();
        for parcel in &run.parcels {
            self.prepared.push((self.next_key, parcel.ordinal, parcel.part_set));
            self.next_key += u64::from(parcel.part_set.count_ones());
        }
        Ok(WireKeys { first })
    }

    async fn send(&mut self) -> Result<(), SendError> {
        let manner = *self.manner.lock().unwrap();
        for (first, ordinal, parts) in self.prepared.drain(..) {
            self.sent.lock().unwrap().push((ordinal, parts));
            for key in first..first + u64::from(parts.count_ones()) {
                if let Some(verdict) = manner.verdict(key) {
                    self.says.try_send(Report::Answer { key, verdict }).unwrap();
                }
            }
        }
        Ok(())
    }

    async fn close(&mut self) {}
}

struct In {
    hears: mpsc::Receiver<Report>,
}

#[async_trait]
impl Inlet for In {
    async fn next(&mut self, reports: &mut Vec<Report>) -> Result<(), SendError> {
        match self.hears.recv().await {
            Some(report) => {
                reports.push(report);
                Ok(())
            }
            None => Err(SendError::Unreachable { detail: "it hung up".into() }),
        }
    }
}

struct Nobody;

#[async_trait]
impl Answerer for Nobody {
    async fn committed(&self, _receipts: &[ReceiptToken]) -> Result<(), SendError> {
        Ok(())
    }
}
