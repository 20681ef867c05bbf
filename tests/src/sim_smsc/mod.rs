//! A pretend gateway for short messages (模拟短信网关): it speaks SMPP 3.4, CMPP 3.0 and 2.0, SMGP 3.0 or SGIP 1.2 as a
//! carrier's does, takes every part, sends receipts, and delivers nothing to anybody. It listens on this machine only. A
//! submit to several numbers is refused, since none of ours has them.
//!
//! Its faults are knobs ([`Faults`]); chance is a hash of the seed, the destination and the part, so that a run
//! repeats. What it saw and did goes into a log of its own ([`log`]), which is what a rehearsal is judged by. It
//! knows nothing of warnings, plans or ledgers.

mod arrival;
mod counts;
mod desk;
mod dice;
mod faults;
mod gate;
mod line;
pub mod log;
mod outbox;
mod owed;
mod postbag;
mod slip;
mod tongue;
mod watch;

pub use counts::Snapshot;
pub use faults::{Faults, Plant, Span};
pub use tongue::Protocol;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use clap::Parser;
use mingluo_channels::sms::{
    cmpp::Version,
    smpp::{Address, MessageState},
    wire::Stamp,
};
use mingluo_model::clock::SharedClock;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use counts::Counts;
use desk::Desk;
use log::Sink;
use owed::Earlier;
use postbag::Receipt;
use tongue::Key;
use watch::Watch;

/// How often receipts that wait for their time are looked at.
const TICK: Duration = Duration::from_millis(2);

/// What the simulator is told at its start.
#[derive(Debug, Clone, clap::Args)]
pub struct SmscConfig {
    /// 监听地址,只能是本机;端口 0 为任选 / where to listen, loopback only; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// 协议 / which protocol to speak.
    #[arg(long, value_enum, value_name = "NAME", default_value_t = Protocol::Smpp)]
    pub protocol: Protocol,
    /// CMPP 最高版本:3.0 或 2.0 / the highest CMPP that is spoken.
    #[arg(long, value_name = "VERSION", default_value = "3.0", value_parser = cmpp_version)]
    pub cmpp_version: Version,
    /// SGIP:回执送往客户端的监听地址,只能是本机 / where the client's door for SGIP's receipts is, loopback only.
    #[arg(long, value_name = "ADDRESS", requires = "report_password")]
    pub report_to: Option<SocketAddr>,
    /// SGIP:在客户端监听口的登录名 / our name at the client's door.
    #[arg(long, value_name = "TEXT", default_value = "sim-smsc")]
    pub report_login: String,
    /// SGIP:在客户端监听口的密码 / our password at the client's door.
    #[arg(long, value_name = "TEXT")]
    pub report_password: Option<String>,
    /// 登录密码或共享密钥;不设则任何密码都可 / the password or shared secret of logins; any will do without it.
    #[arg(long, value_name = "TEXT")]
    pub password: Option<String>,
    /// 记录文件,已有的接着写 / the log for the judge; one that is there is written on.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// 先记录再应答,重启时接着同一记录补发所欠回执(只限一个账号) / what is answered is on record first, and a restart on the same
    /// log sends the receipts that are owed, to the first account that logs in.
    #[arg(long, requires = "log")]
    pub durable: bool,
    /// What goes wrong.
    #[command(flatten)]
    pub faults: Faults,
}

impl Default for SmscConfig {
    /// What the program does without any option.
    fn default() -> Self {
        #[derive(clap::Parser)]
        struct Only {
            #[command(flatten)]
            config: SmscConfig,
        }
        Only::parse_from(["sim-smsc"]).config
    }
}

