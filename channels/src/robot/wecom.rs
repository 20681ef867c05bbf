//! Robots of WeCom groups (企业微信开发者中心, 群机器人配置说明): the key in the address is all that they have.

use super::platform::{Call, Terms};
use crate::{account::Secret, wecom::errcode};
use mingluo_model::{
    channel::{Refusal, Verdict},
    delivery::Reason,
};
use serde::Deserialize;
use serde_json::json;
use std::{num::NonZeroU32, time::Duration};

/// Twenty messages a minute (消息发送频率限制); a text of 2,048 bytes.
pub(super) const TERMS: Terms = Terms {
    api_base: crate::wecom::PLATFORM,
    most_a_minute: 20,
    per_minute: 18,
    apart: Duration::ZERO,
    window: NonZeroU32::new(80).expect("it is not zero"),
    longest: 2_048,
    length: str::len,
};

/// The call that says a text.
pub(super) fn call(key: &Secret, text: &str) -> Call {
    let body = json!({ "msgtype": "text", "text": { "content": text } });
    Call {
        path: "/cgi-bin/webhook/send".to_owned(),
        query: vec![("key", key.expose().to_owned())],
        body: body.to_string().into_bytes(),
    }
}

/// Its answer.
#[derive(Deserialize)]
pub(super) struct Said {
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

impl Said {
    /// What it means. A want of rights is the account's, whose groups may all be well.
    pub(super) fn verdict(&self, key: &Secret) -> Verdict {
        if self.errcode == 0 {
            return Verdict::Accepted(None);
        }
        match errcode::verdict(self.errcode, &self.errmsg, [key.expose()]) {
            Verdict::Permanent(refusal @ Refusal { reason: Reason::NotAllowed, .. }) => {
                Verdict::Closed(refusal)
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_not_on_the_robots_list_closes_the_account_and_not_the_group() {
        let said = |errcode| Said { errcode, errmsg: "words".into() }.verdict(&Secret::new("k"));
        assert!(matches!(said(60_020), Verdict::Closed(_)));
        assert!(matches!(said(93_000), Verdict::Permanent(_)), "it was put out of the group");
    }
}
