//! Whose voice a bulletin has: the city's clip in time, late, wrong, or not at all.

use super::*;
use crate::{
    clip::{
        ClipBoard, Found,
        library::{Library, MANIFEST},
        shelf::{Shelf, ShelfError},
    },
    contact::{Button, SimulatedContact},
    player::WavSink,
    pretend_clips::{clip, loudness, share},
    sound::SAMPLE_RATE,
    village::{clip_file, keys, signer},
    voice::{Voice, Words},
};
use mingluo_model::{
    bulletin::{AudioClip, ClipLibrary, EventType, LibraryClip, SignedLibrary},
    signer::Purpose,
};
use std::{num::NonZeroU64, path::Path};

/// Pitches by which voices are told apart; none of them is in a tone.
const CITY: f64 = 2_000.0;
const OWN: f64 = 3_000.0;
const FIXED: f64 = 2_500.0;
const SECOND: usize = SAMPLE_RATE as usize;

/// A voice that says everything in one pitch, at once.
struct OnePitch;

impl Voice for OnePitch {
    fn begin(&mut self, _: &str) -> Words {
        let sample = |at: usize| {
            let turns = at as f64 * OWN / f64::from(SAMPLE_RATE);
            (20_000.0 * (turns * std::f64::consts::TAU).sin()) as i16
        };
        Words::ready((0..SECOND).map(sample).collect())
    }
}

/// A box with a voice, a card for clips and a recorder.
struct Studio {
    village: Village,
    board: ClipBoard,
    dir: tempfile::TempDir,
}

impl Studio {
    fn new() -> Self {
        Self::with(Village::new())
    }

    fn with(mut village: Village) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path().join("clips"), 1_000_000).unwrap();
        let board = ClipBoard::new(shelf, Duration::from_secs(5), Duration::from_secs(3));
        let hands = &mut village.agent.hands;
        hands.clips.board = Some(board.clone());
        hands.voice = Some(Box::new(OnePitch));
        hands.sink = Box::new(WavSink::new(dir.path().to_owned(), village.air.clone()));
        Self { village, board, dir }
    }

    /// What the fetcher does when a clip has come.
    fn deliver(&self, clip: &AudioClip, bytes: &[u8]) {
        self.board.shelf().add(clip, bytes).unwrap();
        self.board.shelf().finish(clip).unwrap();
        self.board.came(clip);
    }

    /// Plays a bulletin to its end; gives what its last report says and what was recorded.
    fn ends(&mut self, bulletin: &Bulletin) -> (String, Vec<i16>) {
        self.village.agent.tick().unwrap();
        let told = self.last_words();
        (told, recorded(self.dir.path(), bulletin.ebm))
    }

    fn last_words(&mut self) -> String {
        let until = self.village.clock.ticks() + 2 * MINUTE;
        let mut reports = Vec::new();
        while let Some(due) =
            self.village.agent.due().filter(|due| self.village.clock.ticks() + *due <= until)
        {
            self.village.clock.advance(due);
            self.village.agent.tick().unwrap();
            reports.extend(self.village.reports());
        }
        reports.into_iter().find(|report| report.event == Event::Ended).unwrap().detail
    }
}

fn recorded(dir: &Path, ebm: EbmId) -> Vec<i16> {
    let reader = hound::WavReader::open(dir.join(format!("{ebm}.wav"))).unwrap();
    reader.into_samples().map(Result::unwrap).collect()
}

/// Whole tenths of a second in which this pitch is what is heard.
fn tenths(samples: &[i16], hz: f64) -> usize {
    samples.chunks(SECOND / 10).filter(|tenth| share(tenth, hz) > 0.8).count()
}

fn with_clip(seq: u64, audio: AudioClip) -> Bulletin {
    Bulletin { audio: Some(audio), volume: 100, ..bulletin(seq) }
}

#[test]
fn a_clip_that_is_here_is_what_is_heard_in_every_round_and_as_loud_as_the_tone() {
    let mut studio = Studio::new();
    let (bytes, audio) = clip(CITY, 2 * SECOND);
    let bulletin = with_clip(1, audio);
    studio.board.want(&bulletin);
    studio.deliver(&audio, &bytes);
    studio.village.hear(signed(&bulletin));
    let (told, heard) = studio.ends(&bulletin);
    assert_eq!(told, "voice: the city's clip");
    assert!((36..=40).contains(&tenths(&heard, CITY)), "{}", tenths(&heard, CITY));
    assert_eq!(tenths(&heard, OWN), 0);
    // Tone 4 s, breath 0.5 s, then the clip.
    let speech = &heard[5 * SECOND..6 * SECOND];
    assert!(loudness(speech) > 0.3, "{}", loudness(speech));
}

#[test]
fn a_clip_that_comes_late_is_heard_in_the_next_round_and_nobody_waits_in_silence() {
    let mut studio = Studio::new();
    let (bytes, audio) = clip(CITY, SECOND);
    let bulletin = with_clip(1, audio);
    let events = studio.village.hear(signed(&bulletin));
    assert!(events.contains(&(1, Event::Playing)), "the tone does not wait for the network: {events:?}");
    studio.village.pass(Duration::from_secs(6));
    studio.deliver(&audio, &bytes);
    let (told, heard) = studio.ends(&bulletin);
    assert_eq!(
        told,
        "voice: the city's clip; voice: the box's own; the city's clip was not played: it did not come in time"
    );
    assert!(tenths(&heard, OWN) >= 9 && tenths(&heard, CITY) >= 9);
    // A red tone takes four seconds, and a red bulletin waits for three.
    assert!(loudness(&heard[9 * SECOND / 2 + 800..5 * SECOND]) > 0.3);
}

