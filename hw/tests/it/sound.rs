//! What comes out of the sound card, by real programs that others wrote: ALSA's player, recording into a file instead of
//! a card, and an engine that speaks Mandarin. Nobody listens; pitch and loudness are measured.

use crate::pretend_clips::{clip, loudness, share};
use mingluo_model::{
    bulletin::{Bulletin, Tone, reading::Readings},
    clock::{Clock as _, system::SystemClock},
};
use mingluo_speaker::{
    clip::{ClipBoard, shelf::Shelf},
    envelope::{ALIKE, Envelope, likeness},
    player::{AlsaSink, AudioSink as _, Block, Score},
    sense::{CaptureSense, Sense as _},
    speech::{Said, Ticket},
    voice::{CommandVoice, Voice as _},
};
use std::{fs, path::Path, process::Command, time::Duration};

/// A card that writes what it is given into a file.
const RECORDER: &str =
    "pcm.recorder { type file; slave.pcm { type null }; file \"RECORDING\"; format raw }\n";
/// A microphone that hears what is in a file.
const MICROPHONE: &str = "pcm.microphone { type file; slave.pcm { type null }; file \"/dev/null\"; infile \"HEARD\"; format raw }\n";
/// The shipped configuration's engine.
const SHIPPED: &str = include_str!("../../../deploy/speaker.toml");

/// Whether a program is there; where tests must not be left out, it has to be.
fn has(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    assert!(is_there || std::env::var_os("MINGLUO_NEED_SOUND").is_none(), "{program} is missing");
    is_there
}

