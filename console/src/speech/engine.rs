//! Who speaks: a program or a service of the operator's, or the last rung. Text goes in as a person would say it, WAV comes
//! out; how well it sounds is the operator's business, and how long it takes is the caller's.

use super::SpeechError;
use mingluo_model::bulletin::reading::{Readings, spoken};
use reqwest::{Client, Url, header};
use std::process::Stdio;
use tokio::{io::AsyncWriteExt as _, process::Command};

/// What stands in a command for the file into which the engine writes.
pub(super) const PLACE: &str = "{wav}";
/// Bytes of sound that are taken from an engine: ten minutes at 48 kHz.
const MOST_SOUND: usize = 64 * 1024 * 1024;
/// The voice that every machine has. Slow: at its own pace it is not understood (measured with a speech recogniser).
const LAST_RUNG: [&str; 8] = ["espeak-ng", "-v", "cmn-latn-pinyin", "-s", "120", "--stdin", "-w", PLACE];

/// An engine.
pub struct Engine {
    voice: &'static str,
    way: Way,
    /// Misread words are written as pinyin for it.
    readings: Option<Readings>,
}

enum Way {
    Program(Vec<String>),
    Service(Client, Url),
}

impl Engine {
    /// A program; `None` when there is none.
    pub fn program(command: &[String], readings: Option<Readings>) -> Option<Self> {
        (!command.is_empty()).then(|| Self { voice: "engine", way: Way::Program(command.to_vec()), readings })
    }

    /// A service; `None` for what is no address of one.
    pub fn service(url: &str, readings: Option<Readings>) -> Option<Self> {
        let url =
            Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
        let client = Client::builder().no_proxy().build().ok()?;
        Some(Self { voice: "engine", way: Way::Service(client, url), readings })
    }

    /// The voice that every machine has, with the house's readings.
    pub fn last_rung(readings: Readings) -> Self {
        let command = LAST_RUNG.map(str::to_owned).to_vec();
        Self { voice: "espeak-ng", way: Way::Program(command), readings: Some(readings) }
    }

    /// Its name, as it is kept beside what it said.
    pub const fn voice(&self) -> &'static str {
        self.voice
    }

    /// Says a script; gives a WAV file's bytes.
    ///
    /// # Errors
    /// [`SpeechError`].
    pub async fn say(&self, script: &str) -> Result<Vec<u8>, SpeechError> {
        let said = spoken(script);
        let text = self.readings.as_ref().map_or(said.clone(), |readings| readings.apply(&said));
        match &self.way {
            Way::Program(command) => run(command, &text).await,
            Way::Service(client, url) => ask(client, url, text).await,
        }
    }
}

async fn run(command: &[String], text: &str) -> Result<Vec<u8>, SpeechError> {
    let program = command[0].clone();
    let cannot = |source| SpeechError::Run { program: program.clone(), source };
    // A folder that nobody else can write into: the file's name is no secret.
    let dir = tempfile::tempdir().map_err(cannot)?;
    let file = dir.path().join("speech.wav");
    let place = file.display().to_string();
    let mut child = Command::new(&program)
        .args(command[1..].iter().map(|word| word.replace(PLACE, &place)))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(cannot)?;
    if let Some(mut input) = child.stdin.take() {
        // One that closes its ears has ended, and says how by its status.
        let _hangs_up = input.write_all(text.as_bytes()).await;
    }
    let status = child.wait().await.map_err(cannot)?;
    if !status.success() {
        return Err(SpeechError::Failed { program, status });
    }
    let wav = std::fs::read(&file).map_err(|error| SpeechError::Wav { detail: error.to_string() })?;
    bounded(wav.len())?;
    Ok(wav)
}

async fn ask(client: &Client, url: &Url, text: String) -> Result<Vec<u8>, SpeechError> {
    let service = |error: reqwest::Error| SpeechError::Service { detail: error.without_url().to_string() };
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::ACCEPT, "audio/wav")];
    let asked =
        kind.into_iter().fold(client.post(url.clone()), |asked, (name, value)| asked.header(name, value));
    let mut answer = asked.body(text).send().await.map_err(service)?;
    if !answer.status().is_success() {
        return Err(SpeechError::Service { detail: format!("HTTP {}", answer.status()) });
    }
    let mut wav = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(service)? {
        bounded(wav.len() + piece.len())?;
        wav.extend_from_slice(&piece);
    }
    Ok(wav)
}

fn bounded(length: usize) -> Result<(), SpeechError> {
    if length <= MOST_SOUND {
        return Ok(());
    }
    Err(SpeechError::Wav { detail: format!("more than {MOST_SOUND} bytes") })
}
