//! A pretend mail relay (模拟邮件服务器): speaks SMTP (RFC 5321), keeps nothing but a line in its journal for each
//! mail, and fails as it is told to. Knows nothing of who sends.

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
        let relay = Arc::new(Relay { faults, journal, clock, taken, connections, tries: Mutex::default() });
        let mut tasks = JoinSet::new();
        tasks.spawn(flushing);
        tasks.spawn(serve(listener, Arc::clone(&relay)));
        Ok(Self { address, relay, _tasks: tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
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

    /// Counts a mail in; whether its connection dies instead of answering.
    fn dies(&self) -> bool {
        let before = self.taken.fetch_add(1, Ordering::Relaxed);
        self.faults.die_in_data_after == Some(before)
    }
}
