//! What is written is valid by the schema of OASIS, as `xmllint` sees it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mingluo_exchange::cap::{breaches, read, write};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::alerts::{any_alert, rainstorm};
use crate::samples::{folder, samples};

/// The schema, when it and `xmllint` are there.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn schema() -> Option<PathBuf> {
    let schema = folder()?.join("schema/cap12.xsd");
    let tool = Command::new("xmllint").arg("--version").stderr(Stdio::null()).status();
    if schema.is_file() && tool.is_ok() {
        return Some(schema);
    }
    eprintln!("skipped: no xmllint, or no schema/cap12.xsd in the samples");
    None
}

fn complaint(schema: &Path, page: &str) -> Option<String> {
    let mut lint = Command::new("xmllint");
    lint.args(["--nonet", "--noout", "--schema"]).arg(schema).arg("-");
    let mut lint = lint.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("xmllint was found");
    lint.stdin.take().expect("piped").write_all(page.as_bytes()).expect("xmllint reads to the end");
    let output = lint.wait_with_output().expect("xmllint ends");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_rainstorm_and_every_rewritten_sample_are_valid() {
    let Some(schema) = schema() else { return };
    let real = samples().into_iter().filter_map(|it| read(&it.bytes).ok()).map(|it| it.alert);
    for alert in real.chain([rainstorm()]).filter(|it| breaches(it).is_empty()) {
        assert_eq!(complaint(&schema, &write(&alert).unwrap()), None, "{}", alert.identifier);
    }
}

#[test]
fn any_written_alert_is_valid() {
    let Some(schema) = schema() else { return };
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) };
    let validity = TestRunner::new(config).run(&any_alert(), |alert| {
        prop_assert_eq!(complaint(&schema, &write(&alert).unwrap()), None);
        Ok(())
    });
    validity.unwrap();
}

#[test]
fn the_schema_does_complain() {
    let Some(schema) = schema() else { return };
    let page = write(&rainstorm()).unwrap().replace("+08:00</sent>", "Z</sent>");
    assert!(complaint(&schema, &page).is_some());
}
