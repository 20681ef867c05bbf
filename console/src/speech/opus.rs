//! Speech as Ogg Opus (RFC 6716, RFC 7845), and back as WAV for radio stations that want that.

use super::{SpeechError, sound::RATE};
use opus_pure::{
    Application, MAX_PACKET_BYTES, MAX_PACKET_SAMPLES, OggOpusReader, OggOpusWriter, OpusEncoder, OpusHead,
    Trim,
};
use std::io::Cursor;

/// Bits a second: 44 kB for 22 s, and a recogniser hears as much in it as in the original (measured).
const BITRATE: i32 = 16_000;
/// Samples of a packet: 20 ms.
const FRAME: usize = RATE as usize / 50;
/// The container counts at 48 kHz whatever the rate (RFC 7845, 4).
const TICKS: usize = 48_000 / RATE as usize;

impl From<opus_pure::Error> for SpeechError {
    fn from(error: opus_pure::Error) -> Self {
        Self::Codec { detail: error.to_string() }
    }
}

/// Packs samples; unpacked they are exactly as many again.
///
/// # Errors
/// [`SpeechError::Codec`].
pub fn pack(samples: &[i16]) -> Result<Vec<u8>, SpeechError> {
    let mut encoder = OpusEncoder::new(RATE as i32, 1, Application::Voip)?;
    encoder.bitrate_bps = BITRATE;
    let head = OpusHead::for_encoder(&encoder, RATE);
    let skipped = usize::from(head.pre_skip);
    // The encoder runs behind its input: silence after it brings the last samples out.
    let n_frames = (samples.len() + skipped.div_ceil(TICKS)).div_ceil(FRAME);
    let end = skipped + samples.len() * TICKS;
    // The stream's number is drawn by the library; ours is fixed, so that the same speech is the same file.
    let mut out = OggOpusWriter::with_serial(Vec::new(), head, opus_pure::OpusTags::new(), 1)?;
    let mut packet = vec![0; MAX_PACKET_BYTES];
    for nth in 0..n_frames {
        let mut frame = [0; FRAME];
        let rest = samples.get(nth * FRAME..).unwrap_or_default();
        let count = rest.len().min(FRAME);
        frame[..count].copy_from_slice(&rest[..count]);
        let length = encoder.encode_s16(&frame, FRAME, &mut packet)?;
        let left = end - usize::try_from(out.granule()).unwrap_or(end);
        out.write_packet_with_duration(&packet[..length], left.min(FRAME * TICKS) as u32)?;
    }
    Ok(out.finish()?)
}

/// Unpacks a clip into a WAV file.
///
/// # Errors
/// [`SpeechError::Codec`] when it is none.
pub fn wav(clip: &[u8]) -> Result<Vec<u8>, SpeechError> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let failed = |error: hound::Error| SpeechError::Codec { detail: error.to_string() };
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).map_err(failed)?;
    for sample in unpack(clip)? {
        writer.write_sample(sample).map_err(failed)?;
    }
    writer.finalize().map_err(failed)?;
    Ok(bytes.into_inner())
}

fn unpack(clip: &[u8]) -> Result<Vec<i16>, SpeechError> {
    let mut reader = OggOpusReader::new(clip)?;
    let mut decoder = reader.head().decoder(RATE as i32)?;
    let mut trim = Trim::new(reader.head(), RATE as i32, 1)?;
    let (mut block, mut samples) = (vec![0; MAX_PACKET_SAMPLES], Vec::new());
    while let Some(packet) = reader.read_packet()? {
        let count = decoder.decode_s16(&packet.data, MAX_PACKET_SAMPLES, &mut block)?;
        samples.extend_from_slice(&block[trim.keep_range(&packet, count)]);
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn packed_speech_is_small_the_same_each_time_and_as_long_as_before() {
        let sample = |nth: u32| (20_000.0 * (f64::from(nth) * 440.0 / 16_000.0 * TAU).sin()) as i16;
        let samples: Vec<i16> = (0..16_000 * 5 + 123).map(sample).collect();
        let clip = pack(&samples).unwrap();
        assert_eq!(pack(&samples).unwrap(), clip);
        assert!(clip.len() < 5 * 2_600, "{} bytes for five seconds", clip.len());
        let unpacked = unpack(&clip).unwrap();
        assert_eq!(unpacked.len(), samples.len());
        let energy = |all: &[i16]| all.iter().map(|one| f64::from(*one).powi(2)).sum::<f64>();
        assert!((0.8..1.2).contains(&(energy(&unpacked) / energy(&samples))));
        assert_eq!(wav(&clip).unwrap().len(), 44 + 2 * samples.len());
        assert!(wav(b"no clip").is_err());
    }
}
