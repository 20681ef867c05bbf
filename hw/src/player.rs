//! From a bulletin to a sink, block by block. The player knows how far it is; when the next block is due is the
//! agent's affair, and where the samples go is the sink's.

mod alsa;
mod pretend;

use crate::{
    sound::{Piece, SAMPLE_RATE, pattern, pause, round},
    voice::Words,
};
pub use alsa::AlsaSink;
use mingluo_model::bulletin::{Bulletin, EbmId, Tone};
pub use pretend::{MuteSink, WavSink};
use std::{path::PathBuf, time::Duration};

/// How long words are waited for after the tone; an engine takes a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks whether they have come.
const LOOK: Duration = Duration::from_millis(100);

/// A part of a piece, small enough to stop after.
#[derive(Debug, Clone)]
pub struct Block {
    piece: Piece,
    skip: Duration,
    /// How long it sounds.
    pub length: Duration,
    volume: u8,
}

impl Block {
    /// Whether a listener would hear it.
    pub fn is_audible(&self) -> bool {
        let sounds = match &self.piece {
            Piece::Sweep(sweep) => sweep.is_audible(),
            Piece::Words(words) => !words.samples().is_empty(),
        };
        sounds && self.volume > 0
    }

    /// Its samples, 16-bit, one channel, [`SAMPLE_RATE`].
    pub fn samples(&self) -> Vec<i16> {
        let (skip, count) = (in_samples(self.skip), in_samples(self.length));
        match &self.piece {
            Piece::Sweep(sweep) => sweep.samples(skip, count, self.volume).collect(),
            Piece::Words(words) => {
                let loud = |sample: &i16| (i32::from(*sample) * i32::from(self.volume.min(100)) / 100) as i16;
                let rest = words.samples().iter().skip(skip).map(loud);
                rest.chain(std::iter::repeat(0)).take(count).collect()
            }
        }
    }
}

fn in_samples(length: Duration) -> usize {
    (length.as_secs_f64() * f64::from(SAMPLE_RATE)).round() as usize
}

fn length_of(samples: &[i16]) -> Duration {
    Duration::from_secs_f64(samples.len() as f64 / f64::from(SAMPLE_RATE))
}

/// The way through one bulletin's sound: rounds of pieces, cut at a hard limit.
#[derive(Debug)]
pub struct Score {
    pieces: Vec<Piece>,
    rounds_left: u8,
    at: usize,
    skip: Duration,
    left: Duration,
    // How long words may still be waited for.
    patience: Duration,
    volume: u8,
}

impl Score {
    /// The score of a bulletin, no longer than `longest` and no louder than `volume_most` percent. Without a voice the
    /// words are their time in silence.
    pub fn of(bulletin: &Bulletin, words: Option<Words>, longest: Duration, volume_most: u8) -> Self {
        Self::new(round(bulletin, words), bulletin.repeats, longest, bulletin.volume.min(volume_most))
    }

    /// The score of a bare tone, played once.
    pub fn of_tone(tone: Tone, longest: Duration, volume: u8) -> Self {
        Self::new(pattern(tone).iter().copied().map(Piece::Sweep).collect(), 1, longest, volume)
    }

    const fn new(pieces: Vec<Piece>, rounds_left: u8, longest: Duration, volume: u8) -> Self {
        Self { pieces, rounds_left, at: 0, skip: Duration::ZERO, left: longest, patience: PATIENCE, volume }
    }

    /// The next block, at most `most` long; `None` at the end.
    pub fn next(&mut self, most: Duration) -> Option<Block> {
        let (piece, length) = self.piece()?;
        if matches!(&piece, Piece::Words(words) if words.are_awaited()) {
            return Some(self.wait_for(piece));
        }
        let length = length.saturating_sub(self.skip).min(most).min(self.left);
        let block = Block { piece, skip: self.skip, length, volume: self.volume };
        self.skip += length;
        self.left -= length;
        Some(block)
    }

