//! Simulators that live no longer than whoever started them: a rehearsal that dies by SIGKILL leaves none behind.

use mingluo_model::clock::Timestamp;
use mingluo_rehearsal::sim_boxes::pki;
use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

/// Long enough for any machine, and a test that waits for it fails.
const PATIENCE: Duration = Duration::from_secs(20);

fn ends_with_its_stdin(binary: &str, args: &[&str]) {
    let mut command = Command::new(binary);
    command.args(args).arg("--until-stdin-closes").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut ready = String::new();
    said.read_line(&mut ready).unwrap();
    assert!(ready.starts_with('{'), "{binary}: {ready}");
    let (over, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = said.read_to_end(&mut Vec::new());
        let _ = over.send(());
    });
    assert!(ended.try_recv().is_err(), "{binary} ended by itself");
    drop(child.stdin.take());
    let in_time = ended.recv_timeout(PATIENCE).is_ok();
    if !in_time {
        child.kill().unwrap();
    }
    assert!(child.wait().unwrap().success() && in_time, "{binary} outlived whoever started it");
}

#[test]
fn pretend_servers_end_with_whoever_started_them() {
    for binary in [
        env!("CARGO_BIN_EXE_sim-smsc"),
        env!("CARGO_BIN_EXE_sim-wechat"),
        env!("CARGO_BIN_EXE_sim-wecom"),
        env!("CARGO_BIN_EXE_sim-robots"),
        env!("CARGO_BIN_EXE_sim-mail"),
    ] {
        ends_with_its_stdin(binary, &[]);
    }
}

#[test]
fn pretend_boxes_end_with_whoever_started_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let code = "62104231002250314010101".parse().unwrap();
    let made =
        pki::make(folder.path(), &[(code, "210423100225".parse().unwrap())], Timestamp(1_783_200_000_000))
            .unwrap();
    std::fs::write(Path::new(&path("keys.json")), r#"{"keys":[]}"#).unwrap();
    // Nobody listens there: the box dials and dials.
    let (ca, list) = (made.ca.display().to_string(), made.list.display().to_string());
    let (keys, log) = (path("keys.json"), path("log"));
    ends_with_its_stdin(
        env!("CARGO_BIN_EXE_sim-boxes"),
        &["--city", "wss://127.0.0.1:1/link", "--ca", &ca, "--boxes", &list, "--keys", &keys, "--log", &log],
    );
}
