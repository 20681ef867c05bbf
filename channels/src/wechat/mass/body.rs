//! Writes the body of a call: one text, many open ids, and the name by which the platform knows the call again.

use mingluo_model::{
    channel::{Parcel, Unfit},
    id::PlanId,
    message::{Body, Message},
    mode::Mode,
};
use serde::Serialize;
use sha1::{Digest, Sha1};
use std::num::NonZeroU32;

/// Open ids that one call takes (微信开放文档, 根据OpenID列表群发: 最少2个,最多10000个).
pub(super) const MOST_IN_A_CALL: NonZeroU32 = NonZeroU32::new(10_000).expect("it is not zero");

/// The longest text, in characters (微信公众平台, 群发功能: 文字上限600字).
const LONGEST_TEXT: usize = 600;

/// Octets of the digest in `clientmsgid`, which takes 64 bytes: a plan's id has 36.
const DIGEST: usize = 12;

#[derive(Serialize)]
struct Call<'a> {
    touser: Vec<&'a str>,
    msgtype: &'static str,
    text: Text<'a>,
    clientmsgid: &'a str,
}

#[derive(Serialize)]
struct Text<'a> {
    content: &'a str,
}

/// The text of a message.
///
/// # Errors
/// [`Unfit`] where it has none, or too much of it.
pub(super) fn words<M: Mode>(message: &Message<M>) -> Result<&str, Unfit> {
    let field = || String::from("text");
    let Body::WeChat { text, .. } = &message.body else {
        let kind = message.body.channel().word();
        let problem = format!("is for {kind}, a mass send takes WeChat's text").into();
        return Err(Unfit::Wrong { field: String::from("body"), problem });
    };
    if text.trim().is_empty() {
        return Err(Unfit::Wrong { field: field(), problem: mingluo_model::misfit::Misfit::Empty });
    }
    let length = text.chars().count();
    if length > LONGEST_TEXT {
        return Err(Unfit::TooLong { field: field(), length, longest: LONGEST_TEXT, unit: "characters" });
    }
    Ok(text)
}

/// The bytes of the call to these followers, in this order.
pub(super) fn body(text: &str, clientmsgid: &str, parcels: &[Parcel]) -> Vec<u8> {
    let call = Call {
        touser: parcels.iter().map(|parcel| parcel.to.expose()).collect(),
        msgtype: "text",
        text: Text { content: text },
        clientmsgid,
    };
    serde_json::to_vec(&call).expect("strings always have a JSON form")
}

/// How the platform knows a call again: by the plan and its own number among the calls of the plan, whichever try it is and
/// whoever has left it since. A call without a number is known by who is in it.
pub(super) fn name(plan: PlanId, call: Option<u32>, parcels: &[Parcel]) -> String {
    if let Some(call) = call {
        return format!("{plan}-{call}");
    }
    let mut digest = Sha1::new();
    for parcel in parcels {
        digest.update(parcel.ordinal.to_be_bytes());
    }
    format!("{plan}-{}", hex::encode(&digest.finalize()[..DIGEST]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::{address::Address, alert::Language, grade::Grade, id::AlertId, mode::Live};
    use std::collections::BTreeMap;

    const PLAN: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

    fn parcel(ordinal: u32, attempt: u8) -> Parcel {
        Parcel { ordinal, attempt, part_set: 1, to: Address::new(format!("o{ordinal}")) }
    }

    fn message(text: &str) -> Message<Live> {
        let (template_id, fields, url, text) = (String::new(), BTreeMap::new(), String::new(), text.into());
        let body = Body::WeChat { template_id, fields, url, text };
        Message::new(PLAN.parse::<AlertId>().unwrap(), Grade::Red, Language::chinese(), body)
    }

    #[test]
    fn the_body_is_raw_and_names_everybody_once() {
        let parcels = [parcel(1, 1), parcel(2, 1)];
        let body = body("请立即转移", &name(PLAN.parse().unwrap(), Some(7), &parcels), &parcels);
        let text = String::from_utf8(body).unwrap();
        let start =
            r#"{"touser":["o1","o2"],"msgtype":"text","text":{"content":"请立即转移"},"clientmsgid":""#;
        assert_eq!(text, format!("{start}{PLAN}-7\"}}"));
    }

    #[test]
    fn the_same_people_on_another_try_are_the_same_call_and_others_are_another() {
        let plan = PLAN.parse().unwrap();
        let first = name(plan, None, &[parcel(1, 1), parcel(2, 1)]);
        assert_eq!(first, name(plan, None, &[parcel(1, 2), parcel(2, 2)]));
        assert_ne!(first, name(plan, None, &[parcel(1, 1), parcel(3, 1)]));
        let numbered = name(plan, Some(1), &[parcel(1, 1), parcel(2, 1)]);
        assert_eq!(numbered, name(plan, Some(1), &[parcel(2, 2)]), "somebody left it");
        assert!(first.len() <= 64, "{first}");
    }

    #[test]
    fn a_text_of_six_hundred_characters_passes_and_one_more_does_not() {
        assert!(words(&message(&"转".repeat(600))).is_ok());
        let long = words(&message(&"转".repeat(601))).unwrap_err();
        let field = String::from("text");
        assert_eq!(long, Unfit::TooLong { field, length: 601, longest: 600, unit: "characters" });
        assert!(matches!(words(&message(" ")), Err(Unfit::Wrong { field, .. }) if field == "text"));
    }
}
