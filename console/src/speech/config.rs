//! How speech is made, as an operator writes it.

use super::{Engine, Ladder, engine::PLACE};
use crate::config::{ConfigError, Fix, read_text};
use mingluo_model::{bulletin::reading::Readings, clock::SharedClock};
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};

/// Speech for loudspeakers (语音合成); without this table the boxes read scripts by themselves.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeechConfig {
    /// An engine as a program: it reads the text from its input and writes the WAV file `{wav}`.
    pub command: Option<Vec<String>>,
    /// An engine as a service: the text is posted to it, and it answers a WAV file.
    pub url: Option<String>,
    /// The engine takes pinyin with tone digits among characters, so misread words are given to it that way.
    #[serde(default)]
    pub takes_pinyin: bool,
    /// More words and their pinyin: `浑江 hun2 jiang1`, one a line.
    pub readings_file: Option<PathBuf>,
    /// Seconds that an engine may take, 1 to 60.
    #[serde(default = "within_s")]
    pub within_s: u32,
}

const fn within_s() -> u32 {
    20
}

impl SpeechConfig {
    /// The voice that every machine has, for who did not set any.
    pub fn default_engine() -> Self {
        Self { within_s: within_s(), ..Self::default() }
    }

    /// What is wrong with it, if anything.
    pub fn fault(&self) -> Option<ConfigError> {
        self.engines().err()
    }

    /// The engines, in the order in which they are tried; the last is the voice that every machine has.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key.
    pub fn ladder(&self, clock: &SharedClock) -> Result<Ladder, ConfigError> {
        let limit = Duration::from_secs(self.within_s.into());
        Ok(Ladder::new(self.engines()?, limit, clock.clone()))
    }

    fn engines(&self) -> Result<Vec<Engine>, ConfigError> {
        let readings = match &self.readings_file {
            None => Readings::default(),
            Some(file) => {
                Readings::with_file(&read_text("speech.readings_file", file)?).map_err(|error| {
                    let fix = Fix::Readings { detail: error.to_string() };
                    ConfigError::value("speech.readings_file", file.display(), fix)
                })?
            }
        };
        if !(1..=60).contains(&self.within_s) {
            return Err(ConfigError::value("speech.within_s", self.within_s, Fix::SpeechTime));
        }
        let own = self.takes_pinyin.then(|| readings.clone());
        let mut ladder = Vec::new();
        match (&self.command, &self.url) {
            (Some(_), Some(url)) => return Err(ConfigError::value("speech.url", url, Fix::OneEngine)),
            (Some(command), None) => {
                let is_whole = command.len() > 1 && command.iter().any(|word| word.contains(PLACE));
                if !is_whole {
                    return Err(ConfigError::value("speech.command", command.join(" "), Fix::SpeechCommand));
                }
                ladder.extend(Engine::program(command, own));
            }
            (None, Some(url)) => {
                let service = Engine::service(url, own);
                ladder.push(service.ok_or_else(|| ConfigError::value("speech.url", url, Fix::SpeechUrl))?);
            }
            (None, None) => {}
        }
        ladder.push(Engine::last_rung(readings));
        Ok(ladder)
    }
}
