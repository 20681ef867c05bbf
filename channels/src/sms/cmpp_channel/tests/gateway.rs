//! A gateway that a test plays by hand, and an account that talks to it.

use std::{path::PathBuf, sync::LazyLock};

use bytes::BytesMut;
use mingluo_model::{
    channel::{Channel, Session},
    clock::manual::ManualClock,
    mode::Live,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::super::*;
use crate::sms::{
    cmpp::{
        Body, CommandResult, Connect, ConnectResp, ConnectStatus, Deliver, Framer, MsgId, Pdu, Report,
        Submit, SubmitResp, Version, time,
    },
    session::stage::{NOW, Peer, secret_file, soon},
    wire::Authenticator,
};

pub(super) const SECRET: &str = "888888";

pub(super) static SECRET_FILE: LazyLock<PathBuf> = LazyLock::new(|| secret_file(SECRET));

/// A gateway whose every word a test writes.
pub(super) struct Gateway {
    pub(super) peer: Peer,
    pub(super) version: Version,
}

impl Gateway {
    pub(super) async fn hear(&mut self) -> Option<Pdu> {
        let framer = Framer::new(self.version);
        self.peer.hear(|heard| framer.push(heard).unwrap()).await
    }

    pub(super) async fn submit(&mut self) -> (u32, Box<Submit>) {
        let Pdu { sequence, body: Body::Submit(submit) } = self.hear().await.unwrap() else {
            panic!("no submit")
        };
        (sequence, submit)
    }

    pub(super) fn octets(&self, pdus: &[Pdu]) -> BytesMut {
        let mut octets = BytesMut::new();
        for pdu in pdus {
            pdu.encode(self.version, &mut octets);
        }
        octets
    }

    pub(super) async fn say(&mut self, pdus: &[Pdu]) {
        let octets = self.octets(pdus);
        self.peer.say(&octets).await;
    }
}

pub(super) fn answered(sequence: u32, id: u64, result: u32) -> Pdu {
    let resp = SubmitResp { msg_id: MsgId(id), result: CommandResult(result) };
    Pdu { sequence, body: Body::SubmitResp(resp) }
}

pub(super) fn report(sequence: u32, id: u64, stat: &str, version: Version) -> Pdu {
    let date = time::report_time(NOW.0, 480).unwrap();
    let report = Report {
        msg_id: MsgId(id),
        stat: Padded::new("Stat", stat).unwrap(),
        submit_time: date,
        done_time: date,
        destination: Padded::new("Dest_terminal_Id", "19730000001").unwrap(),
        smsc_sequence: 1,
    };
    let content = report.to_content(version);
    let deliver = Deliver {
        msg_id: MsgId(1000 + u64::from(sequence)),
        registered_delivery: 1,
        content,
        ..Deliver::default()
    };
    Pdu { sequence, body: Body::Deliver(deliver.into()) }
}

/// The keys of an account at a gateway on this port.
pub(super) fn config(port: u16, changes: &Value) -> Result<CmppConfig, serde_json::Error> {
    let mut keys = json!({
        "name": "mobile", "pretend": true, "host": "127.0.0.1", "port": port, "sp_id": "900001",
        "secret_file": *SECRET_FILE, "source_address": "10690001", "sessions": 2, "window": 16, "per_second": 200,
        "signature": {"placement": "none"},
    });
    for (key, value) in changes.as_object().unwrap() {
        keys[key] = value.clone();
    }
    serde_json::from_value(keys)
}

/// How a gateway answers a login.
pub(super) type Answer = fn(&Connect) -> ConnectResp;

/// An account meets a gateway that answers each login in turn.
pub(super) async fn met(
    changes: Value,
    answers: &[Answer],
) -> (Result<Session<Live>, SendError>, Gateway, Arc<ManualClock>) {
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = ManualClock::at(NOW);
    let config = config(door.local_addr().unwrap().port(), &changes).unwrap();
    let channel: CmppChannel<Live> = config.build(Arc::clone(&clock) as SharedClock).unwrap();
    let opened = CancellationToken::new();
    let gateway = async {
        let mut last = None;
        for answer in answers {
            let met = tokio::select! {
                met = door.accept() => met,
                () = opened.cancelled() => break,
            };
            let peer = Peer::new(met.unwrap().0);
            let mut gateway = Gateway { peer, version: Version::V20 };
            let Pdu { sequence, body: Body::Connect(connect) } = gateway.hear().await.unwrap() else {
                panic!("no connect")
            };
            let resp = answer(&connect);
            gateway.version = resp.layout;
            gateway.say(&[Pdu { sequence, body: Body::ConnectResp(resp) }]).await;
            if resp.status == ConnectStatus::VERSION_TOO_HIGH {
                assert_eq!(gateway.hear().await, None, "an account may be let in once");
            }
            last = Some(gateway);
        }
        last.unwrap()
    };
    let open = async {
        let session = channel.open().await;
        opened.cancel();
        session
    };
    let (session, gateway) = soon(async { tokio::join!(open, gateway) }).await;
    (session, gateway, clock)
}

/// Knows the secret and speaks what is asked for.
pub(super) fn welcome(connect: &Connect) -> ConnectResp {
    assert!(connect.knows(SECRET.as_bytes()));
    assert_eq!((&*connect.source_addr.to_text(), connect.timestamp.0), ("900001", 1_123_120_000));
    ConnectResp::accept(connect, SECRET.as_bytes(), Version::from_wire(connect.version).unwrap())
}

/// Speaks 2.0 only.
pub(super) fn old(connect: &Connect) -> ConnectResp {
    if connect.version == 0x20 {
        return welcome(connect);
    }
    ConnectResp::refuse(ConnectStatus::VERSION_TOO_HIGH, Version::V20)
}

/// Fills its proof with rubbish.
pub(super) fn rubbish(connect: &Connect) -> ConnectResp {
    ConnectResp { authenticator: Authenticator(*b"mockauthmockauth"), ..welcome(connect) }
}

pub(super) async fn connected() -> (Session<Live>, Gateway, Arc<ManualClock>) {
    let (session, gateway, clock) = met(json!({}), &[welcome]).await;
    (session.unwrap(), gateway, clock)
}
