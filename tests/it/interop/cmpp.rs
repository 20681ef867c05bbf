//! Our CMPP simulator against two clients that others wrote, and our CMPP channel against a reader that others wrote.
//! No registry has a CMPP gateway.

use super::{
    ANNA, NOW,
    ear::{listen, meanwhile, part},
    long_text,
    peer::Peer,
    peers, run, script, soon,
    tap::Tap,
};
use bytes::{Bytes, BytesMut};
use mingluo_channels::sms::{
    cmpp::{Body, Framer, Pdu, Submit, Version, command::RESPONSE, command::TERMINATE},
    cmpp_channel::CmppConfig,
};
use mingluo_model::{
    channel::{Channel, SendError},
    clock::{SharedClock, manual::ManualClock},
    mode::Live,
};
use mingluo_rehearsal::sim_smsc::log;
use serde_json::{Value, json};
use std::{collections::BTreeSet, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::process::Command;

const SECRET: &str = "888888";

/// The simulator as the program that it is.
struct Gateway {
    program: Peer,
    address: SocketAddr,
    folder: TempDir,
}

impl Gateway {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        let args = ["--protocol", "cmpp", "--password", SECRET, "--stats", "--log", file.to_str().unwrap()];
        let (program, ready) = Peer::start(&mut Command::new(env!("CARGO_BIN_EXE_sim-smsc")), &args).await;
        Self { program, address: address(&ready), folder }
    }

    /// Its log, once so many receipts are answered.
    async fn judged(mut self, answered: u64) -> log::Ledger {
        self.program.until(|counts| counts["answered"] == answered).await;
        self.program.stop().await;
        log::read(&self.folder.path().join("log")).unwrap()
    }
}

fn address(ready: &Value) -> SocketAddr {
    ready["listening"].as_str().unwrap().parse().unwrap()
}

/// A script of ours that uses a foreign library.
async fn start(home: &Path, file: &str, args: &[&str]) -> (Peer, Value) {
    let mut python = Command::new(home.join("venv/bin/python"));
    Peer::start(python.arg(script(file)), args).await
}

/// pycmpp, logged in.
async fn pycmpp(home: &Path, gateway: SocketAddr, secret: &str) -> (Peer, Value) {
    let args = ["--gateway", &gateway.to_string(), "--secret", secret];
    let mut client = start(home, "cmpp_pycmpp.py", &args).await.0;
    let connected = client.heard("CmppConnectRespHandler", 1).await.remove(0);
    (client, connected)
}

fn submits(frames: &[Bytes], version: Version) -> Vec<Submit> {
    let read = |frame: &Bytes| Framer::new(version).push(&mut BytesMut::from(&frame[..])).unwrap().unwrap();
    let submit = |frame| match read(frame) {
        Pdu { body: Body::Submit(submit), .. } => Some(*submit),
        _ => None,
    };
    frames.iter().filter_map(submit).collect()
}

/// What the parts of a long text say behind their headers, in the order in which they came.
fn joined(submits: &[Submit]) -> String {
    let octets: Vec<u8> =
        submits.iter().flat_map(|submit| &submit.content.as_bytes()[6..]).copied().collect();
    let units: Vec<u16> = octets.chunks(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect();
    String::from_utf16(&units).unwrap()
}

fn all_of<'a>(lines: &'a [Value], key: &str) -> BTreeSet<&'a str> {
    lines.iter().map(|line| line[key].as_str().unwrap()).collect()
}

