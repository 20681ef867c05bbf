//! From a configuration to a box: the one place in this crate that knows all parts.

use crate::{
    agent::{Agent, Hands, Identity, Rules},
    config::{Config, ConfigError, RelayConfig, SenseConfig, SinkKind},
    journal::{FileMedium, Journal, JournalError},
    link::{
        Dial, Pace,
        tls::{Pem, TlsError, connector},
    },
    player::{AudioSink, MuteSink, WavSink},
    relay::{Power, Relay, RelayError, SimulatedRelay},
    sense::{Air, NoSense, Sense, SimulatedSense},
    trust::{ClockSource, Trust},
};
use mingluo_model::{bulletin::KeySet, clock::SharedClock};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

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
    Tls(#[from] TlsError),
    /// A relay that this machine cannot have.
    #[error("relay.kind = \"gpio\": this program was not built for a Raspberry Pi; use \"simulated\"")]
    NoGpio,
}

/// The box of this configuration. Its relay is open from here on.
///
/// # Errors
/// [`AssembleError`] names what is missing or wrong.
pub fn agent(config: &Config, clock: SharedClock) -> Result<Agent, AssembleError> {
    let hands = hands(config, &clock)?;
    let keys = Arc::new(key_set(&config.trust.keys_file)?);
    let dir = state_dir(&config.own.state_dir)?;
    let journal = Journal::open(Box::new(FileMedium::new(dir.join("journal"))), clock.now())?;
    let (own, source) = (&config.own, config.trust.clock);
    let trust = Trust::new(keys, own.region, own.mode, clock.clone(), source, journal.book().floor());
    let identity = Identity {
        code: own.code,
        region: own.region,
        mode: own.mode,
        firmware: concat!("mingluo-speaker ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    Ok(Agent::new(identity, rules(config), clock, trust, journal, hands)?)
}

/// How the box of this configuration reaches the city.
///
/// # Errors
/// [`AssembleError`] names the file that is missing or wrong.
pub fn dial(config: &Config, clock: SharedClock) -> Result<Dial, AssembleError> {
    let city = &config.city;
    let ca = content("city.ca_file", &city.ca_file)?;
    let cert = content("city.cert_file", &city.cert_file)?;
    let key = content("city.key_file", &city.key_file)?;
    let pem = Pem { ca: &ca, cert: &cert, key: &key };
    let seconds = |count: u32| Duration::from_secs(count.into());
    let pace = Pace {
        patience: seconds(city.patience_s),
        ping: seconds(city.ping_s),
        heartbeat: seconds(city.heartbeat_s),
        backoff_first: Duration::from_millis(city.backoff_first_ms.into()),
        backoff_most: seconds(city.backoff_most_s),
    };
    let lenient = config.trust.clock == ClockSource::City;
    Ok(Dial { cities: config.cities()?, connector: connector(pem, clock, lenient)?, pace })
}

/// How far the box of this configuration may go.
pub fn rules(config: &Config) -> Rules {
    Rules {
        longest_sounding: Duration::from_secs(config.play.longest_sounding_s.into()),
        volume_most: config.play.volume_most,
        time_scale: config.simulation.time_scale,
    }
}

/// What the box of this configuration acts with. The relay is open from here on.
///
/// # Errors
/// [`AssembleError`] when the relay cannot be had or a directory cannot be made.
pub fn hands(config: &Config, clock: &SharedClock) -> Result<Hands, AssembleError> {
    let air = Air::default();
    let dir = state_dir(&config.own.state_dir)?;
    let sink: Box<dyn AudioSink> = match config.play.sink {
        SinkKind::Wav => Box::new(WavSink::new(state_dir(&dir.join("recordings"))?, air.clone())),
        SinkKind::Mute => Box::new(MuteSink::new(air.clone())),
    };
    let sense: Box<dyn Sense> = match config.sense {
        SenseConfig::None => Box::new(NoSense),
        SenseConfig::Simulated { deaf } => {
            air.deafen(deaf);
            Box::new(SimulatedSense::new(air.clone()))
        }
    };
    let relay: Box<dyn Relay> = match config.relay {
        RelayConfig::Simulated => {
            Box::new(SimulatedRelay::new(air, clock.clone(), Some(dir.join("relay.log"))))
        }
        RelayConfig::Gpio { pin } => gpio(pin)?,
    };
    Ok(Hands { power: Power::new(relay)?, sink, sense })
}

#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
fn gpio(pin: u8) -> Result<Box<dyn Relay>, AssembleError> {
    Ok(Box::new(crate::relay::RppalRelay::new(pin)?))
}

#[cfg(not(any(target_arch = "aarch64", target_arch = "arm")))]
fn gpio(_: u8) -> Result<Box<dyn Relay>, AssembleError> {
    Err(AssembleError::NoGpio)
}

/// The signing keys in a key set's file.
///
/// # Errors
/// [`ConfigError`] when it cannot be read or is no key set.
pub fn key_set(path: &Path) -> Result<KeySet, ConfigError> {
    let text = content("trust.keys_file", path)?;
    serde_json::from_slice(&text).map_err(|source| ConfigError::Keys { path: path.to_owned(), source })
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
