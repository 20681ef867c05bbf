//! Instants as SMPP writes them.

use jiff::{Timestamp, civil::DateTime, tz::Offset};

use super::super::wire::COctets;

/// A time field: sixteen characters or empty (clause 7.1.1).
pub type TimeText = COctets<17>;

/// An instant or an account's offset that a time field cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The field counts quarters of an hour up to 12 hours either way.
    #[error("utc offset {minutes} minutes: give a multiple of 15 within -720..=720")]
    Offset {
        /// The account's offset.
        minutes: i16,
    },
    /// The field has two digits for the year.
    #[error("instant {epoch_ms} ms is outside the years 2000 to 2099")]
    Year {
        /// Milliseconds since 1970 in UTC.
        epoch_ms: i64,
    },
}

/// The absolute time `YYMMDDhhmmsstnnp` (clause 7.1.1.1) of `epoch_ms`, milliseconds since 1970,
/// in the centre's local time, `offset_minutes` east of UTC: for `validity_period`.
///
/// # Errors
/// [`TimeError`], naming what to change.
#[expect(clippy::missing_panics_doc, reason = "the text has sixteen characters, whatever the arguments")]
pub fn absolute(epoch_ms: i64, offset_minutes: i16) -> Result<TimeText, TimeError> {
    let local = local(epoch_ms, offset_minutes)?;
    let tenth = local.millisecond() / 100;
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let quarters = offset_minutes.unsigned_abs() / 15;
    let text = format!("{}{tenth}{quarters:02}{sign}", local.strftime("%y%m%d%H%M%S"));
    Ok(COctets::new("time", &text).expect("sixteen ASCII characters fit"))
}

/// The date `YYMMDDhhmm` of a receipt's text (appendix B), in the centre's local time.
///
/// # Errors
/// [`TimeError`], naming what to change.
pub fn receipt_date(epoch_ms: i64, offset_minutes: i16) -> Result<String, TimeError> {
    Ok(local(epoch_ms, offset_minutes)?.strftime("%y%m%d%H%M").to_string())
}

fn local(epoch_ms: i64, minutes: i16) -> Result<DateTime, TimeError> {
    if minutes % 15 != 0 || !(-720..=720).contains(&minutes) {
        return Err(TimeError::Offset { minutes });
    }
    let wrong_year = TimeError::Year { epoch_ms };
    let offset = Offset::from_seconds(i32::from(minutes) * 60).map_err(|_| TimeError::Offset { minutes })?;
    let instant = Timestamp::from_millisecond(epoch_ms).map_err(|_| wrong_year)?;
    let local = offset.to_datetime(instant);
    if (2000..=2099).contains(&local.year()) { Ok(local) } else { Err(wrong_year) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 04:00:00.750 UTC.
    const NOON_IN_BEIJING: i64 = 1_795_406_400_750;

    #[test]
    fn noon_in_beijing_is_eight_hours_ahead() {
        assert_eq!(absolute(NOON_IN_BEIJING, 480).unwrap().to_text(), "261123120000732+");
    }

    #[test]
    fn a_centre_in_the_west_is_behind() {
        assert_eq!(absolute(NOON_IN_BEIJING, -210).unwrap().to_text(), "261123003000714-");
    }

    #[test]
    fn a_receipt_dates_to_the_minute() {
        assert_eq!(receipt_date(NOON_IN_BEIJING, 480).unwrap(), "2611231200");
    }

    #[test]
    fn what_the_field_cannot_hold_is_refused() {
        assert_eq!(absolute(NOON_IN_BEIJING, 7), Err(TimeError::Offset { minutes: 7 }));
        assert_eq!(absolute(NOON_IN_BEIJING, 840), Err(TimeError::Offset { minutes: 840 }));
        for epoch_ms in [i64::MIN, 0, 4_102_444_800_000, i64::MAX] {
            assert_eq!(absolute(epoch_ms, 0), Err(TimeError::Year { epoch_ms }));
        }
    }
}
