//! The hub of all boxes: where their links and dispatch's session meet.

use super::{
    book::Book,
    incident::Incident,
    keyring::IssuedKeys,
    pages::Caller,
    parting::Parting,
    renewal::Request,
    row::{Line, Over, Row},
};
use mingluo_model::{
    bulletin::{EbmId, KeySet, ResourceCode},
    channel::{self, SendError},
    clock::{SharedClock, Timestamp, within},
    link::{DeviceState, Health, Heartbeat, Hello, KeysAnswer, Report, VERSION, Welcome},
    mode::ModeKind,
    region::RegionCode,
    signer::{Purpose, SignatureBytes, Signer, time_bytes},
};
use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Reports that may wait for dispatch. When it is full, links wait before they read on, so boxes keep their reports.
const MOST_HEARD: usize = 16_384;
/// Reports that one look gives to dispatch at most.
const MOST_AT_ONCE: usize = 2_000;
/// Between two rounds of telling boxes what they may forget. No box waits for that, and a warning's first second has better
/// to do: each is told of many reports in one frame, with what is sent to it next or after a whole round.
const COMMITS_EVERY: Duration = Duration::from_secs(1);
/// Reports that wait at once when many boxes speak.
const MANY_AT_ONCE: usize = 16;
/// How long their words are gathered then before they are kept together.
const GATHER: Duration = Duration::from_millis(20);
/// Boxes for whom the time is signed at once.
const MOST_SIGNING: usize = 32;
/// How long the signer may take for the time; without it the welcome goes out unsigned.
const SIGNER_LIMIT: Duration = Duration::from_secs(5);

/// A box for the map and for the list of devices (终端).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that the box made known")]
pub struct BoxState {
    /// Its resource code.
    pub code: ResourceCode,
    /// Whether it has a live link, or has polled within the last 150 s.
    pub connected: bool,
    /// When a frame last came from it; `None` if it was only written to since the start.
    pub last_heard: Option<Timestamp>,
    /// What its last heartbeat said.
    pub device_state: Option<DeviceState>,
    /// Its software, as it says; at most 64 characters.
    pub firmware: String,
    /// The version of the key set that it believes; zero when no root signed it.
    pub key_set: u64,
    /// Until when the certificate is good that it showed last.
    pub certificate_until: Option<Timestamp>,
    /// Whether its last heartbeat said that it does not know the time.
    pub clock_lost: bool,
    /// Whether its case is open (防拆报警).
    pub case_open: bool,
    /// How often a newer login has cut off an older one; grows fast when two devices hold one certificate.
    pub replaced: u32,
    /// Where it stands, by its own configuration.
    pub region: Option<RegionCode>,
    /// Its condition, as its last heartbeat told.
    pub health: Health,
    /// What it plays, as its last heartbeat told.
    pub playing: Option<EbmId>,
    /// Whether it reaches the city by polls only, since something on the way lets no link pass (轮询).
    pub polls: bool,
    /// What about it calls for a person, since the start; empty mostly.
    pub incidents: Vec<Incident>,
}

/// How many boxes are reached at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FleetCount {
    /// With a live link, or polling (在线).
    pub online: usize,
    /// Heard of or written to since the start, and without one (离线).
    pub offline: usize,
}

/// The hub, shared by the channel and the listener.
pub struct SpeakerHub {
    pub(super) mode: ModeKind,
    pub(super) clock: SharedClock,
    signer: Option<Arc<dyn Signer>>,
    signing: Semaphore,
    // Guards all boxes and the session; held for the taking in of one batch, never across an await.
    book: Mutex<Book>,
    heard: mpsc::Sender<Report>,
    ears: tokio::sync::Mutex<mpsc::Receiver<Report>>,
    news: Notify,
    // Who takes boxes' requests for certificates, once somebody does.
    pub(super) desk: OnceLock<mpsc::Sender<Request>>,
}

impl SpeakerHub {
    /// A hub without boxes. The signer signs the time for boxes that have no clock; without one they learn none.
    pub fn new(mode: ModeKind, clock: SharedClock, signer: Option<Arc<dyn Signer>>) -> Arc<Self> {
        let (heard, ears) = mpsc::channel(MOST_HEARD);
        let (book, ears) = (Mutex::default(), tokio::sync::Mutex::new(ears));
        let signing = Semaphore::new(MOST_SIGNING);
        Arc::new(Self {
            mode,
            clock,
            signer,
            signing,
            book,
            heard,
            ears,
            news: Notify::new(),
            desk: OnceLock::new(),
        })
    }

