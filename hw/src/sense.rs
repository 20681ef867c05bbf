//! Whether it really sounds. On a box this is a current sensor at the amplifier or a microphone; here stands the
//! pretend one, which hears the pretend relay and the pretend sink through one pretend [`Air`].

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// An input that hears the loudspeaker (监听).
pub trait Sense: Send {
    /// Whether sound is heard at this moment.
    fn hears(&mut self) -> bool;
}

/// A box without any such input: it never claims to have sounded.
#[derive(Debug, Clone, Copy)]
pub struct NoSense;

impl Sense for NoSense {
    fn hears(&mut self) -> bool {
        false
    }
}

/// The pretend air between pretend relay, sink and sense; clones share it. Each word alone is enough, so no order
/// between them is needed.
#[derive(Debug, Clone, Default)]
pub struct Air(Arc<AirState>);

#[derive(Debug, Default)]
struct AirState {
    power: AtomicBool,
    sound: AtomicBool,
    deaf: AtomicBool,
}

impl Air {
    /// The relay moved.
    pub fn power(&self, on: bool) {
        self.0.power.store(on, Ordering::Relaxed);
    }

    /// The sink sounds or is silent.
    pub fn sound(&self, audible: bool) {
        self.0.sound.store(audible, Ordering::Relaxed);
    }

    /// Fault knob: a deaf box plays and hears nothing, like a broken amplifier or a cut cable.
    pub fn deafen(&self, deaf: bool) {
        self.0.deaf.store(deaf, Ordering::Relaxed);
    }

    /// Whether the relay is closed.
    pub fn has_power(&self) -> bool {
        self.0.power.load(Ordering::Relaxed)
    }

    /// Whether a listener in the village would hear something.
    pub fn is_loud(&self) -> bool {
        self.has_power() && self.0.sound.load(Ordering::Relaxed)
    }
}

/// The pretend input.
#[derive(Debug)]
pub struct SimulatedSense {
    air: Air,
}

impl SimulatedSense {
    /// An input that hears this air.
    pub const fn new(air: Air) -> Self {
        Self { air }
    }
}

impl Sense for SimulatedSense {
    fn hears(&mut self) -> bool {
        self.air.is_loud() && !self.air.0.deaf.load(Ordering::Relaxed)
    }
}
