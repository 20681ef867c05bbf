//! The library of clips (离线语音库): fixed words for every event type and grade, spoken by the city's engine, signed by
//! the city's signer. A box says them when its button is held, and when the clip of a bulletin cannot be fetched.

use crate::{
    app::signer,
    cli::{ConfigFile, Told as _, say},
    config::{Config, ConfigError, Fix},
    region::Region,
    render::fixed,
    speech::{Ladder, SpeechConfig},
};
use anyhow::Context as _;
use mingluo_model::{
    alert::AlertKind,
    bulletin::{ClipLibrary, EventType, LibraryClip},
    clock::{SharedClock, system::SystemClock},
    grade::Grade,
    hazard::Hazard,
    id::AlertId,
};
use sha2::{Digest as _, Sha256};
use std::{
    fs,
    num::NonZeroU64,
    path::{Path, PathBuf},
};

/// The list's file, as boxes look for it.
const MANIFEST: &str = "manifest.json";

#[derive(Debug, clap::Args)]
pub(super) struct Clips {
    #[command(flatten)]
    file: ConfigFile,
    /// 版本号，从 1 起，只升不降。 The version, from 1, always rising.
    #[arg(long)]
    version: NonZeroU64,
    /// 灾种代码，可多次；不写为有国家预警信号的各灾种。 Event codes; without any, those with a national signal.
    #[arg(long)]
    event: Vec<String>,
    /// 写入该目录，须是新目录；整个目录拷到终端，配到 clips.library_dir。 A new folder; copy all of it to the boxes.
    #[arg(long)]
    out: PathBuf,
}

/// One thing to be said.
struct Line {
    event: EventType,
    grade: Option<Grade>,
    text: String,
}

impl Clips {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let config = Config::read(&self.file.config).told()?;
        let clock: SharedClock = SystemClock::shared();
        let speech = config.speech.clone().unwrap_or_else(SpeechConfig::default_engine);
        let ladder = speech.ladder(&clock).told()?;
        let lines = self.lines(&config)?;
        let folder = self.out.display();
        fs::create_dir(&self.out).with_context(|| {
            format!("--out {folder}: 建不了，须是新目录 / cannot be made; it must be a new folder")
        })?;
        let mut clips = Vec::new();
        for line in lines {
            clips.push(make(&ladder, &self.out, line).await?);
        }
        let n_clips = clips.len();
        let library = ClipLibrary { version: self.version, clips };
        // Last of all: a folder without its list is no library.
        let signed = library.sign(signer(&config, &clock).as_ref()).await.with_context(
            || "签不了语音库，请先启动 mingluo signer / cannot be signed; start mingluo signer first",
        )?;
        fs::write(self.out.join(MANIFEST), format!("{}\n", serde_json::to_string_pretty(&signed)?))
            .with_context(|| format!("--out {folder}"))?;
        say(format_args!("语音 clips {n_clips}，签名 signed by {}：{folder}", signed.key_id));
        Ok(())
    }

    fn lines(&self, config: &Config) -> anyhow::Result<Vec<Line>> {
        let hazards = Region::read(config).told()?.hazards;
        let named: Vec<&Hazard> = if self.event.is_empty() {
            hazards.sorted()[0].clone()
        } else {
            let find = |word: &String| {
                let fix = || Fix::Hazard { table: config.region.pack.join("event_types.csv") };
                hazards.find(word).ok_or_else(|| ConfigError::value("--event", word, fix()))
            };
            self.event.iter().map(find).collect::<Result<_, _>>().told()?
        };
        let mut lines = of(EventType::OTHER, "");
        for hazard in named {
            lines.extend(of(hazard.code.parse()?, &hazard.name_zh));
        }
        Ok(lines)
    }
}

/// What is said of an event: by grade, and that it is over. Red without a name is the village's own alarm as well.
fn of(event: EventType, name: &str) -> Vec<Line> {
    let earlier = AlertId(uuid::Uuid::nil());
    let warned = |grade: Grade| {
        let what = match (name, grade) {
            ("", Grade::Red) => "紧急情况，紧急情况".to_owned(),
            _ => format!("本地发布{name}{}预警", grade.zh()),
        };
        Line { event, grade: Some(grade), text: format!("{what}。{}。", fixed(AlertKind::Alert, grade)) }
    };
    let over = if name.is_empty() { String::new() } else { format!("{name}预警解除。") };
    let over = format!("{over}{}。", fixed(AlertKind::Lift(earlier), Grade::Blue));
    Grade::ALL.into_iter().map(warned).chain([Line { event, grade: None, text: over }]).collect()
}

async fn make(ladder: &Ladder, folder: &Path, line: Line) -> anyhow::Result<LibraryClip> {
    let Line { event, grade, text } = line;
    let spoken = ladder.speak(&text).await.told().with_context(|| text.clone())?;
    let sha256: [u8; 32] = Sha256::digest(&spoken.clip).into();
    let file = folder.join(format!("{}.opus", hex::encode(sha256)));
    fs::write(&file, &spoken.clip).with_context(|| file.display().to_string())?;
    let (len, length_ms) = (spoken.clip.len() as u32, spoken.length.as_millis() as u32);
    Ok(LibraryClip { event, grade, sha256, len, length_ms, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_words_for_each_grade_and_for_its_end() {
        let lines = of("11B03".parse().unwrap(), "暴雨");
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines.iter().filter(|line| line.grade.is_none()).count(), 1);
        assert!(texts.contains(&"本地发布暴雨红色预警。请立即避险，服从转移安排。"), "{texts:?}");
        assert!(texts.contains(&"暴雨预警解除。险情解除，请继续留意后续信息。"), "{texts:?}");
        let any: Vec<String> = of(EventType::OTHER, "").into_iter().map(|line| line.text).collect();
        assert!(any.contains(&"紧急情况，紧急情况。请立即避险，服从转移安排。".to_owned()), "{any:?}");
    }
}
