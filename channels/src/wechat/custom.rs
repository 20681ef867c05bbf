//! Customer-service messages (客服消息): words in full to a follower who has just asked. The platform takes five of them in the
//! 48 hours after somebody wrote, three in the minute after they pressed a key of the menu, scanned or followed, and none
//! otherwise (微信开放文档, 发送客服消息). An answer is no delivery: nothing of it is planned, counted or sent again, and who did not
//! get it asks again.

use super::{
    call::{Endpoint, Far, ask},
    errcode::Said,
};
use crate::{pace::Pace, weixin::said::far_code};
use mingluo_model::{address::Address, clock::SharedClock};
use serde_json::json;
use std::time::Duration;

/// The longest text, in bytes of UTF-8, of an answer at once (被动回复) as of a customer-service message: beyond it the platform
/// says 45002 (微信开放社区, as measured; the documents have no figure).
pub const LONGEST_TEXT: usize = 2048;

/// Between two calls: a hundred a second. The platform has a limit by the day alone (500,000 calls), which that rate would
/// take an hour and a half to reach. It is kept here and not by a governor, whose only home is dispatch: there licences are
/// spent that may be caught up with and slow down with the far side, while answers are no deliveries and only keep their
/// distance.
const APART: Duration = Duration::from_millis(10);

/// Why a follower was not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// They neither wrote nor did anything of late (45015).
    #[error("the follower did nothing of late: the window is closed")]
    OutsideWindow,
    /// They got all the messages that what they did last allows (45047).
    #[error("the follower got as many messages as one question allows")]
    TooMany,
    /// The platform refuses: the follower, the words, or the account.
    #[error("the platform refused: {far_code}")]
    Refused {
        /// Its code and words, at most 64 bytes, without the open id.
        far_code: String,
    },
    /// No token, or no answer: it may have arrived or not.
    #[error("no answer from the platform: {detail}")]
    Unheard {
        /// What went wrong.
        detail: String,
    },
}

impl Untold {
    /// The word in logs.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::OutsideWindow => "outside-window",
            Self::TooMany => "too-many",
            Self::Refused { .. } => "refused",
            Self::Unheard { .. } => "unheard",
        }
    }
}

/// An account's customer service (客服).
pub struct CustomService {
    far: Far,
    pace: Pace,
}

impl CustomService {
    pub(super) const fn new(far: Far, clock: SharedClock) -> Self {
        Self { far, pace: Pace::new(APART, clock) }
    }

    /// Tells a follower something, once its turn has come.
    ///
    /// # Errors
    /// [`Untold`]; it is not sent again.
    pub async fn tell(&self, to: &Address, words: &str) -> Result<(), Untold> {
        self.pace.turn().await;
        let body = json!({ "touser": to.expose(), "msgtype": "text", "text": { "content": words } });
        let unheard = |detail| Untold::Unheard { detail };
        match ask(&self.far, Endpoint::Custom, body.to_string().into_bytes()).await {
            Ok(Ok(said)) => understood(&said, to),
            Ok(Err(error)) => Err(unheard(error.to_string())),
            Err(error) => Err(unheard(error.to_string())),
        }
    }
}

fn understood(said: &Said, to: &Address) -> Result<(), Untold> {
    match said.errcode {
        0 => Ok(()),
        45_015 => Err(Untold::OutsideWindow),
        45_047 => Err(Untold::TooMany),
        code => Err(Untold::Refused { far_code: far_code(code, &said.errmsg, [to.expose()]) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_its_reason_and_nobodys_name() {
        let said = |errcode, errmsg: &str| {
            let said = Said { errcode, errmsg: errmsg.to_owned(), msgid: None, msg_status: None };
            understood(&said, &Address::new("oSecret"))
                .map_err(|untold| (untold.reason(), untold.to_string()))
        };
        assert_eq!(said(0, "ok"), Ok(()));
        for (code, reason) in [(45_015, "outside-window"), (45_047, "too-many"), (40_003, "refused")] {
            let (told, words) = said(code, "invalid openid oSecret rid: 1").unwrap_err();
            assert!(told == reason && !words.contains("oSecret"), "{words}");
        }
    }
}
