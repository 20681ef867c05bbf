//! Instants as SGIP writes them: always in Beijing's time.

pub use super::super::smpp::time::TimeError;
use super::super::wire::{Padded, Stamp, absolute_padded};

/// ExpireTime or ScheduleTime: sixteen characters or empty (clause 4.2.3.3.1).
pub type TimeText = Padded<16>;

/// Beijing's minutes east of UTC.
const BEIJING: i16 = 480;

/// The time `yymmddhhmmss032+` of `epoch_ms`, milliseconds since 1970: its last four characters are fixed
/// (clause 4.2.3.3.1), so tenths of a second are dropped.
///
/// # Errors
/// [`TimeError::Year`] outside the years 2000 to 2099.
pub fn absolute(epoch_ms: i64) -> Result<TimeText, TimeError> {
    absolute_padded(epoch_ms.div_euclid(1000).saturating_mul(1000), BEIJING)
}

/// The middle of a sequence made at `epoch_ms` (clause 3.4).
///
/// # Errors
/// [`TimeError::Year`] outside the years 2000 to 2099.
pub fn stamp(epoch_ms: i64) -> Result<Stamp, TimeError> {
    Stamp::local(epoch_ms, BEIJING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noon_in_beijing_ends_in_032() {
        assert_eq!(absolute(1_795_406_400_750).unwrap().to_text(), "261123120000032+");
        assert_eq!(stamp(1_795_406_400_750), Ok(Stamp(1_123_120_000)));
        assert_eq!(absolute(i64::MIN), Err(TimeError::Year { epoch_ms: i64::MIN }));
    }
}
