//! From a bulletin to a sink, block by block. The player knows how far it is; when the next block is due is the
//! agent's affair, and where the samples go is the sink's.

use crate::{
    sense::Air,
    sound::{Piece, SAMPLE_RATE, pattern, round},
};
use mingluo_model::bulletin::{Bulletin, EbmId, Tone};
use std::{path::PathBuf, time::Duration};

/// A part of a piece, small enough to stop after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    piece: Piece,
    skip: Duration,
    /// How long it sounds.
    pub length: Duration,
    volume: u8,
}

impl Block {
    /// Whether a listener would hear it.
    pub const fn is_audible(&self) -> bool {
        self.piece.is_audible() && self.volume > 0
    }

    /// Its samples, 16-bit, one channel, [`SAMPLE_RATE`].
    pub fn samples(&self) -> impl Iterator<Item = i16> {
        self.piece.samples(in_samples(self.skip), in_samples(self.length), self.volume)
    }
}

fn in_samples(length: Duration) -> usize {
    (length.as_secs_f64() * f64::from(SAMPLE_RATE)).round() as usize
}

/// The way through one bulletin's sound: rounds of pieces, cut at a hard limit.
#[derive(Debug)]
pub struct Score {
    pieces: Vec<Piece>,
    rounds_left: u8,
    at: usize,
    skip: Duration,
    left: Duration,
    volume: u8,
}

impl Score {
    /// The score of a bulletin, no longer than `longest` and no louder than `volume_most` percent.
    pub fn of(bulletin: &Bulletin, longest: Duration, volume_most: u8) -> Self {
        Self::new(round(bulletin), bulletin.repeats, longest, bulletin.volume.min(volume_most))
    }

    /// The score of a bare tone, played once.
    pub fn of_tone(tone: Tone, longest: Duration, volume: u8) -> Self {
        Self::new(pattern(tone).to_vec(), 1, longest, volume)
    }

    const fn new(pieces: Vec<Piece>, rounds_left: u8, longest: Duration, volume: u8) -> Self {
        Self { pieces, rounds_left, at: 0, skip: Duration::ZERO, left: longest, volume }
    }

    /// The next block, at most `most` long; `None` at the end.
    pub fn next(&mut self, most: Duration) -> Option<Block> {
        let piece = self.piece()?;
        let length = piece.length.saturating_sub(self.skip).min(most).min(self.left);
        let block = Block { piece, skip: self.skip, length, volume: self.volume };
        self.skip += length;
        self.left -= length;
        Some(block)
    }

    fn piece(&mut self) -> Option<Piece> {
        loop {
            if self.left.is_zero() || self.rounds_left == 0 {
                return None;
            }
            match self.pieces.get(self.at) {
                Some(piece) if self.skip < piece.length => return Some(*piece),
                Some(_) => (self.at, self.skip) = (self.at + 1, Duration::ZERO),
                None => (self.at, self.rounds_left) = (0, self.rounds_left - 1),
            }
        }
    }
}

/// Why nothing comes out.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The recording cannot be written.
    #[error("the recording {path:?} cannot be written")]
    Recording {
        /// The file.
        path: PathBuf,
        /// What the library says.
        #[source]
        source: hound::Error,
    },
}

/// Where sound goes.
pub trait AudioSink: Send {
    /// The longest block it wants at once; a stop comes after it at the latest.
    fn block(&self) -> Duration;

    /// A bulletin begins.
    ///
    /// # Errors
    /// [`SinkError`] when nothing will be heard.
    fn begin(&mut self, ebm: EbmId) -> Result<(), SinkError>;

    /// Takes the block that sounds from now on.
    ///
    /// # Errors
    /// [`SinkError`] when nothing is heard.
    fn write(&mut self, block: Block) -> Result<(), SinkError>;

    /// Silence at once.
    ///
    /// # Errors
    /// [`SinkError`] when the sink could not be closed; it is silent all the same.
    fn end(&mut self) -> Result<(), SinkError>;
}

