//! Contacts: the button at the box with its key, the switch under the lid, the mains. What they mean is the agent's affair.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A contact that is open or closed.
pub trait Contact: Send {
    /// Whether it is on at this moment: the button is pressed, the lid is open.
    fn is_on(&mut self) -> bool;
}

/// The button at the box (本地鸣锣按钮): held long enough, it sounds the alarm of this village.
pub struct Button {
    /// The contact.
    pub contact: Box<dyn Contact>,
    /// The key switch (钥匙开关), if there is one: without the key turned, the button is dead.
    pub key: Option<Box<dyn Contact>>,
    /// How long it must be held, so that nobody sounds it by brushing past.
    pub hold: Duration,
    /// How long it sounds.
    pub sounding: Duration,
}

impl Button {
    /// Whether it is pressed by somebody who has the key.
    pub fn is_pressed(&mut self) -> bool {
        self.key.as_mut().is_none_or(|key| key.is_on()) && self.contact.is_on()
    }
}

/// A pretend contact; clones share it.
#[derive(Debug, Clone, Default)]
pub struct SimulatedContact(Arc<AtomicBool>);

impl SimulatedContact {
    /// Presses or lets go.
    pub fn set(&self, on: bool) {
        self.0.store(on, Ordering::Relaxed);
    }
}

impl Contact for SimulatedContact {
    fn is_on(&mut self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
