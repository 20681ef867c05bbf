//! A loudspeaker that takes nothing for now (声卡、继电器一时不可用): a card that is plugged in late, a player that died in
//! mid-word. What was to sound waits again, with the rounds that are not over and the time that is left of its own, and is
//! tried after growing pauses. Only when many tries came to nothing is it over.

use super::{Agent, round::is_own_alarm};
use mingluo_model::bulletin::Bulletin;
use std::time::Duration;

/// The first pause, and the longest; each is twice the one before. Ours to choose: a sound card is there a few seconds after
/// power, and a villager who plugs one in again needs no longer than a minute.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(1));

/// So many tries are the last, a quarter of an hour after the first: whoever hears a tone break off each minute should not
/// hear it all night.
const MOST_TRIES: u8 = 20;

/// When the loudspeaker is tried again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Again {
    at: Duration,
    pause: Duration,
    tries: u8,
}

impl Agent {
    /// Whether nothing is begun now, since it would come to nothing.
    pub(super) fn rests(&self) -> bool {
        self.rest_due().is_some()
    }

    /// How long the loudspeaker rests still.
    pub(super) fn rest_due(&self) -> Option<Duration> {
        let left = self.again?.at.checked_sub(self.clock.ticks())?;
        (!left.is_zero()).then_some(left)
    }

    /// Something new has come: the rest is over, its tries count on.
    pub(super) fn rest_no_more(&mut self) {
        if let Some(again) = &mut self.again {
            again.at = self.clock.ticks();
        }
    }

    /// What sounds, or was about to, waits again; `false` where it was tried often enough, or is the box's own.
    pub(super) fn puts_back(&mut self) -> bool {
        let own = self.identity.code;
        let tries = self.again.map_or(0, |again| again.tries) + 1;
        let is_of_city = |playing: &mut super::play::Playing| {
            playing.test.is_none() && !is_own_alarm(playing.bulletin(), own)
        };
        let Some(playing) = self.playing.take_if(|it| tries < MOST_TRIES && is_of_city(it)) else {
            self.again = None;
            return false;
        };
        self.hush();
        self.faulty = true;
        let pause = self.again.map_or(PAUSES.0, |again| (again.pause * 2).min(PAUSES.1));
        self.again = Some(Again { at: self.clock.ticks() + pause, pause, tries });
        tracing::warn!(ebm = %playing.ebm(), tries, ?pause, "喇叭暂时不能用，稍后再试 it waits, and the loudspeaker is tried again");
        self.wait_again(playing);
        true
    }

    /// What was cut off waits with the rounds that are not over, the one that was cut off among them, and what it sounded
    /// counts against its longest time.
    pub(super) fn wait_again(&mut self, playing: super::play::Playing) {
        let (repeats, sounded) = (playing.score.rounds_to_go(), playing.score.sounded());
        *self.spent.entry(playing.ebm()).or_default() += sounded;
        self.wait(Bulletin { repeats, ..playing.bulletin });
    }
}
