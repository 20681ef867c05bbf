//! The program dies by SIGKILL while a target of webhooks does not take what it is told, and goes on when it is started
//! again; what was told stands in the log, and is told again when somebody asks.

use crate::{
    calls::{Served, serve, warned},
    desk::Desk,
    living::ends_with_its_stdin,
};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::mpsc,
    time::Duration,
};

const WEBHOOK: &str = "[[webhook]]\nname = \"media\"\nurl = \"URL\"\nsecret_file = \"HOME/webhook.secret\"\n\
                       pretend = true\n[signer]";

/// How long a story waits for the program before it fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// A desk where 钱进 alone may warn, without a hold.
fn desk(webhook: &str) -> Desk {
    let desk = Desk::new();
    let home = desk.path("").display().to_string();
    desk.write("webhook.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    desk.change("[signer]", &webhook.replace("HOME/", &home));
    desk.change("red = { people = 3, hold_ms = 10000,", "red = { people = 1, hold_ms = 0,");
    desk.write("words", "long enough words");
    assert!(desk.import("210423100002,,+8619730601230,,,\n", &["--pretend"]).good);
    let [password, key] = ["words", "qian.key"].map(|name| desk.path(name).display().to_string());
    let who = ["--login", "qian", "--name", "钱进", "--roles", "author,releaser", "--region", "2104"];
    let files = ["--password-file", &password, "--api-key-file", &key];
    let added = desk.run(&[&["user", "add"], &who[..], &files[..]].concat());
    assert!(added.good, "{}", added.text);
    desk
}

/// Answers each request by the next of these statuses, and the rest by the last; gives where, and the ids that it heard.
fn target(answers: &'static [u16]) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (tell, heard) = mpsc::channel();
    std::thread::spawn(move || {
        for number in 0.. {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut id, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim_end().to_ascii_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(value) = line.strip_prefix("webhook-id: ") {
                    value.clone_into(&mut id);
                }
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
            }
            reader.read_exact(&mut vec![0; length]).unwrap();
            let answer = answers[number.min(answers.len() - 1)];
            write!(stream, "HTTP/1.1 {answer} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            if tell.send(id).is_err() {
                return;
            }
        }
    });
    (url, heard)
}

/// The log, once so many requests have ended.
fn log(desk: &Desk, least: usize) -> Vec<Value> {
    for _ in 0..100 {
        let said = desk.run(&["webhook", "log", "--target", "media", "--json"]);
        assert!(said.good, "{}", said.text);
        let log: Vec<Value> = serde_json::from_str(said.text.trim()).unwrap();
        let ended = log.into_iter().filter(|line| !line["took_ms"].is_null()).collect::<Vec<_>>();
        if ended.len() >= least {
            return ended;
        }
    }
    panic!("the log does not grow to {least}");
}

#[test]
fn a_program_that_is_killed_tells_a_target_what_it_had_not_taken_and_tells_it_again_when_asked() {
    let (url, heard) = target(&[503, 503, 204]);
    let desk = desk(&WEBHOOK.replace("URL", &url));
    let served: Served = serve(&desk);
    let id = warned(&desk, &served);
    let first = heard.recv_timeout(PATIENCE).unwrap();
    served.kill();
    let served = serve(&desk);
    let again = [heard.recv_timeout(PATIENCE).unwrap(), heard.recv_timeout(PATIENCE).unwrap()];
    assert_eq!(again, [first.clone(), first.clone()], "one event, under one id");
    assert_eq!(log(&desk, 1)[0]["alert"], Value::from(id.clone()));

    let asked = desk.run(&["webhook", "replay", "--target", "media", "--alert", &id]);
    assert!(asked.good, "{}", asked.text);
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), first, "the same event again");
    let table = desk.run(&["webhook", "log"]);
    table.tells(&["media", "alert.released", &id, "204"]);
    ends_with_its_stdin(served.child, &served.ended);
}

#[test]
fn what_cannot_be_replayed_is_told_with_the_fix() {
    let desk = desk(&WEBHOOK.replace("URL", "http://127.0.0.1:9/"));
    let nobody = "019f53de-d480-7000-8000-0123456789ab";
    let replay = |words: &[&str]| desk.run(&[&["webhook", "replay"], words].concat());
    let refused = replay(&["--target", "radio", "--alert", nobody]);
    refused.tells(&["--target radio", "没有这个目标", "media"]);
    replay(&["--target", "media", "--alert", nobody]).tells(&["--alert", nobody, "没有这条预警"]);
    replay(&["--target", "media", "--since", "昨天"]).tells(&["--since 昨天", "2026-07-12T08:00"]);
    replay(&["--target", "media", "--since", "2026-07-12T08:00"]).tells(&["没有可重推的"]);
    assert!(!refused.good);
}

#[test]
fn a_target_that_cannot_be_used_is_found_before_it_is_needed() {
    let wrong = WEBHOOK.replace("URL", "http://10.0.0.5/w").replace("pretend = true\n", "");
    let said = desk(&wrong).run(&["check"]);
    said.tells(&["[webhook] url", "http://10.0.0.5/w", "请填订阅方的 https 地址", "https address"]);
    let twice = WEBHOOK.replace("URL", "http://127.0.0.1:9/");
    let twice = format!("{}{twice}", twice.replace("[signer]", ""));
    desk(&twice).run(&["check"]).tells(&["webhook.name", "media"]);
    let elsewhere = WEBHOOK.replace("URL", "http://127.0.0.1:9/");
    let elsewhere = elsewhere.replace("pretend = true\n", "pretend = true\nregions = [\"999999\"]\n");
    desk(&elsewhere).run(&["check"]).tells(&["webhook.regions", "999999", "没有这个区划", "is no division"]);
}