/// Why a simulator cannot start, or what its log lacks.
#[derive(Debug, thiserror::Error)]
pub enum SmscError {
    /// It would be reached from outside.
    #[error(
        "{listen}：--listen 与 --report-to 只能是本机，请用 127.0.0.1 / --listen and --report-to of a pretend gateway take loopback only, use 127.0.0.1"
    )]
    NotLoopback {
        /// The address given.
        listen: SocketAddr,
    },
    /// The address is not to be had.
    #[error("--listen {listen}：不能监听，请换一个端口或用 0 / cannot listen there, use another port or 0")]
    Listen {
        /// The address given.
        listen: SocketAddr,
        /// The system's word.
        source: io::Error,
    },
    /// The log cannot be gone on with.
    #[error("--log")]
    Log(#[from] log::LogError),
}

/// A running simulator; dropping it ends its sessions.
pub struct Smsc {
    address: SocketAddr,
    centre: Arc<Centre>,
    tasks: TaskTracker,
}

/// What all sessions share.
struct Centre {
    faults: Arc<Faults>,
    protocol: Protocol,
    cmpp_version: Version,
    report_to: Option<ReportTo>,
    tasks: TaskTracker,
    password: Option<String>,
    watch: Watch,
    stop: CancellationToken,
    counts: Arc<Counts>,
    log: Option<Arc<Sink>>,
    // Guards what an earlier run owes, until an account takes it over; held for a look.
    owed: Mutex<Vec<(i64, Receipt)>>,
    next_session: AtomicU32,
    next_id: Arc<AtomicU64>,
    // Guards the accounts by their name; held for a look.
    desks: Mutex<BTreeMap<String, Arc<Mutex<Desk>>>>,
    // Guards the accounts that have their receipts brought; held for a look.
    called: Mutex<BTreeSet<String>>,
    /// The centre itself, for those who bring receipts.
    this: Weak<Self>,
}

/// The client's door for receipts.
#[derive(Debug, Clone)]
struct ReportTo {
    address: SocketAddr,
    login: String,
    password: String,
}

impl SmscConfig {
    fn report_to(&self) -> Option<ReportTo> {
        let (address, password) = (self.report_to?, self.report_password.clone()?);
        Some(ReportTo { address, login: self.report_login.clone(), password })
    }
}

fn cmpp_version(text: &str) -> Result<Version, String> {
    match text {
        "3.0" => Ok(Version::V30),
        "2.0" => Ok(Version::V20),
        _ => Err("give 3.0 or 2.0".into()),
    }
}

