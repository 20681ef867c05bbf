//! Who did what (审计): lines in a chain of hashes, and signed heads of it that are kept outside as well. Whoever
//! edits a line breaks the chain; whoever recomputes the chain, or cuts it, misses the signed heads.

use mingluo_model::clock::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

mod canon;
mod verify;

pub use verify::{BrokenChain, verify_chain};

/// The hash of one row or of nothing yet.
pub type ChainHash = [u8; 32];

/// What the first row's hash builds on.
pub const GENESIS: ChainHash = [0; 32];

/// One deed.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// An officer's id, or `system`.
    pub actor: String,
    /// What was done, as a word with a dot: `alert.release`, `officer.save`.
    pub action: String,
    /// What it was done to, mostly an id.
    pub subject: String,
    /// The particulars. Never an address, a password or a key.
    pub detail: Value,
}

impl AuditLine {
    /// The actor of what nobody clicked.
    pub const SYSTEM: &'static str = "system";

    /// The bytes that are hashed: the instant, then each text behind its length; the detail with its keys in order.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        let detail = canon::canonical_json(&self.detail);
        let mut bytes = self.at.0.to_be_bytes().to_vec();
        for text in [&self.actor, &self.action, &self.subject, &detail] {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }

    /// The detail as it is kept.
    pub(crate) fn detail_text(&self) -> String {
        canon::canonical_json(&self.detail)
    }

    /// The hash of the row that follows a row of hash `last`.
    pub fn hash_after(&self, last: &ChainHash) -> ChainHash {
        let mut digest = Sha256::new();
        digest.update(b"mingluo/audit/1\0");
        digest.update(last);
        digest.update(self.canonical());
        digest.finalize().into()
    }
}

/// A kept line with its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Its number, from 1, without gaps.
    pub seq: i64,
    /// The line.
    pub line: AuditLine,
    /// The chain's hash up to and with this line.
    pub hash: ChainHash,
}

/// A signed statement that the chain had this hash at this row; also anchored outside of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// The row.
    pub seq: i64,
    /// The row's hash.
    pub hash: ChainHash,
    /// The signer's key.
    pub key_id: String,
    /// The signature over [`AuditHead::signed_bytes`].
    pub signature: Vec<u8>,
    /// When it was signed.
    pub at: Timestamp,
}

impl AuditHead {
    /// The bytes that a head's signature covers.
    pub fn signed_bytes(seq: i64, hash: &ChainHash, at: Timestamp) -> Vec<u8> {
        let mut bytes = b"mingluo/audit-head/1\0".to_vec();
        bytes.extend_from_slice(&seq.to_be_bytes());
        bytes.extend_from_slice(hash);
        bytes.extend_from_slice(&at.0.to_be_bytes());
        bytes
    }
}
