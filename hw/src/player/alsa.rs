//! The sound card (声卡), through ALSA's own player: a process that takes samples from its input and dies at once when
//! there is to be silence. It costs no library of C in the box's program, and what hangs in a driver hangs outside of it.

use super::{AudioSink, Block, SinkError};
use crate::sound::SAMPLE_RATE;
use mingluo_model::bulletin::EbmId;
use std::{
    io::Write as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// One block: so long after a stop the card may still be fed.
const BLOCK: Duration = Duration::from_millis(100);
/// How far the player is kept ahead of the clock, so that a late block is no gap.
pub(crate) const AHEAD: Duration = Duration::from_millis(300);

/// A sound card.
pub struct AlsaSink {
    device: String,
    settings: Option<PathBuf>,
    player: Option<Child>,
}

impl AlsaSink {
    /// The card of this name, as `aplay -L` lists them.
    pub const fn new(device: String) -> Self {
        Self::with_settings(device, None)
    }

    /// The same, by ALSA's settings in this file in place of the machine's.
    pub const fn with_settings(device: String, settings: Option<PathBuf>) -> Self {
        Self { device, settings, player: None }
    }

    fn feed(&mut self, samples: impl IntoIterator<Item = i16>) -> Result<(), SinkError> {
        let bytes: Vec<u8> = samples.into_iter().flat_map(i16::to_le_bytes).collect();
        let input = self.player.as_mut().and_then(|player| player.stdin.as_mut());
        // A player that has died closes its input, and says why on the program's own standard error.
        let written = input.map_or(Ok(()), |input| input.write_all(&bytes).and_then(|()| input.flush()));
        written.map_err(|source| SinkError::Card { device: self.device.clone(), source })
    }
}

impl AudioSink for AlsaSink {
    fn block(&self) -> Duration {
        BLOCK
    }

    fn begin(&mut self, _: EbmId) -> Result<(), SinkError> {
        self.end()?;
        let mut player = Command::new("aplay");
        if let Some(settings) = &self.settings {
            player.env("ALSA_CONFIG_PATH", settings);
        }
        let player = player
            .args(["-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "--buffer-time=500000", "-r"])
            .args([&SAMPLE_RATE.to_string(), "-D", &self.device])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|source| SinkError::Card { device: self.device.clone(), source })?;
        self.player = Some(player);
        let silence = (AHEAD.as_millis() as usize) * SAMPLE_RATE as usize / 1_000;
        self.feed(std::iter::repeat_n(0, silence))
    }

    fn write(&mut self, block: Block) -> Result<(), SinkError> {
        self.feed(block.samples())
    }

    /// What the player has not played yet is not played: silence must not wait for a buffer.
    fn end(&mut self) -> Result<(), SinkError> {
        let Some(mut player) = self.player.take() else { return Ok(()) };
        let ended = player.kill().and_then(|()| player.wait());
        ended.map(drop).map_err(|source| SinkError::Card { device: self.device.clone(), source })
    }
}

impl Drop for AlsaSink {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!(%error, "the sound card's player could not be ended");
        }
    }
}
