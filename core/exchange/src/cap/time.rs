//! A CAP time: an instant to the whole second, and the offset its writer lived by (standard, section 3.3.2).
//!
//! It knows how to be written, which is only one way, and how it is misspelt in the field. It never asks what
//! time it is.

use std::fmt;

use jiff::{Timestamp, civil, tz::Offset};

use super::Forgiven;

/// The farthest offset that XML Schema's dateTime allows, 14 hours (XML Schema part 2, 3.2.7.3).
const OFFSET_MAX_S: i32 = 14 * 3600;

/// A time with its offset, always writable: whole seconds, offset of whole minutes up to 14 hours, years 1 to
/// 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CapTime {
    at: Timestamp,
    offset: Offset,
}

/// Why an instant and an offset make no CAP time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CapTimeError {
    /// The offset has seconds or is beyond 14 hours.
    #[error("offset of {seconds} s cannot be written; use whole minutes within 14 hours")]
    Offset {
        /// The offset, in seconds east of Greenwich.
        seconds: i32,
    },
    /// The local year is not of four digits.
    #[error("year {year} cannot be written; use a year from 1 to 9999")]
    Year {
        /// The local year.
        year: i16,
    },
}

impl CapTime {
    /// Takes an instant, its fraction of a second cut off, as seen at an offset.
    ///
    /// # Errors
    /// [`CapTimeError`] when four digits of year or `±hh:mm` cannot hold it.
    pub fn new(at: Timestamp, offset: Offset) -> Result<Self, CapTimeError> {
        let seconds = offset.seconds();
        if seconds % 60 != 0 || seconds.abs() > OFFSET_MAX_S {
            return Err(CapTimeError::Offset { seconds });
        }
        let whole = at.as_nanosecond().div_euclid(1_000_000_000);
        let at =
            i64::try_from(whole).ok().and_then(|s| Timestamp::from_second(s).ok()).unwrap_or(Timestamp::MIN);
        let year = offset.to_datetime(at).year();
        if year < 1 { Err(CapTimeError::Year { year }) } else { Ok(Self { at, offset }) }
    }

    /// The instant.
    pub const fn at(self) -> Timestamp {
        self.at
    }

    /// The offset it was, or will be, written with.
    pub const fn offset(self) -> Offset {
        self.offset
    }

    /// Reads a time as it occurs in the field, with what had to be forgiven; `None` when the instant is in
    /// doubt.
    pub(super) fn parse(text: &str) -> Option<(Self, Vec<Forgiven>)> {
        let mut slips = Vec::new();
        let (clock, tail) = text.split_at_checked(19)?;
        let local = local(clock, &mut slips)?;
        let zone = fraction(tail, &mut slips)?;
        let offset = offset(zone, &mut slips)?;
        let at = offset.to_timestamp(local).ok()?;
        Some((Self::new(at, offset).ok()?, slips))
    }
}

/// The one form CAP 1.2 has: `2026-11-23T22:05:00+08:00`, and `-00:00` for UTC (3.3.2).
impl fmt::Display for CapTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.offset.to_datetime(self.at);
        let sign = if self.offset.seconds() > 0 { '+' } else { '-' };
        let minutes = self.offset.seconds().abs() / 60;
        write!(f, "{:04}-{:02}-{:02}T", t.year(), t.month(), t.day())?;
        write!(f, "{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second())?;
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

fn local(clock: &str, slips: &mut Vec<Forgiven>) -> Option<civil::DateTime> {
    let separators = [(4, "-"), (7, "-"), (13, ":"), (16, ":")];
    if !separators.iter().all(|&(at, sign)| clock.get(at..=at) == Some(sign)) {
        return None;
    }
    match clock.get(10..11)? {
        "T" => {}
        "t" | " " => slips.push(Forgiven::LooseTime),
        _ => return None,
    }
    let date = civil::Date::new(digits(clock, 0, 4)?, digits(clock, 5, 2)? as i8, digits(clock, 8, 2)? as i8)
        .ok()?;
    let (h, m, s) = (digits(clock, 11, 2)?, digits(clock, 14, 2)?, digits(clock, 17, 2)?);
    Some(date.to_datetime(civil::Time::new(h as i8, m as i8, s as i8, 0).ok()?))
}

/// At most four ASCII digits, so that the number fits.
fn digits(text: &str, from: usize, len: usize) -> Option<i16> {
    let part = text.get(from..from + len)?;
    if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None }
}

