//! What the operator sets, and what is wrong with it. Paths are relative to the configuration file's directory.

mod care;
mod complaint;
mod error;
mod hardware;
mod siren;

use crate::{link::City, pins::Pin, trust::ClockSource, voice::PLACE};
pub use care::{FeedbackConfig, HealthConfig, MainsConfig, PageConfig, SelfTestConfig};
pub use complaint::Complaint;
pub use error::ConfigError;
pub use hardware::{ButtonConfig, RelayConfig, RelayOnly, SenseConfig, TamperConfig};
use mingluo_model::{bulletin::ResourceCode, mode::ModeKind, region::RegionCode};
use serde::{Deserialize, de::DeserializeOwned};
pub use siren::{SirenConfig, SirenOnly};
use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

/// A box's configuration; every key is explained in `deploy/speaker.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who and where the box is.
    #[serde(rename = "box")]
    pub own: OwnConfig,
    /// How it reaches the city.
    pub city: CityConfig,
    /// Whom it believes.
    pub trust: TrustConfig,
    /// How it plays.
    #[serde(default)]
    pub play: PlayConfig,
    /// The amplifier's switch.
    pub relay: RelayConfig,
    /// The siren's switch, if there is a siren.
    pub siren: Option<SirenConfig>,
    /// What listens.
    pub sense: SenseConfig,
    /// What reads scripts out, if anything does.
    pub voice: Option<VoiceConfig>,
    /// Speech that was made in the city.
    #[serde(default)]
    pub clips: ClipsConfig,
    /// The switch under the lid, if there is one.
    pub tamper: Option<TamperConfig>,
    /// The button at the box, if there is one.
    pub button: Option<ButtonConfig>,
    /// The contact behind the relay, if there is one.
    pub feedback: Option<FeedbackConfig>,
    /// The contact that sees the mains, if there is one.
    pub mains: Option<MainsConfig>,
    /// Where the system keeps numbers about the box.
    #[serde(default)]
    pub health: HealthConfig,
    /// When the box tests itself, if it does.
    pub self_test: Option<SelfTestConfig>,
    /// The page for people beside the box, if there is one.
    pub page: Option<PageConfig>,
    /// Knobs of pretend boxes.
    #[serde(default)]
    pub simulation: SimulationConfig,
}

/// Who and where the box is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnConfig {
    /// Resource code, 23 digits; the name in the certificate.
    pub code: ResourceCode,
    /// The village's code.
    pub region: RegionCode,
    /// `live` or `drill`.
    pub mode: ModeKind,
    /// Where journal and recordings lie; made when missing.
    pub state_dir: PathBuf,
}

/// How the box reaches the city.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CityConfig {
    /// `wss://host:port/path`, tried in turn.
    pub addresses: Vec<String>,
    /// The authority of the city's certificate, PEM.
    pub ca_file: PathBuf,
    /// The box's certificate, PEM.
    pub cert_file: PathBuf,
    /// The box's private key, PEM.
    pub key_file: PathBuf,
    /// Seconds for a connection, 1 to 120.
    #[serde(default = "default::patience")]
    pub patience_s: u32,
    /// Seconds between pings, 5 to 60: carriers forget an idle connection after a minute or so.
    #[serde(default = "default::ping")]
    pub ping_s: u32,
    /// Seconds between heartbeats, 5 to 150: platforms call a box offline after 300.
    #[serde(default = "default::heartbeat")]
    pub heartbeat_s: u32,
    /// Longest pause after the first failure, in milliseconds, 10 to 60000.
    #[serde(default = "default::backoff_first")]
    pub backoff_first_ms: u32,
    /// Longest pause ever, in seconds, 1 to 600.
    #[serde(default = "default::backoff_most")]
    pub backoff_most_s: u32,
    /// Seconds between polls where no WebSocket comes about, 30 to 60.
    #[serde(default = "default::poll")]
    pub poll_s: u32,
}

