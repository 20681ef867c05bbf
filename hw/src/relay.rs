//! The switch of the amplifier. It must fall open: [`Power`] opens it first thing, on every way out, and on drop.
//! What Drop cannot reach is the business of others: kill and hang of the unit file, which runs `relay-open` afterwards;
//! lost power of a normally open contact and a pull resistor; all of them together of a one-shot timer in the wiring.

mod simulated;

use crate::pins::PinError;
pub use simulated::SimulatedRelay;
use std::path::PathBuf;

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
    /// The pin cannot be had.
    #[error(transparent)]
    Pin(#[from] PinError),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sense::Air;
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
