//! From a bulletin to a sink, block by block. The player knows how far it is; when the next block is due is the
//! agent's affair, and where the samples go is the sink's.

mod alsa;
mod pretend;

use crate::{
    clip::reader::{ClipError, ClipReader},
    sound::{Piece, SAMPLE_RATE, pattern, pause, round},
    speech::{Heard, Said, Voice},
    voice::Words,
};
pub(crate) use alsa::AHEAD;
pub use alsa::AlsaSink;
use mingluo_model::bulletin::{Bulletin, EbmId, Tone};
pub use pretend::{MuteSink, WavSink};
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long words are waited for after the tone; an engine takes a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks whether they have come.
const LOOK: Duration = Duration::from_millis(100);
/// The most of a clip that is made into samples at once, also for a sink that would take all of it.
const CLIP_BLOCK: Duration = Duration::from_secs(1);

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
            Piece::Samples(samples) => !samples.is_empty(),
            Piece::Said(_) | Piece::Clip(_) | Piece::Siren => false,
        };
        sounds && self.volume > 0
    }

    /// Whether the siren sounds meanwhile.
    pub const fn is_siren(&self) -> bool {
        matches!(self.piece, Piece::Siren)
    }

    /// Its samples, 16-bit, one channel, [`SAMPLE_RATE`].
    pub fn samples(&self) -> Vec<i16> {
        let (skip, count) = (in_samples(self.skip), in_samples(self.length));
        match &self.piece {
            Piece::Sweep(sweep) => sweep.samples(skip, count, self.volume).collect(),
            Piece::Words(words) => self.rest_of(words.samples(), skip, count),
            Piece::Samples(samples) => self.rest_of(samples, skip, count),
            Piece::Said(_) | Piece::Clip(_) | Piece::Siren => vec![0; count],
        }
    }

    fn rest_of(&self, samples: &[i16], skip: usize, count: usize) -> Vec<i16> {
        let loud = |sample: &i16| (i32::from(*sample) * i32::from(self.volume.min(100)) / 100) as i16;
        let rest = samples.iter().skip(skip).map(loud);
        rest.chain(std::iter::repeat(0)).take(count).collect()
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
    // What is left of this round, and how far into its first piece it is.
    now: VecDeque<Piece>,
    rounds_left: u8,
    skip: Duration,
    // What is left of the siren's time, before the first round.
    siren: Duration,
    left: Duration,
    sounded: Duration,
    // How long words may still be waited for.
    patience: Duration,
    volume: u8,
    // The clip that is being played. Boxed, since a decoder's state is large and most boxes are silent.
    reader: Option<Box<ClipReader>>,
    heard: Heard,
}

impl Score {
    /// The score of a bulletin, no longer than `longest` and as loud as `volume` percent. Without a voice the words are their
    /// time in silence.
    pub fn of(bulletin: &Bulletin, said: Option<Said>, longest: Duration, volume: u8) -> Self {
        Self::new(round(bulletin, said), bulletin.repeats, longest, volume)
    }

    /// The score of a bare tone, played once.
    pub fn of_tone(tone: Tone, longest: Duration, volume: u8) -> Self {
        Self::new(pattern(tone).iter().copied().map(Piece::Sweep).collect(), 1, longest, volume)
    }

    fn new(pieces: Vec<Piece>, rounds_left: u8, longest: Duration, volume: u8) -> Self {
        Self {
            pieces,
            now: VecDeque::new(),
            rounds_left,
            skip: Duration::ZERO,
            siren: Duration::ZERO,
            left: longest,
            sounded: Duration::ZERO,
            patience: PATIENCE,
            volume,
            reader: None,
            heard: Heard::default(),
        }
    }

    /// The same behind the siren, which sounds once, for so long, and within the same limit.
    #[must_use]
    pub const fn after_siren(mut self, siren: Duration) -> Self {
        self.siren = siren;
        self
    }

