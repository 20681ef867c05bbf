//! What listens to a simulator's log while it grows: who got what, and at which pace it came.

use crate::judge::Heard;

/// How one kind of log is read on from where it was left.
pub(in super::super) trait Pages: Send {
    /// Adds what was written since to what was heard, and the arrivals' times in microseconds since 1970.
    fn read(&mut self, heard: &mut Heard, arrivals_us: &mut Vec<i64>) -> anyhow::Result<()>;
}

/// One simulator's log, as far as it was read.
pub(in super::super) struct Ear {
    pages: Box<dyn Pages>,
    heard: Heard,
    arrivals_us: Vec<i64>,
}

/// How fast parts came.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in super::super) struct Pace {
    /// The first part, in microseconds since 1970.
    pub(in super::super) first_us: Option<i64>,
    /// Parts that came.
    pub(in super::super) parts: u64,
    /// Parts a second from the first to the last; none for a single part.
    pub(in super::super) per_second: Option<f64>,
    /// The most within any one second.
    pub(in super::super) busiest_second: u64,
}

impl Ear {
    pub(super) fn new(pages: impl Pages + 'static) -> Self {
        Self { pages: Box::new(pages), heard: Heard::default(), arrivals_us: Vec::new() }
    }

    /// Reads on.
    pub(in super::super) fn listen(&mut self) -> anyhow::Result<()> {
        self.pages.read(&mut self.heard, &mut self.arrivals_us)
    }

    /// When the first part came, in microseconds since 1970.
    pub(in super::super) fn first_us(&self) -> Option<i64> {
        self.arrivals_us.first().copied()
    }

    /// Parts that came so far.
    pub(in super::super) fn parts(&self) -> u64 {
        self.arrivals_us.len() as u64
    }

    /// All that was heard, when nothing more is to come.
    pub(in super::super) fn heard(&mut self) -> &Heard {
        self.heard.finish();
        &self.heard
    }

    /// The pace of all that came.
    pub(in super::super) fn pace(&mut self) -> Pace {
        self.arrivals_us.sort_unstable();
        Pace::of(&self.arrivals_us)
    }
}

impl Pace {
    fn of(ordered_us: &[i64]) -> Self {
        let (Some(first), Some(last)) = (ordered_us.first(), ordered_us.last()) else {
            return Self::default();
        };
        let seconds = (last - first) as f64 / 1e6;
        let gaps = (ordered_us.len() - 1) as f64;
        Self {
            first_us: Some(*first),
            parts: ordered_us.len() as u64,
            per_second: (seconds > 0.0).then(|| gaps / seconds),
            busiest_second: busiest_second(ordered_us),
        }
    }
}

fn busiest_second(ordered_us: &[i64]) -> u64 {
    let mut first = 0;
    let mut most = 0;
    for (at, instant) in ordered_us.iter().enumerate() {
        while instant - ordered_us[first] >= 1_000_000 {
            first += 1;
        }
        most = most.max(at + 1 - first);
    }
    most as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_that_between_the_first_and_the_last() {
        let at: Vec<i64> = (0..=2_000).map(|nth| nth * 1_000).collect();
        let pace = Pace::of(&at);
        assert_eq!((pace.parts, pace.busiest_second), (2_001, 1_000));
        assert_eq!(pace.per_second, Some(1_000.0));
        assert_eq!(Pace::of(&[5]).per_second, None);
        assert_eq!(Pace::of(&[]), Pace::default());
    }
}
