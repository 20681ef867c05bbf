//! A pretend mail relay (模拟邮件服务器): speaks SMTP (RFC 5321) with wishes about reports (RFC 3461), keeps nothing but a
//! line in its journal for each mail, and fails as it is told to. What comes back later goes by SMTP to where it is
//! told. Knows nothing of who sends.

mod report;
mod session;
#[cfg(test)]
mod story;

use crate::{sim_journal::Journal, sim_stage::Dice};
use mingluo_model::clock::SharedClock;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::task::TaskTracker;

/// How the pretend relay fails.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct MailFaults {
    /// Wait so long before each mail is answered, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub slow_ms: u64,
    /// So many of a hundred recipients are answered 451 (busy), drawn anew on each try.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub busy_percent: u8,
    /// So many of a hundred mailboxes do not exist (550), the same ones on every try.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub refuse_percent: u8,
    /// After so many mails take one more and cut the connection instead of answering it; once.
    #[arg(long, value_name = "MAILS")]
    pub die_in_data_after: Option<u64>,
    /// Hand over what comes back to this SMTP server; without it nothing comes back.
    #[arg(long, value_name = "ADDRESS")]
    pub report_to: Option<SocketAddr>,
    /// So many of a hundred mailboxes turn out not to exist after the mail was taken: it comes back (5.1.1).
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub bounce_percent: u8,
    /// The readers of so many of a hundred mailboxes are on holiday, and a machine answers.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(..=100))]
    pub holiday_percent: u8,
    /// What comes back comes so long after the mail, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub report_late_ms: u64,
    /// Everything that comes back comes twice.
    #[arg(long)]
    pub report_double: bool,
    /// Keep the latest mail to each mailbox in memory.
    #[arg(long, hide = true)]
    pub keep_mails: bool,
    /// The seed of all faults: the same one strikes the same mailboxes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// A running pretend relay; it stops when it is dropped.
pub struct SimMail {
    address: SocketAddr,
    relay: Arc<Relay>,
    _tasks: JoinSet<()>,
}

/// What all its connections share.
struct Relay {
    faults: MailFaults,
    journal: Arc<Journal>,
    clock: SharedClock,
    taken: AtomicU64,
    connections: AtomicU64,
    /// Guards the latest mail to each mailbox, where they are kept.
    mails: Mutex<HashMap<String, String>>,
    /// Where what comes back is handed over.
    report_to: Mutex<Option<SocketAddr>>,
    /// What comes back later; not bounded, since every mail that was taken may.
    reporting: TaskTracker,
    /// Guards how often each mailbox was offered.
    tries: Mutex<HashMap<String, u32>>,
}

impl SimMail {
    /// Serves on a listener.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(
        listener: TcpListener,
        faults: MailFaults,
        journal: Arc<Journal>,
        clock: SharedClock,
    ) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (taken, connections) = (AtomicU64::default(), AtomicU64::default());
        let flushing = Arc::clone(&journal).keep_flushed();
        let (report_to, reporting, tries) =
            (Mutex::new(faults.report_to), TaskTracker::new(), Mutex::default());
        let mails = Mutex::default();
        let relay = Arc::new(Relay {
            faults,
            journal,
            clock,
            taken,
            connections,
            mails,
            report_to,
            reporting,
            tries,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(flushing);
        tasks.spawn(serve(listener, Arc::clone(&relay)));
        Ok(Self { address, relay, _tasks: tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Hands over what comes back to this server from now on.
    pub fn report_to(&self, address: SocketAddr) {
        *self.relay.report_to.lock().unwrap_or_else(PoisonError::into_inner) = Some(address);
    }

    /// The latest mail to a mailbox, where they are kept.
    pub fn mail_to(&self, mailbox: &str) -> Option<String> {
        self.relay.mails.lock().unwrap_or_else(PoisonError::into_inner).get(mailbox).cloned()
    }

    /// Mails of which something comes back that was not handed over yet.
    pub fn reports_under_way(&self) -> usize {
        self.relay.reporting.len()
    }

    /// How many connections were ever opened to it.
    pub fn connections(&self) -> u64 {
        self.relay.connections.load(Ordering::Relaxed)
    }
}

async fn serve(listener: TcpListener, relay: Arc<Relay>) {
    let mut open = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        relay.connections.fetch_add(1, Ordering::Relaxed);
        let relay = Arc::clone(&relay);
        open.spawn(async move {
            // A connection that breaks is the caller's affair.
            let _broken = session::serve(socket, &relay).await;
        });
        while open.try_join_next().is_some() {}
    }
}

impl Relay {
    fn dice(&self) -> Dice {
        Dice { seed: self.faults.seed }
    }

    /// The refusal for a mailbox on this try, if one is due.
    fn turn_down(&self, mailbox: &str) -> Option<&'static str> {
        if self.dice().strikes("refuse", mailbox, self.faults.refuse_percent) {
            return Some("550 5.1.1 no such mailbox (pretend)");
        }
        if self.faults.busy_percent == 0 {
            return None;
        }
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = tries.entry(mailbox.to_owned()).or_default();
        *nth += 1;
        let this_try = format!("{mailbox}#{nth}");
        self.dice().strikes("busy", &this_try, self.faults.busy_percent).then_some("451 4.3.0 busy (pretend)")
    }

    fn keep(&self, mailbox: &str, mail: &str) {
        if self.faults.keep_mails {
            let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
            mails.insert(mailbox.to_owned(), mail.to_owned());
        }
    }

    /// Counts a mail in; whether its connection dies instead of answering.
    fn dies(&self) -> bool {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        self.faults.die_in_data_after == Some(before)
    }
}
