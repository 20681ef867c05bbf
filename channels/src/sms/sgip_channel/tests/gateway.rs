//! A gateway that a test plays by hand in both directions, and an account that talks to it.

use std::{path::PathBuf, sync::LazyLock};

use bytes::BytesMut;
use mingluo_model::{
    channel::{Channel, Session},
    clock::manual::ManualClock,
    mode::Live,
};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use super::super::*;
use crate::sms::{
    session::stage::{NOW, Peer, secret_file, soon},
    sgip::{Bind, Body, CommandResult, FROM_GATEWAY, FROM_SP, Framer, Pdu, Report, Sequence, Submit},
};

/// Our node: area 024, enterprise 12345.
pub(super) const NODE: u32 = 3_024_012_345;

static OURS: LazyLock<PathBuf> = LazyLock::new(|| secret_file("ours"));
static THEIRS: LazyLock<PathBuf> = LazyLock::new(|| secret_file("theirs"));

/// One connection of a gateway whose every word a test writes.
pub(super) struct Gateway {
    pub(super) peer: Peer,
}

impl Gateway {
    pub(super) async fn hear(&mut self) -> Option<Pdu> {
        self.peer.hear(|heard| Framer.push(heard).unwrap()).await
    }

    pub(super) async fn submit(&mut self) -> (Sequence, Box<Submit>) {
        let Pdu { sequence, body: Body::Submit(submit) } = self.hear().await.unwrap() else {
            panic!("no submit")
        };
        (sequence, submit)
    }

    pub(super) async fn say(&mut self, pdus: &[Pdu]) {
        self.peer.say(&octets(pdus)).await;
    }

    /// Hears our bind and answers it.
    pub(super) async fn welcome(door: &TcpListener, result: CommandResult) -> Self {
        let mut gateway = Self { peer: Peer::new(door.accept().await.unwrap().0) };
        let Pdu { sequence, body: Body::Bind(bind) } = gateway.hear().await.unwrap() else {
            panic!("no bind")
        };
        let told = (bind.login_type, bind.login_name.to_text(), bind.login_password.to_text());
        assert_eq!(told, (FROM_SP, "fushun".into(), "ours".into()));
        gateway.say(&[Pdu { sequence, body: Body::BindResp(result) }]).await;
        gateway
    }

    /// Comes to our door; what its bind is answered.
    pub(super) async fn come(stage: &Stage, login_type: u8, password: &str) -> (Self, Option<CommandResult>) {
        let socket = TcpStream::connect(stage.channel.listening().unwrap()).await.unwrap();
        let mut gateway = Self { peer: Peer::new(socket) };
        let bind = Bind {
            login_type,
            login_name: Padded::new("name", "unicom").unwrap(),
            login_password: Padded::new("password", password).unwrap(),
        };
        gateway.say(&[Pdu { sequence: theirs(1), body: Body::Bind(bind) }]).await;
        let result = match gateway.hear().await {
            Some(Pdu { body: Body::BindResp(result), .. }) => Some(result),
            _ => None,
        };
        (gateway, result)
    }
}

/// A channel, the gateway's own door, and the time.
pub(super) struct Stage {
    pub(super) channel: SgipChannel<Live>,
    pub(super) door: TcpListener,
    pub(super) clock: Arc<ManualClock>,
}

impl Stage {
    pub(super) async fn new(changes: Value) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let clock = ManualClock::at(NOW);
        let config = config(door.local_addr().unwrap().port(), &changes).unwrap();
        Self { channel: config.build(Arc::clone(&clock) as SharedClock).unwrap(), door, clock }
    }

    pub(super) async fn met(&self, result: CommandResult) -> (Result<Session<Live>, SendError>, Gateway) {
        soon(async { tokio::join!(self.channel.open(), Gateway::welcome(&self.door, result)) }).await
    }

    pub(super) async fn bound(&self) -> (Session<Live>, Gateway) {
        let (session, gateway) = self.met(CommandResult::OK).await;
        (session.unwrap(), gateway)
    }

    /// A gateway that has come in.
    pub(super) async fn guest(&self) -> Gateway {
        let (gateway, result) = Gateway::come(self, FROM_GATEWAY, "theirs").await;
        assert_eq!(result, Some(CommandResult::OK));
        gateway
    }
}

pub(super) fn octets(pdus: &[Pdu]) -> BytesMut {
    let mut octets = BytesMut::new();
    for pdu in pdus {
        pdu.encode(&mut octets);
    }
    octets
}

/// A sequence of the gateway's own.
pub(super) const fn theirs(counter: u32) -> Sequence {
    Sequence { node: 1_024_000_000, stamp: Stamp(1_123_120_001), counter }
}

pub(super) const fn answered(sequence: Sequence, result: CommandResult) -> Pdu {
    Pdu { sequence, body: Body::SubmitResp(result) }
}

pub(super) fn report(counter: u32, of: Sequence, state: u8, error_code: u8) -> Pdu {
    let report = Report {
        submit_sequence: of,
        user_number: Padded::new("UserNumber", "8619730000001").unwrap(),
        state,
        error_code: CommandResult(error_code),
        ..Report::default()
    };
    Pdu { sequence: theirs(counter), body: Body::Report(report) }
}

/// The keys of an account at a gateway on this port.
pub(super) fn config(port: u16, changes: &Value) -> Result<SgipConfig, serde_json::Error> {
    let mut keys = json!({
        "name": "unicom", "pretend": true, "host": "127.0.0.1", "port": port, "login_name": "fushun",
        "password_file": *OURS, "area_code": "024", "corp_id": "12345", "source_address": "10690001",
        "sessions": 2, "window": 16, "per_second": 200, "signature": {"placement": "none"},
        "listen": "127.0.0.1:0", "gateway_login_name": "unicom", "gateway_password_file": *THEIRS,
    });
    for (key, value) in changes.as_object().unwrap() {
        keys[key] = value.clone();
    }
    serde_json::from_value(keys)
}
