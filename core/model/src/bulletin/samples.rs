//! Bulletins for the tests of this folder.

use super::*;
use proptest::prelude::*;

pub(crate) fn ebm(sequence: u16) -> EbmId {
    EbmId::new("42104000000000103010101".parse().unwrap(), 20_260_705, sequence).unwrap()
}

/// What boxes believe of the town's key: emergencies of every grade in the whole city.
pub(crate) fn town(public: PublicKey) -> VerifyingEntry {
    VerifyingEntry {
        id: "fushun-1".parse().unwrap(),
        public,
        not_after: Timestamp(9_000_000_000),
        tier: Level::City,
        areas: vec!["2104".parse().unwrap()],
        max_level: Grade::Red,
        classes: vec![BroadcastClass::Emergency],
    }
}

pub(crate) fn red_rain() -> Bulletin {
    Bulletin {
        tier: Level::City,
        key_id: "fushun-1".parse().unwrap(),
        seq: 7,
        ebm: ebm(1),
        class: BroadcastClass::Emergency,
        grade: Some(Grade::Red),
        event: "11B03".parse().unwrap(),
        areas: vec!["210423001".parse().unwrap(), "210423102".parse().unwrap()],
        action: Action::Play,
        related: Vec::new(),
        start: Timestamp(1_000_000),
        end: Timestamp(4_600_000),
        volume: 80,
        repeats: 3,
        tone: Tone::Red,
        script: "抚顺市气象台发布暴雨红色预警信号".to_owned(),
        audio: None,
        language: Language::chinese(),
        created: Timestamp(999_000),
        mode: ModeKind::Live,
    }
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        Just(Action::Play),
        Just(Action::StopAll),
        prop::collection::vec((0_u16..9999).prop_map(ebm), 1..4).prop_map(Action::Stop),
    ]
}

fn any_audio() -> impl Strategy<Value = Option<AudioClip>> {
    prop::option::of((1_u8..=3, any::<u32>(), any::<[u8; 32]>()).prop_map(|(codec, len, sha256)| AudioClip {
        codec: AudioCodec::from_number(codec).unwrap(),
        len,
        sha256,
    }))
}

fn any_region() -> impl Strategy<Value = RegionCode> {
    prop_oneof!["21[0-9]{4}", "2104[0-9]{5}", "2104[0-9]{7}[1-9]"].prop_map(|code| code.parse().unwrap())
}

pub(crate) fn any_bulletin() -> impl Strategy<Value = Bulletin> {
    let head = (any::<u64>(), 0_u16..9999, 1_u8..=5, 0_usize..=4, any::<u8>());
    let body =
        (any_action(), prop::collection::vec(any_region(), 1..5), any_audio(), "[\\PC]{1,60}", 0_u8..=100);
    let times = (any::<i32>(), 1_i64..100_000_000, prop::collection::vec(0_u16..9999, 0..4));
    (head, body, times).prop_map(
        |((seq, id, class, grade, tone), (action, areas, audio, script, volume), times)| {
            let class = BroadcastClass::from_number(class).unwrap();
            let start = Timestamp(i64::from(times.0));
            let grade = Grade::ALL.get(grade).copied();
            // Only what has no grade may be silent.
            let volume = if grade.is_some() { volume.max(1) } else { volume };
            Bulletin {
                seq,
                ebm: ebm(id),
                class,
                mode: class.mode(),
                grade,
                tone: Tone::ALL[usize::from(tone % 5) + 1],
                action,
                areas,
                audio,
                script,
                volume,
                start,
                end: Timestamp(start.0 + times.1),
                related: times.2.into_iter().map(ebm).collect(),
                ..red_rain()
            }
        },
    )
}
