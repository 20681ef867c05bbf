//! Sinks that pretend: one writes files, the other nothing. Both tell the pretend air.

use super::{AudioSink, Block, SinkError};
use crate::{sense::Air, sound::SAMPLE_RATE};
use mingluo_model::bulletin::EbmId;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Recordings that are kept, the newest ones. Ours to choose: ten of ten minutes are 190 MB, and a card that is full takes no
/// journal either.
const MOST_RECORDINGS: usize = 10;

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

/// A pretend sink that records what would be heard, one WAV file a bulletin, named by its EBM id; the newest
/// [`MOST_RECORDINGS`] are kept.
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

    /// Makes room for the next recording. What cannot be removed is no reason to stay silent.
    fn prune(&self, next: &Path) {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let is_older = |path: &PathBuf| path.extension().is_some_and(|it| it == "wav") && path != next;
        let mut older: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_older).collect();
        let age = |path: &PathBuf| (path.metadata().and_then(|it| it.modified()).ok(), path.clone());
        older.sort_by_cached_key(age);
        let n_over = (older.len() + 1).saturating_sub(MOST_RECORDINGS);
        for path in older.drain(..n_over) {
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::warn!(%error, path = %path.display(), "an old recording cannot be removed");
            }
        }
    }
}

impl AudioSink for WavSink {
    fn block(&self) -> Duration {
        Duration::from_millis(100)
    }

    fn begin(&mut self, ebm: EbmId) -> Result<(), SinkError> {
        let path = self.dir.join(format!("{ebm}.wav"));
        self.prune(&path);
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
            .into_iter()
            .try_for_each(|sample| writer.write_sample(sample))
            .map_err(|source| SinkError::Recording { path: path.clone(), source })
    }

    fn end(&mut self) -> Result<(), SinkError> {
        self.air.sound(false);
        let Some((path, writer)) = self.recording.take() else { return Ok(()) };
        writer.finalize().map_err(|source| SinkError::Recording { path, source })
    }
}
