//! What is said to the person who watches: Chinese first, English second. With `--json` it goes to standard error.

use std::{
    fmt::Display,
    io::{self, Write},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// The rehearsal's voice.
#[derive(Debug)]
pub(super) struct Voice {
    aside: bool,
    step: AtomicU32,
}

impl Voice {
    /// A voice on standard output, or aside on standard error.
    pub(super) const fn new(aside: bool) -> Self {
        Self { aside, step: AtomicU32::new(0) }
    }

    /// A line.
    pub(super) fn say(&self, line: impl Display) {
        // A closed pipe is no reason to stop: the exit code still tells.
        let _unheard =
            if self.aside { writeln!(io::stderr(), "{line}") } else { writeln!(io::stdout(), "{line}") };
    }

    /// The next step, numbered.
    pub(super) fn step(&self, zh: &str, en: &str) {
        let step = self.step.fetch_add(1, Relaxed) + 1;
        self.say(format_args!("\n[{step}] {zh} / {en}"));
    }

    /// What came of a step.
    pub(super) fn note(&self, line: impl Display) {
        self.say(format_args!("    {line}"));
    }
}

/// A number with commas.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_set_apart() {
        let grouped = [0, 999, 1_000, 1_600_000].map(super::grouped);
        assert_eq!(grouped, ["0", "999", "1,000", "1,600,000"]);
    }
}
