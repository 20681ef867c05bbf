//! Who is at the door: passwords, browser sessions and API keys. Secrets are kept as hashes only.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use mingluo_ledger::{
    Store, StoreError,
    store::{ApiKeyRow, OfficerRow, SessionRow},
};
use mingluo_model::{
    clock::{SharedClock, Timestamp},
    id::OfficerId,
    owner::Officer,
};
use rand::RngCore;
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};

/// A session ends after this long; release rights want a fresh sign-in each shift.
pub const SESSION_LIFE: Duration = Duration::from_hours(12);

/// Knows the officers.
pub struct People {
    store: Arc<dyn Store>,
    clock: SharedClock,
}

impl People {
    /// The people of a store.
    pub const fn new(store: Arc<dyn Store>, clock: SharedClock) -> Self {
        Self { store, clock }
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

    /// The officer of a browser's cookie.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn by_cookie(&self, cookie: &str) -> Result<Option<OfficerRow>, StoreError> {
        match self.store.session(hash(cookie), self.clock.now()).await? {
            Some(row) => self.by_id(row.officer).await,
            None => Ok(None),
        }
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
        let cookie = secret(chance);
        let expires = self.clock.now().plus(SESSION_LIFE);
        let session = SessionRow { token_hash: hash(&cookie), officer: row.officer.id, expires };
        self.store.add_session(&session).await?;
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
