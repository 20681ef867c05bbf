//! Who is at the door: passwords, browser sessions and API keys. Secrets are kept as hashes only.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use mingluo_ledger::{
    Store, StoreError,
    store::{ApiKeyRow, OfficerRow, SessionRow},
};
use mingluo_model::{
    clock::{SharedClock, Timestamp},
    id::OfficerId,
    owner::{Officer, Role},
};
use rand::RngCore;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::{num::NonZeroU32, sync::Arc, time::Duration};

/// A session's end is moved only by this much or more: not every click is worth a write.
const STEP: Duration = Duration::from_secs(15);

/// When browsers are signed out (登录时限).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionConfig {
    /// Minutes without a click after which an account with release rights is signed out. Other accounts stay until
    /// the end of the shift, so that a board may hang on the wall.
    pub idle_minutes: NonZeroU32,
    /// Hours after which everybody signs in again: one shift.
    pub longest_hours: NonZeroU32,
}

impl Default for SessionConfig {
    fn default() -> Self {
        let number = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        Self { idle_minutes: number(15), longest_hours: number(12) }
    }
}

impl SessionConfig {
    /// The longest life of a session.
    pub fn longest(&self) -> Duration {
        Duration::from_hours(self.longest_hours.get().into())
    }

    /// When a session of this officer ends that was begun at `since` and used at `now`.
    fn end(self, officer: &Officer, since: Timestamp, now: Timestamp) -> Timestamp {
        let shift = since.plus(self.longest());
        if officer.may(Role::Releaser) {
            shift.min(now.plus(Duration::from_mins(self.idle_minutes.get().into())))
        } else {
            shift
        }
    }
}

/// Knows the officers.
pub struct People {
    store: Arc<dyn Store>,
    clock: SharedClock,
    limits: SessionConfig,
}

impl People {
    /// The people of a store, signed out by the usual limits.
    pub fn new(store: Arc<dyn Store>, clock: SharedClock) -> Self {
        Self { store, clock, limits: SessionConfig::default() }
    }

    /// The same people under other limits.
    #[must_use]
    pub const fn within(mut self, limits: SessionConfig) -> Self {
        self.limits = limits;
        self
    }

    /// When browsers are signed out.
    pub const fn limits(&self) -> &SessionConfig {
        &self.limits
    }

    /// The officer of an API key; `None` for a wrong one or a disabled officer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_key(&self, key: &str) -> Result<Option<OfficerRow>, StoreError> {
        match self.store.api_key(hash(key)).await? {
            Some(row) => self.by_id(row.officer).await,
            None => Ok(None),
        }
    }

    /// The officer of a browser's cookie, who did something: the idle time begins anew.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn visit(&self, cookie: &str) -> Result<Option<OfficerRow>, StoreError> {
        let Some((session, row)) = self.session(cookie).await? else { return Ok(None) };
        let Some(since) = began(cookie) else { return Ok(None) };
        let expires = self.limits.end(&row.officer, since, self.clock.now());
        // Moved only where it still is: a sign-out, here or by `mingluo user`, is never undone by a click under way.
        let is_over = expires.since(session.expires) >= STEP
            && !self.store.move_session(&SessionRow { expires, ..session }).await?;
        Ok((!is_over).then_some(row))
    }

    /// The officer of a browser's cookie, when the browser asks by itself: the idle time goes on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(&self, cookie: &str) -> Result<Option<OfficerRow>, StoreError> {
        Ok(self.session(cookie).await?.map(|(_, row)| row))
    }

    async fn session(&self, cookie: &str) -> Result<Option<(SessionRow, OfficerRow)>, StoreError> {
        let Some(session) = self.store.session(hash(cookie), self.clock.now()).await? else {
            return Ok(None);
        };
        Ok(self.by_id(session.officer).await?.map(|row| (session, row)))
    }

    async fn by_id(&self, id: OfficerId) -> Result<Option<OfficerRow>, StoreError> {
        let officers = self.store.officers().await?;
        Ok(officers.into_iter().find(|row| row.officer.id == id && row.enabled))
    }

    /// Signs in by name and password; gives the officer and the new cookie. The same work is done for a name that
    /// does not exist, so that time tells nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_in(
        &self,
        login: &str,
        password: &str,
        chance: &mut (dyn RngCore + Send),
    ) -> Result<Option<(Officer, String)>, StoreError> {
        let officers = self.store.officers().await?;
        let row = officers.into_iter().find(|row| row.login == login && row.enabled);
        let known = row.as_ref().map_or(NOBODY, |row| row.password_hash.as_str()).to_owned();
        let password = password.to_owned();
        let fits = tokio::task::spawn_blocking(move || verify(&known, &password)).await.unwrap_or(false);
        let Some(row) = row.filter(|_| fits) else { return Ok(None) };
        let now = self.clock.now();
        let cookie = format!("{}.{}", secret(chance), now.0);
        let expires = self.limits.end(&row.officer, now, now);
        let session = SessionRow { token_hash: hash(&cookie), officer: row.officer.id, expires };
        self.store.add_session(&session).await?;
        // While this password was verified, it may have been changed or the account disabled.
        let still = self.by_id(row.officer.id).await?;
        if still.is_none_or(|still| still.password_hash != row.password_hash) {
            self.store.end_session(session.token_hash).await?;
            return Ok(None);
        }
        Ok(Some((row.officer, cookie)))
    }

    /// Ends a browser's session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sign_out(&self, cookie: &str) -> Result<(), StoreError> {
        self.store.end_session(hash(cookie)).await
    }
}

/// When a cookie was given. It stands in the cookie itself; since the store keeps the hash of the whole, a browser that
/// changes it has no session.
fn began(cookie: &str) -> Option<Timestamp> {
    cookie.rsplit_once('.')?.1.parse().ok().map(Timestamp)
}

/// A hash that no password fits, verified for names that do not exist.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$qLml5cdqNAQzAnZ6AtZOYWVJMBuUZw0SVqLkPWLCqSs";

/// A new secret of 32 random bytes, as hexadecimal text.
pub fn secret(chance: &mut dyn RngCore) -> String {
    let mut bytes = [0; 32];
    chance.fill_bytes(&mut bytes);
    hex::encode(bytes)
}

/// A new API key for an officer: the row to keep, and the key, which is shown once.
pub fn api_key(
    officer: OfficerId,
    label: &str,
    created: Timestamp,
    chance: &mut dyn RngCore,
) -> (ApiKeyRow, String) {
    let key = format!("ml_{}", secret(chance));
    (ApiKeyRow { key_hash: hash(&key), officer, label: label.to_owned(), created }, key)
}

/// The Argon2id hash of a password in PHC form (parameters: OWASP 2024 minimum, 19 MiB, 2 passes).
///
/// # Errors
/// When the password is longer than the algorithm takes.
pub fn hash_password(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

fn verify(known: &str, password: &str) -> bool {
    argon2::PasswordHash::new(known)
        .is_ok_and(|known| Argon2::default().verify_password(password.as_bytes(), &known).is_ok())
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_fits_and_nobody_has_one() {
        let known = hash_password("correct horse").unwrap();
        assert!(verify(&known, "correct horse") && !verify(&known, "wrong horse"));
        assert!(argon2::PasswordHash::new(NOBODY).is_ok() && !verify(NOBODY, ""));
    }
}
