//! What is said to the person who watches: Chinese first, English second. With `--json` it goes to standard error.

pub(super) use mingluo_console::cli::grouped;

use std::{
    fmt::Display,
    io::{self, Write},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

/// The rehearsal's voice.
#[derive(Debug)]
pub(super) struct Voice {
    to: To,
    step: AtomicU32,
}

/// Who hears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Output,
    Aside,
    Nobody,
}

impl Voice {
    /// A voice that nobody hears: whoever lets it rehearse tells what came of it.
    pub(super) const fn hushed() -> Self {
        Self { to: To::Nobody, step: AtomicU32::new(0) }
    }

    /// A voice on standard output, or aside on standard error.
    pub(super) const fn new(aside: bool) -> Self {
        Self { to: if aside { To::Aside } else { To::Output }, step: AtomicU32::new(0) }
    }

    /// A line.
    pub(super) fn say(&self, line: impl Display) {
        // A closed pipe is no reason to stop: the exit code still tells.
        let _unheard = match self.to {
            To::Output => writeln!(io::stdout(), "{line}"),
            To::Aside => writeln!(io::stderr(), "{line}"),
            To::Nobody => Ok(()),
        };
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