impl Smsc {
    /// Listens, and serves whoever binds.
    ///
    /// # Errors
    /// [`SmscError`], naming the option to change.
    pub async fn start(config: SmscConfig, clock: SharedClock) -> Result<Self, SmscError> {
        let report_to = config.report_to();
        let SmscConfig { listen, protocol, cmpp_version, password, log, durable, faults, .. } = config;
        for listen in [Some(listen), report_to.as_ref().map(|to| to.address)].into_iter().flatten() {
            if !listen.ip().is_loopback() {
                return Err(SmscError::NotLoopback { listen });
            }
        }
        let refused = |source| SmscError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let (log, earlier) = match log {
            Some(path) if durable => {
                let earlier = owed::earlier(&path, protocol, &faults)?;
                (Some(Sink::at_once(&path, earlier.end)?), earlier)
            }
            Some(path) => (Some(Sink::append_to(&path)?), Earlier::default()),
            None => (None, Earlier::default()),
        };
        let (watch, tasks) = (Watch::new(clock), TaskTracker::new());
        let centre = Arc::new_cyclic(|this| Centre {
            this: this.clone(),
            faults: Arc::new(faults),
            protocol,
            cmpp_version,
            report_to,
            tasks: tasks.clone(),
            password,
            // Ids go on where an earlier run of the program cannot have been: it takes less than a thousand a ms.
            next_id: Arc::new(AtomicU64::new(watch.now_us().unsigned_abs())),
            watch,
            stop: CancellationToken::new(),
            counts: Arc::default(),
            log: log.map(Arc::new),
            owed: Mutex::new(earlier.owed),
            next_session: AtomicU32::new(earlier.last_session + 1),
            desks: Mutex::default(),
            called: Mutex::default(),
        });
        tasks.spawn(accept(listener, Arc::clone(&centre), tasks.clone()));
        tasks.spawn(tick(Arc::clone(&centre)));
        Ok(Self { address, centre, tasks })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where SGIP's receipts go.
    pub fn report_to(&self) -> Option<SocketAddr> {
        self.centre.report_to.as_ref().map(|to| to.address)
    }

    /// What it did so far.
    pub fn counts(&self) -> Snapshot {
        self.centre.counts.snapshot(self.centre.watch.now_us() / 1_000)
    }

    /// The owner of a mobile number writes to the access number of every account that has logged in (上行).
    pub fn writes(&self, number: u64, words: &str) {
        let now_us = self.centre.watch.now_us();
        let receipt = Receipt {
            id: self.centre.next_id.fetch_add(1, Ordering::Relaxed),
            state: MessageState::Delivered,
            // Any session of the account brings it.
            session: 0,
            taken_us: now_us,
            to: Address::default(),
            from: owed::number(number, self.centre.protocol),
            key: Key { node: 0, stamp: Stamp(0), counter: 0 },
            wrote: Some(words.into()),
        };
        for desk in self.centre.desks() {
            locked(&desk).owe(vec![(now_us, receipt.clone())], now_us);
        }
    }

    /// Ends all sessions and writes the log to its end.
    ///
    /// # Errors
    /// [`io::Error`] when the log could not be written whole.
    pub async fn stop(self) -> io::Result<()> {
        self.centre.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.centre.log.as_ref().map_or(Ok(()), |log| log.close())
    }
}

impl Drop for Smsc {
    fn drop(&mut self) {
        self.centre.stop.cancel();
    }
}

impl Centre {
    /// Has an account's receipts brought from now on.
    fn call_back(&self, account: &str) {
        let first = self.called.lock().unwrap_or_else(PoisonError::into_inner).insert(account.to_owned());
        let (true, Some(to), Some(centre)) = (first, self.report_to.clone(), self.this.upgrade()) else {
            return;
        };
        let account = account.to_owned();
        self.tasks.spawn(async move {
            tokio::select! {
                () = centre.stop.cancelled() => {}
                () = line::bring(&centre, account, &to) => {}
            }
        });
    }

    /// The desk of an account; the first bind opens it.
    fn desk(&self, account: &str) -> Arc<Mutex<Desk>> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || {
            let mut desk = Desk::new(
                Arc::clone(&self.faults),
                Arc::clone(&self.next_id),
                Arc::clone(&self.counts),
                self.log.clone(),
            );
            let owed = std::mem::take(&mut *self.owed.lock().unwrap_or_else(PoisonError::into_inner));
            desk.owe(owed, self.watch.now_us());
            Arc::new(Mutex::new(desk))
        };
        Arc::clone(desks.entry(account.to_owned()).or_insert_with(open))
    }

    fn desks(&self) -> Vec<Arc<Mutex<Desk>>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// A desk for the moving of one batch, never across an await.
fn locked(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, centre: Arc<Centre>, tasks: TaskTracker) {
    let stop = centre.stop.clone();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            met = listener.accept() => match met {
                Ok((socket, _)) => { tasks.spawn(attend(socket, Arc::clone(&centre))); }
                // Out of descriptors: what is open goes on, and the next may find one.
                Err(_) => centre.watch.sleep(TICK).await,
            },
        }
    }
}

async fn attend(socket: TcpStream, centre: Arc<Centre>) {
    tokio::select! {
        () = centre.stop.cancelled() => {}
        // How a session ends is the client's to tell; the log has what it said.
        _ended = line::serve(socket, &centre) => {}
    }
}

async fn tick(centre: Arc<Centre>) {
    loop {
        tokio::select! {
            () = centre.stop.cancelled() => return,
            () = centre.watch.sleep(TICK) => {}
        }
        for desk in centre.desks() {
            locked(&desk).tick(centre.watch.now_us());
        }
    }
}

#[cfg(test)]
mod story;
