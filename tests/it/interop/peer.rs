//! A program as a process of its own that tells what it heard and takes orders, both in JSON lines. It ends with the
//! story.

use super::soon;
use serde_json::Value;
use std::{ffi::OsStr, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc,
};

/// Lines that may wait to be asked for: more than any story tells. A program beyond it would wait itself.
const MOST_LINES: usize = 100_000;

pub(super) struct Peer {
    process: Child,
    orders: ChildStdin,
    lines: mpsc::Receiver<String>,
    /// What it told and nobody has asked for yet.
    told: Vec<Value>,
}

impl Peer {
    /// Starts a program; its first line says that it is ready, and where.
    pub(super) async fn start<A: AsRef<OsStr>>(command: &mut Command, args: &[A]) -> (Self, Value) {
        let streams = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = streams.kill_on_drop(true).spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let (tell, lines) = mpsc::channel(MOST_LINES);
        // Read at once: a program that nobody reads stands still.
        tokio::spawn(async move {
            while let Ok(Some(line)) = said.next_line().await {
                if tell.send(line).await.is_err() {
                    return;
                }
            }
        });
        let orders = process.stdin.take().unwrap();
        let mut peer = Self { process, orders, lines, told: Vec::new() };
        let ready = peer.until(|_any| true).await;
        (peer, ready)
    }

    /// The first line, of those that nobody asked for yet, that is meant.
    pub(super) async fn until(&mut self, meant: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.told.iter().position(&meant) {
            return self.told.remove(at);
        }
        soon(async {
            loop {
                let line = self.lines.recv().await.expect("the peer goes on");
                let line: Value = serde_json::from_str(&line).unwrap();
                assert!(line.get("error").is_none(), "the peer complains: {line}");
                if meant(&line) {
                    return line;
                }
                self.told.push(line);
            }
        })
        .await
    }

    /// The next so many things of this kind that it heard.
    pub(super) async fn heard(&mut self, what: &str, count: usize) -> Vec<Value> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.until(|line| line["heard"] == what).await);
        }
        all
    }

    /// Gives an order.
    pub(super) async fn tell(&mut self, order: &Value) {
        self.orders.write_all(format!("{order}\n").as_bytes()).await.unwrap();
    }

    /// Asks it to end in good order, and waits until it has.
    pub(super) async fn stop(mut self) {
        let pid = self.process.id().unwrap().to_string();
        // A signal without unsafe code.
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        assert!(soon(self.process.wait()).await.unwrap().success());
    }
}
