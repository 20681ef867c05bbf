//! The box's condition: mains, battery, temperature. The city hears at once when mains goes or comes, of the rest with every
//! heartbeat.

use super::Agent;
use crate::journal::{Happening, JournalError};
use mingluo_model::link::{BoxFrame, Health};
use std::time::Duration;

/// How long mains must be away or back before that is believed; lamps flicker for less.
const STEADY: Duration = Duration::from_millis(300);
/// Between two looks at the gauges; a cell or a board changes slowly.
const GAUGES_EVERY: Duration = Duration::from_secs(10);

/// What was seen last.
#[derive(Debug, Default)]
pub(super) struct Condition {
    mains: Option<bool>,
    // The contact says otherwise since this tick.
    doubted_since: Option<Duration>,
    battery_percent: Option<u8>,
    temperature_c: Option<i16>,
    gauges_at: Duration,
}

impl Agent {
    /// How the box is, for the heartbeat.
    pub(super) fn health(&self) -> Health {
        let condition = &self.round.condition;
        Health {
            mains: condition.mains,
            battery_percent: condition.battery_percent,
            temperature_c: condition.temperature_c,
            self_test: self.journal.book().diary().tests().back().cloned(),
        }
    }

    /// A heartbeat now, in place of one that has not left yet.
    pub(super) fn beat_now(&mut self) {
        if self.welcomed {
            self.outbox.retain(|frame| !matches!(frame, BoxFrame::Heartbeat(_)));
            let beat = self.heartbeat();
            self.outbox.push_back(beat);
        }
    }

    pub(super) fn look_at_condition(&mut self, now: Duration) -> Result<(), JournalError> {
        self.read_gauges(now);
        let Some(contact) = &mut self.hands.watch.mains else { return Ok(()) };
        let (is_on, condition) = (contact.is_on(), &mut self.round.condition);
        if condition.mains == Some(is_on) {
            condition.doubted_since = None;
            return Ok(());
        }
        let since = *condition.doubted_since.get_or_insert(now);
        // What is seen first is not news, unless it is bad.
        let is_news = condition.mains.is_some() || !is_on;
        if condition.mains.is_some() && now.saturating_sub(since) < STEADY {
            return Ok(());
        }
        (condition.mains, condition.doubted_since) = (Some(is_on), None);
        if !is_news {
            return Ok(());
        }
        if is_on {
            tracing::info!("mains is back");
        } else {
            tracing::warn!("mains is away; the battery carries the box");
        }
        self.note_happening(Happening::Mains(is_on));
        self.turn_page()?;
        self.beat_now();
        Ok(())
    }

    fn read_gauges(&mut self, now: Duration) {
        let (watch, condition) = (&mut self.hands.watch, &mut self.round.condition);
        if now < condition.gauges_at {
            return;
        }
        condition.gauges_at = now + GAUGES_EVERY;
        let percent = watch.battery.as_mut().and_then(|gauge| gauge.read());
        condition.battery_percent = percent.map(|percent| percent.clamp(0, 100) as u8);
        let degrees = watch.temperature.as_mut().and_then(|gauge| gauge.read());
        condition.temperature_c = degrees.and_then(|degrees| i16::try_from(degrees).ok());
    }
}
