//! Whom and when to believe: the keys, the place, the mode, and the time. It changes nothing but its own idea of the
//! time; what was seen before is the journal's and is handed in.

use mingluo_model::{
    bulletin::{Bulletin, Circumstances, KeySet, Malformed, Refusal, Sequences, verify},
    clock::{SharedClock, Timestamp},
    link::{Boot, Order, Welcome},
    mode::ModeKind,
    region::RegionCode,
    signer::{Purpose, time_bytes},
};
use std::sync::Arc;

/// Whose clock counts (时钟来源).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockSource {
    /// The box's own: it has a battery clock or keeps time by the network.
    Own,
    /// The city's, signed over our nonce; until then nothing is obeyed.
    City,
}

/// Why an order is not obeyed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The bulletin itself is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody told the box the time yet, so it cannot tell a fresh bulletin from an old one.
    #[error("the clock is not trusted")]
    ClockUntrusted,
}

impl Doubt {
    /// The word on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::ClockUntrusted => "clock-untrusted",
        }
    }
}

/// What the box believes.
pub struct Trust {
    keys: Arc<KeySet>,
    region: RegionCode,
    mode: ModeKind,
    clock: SharedClock,
    trusted: bool,
    // Milliseconds between our clock and the city's; zero while our own counts.
    offset: i64,
    // No moment earlier than what the journal has seen is believed (a clock that fell back to 1970).
    floor: Timestamp,
    nonce: [u8; 32],
}

impl Trust {
    /// A box's beliefs at start; `floor` is the latest moment in its journal.
    pub fn new(
        keys: Arc<KeySet>,
        region: RegionCode,
        mode: ModeKind,
        clock: SharedClock,
        source: ClockSource,
        floor: Timestamp,
    ) -> Self {
        let trusted = source == ClockSource::Own;
        Self { keys, region, mode, clock, trusted, offset: 0, floor, nonce: [0; 32] }
    }

    /// The present, never before the floor.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.clock.now().0.saturating_add(self.offset)).max(self.floor)
    }

    /// Whether the present is believed.
    pub const fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// Remembers the nonce of a new session.
    pub const fn begin(&mut self, nonce: [u8; 32]) {
        self.nonce = nonce;
    }

    /// What a hello says of the clock.
    pub fn boot(&self) -> Boot {
        Boot { clock_trusted: self.trusted, time: self.now() }
    }

    /// Takes the city's time when the box has none and the welcome signs our nonce. A key's own expiry cannot be
    /// asked here, since it needs the time.
    pub fn learn(&mut self, welcome: &Welcome) {
        let Some(signature) = welcome.nonce_signature.as_ref().filter(|_| !self.trusted) else { return };
        let bytes = time_bytes(&self.nonce, welcome.time);
        let fits = self
            .keys
            .find(&signature.key_id)
            .is_some_and(|key| signature.fits(&key.public, Purpose::Time, &bytes));
        if !fits || welcome.time < self.floor {
            tracing::warn!(
                time = welcome.time.0,
                "the city's time is not signed for us or goes back; not taken"
            );
            return;
        }
        self.offset = welcome.time.0.saturating_sub(self.clock.now().0);
        self.trusted = true;
    }

    /// Reads an order and says whether the box may obey it.
    ///
    /// # Errors
    /// [`Doubt`], the reason that is reported.
    pub fn judge(&self, order: &Order, seen: &Sequences) -> Result<Bulletin, Doubt> {
        if !self.trusted {
            return Err(Doubt::ClockUntrusted);
        }
        let bulletin = self.read(&order.envelope, seen)?;
        if bulletin.ebm != order.ebm {
            let problem = format!("{} is signed, the order says {}", bulletin.ebm, order.ebm);
            return Err(Refusal::from(Malformed { field: "ebm", problem }).into());
        }
        Ok(bulletin)
    }

    /// Reads an envelope out of the journal again: the card is no more trusted than the network.
    ///
    /// # Errors
    /// [`Refusal`] when it is no longer good, [`Refusal::Expired`] most of all.
    pub fn read(&self, envelope: &[u8], seen: &Sequences) -> Result<Bulletin, Refusal> {
        let here = Circumstances { now: self.now(), region: self.region, mode: self.mode, seen };
        verify(envelope, &self.keys, here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::village::{NOW, keys, order, signer};
    use mingluo_model::clock::manual::ManualClock;

    fn woken_in_1970() -> Trust {
        let clock = ManualClock::at(Timestamp(60_000));
        let region = "210423001001".parse().unwrap();
        let mut trust =
            Trust::new(Arc::new(keys()), region, ModeKind::Live, clock, ClockSource::City, Timestamp(0));
        trust.begin([5; 32]);
        trust
    }

    fn welcome(nonce: [u8; 32]) -> Welcome {
        let signature = signer().sign_now(Purpose::Time, &time_bytes(&nonce, NOW));
        Welcome { version: 1, time: NOW, nonce_signature: Some(signature) }
    }

    #[test]
    fn a_box_without_a_clock_obeys_only_after_the_signed_time() {
        let mut trust = woken_in_1970();
        assert_eq!(trust.judge(&order(1), &Sequences::new()).unwrap_err().code(), "clock-untrusted");
        trust.learn(&welcome([5; 32]));
        assert_eq!(trust.now(), NOW);
        assert!(trust.judge(&order(1), &Sequences::new()).is_ok());
    }

    #[test]
    fn a_welcome_recorded_in_another_session_teaches_nothing() {
        let mut trust = woken_in_1970();
        trust.learn(&welcome([6; 32]));
        assert!(!trust.is_trusted());
    }

    #[test]
    fn an_order_under_another_name_is_refused() {
        let mut trust = woken_in_1970();
        trust.learn(&welcome([5; 32]));
        let renamed = Order { ebm: order(2).ebm, ..order(1) };
        assert_eq!(trust.judge(&renamed, &Sequences::new()).unwrap_err().code(), "malformed");
    }
}