#[tokio::test]
async fn pycmpp_sends_long_chinese_text_gets_its_receipts_and_keeps_alive() {
    let Some(home) = peers() else { return };
    let gateway = Gateway::start().await;
    let mut tap = Tap::to(gateway.address).await;
    let (mut client, connected) = pycmpp(&home, tap.address, SECRET).await;
    assert_eq!((&connected["status"], &connected["version"]), (&json!(0), &json!(0x20)));

    let text = "预计未来3小时清原镇降雨量将达100毫米以上。".repeat(10);
    client.tell(&json!({"say": "submit", "to": ["19730000001"], "text": text})).await;
    let answers = client.heard("CmppSubmitRespHandler", 4).await;
    let receipts = client.heard("deliver", 4).await;
    client.heard("CmppActiveTestRespHandler", 2).await;
    assert!(answers.iter().all(|answer| answer["status"] == 0), "{answers:?}");
    assert_eq!((all_of(&answers, "id").len(), all_of(&answers, "id")), (4, all_of(&receipts, "id")));
    for receipt in &receipts {
        assert_eq!((&receipt["state"], &receipt["is_report"]), (&json!("DELIVRD"), &json!(1)));
        assert_eq!(receipt["number"], "19730000001");
    }
    client.tell(&json!({"say": "terminate"})).await;
    tap.server.passed(TERMINATE | RESPONSE, 1).await;

    let submits = submits(&tap.client.frames(), Version::V20);
    assert_eq!(joined(&submits), text);
    let ledger = gateway.judged(4).await;
    let parts: Vec<(u8, u8)> =
        ledger.of(19_730_000_001).iter().map(|taken| (taken.part, taken.total)).collect();
    let parts: BTreeSet<_> = parts.into_iter().collect();
    assert_eq!(parts, BTreeSet::from([(1, 4), (2, 4), (3, 4), (4, 4)]));
    assert_eq!((ledger.surplus(), ledger.unanswered.len()), (0, 0));
}

#[tokio::test]
async fn pycmpp_may_not_send_to_several_numbers_at_once() {
    let Some(home) = peers() else { return };
    let gateway = Gateway::start().await;
    let (mut client, _) = pycmpp(&home, gateway.address, SECRET).await;
    let numbers = ["19730000001", "19730000002"];
    client.tell(&json!({"say": "submit", "to": numbers, "text": "雨"})).await;
    assert_eq!(client.heard("CmppSubmitRespHandler", 1).await[0]["status"], 13);
    assert_eq!(gateway.judged(0).await.arrived, 0);
}

#[tokio::test]
async fn pycmpp_with_a_wrong_secret_is_turned_away() {
    let Some(home) = peers() else { return };
    let gateway = Gateway::start().await;
    let (_client, connected) = pycmpp(&home, gateway.address, "wrong").await;
    assert_eq!(connected["status"], 3);
}

#[tokio::test]
async fn pycmpp_out_of_step_loses_its_own_link_alone() {
    let Some(home) = peers() else { return };
    let mut gateway = Gateway::start().await;
    let (mut broken, _) = pycmpp(&home, gateway.address, SECRET).await;
    let (mut whole, _) = pycmpp(&home, gateway.address, SECRET).await;
    gateway.program.until(|counts| counts["sessions"] == 2).await;

    broken.tell(&json!({"say": "break"})).await;
    broken.tell(&json!({"say": "submit", "to": ["19730000001"], "text": "雨"})).await;
    gateway.program.until(|counts| counts["sessions"] == 1).await;
    whole.tell(&json!({"say": "submit", "to": ["19730000002"], "text": "雨"})).await;
    assert_eq!(whole.heard("CmppSubmitRespHandler", 1).await[0]["status"], 0);
    whole.heard("deliver", 1).await;

    let ledger = gateway.judged(1).await;
    assert_eq!((ledger.of(19_730_000_001).len(), ledger.of(19_730_000_002).len()), (0, 1));
}

