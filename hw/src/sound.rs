//! What is heard: the tone of each grade as sweeps, and how sweeps become samples. Arithmetic only.
//!
//! No standard fixes these patterns; they are ours, chosen so that a graver one is quicker and never rests. Where a box
//! has no voice, words stand as silence of their length.

use crate::{speech::Said, voice::Words};
use mingluo_model::bulletin::{Bulletin, Tone};
use std::{f64::consts::TAU, path::PathBuf, sync::Arc, time::Duration};

/// Samples a second, one channel; enough for the horn speakers in use, which carry 300 to 6,000 Hz.
pub const SAMPLE_RATE: u32 = 16_000;
/// Characters of Mandarin that are read out in a second (measured on a synthesised warning: 102 in 22.5 s).
const CHARACTERS_PER_SECOND: f64 = 4.5;
/// Samples over which a piece fades in and out, so that it does not click: 5 ms.
const FADE: f64 = 80.0;

/// A stretch of sound: a sweep from one pitch to another, or silence when both are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// Pitch at its beginning, in Hz.
    pub from_hz: u16,
    /// Pitch at its end, in Hz.
    pub to_hz: u16,
    /// How long it is.
    pub length: Duration,
}

const fn sweep(from_hz: u16, to_hz: u16, millis: u64) -> Sweep {
    Sweep { from_hz, to_hz, length: Duration::from_millis(millis) }
}

const fn silence(millis: u64) -> Sweep {
    pause(Duration::from_millis(millis))
}

const BLUE: [Sweep; 1] = [sweep(440, 880, 2_000)];
const YELLOW: [Sweep; 3] = [sweep(440, 880, 1_500), silence(500), sweep(440, 880, 1_500)];
const ORANGE: [Sweep; 6] = [
    sweep(900, 900, 500),
    sweep(700, 700, 500),
    sweep(900, 900, 500),
    sweep(700, 700, 500),
    sweep(900, 900, 500),
    sweep(700, 700, 500),
];
const RED: [Sweep; 8] = [
    sweep(500, 1_200, 500),
    sweep(1_200, 500, 500),
    sweep(500, 1_200, 500),
    sweep(1_200, 500, 500),
    sweep(500, 1_200, 500),
    sweep(1_200, 500, 500),
    sweep(500, 1_200, 500),
    sweep(1_200, 500, 500),
];
const ALL_CLEAR: [Sweep; 1] = [sweep(880, 440, 2_000)];

/// The pattern of a tone.
pub const fn pattern(tone: Tone) -> &'static [Sweep] {
    match tone {
        Tone::None => &[],
        Tone::Blue => &BLUE,
        Tone::Yellow => &YELLOW,
        Tone::Orange => &ORANGE,
        Tone::Red => &RED,
        Tone::AllClear => &ALL_CLEAR,
    }
}

/// A part of what is heard.
#[derive(Debug, Clone)]
pub enum Piece {
    /// A stretch of tone or silence.
    Sweep(Sweep),
    /// What stands where the words belong: which voice says them is settled when their turn has come. Boxed, since it is
    /// many times as large as the others, of which every round has a dozen.
    Said(Box<Said>),
    /// Words, as soon as they are there.
    Words(Words),
    /// A clip on the card, which is what was signed.
    Clip(PathBuf),
    /// The siren's time: it sounds by its own relay, and the amplifier is given silence.
    Siren,
    /// Samples of a clip.
    Samples(Arc<[i16]>),
}

/// What one round of a bulletin sounds like: tone, breath, the words or their time, breath.
pub fn round(bulletin: &Bulletin, said: Option<Said>) -> Vec<Piece> {
    let said = said.map_or_else(|| Piece::Sweep(time_of(bulletin)), |said| Piece::Said(Box::new(said)));
    let tone = pattern(bulletin.tone).iter().copied().map(Piece::Sweep);
    tone.chain([Piece::Sweep(silence(500)), said, Piece::Sweep(silence(1_000))]).collect()
}

/// Silence for as long as the script would take to be read.
pub fn time_of(bulletin: &Bulletin) -> Sweep {
    let characters = bulletin.script.chars().filter(|letter| !letter.is_whitespace()).count();
    pause(Duration::from_secs_f64(characters as f64 / CHARACTERS_PER_SECOND))
}

/// A stretch of silence.
pub const fn pause(length: Duration) -> Sweep {
    Sweep { from_hz: 0, to_hz: 0, length }
}

impl Sweep {
    /// Whether a listener would hear it.
    pub const fn is_audible(&self) -> bool {
        self.from_hz != 0
    }

    /// The samples from `skip` on, `count` of them, at `volume` percent; silence after the piece's end.
    pub fn samples(self, skip: usize, count: usize, volume: u8) -> impl Iterator<Item = i16> {
        let all = self.length.as_secs_f64() * f64::from(SAMPLE_RATE);
        (skip..skip + count).map(move |index| self.sample(index as f64, all, volume))
    }

    /// One sample of a linear sweep: the phase is the integral of the pitch. `all` is the piece's length in samples.
    fn sample(self, index: f64, all: f64, volume: u8) -> i16 {
        if !self.is_audible() || index >= all {
            return 0;
        }
        let rate = f64::from(SAMPLE_RATE);
        let (from, to) = (f64::from(self.from_hz), f64::from(self.to_hz));
        let turns = (from + (to - from) * index / (2.0 * all)) * index / rate;
        let fade = (index.min(all - index) / FADE).min(1.0);
        let loud = f64::from(volume.min(100)) / 100.0 * 0.8 * f64::from(i16::MAX);
        ((turns * TAU).sin() * fade * loud) as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pretend_clips::share;

    #[test]
    fn a_steady_tone_has_its_own_pitch_and_no_other() {
        let samples: Vec<i16> = pattern(Tone::Orange)[0].samples(0, 8_000, 80).collect();
        assert!(share(&samples, 900.0) > 0.95, "{}", share(&samples, 900.0));
        assert!(share(&samples, 700.0) < 0.01);
    }

    #[test]
    fn a_sweep_begins_low_and_ends_high() {
        let samples: Vec<i16> = pattern(Tone::Blue)[0].samples(0, 32_000, 100).collect();
        let (first, last) = (&samples[..800], &samples[31_200..]);
        assert!(share(first, 445.0) > 0.6 && share(first, 875.0) < 0.05, "{}", share(first, 445.0));
        assert!(share(last, 875.0) > 0.6 && share(last, 445.0) < 0.05, "{}", share(last, 875.0));
    }

    #[test]
    fn volume_zero_is_silent_and_full_volume_does_not_clip() {
        let peak = |volume| BLUE[0].samples(0, 32_000, volume).map(|it| i32::from(it).abs()).max().unwrap();
        assert_eq!(peak(0), 0);
        assert!((26_000..i32::from(i16::MAX)).contains(&peak(100)));
    }
}