    /// The rounds that are not over, the present one included; one at least.
    pub fn rounds_to_go(&self) -> u8 {
        self.rounds_left.saturating_add(u8::from(!self.now.is_empty())).max(1)
    }

    /// Whether its time ran out before its rounds did.
    pub fn is_cut(&self) -> bool {
        self.left.is_zero() && (self.rounds_left > 0 || !self.now.is_empty())
    }

    /// How long it has sounded so far.
    pub const fn sounded(&self) -> Duration {
        self.sounded
    }

    /// The voices that were heard so far.
    pub const fn heard(&self) -> &Heard {
        &self.heard
    }

    /// The next block, at most `most` long; `None` at the end.
    pub fn next(&mut self, most: Duration) -> Option<Block> {
        let block = self.find(most)?;
        self.left -= block.length;
        self.sounded += block.length;
        Some(block)
    }

    fn find(&mut self, most: Duration) -> Option<Block> {
        loop {
            if self.left.is_zero() {
                return None;
            }
            if !self.siren.is_zero() {
                let length = most.min(self.left).min(self.siren);
                self.siren -= length;
                return Some(Block {
                    piece: Piece::Siren,
                    skip: Duration::ZERO,
                    length,
                    volume: self.volume,
                });
            }
            if self.now.is_empty() {
                self.rounds_left = self.rounds_left.checked_sub(1)?;
                self.now.extend(self.pieces.iter().cloned());
            }
            let most = most.min(self.left);
            let block = match self.now.front()?.clone() {
                Piece::Said(said) => self.settle(&said, most),
                Piece::Words(words) if words.are_awaited() => Some(self.wait_for(&words, most)),
                Piece::Words(words) => {
                    let length = length_of(words.samples());
                    if !length.is_zero() {
                        self.heard.note(Voice::Own);
                    }
                    self.part(Piece::Words(words), length, most)
                }
                Piece::Sweep(sweep) => self.part(Piece::Sweep(sweep), sweep.length, most),
                Piece::Clip(file) => self.part_of_clip(&file, most),
                Piece::Samples(samples) => {
                    let length = length_of(&samples);
                    self.part(Piece::Samples(samples), length, most)
                }
                // No round holds one: the siren sounds before the first.
                Piece::Siren => self.part(Piece::Siren, Duration::ZERO, most),
            };
            if block.is_some() {
                return block;
            }
        }
    }

    /// The next part of the first piece; `None`, and the piece is over, at its end.
    fn part(&mut self, piece: Piece, length: Duration, most: Duration) -> Option<Block> {
        let length = length.saturating_sub(self.skip).min(most);
        if length.is_zero() {
            self.now.pop_front();
            self.skip = Duration::ZERO;
            return None;
        }
        let block = Block { piece, skip: self.skip, length, volume: self.volume };
        self.skip += length;
        Some(block)
    }

    /// Who says the words is settled, or waited for a little.
    fn settle(&mut self, said: &Said, most: Duration) -> Option<Block> {
        let Some(pieces) = said.settle(self.sounded, &mut self.heard) else {
            return Some(self.hold(LOOK.min(most)));
        };
        self.now.pop_front();
        let broken = |piece: &Piece| matches!(piece, Piece::Clip(file) if ClipReader::open(file).is_err());
        let pieces = if pieces.iter().any(broken) {
            tracing::error!("a clip is what was signed and no sound; the box reads the script itself");
            self.heard.note(Voice::Without("it is no sound that this box plays".to_owned()));
            Said { city: None, library: None, ..said.clone() }.without_city(&mut self.heard)
        } else {
            pieces
        };
        pieces.into_iter().rev().for_each(|piece| self.now.push_front(piece));
        None
    }

