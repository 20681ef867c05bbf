//! An account's token (access_token): one for all calls, fetched by one of them at a time.

use super::{said::far_code, server::CallError};
use crate::account::Secret;
use mingluo_model::{
    channel::SendError,
    clock::{SharedClock, Timestamp},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// How long before its end a token is renewed: the platform of service accounts keeps the old and the new one alive for
/// these five minutes (微信开放文档, 获取稳定版接口调用凭据), and that of corporations gives the same one until its end.
const EARLY: Duration = Duration::from_mins(5);

/// How long dispatch waits when the platform has no token to give.
const AGAIN: Duration = Duration::from_secs(1);

/// How long a platform that gives a refused token again is not asked any more: it does so until it knows of the
/// refusal itself. Ours to choose: a warning waits no longer than it must, and each try is one of the day's calls for tokens.
const REFUSED_AGAIN: Duration = Duration::from_secs(5);

/// What a platform says to who asks for a token.
#[derive(serde::Deserialize)]
pub(crate) struct TokenSaid {
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// Who gives tokens.
pub(crate) trait Tokens: Send + Sync {
    /// Asks for one.
    fn ask(&self) -> impl Future<Output = Result<TokenSaid, CallError>> + Send;
}

/// A token and the instant from which it is to be renewed.
#[derive(Clone)]
struct Held {
    token: Arc<Secret>,
    renew: Timestamp,
    /// Where a call was refused with it and the platform gave it again: until when nobody asks.
    rests_until: Option<Timestamp>,
}

/// Holds the token.
pub(crate) struct TokenHolder<T> {
    tokens: T,
    clock: SharedClock,
    /// Guards the token in hand.
    held: Mutex<Option<Held>>,
    /// One permit: who has it asks the platform, the others wait and find the answer.
    asking: Semaphore,
}

impl<T: Tokens> TokenHolder<T> {
    pub(crate) fn new(tokens: T, clock: SharedClock) -> Self {
        Self { tokens, clock, held: Mutex::default(), asking: Semaphore::new(1) }
    }

    /// The token in hand, or a fresh one when there is none or it is about to end.
    pub(crate) async fn token(&self) -> Result<Arc<Secret>, SendError> {
        self.unless(None).await
    }

    /// A token other than `dead`, which a call has just been refused with. Fetched at most once for all calls that
    /// come with the same dead one.
    pub(crate) async fn instead_of(&self, dead: &Secret) -> Result<Arc<Secret>, SendError> {
        self.unless(Some(dead)).await
    }

    async fn unless(&self, dead: Option<&Secret>) -> Result<Arc<Secret>, SendError> {
        if let Some(at_once) = self.in_hand(dead) {
            return at_once;
        }
        let Ok(_asking) = self.asking.acquire().await else {
            return Err(SendError::Unreachable { detail: "the token holder is closed".into() });
        };
        match self.in_hand(dead) {
            Some(at_once) => at_once,
            None => self.ask(dead).await,
        }
    }

    /// What can be said without asking: the token, or that there is none to be had just now.
    fn in_hand(&self, dead: Option<&Secret>) -> Option<Result<Arc<Secret>, SendError>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let now = self.clock.now();
        match held.rests_until {
            Some(until) if now < until => Some(Err(SendError::Busy { retry_after: until.since(now) })),
            Some(_) => None,
            None => (now < held.renew && dead != Some(&*held.token)).then_some(Ok(held.token)),
        }
    }

    async fn ask(&self, dead: Option<&Secret>) -> Result<Arc<Secret>, SendError> {
        let said = match self.tokens.ask().await {
            Ok(said) => said,
            Err(CallError::Status(_)) => return Err(SendError::Busy { retry_after: AGAIN }),
            Err(error) => return Err(SendError::Unreachable { detail: error.to_string() }),
        };
        match (said.errcode, said.access_token, said.expires_in) {
            (0, Some(token), Some(seconds)) => {
                let (token, life) = (Arc::new(Secret::new(token)), Duration::from_secs(seconds));
                let is_dead = dead == Some(&*token);
                self.hold(&token, life, is_dead.then(|| self.clock.now().plus(REFUSED_AGAIN)));
                if is_dead { Err(SendError::Busy { retry_after: REFUSED_AGAIN }) } else { Ok(token) }
            }
            (0, ..) => Err(SendError::Unreachable { detail: CallError::NotJson.to_string() }),
            (-1 | 45_011 | 45_009, ..) => Err(SendError::Busy { retry_after: AGAIN }),
            // Anything else is for an operator: a wrong secret (40125; 40001 of a corporation), an address that is not on the
            // account's list (40164, 60020), an administrator who must confirm (89503).
            (errcode, ..) => Err(SendError::Refused { detail: far_code(errcode, &said.errmsg, []) }),
        }
    }

    fn hold(&self, token: &Arc<Secret>, life: Duration, rests_until: Option<Timestamp>) {
        let renew = self.clock.now().plus(life.saturating_sub(EARLY.min(life / 2)));
        let held = Held { token: Arc::clone(token), renew, rests_until };
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
