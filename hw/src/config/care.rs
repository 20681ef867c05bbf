//! What the box looks at beside its work, as the operator writes it: self-tests, supply, and the page for people beside it.

use super::{ConfigError, SenseConfig, within};
use crate::{pins::Pin, selftest::Schedule, window::MayStop};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf};

/// When the box tests itself (自检), in Beijing time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTestConfig {
    /// Hour of the silent test, every day, 0 to 23.
    pub silent_hour: Option<u8>,
    /// Day of the audible test, every month, 1 to 28.
    pub audible_day: Option<u8>,
    /// Its hour, 0 to 23.
    pub audible_hour: Option<u8>,
}

/// A contact behind the relay that sees the amplifier's supply (功放供电回读).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum FeedbackConfig {
    /// Pretends: sees the pretend relay.
    Simulated,
    /// A pin of a Raspberry Pi.
    Gpio {
        /// Its BCM number, 2 to 27.
        pin: u8,
        /// The contact pulls the pin low while the amplifier has its supply.
        #[serde(default)]
        active_low: bool,
    },
}

impl FeedbackConfig {
    /// The pin, if it is a real one.
    pub const fn pin(self) -> Option<Pin> {
        match self {
            Self::Simulated => None,
            Self::Gpio { pin, active_low } => Some(Pin { number: pin, active_low }),
        }
    }
}

/// A contact that sees the mains (市电检测).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MainsConfig {
    /// Its BCM number, 2 to 27.
    pub pin: u8,
    /// The contact pulls the pin low while mains is there.
    #[serde(default)]
    pub active_low: bool,
}

impl MainsConfig {
    /// The pin.
    pub const fn pin(&self) -> Pin {
        Pin { number: self.pin, active_low: self.active_low }
    }
}

/// Files of the system with numbers about the box (工况).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthConfig {
    /// The battery's charge in percent.
    pub battery_file: Option<PathBuf>,
    /// The board's temperature in thousandths of a degree.
    pub temperature_file: Option<PathBuf>,
}

/// The page for people beside the box (本机页面).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageConfig {
    /// Where it listens.
    #[serde(default = "loopback")]
    pub listen: SocketAddr,
    /// The hash of the PIN; without it the page is for reading only.
    pub pin_file: Option<PathBuf>,
    /// What may be stopped at the box.
    #[serde(default)]
    pub may_stop: MayStop,
}

fn loopback() -> SocketAddr {
    ([127, 0, 0, 1], 8_080).into()
}

impl SelfTestConfig {
    /// The schedule, as far as it fits this sense input.
    ///
    /// # Errors
    /// [`ConfigError::Value`] when an hour is none, or no input could say how a test came out.
    pub fn schedule(&self, sense: &SenseConfig, has_feedback: bool) -> Result<Schedule, ConfigError> {
        let hour = |key, hour: Option<u8>| hour.map_or(Ok(()), |hour| within(key, hour.into(), 0, 23));
        hour("self_test.silent_hour", self.silent_hour)?;
        hour("self_test.audible_hour", self.audible_hour)?;
        let blind = |key, value: u8, fix: &str| ConfigError::Value {
            key,
            value: value.to_string(),
            fix: fix.to_owned(),
        };
        if let Some(value) = self.silent_hour.filter(|_| !has_feedback && !sense.is_on_or_off()) {
            let fix = "没有输入能说明自检结果，请加 [feedback] 或有无检测的监听输入，或去掉这一项 / nothing could say how it came out; add [feedback] or a sense input that says on or off, or leave the hour out";
            return Err(blind("self_test.silent_hour", value, fix));
        }
        let audible = match (self.audible_day, self.audible_hour) {
            (None, None) => None,
            (Some(day), Some(hour)) => {
                within("self_test.audible_day", day.into(), 1, 28)?;
                Some((day, hour))
            }
            (Some(day), None) => {
                return Err(blind(
                    "self_test.audible_day",
                    day,
                    "还须写 self_test.audible_hour / give self_test.audible_hour too",
                ));
            }
            (None, Some(hour)) => {
                return Err(blind(
                    "self_test.audible_hour",
                    hour,
                    "还须写 self_test.audible_day / give self_test.audible_day too",
                ));
            }
        };
        if let Some((day, _)) = audible.filter(|_| *sense == SenseConfig::None) {
            let fix = "没有监听输入能听到，请加 [sense]，或去掉这一项 / nothing could hear it; add a sense input or leave the day out";
            return Err(blind("self_test.audible_day", day, fix));
        }
        Ok(Schedule { silent_hour: self.silent_hour, audible })
    }
}
