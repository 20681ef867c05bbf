//! Real alerts of many countries, read from the folder `cap` below MINGLUO_SAMPLES.

use std::fs;
use std::path::PathBuf;

use mingluo_exchange::cap::{CapError, breaches, read, write};

/// One line of the manifest of the samples.
pub(crate) struct Sample {
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    row: Vec<String>,
}

impl Sample {
    fn column(&self, n: usize) -> &str {
        &self.row[n]
    }

    fn is_alert(&self) -> bool {
        (self.column(5), self.column(6), self.column(8)) == ("yes", "alert", "1")
    }
}

#[expect(clippy::print_stderr, reason = "a test that skips says so")]
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("MINGLUO_SAMPLES").map(|it| PathBuf::from(it).join("cap"));
    let found = folder.filter(|it| it.join("manifest.csv").is_file());
    if found.is_none() {
        eprintln!("skipped: MINGLUO_SAMPLES names no folder with cap/manifest.csv");
    }
    found
}

pub(crate) fn samples() -> Vec<Sample> {
    let Some(folder) = folder() else { return vec![] };
    let manifest = fs::read_to_string(folder.join("manifest.csv")).expect("the manifest is readable");
    let rows = manifest.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    rows.map(|row| {
        let bytes = fs::read(folder.join(&row[0])).expect("the manifest names files that are there");
        Sample { file: row[0].clone(), bytes, row }
    })
    .collect()
}

#[test]
fn every_real_alert_is_read_and_nothing_else() {
    for sample in samples() {
        let found = read(&sample.bytes);
        assert_eq!(found.is_ok(), sample.is_alert(), "{}: {found:?}", sample.file);
    }
}

#[test]
fn what_is_read_agrees_with_the_manifest() {
    for sample in samples().into_iter().filter(Sample::is_alert) {
        let reading = read(&sample.bytes).unwrap();
        let alert = &reading.alert;
        let areas: Vec<_> = alert.infos.iter().flat_map(|it| &it.areas).collect();
        let circles: usize = areas.iter().map(|it| it.circles.len()).sum();
        let counted = [alert.infos.len(), areas.len(), circles].map(|it| it.to_string());
        assert_eq!(counted, [sample.column(9), sample.column(10), sample.column(13)], "{}", sample.file);
        let told = [alert.sender.as_str(), alert.status.as_str(), alert.msg_type.as_str()];
        assert_eq!(told, [sample.column(15), sample.column(16), sample.column(17)], "{}", sample.file);
        assert_eq!(reading.signature.is_some(), sample.column(18) == "yes", "{}", sample.file);
    }
}

#[test]
fn the_entity_attack_and_the_feeds_are_named() {
    for sample in samples() {
        let found = read(&sample.bytes);
        match sample.column(6) {
            _ if sample.file == "google__xee.cap" => assert_eq!(found, Err(CapError::Doctype)),
            "feed" | "EDXLDistribution" | "alerts" => {
                assert!(
                    matches!(&found, Err(CapError::Root { name, .. }) if name == sample.column(6)),
                    "{found:?}"
                );
            }
            _ => {}
        }
    }
}

#[test]
fn every_real_alert_that_keeps_the_rules_comes_back() {
    let (mut kept, mut refused) = (0, 0);
    for sample in samples().into_iter().filter(Sample::is_alert) {
        let alert = read(&sample.bytes).unwrap().alert;
        if let Some(breach) = breaches(&alert).first() {
            eprintln!("{}: {breach}", sample.file);
            refused += 1;
            continue;
        }
        let page = write(&alert).unwrap();
        assert_eq!(read(page.as_bytes()).unwrap().alert, alert, "{}", sample.file);
        kept += 1;
    }
    eprintln!("{kept} real alerts came back, {refused} break a rule of CAP 1.2");
    assert!(kept >= refused);
}
