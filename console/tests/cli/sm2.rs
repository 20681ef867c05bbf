//! The signer with an SM2 key, and the key set that names it.

use crate::desk::Desk;

/// The private key of GB/T 32918.5-2017, A.2.
const KEY: &str = "sm2:3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8\n";

#[cfg(not(feature = "sm2"))]
#[test]
fn a_signer_that_is_built_without_sm2_says_so_in_both_languages() {
    let desk = Desk::new();
    desk.write("signer.key", KEY);
    let said = desk.run(&["signer", "--public"]);
    assert!(!said.good);
    said.tells(&["signer.key_file", "编译时未含 sm2", "built without sm2", "--features sm2"]);
}

#[cfg(feature = "sm2")]
mod built_in {
    use super::{Desk, KEY};
    use crate::living::{ends_with_its_stdin, started};
    use mingluo_model::{
        alert::Language,
        bulletin::{Action, Alg, BroadcastClass, Bulletin, EbmId, EventType, PublicKey, Tone, codec},
        clock::Timestamp,
        mode::ModeKind,
        region::Level,
        signer::{Purpose, SignatureBytes, time_bytes},
    };
    use serde_json::{Value, json};
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        os::unix::net::UnixStream,
        process::Command,
    };

    fn asked(desk: &Desk, request: &Value) -> Value {
        let mut stream = UnixStream::connect(desk.path("signer.sock")).unwrap();
        writeln!(stream, "{request}").unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    #[test]
    fn a_signer_with_an_sm2_key_signs_bulletins_and_the_time_each_for_itself() {
        let desk = Desk::new();
        desk.write("signer.key", KEY);
        let (child, ready, ended) = started(&desk, &["signer", "--until-stdin-closes"]);
        let ready: Value = serde_json::from_str(&ready).unwrap();
        assert_eq!(ready["alg"], "sm2");
        let public = hex::decode(ready["public"].as_str().unwrap()).unwrap();
        let public = PublicKey::new(Alg::Sm2, &public).unwrap();
        let time = time_bytes(&[5; 32], Timestamp(1_783_209_600_000));
        for (purpose, bytes) in [(Purpose::Bulletin, stop()), (Purpose::Time, time)] {
            let answer =
                asked(&desk, &json!({ "sign": { "purpose": purpose, "bytes": hex::encode(&bytes) } }));
            let signature: SignatureBytes = serde_json::from_value(answer["signature"].clone()).unwrap();
            assert_eq!((signature.alg, signature.bytes.len()), (Alg::Sm2, 64));
            assert!(signature.fits(&public, purpose, &bytes));
            assert!(!signature.fits(&public, Purpose::AuditHead, &bytes));
        }
        ends_with_its_stdin(child, &ended);
    }

    /// The stop of everything in the city, as it is signed.
    fn stop() -> Vec<u8> {
        let bulletin = Bulletin {
            tier: Level::City,
            key_id: "desk-1".parse().unwrap(),
            seq: 1,
            ebm: EbmId::new("42104000000000103010101".parse().unwrap(), 20_260_705, 1).unwrap(),
            class: BroadcastClass::Emergency,
            grade: None,
            event: EventType::OTHER,
            areas: vec!["2104".parse().unwrap()],
            action: Action::StopAll,
            related: Vec::new(),
            start: Timestamp(1),
            end: Timestamp(2),
            volume: 0,
            repeats: 1,
            tone: Tone::None,
            script: String::new(),
            audio: None,
            language: Language::chinese(),
            created: Timestamp(1),
            mode: ModeKind::Live,
        };
        codec::encode(&bulletin).unwrap()
    }

    #[test]
    fn a_file_that_holds_no_sm2_key_is_told_with_what_it_should_hold() {
        let desk = Desk::new();
        desk.write("signer.key", format!("sm2:{}", "00".repeat(32)));
        let said = desk.run(&["signer", "--public"]);
        assert!(!said.good);
        said.tells(&["signer.key_file", "不是 SM2 私钥", "no SM2 key", "n-2"]);
    }

    #[test]
    fn an_sm2_key_is_signed_into_a_key_set_if_it_lies_on_the_curve() {
        let desk = Desk::new();
        desk.write("signer.key", KEY);
        let said: Value = serde_json::from_str(&desk.run(&["signer", "--public"]).text).unwrap();
        let mingluo = |words: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_mingluo"));
            let output = command.current_dir(desk.path(".")).args(words.split(' ')).output().unwrap();
            (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
        };
        let wanted = |alg: &str, public: &str| {
            let key = json!({ "id": "city-gm", "alg": alg, "public": public, "not_after": 1_830_297_600_000_u64,
                "tier": "city", "areas": ["2104"], "max_level": "red", "classes": ["emergency"] });
            desk.write("wanted.json", json!({ "keys": [key] }).to_string());
        };
        assert!(mingluo("box root new --root-file root.key --public-file root.pub").0);
        let sign = "box keys sign --root-file root.key --version 1 --keys wanted.json --out keys.json";
        let public = said["public"].as_str().unwrap();

        wanted("ed25519", public);
        let (good, told) = mingluo(sign);
        assert!(!good && told.contains("key city-gm: public: 65 bytes"), "{told}");
        let beside = if public.ends_with('3') { "4" } else { "3" };
        wanted("sm2", &format!("{}{beside}", &public[..129]));
        let (good, told) = mingluo(sign);
        assert!(
            !good && told.contains("key city-gm") && told.contains("no point of the sm2 curve"),
            "{told}"
        );
        wanted("sm2", public);
        let (good, told) = mingluo(sign);
        assert!(good && told.contains("city-gm") && told.contains("sm2"), "{told}");
        assert!(mingluo("box keys show --public-file root.pub keys.json").0);

        desk.write("root.key", KEY);
        let (good, told) = mingluo(&sign.replace("keys.json", "other.json"));
        assert!(!good && told.contains("must sign by ed25519"), "{told}");
    }
}