/// Whom the box believes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustConfig {
    /// The public half of the offline root, 64 hexadecimal digits: who says which keys are believed.
    pub root_file: PathBuf,
    /// The keys that are believed until the city sends newer ones: a key set that the root signed, as JSON.
    pub keys_file: PathBuf,
    /// Whose clock counts.
    pub clock: ClockSource,
}

/// How the box plays.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlayConfig {
    /// Seconds that one bulletin may sound, 10 to 1200.
    pub longest_sounding_s: u32,
    /// Seconds of any hour in which the loudspeaker may have power, three times `longest_sounding_s` to 3600.
    pub most_in_an_hour_s: u32,
    /// The loudest, in percent, 1 to 100.
    pub volume_most: u8,
    /// The softest for a red or orange emergency, in percent, 0 to 100; never above `volume_most`.
    pub volume_grave_least: u8,
    /// Where sound goes.
    pub sink: SinkKind,
    /// The sound card, as `aplay -L` lists it; for `sink = "alsa"` only.
    pub device: String,
}

/// What reads scripts out (语音合成).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoiceConfig {
    /// The engine and its words; it reads the text from its input and writes the WAV file `{wav}`.
    pub command: Vec<String>,
    /// The engine takes pinyin with tone digits among characters, so misread words are given to it that way.
    #[serde(default)]
    pub takes_pinyin: bool,
    /// More words and their pinyin: `厦门 xia4 men2`, one a line.
    pub readings_file: Option<PathBuf>,
}

/// Speech that was made in the city (音频文件).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClipsConfig {
    /// Seconds of sounding within which a bulletin's clip must be here, 1 to 9; else the box reads the script itself.
    pub wait_s: u32,
    /// The same for red bulletins, 1 to 9.
    pub wait_red_s: u32,
    /// Megabytes of the card for clips, 1 to 1024.
    pub cache_mb: u32,
    /// The folder with the fixed words for days without a network, if there is one.
    pub library_dir: Option<PathBuf>,
}

/// Where sound goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SinkKind {
    /// Pretends: one WAV file a bulletin, in `state_dir/recordings`.
    Wav,
    /// Pretends: nothing is written.
    Mute,
    /// A sound card.
    Alsa,
}

/// Knobs of pretend boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimulationConfig {
    /// How many times faster than the clock it plays.
    pub time_scale: NonZeroU32,
    /// The board is an emulation without a sound card: the relay's pin is real to the program, and a pretend sink may stand
    /// beside it. Never on a board that somebody relies on.
    pub emulated_board: bool,
}

impl Default for PlayConfig {
    fn default() -> Self {
        Self {
            longest_sounding_s: 600,
            most_in_an_hour_s: 1_800,
            volume_most: 100,
            volume_grave_least: 60,
            sink: SinkKind::Wav,
            device: "default".to_owned(),
        }
    }
}

impl Default for ClipsConfig {
    fn default() -> Self {
        Self { wait_s: 5, wait_red_s: 3, cache_mb: 64, library_dir: None }
    }
}

impl Default for SimulationConfig {
    fn default() -> Self {
        Self { time_scale: NonZeroU32::MIN, emulated_board: false }
    }
}

mod default {
    pub(super) const fn patience() -> u32 {
        10
    }
    pub(super) const fn ping() -> u32 {
        30
    }
    pub(super) const fn heartbeat() -> u32 {
        60
    }
    pub(super) const fn backoff_first() -> u32 {
        500
    }
    pub(super) const fn backoff_most() -> u32 {
        60
    }
    pub(super) const fn poll() -> u32 {
        45
    }
}

/// As much of a configuration file as the type asks for, unchecked.
fn read_file<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File {
        key: "--config",
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        source: Complaint::of_toml(&text, &error),
    })
}

