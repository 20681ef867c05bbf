//! What the platform may push, and what others may push in its name.

use super::*;
use crate::{
    oracle::{CASES, Odd, asked},
    weixin::push::sign,
};
use mingluo_model::clock::{Timestamp, manual::ManualClock};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

const PLAN: &str = "0190163d-8694-739b-aea5-966c26f8ad91";
const SECONDS: i64 = 1_411_525_903;

/// The corporation of wechatpy's tests.
fn callback(seconds: i64) -> Callback {
    let key = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR";
    let corp = "wx49f0ab532d5d035a";
    let cipher = Cipher::new(key, corp).unwrap();
    Callback::new(corp.into(), Secret::new("123456"), cipher, ManualClock::at(Timestamp(seconds * 1000)))
}

/// A push with these words, as the platform would make it.
fn push(callback: &Callback, words: &str) -> (String, String) {
    let sealed = callback.cipher.seal([7; 16], words.as_bytes());
    let signature = sign(["123456", &SECONDS.to_string(), "n", &sealed]);
    let query = format!("msg_signature={signature}&timestamp={SECONDS}&nonce=n");
    (query, format!("<xml><ToUserName>wx</ToUserName><Encrypt>{sealed}</Encrypt><AgentID>7</AgentID></xml>"))
}

fn pressed(task: &str, key: &str) -> String {
    format!(
        "<xml><ToUserName>wx</ToUserName><FromUserName>ZhangSan</FromUserName><CreateTime>1</CreateTime>\
         <MsgType>event</MsgType><Event>template_card_event</Event><EventKey>{key}</EventKey><TaskId>{task}</TaskId>\
         <CardType>button_interaction</CardType><ResponseCode>R1</ResponseCode><AgentID>7</AgentID></xml>"
    )
}

fn heard(words: &str) -> Heard {
    let callback = callback(SECONDS);
    let (query, body) = push(&callback, words);
    callback.parse(&query, body.as_bytes()).unwrap()
}

/// Vectors of wechatpy's own tests.
#[test]
fn the_address_check_and_a_message_of_others_are_read() {
    let echo =
        "4ByGGj%2BsVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1%2BbXFXDQQb1o6co6Yh9Bv41n7hOchLF6p%2BQ%3D%3D";
    let query = |nonce: u32| {
        format!(
            "msg_signature=dd6b9c95b495b3f7e2901bfbc76c664930ffdb96&timestamp=1411443780&nonce={nonce}&echostr={echo}"
        )
    };
    let then = callback(1_411_443_780);
    assert_eq!(then.verify_url(&query(437_374_425)), Ok("5927782489442352469".into()));
    assert_eq!(then.verify_url(&query(437_374_424)), Err(CallbackError::NotSigned));
    assert!(matches!(callback(SECONDS).verify_url(&query(437_374_425)), Err(CallbackError::Stale { .. })));
    let sealed = "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXzF6Bv\
        283dGymzxh6ydJRvZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gYNx410cvkKR2/nPwB\
        iT+P4hIiOAQqGp/TywZBtDh1yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2SjHnwh4jYFxdgpkHHqIrH/54SNdsh\
        oQgWYEvccTKe7FS709/5t6NMxuGhcUGAPOQipvWTT4dShyqio7mlsl5noTrb++x6En749zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxth\
        uL0=";
    let query =
        format!("msg_signature=74d92dfeb87ba7c714f89d98870ae5eb62dff26d&timestamp={SECONDS}&nonce=461056294");
    let body = format!("<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>");
    let reply = callback(SECONDS).parse(&query, body.as_bytes()).unwrap().reply.unwrap();
    assert_eq!((reply.words.as_str(), reply.from.expose()), ("test", "messense"));
}

#[test]
fn a_button_names_its_plan_and_who_pressed_it() {
    let Heard { confirmed, reply, .. } = heard(&pressed(&format!("{PLAN}-5-1"), CONFIRM));
    let confirmed = confirmed.unwrap();
    assert_eq!((confirmed.by.expose(), confirmed.plan.to_string().as_str()), ("zhangsan", PLAN));
    assert_eq!(confirmed.at, Timestamp(SECONDS * 1000));
    assert!(reply.is_some_and(|reply| reply.from == confirmed.by));
}

#[test]
fn a_press_that_is_said_thrice_has_one_name_and_another_members_has_another() {
    let event = pressed(&format!("{PLAN}-5-1"), CONFIRM);
    assert_eq!(heard(&event).name, heard(&event).name);
    assert_ne!(heard(&event).name, heard(&event.replace("ZhangSan", "LiSi")).name);
}

