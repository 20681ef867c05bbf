//! From a configuration to a box: the one place in this crate that knows all parts.

mod watch;

use crate::{
    agent::{Agent, Clips, Hands, Identity, PROGRESS_WITHIN, Rules, Watch},
    clip::{
        ClipBoard,
        library::{Library, LibraryError},
        shelf::Shelf,
    },
    config::{Complaint, Config, ConfigError, RelayOnly, SenseConfig, SinkKind, SirenOnly, VoiceConfig},
    journal::{FileMedium, Journal, JournalError},
    link::{Dial, Pace},
    papers::{Papers, PapersError},
    pins::{self, Pin, PinError},
    player::{AlsaSink, AudioSink, MuteSink, WavSink},
    relay::{Power, Relay, RelayError, SimulatedRelay, Siren},
    sense::{Air, CaptureSense, NoSense, Sense, SimulatedLevels, SimulatedSense},
    trust::{Beliefs, Trust},
    voice::{CommandVoice, Voice},
    window::Outside,
};
use mingluo_model::{
    bulletin::{BadKeySet, RootKey, SignedKeySet, VerifyingEntry, reading::Readings},
    clock::{SharedClock, Timestamp},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

pub use watch::page;

/// A box that polls tries the link again so often; a proxy that lets it pass now is mostly a repaired one.
const LINK_AGAIN: Duration = Duration::from_mins(5);

/// Where pretend switches keep their records.
const RELAY_LOG: &str = "relay.log";
const SIREN_LOG: &str = "siren.log";

/// Why there is no box.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The configuration or a file that it names.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The relay.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// Certificates and key.
    #[error(transparent)]
    Papers(#[from] PapersError),
    /// A wire that this machine cannot have.
    #[error(transparent)]
    Pin(#[from] PinError),
}

/// The box of this configuration, and the outside of its window if it has a page. Its relay is open from here on.
///
/// # Errors
/// [`AssembleError`] names what is missing or wrong.
pub fn agent(config: &Config, clock: SharedClock) -> Result<(Agent, Option<Outside>), AssembleError> {
    let mut hands = hands(config, &clock)?;
    let outside;
    (hands.watch, outside) = watch::watch(config, hands.watch.feedback.take())?;
    let dir = state_dir(&config.own.state_dir)?;
    let journal = Journal::open(Box::new(FileMedium::new(dir.join("journal"))), clock.now())?;
    let beliefs = beliefs(config, journal.book().keys())?;
    hands.clips = clips(config, &beliefs, &dir)?;
    // It may yet be given keys over the link, and its button works: no reason to stay down.
    if let Err(error) = is_spoken_to(config, &beliefs, clock.now().max(journal.book().floors().latest)) {
        tracing::error!(%error, "the box will obey nobody until it is given other keys");
    }
    let (own, source) = (&config.own, config.trust.clock);
    let trust = Trust::new(beliefs, own.region, own.mode, clock.clone(), source, journal.book().floors());
    let identity = Identity {
        code: own.code,
        region: own.region,
        mode: own.mode,
        firmware: concat!("mingluo-speaker ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    Ok((Agent::new(identity, rules(config), clock, trust, journal, hands)?, outside))
}

/// How the box of this configuration reaches the city.
///
/// # Errors
/// [`AssembleError`] names the file that is missing or wrong.
pub fn dial(config: &Config, clock: SharedClock) -> Result<Dial, AssembleError> {
    linked(config, clock).map(|(dial, _)| dial)
}

/// The same, with the papers that it shows there, for the agent to carry.
///
/// # Errors
/// [`AssembleError`] names the file that is missing or wrong.
pub fn linked(config: &Config, clock: SharedClock) -> Result<(Dial, Papers), AssembleError> {
    let (city, papers) = (&config.city, Papers::open(config, clock)?);
    let seconds = |count: u32| Duration::from_secs(count.into());
    let pace = Pace {
        patience: seconds(city.patience_s),
        ping: seconds(city.ping_s),
        heartbeat: seconds(city.heartbeat_s),
        backoff_first: Duration::from_millis(city.backoff_first_ms.into()),
        backoff_most: seconds(city.backoff_most_s),
        poll: seconds(city.poll_s),
        link_again: LINK_AGAIN,
    };
    Ok((Dial { cities: config.cities()?, connector: papers.connector(), pace }, papers))
}

/// How far the box of this configuration may go.
pub fn rules(config: &Config) -> Rules {
    Rules {
        longest_sounding: Duration::from_secs(config.play.longest_sounding_s.into()),
        most_in_an_hour: Duration::from_secs(config.play.most_in_an_hour_s.into()),
        volume_most: config.play.volume_most,
        volume_grave_least: config.play.volume_grave_least,
        progress_within: PROGRESS_WITHIN,
        time_scale: config.simulation.time_scale,
    }
}

/// What the box of this configuration acts with. The relay is open from here on.
///
/// # Errors
/// [`AssembleError`] when the relay cannot be had or a directory cannot be made.
pub fn hands(config: &Config, clock: &SharedClock) -> Result<Hands, AssembleError> {
    let air = Air::default();
    // The relay before anything that can go wrong: a full card must not keep a loudspeaker on.
    let state_of = |name| (config.own.state_dir.as_path(), name);
    let mut power = Power::new(switch(config.relay.pin(), state_of(RELAY_LOG), air.clone(), clock)?)?;
    if let Some(wired) = &config.siren {
        // Its air is its own: nobody takes the siren for the loudspeaker.
        let relay = switch(wired.pin(), state_of(SIREN_LOG), Air::default(), clock)?;
        power = power.with_siren(Siren::new(relay, wired.longest())?);
    }
    let dir = state_dir(&config.own.state_dir)?;
    let sink: Box<dyn AudioSink> = match config.play.sink {
        SinkKind::Wav => Box::new(WavSink::new(state_dir(&dir.join("recordings"))?, air.clone())),
        SinkKind::Mute => Box::new(MuteSink::new(air.clone())),
        SinkKind::Alsa => Box::new(AlsaSink::new(config.play.device.clone())),
    };
    let watch = Watch { feedback: watch::feedback(config, &air)?, ..Watch::default() };
    let (sense, voice) = (sense(config, air, clock)?, voice(config, &dir));
    Ok(Hands { power, sink, sense, voice, clips: Clips::default(), watch })
}

fn sense(config: &Config, air: Air, clock: &SharedClock) -> Result<Box<dyn Sense>, AssembleError> {
    Ok(match &config.sense {
        SenseConfig::None => Box::new(NoSense),
        SenseConfig::Gpio { pin, active_low } => pins::sense(Pin { number: *pin, active_low: *active_low })?,
        SenseConfig::Alsa { device } => Box::new(CaptureSense::new(device.clone())),
        SenseConfig::Simulated { deaf, levels } => {
            air.deafen(*deaf);
            if *levels {
                Box::new(SimulatedLevels::new(air, clock.clone(), config.simulation.time_scale))
            } else {
                Box::new(SimulatedSense::new(air))
            }
        }
    })
}

/// The speech that the box of this configuration is given. A library that is not believed costs its words and no more: a
/// box must come up with a card that was copied badly.
fn clips(config: &Config, beliefs: &Beliefs, dir: &Path) -> Result<Clips, ConfigError> {
    let (clips, dir) = (&config.clips, dir.join("clips"));
    let most = u64::from(clips.cache_mb) * 1024 * 1024;
    let shelf = Shelf::open(dir.clone(), most).map_err(|source| ConfigError::File {
        key: "box.state_dir",
        path: dir,
        source,
    })?;
    let [wait, wait_red] = [clips.wait_s, clips.wait_red_s].map(|count| Duration::from_secs(count.into()));
    let library = clips.library_dir.as_ref().and_then(|folder| {
        library(folder, beliefs, config)
            .inspect_err(|error| {
                tracing::error!(error = error as &dyn std::error::Error, "the box has no library of clips");
            })
            .ok()
    });
    Ok(Clips { board: Some(ClipBoard::new(shelf, wait, wait_red)), library })
}

/// The library in a folder, for the box of this configuration.
///
/// # Errors
/// [`LibraryError`] names the file.
pub fn library(folder: &Path, beliefs: &Beliefs, config: &Config) -> Result<Library, LibraryError> {
    Library::open(folder, &beliefs.keys, config.own.region)
}

/// How the operator wants words to be read.
///
/// # Errors
/// [`ConfigError`] when the file cannot be read or is none of readings.
pub fn readings(voice: &VoiceConfig) -> Result<Readings, ConfigError> {
    let Some(path) = &voice.readings_file else { return Ok(Readings::default()) };
    let text = content("voice.readings_file", path)?;
    Readings::with_file(&String::from_utf8_lossy(&text))
        .map_err(|source| ConfigError::Readings { path: path.clone(), source })
}

/// What reads scripts out on the box of this configuration.
fn voice(config: &Config, dir: &Path) -> Option<Box<dyn Voice>> {
    let voice = config.voice.as_ref()?;
    // A place name that is read wrong is better than a box that stays down.
    let readings = readings(voice).unwrap_or_else(|error| {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the box reads without the operator's readings"
        );
        Readings::default()
    });
    let readings = voice.takes_pinyin.then_some(readings);
    let engine = CommandVoice::new(&voice.command, readings, dir.to_owned());
    engine.map(|engine| Box::new(engine) as Box<dyn Voice>)
}

/// A real switch on its pin, or a pretend one with its record in a directory and file of this name.
fn switch(
    pin: Option<Pin>,
    (dir, name): (&Path, &str),
    air: Air,
    clock: &SharedClock,
) -> Result<Box<dyn Relay>, AssembleError> {
    Ok(match pin {
        None => {
            let record = state_dir(dir)?.join(name);
            Box::new(SimulatedRelay::new(air, clock.clone(), Some(record)))
        }
        Some(pin) => pins::relay(pin)?,
    })
}

/// Opens the relay of this configuration and lets go of it, for whoever cleans up after a box that was killed.
///
/// # Errors
/// [`AssembleError`] when it cannot be opened: then somebody must go there.
pub fn open_relay(config: &RelayOnly, clock: &SharedClock) -> Result<(), AssembleError> {
    Power::new(switch(config.relay.pin(), (config.state_dir(), RELAY_LOG), Air::default(), clock)?)?;
    Ok(())
}

/// The same for the siren's relay; a box without a siren has nothing to open.
///
/// # Errors
/// [`AssembleError`] when it cannot be opened: then somebody must go there.
pub fn open_siren(config: &SirenOnly, clock: &SharedClock) -> Result<(), AssembleError> {
    if let Some(pin) = config.pin() {
        let relay = switch(pin, (config.state_dir(), SIREN_LOG), Air::default(), clock)?;
        Siren::new(relay, BTreeMap::new())?;
    }
    Ok(())
}

/// Whether anybody may speak to this box at all: a key that this build can check, that has not expired, and that signs for the
/// box's region and mode. A box that nobody may speak to looks well and stays silent.
///
/// # Errors
/// [`ConfigError::Unspoken`] when there is none.
pub fn is_spoken_to(config: &Config, beliefs: &Beliefs, now: Timestamp) -> Result<(), ConfigError> {
    let (region, mode) = (config.own.region, config.own.mode);
    let speaks = |key: &VerifyingEntry| {
        key.public.is_usable()
            && now < key.not_after
            && key.areas.iter().any(|area| area.contains(region))
            && key.classes.iter().any(|class| class.mode() == mode)
    };
    if beliefs.keys.keys.iter().any(speaks) {
        return Ok(());
    }
    Err(ConfigError::Unspoken { region, mode, version: beliefs.version })
}

/// Whom the box of this configuration believes: the newest of its file's key set and the one that it took last.
///
/// # Errors
/// [`ConfigError`] when a file cannot be read, the root did not sign the key set in it, or this build can check none of it.
pub fn beliefs(config: &Config, taken: Option<&SignedKeySet>) -> Result<Beliefs, ConfigError> {
    let (root, path) = (root(&config.trust.root_file)?, &config.trust.keys_file);
    let shipped: SignedKeySet = serde_json::from_slice(&content("trust.keys_file", path)?)
        .map_err(|error| ConfigError::Keys { path: path.clone(), source: Complaint::of_json(&error) })?;
    Beliefs::newest(root, &shipped, taken.cloned().into_iter()).map_err(|source| match source {
        BadKeySet::Unusable { .. } => ConfigError::Deaf { path: path.clone(), source },
        source => ConfigError::KeySet { path: path.clone(), source },
    })
}

fn root(path: &Path) -> Result<RootKey, ConfigError> {
    let text = content("trust.root_file", path)?;
    String::from_utf8_lossy(&text)
        .parse()
        .map_err(|source| ConfigError::Root { path: path.to_owned(), source })
}

fn content(key: &'static str, path: &Path) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(path).map_err(|source| ConfigError::File { key, path: path.to_owned(), source })
}

fn state_dir(path: &Path) -> Result<PathBuf, ConfigError> {
    match std::fs::create_dir_all(path) {
        Ok(()) => Ok(path.to_owned()),
        Err(source) => Err(ConfigError::File { key: "box.state_dir", path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::village::{NOW, keys};
    use mingluo_model::bulletin::KeySet;
    use std::sync::Arc;

    const SHIPPED: &str = include_str!("../../deploy/speaker.toml");

    /// Whether anybody may speak to the box of the shipped file, changed so, by these keys.
    fn spoken(good: &str, bad: &str, keys: KeySet) -> Result<(), ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("speaker.toml");
        std::fs::write(&path, SHIPPED.replacen(good, bad, 1)).unwrap();
        is_spoken_to(&Config::read(&path).unwrap(), &Beliefs::unsigned(Arc::new(keys)), NOW)
    }

    #[test]
    fn a_box_to_which_nobody_may_speak_is_told_so() {
        spoken("", "", keys()).unwrap();
        let expired = || {
            let mut keys = keys();
            keys.keys[0].not_after = NOW;
            keys
        };
        for (good, bad, keys) in [
            ("region = \"210423001001\"", "region = \"210522001001\"", keys()),
            ("mode = \"live\"", "mode = \"drill\"", keys()),
            ("", "", expired()),
            ("", "", KeySet::default()),
        ] {
            let error = spoken(good, bad, keys).unwrap_err().to_string();
            assert!(error.contains("没有一把有效的公钥") && error.contains("box.region"), "{error}");
        }
    }

    #[test]
    fn a_pretend_siren_has_a_record_of_its_own_and_is_opened_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("speaker.toml");
        std::fs::write(&path, format!("{SHIPPED}\n[siren]\nkind = \"simulated\"\n")).unwrap();
        let clock: SharedClock = mingluo_model::clock::manual::ManualClock::at(NOW);
        let config = Config::read(&path).unwrap();
        let mut hands = hands(&config, &clock).unwrap();
        hands.power.sound_siren(true, Duration::ZERO);
        let record = || std::fs::read_to_string(dir.path().join("state/siren.log")).unwrap();
        assert!(record().ends_with(" off\n1783209600000 on\n"), "{}", record());
        open_siren(&SirenOnly::read(&path).unwrap(), &clock).unwrap();
        assert!(record().trim_end().ends_with("off"));
        let relay = std::fs::read_to_string(dir.path().join("state/relay.log")).unwrap();
        assert!(!relay.contains(" on"), "the amplifier's is another: {relay}");
    }
}
