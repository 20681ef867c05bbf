//! A pretend SMSC (模拟短信中心): it speaks SMPP 3.4 as a centre does, takes every part, sends receipts, and delivers
//! nothing to anybody. It listens on this machine only.
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
mod postbag;
mod slip;
mod watch;

pub use counts::Snapshot;
pub use faults::{Faults, Plant, Span};

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU32, atomic::AtomicU64},
    time::Duration,
};

use clap::Parser;
use mingluo_model::clock::SharedClock;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use counts::Counts;
use desk::Desk;
use log::Sink;
use watch::Watch;

/// How often receipts that wait for their time are looked at.
const TICK: Duration = Duration::from_millis(2);

/// What the simulator is told at its start.
#[derive(Debug, Clone, clap::Args)]
pub struct SmscConfig {
    /// 监听地址,只能是本机;端口 0 为任选 / where to listen, loopback only; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// 登录密码;不设则任何密码都可 / the password that binds must bring; any will do without it.
    #[arg(long, value_name = "TEXT")]
    pub password: Option<String>,
    /// 记录文件,必须是新文件 / the log for the judge; must be a new file.
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
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
    #[error("--listen {listen}: a pretend SMSC takes loopback only, use 127.0.0.1")]
    NotLoopback {
        /// The address given.
        listen: SocketAddr,
    },
    /// The address is not to be had.
    #[error("--listen {listen}: cannot listen there, use another port or 0")]
    Listen {
        /// The address given.
        listen: SocketAddr,
        /// The system's word.
        source: io::Error,
    },
    /// The log cannot be written.
    #[error("--log {}: cannot be written, give a new file in a folder that exists", path.display())]
    Log {
        /// The file given.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
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
    password: Option<String>,
    watch: Watch,
    stop: CancellationToken,
    counts: Arc<Counts>,
    log: Option<Arc<Sink>>,
    next_session: AtomicU32,
    next_id: Arc<AtomicU64>,
    // Guards the accounts by their name; held for a look.
    desks: Mutex<BTreeMap<String, Arc<Mutex<Desk>>>>,
}

impl Smsc {
    /// Listens, and serves whoever binds.
    ///
    /// # Errors
    /// [`SmscError`], naming the option to change.
    pub async fn start(config: SmscConfig, clock: SharedClock) -> Result<Self, SmscError> {
        let SmscConfig { listen, password, log, faults } = config;
        if !listen.ip().is_loopback() {
            return Err(SmscError::NotLoopback { listen });
        }
        let refused = |source| SmscError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let log = log
            .map(|path| Sink::create(&path).map_err(|source| SmscError::Log { path, source }))
            .transpose()?;
        let watch = Watch::new(clock);
        let centre = Arc::new(Centre {
            faults: Arc::new(faults),
            password,
            // Ids go on where an earlier run of the program cannot have been: it takes less than a thousand a ms.
            next_id: Arc::new(AtomicU64::new(watch.now_us().unsigned_abs())),
            watch,
            stop: CancellationToken::new(),
            counts: Arc::default(),
            log: log.map(Arc::new),
            next_session: AtomicU32::new(1),
            desks: Mutex::default(),
        });
        let tasks = TaskTracker::new();
        tasks.spawn(accept(listener, Arc::clone(&centre), tasks.clone()));
        tasks.spawn(tick(Arc::clone(&centre)));
        Ok(Self { address, centre, tasks })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it did so far.
    pub fn counts(&self) -> Snapshot {
        self.centre.counts.snapshot(self.centre.watch.now_us() / 1_000)
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
    /// The desk of an account; the first bind opens it.
    fn desk(&self, account: &str) -> Arc<Mutex<Desk>> {
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let open = || {
            let desk = Desk::new(
                Arc::clone(&self.faults),
                Arc::clone(&self.next_id),
                Arc::clone(&self.counts),
                self.log.clone(),
            );
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
