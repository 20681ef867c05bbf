//! Instants as SMGP writes them: in the gateway's local time.

pub use super::super::smpp::time::TimeError;
use super::super::{
    smpp,
    wire::{Padded, absolute_padded},
};

/// ValidTime or AtTime: sixteen characters or empty (clause 6.2.17).
pub type TimeText = Padded<17>;

/// The absolute time `YYMMDDhhmmsstnnp` that SMGP took over from SMPP, of `epoch_ms`, milliseconds since 1970,
/// in the gateway's local time, `offset_minutes` east of UTC.
///
/// # Errors
/// [`TimeError`], naming what to change.
pub fn absolute(epoch_ms: i64, offset_minutes: i16) -> Result<TimeText, TimeError> {
    absolute_padded(epoch_ms, offset_minutes)
}

/// The date YYMMDDhhmm of a status report.
///
/// # Errors
/// [`TimeError`], naming what to change.
pub fn report_date(epoch_ms: i64, offset_minutes: i16) -> Result<Padded<10>, TimeError> {
    Ok(Padded::until_nul(smpp::time::receipt_date(epoch_ms, offset_minutes)?.as_bytes()))
}

/// The RecvTime YYYYMMDDHHMMSS of a deliver (clause 6.2.28).
///
/// # Errors
/// [`TimeError`], naming what to change.
pub fn recv_time(epoch_ms: i64, offset_minutes: i16) -> Result<Padded<14>, TimeError> {
    let short = smpp::time::absolute(epoch_ms, offset_minutes)?;
    Ok(Padded::until_nul(&[b"20", &short.as_bytes()[..12]].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noon_in_beijing_is_written_three_ways() {
        let noon = 1_795_406_400_000;
        assert_eq!(absolute(noon, 480).unwrap().to_text(), "261123120000032+");
        assert_eq!(report_date(noon, 480).unwrap().to_text(), "2611231200");
        assert_eq!(recv_time(noon, 480).unwrap().to_text(), "20261123120000");
        assert_eq!(recv_time(noon, 7), Err(TimeError::Offset { minutes: 7 }));
    }
}
