//! A centre that a test plays by hand, and an account that talks to it.

use std::{path::PathBuf, sync::LazyLock, time::Duration};

use bytes::BytesMut;
use mingluo_model::{
    address::Address as Number,
    alert::Language,
    channel::{Parcel, Report, Run},
    clock::{Timestamp, manual::ManualClock},
    id::{AlertId, PlanId},
    message::Body as Words,
    mode::Live,
};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::super::*;
use crate::sms::{
    smpp::{
        Address, AddressDigits, BindResp, Body, CommandStatus, Framer, MessageId, MessageState, Pdu,
        ReceiptText, ShortMessage,
    },
    wire::Octets,
};

pub(super) const NOW: Timestamp = Timestamp(1_795_406_400_000);
pub(super) const ANNA: &str = "+8619730000001";
pub(super) const BERT: &str = "+8619730000002";

/// One file for all stories, put in its place whole, since they run side by side.
pub(super) static PASSWORD_FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let file = std::env::temp_dir().join("mingluo-smpp-password");
    let own = file.with_extension(std::process::id().to_string());
    std::fs::write(&own, "secret\n").unwrap();
    std::fs::rename(own, &file).unwrap();
    file
});

/// A centre whose every word a test writes.
pub(super) struct Centre {
    pub(super) socket: TcpStream,
    heard: BytesMut,
}

impl Centre {
    pub(super) async fn hear(&mut self) -> Option<Pdu> {
        loop {
            if let Some(pdu) = Framer::default().push(&mut self.heard).unwrap() {
                return Some(pdu);
            }
            if self.socket.read_buf(&mut self.heard).await.unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    pub(super) async fn submit(&mut self) -> (u32, ShortMessage) {
        let Pdu { sequence, body: Body::SubmitSm(message), .. } = self.hear().await.unwrap() else {
            panic!("no submit_sm")
        };
        (sequence, message)
    }

    pub(super) async fn say(&mut self, pdus: &[Pdu]) {
        let mut octets = BytesMut::new();
        for pdu in pdus {
            pdu.encode(&mut octets);
        }
        self.socket.write_all(&octets).await.unwrap();
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
    let centre = async {
        let mut centre = Centre { socket: door.accept().await.unwrap().0, heard: BytesMut::new() };
        let Pdu { sequence, body: Body::BindTransceiver(bind), .. } = centre.hear().await.unwrap() else {
            panic!("no bind")
        };
        assert_eq!((&*bind.system_id.to_text(), &*bind.password.to_text()), ("fushun", "secret"));
        centre.say(&[Pdu::response(sequence, status, Body::BindTransceiverResp(BindResp::default()))]).await;
        centre
    };
    let (session, centre) = tokio::join!(channel.open(), centre);
    (session, centre, clock)
}

pub(super) async fn bound() -> (Session<Live>, Centre, Arc<ManualClock>) {
    let (session, centre, clock) = met(CommandStatus::ROK).await;
    (session.unwrap(), centre, clock)
}

pub(super) fn message(text: &str) -> Arc<Message<Live>> {
    let alert = AlertId::new(NOW, &mut StdRng::seed_from_u64(1));
    Arc::new(Message::new(alert, Language::chinese(), Words::Sms { text: text.into() }))
}

pub(super) fn run(text: &str, to: &[(&str, u16)]) -> Run<Live> {
    let parcel = |(ordinal, (number, part_set)): (usize, &(&str, u16))| Parcel {
        ordinal: ordinal as u32,
        attempt: 1,
        part_set: *part_set,
        to: Number::new(*number),
    };
    Run {
        plan: PlanId::new(NOW, &mut StdRng::seed_from_u64(7)),
        message: message(text),
        not_after: NOW.plus(Duration::from_hours(1)),
        parcels: to.iter().enumerate().map(parcel).collect(),
    }
}

pub(super) async fn next(session: &mut Session<Live>) -> Vec<Report> {
    let mut reports = Vec::new();
    session.inlet.next(&mut reports).await.unwrap();
    reports
}
