//! The account's token (access_token): one for all calls, fetched by one of them at a time.

use super::{
    config::Account,
    errcode::{Said, far_code},
    platform::{CallError, Platform, TokenSaid},
};
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

/// How long before its end a token is renewed: the platform keeps the old and the new one alive for these five
/// minutes (微信开放文档, 获取稳定版接口调用凭据).
const EARLY: Duration = Duration::from_mins(5);

/// How long dispatch waits when the platform has no token to give.
const AGAIN: Duration = Duration::from_secs(1);

/// A token and the instant from which it is to be renewed.
#[derive(Clone)]
struct Held {
    token: Arc<Secret>,
    renew: Timestamp,
}

/// Holds the token.
pub(super) struct TokenHolder {
    account: Arc<Account>,
    platform: Arc<Platform>,
    clock: SharedClock,
    /// Guards the token in hand.
    held: Mutex<Option<Held>>,
    /// One permit: who has it asks the platform, the others wait and find the answer.
    asking: Semaphore,
}

impl TokenHolder {
    pub(super) fn new(account: Arc<Account>, platform: Arc<Platform>, clock: SharedClock) -> Self {
        Self { account, platform, clock, held: Mutex::default(), asking: Semaphore::new(1) }
    }

    /// The token in hand, or a fresh one when there is none or it is about to end.
    pub(super) async fn token(&self) -> Result<Arc<Secret>, SendError> {
        self.unless(None).await
    }

    /// A token other than `dead`, which a call has just been refused with. Fetched at most once for all calls that
    /// come with the same dead one.
    pub(super) async fn instead_of(&self, dead: &Secret) -> Result<Arc<Secret>, SendError> {
        self.unless(Some(dead)).await
    }

    async fn unless(&self, dead: Option<&Secret>) -> Result<Arc<Secret>, SendError> {
        if let Some(token) = self.in_hand(dead) {
            return Ok(token);
        }
        let Ok(_asking) = self.asking.acquire().await else {
            return Err(SendError::Unreachable { detail: "the token holder is closed".into() });
        };
        match self.in_hand(dead) {
            Some(token) => Ok(token),
            None => self.ask().await,
        }
    }

    fn in_hand(&self, dead: Option<&Secret>) -> Option<Arc<Secret>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        (self.clock.now() < held.renew && dead != Some(&*held.token)).then_some(held.token)
    }

    async fn ask(&self) -> Result<Arc<Secret>, SendError> {
        match self.platform.token(&self.account).await {
            Ok(TokenSaid::Token(token, life)) => {
                let token = Arc::new(token);
                let renew = self.clock.now().plus(life.saturating_sub(EARLY.min(life / 2)));
                let held = Held { token: Arc::clone(&token), renew };
                *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
                Ok(token)
            }
            Ok(TokenSaid::Refused(said)) => Err(refused(&said)),
            Err(CallError::Status(_)) => Err(SendError::Busy { retry_after: AGAIN }),
            Err(error) => Err(SendError::Unreachable { detail: error.to_string() }),
        }
    }
}

/// Anything but "busy" is for an operator: a wrong secret (40125), an address that is not on the account's list
/// (40164), an administrator who must confirm (89503).
fn refused(said: &Said) -> SendError {
    match said.errcode {
        -1 | 45_011 => SendError::Busy { retry_after: AGAIN },
        _ => SendError::Refused { detail: far_code(said, "") },
    }
}
