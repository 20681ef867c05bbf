//! The providers' own Python SDKs as oracles for our signatures. They run where `MINGLUO_SIGNERS` names the Python of an
//! environment with `tests/interop/signers/requirements.txt`; `tests/run` makes one, and
//! sets `MINGLUO_NEED_SIGNERS`, under which their absence is a failure.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::Value;

/// How many requests are compared.
pub(super) const CASES: usize = 300;

/// What the SDK signs each of these requests with; `None` where there is no SDK and nobody insists.
pub(super) fn authorizations(cases: &[Value]) -> Option<Vec<String>> {
    let Some(python) = std::env::var_os("MINGLUO_SIGNERS") else {
        let wanted = std::env::var_os("MINGLUO_NEED_SIGNERS").is_some();
        assert!(!wanted, "the signers are missing: set MINGLUO_SIGNERS as tests/run does");
        eprintln!("SKIPPED, NOT TESTED: MINGLUO_SIGNERS names no Python with the providers' SDKs");
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/interop/signers/sign.py");
    let mut child =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines: String = cases.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let mut stdin = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success(), "the SDK's signer failed");
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// Texts with everything that an encoder may get wrong; the same in every run.
pub(super) struct Odd(StdRng);

impl Odd {
    pub(super) fn new() -> Self {
        Self(StdRng::seed_from_u64(20_261_123))
    }

    pub(super) fn text(&mut self) -> String {
        const ODD: &[char] = &[
            'a', 'Z', '0', '-', '_', '.', '~', '*', ' ', '+', '%', '&', '=', '/', '\'', '"', '雨', '𠮷',
            '\u{e9}',
        ];
        let length = self.0.random_range(0..24);
        (0..length).map(|_| ODD[self.0.random_range(0..ODD.len())]).collect()
    }

    pub(super) fn seconds(&mut self) -> i64 {
        self.0.random_range(1_600_000_000..2_000_000_000)
    }
}
