//! Python programs that others wrote, as oracles of what we sign, encipher and write: the providers' own SDKs and the
//! libraries that receivers use. They run where `MINGLUO_SIGNERS` names the Python of an environment with
//! `tests/interop/signers/requirements.txt`; `tests/run` makes one, and sets `MINGLUO_NEED_SIGNERS`, under which their
//! absence is a failure.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::Value;

/// How many requests are compared.
pub(crate) const CASES: usize = 300;

/// What a script of `tests/interop/signers` says to each of these cases, a line each; `None` where the oracles are not
/// installed and nobody insists.
pub(crate) fn asked(script: &str, cases: &[Value]) -> Option<Vec<String>> {
    let Some(python) = std::env::var_os("MINGLUO_SIGNERS") else {
        let wanted = std::env::var_os("MINGLUO_NEED_SIGNERS").is_some();
        assert!(!wanted, "the oracles are missing: set MINGLUO_SIGNERS as tests/run does");
        eprintln!("SKIPPED, NOT TESTED: MINGLUO_SIGNERS names no Python with the oracles");
        return None;
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/interop/signers");
    let mut command = Command::new(python);
    let child = command.arg(script).current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let lines = cases.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let mut stdin = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success(), "the oracle failed");
    let said: Vec<_> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(said.len(), cases.len(), "one line for each case");
    Some(said)
}

/// What the providers' SDKs sign each of these requests with.
pub(crate) fn authorizations(cases: &[Value]) -> Option<Vec<String>> {
    asked("sign.py", cases)
}

/// Texts with everything that an encoder may get wrong; the same in every run.
pub(crate) struct Odd(StdRng);

impl Odd {
    pub(crate) fn new() -> Self {
        Self(StdRng::seed_from_u64(20_261_123))
    }

    pub(crate) fn text(&mut self) -> String {
        const ODD: &[char] = &[
            'a', 'Z', '0', '-', '_', '.', '~', '*', ' ', '+', '%', '&', '=', '/', '\'', '"', '雨', '𠮷',
            '\u{e9}',
        ];
        let length = self.0.random_range(0..24);
        (0..length).map(|_| ODD[self.0.random_range(0..ODD.len())]).collect()
    }

    pub(crate) fn seconds(&mut self) -> i64 {
        self.0.random_range(1_600_000_000..2_000_000_000)
    }
}
