//! The wires of a box, as the operator writes them.

use super::{ConfigError, read_file};
use crate::pins::Pin;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The amplifier's switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum RelayConfig {
    /// Pretends: writes `state_dir/relay.log`.
    Simulated,
    /// A pin of a Raspberry Pi.
    Gpio {
        /// Its BCM number, 2 to 27.
        pin: u8,
        /// The board switches on at the low level.
        #[serde(default)]
        active_low: bool,
    },
}

impl RelayConfig {
    /// The pin, if it is a real one.
    pub const fn pin(self) -> Option<Pin> {
        match self {
            Self::Simulated => None,
            Self::Gpio { pin, active_low } => Some(Pin { number: pin, active_low }),
        }
    }
}

/// What listens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum SenseConfig {
    /// Nothing: the box never claims to have sounded.
    None,
    /// Pretends: hears the pretend relay and sink.
    Simulated {
        /// Fault knob: hears nothing.
        #[serde(default)]
        deaf: bool,
        /// Says how loud, like a microphone, instead of on or off.
        #[serde(default)]
        levels: bool,
    },
    /// A microphone at an ALSA capture device; what it hears is compared with what is played.
    Alsa {
        /// Its name, as `arecord -L` lists it.
        device: String,
    },
    /// A detector of current or sound on a pin of a Raspberry Pi.
    Gpio {
        /// Its BCM number, 2 to 27.
        pin: u8,
        /// The detector pulls the pin low while it hears something.
        #[serde(default)]
        active_low: bool,
    },
}

impl SenseConfig {
    /// The pin, if it is on one.
    pub const fn pin(&self) -> Option<Pin> {
        match self {
            Self::Gpio { pin, active_low } => Some(Pin { number: *pin, active_low: *active_low }),
            Self::None | Self::Simulated { .. } | Self::Alsa { .. } => None,
        }
    }

    /// Whether it says on or off, and not how loud.
    pub const fn is_on_or_off(&self) -> bool {
        matches!(self, Self::Gpio { .. } | Self::Simulated { levels: false, .. })
    }
}

/// The switch under the lid (防拆开关).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TamperConfig {
    /// Its BCM number, 2 to 27.
    pub pin: u8,
    /// The switch pulls the pin low while the lid is open.
    #[serde(default)]
    pub active_low: bool,
}

impl TamperConfig {
    /// The pin.
    pub const fn pin(&self) -> Pin {
        Pin { number: self.pin, active_low: self.active_low }
    }
}

/// The button at the box (本地鸣锣按钮).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ButtonConfig {
    /// Its BCM number, 2 to 27.
    pub pin: u8,
    /// The button pulls the pin low while it is pressed.
    #[serde(default)]
    pub active_low: bool,
    /// The key switch's BCM number, 2 to 27; without it nobody needs a key.
    pub key_pin: Option<u8>,
    /// The key switch pulls its pin low while the key is turned.
    #[serde(default)]
    pub key_active_low: bool,
    /// Seconds that it must be held, 1 to 30.
    #[serde(default = "hold")]
    pub hold_s: u32,
    /// Seconds that the village's own alarm sounds, 5 to 600.
    #[serde(default = "sounding")]
    pub sounding_s: u32,
}

const fn hold() -> u32 {
    3
}

const fn sounding() -> u32 {
    60
}

impl ButtonConfig {
    /// The pin.
    pub const fn pin(&self) -> Pin {
        Pin { number: self.pin, active_low: self.active_low }
    }

    /// The key switch's pin.
    pub fn key(&self) -> Option<Pin> {
        self.key_pin.map(|number| Pin { number, active_low: self.key_active_low })
    }
}

/// As much of a configuration as is needed to open the relay. The rest may be wrong: a mistake elsewhere must not keep a
/// loudspeaker on.
#[derive(Debug, Deserialize)]
pub struct RelayOnly {
    /// The amplifier's switch.
    pub relay: RelayConfig,
    #[serde(rename = "box")]
    own: OwnDir,
}

#[derive(Debug, Deserialize)]
pub(super) struct OwnDir {
    pub(super) state_dir: PathBuf,
}

impl OwnDir {
    /// Relative to the directory of the configuration file.
    pub(super) fn anchor(&mut self, config: &Path) {
        let dir = config.parent().unwrap_or_else(|| Path::new("."));
        self.state_dir = dir.join(&self.state_dir);
    }
}

impl RelayOnly {
    /// Reads as much of a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`] when the file cannot be read or does not say what the relay is.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = read_file(path)?;
        config.own.anchor(path);
        Ok(config)
    }

    /// Where a pretend relay keeps its record.
    pub fn state_dir(&self) -> &Path {
        &self.own.state_dir
    }
}