/// Cuts a fraction of a second off and gives back the zone.
fn fraction<'a>(tail: &'a str, slips: &mut Vec<Forgiven>) -> Option<&'a str> {
    let Some(rest) = tail.strip_prefix(['.', ',']) else { return Some(tail) };
    let zone = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    slips.push(Forgiven::FractionDropped);
    (zone.len() < rest.len()).then_some(zone)
}

fn offset(zone: &str, slips: &mut Vec<Forgiven>) -> Option<Offset> {
    if zone == "Z" || zone == "z" {
        slips.push(Forgiven::ZuluTime);
        return Some(Offset::UTC);
    }
    let sign = if zone.starts_with('+') { 1 } else { -1 };
    let (hours, minutes) = hours_and_minutes(zone.strip_prefix(['+', '-'])?, slips)?;
    let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
    if seconds == 0 && sign == 1 {
        slips.push(Forgiven::PlusZeroOffset);
    }
    if minutes > 59 { None } else { Offset::from_seconds(sign * seconds).ok() }
}

/// `08:00`, or in the field also `0800` and `08`.
fn hours_and_minutes(clock: &str, slips: &mut Vec<Forgiven>) -> Option<(i16, i16)> {
    if clock.len() == 5 && clock.get(2..3) == Some(":") {
        return Some((digits(clock, 0, 2)?, digits(clock, 3, 2)?));
    }
    slips.push(Forgiven::LooseTime);
    match clock.len() {
        4 => Some((digits(clock, 0, 2)?, digits(clock, 2, 2)?)),
        2 => Some((digits(clock, 0, 2)?, 0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reread(text: &str) -> Option<(String, Vec<Forgiven>)> {
        CapTime::parse(text).map(|(time, slips)| (time.to_string(), slips))
    }

    #[test]
    fn the_standard_form_needs_no_forgiveness() {
        for text in ["2026-11-23T22:05:00+08:00", "2003-04-02T14:39:01-05:30", "2003-04-02T14:39:01-00:00"] {
            assert_eq!(reread(text), Some((text.to_owned(), vec![])));
        }
    }

    #[test]
    fn the_forms_of_the_field_are_read_and_named() {
        let utc = "2024-06-06T15:15:00-00:00".to_owned();
        let cases = [
            ("2024-06-06T15:15:00Z", vec![Forgiven::ZuluTime]),
            ("2024-06-06T15:15:00.9Z", vec![Forgiven::FractionDropped, Forgiven::ZuluTime]),
            ("2024-06-06T15:15:00+00:00", vec![Forgiven::PlusZeroOffset]),
            ("2024-06-06 15:15:00-0000", vec![Forgiven::LooseTime, Forgiven::LooseTime]),
        ];
        for (text, slips) in cases {
            assert_eq!(reread(text), Some((utc.clone(), slips)), "{text}");
        }
    }

    #[test]
    fn a_time_whose_instant_is_in_doubt_is_refused() {
        let doubtful = [
            "",
            "2024-06-06T15:15:00",
            "2024-06-06T15:15+08:00",
            "2024-02-30T15:15:00+08:00",
            "2024-06-06T25:15:00Z",
            "2024-06-06T15:15:00.Z",
            "2024-06-06T15:15:00+15:00",
            "2024-06-06T15:15:00+08:60",
            "0000-06-06T15:15:00Z",
            "+024-06-06T15:15:00Z",
            "２０２４-06-06T15:15:00Z",
            "2024-06-06T15:15:0红",
        ];
        for text in doubtful {
            assert_eq!(reread(text), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_written_cannot_be_made() {
        let odd = Offset::from_seconds(8 * 3600 + 1).unwrap();
        assert_eq!(CapTime::new(Timestamp::UNIX_EPOCH, odd), Err(CapTimeError::Offset { seconds: 28_801 }));
        assert!(matches!(CapTime::new(Timestamp::MIN, Offset::UTC), Err(CapTimeError::Year { .. })));
        let before = Timestamp::new(-1, -500_000_000).unwrap();
        assert_eq!(CapTime::new(before, Offset::UTC).unwrap().to_string(), "1969-12-31T23:59:58-00:00");
    }
}
