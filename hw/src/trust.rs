//! Whom and when to believe: the keys, the place, the mode, and the time. It changes nothing but its own idea of keys
//! and time; what was seen before is the journal's and is handed in.

mod time;

use mingluo_model::{
    bulletin::{
        BadKeySet, Bulletin, Circumstances, KeyEdition, KeyId, KeySet, Malformed, Refusal, RootKey,
        Sequences, SignedKeySet, verify,
    },
    clock::{SharedClock, Timestamp},
    link::{Boot, Order, Welcome},
    mode::ModeKind,
    region::RegionCode,
    signer::{Purpose, time_bytes},
};
use std::sync::Arc;
use time::Time;
pub use time::{CLOCKS_APART, Floors};

/// Whose clock counts (时钟来源).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockSource {
    /// The box's own: it has a battery clock or keeps time by the network. It still yields to the city's signed time
    /// when the two stand apart, and to the journal when it fell back.
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

/// Whom the box believes: the keys, and who may change them.
#[derive(Debug, Clone)]
pub struct Beliefs {
    /// The keys.
    pub keys: Arc<KeySet>,
    /// The version of their set; zero when no root signed it, which only pretend boxes have.
    pub version: u64,
    /// Who may change them; nobody when `None`.
    pub root: Option<RootKey>,
}

impl Beliefs {
    /// Keys that no root signed and nobody can change, for pretend boxes.
    pub const fn unsigned(keys: Arc<KeySet>) -> Self {
        Self { keys, version: 0, root: None }
    }

    /// The keys of the newest of these sets that the root signed; the others are named in the log.
    ///
    /// # Errors
    /// [`BadKeySet`] of the first when there is none.
    pub fn newest(
        root: RootKey,
        first: &SignedKeySet,
        others: impl Iterator<Item = SignedKeySet>,
    ) -> Result<Self, BadKeySet> {
        let mut edition = first.open(root)?;
        for other in others {
            match other.open(root) {
                Ok(newer) if newer.version > edition.version => edition = newer,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "a key set that was taken before is not the root's any more");
                }
            }
        }
        let version = edition.version.get();
        Ok(Self { keys: Arc::new(edition.into_keys()), version, root: Some(root) })
    }
}

/// What the box believes.
pub struct Trust {
    beliefs: Beliefs,
    region: RegionCode,
    mode: ModeKind,
    time: Time,
    nonce: [u8; 32],
}

impl Trust {
    /// A box's beliefs at start; `floors` are its journal's.
    pub fn new(
        beliefs: Beliefs,
        region: RegionCode,
        mode: ModeKind,
        clock: SharedClock,
        source: ClockSource,
        floors: Floors,
    ) -> Self {
        warn_of_unusable(&beliefs.keys);
        Self { beliefs, region, mode, time: Time::new(clock, source, floors), nonce: [0; 32] }
    }

    /// The present, never before the floor.
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// The moment before which nothing is believed to be; what the box started with.
    pub const fn floor(&self) -> Timestamp {
        self.time.floor()
    }

    /// Whether the city has proved the present since the box was switched on.
    pub const fn is_proven(&self) -> bool {
        self.time.is_proven()
    }

    /// Whether the present is believed.
    pub const fn is_trusted(&self) -> bool {
        self.time.is_known()
    }

    /// The version of the key set that is believed.
    pub const fn key_set(&self) -> u64 {
        self.beliefs.version
    }

    /// Remembers the nonce of a new session.
    pub const fn begin(&mut self, nonce: [u8; 32]) {
        self.nonce = nonce;
    }

    /// What a hello says of the clock.
    pub fn boot(&self) -> Boot {
        Boot { clock_trusted: self.is_trusted(), time: self.now() }
    }

    /// Takes the city's time when the welcome signs our nonce, so that it is fresh, and when the key that signs may speak
    /// for this place and had not expired at that time. What the city proved before bounds it, so that a key that has expired
    /// since cannot take the box back to its own days.
    pub fn learn(&mut self, welcome: &Welcome) {
        let Some(signature) = &welcome.nonce_signature else { return };
        let bytes = time_bytes(&self.nonce, welcome.time);
        let fits = self.beliefs.keys.find(&signature.key_id).is_some_and(|key| {
            welcome.time < key.not_after
                && key.areas.iter().any(|area| area.contains(self.region))
                && signature.fits(&key.public, Purpose::Time, &bytes)
        });
        if fits && self.time.prove(welcome.time).is_ok() {
            return;
        }
        tracing::warn!(time = welcome.time.0, "the city's time is not signed for us or goes back; not taken");
    }

    /// Reads a key set and says whether it may take the place of the present one.
    ///
    /// # Errors
    /// [`BadKeySet`], the reason that is reported.
    pub fn examine(&self, signed: &SignedKeySet) -> Result<KeyEdition, BadKeySet> {
        let edition = signed.open(self.beliefs.root.ok_or(BadKeySet::NoRoot)?)?;
        let (version, held) = (edition.version.get(), self.beliefs.version);
        if version <= held { Err(BadKeySet::NotNewer { version, held }) } else { Ok(edition) }
    }

    /// Believes these keys and no others from now on.
    pub fn adopt(&mut self, edition: KeyEdition) {
        self.beliefs.version = edition.version.get();
        self.beliefs.keys = Arc::new(edition.into_keys());
        warn_of_unusable(&self.beliefs.keys);
    }

    /// Whether a key is believed.
    pub fn knows(&self, key: &KeyId) -> bool {
        self.beliefs.keys.find(key).is_some()
    }

    /// Whether an order under this key may silence a bulletin.
    pub fn may_silence(&self, key: &KeyId, bulletin: &Bulletin) -> bool {
        self.beliefs.keys.find(key).is_some_and(|key| key.may_silence(bulletin))
    }

    /// Whether the key under which a bulletin was taken may still sign it.
    pub fn still_believes(&self, bulletin: &Bulletin) -> bool {
        self.beliefs.keys.find(&bulletin.key_id).is_some_and(|key| key.outside(bulletin).is_none())
    }

    /// Reads an order and says whether the box may obey it.
    ///
    /// # Errors
    /// [`Doubt`], the reason that is reported.
    pub fn judge(&self, order: &Order, seen: &Sequences) -> Result<Bulletin, Doubt> {
        if !self.is_trusted() {
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
        verify(envelope, &self.beliefs.keys, here)
    }
}

/// A set goes to every box, whatever it was built with; what such a key signs is refused.
fn warn_of_unusable(keys: &KeySet) {
    for key in keys.keys.iter().filter(|key| !key.public.is_usable()) {
        let (key, alg) = (key.id.as_str(), key.public.alg());
        tracing::warn!(key, %alg, "this box cannot check what a key signs: build it with the feature of that name");
    }
}

#[cfg(test)]
#[path = "trust/tests.rs"]
mod tests;