    /// Every box that was heard of or written to since the start, by code.
    pub fn fleet(&self) -> Vec<BoxState> {
        self.states(&self.codes())
    }

    /// The codes of them, in order.
    pub fn codes(&self) -> Vec<ResourceCode> {
        let mut codes: Vec<_> = self.book().boxes.keys().copied().collect();
        codes.sort_unstable();
        codes
    }

    /// How these of them stand.
    pub fn states(&self, codes: &[ResourceCode]) -> Vec<BoxState> {
        let (book, now) = (self.book(), self.clock.now());
        let rows = codes.iter().filter_map(|code| Some((*code, book.boxes.get(code)?)));
        rows.map(|(code, row)| BoxState {
            code,
            connected: row.is_here(now),
            last_heard: row.last_heard,
            device_state: row.device_state,
            firmware: row.firmware.clone(),
            key_set: row.key_set,
            certificate_until: row.papers.until(),
            clock_lost: row.clock_lost,
            case_open: row.case_open,
            replaced: row.replaced,
            region: row.region,
            health: row.health.clone(),
            playing: row.playing,
            polls: row.polls(now),
            incidents: row.incidents.list(),
        })
        .collect()
    }

    /// How many of them have a link.
    pub fn count(&self) -> FleetCount {
        let (book, now) = (self.book(), self.clock.now());
        let online = book.boxes.values().filter(|row| row.is_here(now)).count();
        FleetCount { online, offline: book.boxes.len() - online }
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is at hand that no report brought.
    pub(super) fn tell_news(&self) {
        self.news.notify_waiters();
    }

    /// Closes the links that were opened with these certificates; tells how many.
    pub(super) fn cut_off(&self, revoked: &HashSet<Box<[u8]>>) -> usize {
        let book = self.book();
        let lines = book.boxes.values().filter_map(|row| row.line.as_ref());
        let gone = lines.filter(|line| revoked.contains(&line.caller.serial));
        gone.inspect(|line| {
            tracing::warn!(box_code = %line.caller.code, "the certificate of a box was taken back; its link is closed");
            line.end(Over::Revoked);
        })
        .count()
    }

    /// Whether a box of this certificate may come in with this hello.
    pub(super) fn may_enter(&self, hello: &Hello, certificate: ResourceCode) -> Result<(), Parting> {
        if hello.box_code != certificate {
            return Err(Parting::WrongCode { said: hello.box_code, certificate });
        }
        if hello.version == 0 {
            return Err(Parting::WrongVersion);
        }
        if hello.mode != self.mode {
            return Err(Parting::WrongMode { said: hello.mode, own: self.mode });
        }
        Ok(())
    }

    /// Registers a link; a box's earlier one is cut off.
    pub(super) fn admit(&self, hello: &Hello, caller: Arc<Caller>) -> Arc<Line> {
        let line = self.book().admit(hello, caller, self.clock.now());
        self.tell_news();
        line
    }

    /// The answer to a hello.
    pub(super) async fn welcome(&self, hello: &Hello) -> Welcome {
        let time = self.clock.now();
        let nonce_signature = self.sign_time(&time_bytes(&hello.nonce, time)).await;
        Welcome { version: hello.version.min(VERSION), time, nonce_signature }
    }

    async fn sign_time(&self, bytes: &[u8]) -> Option<SignatureBytes> {
        let signer = self.signer.as_ref()?;
        // Never closed. After a start all boxes ask at once; each has its own time from when it is its turn.
        let _turn = self.signing.acquire().await.ok()?;
        match within(self.clock.as_ref(), SIGNER_LIMIT, signer.sign(Purpose::Time, bytes)).await {
            Ok(Ok(signature)) => return Some(signature),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the time cannot be signed; boxes without a clock obey nothing");
            }
            Err(error) => {
                tracing::warn!(%error, "the signer does not answer; boxes without a clock obey nothing");
            }
        }
        None
    }

    /// Notes that a frame came from a box, and how it is if it said so.
    pub(super) fn note(&self, code: ResourceCode, heartbeat: Option<&Heartbeat>) {
        let mut book = self.book();
        let row = book.boxes.entry(code).or_default();
        row.last_heard = Some(self.clock.now());
        let Some(heartbeat) = heartbeat else { return };
        row.device_state = Some(heartbeat.state);
        if heartbeat.case_open && !row.case_open {
            tracing::warn!(box_code = %code, "the case of a box is open");
        }
        row.case_open = heartbeat.case_open;
        row.clock_lost = !heartbeat.clock_trusted;
        row.health = heartbeat.health.clone();
        row.playing = heartbeat.playing;
    }

