//! One call's way: a token, the call, and once more with another token when the first was dead; then who of its members has
//! it, one by one.

use super::{config::Account, errcode::verdict};
use crate::{
    account::Secret,
    crew::Told,
    weixin::{
        said::is_dead_token,
        server::{CallError, Server},
        token::{TokenHolder, TokenSaid, Tokens},
    },
};
use mingluo_model::{
    address::Address,
    channel::{Refusal, SendError, Verdict},
    delivery::Reason,
    receipt::ProviderId,
};
use serde::Deserialize;
use std::{collections::HashSet, sync::Arc, time::Duration};

/// How long dispatch waits when no token could be had for want of a connection.
const NO_TOKEN: Duration = Duration::from_secs(1);

/// What every call of an account needs.
#[derive(Clone)]
pub(super) struct Far {
    pub(super) account: Arc<Account>,
    pub(super) server: Arc<Server>,
    pub(super) tokens: Arc<TokenHolder<Giver>>,
}

/// Who gives this application its tokens.
pub(super) struct Giver {
    pub(super) account: Arc<Account>,
    pub(super) server: Arc<Server>,
}

impl Tokens for Giver {
    /// `/cgi-bin/gettoken`: the same one again until it ends.
    async fn ask(&self) -> Result<TokenSaid, CallError> {
        let Account { corp_id, secret, .. } = &*self.account;
        self.server.get("/cgi-bin/gettoken", &[("corpid", corp_id), ("corpsecret", secret.expose())]).await
    }
}

/// The answer to `/cgi-bin/message/send`.
#[derive(Debug, Clone, Default, Deserialize)]
struct Said {
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    #[serde(default)]
    invaliduser: String,
    #[serde(default)]
    unlicenseduser: String,
    #[serde(default)]
    msgid: String,
}

/// Members of one call, each with its wire key.
pub(super) type Members = Vec<(u64, Address)>;

/// As `touser` has them.
pub(super) fn joined(members: &[(u64, Address)]) -> String {
    members.iter().map(|(_, to)| to.expose()).collect::<Vec<_>>().join("|")
}

/// Puts one call.
pub(super) async fn deliver(far: &Far, members: &[(u64, Address)], body: Vec<u8>) -> Told {
    let token = match far.tokens.token().await {
        Ok(token) => token,
        Err(error) => return no_token(members, error),
    };
    let first = call(far, &token, body.clone()).await;
    if !matches!(&first, Ok(said) if is_dead_token(said.errcode)) {
        return answered(members, first);
    }
    match far.tokens.instead_of(&token).await {
        Ok(token) => answered(members, call(far, &token, body).await),
        Err(error) => no_token(members, error),
    }
}

async fn call(far: &Far, token: &Secret, body: Vec<u8>) -> Result<Said, CallError> {
    far.server.post("/cgi-bin/message/send", &[("access_token", token.expose())], body).await
}

fn answered(members: &[(u64, Address)], answer: Result<Said, CallError>) -> Told {
    match answer {
        Ok(said) if said.errcode == 0 => each(members, &said),
        Ok(said) => {
            let hidden = members.iter().map(|(_, to)| to.expose());
            all(members, &verdict(said.errcode, &said.errmsg, hidden))
        }
        Err(error) => all(members, &error.verdict_once()),
    }
}

/// A call that was taken names those whom it does not reach (发送应用消息, invaliduser, unlicenseduser).
fn each(members: &[(u64, Address)], said: &Said) -> Told {
    let (invalid, unlicensed) = (named(&said.invaliduser), named(&said.unlicenseduser));
    let refused = |reason, word: &str| Verdict::Permanent(Refusal { reason, far_code: word.to_owned() });
    let verdict = |to: &Address| {
        let to = to.expose().to_ascii_lowercase();
        if invalid.contains(&to) {
            refused(Reason::BadAddress, "invaliduser")
        } else if unlicensed.contains(&to) {
            refused(Reason::NotAllowed, "unlicenseduser")
        } else {
            let id = Some(&said.msgid).filter(|id| !id.is_empty());
            Verdict::Accepted(id.map(|id| ProviderId::new(id.as_bytes())))
        }
    };
    let answers = members.iter().map(|(key, to)| (*key, verdict(to))).collect();
    Told { answers, end: None }
}

/// `UserIDs` between bars; capitals and small letters are the same.
fn named(list: &str) -> HashSet<String> {
    list.split('|').map(|one| one.trim().to_ascii_lowercase()).filter(|one| !one.is_empty()).collect()
}

/// The same for everybody.
pub(super) fn all(members: &[(u64, Address)], verdict: &Verdict) -> Told {
    let answers = members.iter().map(|(key, _)| (*key, verdict.clone())).collect();
    Told { answers, end: None }
}

/// Without a token nothing leaves. A refused account is the whole session's end; the rest passes.
fn no_token(members: &[(u64, Address)], error: SendError) -> Told {
    match error {
        SendError::Refused { .. } => Told { end: Some(error), ..Told::default() },
        SendError::Busy { retry_after } => all(members, &Verdict::Busy { retry_after }),
        SendError::Unreachable { .. } => all(members, &Verdict::Busy { retry_after: NO_TOKEN }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members() -> Members {
        ["zhang", "li", "wang"].into_iter().zip(1..).map(|(to, key)| (key, Address::new(to))).collect()
    }

    #[test]
    fn whom_a_call_does_not_reach_is_named_and_the_others_have_it() {
        let said = Said {
            invaliduser: "LI | somebody".into(),
            unlicenseduser: "wang".into(),
            msgid: "M1".into(),
            ..Said::default()
        };
        let answers = answered(&members(), Ok(said)).answers;
        assert_eq!(answers[&1], Verdict::Accepted(Some(ProviderId::new(b"M1"))));
        let reason = |key| match &answers[&key] {
            Verdict::Permanent(refusal) => refusal.reason,
            other => panic!("{other:?}"),
        };
        assert_eq!((reason(2), reason(3)), (Reason::BadAddress, Reason::NotAllowed));
    }

    #[test]
    fn a_code_is_for_all_and_silence_may_have_been_read() {
        let limited = Said { errcode: 45_009, ..Said::default() };
        let told = answered(&members(), Ok(limited)).answers;
        assert!(told.values().all(|one| matches!(one, Verdict::Busy { .. })) && told.len() == 3);
        let told = answered(&members(), Err(CallError::NoAnswer)).answers;
        assert!(told.values().all(|one| *one == Verdict::Lost) && told.len() == 3);
    }
}
