//! Whether it really sounds. On a box this is a detector of current or sound on a pin, which says on or off, or a
//! microphone at a capture device, which says how loud; here stand also the pretend ones, which hear the pretend relay and
//! the pretend sink through one pretend [`Air`].

mod air;
mod capture;

pub use air::{Air, SimulatedFeedback, SimulatedLevels, SimulatedSense};
pub use capture::CaptureSense;

/// An input that hears the loudspeaker (监听).
pub trait Sense: Send {
    /// Whether sound is heard at this moment. An input that says how loud always answers no.
    fn hears(&mut self) -> bool;

    /// Something is about to be played: what was heard before does not matter any more.
    fn attend(&mut self) {}

    /// The levels since the last call or [`Self::attend`], one a [`crate::envelope::STEP`], 0 to 1; `None` when this input
    /// only says on or off.
    fn levels(&mut self) -> Option<Vec<f32>> {
        None
    }

    /// Nothing is played any more.
    fn rest(&mut self) {}
}

/// A box without any such input: it never claims to have sounded.
#[derive(Debug, Clone, Copy)]
pub struct NoSense;

impl Sense for NoSense {
    fn hears(&mut self) -> bool {
        false
    }
}
