//! How loud, step by step (包络): of what is played and of what a microphone or a current sensor hears, and how alike the
//! two are. Arithmetic only. A truck that passes is loud; only the loudspeaker is loud when the clip is, and still when
//! the clip is.

use crate::sound::SAMPLE_RATE;
use std::{ops::RangeInclusive, time::Duration};

/// One step: long enough to be deaf to pitch and echo, short enough to follow syllables and pauses.
pub const STEP: Duration = Duration::from_millis(100);
/// Samples of one step.
pub const STEP_SAMPLES: usize = SAMPLE_RATE as usize / 10;
/// Likeness from which on it is the loudspeaker that is heard. Independent noise over the fewest steps, at the best of all
/// lags, stays below 0.6 in all but one of ten thousand trials (measured, see the tests).
pub const ALIKE: f32 = 0.7;
/// What lies between writing a sample and hearing it: the player's buffers, the card, the air, the recorder; in steps.
const LAGS: RangeInclusive<usize> = 0..=20;
/// Steps that must be compared at least.
const FEWEST: usize = 25;
/// Steps that are compared at most, the latest ones: a minute.
const MOST: usize = 600;
/// Loud and quiet steps that a clip must have, each, before it can be told from a steady noise.
const CONTRAST: usize = 5;

/// Levels of a sound, one a [`STEP`], 0 (silence) to 1 (the loudest that fits).
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    levels: Vec<f32>,
    energy: f64,
    n_samples: usize,
}

impl Envelope {
    /// Takes the next samples in.
    pub fn take(&mut self, samples: impl IntoIterator<Item = i16>) {
        for sample in samples {
            self.energy += (f64::from(sample) / f64::from(i16::MAX)).powi(2);
            self.n_samples += 1;
            if self.n_samples == STEP_SAMPLES {
                self.levels.push((self.energy / STEP_SAMPLES as f64).sqrt() as f32);
                (self.energy, self.n_samples) = (0.0, 0);
            }
        }
    }

    /// The levels of all whole steps.
    pub fn levels(&self) -> &[f32] {
        &self.levels
    }

    /// Hands the levels of all whole steps over and forgets them.
    pub fn drain(&mut self) -> Vec<f32> {
        std::mem::take(&mut self.levels)
    }
}

/// How well what is heard follows what was played, -1 to 1, at the lag that suits it best; both begin at the same moment.
/// `None` while too little was played to tell, or nothing but a steady tone.
pub fn likeness(played: &[f32], heard: &[f32]) -> Option<f32> {
    LAGS.filter_map(|lag| {
        let late = heard.get(lag..)?;
        let common = played.len().min(late.len());
        let window = common.saturating_sub(MOST)..common;
        let (played, late) = (&played[window.clone()], &late[window]);
        (played.len() >= FEWEST && has_contrast(played)).then(|| correlation(played, late))
    })
    .max_by(f32::total_cmp)
}

fn has_contrast(levels: &[f32]) -> bool {
    let middle = levels.iter().copied().fold(0.0, f32::max) / 2.0;
    let n_loud = levels.iter().filter(|level| **level > middle).count();
    middle > 0.0 && n_loud >= CONTRAST && levels.len() - n_loud >= CONTRAST
}

/// Pearson's coefficient of two rows of one length; zero when one of them does not move.
fn correlation(one: &[f32], other: &[f32]) -> f32 {
    let mean = |row: &[f32]| row.iter().copied().map(f64::from).sum::<f64>() / row.len().max(1) as f64;
    let (mean_one, mean_other) = (mean(one), mean(other));
    let (mut both, mut own, mut theirs) = (0.0, 0.0, 0.0);
    for (one, other) in one.iter().zip(other) {
        let (one, other) = (f64::from(*one) - mean_one, f64::from(*other) - mean_other);
        both += one * other;
        own += one * one;
        theirs += other * other;
    }
    let scale = (own * theirs).sqrt();
    // Below this a row is still but for rounding.
    if scale < 1e-9 { 0.0 } else { (both / scale) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

    /// A tone of a second, a pause, two seconds of words: over and over.
    fn clip(steps: usize) -> Vec<f32> {
        (0..steps).map(|step| [0.6, 0.6, 0.0, 0.3, 0.1][step / 10 % 5]).collect()
    }

    #[test]
    fn a_tone_is_as_loud_as_it_is_and_silence_is_silent() {
        let mut envelope = Envelope::default();
        envelope.take(std::iter::repeat_n(i16::MAX, STEP_SAMPLES * 2 + 1));
        envelope.take(std::iter::repeat_n(0, STEP_SAMPLES * 2 - 1));
        assert_eq!(envelope.levels().len(), 4);
        assert!((envelope.levels()[0] - 1.0).abs() < 1e-4 && envelope.levels()[3] < 1e-4);
    }

    #[test]
    fn noise_that_follows_nothing_is_not_taken_for_the_clip() {
        let mut chance = StdRng::seed_from_u64(7);
        let mut n_wrong = 0;
        for _ in 0..10_000 {
            let noise: Vec<f32> = (0..70).map(|_| chance.random::<f32>()).collect();
            n_wrong += u32::from(likeness(&clip(50), &noise).is_some_and(|found| found >= 0.6));
        }
        assert!(n_wrong <= 1, "{n_wrong} of 10,000");
    }

    #[test]
    fn a_steady_noise_or_a_steady_tone_proves_nothing() {
        assert_eq!(likeness(&clip(100), &[0.4; 100]), Some(0.0));
        assert_eq!(likeness(&[0.5; 100], &clip(100)), None);
        assert_eq!(likeness(&clip(FEWEST - 1), &clip(100)), None);
        assert_eq!(likeness(&[], &[]), None);
    }

    proptest! {
        #[test]
        fn the_clip_is_known_at_every_lag_gain_and_noise_floor(
            lag in LAGS,
            gain in 0.05_f32..3.0,
            floor in 0.0_f32..0.5,
            steps in 60_usize..900,
            seed in any::<u64>(),
        ) {
            let mut chance = StdRng::seed_from_u64(seed);
            let played = clip(steps);
            let lead = std::iter::repeat_n(0.0, lag);
            let heard: Vec<f32> = lead.chain(played.iter().copied())
                .map(|level| level * gain + floor + chance.random_range(0.0..0.1) * gain).collect();
            prop_assert!(likeness(&played, &heard).unwrap() > ALIKE);
        }

        #[test]
        fn a_broken_amplifier_is_not_taken_for_a_good_one(
            quiet in 0.0_f32..0.2, steps in 60_usize..300, seed in any::<u64>(),
        ) {
            let mut chance = StdRng::seed_from_u64(seed);
            let heard: Vec<f32> = (0..steps + 20).map(|_| quiet * chance.random::<f32>()).collect();
            prop_assert!(likeness(&clip(steps), &heard).unwrap() < ALIKE);
        }

        #[test]
        fn no_levels_lead_out_of_bounds(
            played in proptest::collection::vec(-1.0_f32..2.0, 0..80),
            heard in proptest::collection::vec(-1.0_f32..2.0, 0..120),
        ) {
            if let Some(found) = likeness(&played, &heard) {
                prop_assert!((-1.001..=1.001).contains(&found));
            }
        }
    }
}
