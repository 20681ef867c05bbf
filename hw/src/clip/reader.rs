//! A clip as samples, one packet at a time: a minute of speech is two megabytes of samples and never in memory at once.

use crate::sound::SAMPLE_RATE;
use opus_pure::{MAX_PACKET_SAMPLES, OggOpusReader, OggPacket, OpusDecoder, Trim};
use std::{fs::File, io::BufReader, ops::Range, path::Path};

/// Why a clip cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// The file cannot be read.
    #[error("语音文件读不了 / the clip's file cannot be read")]
    File(#[from] std::io::Error),
    /// It is not Ogg Opus, or breaks off.
    #[error("语音不是 Ogg Opus 文件 / the clip is no Ogg Opus file: {0}")]
    Codec(String),
    /// It has several channels; a loudspeaker has one.
    #[error("语音有 {0} 个声道，应为一个 / the clip has {0} channels, must be one")]
    Channels(u8),
}

impl From<opus_pure::Error> for ClipError {
    fn from(error: opus_pure::Error) -> Self {
        Self::Codec(error.to_string())
    }
}

/// An Ogg Opus file (RFC 7845) that is being played.
pub struct ClipReader {
    reader: OggOpusReader<BufReader<File>>,
    decoder: OpusDecoder,
    trim: Trim,
    packet: OggPacket,
    block: Vec<i16>,
    // What of the block has not been handed out.
    pending: Range<usize>,
}

impl std::fmt::Debug for ClipReader {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ClipReader")
    }
}

impl ClipReader {
    /// Opens a clip at its beginning.
    ///
    /// # Errors
    /// [`ClipError`] when it cannot be read or is nothing that this box plays.
    pub fn open(file: &Path) -> Result<Self, ClipError> {
        let reader = OggOpusReader::new(BufReader::new(File::open(file)?))?;
        let channels = reader.head().channel_count;
        if channels != 1 {
            return Err(ClipError::Channels(channels));
        }
        let rate = SAMPLE_RATE as i32;
        let (decoder, trim) = (reader.head().decoder(rate)?, Trim::new(reader.head(), rate, 1)?);
        let block = vec![0; MAX_PACKET_SAMPLES];
        Ok(Self { reader, decoder, trim, packet: OggPacket::default(), block, pending: 0..0 })
    }

    /// The next samples, at most so many, 16-bit at [`SAMPLE_RATE`]; none at the end.
    ///
    /// # Errors
    /// [`ClipError`] where the file breaks off.
    pub fn read(&mut self, most: usize) -> Result<Vec<i16>, ClipError> {
        let mut samples = Vec::with_capacity(most.min(2 * SAMPLE_RATE as usize));
        while samples.len() < most && self.refill()? {
            let end = self.pending.end.min(self.pending.start + most - samples.len());
            samples.extend_from_slice(&self.block[self.pending.start..end]);
            self.pending.start = end;
        }
        Ok(samples)
    }

    /// Decodes the next packet when nothing is pending; `false` at the end.
    fn refill(&mut self) -> Result<bool, ClipError> {
        while self.pending.is_empty() {
            if !self.reader.read_packet_into(&mut self.packet)? {
                return Ok(false);
            }
            let count = self.decoder.decode_s16(&self.packet.data, MAX_PACKET_SAMPLES, &mut self.block)?;
            self.pending = self.trim.keep_range(&self.packet, count);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::village::clip_file;

    #[test]
    fn a_clip_is_read_in_small_pieces_and_is_as_long_as_it_was_made() {
        let dir = tempfile::tempdir().unwrap();
        let (file, _) = clip_file(dir.path(), 700.0, 32_000);
        let mut reader = ClipReader::open(&file).unwrap();
        let pieces: Vec<Vec<i16>> = std::iter::repeat_with(|| reader.read(1_600).unwrap())
            .take_while(|piece| !piece.is_empty())
            .collect();
        assert!(pieces.iter().all(|piece| piece.len() <= 1_600));
        assert_eq!(pieces.concat().len(), 32_000);
    }

    #[test]
    fn what_is_no_clip_is_told_and_nothing_panics() {
        let dir = tempfile::tempdir().unwrap();
        let (file, _) = clip_file(dir.path(), 700.0, 16_000);
        let whole = std::fs::read(&file).unwrap();
        for broken in [Vec::new(), b"RIFF....WAVE".to_vec(), whole[..60].to_vec()] {
            std::fs::write(&file, broken).unwrap();
            assert!(ClipReader::open(&file).is_err());
        }
        for at in (0..whole.len()).step_by(7) {
            let mut turned = whole.clone();
            turned[at] ^= 0x55;
            std::fs::write(&file, turned).unwrap();
            let Ok(mut reader) = ClipReader::open(&file) else { continue };
            while reader.read(16_000).is_ok_and(|samples| !samples.is_empty()) {}
        }
    }
}
