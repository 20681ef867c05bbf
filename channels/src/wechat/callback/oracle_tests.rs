//! wechatpy as the platform: what it enciphers we read, what we answer it reads, and neither reads what is for another
//! account.

use super::*;
use crate::oracle::{CASES, Odd, asked};
use mingluo_model::{
    address::Address,
    clock::{Timestamp, manual::ManualClock},
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

const TOKEN: &str = "pamtest";
const APP: &str = "wxb11529c136998cb6";
/// Keys whose last bits are set, as real ones are, and one whose are not.
const KEYS: [&str; 3] = [
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

fn callback(key: &str, app: &str, seconds: i64) -> Callback {
    let clock = ManualClock::at(Timestamp(seconds * 1000));
    Callback::new(Secret::new(TOKEN), Cipher::new(key, app), clock)
}

fn case(number: usize, what: &Value) -> Value {
    let mut case = json!({"token": TOKEN, "key": KEYS[number % KEYS.len()], "id": APP});
    case.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    case
}

#[test]
fn what_the_platform_enciphers_is_read() {
    let mut odd = Odd::new();
    let written: Vec<_> = (0..CASES).map(|_| (odd.text(), odd.seconds())).collect();
    let push = |(number, (words, seconds)): (usize, &(String, i64))| {
        let words = escaped(words);
        let xml = format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>oPretend</FromUserName><CreateTime>1</CreateTime>\
             <MsgType>text</MsgType><Content>{words}</Content><MsgId>{number}</MsgId></xml>"
        );
        case(
            number,
            &json!({"do": "seal", "words": xml, "nonce": number.to_string(), "timestamp": seconds.to_string()}),
        )
    };
    let cases: Vec<_> = written.iter().enumerate().map(push).collect();
    let Some(pushes) = asked("wechat.py", &cases) else { return };
    for (number, ((words, seconds), push)) in written.iter().zip(pushes).enumerate() {
        let push: Value = serde_json::from_str(&push).unwrap();
        let of = |name: &str| push[name].as_str().unwrap().to_owned();
        let query = format!(
            "signature={}&timestamp={seconds}&nonce={number}&encrypt_type=aes&msg_signature={}",
            of("signature"),
            of("msg_signature")
        );
        let key = KEYS[number % KEYS.len()];
        let heard = callback(key, APP, *seconds).parse(&query, of("body").as_bytes()).unwrap();
        assert_eq!(heard.replies[0].words, words.trim());
        let other = callback(key, "wx-other", *seconds).parse(&query, of("body").as_bytes());
        assert!(matches!(other, Err(CallbackError::Undeciphered { .. })), "{other:?}");
    }
}

#[test]
fn what_we_answer_the_platform_reads() {
    let mut odd = Odd::new();
    let reply = Reply {
        from: Address::new("oPretend"),
        to: "gh_1".into(),
        words: String::new(),
        id: None,
        part: None,
        at: Timestamp(0),
    };
    let answered: Vec<_> = (0..CASES)
        .map(|number| {
            let (words, seconds) = (odd.text(), odd.seconds());
            let callback = callback(KEYS[number % KEYS.len()], APP, seconds);
            let bare = Callback { cipher: None, ..self::callback(KEYS[0], APP, seconds) };
            let mut chance = StdRng::seed_from_u64(number as u64);
            (callback.answer(&reply, &words, &mut chance), bare.answer(&reply, &words, &mut chance))
        })
        .collect();
    let open =
        |(number, (body, _)): (usize, &(String, String))| case(number, &json!({"do": "open", "body": body}));
    let mut cases: Vec<_> = answered.iter().enumerate().map(open).collect();
    cases[0]["id"] = json!("wx-other");
    cases[1]["token"] = json!("another");
    let Some(read) = asked("wechat.py", &cases) else { return };
    let read: Vec<Value> = read.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read[0], json!({"error": "InvalidAppIdException"}));
    assert_eq!(read[1], json!({"error": "InvalidSignatureException"}));
    for (said, (_, bare)) in read.iter().zip(&answered).skip(2) {
        assert_eq!(said["words"], json!(bare));
    }
}
