//! The pins of a Raspberry Pi (引脚): an output that drives the relay, inputs that are looked at. They are reached through
//! the registers, and only a program that was built for a Pi has them; every other is told so.
//!
//! Measured on an emulated board: a pin that a killed, aborted or exited process had driven high stays high, and so it
//! does after the next process has used it and left in peace. So an output is driven to rest *before* it becomes an
//! output, stays a driven output when the program ends, and is set to rest by whoever holds it.

use crate::{contact::Contact, relay::Relay, sense::Sense};

/// A pin and what "on" means there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// Its BCM number, 2 to 27.
    pub number: u8,
    /// "On" is the low level: many relay boards switch so, and so does a contact to ground with a pull-up.
    pub active_low: bool,
}

/// Why a pin cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// No Pi, no permission, or the number is none.
    #[error(
        "引脚 {number} 不能用：请核对是否树莓派、用户是否在 gpio 组 / cannot be had; is this a Raspberry Pi and is the user in group gpio?"
    )]
    Library {
        /// Its BCM number.
        number: u8,
        /// What the library says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The program was built for another machine.
    #[error(
        "引脚 {number}：本程序不是为树莓派编译的，请设 kind = \"simulated\" 或去掉引脚 / this program was not built for a Raspberry Pi; set kind = \"simulated\" or leave the pin out"
    )]
    NotBuiltForPins {
        /// Its BCM number.
        number: u8,
    },
}

/// The pin as a relay; it is at rest from here on.
///
/// # Errors
/// [`PinError`] when it cannot be had.
pub fn relay(pin: Pin) -> Result<Box<dyn Relay>, PinError> {
    board::relay(pin)
}

/// The pin as an ear: the output of a current or sound detector.
///
/// # Errors
/// [`PinError`] when it cannot be had.
pub fn sense(pin: Pin) -> Result<Box<dyn Sense>, PinError> {
    board::sense(pin)
}

/// The pin as a contact: a case switch or a button.
///
/// # Errors
/// [`PinError`] when it cannot be had.
pub fn contact(pin: Pin) -> Result<Box<dyn Contact>, PinError> {
    board::contact(pin)
}

#[cfg(any(target_arch = "aarch64", target_arch = "arm"))]
mod board {
    use super::{Contact, Pin, PinError, Relay, Sense};
    use crate::relay::RelayError;
    use rppal::gpio::{Error, Gpio, InputPin, OutputPin};

    pub(super) fn relay(pin: Pin) -> Result<Box<dyn Relay>, PinError> {
        let free = take(pin)?;
        // The level is set while the pin is still what it was; only then it becomes an output.
        let mut output = if pin.active_low { free.into_output_high() } else { free.into_output_low() };
        // The library's reset would let it float, or leave it on when a killed program had it before.
        output.set_reset_on_drop(false);
        Ok(Box::new(Output { pin: output, active_low: pin.active_low }))
    }

    pub(super) fn sense(pin: Pin) -> Result<Box<dyn Sense>, PinError> {
        Ok(Box::new(input(pin)?))
    }

    pub(super) fn contact(pin: Pin) -> Result<Box<dyn Contact>, PinError> {
        Ok(Box::new(input(pin)?))
    }

    fn take(pin: Pin) -> Result<rppal::gpio::Pin, PinError> {
        let failed = |source: Error| PinError::Library { number: pin.number, source: Box::new(source) };
        Gpio::new().map_err(failed)?.get(pin.number).map_err(failed)
    }

    /// Pulled to rest, so that a cut wire is not "on".
    fn input(pin: Pin) -> Result<Input, PinError> {
        let free = take(pin)?;
        let input = if pin.active_low { free.into_input_pullup() } else { free.into_input_pulldown() };
        Ok(Input { pin: input, active_low: pin.active_low })
    }

    struct Output {
        pin: OutputPin,
        active_low: bool,
    }

    impl Relay for Output {
        fn on(&mut self) -> Result<(), RelayError> {
            if self.active_low {
                self.pin.set_low()
            } else {
                self.pin.set_high()
            }
            Ok(())
        }

        fn off(&mut self) -> Result<(), RelayError> {
            if self.active_low {
                self.pin.set_high()
            } else {
                self.pin.set_low()
            }
            Ok(())
        }
    }

    struct Input {
        pin: InputPin,
        active_low: bool,
    }

    impl Contact for Input {
        fn is_on(&mut self) -> bool {
            self.pin.is_high() != self.active_low
        }
    }

    impl Sense for Input {
        fn hears(&mut self) -> bool {
            self.is_on()
        }
    }
}

#[cfg(not(any(target_arch = "aarch64", target_arch = "arm")))]
mod board {
    use super::{Contact, Pin, PinError, Relay, Sense};

    const fn none<T>(pin: Pin) -> Result<T, PinError> {
        Err(PinError::NotBuiltForPins { number: pin.number })
    }

    pub(super) fn relay(pin: Pin) -> Result<Box<dyn Relay>, PinError> {
        none(pin)
    }

    pub(super) fn sense(pin: Pin) -> Result<Box<dyn Sense>, PinError> {
        none(pin)
    }

    pub(super) fn contact(pin: Pin) -> Result<Box<dyn Contact>, PinError> {
        none(pin)
    }
}
