//! What the platform may push, and what others may push in its name.

use super::{event::status, *};
use mingluo_model::{
    address::Address,
    clock::{Timestamp, manual::ManualClock},
    delivery::Reason,
    receipt::{ProviderId, ReceiptStatus},
    reply::Wish,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};

const SECONDS: i64 = 1_409_304_348;
/// Made over the token `pamtest`, the timestamp above and the nonce `xxxxxx`; computed outside of this program.
const SIGNATURE: &str = "76480565cbe296026c53aaacd1ad523a1ddba24f";

fn callback() -> Callback {
    Callback::new(Secret::new("pamtest"), None, None, ManualClock::at(Timestamp(SECONDS * 1000 + 7)))
}

/// The same account in safe mode, under the key of WxJava's tests.
fn safe() -> Callback {
    let cipher = Cipher::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxb11529c136998cb6");
    Callback { cipher, ..callback() }
}

fn heard(body: &str) -> Heard {
    callback().parse(&query(""), body.as_bytes()).unwrap()
}

fn query(more: &str) -> String {
    format!("signature={SIGNATURE}&timestamp={SECONDS}&nonce=xxxxxx{more}")
}

fn event(kind: &str, status: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>\
         <FromUserName><![CDATA[oia2TjuEGTNoeX76QEjQNrcURxG8]]></FromUserName><CreateTime>1395658920</CreateTime>\
         <MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{kind}]]></Event><MsgID>3600000000000163836</MsgID>\
         <Status><![CDATA[{status}]]></Status></xml>"
    )
}

fn status_of(words: &str) -> ReceiptStatus {
    heard(&event("TEMPLATESENDJOBFINISH", words)).receipts.remove(0).status
}

#[test]
fn signatures_are_those_that_others_compute() {
    assert_eq!(sign(["pamtest", "1409304348", "xxxxxx"]), SIGNATURE);
    assert_eq!(sign(["a", "b", "c"]), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_eq!(sign(["345", "123", ""]), "9f537aeb751ec72605f57f94a2f6dc3e3958e1dd");
}

#[test]
fn the_address_check_is_answered_verbatim() {
    let answer = callback().verify_url(&query("&echostr=5927782489442352469%2B"));
    assert_eq!(answer, Ok("5927782489442352469+".into()));
}

#[test]
fn a_finished_job_is_a_receipt_by_its_exact_number() {
    let body = event("TEMPLATESENDJOBFINISH", "success");
    let Heard { receipts, replies, .. } = callback().parse(&query("&openid=o1"), body.as_bytes()).unwrap();
    let expected = Receipt {
        provider_id: ProviderId::new(b"3600000000000163836"),
        status: ReceiptStatus::Delivered,
        to: Some(Address::new("oia2TjuEGTNoeX76QEjQNrcURxG8")),
        far_code: "success".into(),
        at: Timestamp(SECONDS * 1000 + 7),
    };
    assert_eq!((receipts, replies), (vec![expected], vec![]));
}

#[test]
fn a_failed_job_says_why() {
    assert_eq!(status_of("failed:user block"), ReceiptStatus::Failed(Reason::Blocked));
    assert_eq!(status_of("failed: system failed"), ReceiptStatus::Failed(Reason::FarFault));
    assert_eq!(status_of("failed:something new"), ReceiptStatus::Failed(Reason::Other));
}

#[test]
fn a_push_that_is_said_thrice_has_one_name_and_two_receipts_of_one_second_have_two() {
    let of = |number: &str| {
        let body = event("TEMPLATESENDJOBFINISH", "success").replace("3600000000000163836", number);
        heard(&body).name
    };
    assert_eq!(of("200163836"), of("200163836"));
    assert_ne!(of("200163836"), of("200163840"));
}

#[test]
fn json_says_the_same_as_xml() {
    let xml = heard(&event("TEMPLATESENDJOBFINISH", "failed: system failed"));
    let json = heard(
        r#"{"ToUserName": "gh_7f083739789a", "FromUserName": "oia2TjuEGTNoeX76QEjQNrcURxG8",
            "CreateTime": 1395658920, "MsgType": "event", "Event": "TEMPLATESENDJOBFINISH",
            "MsgID": 3600000000000163836, "Status": "failed: system failed"}"#,
    );
    assert_eq!(json, xml);
}