#[test]
fn another_button_and_another_event_confirm_nothing() {
    for event in [
        pressed(&format!("{PLAN}-5-1"), "another"),
        pressed(&format!("{PLAN}-5-1"), CONFIRM).replace("template_card_event", "enter_agent"),
    ] {
        let Heard { confirmed, reply, .. } = heard(&event);
        assert_eq!((confirmed, reply), (None, None));
    }
    let strange = heard(&pressed("somebody-elses", CONFIRM));
    assert!(strange.confirmed.is_none() && strange.reply.is_some(), "kept, for somebody to look at");
    let written = format!(
        "<xml><FromUserName>li</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType>\
         <Content>收到</Content><MsgId>9</MsgId><TaskId>{PLAN}-5-1</TaskId></xml>"
    );
    let Heard { confirmed, reply, .. } = heard(&written);
    assert_eq!((confirmed, reply.unwrap().words.as_str()), (None, "收到"));
}

#[test]
fn nothing_that_is_not_signed_or_for_somebody_else_is_heard() {
    let callback = callback(SECONDS);
    let (query, body) = push(&callback, &pressed(&format!("{PLAN}-5-1"), CONFIRM));
    let forged = query.replace("nonce=n", "nonce=m");
    assert_eq!(callback.parse(&forged, body.as_bytes()), Err(CallbackError::NotSigned));
    let bare = pressed(&format!("{PLAN}-5-1"), CONFIRM);
    assert!(matches!(callback.parse(&query, bare.as_bytes()), Err(CallbackError::Malformed { .. })));
    let other = Callback { cipher: Cipher::new(&"A".repeat(43), "ww").unwrap(), ..self::callback(SECONDS) };
    assert!(matches!(other.parse(&query, body.as_bytes()), Err(CallbackError::Undeciphered { .. })));
    let long = vec![b' '; LONGEST + 1];
    assert_eq!(callback.parse(&query, &long), Err(CallbackError::TooLong { length: LONGEST + 1 }));
}

/// wechatpy's half for corporations enciphers, we read; we answer, it reads.
#[test]
fn the_library_for_corporations_reads_us_and_we_read_it() {
    let mut odd = Odd::new();
    let told: Vec<(String, i64)> = (0..CASES).map(|_| (odd.text(), odd.seconds())).collect();
    let base = json!({
        "kind": "work", "token": "123456", "key": "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR",
        "id": "wx49f0ab532d5d035a",
    });
    let case = |more: Value| {
        let mut case = base.clone();
        case.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        case
    };
    let seal = |(number, (words, seconds)): (usize, &(String, i64))| {
        let xml = format!(
            "<xml><FromUserName>li</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>{}</Content>\
             <MsgId>{number}</MsgId></xml>",
            escaped(words)
        );
        case(
            json!({"do": "seal", "words": xml, "nonce": number.to_string(), "timestamp": seconds.to_string()}),
        )
    };
    let mut cases: Vec<Value> = told.iter().enumerate().map(seal).collect();
    let answered = |(number, (words, seconds)): (usize, &(String, i64))| {
        let mut chance = StdRng::seed_from_u64(number as u64);
        let body = callback(*seconds).confirmed(&Address::new("li"), words, &mut chance);
        case(json!({"do": "open", "body": body}))
    };
    cases.extend(told.iter().enumerate().map(answered));
    let mut strange = cases[CASES].clone();
    strange["id"] = json!("ww-other");
    cases.push(strange);
    let Some(said) = asked("wechat.py", &cases) else { return };
    let said: Vec<Value> = said.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (number, ((words, seconds), push)) in told.iter().zip(&said).enumerate() {
        let of = |name: &str| push[name].as_str().unwrap();
        let query = format!("msg_signature={}&timestamp={seconds}&nonce={number}", of("msg_signature"));
        let heard = callback(*seconds).parse(&query, of("body").as_bytes()).unwrap();
        assert_eq!(heard.reply.unwrap().words, words.trim());
    }
    assert_eq!(said[2 * CASES], json!({"error": "InvalidCorpIdException"}));
    for ((words, _), read) in told.iter().zip(&said[CASES..]) {
        let read = read["words"].as_str().unwrap();
        assert!(read.contains(&format!("<ReplaceName>{}</ReplaceName>", escaped(words))), "{read}");
    }
}
