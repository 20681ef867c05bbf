//! The last rung of speech (本机语音合成): a bulletin that came as text alone is read out by an engine on the box. The engine
//! is a command of the operator's; it works beside the agent while the tone sounds, and is not waited for long.
//!
//! The voice that ships with Debian is understood and no more than that; speech that was made and auditioned in the city
//! goes before it wherever there is any.

use crate::sound::SAMPLE_RATE;
use mingluo_model::bulletin::reading::{Readings, spoken};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, OnceLock},
};

/// What stands in a command for the file into which the engine writes.
pub const PLACE: &str = "{wav}";
/// Engines that work at once: one for what sounds and for each that interrupts it before it has its words.
const MOST_AT_WORK: usize = 4;
/// How loud speech is made, against the loudest that fits; tones stand at the same.
const PEAK: f64 = 0.8;

/// Words on their way to being sound.
#[derive(Debug, Clone, Default)]
pub struct Words(Arc<OnceLock<Option<Box<[i16]>>>>);

impl Words {
    /// Words that are there already, at [`SAMPLE_RATE`].
    pub fn ready(samples: Box<[i16]>) -> Self {
        Self(Arc::new(OnceLock::from(Some(samples))))
    }

    /// Whether the engine is still at it.
    pub fn are_awaited(&self) -> bool {
        self.0.get().is_none()
    }

    /// The samples; none when the engine is at it, or has failed.
    pub fn samples(&self) -> &[i16] {
        self.0.get().and_then(Option::as_deref).unwrap_or_default()
    }

    /// Nobody waits any longer; what comes later is not played.
    pub fn give_up(&self) {
        let _came_in_time = self.0.set(None);
    }
}

/// Turns a script into words.
pub trait Voice: Send {
    /// Begins; the words come when they come.
    fn begin(&mut self, script: &str) -> Words;
}

/// An engine as a command: it reads the text from its input and writes a WAV file.
pub struct CommandVoice {
    program: String,
    args: Vec<String>,
    /// Misread words are written as pinyin for it.
    readings: Option<Readings>,
    dir: PathBuf,
    n_begun: u32,
    at_work: Arc<()>,
}

impl CommandVoice {
    /// An engine; `{wav}` among its words stands for the file in `dir`. `None` when there is no program.
    pub fn new(command: &[String], readings: Option<Readings>, dir: PathBuf) -> Option<Self> {
        let (program, args) = command.split_first()?;
        let (program, args) = (program.clone(), args.to_vec());
        Some(Self { program, args, readings, dir, n_begun: 0, at_work: Arc::new(()) })
    }

    fn text(&self, script: &str) -> String {
        let said = spoken(script);
        self.readings.as_ref().map_or(said.clone(), |readings| readings.apply(&said))
    }
}

impl Voice for CommandVoice {
    fn begin(&mut self, script: &str) -> Words {
        let words = Words::default();
        if script.trim().is_empty() || Arc::strong_count(&self.at_work) > MOST_AT_WORK {
            words.give_up();
            return words;
        }
        self.n_begun = self.n_begun.wrapping_add(1);
        let file = self.dir.join(format!("voice-{}.wav", self.n_begun as usize % (2 * MOST_AT_WORK)));
        let place = file.display().to_string();
        let mut command = Command::new(&self.program);
        command.args(self.args.iter().map(|word| word.replace(PLACE, &place)));
        let (text, promised, at_work) = (self.text(script), words.clone(), Arc::clone(&self.at_work));
        std::thread::spawn(move || {
            let made = speak(command, &text, &file);
            if let Err(error) = &made {
                tracing::error!(error = error as &dyn std::error::Error, "the voice says nothing");
            }
            let _given_up = promised.0.set(made.ok());
            drop(at_work);
        });
        words
    }
}

/// Why the engine says nothing.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// It cannot be started, or cannot be spoken to.
    #[error("语音程序不能运行，请核对 voice.command / the engine cannot be run; is voice.command right?")]
    Run(#[source] std::io::Error),
    /// It gave up.
    #[error("语音程序出错退出：{0} / the engine ended so")]
    Failed(std::process::ExitStatus),
    /// What it wrote is no sound.
    #[error(
        "语音程序没有写出 16 位 WAV 文件，请核对 voice.command 中的 {PLACE} / the engine wrote no 16-bit WAV file; is {PLACE} in voice.command?"
    )]
    Wav(#[source] hound::Error),
}

