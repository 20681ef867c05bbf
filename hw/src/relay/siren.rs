//! The siren (警报器): a switch beside the amplifier's. It wakes people before the tone of the gravest bulletins, never for longer
//! than its limit, and it is opened wherever the amplifier's is.

use super::{Relay, RelayError};
use mingluo_model::{
    bulletin::{Action, BroadcastClass, Bulletin, Tone},
    grade::Grade,
};
use std::{collections::BTreeMap, time::Duration};

/// The only holder of the siren's relay: opens it first thing and when it is dropped.
pub struct Siren {
    relay: Box<dyn Relay>,
    longest: BTreeMap<Grade, Duration>,
    state: State,
}

/// Where the switch is. Times are ticks of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Closed since then.
    Closed(Duration),
    /// Open, since its time was up before anybody let it go.
    Spent,
}

impl Siren {
    /// Takes the relay and opens it, since a program that was killed may have left it closed; `longest` says which grades sound
    /// it and for how long.
    ///
    /// # Errors
    /// [`RelayError`] when it cannot be opened; a box must not start then.
    pub fn new(mut relay: Box<dyn Relay>, longest: BTreeMap<Grade, Duration>) -> Result<Self, RelayError> {
        relay.off()?;
        Ok(Self { relay, longest, state: State::Open })
    }

    /// For how long it sounds before this bulletin: a real emergency, or an exercise that is played like one (实际演练), of a grade
    /// that is listed. Never for an all-clear, and never for what is to be silent.
    pub(super) fn before(&self, bulletin: &Bulletin) -> Duration {
        let is_real = matches!(bulletin.class, BroadcastClass::Emergency | BroadcastClass::RealDrill);
        let alarms = is_real
            && bulletin.action == Action::Play
            && bulletin.tone != Tone::AllClear
            && bulletin.volume > 0;
        let longest = bulletin.grade.filter(|_| alarms).and_then(|grade| self.longest.get(&grade));
        longest.copied().unwrap_or_default()
    }

    /// Closes it, or keeps it closed unless its time is up; opens it when it is not wanted.
    pub(super) fn sound(&mut self, wanted: bool, now: Duration) -> Result<(), RelayError> {
        let most = self.longest.values().max().copied().unwrap_or_default();
        match self.state {
            State::Open if wanted => {
                self.state = State::Closed(now);
                self.relay.on()
            }
            State::Closed(since) if wanted && now.saturating_sub(since) >= most => {
                self.open()?;
                self.state = State::Spent;
                Ok(())
            }
            State::Closed(_) | State::Spent if !wanted => self.open(),
            _ => Ok(()),
        }
    }

    pub(super) fn open(&mut self) -> Result<(), RelayError> {
        self.state = State::Open;
        self.relay.off()
    }
}

impl Drop for Siren {
    fn drop(&mut self) {
        if let Err(error) = self.relay.off() {
            tracing::error!(%error, "警报器继电器没有断开，请手动断开 the siren's relay could not be opened; switch the siren off by hand");
        }
    }
}
