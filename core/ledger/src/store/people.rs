//! Officers, their organisations, keys and browsers, and what residents wrote, as the ledger keeps them.

use mingluo_model::{
    clock::Timestamp,
    id::{OfficerId, OrgId},
    owner::{Officer, Owner},
    plan::AccountName,
    reply::Reply,
};

/// An officer with what is needed to sign in.
#[derive(Clone, PartialEq, Eq)]
pub struct OfficerRow {
    /// Id, owner and rights.
    pub officer: Officer,
    /// The sign-in name, unique.
    pub login: String,
    /// The name on pages.
    pub name: String,
    /// Argon2 hash in PHC form.
    pub password_hash: String,
    /// Whether the officer may sign in.
    pub enabled: bool,
}

impl std::fmt::Debug for OfficerRow {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "OfficerRow({})", self.login)
    }
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgRow {
    /// Its id.
    pub id: OrgId,
    /// Its name, as it stands in headlines.
    pub name: String,
    /// Its scope and level.
    pub owner: Owner,
}

/// A key for the API: works as its officer, never around policy. Only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// SHA-256 of the key.
    pub key_hash: [u8; 32],
    /// Whose rights it has.
    pub officer: OfficerId,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created: Timestamp,
}

/// What a resident wrote, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// Rises with the order in which they were kept.
    pub id: i64,
    /// The account it came in on.
    pub account: AccountName,
    /// What was written.
    pub reply: Reply,
}

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of the cookie.
    pub token_hash: [u8; 32],
    /// Who.
    pub officer: OfficerId,
    /// Until when.
    pub expires: Timestamp,
}