fn speak(mut command: Command, text: &str, file: &Path) -> Result<Box<[i16]>, VoiceError> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(VoiceError::Run)?;
    if let Some(mut input) = child.stdin.take() {
        // One that closes its ears has ended, and says how by its status.
        let _hangs_up = input.write_all(text.as_bytes());
    }
    let status = child.wait().map_err(VoiceError::Run)?;
    if !status.success() {
        return Err(VoiceError::Failed(status));
    }
    let samples = read(file).map_err(VoiceError::Wav);
    let _nothing_to_remove = std::fs::remove_file(file);
    samples
}

/// A recording as the box plays it: one channel, [`SAMPLE_RATE`], as loud as its tones.
///
/// # Errors
/// [`hound::Error`] when it is no 16-bit WAV file.
pub fn read(file: &Path) -> Result<Box<[i16]>, hound::Error> {
    let reader = hound::WavReader::open(file)?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels.max(1));
    let all = reader.into_samples::<i16>().step_by(channels).collect::<Result<Vec<_>, _>>()?;
    Ok(level(resample(&all, spec.sample_rate)))
}

/// Straight lines between samples: horn loudspeakers carry nothing above what that keeps.
fn resample(samples: &[i16], rate: u32) -> Vec<f64> {
    let step = f64::from(rate.max(1)) / f64::from(SAMPLE_RATE);
    let count = (samples.len() as f64 / step) as usize;
    let at = |index: usize| f64::from(samples.get(index).copied().unwrap_or_default());
    let between = |nth: usize| {
        let (place, index) = (nth as f64 * step, (nth as f64 * step) as usize);
        at(index) + (at(index + 1) - at(index)) * (place - index as f64)
    };
    (0..count).map(between).collect()
}

fn level(samples: Vec<f64>) -> Box<[i16]> {
    let peak = samples.iter().fold(1.0_f64, |peak, sample| peak.max(sample.abs()));
    let gain = PEAK * f64::from(i16::MAX) / peak;
    samples.into_iter().map(|sample| (sample * gain) as i16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &str) -> Vec<String> {
        vec!["sh".to_owned(), "-c".to_owned(), words.to_owned()]
    }

    fn begun(words: &str, script: &str) -> (tempfile::TempDir, Words) {
        let dir = tempfile::tempdir().unwrap();
        let mut voice =
            CommandVoice::new(&command(words), Some(Readings::default()), dir.path().to_owned()).unwrap();
        let words = voice.begin(script);
        while words.are_awaited() {
            std::thread::yield_now();
        }
        (dir, words)
    }

    #[test]
    fn the_engine_is_given_the_words_as_they_are_spoken_with_pinyin_for_what_it_misreads() {
        let (dir, words) = begun("cat > $(dirname {wav})/said; exit 3", "应急响应 Ⅰ级，50mm");
        assert!(words.samples().is_empty(), "an engine that fails says nothing");
        let said = std::fs::read_to_string(dir.path().join("said")).unwrap();
        assert_eq!(said, " ying4 ji2  xiang3 ying4  一级，五十毫米");
    }

    #[test]
    fn what_the_engine_wrote_is_brought_to_the_boxes_rate_and_loudness() {
        let source = tempfile::tempdir().unwrap();
        let file = source.path().join("engine.wav");
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 22_050,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&file, spec).unwrap();
        for nth in 0..22_050_u32 {
            let loud = if nth / 50 % 2 == 0 { 1_000_i16 } else { -1_000 };
            writer.write_sample(loud).unwrap();
            writer.write_sample(0_i16).unwrap();
        }
        writer.finalize().unwrap();
        let (_dir, words) = begun(&format!("cp {} {{wav}}", file.display()), "字");
        assert_eq!(words.samples().len(), SAMPLE_RATE as usize);
        let peak = words.samples().iter().map(|sample| i32::from(*sample).abs()).max().unwrap();
        assert!((26_000..=26_214).contains(&peak), "{peak}");
    }

    #[test]
    fn words_that_are_given_up_stay_so() {
        let words = Words::default();
        words.give_up();
        assert!(!words.are_awaited() && words.samples().is_empty());
        let mut nothing = CommandVoice::new(&command("true"), None, PathBuf::new()).unwrap();
        assert!(!nothing.begin("  ").are_awaited());
    }
}