#[test]
fn several_notices_in_one_push_have_a_receipt_each() {
    let list = |number: u64, code: u32| {
        format!(
            "<List><TemplateId><![CDATA[VRR0]]></TemplateId><MsgID>{number}</MsgID><ErrorCode>{code}</ErrorCode>\
             <ErrorStatus><![CDATA[words]]></ErrorStatus></List>"
        )
    };
    let body = |lists: &str| {
        format!(
            "<xml><ToUserName><![CDATA[gh_123456789abc]]></ToUserName>\
             <FromUserName><![CDATA[otFpruAK8D-E6EfStSYonYSBZ8_4]]></FromUserName><CreateTime>1610969440</CreateTime>\
             <MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe_msg_sent_event]]></Event>\
             <SubscribeMsgSentEvent>{lists}</SubscribeMsgSentEvent></xml>"
        )
    };
    let [first, second] = [list(1_700_827_132_819_554_304, 0), list(1_700_827_132_819_554_305, 43_101)];
    let both: Vec<_> =
        heard(&body(&format!("{first}{second}"))).receipts.into_iter().map(|r| r.status).collect();
    assert_eq!(both, [ReceiptStatus::Delivered, ReceiptStatus::Failed(Reason::Blocked)]);
    let [one] = &heard(&body(&first)).receipts[..] else { panic!("one") };
    let to = one.to.as_ref().unwrap().expose();
    assert_eq!(one.provider_id, crate::wechat::template::notice_id(to, "VRR0"), "as the answer was called");
    let names = [&first, &second].map(|list| heard(&body(list)).name);
    assert_ne!(names[0], names[1], "two notices of one second are two");
}

/// The end of a mass send of twenty.
fn end_of_job(status: &str, [total, left, sent, error]: [u32; 4]) -> Heard {
    heard(&format!(
        "<xml><ToUserName><![CDATA[gh_4d00ed8d6399]]></ToUserName>\
         <FromUserName><![CDATA[oV5CrjpxgaGXNHIQigzNlgLTnwic]]></FromUserName><CreateTime>1481013459</CreateTime>\
         <MsgType><![CDATA[event]]></MsgType><Event><![CDATA[MASSSENDJOBFINISH]]></Event><MsgID>1000001625</MsgID>\
         <Status><![CDATA[{status}]]></Status><TotalCount>{total}</TotalCount><FilterCount>{left}</FilterCount>\
         <SentCount>{sent}</SentCount><ErrorCount>{error}</ErrorCount><CopyrightCheckResult><Count>0</Count>\
         <ResultList></ResultList><CheckState>1</CheckState></CopyrightCheckResult></xml>"
    ))
}

#[test]
fn the_end_of_a_mass_send_is_totals_and_nobodys_receipt() {
    let Heard { receipts, jobs, replies, .. } = end_of_job("send success", [20, 17, 15, 2]);
    assert!(receipts.is_empty() && replies.is_empty(), "the event names an administrator, not a follower");
    let [end] = &jobs[..] else { panic!("one") };
    assert_eq!(end.provider_id, ProviderId::new(b"1000001625"));
    let totals = [end.targeted, end.filtered, end.reached, end.failed];
    assert_eq!((end.refused, totals), (None, [20, 3, 15, 2].map(Some)));
}

#[test]
fn a_mass_send_that_everybody_was_filtered_from_reached_nobody() {
    let why = |totals| end_of_job("send success", totals).jobs[0].refused;
    assert_eq!([why([20, 0, 0, 0]), why([20, 20, 0, 20])], [Some(Reason::Quota), Some(Reason::FarFault)]);
    assert_eq!([why([20, 1, 1, 0]), why([0; 4])], [None; 2]);
}

#[test]
fn an_end_whose_totals_are_odd_is_an_end_all_the_same() {
    let Heard { jobs, .. } = heard(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oAdministrator</FromUserName><CreateTime>1</CreateTime>\
         <MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event><MsgID>34182</MsgID>\
         <Status>send success</Status><TotalCount>20</TotalCount><FilterCount></FilterCount>\
         <SentCount>some</SentCount></xml>",
    );
    let [end] = &jobs[..] else { panic!("one") };
    let totals = [end.targeted, end.filtered, end.reached, end.failed];
    assert_eq!((end.refused, totals), (None, [Some(20), None, None, None]));
}

#[test]
fn a_refused_mass_send_says_by_whom() {
    let why = |status: &str| end_of_job(status, [0; 4]).jobs[0].refused;
    assert_eq!(["err(40001)", "err(40002)"].map(why), [Some(Reason::NotAllowed); 2], "the administrator");
    assert_eq!(["err(10001)", "err(30003)"].map(why), [Some(Reason::Content); 2]);
    assert_eq!((why("send fail"), why("who knows")), (Some(Reason::FarFault), Some(Reason::Other)));
}

