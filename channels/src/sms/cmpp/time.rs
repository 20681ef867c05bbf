//! Instants as CMPP writes them: in the gateway's local time.

pub use super::super::smpp::time::TimeError;
use super::super::{
    smpp,
    wire::{Padded, absolute_padded},
};

/// ValId_Time or At_Time: sixteen characters or empty (clause 8.4.3.1).
pub type TimeText = Padded<17>;

/// The absolute time `YYMMDDhhmmsstnnp` that CMPP took over from SMPP, of `epoch_ms`, milliseconds since 1970,
/// in the gateway's local time, `offset_minutes` east of UTC: for `valid_time` and `at_time`.
///
/// # Errors
/// [`TimeError`], naming what to change.
pub fn absolute(epoch_ms: i64, offset_minutes: i16) -> Result<TimeText, TimeError> {
    absolute_padded(epoch_ms, offset_minutes)
}

/// The time YYMMDDHHMM of a status report.
///
/// # Errors
/// [`TimeError`], naming what to change.
pub fn report_time(epoch_ms: i64, offset_minutes: i16) -> Result<Padded<10>, TimeError> {
    Ok(Padded::until_nul(smpp::time::receipt_date(epoch_ms, offset_minutes)?.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noon_in_beijing_is_written_with_its_offset() {
        let noon = 1_795_406_400_000;
        assert_eq!(absolute(noon, 480).unwrap().to_text(), "261123120000032+");
        assert_eq!(report_time(noon, 480).unwrap().to_text(), "2611231200");
        assert_eq!(absolute(noon, 7), Err(TimeError::Offset { minutes: 7 }));
    }
}