fn recorded(file: &Path) -> Vec<i16> {
    let bytes = fs::read(file).unwrap_or_default();
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// The engine of the configuration that is shipped, remarks taken away.
fn engine(dir: &Path) -> CommandVoice {
    let line = SHIPPED.lines().find_map(|line| line.strip_prefix("# command = ")).unwrap();
    let command: Vec<String> =
        line.trim_matches(['[', ']']).split(", ").map(|word| word.trim_matches('"').to_owned()).collect();
    CommandVoice::new(&command, Some(Readings::default()), dir.to_owned()).unwrap()
}

/// What a card was given of a score, with the silence by which the player is kept ahead.
async fn through_the_card(dir: &Path, score: &mut Score) -> Vec<i16> {
    let (recording, asound) = (dir.join("recording"), dir.join("asound.conf"));
    fs::write(&asound, RECORDER.replace("RECORDING", &recording.display().to_string())).unwrap();
    let mut sink = AlsaSink::with_settings("recorder".to_owned(), Some(asound));
    sink.begin(crate::city::red(1, mingluo_model::clock::Timestamp(0)).ebm).unwrap();
    let blocks: Vec<Block> = std::iter::from_fn(|| score.next(sink.block())).collect();
    for block in &blocks {
        sink.write(block.clone()).unwrap();
    }
    // The breath at the end covers what the player still holds back.
    let told = 300 * 16 + blocks.iter().map(|block| block.samples().len()).sum::<usize>() - 16_000;
    let clock = SystemClock::shared();
    while recorded(&recording).len() < told {
        clock.sleep(Duration::from_millis(10)).await;
    }
    sink.end().unwrap();
    recorded(&recording)
}

#[tokio::test]
async fn a_clip_of_the_city_comes_out_of_the_card_as_it_was_made_and_as_loud_as_the_tone() {
    if !has("aplay") {
        return eprintln!("SKIPPED, NOT TESTED: aplay is missing");
    }
    let dir = tempfile::tempdir().unwrap();
    let (bytes, audio) = clip(2_000.0, 32_000);
    let shelf = Shelf::open(dir.path().join("clips"), 1_000_000).unwrap();
    shelf.add(&audio, &bytes).unwrap();
    shelf.finish(&audio).unwrap();
    let board = ClipBoard::new(shelf, Duration::from_secs(5), Duration::from_secs(3));
    let bulletin = Bulletin {
        repeats: 1,
        tone: Tone::Orange,
        volume: 100,
        audio: Some(audio),
        ..crate::city::red(1, mingluo_model::clock::Timestamp(0))
    };
    let ticket = Ticket { clip: audio, board, wait: Duration::from_secs(3) };
    let said = Said { city: Some(ticket), ..Said::default() };
    let mut score = Score::of(&bulletin, Some(said), Duration::from_mins(10), 100);
    let heard = through_the_card(dir.path(), &mut score).await;
    let tone = &heard[300 * 16 + 800..300 * 16 + 7_200];
    let speech = &heard[300 * 16 + 3 * 16_000 + 8_000..][..32_000];
    assert!(share(tone, 900.0) > 0.9 && share(tone, 2_000.0) < 0.05);
    assert!(share(&speech[1_600..30_400], 2_000.0) > 0.9, "{}", share(speech, 2_000.0));
    assert!(loudness(speech) > 0.3 && loudness(tone) > 0.3, "{}", loudness(speech));
}

#[tokio::test]
async fn the_card_is_given_tone_then_words_and_both_are_loud() {
    if !has("aplay") || !has("espeak-ng") {
        return eprintln!("SKIPPED, NOT TESTED: aplay or espeak-ng is missing");
    }
    let dir = tempfile::tempdir().unwrap();
    let clock = SystemClock::shared();
    let script = "抚顺市发布暴雨红色预警，请立即转移。".to_owned();
    let bulletin =
        Bulletin { script, repeats: 1, tone: Tone::Orange, volume: 100, ..crate::city::red(1, clock.now()) };
    let words = engine(dir.path()).begin(&bulletin.script);
    while words.are_awaited() {
        clock.sleep(Duration::from_millis(10)).await;
    }
    let n_words = words.samples().len();
    assert!((2 * 16_000..12 * 16_000).contains(&n_words), "{n_words} samples for seventeen characters");

    let said = Said { own: Some(words), ..Said::default() };
    let mut score = Score::of(&bulletin, Some(said), Duration::from_mins(10), 100);
    let heard = through_the_card(dir.path(), &mut score).await;
    let (lead, tone) = heard.split_at(300 * 16);
    assert!(loudness(lead) < 1e-6, "the player is kept ahead by silence");
    let (first, second) = (&tone[800..7_200], &tone[8_800..15_200]);
    assert!(share(first, 900.0) > 0.9 && share(first, 700.0) < 0.05, "{}", share(first, 900.0));
    assert!(share(second, 700.0) > 0.9, "{}", share(second, 700.0));
    let spoken = &tone[3 * 16_000 + 8_000..][..n_words];
    assert!(loudness(first) > 0.5, "{}", loudness(first));
    assert!(loudness(spoken) > 0.05, "{}", loudness(spoken));
    assert!(share(spoken, 900.0) < 0.2 && share(spoken, 700.0) < 0.2, "words are no tone");
}

#[test]
fn a_card_that_is_not_there_is_a_fault_and_not_a_silence() {
    if !has("aplay") {
        return eprintln!("SKIPPED, NOT TESTED: aplay is missing");
    }
    let mut sink = AlsaSink::with_settings("no-such-card".to_owned(), None);
    let bulletin = crate::city::red(1, mingluo_model::clock::Timestamp(0));
    let mut score = Score::of(&bulletin, None, Duration::from_mins(10), 100);
    let begun = sink.begin(bulletin.ebm);
    let written = begun.and_then(|()| {
        // The player needs a moment to find out; a pipe holds two seconds.
        std::iter::from_fn(|| score.next(Duration::from_secs(1))).try_for_each(|block| sink.write(block))
    });
    assert!(written.unwrap_err().to_string().contains("no-such-card"));
}

/// What was played: its samples and its envelope.
fn played(bulletin: &Bulletin) -> (Vec<i16>, Envelope) {
    let mut score = Score::of(bulletin, None, Duration::from_mins(10), 100);
    let blocks = std::iter::from_fn(|| score.next(Duration::from_millis(100)));
    let samples: Vec<i16> = blocks.flat_map(|block| block.samples()).collect();
    let mut envelope = Envelope::default();
    envelope.take(samples.iter().copied());
    (samples, envelope)
}

#[tokio::test]
async fn a_microphone_at_the_card_knows_the_clip_that_is_played_from_another_one() {
    if !has("arecord") {
        return eprintln!("SKIPPED, NOT TESTED: arecord is missing");
    }
    let dir = tempfile::tempdir().unwrap();
    let (heard, asound) = (dir.path().join("heard"), dir.path().join("asound.conf"));
    let clock = SystemClock::shared();
    let red = Bulletin { tone: Tone::Red, repeats: 2, ..crate::city::red(1, clock.now()) };
    let (samples, envelope) = played(&red);
    // A third as loud, and four tenths of a second late.
    let far = std::iter::repeat_n(0, 6_400).chain(samples.iter().map(|sample| sample / 3));
    let bytes: Vec<u8> = far.flat_map(i16::to_le_bytes).collect();
    fs::write(&heard, bytes).unwrap();
    fs::write(&asound, MICROPHONE.replace("HEARD", &heard.display().to_string())).unwrap();
    let mut sense = CaptureSense::with_settings("microphone".to_owned(), Some(asound));
    sense.attend();
    let mut levels = Vec::new();
    while levels.len() < envelope.levels().len() + 4 {
        levels.extend(sense.levels().unwrap());
        clock.sleep(Duration::from_millis(10)).await;
    }
    sense.rest();
    let found = likeness(envelope.levels(), &levels).unwrap();
    assert!(found > 0.95, "{found}");
    let (_, other) = played(&Bulletin { tone: Tone::Blue, repeats: 4, ..red });
    let found = likeness(other.levels(), &levels).unwrap();
    assert!(found < ALIKE, "{found}");
}