/// A follower's event or message, and what it amounts to.
fn said(fields: &str) -> Vec<(String, Wish)> {
    let body = format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oPretend0001</FromUserName><CreateTime>1</CreateTime>{fields}</xml>"
    );
    let Heard { receipts, replies, .. } = heard(&body);
    assert!(receipts.is_empty() && replies.iter().all(|reply| reply.from.expose() == "oPretend0001"));
    replies.into_iter().map(|reply| (reply.words.clone(), reply.wish())).collect()
}

fn did(event: &str, key: &str) -> Vec<(String, Wish)> {
    said(&format!("<MsgType>event</MsgType><Event>{event}</Event><EventKey><![CDATA[{key}]]></EventKey>"))
}

#[test]
fn who_takes_leave_is_taken_off_and_who_comes_back_is_put_on_again() {
    assert_eq!(did("unsubscribe", ""), [("unsubscribe".into(), Wish::OptOut)]);
    assert_eq!(did("subscribe", ""), [("subscribe".into(), Wish::OptIn)]);
}

#[test]
fn a_village_is_told_by_its_poster_the_menu_or_in_words() {
    let village = ("地区 210403004".to_owned(), Wish::Other);
    assert_eq!(did("subscribe", "qrscene_210403004"), [("subscribe".into(), Wish::OptIn), village.clone()]);
    let village = vec![village];
    assert_eq!((did("SCAN", "210403004"), did("CLICK", "地区 210403004")), (village.clone(), village));
    let written = "<MsgType>text</MsgType><Content>地区 东洲区</Content><MsgId>1</MsgId>";
    assert_eq!(said(written), [("地区 东洲区".into(), Wish::Other)]);
}

#[test]
fn who_writes_that_they_want_no_more_is_taken_off() {
    let written = "<MsgType>text</MsgType><Content><![CDATA[退订]]></Content><MsgId>1</MsgId>";
    assert_eq!(said(written), [("退订".into(), Wish::OptOut)]);
    assert_eq!(did("CLICK", "订阅"), [("订阅".into(), Wish::OptIn)]);
}

#[test]
fn pictures_and_other_events_ask_for_nothing() {
    assert_eq!(did("VIEW", "https://example.cn"), []);
    assert_eq!(said("<MsgType>image</MsgType><PicUrl>x</PicUrl><MsgId>1</MsgId>"), []);
}

#[test]
fn who_does_not_know_the_token_is_not_heard() {
    let body = event("TEMPLATESENDJOBFINISH", "success");
    let forged = query("").replace("7648", "7649");
    assert_eq!(callback().parse(&forged, body.as_bytes()), Err(CallbackError::NotSigned));
    let short = query("").replace(SIGNATURE, &SIGNATURE[..39]);
    assert_eq!(callback().parse(&short, body.as_bytes()), Err(CallbackError::NotSigned));
    let missing = CallbackError::Missing { parameter: "timestamp" };
    assert_eq!(callback().parse("signature=x&nonce=y", body.as_bytes()), Err(missing));
}

#[test]
fn an_old_call_is_not_heard_again() {
    let later = ManualClock::at(Timestamp((SECONDS + 601) * 1000));
    let callback = Callback::new(Secret::new("pamtest"), None, None, later);
    assert_eq!(callback.verify_url(&query("&echostr=1")), Err(CallbackError::Stale { seconds: SECONDS }));
}

/// The event of [`event`] for a blocked follower, under the key of [`safe`], with another number: enciphered and signed
/// by another program.
const ENCRYPTED: &str = "jn1L23DB+6ELqJ+6bruv23bYF/d/cxBf0szhrD8BQ1MkorjFwC0rHlVODYXVB9IoGQ4CNo1VHAn/QmUDCsvVe82eyvUkmySB\
    cDgs5PbFfKp2ePVamowQeOGiTDxQxfc0IsSd2mltx9eZ16+h0+Hv3nHErzVmrp2dmTPtujQW3wpL9WlrmVejHOmZ9ML1syH2Wi+tPsur5FROI0d16tKj\
    hrIQt/iD0W9Ta1AEH4I8OAgLP9LtuT6ms6jLqSw0NoRdAK4m82CRHmVmxVueaBlFrkoMwgpreUE16bKh0aERAJ0fMvyZ3kfT3xXmLRAYLkYznFB0gv2i\
    GooNn196sAbGDipWPvaBHu6JTxlV361o7BREZU16R89hkdjpZquDs7HkG+dgsfXVFWV6w0K/BsZ9RjlbsaT6VPeEjo5+1Nr4Ql2l36EDTjDNp3Wkdiya\
    1fLQ8hM+i4b4jgmabse5LUAWbP1o2W71HS85s5WzEkcNxEeJbztTcZxIhMAAXLGMmduj";
