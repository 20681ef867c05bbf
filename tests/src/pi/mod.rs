//! The box on a Raspberry Pi that is no more than a program (树莓派仿真): QEMU's model of the 3B runs Debian's kernel and
//! the real box, built for arm64 with its real pins. `tests/pi` fetches and builds what it takes.
//!
//! The cast. [`card`] is what lies on the board's card. [`machine`] is the board, with a shell on its network to type at and a
//! monitor through which its pins are read, so that nothing rests on what the box says of itself. [`city`] is the
//! product's own hub and listener on this machine, with a root and a signer. [`story`] is what happens.
//!
//! The board has no clock, so it wakes in 1970 each time; it has no ear, so nothing is ever reported as sounded. Not to be
//! seen here: a button's edge, a sound card, the pins of a Pi 5.

pub mod card;
pub mod city;
pub mod machine;
pub mod story;

use std::path::PathBuf;

/// Where the pieces lie.
#[derive(Debug, Clone, clap::Args)]
pub struct PiOptions {
    /// The box, built for aarch64-unknown-linux-musl.
    #[arg(long = "box", value_name = "FILE")]
    pub box_program: PathBuf,
    /// A folder in which Debian's arm64 packages linux-image and busybox-static are unpacked.
    #[arg(long, value_name = "DIR")]
    pub root: PathBuf,
    /// The unit file that is played.
    #[arg(long, value_name = "FILE", default_value = "deploy/mingluo-speaker.service")]
    pub unit: PathBuf,
    /// Bulletins that are timed.
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub count: u16,
    /// Keep the working folder with consoles and card here.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// The pin of the relay, BCM number.
pub const PIN: u8 = 17;