impl Config {
    /// What is pretended, in words that nobody overlooks; nothing on a box that sounds.
    pub fn pretence(&self) -> Option<&'static str> {
        if self.relay == RelayConfig::Simulated {
            Some("模拟终端，不会发声。This box pretends: no amplifier is switched, nobody hears it.")
        } else if self.play.sink != SinkKind::Alsa {
            Some(
                "仿真板（simulation.emulated_board）：功放只接通电源，不会发声。An emulated board: the amplifier gets power and no signal, nobody hears it.",
            )
        } else {
            None
        }
    }

    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`] names the key, the value and the fix.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = read_file(path)?;
        config.anchor(path.parent().unwrap_or_else(|| Path::new(".")));
        config.check()?;
        Ok(config)
    }

    fn anchor(&mut self, dir: &Path) {
        let city = &mut self.city;
        let paths = [&mut city.ca_file, &mut city.cert_file, &mut city.key_file];
        for path in paths.into_iter().chain([
            &mut self.own.state_dir,
            &mut self.trust.root_file,
            &mut self.trust.keys_file,
        ]) {
            *path = dir.join(&*path);
        }
        let readings = self.voice.as_mut().and_then(|voice| voice.readings_file.as_mut());
        for path in readings.into_iter().chain(self.clips.library_dir.as_mut()) {
            *path = dir.join(&*path);
        }
        let health = &mut self.health;
        let pin = self.page.as_mut().and_then(|page| page.pin_file.as_mut());
        for path in
            [health.battery_file.as_mut(), health.temperature_file.as_mut(), pin].into_iter().flatten()
        {
            *path = dir.join(&*path);
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let (city, play) = (&self.city, &self.play);
        within("city.patience_s", city.patience_s, 1, 120)?;
        within("city.ping_s", city.ping_s, 5, 60)?;
        within("city.heartbeat_s", city.heartbeat_s, 5, 150)?;
        within("city.backoff_first_ms", city.backoff_first_ms, 10, 60_000)?;
        within("city.backoff_most_s", city.backoff_most_s, 1, 600)?;
        within("city.poll_s", city.poll_s, 30, 60)?;
        within("play.longest_sounding_s", play.longest_sounding_s, 10, 1_200)?;
        within("play.most_in_an_hour_s", play.most_in_an_hour_s, 3 * play.longest_sounding_s, 3_600)?;
        within("play.volume_most", play.volume_most.into(), 1, 100)?;
        within("play.volume_grave_least", play.volume_grave_least.into(), 0, 100)?;
        if let RelayConfig::Gpio { .. } = self.relay {
            self.check_real()?;
        }
        if let Some(siren) = &self.siren {
            siren.check(self.relay)?;
        }
        if let Some(button) = &self.button {
            within("button.hold_s", button.hold_s, 1, 30)?;
            within("button.sounding_s", button.sounding_s, 5, 600)?;
        }
        if let Some(tests) = &self.self_test {
            tests.schedule(&self.sense, self.feedback.is_some())?;
        }
        self.check_voice()?;
        // Ten seconds are what an emergency broadcast may take to begin; the words must not stay away for longer.
        within("clips.wait_s", self.clips.wait_s, 1, 9)?;
        within("clips.wait_red_s", self.clips.wait_red_s, 1, 9)?;
        within("clips.cache_mb", self.clips.cache_mb, 1, 1_024)?;
        self.check_pins()?;
        self.cities().map(|_| ())
    }

    fn check_voice(&self) -> Result<(), ConfigError> {
        let Some(voice) = &self.voice else { return Ok(()) };
        if voice.command.len() > 1 && voice.command.iter().any(|word| word.contains(PLACE)) {
            return Ok(());
        }
        let fix = format!(
            "应写出语音程序及其参数，其中 {PLACE} 是它写出的文件 / give the engine and its words, {PLACE} among them for the file that it writes"
        );
        Err(ConfigError::Value { key: "voice.command", value: format!("{:?}", voice.command), fix })
    }

    fn check_pins(&self) -> Result<(), ConfigError> {
        let mut taken: BTreeMap<u8, &'static str> = BTreeMap::new();
        for (key, pin) in self.pins() {
            within(key, pin.number.into(), 2, 27)?;
            if let Some(other) = taken.insert(pin.number, key) {
                let fix =
                    format!("与 {other} 用了同一引脚，请各用各的 / {other} has this pin; give each its own");
                return Err(ConfigError::Value { key, value: pin.number.to_string(), fix });
            }
        }
        Ok(())
    }

    /// Every pin that is asked for, by the key that asks.
    fn pins(&self) -> impl Iterator<Item = (&'static str, Pin)> {
        let pins = [
            ("relay.pin", self.relay.pin()),
            ("siren.pin", self.siren.as_ref().and_then(SirenConfig::pin)),
            ("sense.pin", self.sense.pin()),
            ("tamper.pin", self.tamper.as_ref().map(TamperConfig::pin)),
            ("button.pin", self.button.as_ref().map(ButtonConfig::pin)),
            ("button.key_pin", self.button.as_ref().and_then(ButtonConfig::key)),
            ("feedback.pin", self.feedback.and_then(FeedbackConfig::pin)),
            ("mains.pin", self.mains.as_ref().map(MainsConfig::pin)),
        ];
        pins.into_iter().filter_map(|(key, pin)| Some((key, pin?)))
    }

    /// A box that switches a real amplifier must feed it from a sound card, may not play faster than people listen, nor trust
    /// a pretend ear.
    fn check_real(&self) -> Result<(), ConfigError> {
        if self.play.sink != SinkKind::Alsa && !self.simulation.emulated_board {
            let value = if self.play.sink == SinkKind::Wav { "\"wav\"" } else { "\"mute\"" };
            let fix = "真实继电器旁请用 sink = \"alsa\"，否则功放只通电、不出声；没有声卡的仿真板请写 simulation.emulated_board = true / use sink = \"alsa\" beside a real relay, else the amplifier gets power and no signal; an emulated board without a card says simulation.emulated_board = true";
            return Err(ConfigError::Value {
                key: "play.sink",
                value: value.to_owned(),
                fix: fix.to_owned(),
            });
        }
        within("simulation.time_scale", self.simulation.time_scale.get(), 1, 1)?;
        if self.feedback == Some(FeedbackConfig::Simulated) {
            let fix = "真实继电器旁请用 kind = \"gpio\"，或去掉 [feedback] / use kind = \"gpio\" beside a real relay, or leave [feedback] out".to_owned();
            return Err(ConfigError::Value { key: "feedback.kind", value: "\"simulated\"".to_owned(), fix });
        }
        if let SenseConfig::Simulated { .. } = self.sense {
            let fix =
                "真实继电器旁请用 kind = \"gpio\"、\"alsa\" 或 \"none\"，模拟的监听证明不了播出 / use kind = \"gpio\", \"alsa\" or \"none\" beside a real relay; a pretend ear proves nothing"
                    .to_owned();
            return Err(ConfigError::Value { key: "sense.kind", value: "\"simulated\"".to_owned(), fix });
        }
        Ok(())
    }

    /// The addresses of the city.
    ///
    /// # Errors
    /// [`ConfigError::Value`] when there is none or one is malformed.
    pub fn cities(&self) -> Result<Vec<City>, ConfigError> {
        let bad = |value: String, fix: &str| ConfigError::Value {
            key: "city.addresses",
            value,
            fix: fix.to_owned(),
        };
        if self.city.addresses.is_empty() {
            return Err(bad(
                "[]".to_owned(),
                "至少写一个 wss://主机:端口/路径 / give at least one wss://host:port/path",
            ));
        }
        let read = |address: &String| {
            address.parse().map_err(|_| {
                bad(
                    format!("{address:?}"),
                    "应为 wss://主机:端口/路径 / must be of the form wss://host:port/path",
                )
            })
        };
        self.city.addresses.iter().map(read).collect()
    }
}

fn within(key: &'static str, value: u32, least: u32, most: u32) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(ConfigError::Value {
        key,
        value: value.to_string(),
        fix: format!("应为 {least} 至 {most} / must be {least} to {most}"),
    })
}

#[cfg(test)]
#[path = "config/tests.rs"]
mod tests;
