//! Local times as the Chinese carriers' protocols write them.

use std::fmt;

use super::{
    super::smpp::time::{TimeError, absolute},
    Padded,
};

/// Month, day, hour, minute and second as one decimal number MMDDHHMMSS: the time of a login (CMPP, SMGP)
/// and the middle of a sequence (SGIP). Any number a peer sends is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(pub u32);

impl Stamp {
    /// The stamp of `epoch_ms`, milliseconds since 1970, in the gateway's local time, `offset_minutes`
    /// east of UTC.
    ///
    /// # Errors
    /// [`TimeError`], naming what to change.
    pub fn local(epoch_ms: i64, offset_minutes: i16) -> Result<Self, TimeError> {
        let text = absolute(epoch_ms, offset_minutes)?;
        let digits = &text.as_bytes()[2..12];
        Ok(Self(digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))))
    }

    /// The ten digits that a digest runs over, zeros in front.
    pub fn digits(self) -> [u8; 10] {
        let mut rest = self.0;
        let mut digits = [b'0'; 10];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        digits
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

/// The absolute time `YYMMDDhhmmsstnnp` of SMPP that all three protocols took over, in their fixed field.
pub(in crate::sms) fn absolute_padded<const N: usize>(
    epoch_ms: i64,
    offset_minutes: i16,
) -> Result<Padded<N>, TimeError> {
    Ok(Padded::until_nul(absolute(epoch_ms, offset_minutes)?.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 04:00:00 UTC.
    const NOON_IN_BEIJING: i64 = 1_795_406_400_000;

    #[test]
    fn noon_in_beijing_is_stamped_in_local_time() {
        assert_eq!(Stamp::local(NOON_IN_BEIJING, 480), Ok(Stamp(1_123_120_000)));
        assert_eq!(Stamp::local(NOON_IN_BEIJING, 7), Err(TimeError::Offset { minutes: 7 }));
    }

    #[test]
    fn january_keeps_its_zero() {
        assert_eq!(&Stamp(301_000_000).digits(), b"0301000000");
        assert_eq!(
            (Stamp(301_000_000).to_string(), &Stamp(u32::MAX).digits()),
            ("0301000000".into(), b"4294967295")
        );
    }
}
