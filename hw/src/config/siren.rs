//! The siren's wire, as the operator writes it.

use super::{ConfigError, RelayConfig, within};
use crate::pins::Pin;
use mingluo_model::grade::Grade;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// The switch of the siren (警报器继电器), which sounds before the tone of grave bulletins.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum SirenConfig {
    /// Pretends: writes `state_dir/siren.log`.
    Simulated {
        /// Which grades sound it, and for how many seconds at most, 1 to 60.
        #[serde(default = "grades")]
        grades: BTreeMap<Grade, u32>,
    },
    /// A pin of a Raspberry Pi.
    Gpio {
        /// Its BCM number, 2 to 27.
        pin: u8,
        /// The board switches on at the low level.
        #[serde(default)]
        active_low: bool,
        /// Which grades sound it, and for how many seconds at most, 1 to 60.
        #[serde(default = "grades")]
        grades: BTreeMap<Grade, u32>,
    },
}

/// Red alone, for 15 seconds. Ours to choose: long enough to wake a village, and the words must not wait for longer.
fn grades() -> BTreeMap<Grade, u32> {
    BTreeMap::from([(Grade::Red, 15)])
}

impl SirenConfig {
    /// The pin, if it is a real one.
    pub const fn pin(&self) -> Option<Pin> {
        match self {
            Self::Simulated { .. } => None,
            Self::Gpio { pin, active_low, .. } => Some(Pin { number: *pin, active_low: *active_low }),
        }
    }

    const fn grades(&self) -> &BTreeMap<Grade, u32> {
        match self {
            Self::Simulated { grades } | Self::Gpio { grades, .. } => grades,
        }
    }

    /// How long each grade sounds it at most.
    pub fn longest(&self) -> BTreeMap<Grade, Duration> {
        self.grades()
            .iter()
            .map(|(grade, seconds)| (*grade, Duration::from_secs((*seconds).into())))
            .collect()
    }

    /// The siren for people: where it is and what sounds it.
    pub fn told(&self) -> String {
        let place = self.pin().map_or_else(
            || "模拟 pretend".to_owned(),
            |pin| {
                format!(
                    "引脚 pin {} {}",
                    pin.number,
                    if pin.active_low { "低电平吸合 low closes" } else { "高电平吸合 high closes" }
                )
            },
        );
        let grades: Vec<String> = self
            .grades()
            .iter()
            .rev()
            .map(|(grade, seconds)| format!("{} {} ≤{seconds} s", grade.zh(), grade.word()))
            .collect();
        format!("{place}; {}", grades.join(", "))
    }

    /// Beside which relay it may stand, and for how long it may sound.
    pub(super) fn check(&self, relay: RelayConfig) -> Result<(), ConfigError> {
        let bad = |key, value: &str, fix: &str| ConfigError::Value {
            key,
            value: value.to_owned(),
            fix: fix.to_owned(),
        };
        match (self.pin(), relay.pin()) {
            (Some(_), None) => {
                let fix = "模拟的功放继电器旁不能有真实的警报器，请把两者都设为 kind = \"gpio\" / no real siren beside a pretend relay; use kind = \"gpio\" for both";
                return Err(bad("siren.kind", "\"gpio\"", fix));
            }
            (None, Some(_)) => {
                let fix = "真实继电器旁请用 kind = \"gpio\"，或去掉 [siren] / use kind = \"gpio\" beside a real relay, or leave [siren] out";
                return Err(bad("siren.kind", "\"simulated\"", fix));
            }
            _ => {}
        }
        if self.grades().is_empty() {
            let fix = "至少写一个级别，如 { red = 15 }，或去掉 [siren] / name a grade, as { red = 15 }, or leave [siren] out";
            return Err(bad("siren.grades", "{}", fix));
        }
        let key = |grade: Grade| match grade {
            Grade::Red => "siren.grades.red",
            Grade::Orange => "siren.grades.orange",
            Grade::Yellow => "siren.grades.yellow",
            Grade::Blue => "siren.grades.blue",
        };
        // A minute is what a public siren's alarm signal lasts; the words that say what to do come after it.
        self.grades().iter().try_for_each(|(grade, seconds)| within(key(*grade), *seconds, 1, 60))
    }
}

/// As much of a configuration as is needed to open the siren's relay; the rest may be wrong.
#[derive(Debug, Deserialize)]
pub struct SirenOnly {
    siren: Option<Switch>,
    #[serde(rename = "box")]
    own: super::hardware::OwnDir,
}

/// The wire alone: a mistake in the grades must not keep a siren on.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Switch {
    Simulated,
    Gpio {
        pin: u8,
        #[serde(default)]
        active_low: bool,
    },
}

impl SirenOnly {
    /// Reads as much of a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`] when the file cannot be read or does not say what the siren's relay is.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = super::read_file(path)?;
        config.own.anchor(path);
        Ok(config)
    }

    /// The siren's pin, if it is a real one; `None` without a siren.
    pub fn pin(&self) -> Option<Option<Pin>> {
        self.siren.map(|switch| match switch {
            Switch::Simulated => None,
            Switch::Gpio { pin, active_low } => Some(Pin { number: pin, active_low }),
        })
    }

    /// Where a pretend relay keeps its record.
    pub fn state_dir(&self) -> &PathBuf {
        &self.own.state_dir
    }
}
