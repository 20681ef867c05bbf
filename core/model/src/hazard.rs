//! What threatens: an event type with the code system it was taken from.

use serde::{Deserialize, Serialize};

/// An event type (灾种) by code, for example `11B03` 暴雨.
///
/// The code is a hint that feeds get wrong; the Chinese name is what officers read and what is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hazard {
    /// The code in its own system, for example `11B03`.
    pub code: String,
    /// The system of the code.
    pub system: HazardSystem,
    /// The Chinese name (暴雨).
    pub name_zh: String,
    /// The English name.
    pub name_en: String,
}

/// The list an event code was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HazardSystem {
    /// The national emergency classification as 12379 uses it (11Bxx).
    National,
    /// A code out of a foreign CAP feed, kept as it came.
    Foreign,
}
