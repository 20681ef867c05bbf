//! Pretend clips of one pitch, and how to hear them again: for this crate's tests, inside and outside.

use mingluo_model::bulletin::{AudioClip, AudioCodec};
use opus_pure::{Application, MAX_PACKET_BYTES, OggOpusWriter, OpusEncoder, OpusHead};
use sha2::{Digest as _, Sha256};
use std::f64::consts::TAU;

/// Samples a second of every box.
const SAMPLE_RATE: u32 = 16_000;

/// The share of one pitch in the samples (Goertzel's filter), 0 to about 1.
pub(crate) fn share(samples: &[i16], hz: f64) -> f64 {
    let step = 2.0 * (TAU * hz / f64::from(SAMPLE_RATE)).cos();
    let (one, two) =
        samples.iter().fold((0.0, 0.0), |(one, two), sample| (f64::from(*sample) + step * one - two, one));
    let power = one * one + two * two - step * one * two;
    let energy: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    2.0 * power / (energy * samples.len() as f64)
}

/// A clip that is one pitch for so many samples, as Ogg Opus; what a bulletin would say of it.
pub(crate) fn clip(hz: f64, count: usize) -> (Vec<u8>, AudioClip) {
    const FRAME: usize = 320;
    let mut encoder = OpusEncoder::new(SAMPLE_RATE as i32, 1, Application::Voip).unwrap();
    encoder.bitrate_bps = 16_000;
    let head = OpusHead::for_encoder(&encoder, SAMPLE_RATE);
    let end = u64::from(head.pre_skip) + 3 * count as u64;
    let n_frames = (count + head.pre_skip as usize / 3).div_ceil(FRAME);
    let mut out = OggOpusWriter::new(Vec::new(), head).unwrap();
    let mut packet = vec![0; MAX_PACKET_BYTES];
    for frame in 0..n_frames {
        let sample = |at: usize| {
            let turns = at as f64 * hz / f64::from(SAMPLE_RATE);
            if at < count { (20_000.0 * (turns * TAU).sin()) as i16 } else { 0 }
        };
        let samples: Vec<i16> = (frame * FRAME..(frame + 1) * FRAME).map(sample).collect();
        let length = encoder.encode_s16(&samples, FRAME, &mut packet).unwrap();
        let left = end - out.granule() as u64;
        out.write_packet_with_duration(&packet[..length], left.min(960) as u32).unwrap();
    }
    let bytes = out.finish().unwrap();
    let (len, sha256) = (bytes.len() as u32, Sha256::digest(&bytes).into());
    (bytes, AudioClip { codec: AudioCodec::Opus, len, sha256 })
}

/// How loud, against the loudest that fits.
pub(crate) fn loudness(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (sum / samples.len() as f64).sqrt() / f64::from(i16::MAX)
}
