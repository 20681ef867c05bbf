//! Numbers that the system knows of the box (工况读数): the battery's charge, the board's temperature. A number that
//! cannot be read is absent, never guessed.

use std::{path::PathBuf, sync::Arc, sync::Mutex, sync::PoisonError};

/// Something with a number.
pub trait Gauge: Send {
    /// The number at this moment.
    fn read(&mut self) -> Option<i64>;
}

/// A file with a whole number, as sysfs has them.
#[derive(Debug)]
pub struct FileGauge {
    path: PathBuf,
    divisor: i64,
}

impl FileGauge {
    /// The number in this file, divided: `capacity` holds percent, `temp` thousandths of a degree.
    pub const fn new(path: PathBuf, divisor: i64) -> Self {
        Self { path, divisor }
    }
}

impl Gauge for FileGauge {
    fn read(&mut self) -> Option<i64> {
        let number: i64 = std::fs::read_to_string(&self.path).ok()?.trim().parse().ok()?;
        number.checked_div(self.divisor)
    }
}

/// A pretend gauge; clones share it.
#[derive(Debug, Clone, Default)]
pub struct SimulatedGauge(Arc<Mutex<Option<i64>>>);

impl SimulatedGauge {
    /// What it shows from now on.
    pub fn set(&self, number: Option<i64>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = number;
    }
}

impl Gauge for SimulatedGauge {
    fn read(&mut self) -> Option<i64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_anew_each_time_and_nonsense_is_no_number() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("temp");
        let mut gauge = FileGauge::new(path.clone(), 1_000);
        assert_eq!(gauge.read(), None);
        for (text, number) in [("48312\n", Some(48)), ("-12500\n", Some(-12)), ("warm\n", None)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(gauge.read(), number);
        }
    }
}
