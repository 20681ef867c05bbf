//! The pretend air, and the pretend inputs in it.

use super::Sense;
use crate::{contact::Contact, envelope::STEP};
use mingluo_model::clock::SharedClock;
use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The pretend air between pretend relay, sink and sense; clones share it. Each word alone is enough, so no order
/// between them is needed.
#[derive(Debug, Clone, Default)]
pub struct Air(Arc<AirState>);

#[derive(Debug, Default)]
struct AirState {
    power: AtomicBool,
    sound: AtomicBool,
    deaf: AtomicBool,
    noise: AtomicBool,
    hum: AtomicBool,
    welded: AtomicBool,
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

    /// Fault knob: something else is loud all the time, like rain on the horn or a hum in the amplifier.
    pub fn make_noise(&self, noise: bool) {
        self.0.noise.store(noise, Ordering::Relaxed);
    }

    /// Fault knob: the amplifier hums as soon as it has power.
    pub fn make_hum(&self, hum: bool) {
        self.0.hum.store(hum, Ordering::Relaxed);
    }

    /// Fault knob: the relay's contact sticks, so that the amplifier has power whatever the relay is told.
    pub fn weld(&self, welded: bool) {
        self.0.welded.store(welded, Ordering::Relaxed);
    }

    /// Whether the relay is closed.
    pub fn has_power(&self) -> bool {
        self.0.power.load(Ordering::Relaxed) || self.0.welded.load(Ordering::Relaxed)
    }

    /// Whether a listener in the village would hear something.
    pub fn is_loud(&self) -> bool {
        self.has_power() && self.0.sound.load(Ordering::Relaxed)
    }

    fn reaches(&self) -> bool {
        let loud = self.is_loud() && !self.0.deaf.load(Ordering::Relaxed);
        let hums = self.has_power() && self.0.hum.load(Ordering::Relaxed);
        loud || hums || self.0.noise.load(Ordering::Relaxed)
    }
}

/// The pretend input that says on or off.
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
        self.air.reaches()
    }
}

/// The pretend microphone: half of full scale when something is loud, a hundredth of it otherwise. It must be asked before
/// the air changes, which is what the agent does at every block.
pub struct SimulatedLevels {
    air: Air,
    clock: SharedClock,
    time_scale: NonZeroU32,
    // The clock's tick up to which levels were given.
    told: Duration,
}

impl SimulatedLevels {
    /// A microphone in this air; playing runs `time_scale` times faster than the clock.
    pub fn new(air: Air, clock: SharedClock, time_scale: NonZeroU32) -> Self {
        let told = clock.ticks();
        Self { air, clock, time_scale, told }
    }
}

impl Sense for SimulatedLevels {
    fn hears(&mut self) -> bool {
        false
    }

    fn attend(&mut self) {
        self.told = self.clock.ticks();
    }

    fn levels(&mut self) -> Option<Vec<f32>> {
        let step = STEP / self.time_scale.get();
        let passed = self.clock.ticks().saturating_sub(self.told);
        let steps = (passed.as_nanos() / step.as_nanos().max(1)) as u32;
        self.told += step * steps;
        let level = if self.air.reaches() { 0.5 } else { 0.01 };
        Some(vec![level; steps as usize])
    }
}

/// The pretend contact behind the pretend relay: on while the amplifier has power.
#[derive(Debug)]
pub struct SimulatedFeedback {
    air: Air,
}

impl SimulatedFeedback {
    /// A contact that sees the relay of this air.
    pub const fn new(air: Air) -> Self {
        Self { air }
    }
}

impl Contact for SimulatedFeedback {
    fn is_on(&mut self) -> bool {
        self.air.has_power()
    }
}
