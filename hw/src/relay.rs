//! The switches of amplifier and siren. They must fall open: [`Power`] opens them first thing, on every way out, and on drop.
//! What Drop cannot reach is the business of others: kill and hang of the unit file, which runs `relay-open` afterwards;
//! lost power of a normally open contact and a pull resistor; all of them together of a one-shot timer in the wiring.

mod simulated;
mod siren;

use crate::pins::PinError;
use mingluo_model::bulletin::Bulletin;
pub use simulated::SimulatedRelay;
pub use siren::Siren;
use std::{path::PathBuf, time::Duration};

/// Why the switch did not move.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The record of the pretend relay cannot be written.
    #[error(
        "模拟继电器的记录 {path:?} 写不了，请核对 box.state_dir 的权限和空间 / the relay's record cannot be written; check rights and space of box.state_dir"
    )]
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

/// A switch for the supply of the amplifier or the siren (功放继电器、警报器继电器), normally open.
pub trait Relay: Send {
    /// Closes it: what is behind it has power.
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

/// The only holder of the amplifier's relay, and of the siren if there is one: whatever takes the amplifier's power silences
/// the siren too. Opens them before anything else and when it is dropped.
pub struct Power {
    relay: Box<dyn Relay>,
    siren: Option<Siren>,
}

impl Power {
    /// Takes the relay and opens it, since a program that was killed may have left it closed.
    ///
    /// # Errors
    /// [`RelayError`] when it cannot be opened; a box must not start then.
    pub fn new(mut relay: Box<dyn Relay>) -> Result<Self, RelayError> {
        relay.off()?;
        Ok(Self { relay, siren: None })
    }

    /// The same with a siren beside the amplifier.
    #[must_use]
    pub fn with_siren(mut self, siren: Siren) -> Self {
        self.siren = Some(siren);
        self
    }

    /// Gives the amplifier power.
    ///
    /// # Errors
    /// [`RelayError`] when it did not move.
    pub fn close(&mut self) -> Result<(), RelayError> {
        self.relay.on()
    }

    /// Takes the amplifier's power and the siren's; one that does not move does not keep the other closed.
    ///
    /// # Errors
    /// [`RelayError`] when nobody can say whether they moved.
    pub fn open(&mut self) -> Result<(), RelayError> {
        let siren = self.siren.as_mut().map_or(Ok(()), Siren::open);
        self.relay.off().and(siren)
    }

    /// For how long the siren sounds before this bulletin; zero without a siren.
    pub fn siren_before(&self, bulletin: &Bulletin) -> Duration {
        self.siren.as_ref().map_or(Duration::ZERO, |siren| siren.before(bulletin))
    }

    /// Whether the siren is wanted from now on, by the clock's ticks; asked at every block. A siren that fails is no reason to
    /// keep the words back.
    pub fn sound_siren(&mut self, wanted: bool, now: Duration) {
        let Some(siren) = &mut self.siren else { return };
        if let Err(error) = siren.sound(wanted, now) {
            tracing::error!(%error, wanted, "警报器继电器没有动作，请检查 the siren's relay did not move; look at the siren");
        }
    }
}

impl Drop for Power {
    fn drop(&mut self) {
        if let Err(error) = self.relay.off() {
            tracing::error!(%error, "功放继电器没有断开，请手动断开 the relay could not be opened; switch the amplifier off by hand");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sense::Air;
    use mingluo_model::{
        clock::{Timestamp, manual::ManualClock},
        grade::Grade,
    };

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

    /// A siren in an air of its own, for red and at most ten seconds.
    fn siren(air: &Air) -> Siren {
        let relay = SimulatedRelay::new(air.clone(), ManualClock::at(Timestamp(1_000)), None);
        Siren::new(Box::new(relay), [(Grade::Red, Duration::from_secs(10))].into()).unwrap()
    }

    #[test]
    fn the_siren_opens_with_the_amplifier_on_panic_and_at_start() {
        let (air, own) = (Air::default(), Air::default());
        own.power(true);
        let (inside, inside_own) = (air.clone(), own.clone());
        let outcome = std::thread::spawn(move || {
            let mut power = power(&inside, None).with_siren(siren(&inside_own));
            assert!(!inside_own.has_power(), "what a killed program left closed");
            power.close().unwrap();
            power.sound_siren(true, Duration::ZERO);
            assert!(inside_own.has_power());
            power.open().unwrap();
            assert!(!inside_own.has_power() && !inside.has_power());
            power.sound_siren(true, Duration::ZERO);
            panic!("as if the player had a bug");
        });
        assert!(outcome.join().unwrap_err().downcast_ref::<&str>().unwrap().contains("a bug"));
        assert!(!own.has_power());
    }

    #[test]
    fn however_long_it_is_wanted_the_siren_keeps_its_limit() {
        let (air, own) = (Air::default(), Air::default());
        let mut power = power(&air, None).with_siren(siren(&own));
        let seconds = Duration::from_secs;
        let wanted =
            [(true, 0, true), (true, 9, true), (true, 10, false), (true, 11, false), (false, 12, false)];
        for (wanted, at, closed) in wanted {
            power.sound_siren(wanted, seconds(at));
            assert_eq!(own.has_power(), closed, "after {at} s");
        }
        power.sound_siren(true, seconds(13));
        assert!(own.has_power(), "it was let go and sounds again");
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