/// A pretend sink that only tells the pretend air whether it sounds. For rehearsals of many boxes.
#[derive(Debug)]
pub struct MuteSink {
    air: Air,
}

impl MuteSink {
    /// A sink that is heard in this air.
    pub const fn new(air: Air) -> Self {
        Self { air }
    }
}

impl AudioSink for MuteSink {
    fn block(&self) -> Duration {
        Duration::MAX
    }

    fn begin(&mut self, _: EbmId) -> Result<(), SinkError> {
        Ok(())
    }

    fn write(&mut self, block: Block) -> Result<(), SinkError> {
        self.air.sound(block.is_audible());
        Ok(())
    }

    fn end(&mut self) -> Result<(), SinkError> {
        self.air.sound(false);
        Ok(())
    }
}

/// A pretend sink that records what would be heard, one WAV file a bulletin, named by its EBM id.
pub struct WavSink {
    air: Air,
    dir: PathBuf,
    recording: Option<(PathBuf, hound::WavWriter<std::io::BufWriter<std::fs::File>>)>,
}

impl WavSink {
    /// A sink that writes into this directory and is heard in this air.
    pub const fn new(dir: PathBuf, air: Air) -> Self {
        Self { air, dir, recording: None }
    }
}

impl AudioSink for WavSink {
    fn block(&self) -> Duration {
        Duration::from_millis(100)
    }

    fn begin(&mut self, ebm: EbmId) -> Result<(), SinkError> {
        let path = self.dir.join(format!("{ebm}.wav"));
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let writer = hound::WavWriter::create(&path, spec)
            .map_err(|source| SinkError::Recording { path: path.clone(), source })?;
        self.recording = Some((path, writer));
        Ok(())
    }

    fn write(&mut self, block: Block) -> Result<(), SinkError> {
        self.air.sound(block.is_audible());
        let Some((path, writer)) = &mut self.recording else { return Ok(()) };
        block
            .samples()
            .try_for_each(|sample| writer.write_sample(sample))
            .map_err(|source| SinkError::Recording { path: path.clone(), source })
    }

    fn end(&mut self) -> Result<(), SinkError> {
        self.air.sound(false);
        let Some((path, writer)) = self.recording.take() else { return Ok(()) };
        writer.finalize().map_err(|source| SinkError::Recording { path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::village::bulletin;

    const BLOCK: Duration = Duration::from_millis(100);

    fn length(score: &mut Score) -> Duration {
        std::iter::from_fn(|| score.next(BLOCK)).map(|block| block.length).sum()
    }

    #[test]
    fn a_score_is_as_long_as_its_rounds_and_never_longer_than_the_limit() {
        let once = Bulletin { repeats: 1, ..bulletin(1) };
        let single = length(&mut Score::of(&once, Duration::from_mins(10), 100));
        let thrice = Bulletin { repeats: 3, ..bulletin(1) };
        assert_eq!(length(&mut Score::of(&thrice, Duration::from_mins(10), 100)), single * 3);
        let cut = Duration::from_secs(7);
        assert_eq!(length(&mut Score::of(&thrice, cut, 100)), cut);
    }

    #[test]
    fn the_recording_holds_what_was_played() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = WavSink::new(dir.path().to_owned(), Air::default());
        let bulletin = bulletin(1);
        let mut score = Score::of(&bulletin, Duration::from_secs(2), 100);
        sink.begin(bulletin.ebm).unwrap();
        while let Some(block) = score.next(sink.block()) {
            sink.write(block).unwrap();
        }
        sink.end().unwrap();
        let reader = hound::WavReader::open(dir.path().join(format!("{}.wav", bulletin.ebm))).unwrap();
        assert_eq!((reader.spec().sample_rate, reader.duration()), (SAMPLE_RATE, 2 * SAMPLE_RATE));
        assert!(reader.into_samples::<i16>().any(|sample| sample.unwrap() > 10_000));
    }
}