#[tokio::test]
async fn cmppy_sends_long_text_in_version_3() {
    let Some(home) = peers() else { return };
    let gateway = Gateway::start().await;
    let tap = Tap::to(gateway.address).await;
    let parts = ["雨".repeat(66), "风".repeat(66), "转移。".to_owned()];
    let at = tap.address.to_string();
    let mut args = vec!["--gateway", &at, "--secret", SECRET, "--to", "19730000001"];
    args.extend(parts.iter().map(String::as_str));
    let (mut client, _) = start(&home, "cmpp_cmppy.py", &args).await;
    let answers = client.heard("submit_resp", 3).await;
    assert!(answers.iter().all(|answer| answer["result"] == 0), "{answers:?}");
    assert_eq!(all_of(&answers, "id").len(), 3);

    let submits = submits(&tap.client.frames(), Version::V30);
    assert_eq!((joined(&submits), submits[0].src_id.to_text()), (parts.concat(), "10690001".into()));
    let ledger = gateway.judged(0).await;
    let mut taken: Vec<u8> = ledger.of(19_730_000_001).iter().map(|taken| taken.part).collect();
    taken.sort_unstable();
    assert_eq!((taken, ledger.surplus()), (vec![1, 2, 3], 0));
}

#[tokio::test]
async fn pycmpp_reads_the_long_text_that_our_channel_sends() {
    let Some(home) = peers() else { return };
    let (mut gateway, ready) = start(&home, "cmpp_pycmpp_gateway.py", &["--secret", SECRET]).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
    let clock = ManualClock::at(NOW);
    let config: CmppConfig = serde_json::from_value(json!({
        "name": "mobile", "pretend": true, "host": "127.0.0.1", "port": address(&ready).port(), "sp_id": "900001",
        "secret_file": folder.path().join("secret"), "source_address": "10690001", "sessions": 1, "window": 16,
        "per_second": 100, "signature": {"placement": "in_front", "text": "抚顺气象"},
    }))
    .unwrap();
    let channel = config.build::<Live>(Arc::clone(&clock) as SharedClock).unwrap();

    // Asked for 3.0, which it finds too high; and it knows the proof of both logins.
    let mut session = soon(channel.open()).await.unwrap();
    let logins = gateway.heard("connect", 2).await;
    assert!(logins.iter().all(|login| login["good"] == true && login["sp_id"] == "900001"), "{logins:?}");
    assert_eq!((&logins[0]["version"], &logins[1]["version"]), (&json!(0x30), &json!(0x20)));

    let text = long_text();
    session.outlet.prepare(&run(&text, 3, &[ANNA])).unwrap();
    soon(session.outlet.send()).await.unwrap();
    let heard = listen(&mut session, 3, 0).await;
    assert_eq!(heard.accepted().len(), 3);
    let mut said = String::new();
    for (number, submit) in (1..).zip(gateway.heard("submit", 3).await) {
        let fields = [
            "pk_total",
            "pk_number",
            "register_delivery",
            "fee_usertype",
            "tp_udhi",
            "msg_fmt",
            "destusr_tl",
        ];
        let values: Vec<_> = fields.iter().map(|field| submit[*field].as_u64().unwrap()).collect();
        assert_eq!(values, [3, number, 1, 2, 1, 8, 1]);
        let fields =
            ["msg_src", "src_id", "fee_type", "fee_code", "valid_time", "at_time", "dest_terminal_id"];
        let values: Vec<_> = fields.iter().map(|field| submit[*field].as_str().unwrap()).collect();
        assert_eq!(values, ["900001", "10690001", "01", "0", "261123130000032+", "", "19730000001"]);
        let header = submit["msg_head"].as_str().unwrap();
        assert!(header.starts_with("050003") && header.ends_with(&format!("030{number}")), "{header}");
        said.push_str(submit["msg_content"].as_str().unwrap());
    }
    assert_eq!(said, format!("【抚顺气象】{text}"));

    clock.advance(Duration::from_secs(30));
    meanwhile(&mut session, gateway.heard("active_test", 1)).await;
    let end = part(&mut session).await;
    assert!(matches!(end, SendError::Unreachable { detail } if detail == "the session was ended"));
    gateway.heard("terminate", 1).await;
}
