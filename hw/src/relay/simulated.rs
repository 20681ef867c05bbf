//! The pretend relay, for machines without pins.

use super::{Relay, RelayError};
use crate::sense::Air;
use mingluo_model::clock::SharedClock;
use std::{io::Write as _, path::PathBuf};

/// A pretend relay: tells the pretend air, and keeps a record of each move with its time when it is given a file.
pub struct SimulatedRelay {
    air: Air,
    clock: SharedClock,
    record: Option<PathBuf>,
}

impl SimulatedRelay {
    /// A relay in this air; `record` is appended to, one line `milliseconds on|off` a move.
    pub const fn new(air: Air, clock: SharedClock, record: Option<PathBuf>) -> Self {
        Self { air, clock, record }
    }

    fn moved(&self, on: bool) -> Result<(), RelayError> {
        self.air.power(on);
        let Some(path) = &self.record else { return Ok(()) };
        let line = format!("{} {}\n", self.clock.now().0, if on { "on" } else { "off" });
        std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .map_err(|source| RelayError::Record { path: path.clone(), source })
    }
}

impl Relay for SimulatedRelay {
    fn on(&mut self) -> Result<(), RelayError> {
        self.moved(true)
    }

    fn off(&mut self) -> Result<(), RelayError> {
        self.moved(false)
    }
}
