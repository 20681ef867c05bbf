//! One-time codes (注册码登记), as a CSV beside the authority: what was made, for whom, and which device used it. Of a code
//! itself only its hash is kept.

use super::list;
use mingluo_model::{bulletin::ResourceCode, clock::Timestamp};
use serde::{Deserialize, Serialize};
use std::path::Path;

const FILE: &str = "codes.csv";

/// One code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    /// The hash of its secret.
    pub(super) hash: String,
    /// The box that it is for.
    pub(super) code: ResourceCode,
    /// Until when it is good, in milliseconds since 1970 UTC.
    pub(super) until: Timestamp,
    /// When it was used.
    pub(super) used: Option<Timestamp>,
    /// The hash of the key that it was used for; the same device may ask again when the answer was lost.
    pub(super) key: String,
}

/// All of them, oldest first.
#[derive(Debug, Default)]
pub(super) struct Codes {
    pub(super) made: Vec<Made>,
}

impl Codes {
    pub(super) fn read(dir: &Path) -> anyhow::Result<Self> {
        let file = dir.join(FILE);
        if !file.exists() {
            return Ok(Self::default());
        }
        Ok(Self { made: list::read(&file)? })
    }

    /// Wholly or not at all, and on the disk when it returns: a code that was used must stay used.
    pub(super) fn write(&self, dir: &Path) -> anyhow::Result<()> {
        list::write(dir, FILE, &["hash", "code", "until", "used", "key"], &self.made)
    }
}
