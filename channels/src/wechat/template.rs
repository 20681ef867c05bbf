//! Writes the body of a call: the same words for everyone, a few keys for each follower. Raw UTF-8, since the
//! platform refuses `\u` escapes (errcode 40033).

use super::{config::Account, fields};
use mingluo_model::{
    channel::{Parcel, Unfit},
    id::PlanId,
    message::{Body, Message},
    mode::Mode,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The longest page address that is passed on, in bytes.
const LONGEST_URL: usize = 1024;

/// A message that the platform will take.
pub(super) struct Template<'a> {
    id: &'a str,
    url: &'a str,
    data: BTreeMap<&'a str, Value<'a>>,
}

#[derive(Serialize)]
struct Value<'a> {
    value: &'a str,
}

#[derive(Serialize)]
struct Call<'a> {
    touser: &'a str,
    template_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'a str,
    client_msg_id: &'a str,
    data: &'a BTreeMap<&'a str, Value<'a>>,
}

impl<'a> Template<'a> {
    /// Checks a message against the account and the rules of the fields.
    ///
    /// # Errors
    /// [`Unfit`] naming what the platform would refuse, cut or drop.
    pub(super) fn of<M: Mode>(account: &Account, message: &'a Message<M>) -> Result<Self, Unfit> {
        let Body::WeChat { template_id, fields, url } = &message.body else {
            let kind = message.body.channel().word();
            return Err(wrong("body", format!("is for {kind}, a WeChat account takes template messages")));
        };
        if !account.templates.contains(template_id) {
            let known = account.templates.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            return Err(wrong(
                "template_id",
                format!("{template_id:?} is not in the account; it has {known}"),
            ));
        }
        check_url(url)?;
        fields::check(fields)?;
        let data = fields.iter().map(|(name, value)| (name.as_str(), Value { value })).collect();
        Ok(Self { id: template_id, url, data })
    }

    /// The bytes for one follower. The attempt is not in the id: another try of the same delivery acts once.
    pub(super) fn body(&self, plan: PlanId, parcel: &Parcel) -> Vec<u8> {
        let client_msg_id = format!("{plan}-{}", parcel.ordinal);
        let call = Call {
            touser: parcel.to.expose(),
            template_id: self.id,
            url: self.url,
            client_msg_id: &client_msg_id,
            data: &self.data,
        };
        serde_json::to_vec(&call).expect("strings and maps of strings always have a JSON form")
    }
}

fn check_url(url: &str) -> Result<(), Unfit> {
    if url.len() > LONGEST_URL {
        let field = String::from("url");
        return Err(Unfit::TooLong { field, length: url.len(), longest: LONGEST_URL, unit: "bytes" });
    }
    let is_page = reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if url.is_empty() || is_page {
        return Ok(());
    }
    Err(wrong("url", format!("{url:?} is no web address; use https://… or leave it empty")))
}

fn wrong(field: &str, problem: String) -> Unfit {
    Unfit::Wrong { field: field.into(), problem: problem.into() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::account::Secret;
    use mingluo_model::{
        address::Address,
        alert::Language,
        channel::{Limits, Rate},
        grade::Grade,
        id::AlertId,
        mode::Live,
        plan::AccountName,
    };
    use std::{
        num::{NonZeroU16, NonZeroU32},
        time::Duration,
    };

    const PLAN: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

    pub(in crate::wechat) fn account() -> Account {
        let one = NonZeroU32::MIN;
        Account {
            name: AccountName("oa".into()),
            api_base: "https://api.weixin.qq.com".parse().unwrap(),
            app_id: "wx1".into(),
            secret: Secret::new("s"),
            callback_token: Secret::new("t"),
            cipher: None,
            templates: ["T1".to_owned()].into(),
            limits: Limits {
                rate: Rate::per_second(one),
                window: one,
                batch: one,
                sessions: NonZeroU16::MIN,
                answer_within: None,
            },
            calls: 1,
            answer: Duration::from_secs(1),
        }
    }

    fn message(template_id: &str, words: &str, url: &str) -> Message<Live> {
        let fields = BTreeMap::from([("thing1".to_owned(), words.to_owned())]);
        let (template_id, url, alert) = (template_id.into(), url.into(), PLAN.parse::<AlertId>().unwrap());
        Message::new(alert, Grade::Red, Language::chinese(), Body::WeChat { template_id, fields, url })
    }

    fn parcel(ordinal: u32, attempt: u8) -> Parcel {
        Parcel { ordinal, attempt, part_set: 1, to: Address::new("oia2TjuEGTNoeX76QEjQNrcURxG8") }
    }

    #[test]
    fn chinese_goes_out_raw_and_empty_keys_stay_away() {
        let message = message("T1", "暴雨红色预警", "");
        let bytes = Template::of(&account(), &message).unwrap().body(PLAN.parse().unwrap(), &parcel(7, 1));
        let expected = format!(
            r#"{{"touser":"oia2TjuEGTNoeX76QEjQNrcURxG8","template_id":"T1","client_msg_id":"{PLAN}-7","data":{{"thing1":{{"value":"暴雨红色预警"}}}}}}"#
        );
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn another_attempt_has_the_same_id_of_at_most_64_bytes() {
        let message = message("T1", "暴雨", "https://example.cn/w/1");
        let template = Template::of(&account(), &message).map(|template| {
            [1, 2].map(|attempt| template.body(PLAN.parse().unwrap(), &parcel(u32::MAX, attempt)))
        });
        let [first, second] = template.unwrap();
        assert_eq!(first, second);
        assert!(format!("{PLAN}-{}", u32::MAX).len() <= 64);
    }

    #[test]
    fn what_the_account_lacks_is_named() {
        for (field, bad) in [
            ("template_id", message("T2", "暴雨", "")),
            ("url", message("T1", "暴雨", "example.cn/w")),
            ("thing1", message("T1", "", "")),
        ] {
            let Err(Unfit::Wrong { field: named, .. }) = Template::of(&account(), &bad) else {
                panic!("{field}")
            };
            assert_eq!(named, field);
        }
    }
}