    /// A little silence, and no more patience than there is.
    fn wait_for(&mut self, piece: Piece) -> Block {
        let length = LOOK.min(self.left);
        self.left -= length;
        self.patience = self.patience.saturating_sub(length);
        if let Piece::Words(words) = piece
            && self.patience.is_zero()
        {
            tracing::error!("the voice is too slow; the words are not spoken");
            words.give_up();
        }
        let piece = Piece::Sweep(pause(length));
        Block { piece, skip: Duration::ZERO, length, volume: self.volume }
    }

    /// The piece that is played and its length.
    fn piece(&mut self) -> Option<(Piece, Duration)> {
        loop {
            if self.left.is_zero() || self.rounds_left == 0 {
                return None;
            }
            let Some(piece) = self.pieces.get(self.at) else {
                (self.at, self.rounds_left) = (0, self.rounds_left - 1);
                continue;
            };
            let (length, is_awaited) = match piece {
                Piece::Sweep(sweep) => (sweep.length, false),
                Piece::Words(words) => (length_of(words.samples()), words.are_awaited()),
            };
            if is_awaited || self.skip < length {
                return Some((piece.clone(), length));
            }
            (self.at, self.skip) = (self.at + 1, Duration::ZERO);
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
    /// The sound card's player does not run, or has died.
    #[error("the sound card {device:?} takes nothing; is aplay installed, and does aplay -L list it?")]
    Card {
        /// The card's name.
        device: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sense::Air, village::bulletin};

    const BLOCK: Duration = Duration::from_millis(100);

    fn length(score: &mut Score) -> Duration {
        std::iter::from_fn(|| score.next(BLOCK)).map(|block| block.length).sum()
    }

    #[test]
    fn a_score_is_as_long_as_its_rounds_and_never_longer_than_the_limit() {
        let once = Bulletin { repeats: 1, ..bulletin(1) };
        let single = length(&mut Score::of(&once, None, Duration::from_mins(10), 100));
        let thrice = Bulletin { repeats: 3, ..bulletin(1) };
        assert_eq!(length(&mut Score::of(&thrice, None, Duration::from_mins(10), 100)), single * 3);
        let cut = Duration::from_secs(7);
        assert_eq!(length(&mut Score::of(&thrice, None, cut, 100)), cut);
    }

    #[test]
    fn the_recording_holds_what_was_played() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = WavSink::new(dir.path().to_owned(), Air::default());
        let bulletin = bulletin(1);
        let mut score = Score::of(&bulletin, None, Duration::from_secs(2), 100);
        sink.begin(bulletin.ebm).unwrap();
        while let Some(block) = score.next(sink.block()) {
            sink.write(block).unwrap();
        }
        sink.end().unwrap();
        let reader = hound::WavReader::open(dir.path().join(format!("{}.wav", bulletin.ebm))).unwrap();
        assert_eq!((reader.spec().sample_rate, reader.duration()), (SAMPLE_RATE, 2 * SAMPLE_RATE));
        assert!(reader.into_samples::<i16>().any(|sample| sample.unwrap() > 10_000));
    }

    #[test]
    fn words_are_played_when_they_are_there_and_each_round_anew() {
        let words = Words::ready(vec![1_000; 16_000].into());
        let bulletin = Bulletin { repeats: 2, volume: 50, ..bulletin(1) };
        let mut score = Score::of(&bulletin, Some(words), Duration::from_mins(10), 100);
        let blocks: Vec<Block> = std::iter::from_fn(|| score.next(BLOCK)).collect();
        let spoken: Vec<i16> = blocks
            .iter()
            .filter(|block| matches!(block.piece, Piece::Words(_)) && block.is_audible())
            .flat_map(Block::samples)
            .collect();
        assert_eq!(spoken, vec![500; 32_000]);
    }

    #[test]
    fn words_that_do_not_come_are_waited_for_once_and_the_tone_goes_on() {
        let words = Words::default();
        let bulletin = Bulletin { repeats: 2, ..bulletin(1) };
        let mut score = Score::of(&bulletin, Some(words.clone()), Duration::from_mins(10), 100);
        let tone_and_breaths = 2 * Duration::from_millis(5_500);
        assert_eq!(length(&mut score), tone_and_breaths + PATIENCE);
        assert!(!words.are_awaited());
    }
}
