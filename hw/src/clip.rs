//! Speech that was made in the city (音频文件): fetched by its digest, kept on the card, played from there.
//!
//! The cast. [`ClipBoard`] is where the agent says which clips it will need and asks what became of them; [`shelf`] keeps
//! them, whole and in part, and lets nothing off it whose digest is not the signed one; [`fetch`] brings them, beside
//! the link and in nobody's way; [`reader`] makes samples of one, a breath at a time; [`library`] holds the ones for
//! days without a network. None of them believes the city's web tier or the card: a clip is what its bulletin's
//! signature says, or it is not played.

mod board;
pub mod fetch;
mod https;
pub mod library;
pub mod reader;
pub mod shelf;

pub use board::{ClipBoard, Found};
pub use https::CityClips;
use mingluo_model::bulletin::AudioClip;

/// Bytes of the longest clip: half an hour at 16 kbit/s. A longer promise is not fetched.
pub const LONGEST: u32 = 4 * 1024 * 1024;

/// The name of a clip: its digest in hexadecimal.
pub fn name(clip: &AudioClip) -> String {
    hex::encode(clip.sha256)
}
