//! A centre that a test plays by hand, and an account that talks to it.

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
    session::stage::{NOW, Peer, secret_file},
    smpp::{
        AddressDigits, BindResp, Body, CommandStatus, Framer, MessageId, MessageState, Pdu, ReceiptText,
        ShortMessage,
    },
    wire::Octets,
};

pub(super) static PASSWORD_FILE: LazyLock<PathBuf> = LazyLock::new(|| secret_file("secret"));

/// A centre whose every word a test writes.
pub(super) struct Centre {
    pub(super) peer: Peer,
}

impl Centre {
    pub(super) async fn hear(&mut self) -> Option<Pdu> {
        self.peer.hear(|heard| Framer::default().push(heard).unwrap()).await
    }

    pub(super) async fn submit(&mut self) -> (u32, ShortMessage) {
        let Pdu { sequence, body: Body::SubmitSm(message), .. } = self.hear().await.unwrap() else {
            panic!("no submit_sm")
        };
        (sequence, message)
    }

    /// Hears our bind and answers it.
    pub(super) async fn welcome(door: &TcpListener, status: CommandStatus) -> Self {
        let mut centre = Self { peer: Peer::new(door.accept().await.unwrap().0) };
        let Pdu { sequence, body: Body::BindTransceiver(bind), .. } = centre.hear().await.unwrap() else {
            panic!("no bind")
        };
        assert_eq!((&*bind.system_id.to_text(), &*bind.password.to_text()), ("fushun", "secret"));
        centre.say(&[Pdu::response(sequence, status, Body::BindTransceiverResp(BindResp::default()))]).await;
        centre
    }

    pub(super) async fn say(&mut self, pdus: &[Pdu]) {
        let mut octets = BytesMut::new();
        for pdu in pdus {
            pdu.encode(&mut octets);
        }
        self.peer.say(&octets).await;
    }
}

pub(super) fn accepted(sequence: u32, id: &str) -> Pdu {
    let id = MessageId::new("message_id", id).unwrap();
    Pdu::response(sequence, CommandStatus::ROK, Body::SubmitSmResp(id))
}

pub(super) fn answered(sequence: u32, status: CommandStatus) -> Pdu {
    Pdu::response(sequence, status, Body::SubmitSmResp(MessageId::default()))
}

pub(super) fn receipt(sequence: u32, esm_class: u8, id: &str, state: MessageState) -> Pdu {
    let (submit_date, done_date) = ("2611231200", "2611231201");
    let text = ReceiptText { id, state, submit_date, done_date, err: "000", text: "" }.to_string();
    Pdu::request(
        sequence,
        Body::DeliverSm(ShortMessage {
            source: Address {
                ton: 1,
                npi: 1,
                digits: AddressDigits::new("source", "8619730000001").unwrap(),
            },
            esm_class,
            short_message: Octets::new("short_message", text.into_bytes()).unwrap(),
            ..ShortMessage::default()
        }),
    )
}

/// The keys of an account at a centre on this port.
pub(super) fn config(port: u16, changes: &Value) -> Result<SmppConfig, serde_json::Error> {
    let mut keys = json!({
        "name": "mobile", "pretend": true, "host": "127.0.0.1", "port": port, "system_id": "fushun",
        "password_file": *PASSWORD_FILE, "source_address": "10690001", "sessions": 2, "window": 16, "per_second": 200,
        "signature": {"placement": "none"},
    });
    for (key, value) in changes.as_object().unwrap() {
        keys[key] = value.clone();
    }
    serde_json::from_value(keys)
}

pub(super) fn channel(port: u16, clock: &Arc<ManualClock>) -> SmppChannel<Live> {
    config(port, &json!({})).unwrap().build(Arc::clone(clock) as SharedClock).unwrap()
}

pub(super) async fn met(
    status: CommandStatus,
) -> (Result<Session<Live>, SendError>, Centre, Arc<ManualClock>) {
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = ManualClock::at(NOW);
    let channel = channel(door.local_addr().unwrap().port(), &clock);
    let (session, centre) = tokio::join!(channel.open(), Centre::welcome(&door, status));
    (session, centre, clock)
}

/// A session of an account with these changes, and its centre.
pub(super) async fn bound_as(changes: &Value) -> (Session<Live>, Centre) {
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = config(door.local_addr().unwrap().port(), changes).unwrap();
    let channel: SmppChannel<Live> = config.build(ManualClock::at(NOW)).unwrap();
    let (session, centre) = tokio::join!(channel.open(), Centre::welcome(&door, CommandStatus::ROK));
    (session.unwrap(), centre)
}

pub(super) async fn bound() -> (Session<Live>, Centre, Arc<ManualClock>) {
    let (session, centre, clock) = met(CommandStatus::ROK).await;
    (session.unwrap(), centre, clock)
}
