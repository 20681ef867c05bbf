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

use super::super::*;
use crate::sms::{
    session::stage::{NOW, Peer, secret_file, soon},
    smgp::{Body, Deliver, Framer, Login, LoginResp, MsgId, Pdu, Report, Status, Submit, SubmitResp, time},
    wire::Authenticator,
};

const SECRET: &str = "shared";

static SECRET_FILE: LazyLock<PathBuf> = LazyLock::new(|| secret_file(SECRET));

/// A gateway whose every word a test writes.
pub(super) struct Gateway {
    pub(super) peer: Peer,
}

impl Gateway {
    pub(super) async fn hear(&mut self) -> Option<Pdu> {
        self.peer.hear(|heard| Framer.push(heard).unwrap()).await
    }

    pub(super) async fn submit(&mut self) -> (u32, Box<Submit>) {
        let Pdu { sequence, body: Body::Submit(submit) } = self.hear().await.unwrap() else {
            panic!("no submit")
        };
        (sequence, submit)
    }

    pub(super) async fn say(&mut self, pdus: &[Pdu]) {
        self.peer.say(&octets(pdus)).await;
    }
}

pub(super) fn octets(pdus: &[Pdu]) -> BytesMut {
    let mut octets = BytesMut::new();
    for pdu in pdus {
        pdu.encode(&mut octets);
    }
    octets
}

/// An id with octets that are no BCD, as some gateways have them.
pub(super) const fn id(number: u8) -> MsgId {
    MsgId([0xFE, 0, number, 0x0A, 0, 0, 0, 0xFF, 0, number])
}

pub(super) const fn answered(sequence: u32, msg_id: MsgId, status: u32) -> Pdu {
    Pdu { sequence, body: Body::SubmitResp(SubmitResp { msg_id, status: Status(status) }) }
}

pub(super) fn report(sequence: u32, msg_id: MsgId, stat: &str, err: &str) -> Pdu {
    let date = time::report_date(NOW.0, 480).unwrap();
    let report = Report {
        msg_id,
        submit_date: date,
        done_date: date,
        stat: Padded::new("stat", stat).unwrap(),
        err: Padded::new("err", err).unwrap(),
    };
    let deliver = Deliver {
        msg_id: id(100 + sequence as u8),
        is_report: 1,
        src_term_id: Padded::new("SrcTermID", "19730000001").unwrap(),
        content: report.to_content(),
        ..Deliver::default()
    };
    Pdu { sequence, body: Body::Deliver(deliver.into()) }
}

/// The keys of an account at a gateway on this port.
pub(super) fn config(port: u16, changes: &Value) -> Result<SmgpConfig, serde_json::Error> {
    let mut keys = json!({
        "name": "telecom", "pretend": true, "host": "127.0.0.1", "port": port, "client_id": "10690001",
        "secret_file": *SECRET_FILE, "source_address": "10690001", "sessions": 2, "window": 16, "per_second": 200,
        "signature": {"placement": "none"},
    });
    for (key, value) in changes.as_object().unwrap() {
        keys[key] = value.clone();
    }
    serde_json::from_value(keys)
}

/// How a gateway answers a login.
pub(super) type Answer = fn(&Login) -> LoginResp;

pub(super) async fn met(
    changes: Value,
    answer: Answer,
) -> (Result<Session<Live>, SendError>, Gateway, Arc<ManualClock>) {
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = ManualClock::at(NOW);
    let config = config(door.local_addr().unwrap().port(), &changes).unwrap();
    let channel: SmgpChannel<Live> = config.build(Arc::clone(&clock) as SharedClock).unwrap();
    let gateway = async {
        let mut gateway = Gateway { peer: Peer::new(door.accept().await.unwrap().0) };
        let Pdu { sequence, body: Body::Login(login) } = gateway.hear().await.unwrap() else {
            panic!("no login")
        };
        gateway.say(&[Pdu { sequence, body: Body::LoginResp(answer(&login)) }]).await;
        gateway
    };
    let (session, gateway) = soon(async { tokio::join!(channel.open(), gateway) }).await;
    (session, gateway, clock)
}

/// Knows the secret.
pub(super) fn welcome(login: &Login) -> LoginResp {
    assert!(login.knows(SECRET.as_bytes()));
    assert_eq!((login.login_mode, login.timestamp.0, login.version), (2, 1_123_120_000, 0x30));
    LoginResp::accept(login, SECRET.as_bytes())
}

/// Fills its proof with rubbish.
pub(super) fn rubbish(login: &Login) -> LoginResp {
    LoginResp { authenticator: Authenticator(*b"mockauthmockauth"), ..welcome(login) }
}

pub(super) async fn connected(changes: Value) -> (Session<Live>, Gateway, Arc<ManualClock>) {
    let (session, gateway, clock) = met(changes, welcome).await;
    (session.unwrap(), gateway, clock)
}
