//! The library of clips, as an administrator has it made.

use crate::{
    desk::{Desk, Said},
    living::{ends_with_its_stdin, started},
};
use mingluo_model::{
    bulletin::{BroadcastClass, EventType, KeySet, SignedLibrary, VerifyingEntry},
    clock::Timestamp,
    grade::Grade,
    region::Level,
    signer::LocalSigner,
};
use sha2::{Digest as _, Sha256};
use std::process::Command;

/// A desk whose engine says a second of one pitch, whatever it is asked.
fn desk() -> Desk {
    let desk = Desk::new();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(desk.path("engine.wav"), spec).unwrap();
    (0..16_000)
        .for_each(|nth| writer.write_sample(if nth / 20 % 2 == 0 { 9_000_i16 } else { -9_000 }).unwrap());
    writer.finalize().unwrap();
    let speaks = format!("cat > /dev/null; cp {} {{wav}}", desk.path("engine.wav").display());
    desk.change("[render]", &format!("[speech]\ncommand = [\"sh\", \"-c\", \"{speaks}\"]\n[render]"));
    desk
}

fn make(desk: &Desk, words: &[&str]) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_mingluo"))
        .args(["box", "clips", "--out", &desk.path("library").display().to_string()])
        .args(words)
        .env("MINGLUO_CONFIG", desk.path("mingluo.toml"))
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    Said { good: output.status.success(), text }
}

#[test]
fn a_library_is_spoken_signed_and_believed_for_its_signature() {
    let desk = desk();
    let (child, _, ended) = started(&desk, &["signer", "--until-stdin-closes"]);
    let made = make(&desk, &["--version", "1", "--event", "11B03"]);
    assert!(made.good, "{}", made.text);
    made.tells(&["clips 10", "desk-1"]);

    let manifest = std::fs::read(desk.path("library").join("manifest.json")).unwrap();
    let signed: SignedLibrary = serde_json::from_slice(&manifest).unwrap();
    let id = "desk-1".parse().unwrap();
    let key = VerifyingEntry {
        public: LocalSigner::from_seed("desk-1".parse().unwrap(), &[7; 32]).public(),
        id,
        not_after: Timestamp(9_000_000_000_000),
        tier: Level::City,
        areas: vec!["2104".parse().unwrap()],
        max_level: Grade::Red,
        classes: vec![BroadcastClass::Emergency],
    };
    let library = signed.open(&KeySet { keys: vec![key] }, "210423001001".parse().unwrap()).unwrap();
    let event: EventType = "11B03".parse().unwrap();
    for clip in &library.clips {
        let file = desk.path("library").join(format!("{}.opus", hex::encode(clip.sha256)));
        let bytes = std::fs::read(file).unwrap();
        assert_eq!((bytes.len() as u32, <[u8; 32]>::from(Sha256::digest(&bytes))), (clip.len, clip.sha256));
        assert_eq!(clip.length_ms, 1_000);
    }
    assert!(library.find(event, Some(Grade::Red)).unwrap().text.contains("暴雨红色预警"));
    let again = make(&desk, &["--version", "2"]);
    assert!(!again.good);
    again.tells(&["--out", "须是新目录", "new folder"]);
    ends_with_its_stdin(child, &ended);
}

#[test]
fn what_is_in_the_way_of_a_library_is_told() {
    let desk = desk();
    let unknown = make(&desk, &["--version", "1", "--event", "99Z99"]);
    assert!(!unknown.good);
    unknown.tells(&["--event", "99Z99", "event_types.csv"]);
    let unsigned = make(&desk, &["--version", "1", "--event", "11B03"]);
    assert!(!unsigned.good);
    unsigned.tells(&["mingluo signer"]);
    assert!(!desk.path("library").join("manifest.json").exists());
}

#[test]
fn a_speech_engine_that_cannot_be_used_is_found_before_it_is_needed() {
    let desk = Desk::new();
    desk.change("[render]", "[speech]\ncommand = [\"espeak-ng\"]\nwithin_s = 20\n[render]");
    let checked = desk.run(&["check"]);
    assert!(!checked.good);
    checked.tells(&["speech.command", "{wav}", "语音引擎命令不全", "not whole"]);
    desk.change("within_s = 20", "url = \"http://127.0.0.1:5500/say\"");
    desk.run(&["check"]).tells(&["speech.url", "只能写一个"]);
    desk.change("command = [\"espeak-ng\"]\nurl", "url");
    assert!(desk.run(&["check"]).good);
    desk.change("http://127.0.0.1:5500/say", "speech.sock");
    desk.run(&["check"]).tells(&["speech.url", "不是语音服务的地址"]);
}
