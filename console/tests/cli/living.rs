//! Programs that live no longer than whoever started them.

use crate::desk::Desk;
use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

/// Starts a command that says a line when it is ready; gives that line and the end of its output.
pub(crate) fn started(desk: &Desk, words: &[&str]) -> (Child, String, mpsc::Receiver<()>) {
    start(&mut desk.command(words))
}

/// The same for any command.
pub(crate) fn start(command: &mut Command) -> (Child, String, mpsc::Receiver<()>) {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut ready = String::new();
    said.read_line(&mut ready).unwrap();
    let (over, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = said.read_to_end(&mut Vec::new());
        let _ = over.send(());
    });
    (child, ready, ended)
}

pub(crate) fn ends_with_its_stdin(mut child: Child, ended: &mpsc::Receiver<()>) {
    assert!(ended.try_recv().is_err(), "it ended by itself");
    drop(child.stdin.take());
    let in_time = ended.recv_timeout(Duration::from_secs(20)).is_ok();
    if !in_time {
        child.kill().unwrap();
    }
    assert!(child.wait().unwrap().success() && in_time, "it outlived whoever started it");
}

#[test]
fn the_city_ends_with_whoever_started_it_and_may_be_checked_while_it_runs() {
    let desk = Desk::new();
    let (child, ready, ended) = started(&desk, &["serve", "--until-stdin-closes"]);
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    let address = ready["listening"].as_str().unwrap().strip_prefix("http://").unwrap();
    desk.change("127.0.0.1:0", address);
    let checked = desk.run(&["check"]);
    assert!(checked.good, "{}", checked.text);
    checked.tells(&["正在", "is running there already"]);
    ends_with_its_stdin(child, &ended);
}

#[test]
fn the_signer_ends_with_whoever_started_it() {
    let desk = Desk::new();
    let (child, ready, ended) = started(&desk, &["signer", "--until-stdin-closes"]);
    assert!(ready.contains("desk-1"));
    ends_with_its_stdin(child, &ended);
}