    /// The version of the key set that boxes are told to believe; zero without one.
    pub fn key_set(&self) -> u64 {
        self.book().issued.as_ref().map_or(0, |keys| keys.version)
    }

    /// The keys that boxes are told to believe; `None` where nobody tells them.
    pub fn believed(&self) -> Option<Arc<KeySet>> {
        self.book().issued.as_ref().map(|keys| Arc::clone(&keys.keys))
    }

    /// Sends a key set to every box that believes an older one, now and when it comes back.
    pub fn issue(&self, keys: IssuedKeys) {
        tracing::info!(version = keys.version, "boxes are told whom to believe");
        self.book().issue(keys);
    }

    /// A box has said which keys it believes.
    pub(super) fn rekeyed(&self, code: ResourceCode, answer: &KeysAnswer) {
        self.book().boxes.entry(code).or_default().key_set = answer.version;
        if answer.reason.is_empty() {
            return tracing::info!(box_code = %code, version = answer.version, "a box believes a newer key set");
        }
        let reason: String = answer.reason.chars().filter(char::is_ascii_graphic).take(64).collect();
        tracing::error!(box_code = %code, reason, version = answer.version, "a box refuses the key set");
    }

    /// The frames to be sent now on a box's link.
    pub(super) fn due(&self, code: ResourceCode, serial: u64) -> Vec<Utf8Bytes> {
        let (mut book, now) = (self.book(), self.clock.now());
        let keys = book.issued.clone();
        // What a newer link is to be told is not told on an older one.
        let Some(row) = book.boxes.get_mut(&code).filter(|row| row.holds(serial)) else { return Vec::new() };
        let keys = keys.and_then(|keys| row.keys_due(serial, &keys));
        keys.into_iter().chain(row.due(serial, now)).collect()
    }

    /// Has every box told what it may forget, over and over.
    pub(super) async fn keep_telling(&self) -> Infallible {
        loop {
            self.clock.sleep(COMMITS_EVERY).await;
            self.tell_commits();
        }
    }

    /// One round of that.
    pub(super) fn tell_commits(&self) {
        self.book().boxes.values_mut().for_each(Row::tell_commits);
    }

    /// Takes a report; waits while the queue to dispatch is full.
    pub(super) async fn hear(&self, report: Report) {
        // The receiving end is our own and never gone.
        let _never = self.heard.send(report).await;
    }

    /// Waits for the next reports of a session.
    pub(super) async fn next(&self, session: u64, out: &mut Vec<channel::Report>) -> Result<(), SendError> {
        let mut ears = self.ears.lock().await;
        // Where many speak at once more will: what is kept together costs one turn of the disk.
        if (MANY_AT_ONCE..MOST_AT_ONCE).contains(&ears.len()) {
            self.clock.sleep(GATHER).await;
        }
        loop {
            let mut news = std::pin::pin!(self.news.notified());
            news.as_mut().enable();
            let end = self.listen(session, &mut ears, out)?;
            if !out.is_empty() {
                return Ok(());
            }
            let first = tokio::select! {
                report = ears.recv() => report,
                () = news => None,
                () = self.sleep_until(end) => None,
            };
            if let Some(report) = first {
                self.book().hear(report, self.clock.now(), out);
            }
        }
    }

    /// What is at hand, and how long until something ends.
    fn listen(
        &self,
        session: u64,
        ears: &mut mpsc::Receiver<Report>,
        out: &mut Vec<channel::Report>,
    ) -> Result<Option<Duration>, SendError> {
        let (mut book, now) = (self.book(), self.clock.now());
        if !book.is_open(session) {
            return Err(closed());
        }
        book.collect(now, out);
        while let Ok(report) = ears.try_recv() {
            book.hear(report, now, out);
            if out.len() >= MOST_AT_ONCE {
                break;
            }
        }
        Ok(book.next_end(now))
    }

    async fn sleep_until(&self, end: Option<Duration>) {
        match end {
            Some(end) => self.clock.sleep(end).await,
            None => std::future::pending().await,
        }
    }
}

pub(super) fn closed() -> SendError {
    SendError::Unreachable { detail: "the session of the boxes is over".into() }
}

impl std::fmt::Debug for SpeakerHub {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "SpeakerHub({:?}, {:?})", self.mode, self.count())
    }
}