    fn part_of_clip(&mut self, file: &Path, most: Duration) -> Option<Block> {
        let most = in_samples(most.min(CLIP_BLOCK)).max(1);
        let samples = self.read_clip(file, most).unwrap_or_else(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a clip breaks off");
            Vec::new()
        });
        if samples.is_empty() {
            self.reader = None;
            self.now.pop_front();
            return None;
        }
        let (length, samples) = (length_of(&samples), samples.into());
        Some(Block { piece: Piece::Samples(samples), skip: Duration::ZERO, length, volume: self.volume })
    }

    fn read_clip(&mut self, file: &Path, most: usize) -> Result<Vec<i16>, ClipError> {
        match &mut self.reader {
            Some(reader) => reader.read(most),
            None => self.reader.insert(Box::new(ClipReader::open(file)?)).read(most),
        }
    }

    /// A little silence, and no more patience than there is.
    fn wait_for(&mut self, words: &Words, most: Duration) -> Block {
        let block = self.hold(LOOK.min(most));
        self.patience = self.patience.saturating_sub(block.length);
        if self.patience.is_zero() {
            tracing::error!("the voice is too slow; the words are not spoken");
            words.give_up();
        }
        block
    }

    const fn hold(&self, length: Duration) -> Block {
        Block { piece: Piece::Sweep(pause(length)), skip: Duration::ZERO, length, volume: self.volume }
    }
}

/// Why nothing comes out.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The recording cannot be written.
    #[error(
        "录音 {path:?} 写不了，请核对存储卡空间和权限 / the recording cannot be written; check space and rights of the card"
    )]
    Recording {
        /// The file.
        path: PathBuf,
        /// What the library says.
        #[source]
        source: hound::Error,
    },
    /// The sound card's player does not run, or has died.
    #[error(
        "声卡 {device:?} 不接收声音：请核对是否装有 aplay，aplay -L 是否列出它，并改 play.device / the sound card takes nothing; is aplay installed, and does aplay -L list it? See play.device"
    )]
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
    fn the_siren_goes_before_the_first_round_and_within_the_limit() {
        let (bulletin, siren) = (bulletin(1), Duration::from_secs(15));
        let score = |longest| Score::of(&bulletin, None, longest, 100).after_siren(siren);
        let mut whole = score(Duration::from_mins(10));
        assert_eq!(whole.rounds_to_go(), 2);
        let blocks: Vec<Block> = std::iter::from_fn(|| whole.next(BLOCK)).collect();
        let n_siren = blocks.iter().take_while(|block| block.is_siren()).count();
        assert_eq!(n_siren, 150);
        assert!(blocks[n_siren..].iter().all(|block| !block.is_siren()) && blocks[n_siren].is_audible());
        assert!(blocks[..n_siren].iter().all(|block| block.samples().iter().all(|sample| *sample == 0)));
        assert_eq!(length(&mut score(Duration::from_secs(7))), Duration::from_secs(7));
    }

    #[test]
    fn the_newest_recordings_are_kept_and_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = WavSink::new(dir.path().to_owned(), Air::default());
        std::fs::write(dir.path().join("note.txt"), "no recording").unwrap();
        let names: Vec<String> = (1..=14)
            .map(|seq| {
                let ebm = bulletin(seq).ebm;
                sink.begin(ebm).unwrap();
                sink.end().unwrap();
                // The same again takes no other's place.
                sink.begin(ebm).unwrap();
                sink.end().unwrap();
                format!("{ebm}.wav")
            })
            .collect();
        let is_there = |name: &String| dir.path().join(name).exists();
        assert!(names[4..].iter().all(is_there) && !names[..4].iter().any(is_there));
        assert!(dir.path().join("note.txt").exists());
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
        let bulletin = Bulletin { repeats: 2, ..bulletin(1) };
        let said = Said { own: Some(words), ..Said::default() };
        let mut score = Score::of(&bulletin, Some(said), Duration::from_mins(10), 50);
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
        let said = Said { own: Some(words.clone()), ..Said::default() };
        let mut score = Score::of(&bulletin, Some(said), Duration::from_mins(10), 100);
        let tone_and_breaths = 2 * Duration::from_millis(5_500);
        assert_eq!(length(&mut score), tone_and_breaths + PATIENCE);
        assert!(!words.are_awaited());
    }
}