const ENCRYPTED_SIGNATURE: &str = "6dab33af1b14a243d7e8fb2470c1562cee39b9f8";

fn safe_query(signature: &str) -> String {
    query(&format!("&openid=o1&encrypt_type=aes&msg_signature={signature}"))
}

fn safe_body(encrypted: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
}

#[test]
fn in_safe_mode_a_receipt_is_read_as_in_plain_mode() {
    let heard = safe().parse(&safe_query(ENCRYPTED_SIGNATURE), safe_body(ENCRYPTED).as_bytes()).unwrap();
    let [receipt] = &heard.receipts[..] else { panic!("{heard:?}") };
    assert_eq!(receipt.provider_id, ProviderId::new(b"200163840"));
    assert_eq!(receipt.status, ReceiptStatus::Failed(Reason::Blocked));
}

#[test]
fn in_compatible_mode_only_the_signed_words_count() {
    let lie = event("TEMPLATESENDJOBFINISH", "success");
    let both = lie.replace("</xml>", &format!("<Encrypt>{ENCRYPTED}</Encrypt></xml>"));
    let heard = safe().parse(&safe_query(ENCRYPTED_SIGNATURE), both.as_bytes()).unwrap();
    assert_eq!(heard.receipts[0].status, ReceiptStatus::Failed(Reason::Blocked));
    let json = format!(r#"{{"ToUserName": "gh_1", "Encrypt": "{ENCRYPTED}"}}"#);
    let heard = safe().parse(&safe_query(ENCRYPTED_SIGNATURE), json.as_bytes()).unwrap();
    assert_eq!(heard.receipts[0].status, ReceiptStatus::Failed(Reason::Blocked));
}

#[test]
fn signatures_over_enciphered_words_are_those_that_others_compute() {
    // WxJava's message, and wechatpy's check of an address.
    let sealed = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==";
    let signature = sign(["pamtest", "1409304348", "xxxxxx", sealed]);
    assert_eq!(signature, "82c962d39941aa48552f90ef55aa323dc620cc10");
    let echo = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q==";
    let of = |nonce| sign(["123456", "1411443780", nonce, echo]);
    assert_eq!(of("437374425"), "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96");
    assert_ne!(of("437374424"), "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96");
}

/// A message that wechatpy's tests hold, with its signature.
#[test]
fn a_followers_words_are_read_in_safe_mode() {
    let encrypted = "RgqEoJj5A4EMYlLvWO1F86ioRjZfaex/gePD0gOXTxpsq5Yj4GNglrBb8I2BAJVODGajiFnXBu7mCPatfjsu6IHCrsTyeDXzF6Bv283d\
        Gymzxh6ydJRvZsryDyZbLTE7rhnus50qGPMfp2wASFlzEgMW9z1ef/RD8XzaFYgm7iTdaXpXaG4+BiYyolBug/gYNx410cvkKR2/nPwBiT+P4hIiOAQq\
        Gp/TywZBtDh1yCF2KOd0gpiMZ5jSw3e29mTvmUHzkVQiMS6td7vXUaWOMZnYZlF3So2SjHnwh4jYFxdgpkHHqIrH/54SNdshoQgWYEvccTKe7FS709/5\
        t6NMxuGhcUGAPOQipvWTT4dShyqio7mlsl5noTrb++x6En749zCpQVhDpbV6GDnTbcX2e8K9QaNWHp91eBdCRxthuL0=";
    let cipher = Cipher::new("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a");
    let clock = ManualClock::at(Timestamp(1_411_525_903_000));
    let callback = Callback::new(Secret::new("123456"), cipher, None, clock);
    let outer = sign(["123456", "1411525903", "461056294"]);
    let query = format!(
        "signature={outer}&timestamp=1411525903&nonce=461056294&encrypt_type=aes\
         &msg_signature=74d92dfeb87ba7c714f89d98870ae5eb62dff26d"
    );
    let heard = callback.parse(&query, safe_body(encrypted).as_bytes()).unwrap();
    let [reply] = &heard.replies[..] else { panic!("{heard:?}") };
    assert_eq!((reply.from.expose(), reply.words.as_str()), ("messense", "test"));
}

#[test]
fn enciphered_words_that_are_not_signed_are_not_heard() {
    let body = safe_body(ENCRYPTED);
    let forged = ENCRYPTED_SIGNATURE.replace("6dab", "6dac");
    assert_eq!(safe().parse(&safe_query(&forged), body.as_bytes()), Err(CallbackError::NotSigned));
    let changed = safe_body(&ENCRYPTED.replace("jn1L", "jn1M"));
    let refused = safe().parse(&safe_query(ENCRYPTED_SIGNATURE), changed.as_bytes());
    assert_eq!(refused, Err(CallbackError::NotSigned));
    let missing = CallbackError::Missing { parameter: "msg_signature" };
    assert_eq!(safe().parse(&query("&encrypt_type=aes"), body.as_bytes()), Err(missing));
}

#[test]
fn signed_words_for_another_account_are_not_heard() {
    let cipher = Cipher::new("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx-other");
    let other = Callback { cipher, ..callback() };
    let refused = other.parse(&safe_query(ENCRYPTED_SIGNATURE), safe_body(ENCRYPTED).as_bytes());
    let problem = "it is for another account".to_owned();
    assert_eq!(refused, Err(CallbackError::Undeciphered { problem }));
}

#[test]
fn the_modes_of_both_sides_must_agree() {
    let body = safe_body(ENCRYPTED);
    let refused = callback().parse(&safe_query(ENCRYPTED_SIGNATURE), body.as_bytes());
    assert_eq!(refused, Err(CallbackError::Encrypted));
    let bare = event("TEMPLATESENDJOBFINISH", "success");
    assert_eq!(safe().parse(&query(""), bare.as_bytes()), Err(CallbackError::Bare));
    assert_eq!(safe().verify_url(&query("&echostr=1")), Ok("1".into()), "the check is bare in every mode");
}

fn chance() -> StdRng {
    StdRng::seed_from_u64(7)
}

/// A reply of a follower, for the answers.
fn asked() -> Reply {
    let (from, to) = (Address::new("oPretend0001"), "gh_1".to_owned());
    Reply { from, to, words: "退订".into(), id: None, part: None, at: Timestamp(0) }
}

#[test]
fn an_answer_says_to_whom_and_cannot_be_broken_out_of() {
    let answer = callback().answer(&asked(), "已退订 <b>&\u{1}", &mut chance());
    let document = roxmltree::Document::parse(&answer).unwrap();
    let of = |name| document.descendants().find(|node| node.has_tag_name(name)).unwrap().text().unwrap();
    assert_eq!(["ToUserName", "FromUserName", "Content"].map(of), ["oPretend0001", "gh_1", "已退订 <b>&"]);
}

#[test]
fn in_safe_mode_the_answer_is_enciphered_and_signed() {
    let answer = safe().answer(&asked(), "已退订", &mut chance());
    let outer = Fields::parse(answer.as_bytes()).unwrap();
    let [encrypted, signature, nonce] =
        ["Encrypt", "MsgSignature", "Nonce"].map(|name| outer.text(name).unwrap());
    assert_eq!(signature, sign(["pamtest", "1409304348", nonce, encrypted]));
    let plain = safe().cipher.unwrap().open(encrypted).unwrap();
    assert_eq!(String::from_utf8(plain).unwrap(), callback().answer(&asked(), "已退订", &mut chance()));
}

#[test]
fn a_bomb_of_entities_and_a_flood_are_refused() {
    let bomb = b"<!DOCTYPE x [<!ENTITY a \"aaaa\">]><xml><Event>&a;</Event></xml>";
    assert!(matches!(callback().parse(&query(""), bomb), Err(CallbackError::Malformed { .. })));
    let flood = vec![b' '; LONGEST + 1];
    assert_eq!(callback().parse(&query(""), &flood), Err(CallbackError::TooLong { length: LONGEST + 1 }));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in any::<String>(), body in any::<Vec<u8>>(), words in any::<String>()) {
        let _refused = callback().parse(&text, &body);
        let _taken = callback().parse(&query(""), &body);
        let _status = status(&words);
        let json = serde_json::json!({ "MsgType": "event", "Event": words, "MsgID": words, "List": [words] });
        let _taken = callback().parse(&query(""), json.to_string().as_bytes());
        let answer = callback().answer(&asked(), &words, &mut chance());
        prop_assert!(roxmltree::Document::parse(&answer).is_ok(), "{answer}");
    }
}
