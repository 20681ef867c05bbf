//! A microphone at the horn, or the amplifier's output through a divider, at an ALSA capture device (录音设备). As with
//! playing it is ALSA's own program that does it, in a process of its own: `arecord` writes samples, a thread turns them
//! into levels, and what hangs in a driver hangs outside of the box's program.

use super::Sense;
use crate::{
    envelope::{Envelope, STEP_SAMPLES},
    sound::SAMPLE_RATE,
};
use std::{
    io::Read,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// Levels that are kept when nobody asks for them: an hour, which no bulletin passes. What comes after is not kept.
const MOST: usize = 36_000;

/// A microphone.
pub struct CaptureSense {
    device: String,
    settings: Option<PathBuf>,
    recorder: Option<Child>,
    // Guards the levels that nobody has asked for yet; held while they are moved, never while reading. Each recording has
    // its own, so that a late word of the one before is not taken for this one's.
    levels: Arc<Mutex<Vec<f32>>>,
}

impl CaptureSense {
    /// The capture device of this name, as `arecord -L` lists them.
    pub fn new(device: String) -> Self {
        Self::with_settings(device, None)
    }

    /// The same, by ALSA's settings in this file in place of the machine's.
    pub fn with_settings(device: String, settings: Option<PathBuf>) -> Self {
        Self { device, settings, recorder: None, levels: Arc::default() }
    }

    fn record(&mut self) -> std::io::Result<()> {
        let mut recorder = Command::new("arecord");
        if let Some(settings) = &self.settings {
            recorder.env("ALSA_CONFIG_PATH", settings);
        }
        let mut recorder = recorder
            .args(["-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "--buffer-time=500000", "-r"])
            .args([&SAMPLE_RATE.to_string(), "-D", &self.device])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = recorder.stdout.take();
        self.recorder = Some(recorder);
        self.levels = Arc::default();
        let levels = Arc::clone(&self.levels);
        if let Some(output) = output {
            // It ends when the recorder does, which closes the pipe.
            thread::Builder::new().name("capture".to_owned()).spawn(move || follow(output, &levels))?;
        }
        Ok(())
    }
}

/// Turns samples into levels until there are no more.
fn follow(mut samples: impl Read, levels: &Mutex<Vec<f32>>) {
    let (mut envelope, mut bytes) = (Envelope::default(), [0; 2 * STEP_SAMPLES]);
    while samples.read_exact(&mut bytes).is_ok() {
        envelope.take(bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
        let mut kept = levels.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(kept.len());
        kept.extend(envelope.drain().into_iter().take(room));
    }
}

impl Sense for CaptureSense {
    fn hears(&mut self) -> bool {
        false
    }

    fn attend(&mut self) {
        self.rest();
        if let Err(error) = self.record() {
            tracing::error!(%error, device = self.device, "nothing can be recorded; is arecord installed, and does arecord -L list it?");
        }
    }

    fn levels(&mut self) -> Option<Vec<f32>> {
        Some(std::mem::take(&mut *self.levels.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn rest(&mut self) {
        let Some(mut recorder) = self.recorder.take() else { return };
        if let Err(error) = recorder.kill().and_then(|()| recorder.wait()) {
            tracing::warn!(%error, "the recorder could not be ended");
        }
    }
}

impl Drop for CaptureSense {
    fn drop(&mut self) {
        self.rest();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_come_through_a_pipe_become_levels() {
        let loud = std::iter::repeat_n(i16::MAX.to_le_bytes(), STEP_SAMPLES);
        let quiet = std::iter::repeat_n([0, 0], STEP_SAMPLES + 7);
        let bytes: Vec<u8> = loud.chain(quiet).flatten().collect();
        let levels = Mutex::default();
        follow(bytes.as_slice(), &levels);
        let levels = levels.into_inner().unwrap();
        assert!(levels.len() == 2 && levels[0] > 0.99 && levels[1] < 0.01, "{levels:?}");
    }

    #[test]
    fn a_microphone_that_is_not_there_hears_nothing() {
        let mut sense = CaptureSense::with_settings("no-such-device".to_owned(), Some("/dev/null".into()));
        sense.attend();
        assert_eq!(sense.levels(), Some(Vec::new()));
    }
}
