//! Sinks that pretend: one writes files, the other nothing. Both tell the pretend air.

use super::{AudioSink, Block, SinkError};
use crate::{sense::Air, sound::SAMPLE_RATE};
use mingluo_model::bulletin::EbmId;
use std::{path::PathBuf, time::Duration};

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
