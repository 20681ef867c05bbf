//! The switch of the amplifier. It must fall open: [`Power`] opens it first thing, on every way out, and on drop.
//! What Drop cannot reach (kill, hang, lost power) is the business of the unit file, a pull-down and a one-shot timer.

use crate::sense::Air;
use mingluo_model::clock::SharedClock;
use std::{io::Write as _, path::PathBuf};

/// Why the switch did not move.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The record of the pretend relay cannot be written.
    #[error("the relay's record {path:?} cannot be written")]
    Record {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The pins of this machine cannot be had.
    #[error("pin {pin} cannot be had; is this a Raspberry Pi and is the user in group gpio?")]
    Pin {
        /// The BCM number of the pin.
        pin: u8,
        /// What the library says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A switch for the amplifier's supply (功放继电器), normally open.
pub trait Relay: Send {
    /// Closes it: the amplifier has power.
    ///
    /// # Errors
    /// [`RelayError`] when it did not move.
    fn on(&mut self) -> Result<(), RelayError>;

    /// Opens it: silence.
    ///
    /// # Errors
    /// [`RelayError`] when nobody can say whether it moved.
    fn off(&mut self) -> Result<(), RelayError>;
}

/// The only holder of a relay: opens it before anything else and when it is dropped.
pub struct Power {
    relay: Box<dyn Relay>,
}

impl Power {
    /// Takes the relay and opens it, since a program that was killed may have left it closed.
    ///
    /// # Errors
    /// [`RelayError`] when it cannot be opened; a box must not start then.
    pub fn new(mut relay: Box<dyn Relay>) -> Result<Self, RelayError> {
        relay.off()?;
        Ok(Self { relay })
    }

    /// Gives the amplifier power.
    ///
    /// # Errors
    /// [`RelayError`] when it did not move.
    pub fn close(&mut self) -> Result<(), RelayError> {
        self.relay.on()
    }

    /// Takes the amplifier's power.
    ///
    /// # Errors
    /// [`RelayError`] when nobody can say whether it moved.
    pub fn open(&mut self) -> Result<(), RelayError> {
        self.relay.off()
    }
}

impl Drop for Power {
    fn drop(&mut self) {
        if let Err(error) = self.relay.off() {
            tracing::error!(%error, "the relay could not be opened; check the amplifier by hand");
        }
    }
}

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

/// A relay on a pin of a Raspberry Pi, through the registers.
#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
pub struct RppalRelay {
    pin: rppal::gpio::OutputPin,
}

#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
impl RppalRelay {
    /// Takes a pin by its BCM number: drives it low, and only then makes it an output.
    ///
    /// The pin stays a low output afterwards: the library's reset would let it float, or leave it high when a killed
    /// program had it before.
    ///
    /// # Errors
    /// [`RelayError::Pin`] when this is no Pi, or the pin is in use or forbidden.
    pub fn new(pin: u8) -> Result<Self, RelayError> {
        let pin_error = |source: rppal::gpio::Error| RelayError::Pin { pin, source: Box::new(source) };
        let gpio = rppal::gpio::Gpio::new().map_err(pin_error)?;
        let mut pin = gpio.get(pin).map_err(pin_error)?.into_output_low();
        pin.set_reset_on_drop(false);
        Ok(Self { pin })
    }
}

#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
impl Relay for RppalRelay {
    fn on(&mut self) -> Result<(), RelayError> {
        self.pin.set_high();
        Ok(())
    }

    fn off(&mut self) -> Result<(), RelayError> {
        self.pin.set_low();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::{Timestamp, manual::ManualClock};

    fn power(air: &Air, record: Option<PathBuf>) -> Power {
        let clock = ManualClock::at(Timestamp(1_000));
        Power::new(Box::new(SimulatedRelay::new(air.clone(), clock, record))).unwrap()
    }

    #[test]
    fn relay_opens_on_panic() {
        let air = Air::default();
        let inside = air.clone();
        let outcome = std::thread::spawn(move || {
            let mut power = power(&inside, None);
            power.close().unwrap();
            assert!(inside.has_power());
            panic!("as if the player had a bug");
        });
        assert!(outcome.join().is_err());
        assert!(!air.has_power());
    }

    #[test]
    fn a_relay_that_was_left_closed_is_opened_first() {
        let air = Air::default();
        air.power(true);
        let _power = power(&air, None);
        assert!(!air.has_power());
    }

    #[test]
    fn the_record_tells_each_move_with_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.log");
        power(&Air::default(), Some(path.clone())).close().unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "1000 off\n1000 on\n1000 off\n");
    }
}