#[test]
fn a_graver_delay_is_borne_for_a_yellow_one() {
    let mut studio = Studio::new();
    let (_, audio) = clip(CITY, SECOND);
    let calm = Bulletin { grade: Some(Grade::Yellow), tone: Tone::Blue, ..with_clip(1, audio) };
    studio.village.hear(signed(&calm));
    let (_, heard) = studio.ends(&calm);
    // Tone 2 s and breath 0.5 s; the clip is waited for until five seconds have sounded.
    assert!(loudness(&heard[5 * SECOND / 2..5 * SECOND]) < 0.01);
    assert!(tenths(&heard[5 * SECOND..6 * SECOND], OWN) >= 9);
}

#[test]
fn a_clip_that_was_refused_is_never_heard_and_its_reason_is_reported() {
    let mut studio = Studio::new();
    let (_, audio) = clip(CITY, SECOND);
    let bulletin = with_clip(1, audio);
    studio.village.hear(signed(&bulletin));
    studio.board.refuse(&audio, &ShelfError::NotSigned("its digest is another"));
    let (told, heard) = studio.ends(&bulletin);
    assert!(told.contains("voice: the box's own") && told.contains("its digest is another"), "{told}");
    assert_eq!(tenths(&heard, CITY), 0);
    studio.board.want(&with_clip(2, audio));
    assert_eq!(studio.board.look(&audio), Found::Awaited, "a later bulletin asks again");
}

#[test]
fn what_is_signed_and_no_sound_costs_the_clip_and_not_the_words() {
    let mut studio = Studio::new();
    let (_, mut audio) = clip(CITY, SECOND);
    let bytes = b"signed, and no sound".to_vec();
    (audio.len, audio.sha256) = (bytes.len() as u32, sha2::Digest::finalize(digest(&bytes)).into());
    let bulletin = with_clip(1, audio);
    studio.board.want(&bulletin);
    studio.deliver(&audio, &bytes);
    studio.village.hear(signed(&bulletin));
    let (told, heard) = studio.ends(&bulletin);
    assert!(told.contains("voice: the box's own") && told.contains("no sound"), "{told}");
    assert!(tenths(&heard, OWN) >= 18);
}

fn digest(bytes: &[u8]) -> sha2::Sha256 {
    sha2::Digest::new_with_prefix(bytes)
}

/// A library of one clip, for red of any event.
fn library(dir: &Path) -> Library {
    let (_, fixed) = clip_file(dir, FIXED, SECOND);
    let listed = LibraryClip {
        event: EventType::OTHER,
        grade: Some(Grade::Red),
        sha256: fixed.sha256,
        len: fixed.len,
        length_ms: 1_000,
        text: "红色预警".to_owned(),
    };
    let list = ClipLibrary { version: NonZeroU64::MIN, clips: vec![listed] };
    let list = serde_json::to_string(&list).unwrap();
    let signature = signer().sign_now(Purpose::ClipLibrary, list.as_bytes()).bytes;
    let signed = SignedLibrary { list, key_id: "fushun-1".parse().unwrap(), signature };
    std::fs::write(dir.join(MANIFEST), serde_json::to_string(&signed).unwrap()).unwrap();
    Library::open(dir, &keys(), "210423001001".parse().unwrap()).unwrap()
}

#[test]
fn without_its_clip_a_bulletin_has_the_librarys_words_and_then_its_own() {
    let mut studio = Studio::new();
    let shelf = tempfile::tempdir().unwrap();
    studio.village.agent.hands.clips.library = Some(library(shelf.path()));
    let (_, audio) = clip(CITY, SECOND);
    let bulletin = with_clip(1, audio);
    studio.village.hear(signed(&bulletin));
    let (told, heard) = studio.ends(&bulletin);
    assert!(told.starts_with("voice: the box's library; voice: the box's own"), "{told}");
    let first = |hz| heard.chunks(SECOND / 10).position(|tenth| share(tenth, hz) > 0.8).unwrap();
    assert!(first(FIXED) < first(OWN));
    assert!(tenths(&heard, FIXED) >= 18 && tenths(&heard, OWN) >= 18);
}

#[test]
fn the_button_has_the_librarys_words_while_their_key_is_believed() {
    let contact = SimulatedContact::default();
    let button = Button {
        key: None,
        contact: Box::new(contact.clone()),
        hold: Duration::from_secs(3),
        sounding: Duration::from_secs(20),
    };
    let mut village = Village::new();
    village.agent.hands.watch.button = Some(button);
    let mut studio = Studio::with(village);
    let shelf = tempfile::tempdir().unwrap();
    studio.village.agent.hands.clips.library = Some(library(shelf.path()));
    contact.set(true);
    studio.village.pass(Duration::from_millis(3_100));
    contact.set(false);
    assert_eq!(studio.last_words(), "voice: the box's library");
}
