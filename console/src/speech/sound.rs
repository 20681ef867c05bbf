//! What an engine said, as the boxes play it: one channel, 16 kHz, as loud as their tones. Arithmetic only.

use super::SpeechError;
use std::{f64::consts::PI, time::Duration};

/// Samples a second of every box; horn loudspeakers carry nothing above what that keeps.
pub(super) const RATE: u32 = 16_000;
/// How loud speech is made, against the loudest that fits; the boxes' tones stand at the same.
const PEAK: f64 = 0.8;
/// Below this, against the loudest that fits, it is silence and not speech.
const SILENCE: f64 = 0.01;
/// Seconds at most; the longest script takes five minutes to be read (see `LONGEST_SCRIPT`).
const LONGEST: u64 = 600;
/// Zero crossings of the filter on either side.
const CROSSINGS: f64 = 16.0;

/// Reads a WAV file.
///
/// # Errors
/// [`SpeechError`] when it is no sound, silent or too long.
pub(super) fn read(wav: &[u8]) -> Result<Vec<i16>, SpeechError> {
    let bad = |error: hound::Error| SpeechError::Wav { detail: error.to_string() };
    let reader = hound::WavReader::new(wav).map_err(bad)?;
    let spec = reader.spec();
    if spec.bits_per_sample != 16 || spec.sample_format != hound::SampleFormat::Int {
        return Err(SpeechError::Wav { detail: format!("{} bits a sample", spec.bits_per_sample) });
    }
    if !(8_000..=48_000).contains(&spec.sample_rate) {
        return Err(SpeechError::Wav { detail: format!("{} Hz, must be 8000 to 48000", spec.sample_rate) });
    }
    let seconds = u64::from(reader.duration() / spec.sample_rate);
    if seconds > LONGEST {
        return Err(SpeechError::Long { seconds, most: LONGEST });
    }
    let channels = usize::from(spec.channels.max(1));
    let samples = reader.into_samples::<i16>().step_by(channels).map(|sample| sample.map(f64::from));
    let samples = samples.collect::<Result<Vec<_>, _>>().map_err(bad)?;
    level(&resample(&samples, spec.sample_rate))
}

/// How long samples sound.
pub(super) fn length(samples: &[i16]) -> Duration {
    Duration::from_millis(samples.len() as u64 * 1_000 / u64::from(RATE))
}

/// Another rate, by a windowed sinc: what the lower rate cannot carry is taken out and does not come back as noise.
fn resample(samples: &[f64], rate: u32) -> Vec<f64> {
    if rate == RATE {
        return samples.to_vec();
    }
    let step = f64::from(rate) / f64::from(RATE);
    let cutoff = 1.0_f64.min(1.0 / step);
    let reach = CROSSINGS / cutoff;
    let count = (samples.len() as f64 / step) as usize;
    let one = |nth: usize| {
        let place = nth as f64 * step;
        let first = (place - reach).ceil().max(0.0) as usize;
        let last = samples.len().min((place + reach) as usize + 1);
        let weighed = |at: usize| samples[at] * weight(at as f64 - place, cutoff, reach);
        (first..last).map(weighed).sum()
    };
    (0..count).map(one).collect()
}

fn weight(distance: f64, cutoff: f64, reach: f64) -> f64 {
    let turn = PI * distance * cutoff;
    let sinc = if turn.abs() < 1e-9 { 1.0 } else { turn.sin() / turn };
    let window = 0.5 + 0.5 * (PI * distance / reach).cos();
    cutoff * sinc * window
}

fn level(samples: &[f64]) -> Result<Vec<i16>, SpeechError> {
    let full = f64::from(i16::MAX);
    let peak = samples.iter().fold(0.0_f64, |peak, sample| peak.max(sample.abs()));
    if peak < SILENCE * full {
        return Err(SpeechError::Silent);
    }
    let gain = PEAK * full / peak;
    Ok(samples.iter().map(|sample| (sample * gain) as i16).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(rate: u32, channels: u16, hz: f64, peak: f64) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for nth in 0..2 * rate {
            let turn = f64::from(nth) * hz / f64::from(rate) * 2.0 * PI;
            (0..channels).for_each(|_| writer.write_sample((peak * turn.sin()) as i16).unwrap());
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    fn rms(samples: &[i16]) -> f64 {
        let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        (sum / samples.len() as f64).sqrt() / f64::from(i16::MAX)
    }

    #[test]
    fn what_was_said_has_the_boxes_rate_and_the_tones_loudness() {
        for (rate, channels) in [(22_050, 1), (48_000, 2), (8_000, 1), (16_000, 1)] {
            let samples = read(&wav(rate, channels, 700.0, 3_000.0)).unwrap();
            assert!((31_998..=32_000).contains(&samples.len()), "{rate}: {}", samples.len());
            assert_eq!(length(&samples).as_millis().div_ceil(100), 20);
            assert!((0.5..0.6).contains(&rms(&samples)), "{rate}: {}", rms(&samples));
        }
    }

    #[test]
    fn what_a_box_cannot_carry_does_not_come_back_as_another_pitch() {
        let mut both: Vec<f64> = Vec::new();
        for nth in 0..48_000 {
            let turn = f64::from(nth) / 48_000.0 * 2.0 * PI;
            both.push(10_000.0 * (turn * 11_000.0).sin());
        }
        let left = resample(&both, 48_000);
        let loudest = left[200..left.len() - 200].iter().fold(0.0_f64, |most, one| most.max(one.abs()));
        assert!(loudest < 100.0, "{loudest}");
    }

    #[test]
    fn silence_noise_and_half_a_file_are_no_speech() {
        assert!(matches!(read(&wav(16_000, 1, 700.0, 20.0)), Err(SpeechError::Silent)));
        assert!(matches!(read(b"<html>busy</html>"), Err(SpeechError::Wav { .. })));
        let whole = wav(16_000, 1, 700.0, 3_000.0);
        assert!(matches!(read(&whole[..5_001]), Err(SpeechError::Wav { .. })));
    }
}
