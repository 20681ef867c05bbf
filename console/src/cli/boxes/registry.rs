//! What an authority has issued (发证登记), as a CSV beside it that a person can read.

use super::list;
use mingluo_model::{bulletin::ResourceCode, clock::Timestamp};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The file in the authority's folder.
const FILE: &str = "issued.csv";

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its number, hexadecimal.
    pub(super) serial: String,
    /// The box.
    pub(super) code: ResourceCode,
    /// When it was issued, in milliseconds since 1970 UTC.
    pub(super) issued: Timestamp,
    /// Until when it is good.
    pub(super) until: Timestamp,
    /// When it was taken back.
    pub(super) revoked: Option<Timestamp>,
}

impl Entry {
    /// Whether a box could still come in with it.
    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && now < self.until
    }
}

/// All of them, oldest first.
#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) entries: Vec<Entry>,
}

impl Registry {
    pub(super) fn read(dir: &Path) -> anyhow::Result<Self> {
        Ok(Self { entries: list::read(&dir.join(FILE))? })
    }

    /// Wholly or not at all: a list that is cut short would let back in what was taken back.
    pub(super) fn write(&self, dir: &Path) -> anyhow::Result<()> {
        list::write(dir, FILE, &["serial", "code", "issued", "until", "revoked"], &self.entries)
    }

    /// The certificate of this number that was issued to this box.
    pub(super) fn find(&self, code: ResourceCode, serial: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.code == code && entry.serial == serial)
    }

    /// How many certificates were issued to this box since then.
    pub(super) fn issued_since(&self, code: ResourceCode, since: Timestamp) -> usize {
        self.entries.iter().filter(|entry| entry.code == code && entry.issued > since).count()
    }

    /// What was taken back, and when.
    pub(super) fn revoked(&self) -> impl Iterator<Item = (&str, Timestamp)> {
        self.entries.iter().filter_map(|entry| Some((entry.serial.as_str(), entry.revoked?)))
    }

    /// Takes back every certificate of a box that is still good; tells how many.
    pub(super) fn revoke(&mut self, code: ResourceCode, now: Timestamp) -> usize {
        let good = self.entries.iter_mut().filter(|entry| entry.code == code && entry.is_good(now));
        good.map(|entry| entry.revoked = Some(now)).count()
    }
}
