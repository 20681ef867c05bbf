//! One pretend box: the real agent with pretend hands, switched on, cut off and switched on again.

use super::{
    Listed, Lot, Shared, Village,
    log::{BoxLog, What},
    talk::{self, Ending},
};
use anyhow::Context as _;
use mingluo_model::{
    bulletin::{EbmId, KeySet, ResourceCode},
    clock::{SharedClock, Timestamp},
    link::{BoxFrame, Report},
};
use mingluo_speaker::{
    agent::{Agent, Clips, Hands, Identity, PROGRESS_WITHIN, Rules, Watch},
    journal::{FileMedium, Journal, JournalError, Medium, MemoryMedium},
    link::tls::{Pem, connector},
    player::{AudioSink, Block, MuteSink, SinkError},
    relay::{Power, SimulatedRelay},
    sense::{Air, SimulatedSense},
    trust::{Beliefs, ClockSource, Trust},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use std::{
    num::NonZeroU32,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_rustls::TlsConnector;

/// No pretend box plays longer than this, before the speeding up.
const LONGEST_SOUNDING: Duration = Duration::from_mins(1);
/// As a real box is delivered.
const MOST_IN_AN_HOUR: Duration = Duration::from_mins(30);
/// The longest pause after the first failed connection, and ever; the link's real client waits longer.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// A box and what survives its power cuts.
pub(super) struct PretendBox {
    listed: Listed,
    pub(super) lot: Lot,
    pub(super) shared: Arc<Shared>,
    pub(super) connector: TlsConnector,
    card: Card,
    pub(super) chance: StdRng,
    /// Sound has begun at least once.
    begun: Arc<AtomicBool>,
    has_died: bool,
    /// The highest id of a report that stands in the log.
    logged: u64,
}

/// Where the journal is.
enum Card {
    Memory(MemoryMedium),
    File(PathBuf),
}

impl PretendBox {
    pub(super) fn new(listed: Listed, shared: Arc<Shared>) -> anyhow::Result<Self> {
        let village = &shared.village;
        let read = |file: &PathBuf| std::fs::read(file).with_context(|| file.display().to_string());
        let (cert, key) = (read(&listed.cert)?, read(&listed.key)?);
        let pem = Pem { ca: &village.ca, cert: &cert, key: &key };
        let connector = connector(pem, Arc::clone(&village.clock))
            .with_context(|| format!("{} and {}", listed.cert.display(), listed.key.display()))?;
        let card = match &village.state_dir {
            None => Card::Memory(MemoryMedium::default()),
            Some(dir) => Card::File(dir.join(format!("{}.journal", listed.box_code))),
        };
        let lot = village.faults.lot(listed.box_code);
        let seed = listed
            .box_code
            .as_str()
            .bytes()
            .fold(village.faults.seed, |seed, digit| seed.wrapping_mul(31).wrapping_add(digit.into()));
        let chance = StdRng::seed_from_u64(seed);
        let begun = Arc::default();
        Ok(Self { listed, lot, shared, connector, card, chance, begun, has_died: false, logged: 0 })
    }

    /// The box from its first switching on, after `wait`, to the end of the rehearsal.
    pub(super) async fn live(mut self, wait: Duration) {
        if self.lot.offline {
            return self.note(self.village().clock.now(), None, What::Offline);
        }
        let stop = self.shared.stop.clone();
        tokio::select! {
            () = self.village().clock.sleep(wait) => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = self.power_on().await {
            let (box_code, error) = (self.listed.box_code, &error as &dyn std::error::Error);
            tracing::error!(%box_code, error, "a pretend box cannot remember and stopped");
        }
    }

    /// From switching on to switching off, and again when power comes back.
    async fn power_on(&mut self) -> Result<(), JournalError> {
        let stop = self.shared.stop.clone();
        loop {
            let agent = Box::new(self.switch_on()?);
            if !self.stay(agent).await? {
                return Ok(());
            }
            self.has_died = true;
            let dark = Duration::from_millis(self.village().faults.back_after_ms);
            tokio::select! {
                () = self.village().clock.sleep(dark) => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
    }

    /// Connects again and again; `true` when power went.
    async fn stay(&mut self, mut agent: Box<Agent>) -> Result<bool, JournalError> {
        let mut pause = PAUSES.0;
        loop {
            let ending = talk::visit(self, &mut agent).await;
            agent.part();
            match ending {
                Ending::Stopped => return Ok(false),
                Ending::Dead => return Ok(true),
                Ending::Journal(error) => return Err(error),
                Ending::Lost { was_welcomed } => {
                    pause = if was_welcomed { PAUSES.0 } else { (pause * 2).min(PAUSES.1) };
                    let wait = pause.mul_f64(self.chance.random());
                    let clock = Arc::clone(&self.village().clock);
                    match talk::attending(self, &mut agent, clock.sleep(wait)).await {
                        Ok(()) => {}
                        Err(Ending::Journal(error)) => return Err(error),
                        Err(ending) => return Ok(matches!(ending, Ending::Dead)),
                    }
                }
            }
        }
    }

    fn switch_on(&self) -> Result<Agent, JournalError> {
        let village = self.village();
        let clock = || Arc::clone(&village.clock);
        let journal = Journal::open(self.card.medium(), village.clock.now())?;
        let keys = if self.lot.refusing { Arc::new(KeySet::default()) } else { Arc::clone(&village.keys) };
        let floors = journal.book().floors();
        let trust = Trust::new(
            Beliefs::unsigned(keys),
            self.listed.region,
            village.mode,
            clock(),
            ClockSource::Own,
            floors,
        );
        let identity = Identity {
            code: self.listed.box_code,
            region: self.listed.region,
            mode: village.mode,
            firmware: "PRETEND sim-boxes".to_owned(),
        };
        Agent::new(identity, rules(village.faults.play_ms), clock(), trust, journal, self.hands(clock()))
    }

    fn hands(&self, clock: SharedClock) -> Hands {
        let air = Air::default();
        air.deafen(self.lot.deaf);
        let relay = SimulatedRelay::new(air.clone(), Arc::clone(&clock), None);
        let sink = Witness {
            sink: MuteSink::new(air.clone()),
            clock,
            log: Arc::clone(&self.village().log),
            box_code: self.listed.box_code,
            begun: Arc::clone(&self.begun),
        };
        let power = Power::new(Box::new(relay)).expect("a pretend relay without a record cannot fail");
        Hands {
            power,
            sink: Box::new(sink),
            sense: Box::new(SimulatedSense::new(air)),
            voice: None,
            clips: Clips::default(),
            watch: Watch::default(),
        }
    }

    pub(super) fn village(&self) -> &Village {
        &self.shared.village
    }

    /// Whether this is the moment at which this box loses power.
    pub(super) fn dies_now(&self) -> bool {
        self.lot.dying && !self.has_died && self.begun.load(Ordering::Relaxed)
    }

    /// Notes what a box makes known; a report that goes out again is noted once.
    pub(super) fn witness(&mut self, frame: &BoxFrame) {
        let BoxFrame::Report(Report { id, ebm, event, at, .. }) = frame else { return };
        if *id <= self.logged {
            return;
        }
        self.logged = *id;
        // First, so that whoever reads on knows of what follows that the city was not told.
        if self.lot.silent {
            self.note(*at, Some(*ebm), What::Withheld);
        }
        if let Some(what) = What::of(*event) {
            self.note(*at, Some(*ebm), what);
        }
    }

    fn note(&self, at: Timestamp, ebm: Option<EbmId>, what: What) {
        self.village().log.note(at, self.listed.box_code, ebm, what);
    }
}

impl Card {
    fn medium(&self) -> Box<dyn Medium> {
        match self {
            Self::Memory(memory) => Box::new(memory.clone()),
            Self::File(path) => Box::new(FileMedium::new(path.clone())),
        }
    }
}

fn rules(play_ms: NonZeroU32) -> Rules {
    let scale = LONGEST_SOUNDING.as_millis() as u32 / play_ms;
    let time_scale = NonZeroU32::new(scale).unwrap_or(NonZeroU32::MIN);
    Rules {
        longest_sounding: LONGEST_SOUNDING,
        most_in_an_hour: MOST_IN_AN_HOUR,
        volume_most: 100,
        volume_grave_least: 0,
        progress_within: PROGRESS_WITHIN / time_scale.get(),
        time_scale,
    }
}

/// The loudspeaker's own witness: it sees what sounds, whatever the box reports.
struct Witness {
    sink: MuteSink,
    clock: SharedClock,
    log: Arc<BoxLog>,
    box_code: ResourceCode,
    begun: Arc<AtomicBool>,
}

impl AudioSink for Witness {
    fn block(&self) -> Duration {
        self.sink.block()
    }

    fn begin(&mut self, ebm: EbmId) -> Result<(), SinkError> {
        self.log.note(self.clock.now(), self.box_code, Some(ebm), What::Playing);
        self.begun.store(true, Ordering::Relaxed);
        self.sink.begin(ebm)
    }

    fn write(&mut self, block: Block) -> Result<(), SinkError> {
        self.sink.write(block)
    }

    fn end(&mut self) -> Result<(), SinkError> {
        self.sink.end()
    }
}
