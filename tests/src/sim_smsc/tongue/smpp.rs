//! SMPP 3.4.

use bytes::BytesMut;
use mingluo_channels::sms::{
    smpp::{
        Bind, BindResp, Body, CommandStatus, Framer, MessageId, Pdu, ShortMessage, command::RESPONSE,
        short_message::RECEIPT_FINAL,
    },
    wire::{COctets, Coding},
};

use super::{Greeting, Guest, Key, Lock, NoLogin, Said, Submit, Tongue, Why, counter, ucs2};
use crate::sim_smsc::{arrival::Arrival, postbag::Receipt, slip::Decimal};

pub(super) fn greet(heard: &mut BytesMut, lock: &Lock<'_>) -> Result<Option<Greeting>, NoLogin> {
    let Some(Pdu { sequence, body, .. }) = Framer::default().push(heard).map_err(|_| NoLogin)? else {
        return Ok(None);
    };
    let (answer, guest) = judge(sequence, body, lock.password);
    Ok(Some((octets(&answer), guest)))
}

fn judge(sequence: u32, body: Body, password: Option<&str>) -> (Pdu, Option<Guest>) {
    type Answer = fn(BindResp) -> Body;
    let (bind, hears, answer): (Bind, bool, Answer) = match body {
        Body::BindReceiver(bind) => (bind, true, Body::BindReceiverResp),
        Body::BindTransmitter(bind) => (bind, false, Body::BindTransmitterResp),
        Body::BindTransceiver(bind) => (bind, true, Body::BindTransceiverResp),
        _ => return (Pdu::nack(sequence, CommandStatus::RINVBNDSTS), None),
    };
    let knows = password.is_none_or(|password| bind.password.as_bytes() == password.as_bytes());
    let status = if knows { CommandStatus::ROK } else { CommandStatus::RINVPASWD };
    let system_id = COctets::new("system_id", "sim-smsc").unwrap_or_default();
    let answer = answer(BindResp { system_id, sc_interface_version: Some(0x34) });
    let guest = Guest { account: bind.system_id.to_text().into_owned(), hears, tongue: Tongue::Smpp };
    (Pdu::response(sequence, status, answer), knows.then_some(guest))
}

pub(super) fn hear(heard: &mut BytesMut) -> Option<Said> {
    let Pdu { sequence, status, body } = match Framer::default().push(heard) {
        Ok(pdu) => pdu?,
        Err(error) => {
            let words = error.nack().map(|nack| octets(&nack)).unwrap_or_default();
            return Some(if error.is_fatal() { Said::OutOfStep(words) } else { Said::Refused(words) });
        }
    };
    Some(match body {
        Body::SubmitSm(message) => Said::Submit(Submit {
            key: counter(sequence),
            arrival: Arrival::of(&message),
            source: message.source,
            destination: message.destination,
            wants_receipt: message.registered_delivery & RECEIPT_FINAL != 0,
        }),
        Body::DeliverSmResp if status == CommandStatus::ROK => Said::Took(sequence),
        // A receipt that the client could not keep comes again in its time.
        Body::DeliverSmResp => Said::Nothing,
        Body::EnquireLink => Said::Probe(counter(sequence)),
        Body::Unbind => Said::Goodbye(counter(sequence)),
        other if other.command_id() & RESPONSE != 0 => Said::Nothing,
        Body::BindReceiver(_) | Body::BindTransmitter(_) | Body::BindTransceiver(_) => {
            Said::Refused(octets(&Pdu::nack(sequence, CommandStatus::RALYBND)))
        }
        _ => Said::Refused(octets(&Pdu::nack(sequence, CommandStatus::RINVCMDID))),
    })
}

pub(super) fn take(key: Key, id: u64, out: &mut BytesMut) {
    let id = MessageId::new("message_id", Decimal::of(id).text()).unwrap_or_default();
    Pdu::response(key.counter, CommandStatus::ROK, Body::SubmitSmResp(id)).encode(out);
}

pub(super) fn turn_away(key: Key, why: Why, out: &mut BytesMut) {
    let status = match why {
        Why::Throttled => CommandStatus::RTHROTTLED,
        Why::Full => CommandStatus::RMSGQFUL,
        Why::Temporary => CommandStatus::RSYSERR,
        Why::Refused | Why::Closed => CommandStatus::RINVDSTADR,
    };
    Pdu::response(key.counter, status, Body::SubmitSmResp(MessageId::default())).encode(out);
}

pub(super) fn alive(key: Key, out: &mut BytesMut) {
    Pdu::response(key.counter, CommandStatus::ROK, Body::EnquireLinkResp).encode(out);
}

pub(super) fn farewell(key: Key, out: &mut BytesMut) {
    Pdu::response(key.counter, CommandStatus::ROK, Body::UnbindResp).encode(out);
}

fn octets(pdu: &Pdu) -> BytesMut {
    let mut octets = BytesMut::new();
    pdu.encode(&mut octets);
    octets
}

pub(super) fn reply(receipt: &Receipt, words: &str, sequence: u32, out: &mut BytesMut) {
    let message = ShortMessage {
        source: receipt.from,
        destination: receipt.to,
        data_coding: Coding::UCS2.0,
        short_message: ucs2(words),
        ..ShortMessage::default()
    };
    Pdu::request(sequence, Body::DeliverSm(message)).encode(out);
}
