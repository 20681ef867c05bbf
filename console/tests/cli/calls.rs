//! The program dies in the middle of a ladder (叫应) by SIGKILL, and goes on when it is started again.

use crate::{
    desk::Desk,
    living::{ends_with_its_stdin, started},
};
use mingluo_model::clock::{Clock as _, system::SystemClock};
use serde_json::Value;
use std::{process::Child, sync::mpsc, time::Duration};

const CALL: &str = r#"[call]
url = "https://warn.example"
key_file = "HOME/call.key"
within_s = { red = 2 }
township = ["township_duty"]
county = ["agency_duty"]
city = ["agency_duty"]
[signer]"#;

/// The officer on duty with telephone only, a deputy, and somebody of the county.
const ROWS: &str = "210423100002,,+8619730601230,,,\n210423100002,township_duty,+8619730601240,,,\n\
210423100003,township_duty,+8619730601241,,,\n210423101008,agency_duty,+8619730601242,,,\n";

/// A desk that calls, where 钱进 alone may warn.
fn calling() -> Desk {
    let desk = Desk::new();
    let home = desk.path("").display().to_string();
    desk.change("[signer]", &CALL.replace("HOME/", &home));
    desk.change("red = { people = 3, hold_ms = 10000,", "red = { people = 1, hold_ms = 0,");
    desk.write("call.key", "0123456789abcdef0123456789abcdef\n");
    desk.write("words", "long enough words");
    assert!(desk.import(ROWS, &["--pretend"]).good);
    let [password, key] = ["words", "qian.key"].map(|name| desk.path(name).display().to_string());
    let who = ["--login", "qian", "--name", "钱进", "--roles", "author,releaser", "--region", "2104"];
    let files = ["--password-file", &password, "--api-key-file", &key];
    let added = desk.run(&[&["user", "add"], &who[..], &files[..]].concat());
    assert!(added.good, "{}", added.text);
    desk
}

pub(crate) struct Served {
    pub(crate) child: Child,
    server: String,
    pub(crate) ended: mpsc::Receiver<()>,
}

pub(crate) fn serve(desk: &Desk) -> Served {
    let (child, ready, ended) = started(desk, &["serve", "--until-stdin-closes"]);
    let ready: Value = serde_json::from_str(&ready).unwrap_or_else(|error| panic!("{error}: {ready}"));
    Served { child, server: ready["listening"].as_str().unwrap().to_owned(), ended }
}

impl Served {
    /// What a verb of `mingluo issue` answers.
    fn issue(&self, desk: &Desk, words: &[&str]) -> Value {
        let key = desk.path("qian.key").display().to_string();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mingluo"));
        command.args(["issue", "--server", &self.server, "--key-file", &key]).args(words);
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&told).unwrap_or_else(|error| panic!("{error}: {told}"))
    }

    /// The rungs of the only call, once there are so many.
    fn rungs(&self, desk: &Desk, id: &str, least: usize) -> Vec<String> {
        let clock = SystemClock::shared();
        let began = clock.ticks();
        loop {
            let told = self.issue(desk, &["status", id, "--json"]);
            let asked = told["calls"][0]["asked"].as_array().cloned().unwrap_or_default();
            if asked.len() >= least {
                return asked.iter().map(|one| one["rung"].as_str().unwrap().to_owned()).collect();
            }
            assert!(clock.ticks().saturating_sub(began) < Duration::from_mins(1), "{}", told["calls"]);
            std::thread::yield_now();
        }
    }

    /// SIGKILL, no last word.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A red warning for 清原镇 is out.
pub(crate) fn warned(desk: &Desk, served: &Served) -> String {
    let end = SystemClock::shared().now().plus(Duration::from_hours(3));
    let draft = serde_json::json!({
        "hazard": "11B03", "grade": "red", "headline": "", "body": "今晚清原镇有大暴雨。", "instruction": "",
        "area": ["210423100"], "groups": [], "channels": ["sms"], "reserve": [], "expires": end,
    });
    desk.write("draft.json", draft.to_string());
    let file = desk.path("draft.json").display().to_string();
    let drafted = served.issue(desk, &["draft", "--file", &file]);
    let (id, hash) = (drafted["id"].as_str().unwrap(), drafted["content_hash"].as_str().unwrap());
    served.issue(desk, &["submit", id]);
    let deliveries = drafted["deliveries"].to_string();
    served.issue(desk, &["release", id, "--content-hash", hash, "--deliveries", &deliveries]);
    id.to_owned()
}

#[test]
fn a_program_that_is_killed_on_each_rung_takes_each_step_once() {
    let desk = calling();
    let mut served = serve(&desk);
    let id = warned(&desk, &served);
    for rungs in 1..=3 {
        let before = served.rungs(&desk, &id, rungs);
        served.kill();
        served = serve(&desk);
        let after = served.rungs(&desk, &id, rungs);
        assert_eq!(after[..before.len()], before, "what was done is done");
    }
    let told = served.issue(&desk, &["status", &id, "--json"]);
    let asked = told["calls"][0]["asked"].as_array().unwrap();
    let rungs: Vec<_> = asked.iter().map(|one| one["rung"].as_str().unwrap()).collect();
    assert_eq!(rungs, ["asked", "deputy", "county"]);
    let plans: std::collections::BTreeSet<_> =
        asked.iter().map(|one| one["plan"].as_str().unwrap()).collect();
    assert_eq!(plans.len(), 3, "one message each");
    let times: Vec<i64> = asked.iter().map(|one| one["at"].as_i64().unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= 2_000), "never before its time: {times:?}");
    ends_with_its_stdin(served.child, &served.ended);
}
