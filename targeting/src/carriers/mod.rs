//! Whose network a mobile number is in (号段与携号转网): by the longest listed prefix, unless the number moved to another
//! network and kept its digits. A first guess that the gateway's answer may contradict; it knows no account.

mod ported;
mod prefix;

pub use ported::{BadPorted, PortedError, PortedFlaw, PortedNumbers};
pub use prefix::{PrefixError, PrefixFlaw};

use crate::roster::phone;
use mingluo_model::carrier::Carrier;
use prefix::Segments;
use std::{fmt, io::Read};

/// The carriers of all mainland mobile numbers.
pub struct NumberPlan {
    segments: Segments,
    ported: PortedNumbers,
}

impl NumberPlan {
    /// Reads a table of prefixes: a CSV with the columns `prefix,carrier`, prefixes of 3 to 7 digits from 130 to
    /// 1999999.
    ///
    /// # Errors
    /// [`PrefixError`] naming the line, the column, what stands there and the fix.
    pub fn read(prefixes: impl Read) -> Result<Self, PrefixError> {
        Ok(Self { segments: Segments::read(prefixes)?, ported: PortedNumbers::default() })
    }

    /// The same, with numbers that moved to another network (携号转网).
    #[must_use]
    pub fn with_ported(self, ported: PortedNumbers) -> Self {
        Self { ported, ..self }
    }

    /// The carrier of a number in E.164 or of eleven digits; `None` for what no prefix covers.
    pub fn carrier(&self, number: &str) -> Option<Carrier> {
        let digits = national(number)?;
        self.ported.carrier(digits).or_else(|| self.segments.carrier(digits))
    }
}

impl fmt::Debug for NumberPlan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NumberPlan").field("ported", &self.ported).finish_non_exhaustive()
    }
}

/// The eleven digits of a mobile number.
fn national(number: &str) -> Option<u64> {
    // Addresses of the roster have this form already; a million of them are asked for at once.
    if let Some(digits) = number.strip_prefix("+86")
        && digits.len() == 11
    {
        return digits.parse().ok();
    }
    phone(number).ok()?.expose().strip_prefix("+86")?.parse().ok()
}

#[cfg(test)]
mod tests;
