//! The codec against known bytes, against itself and against noise.

use bytes::{BufMut, BytesMut};
use proptest::prelude::*;

use super::super::{
    segment::{Alphabet, Signature, segment},
    wire::{COctets, DecodeError},
};
use super::*;

mod arbitrary;
use arbitrary::{c_octets, message, pdu};

/// `fushun` with `secret`, an empty type, version 3.4, no address.
const BIND: &str = "00000023000000090000000000000001 66757368756e00 73656372657400 00 34 00 00 00";

/// 预警 from 10690001 to 8613900000001, receipt wanted.
const SUBMIT: &str = "0000003a000000040000000000000007 00 01 01 313036393030303100 \
                      01 01 3836313339303030303030303100 00 00 00 00 00 01 00 08 00 04 98848b66";

fn octets(hex_with_blanks: &str) -> BytesMut {
    let digits: String = hex_with_blanks.split_whitespace().collect();
    BytesMut::from(&hex::decode(digits).unwrap()[..])
}

fn encoded(pdu: &Pdu) -> BytesMut {
    let mut out = BytesMut::new();
    pdu.encode(&mut out);
    out
}

fn decoded(mut buffer: BytesMut) -> Pdu {
    Framer::default().push(&mut buffer).unwrap().unwrap()
}

fn warning() -> ShortMessage {
    let part =
        &segment("预警", &Signature::None, Alphabet::Ucs2, 1, std::num::NonZeroU8::MIN).unwrap().parts[0];
    let source = Address::international("source_addr", "10690001").unwrap();
    let destination = Address::international("destination_addr", "8613900000001").unwrap();
    ShortMessage::of_part(source, destination, part)
}

#[test]
fn a_bind_is_written_and_read_octet_by_octet() {
    let bind = Bind {
        system_id: COctets::new("system_id", "fushun").unwrap(),
        password: COctets::new("password", "secret").unwrap(),
        interface_version: 0x34,
        ..Bind::default()
    };
    let pdu = Pdu::request(1, Body::BindTransceiver(bind));
    assert_eq!(encoded(&pdu), octets(BIND));
    assert_eq!(decoded(octets(BIND)), pdu);
}

#[test]
fn a_warning_is_written_and_read_octet_by_octet() {
    let pdu = Pdu::request(7, Body::SubmitSm(warning()));
    assert_eq!(encoded(&pdu), octets(SUBMIT));
    assert_eq!(decoded(octets(SUBMIT)), pdu);
}

#[test]
fn the_hot_road_writes_the_same_octets() {
    let template = SubmitTemplate::new(&warning());
    let mut out = BytesMut::new();
    template.encode(&warning().destination.digits, 7, &mut out);
    assert_eq!(out, octets(SUBMIT));
}

#[test]
fn a_refused_submit_has_no_body_and_an_empty_one_is_read() {
    let refusal = Pdu::response(7, CommandStatus::RTHROTTLED, Body::SubmitSmResp(MessageId::default()));
    assert_eq!(encoded(&refusal), octets("00000010 80000004 00000058 00000007"));
    assert_eq!(decoded(encoded(&refusal)), refusal);
}

#[test]
fn an_accepted_submit_always_has_its_message_id_field() {
    let accepted = Pdu::response(7, CommandStatus::ROK, Body::SubmitSmResp(MessageId::default()));
    assert_eq!(encoded(&accepted), octets("00000011 80000004 00000000 00000007 00"));
}

#[test]
fn several_pdus_in_one_read_come_out_in_order() {
    let mut buffer = octets(BIND);
    buffer.unsplit(octets(SUBMIT));
    let framer = Framer::default();
    let sequences: Vec<u32> =
        std::iter::from_fn(|| framer.push(&mut buffer).unwrap()).map(|pdu| pdu.sequence).collect();
    assert_eq!((sequences, buffer.len()), (vec![1, 7], 0));
}

#[test]
fn a_pdu_trickling_in_comes_out_with_its_last_octet() {
    let (framer, whole, mut buffer) = (Framer::default(), octets(SUBMIT), BytesMut::new());
    for octet in &whole[..whole.len() - 1] {
        buffer.put_u8(*octet);
        assert_eq!(framer.push(&mut buffer), Ok(None));
    }
    buffer.put_u8(0x66);
    assert_eq!(framer.push(&mut buffer).unwrap(), Some(decoded(whole)));
}

#[test]
fn a_length_out_of_bounds_closes_the_link() {
    for length in [0, 15, 8193, u32::MAX] {
        let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
        let error = Framer::default().push(&mut buffer).unwrap_err();
        assert!(error.is_fatal());
        assert_eq!(error.nack(), Some(Pdu::nack(0, CommandStatus::RINVCMDLEN)));
    }
}

#[test]
fn a_broken_body_costs_one_pdu_and_not_the_link() {
    let mut buffer =
        octets("00000014 00000005 00000000 00000009 00010100 00000010 00000015 00000000 0000000a");
    let framer = Framer::default();

    let error = framer.push(&mut buffer).unwrap_err();
    assert_eq!(error.nack(), Some(Pdu::nack(9, CommandStatus::RINVCMDLEN)));
    assert!(!error.is_fatal());
    assert_eq!(framer.push(&mut buffer), Ok(Some(Pdu::request(10, Body::EnquireLink))));
}

#[test]
fn a_broken_response_is_never_answered() {
    let mut buffer = octets("00000012 80000004 00000000 00000009 4141");
    let error = Framer::default().push(&mut buffer).unwrap_err();
    let source = DecodeError::Unterminated { field: "message_id", max: 65 };
    assert_eq!(error, FrameError::Body { command_id: 0x8000_0004, sequence: 9, source });
    assert_eq!(error.nack(), None);
}

#[test]
fn an_optional_parameter_that_overruns_the_body_is_named() {
    let mut buffer = octets("00000015 80000009 00000000 00000001 00 0210 0003");
    let error = Framer::default().push(&mut buffer).unwrap_err();
    let source = DecodeError::Short { field: "optional parameter", needed: 7, left: 4 };
    assert_eq!(error, FrameError::Body { command_id: 0x8000_0009, sequence: 1, source });
}

#[test]
fn debug_shows_neither_number_nor_password_nor_text() {
    let shown = format!("{:?}{:?}", decoded(octets(BIND)), decoded(octets(SUBMIT)));
    for secret in ["secret", "8613900000001", "98848b66", "\\x98", "152"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

proptest! {
    /// Any run of PDUs, cut into reads anywhere, comes out as it went in.
    #[test]
    fn every_pdu_survives_the_wire(sent in prop::collection::vec(pdu(), 1..5), read in 1..900usize) {
        let mut wire = BytesMut::new();
        for pdu in &sent {
            pdu.encode(&mut wire);
        }

        let (framer, mut buffer, mut got) = (Framer::default(), BytesMut::new(), Vec::new());
        for octets in wire.chunks(read) {
            buffer.extend_from_slice(octets);
            while let Some(pdu) = framer.push(&mut buffer).unwrap() {
                got.push(pdu);
            }
        }
        prop_assert_eq!(got, sent);
        prop_assert!(buffer.is_empty());
    }

    /// The template's octets are those of the whole PDU, whatever the message.
    #[test]
    fn the_hot_road_agrees_with_the_long_one(message in message(), digits in c_octets(), sequence: u32) {
        let mut fast = BytesMut::new();
        SubmitTemplate::new(&message).encode(&digits, sequence, &mut fast);

        let destination = Address { digits, ..message.destination };
        let whole = Pdu::request(sequence, Body::SubmitSm(ShortMessage { destination, ..message }));
        prop_assert_eq!(fast, encoded(&whole));
    }

    /// Noise behind any header is an error or a PDU, never a panic and never memory of its asking.
    #[test]
    fn noise_neither_panics_nor_allocates(command in 0..0x16u32, response: bool, noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let command = command | if response { command::RESPONSE } else { 0 };
        let mut buffer = BytesMut::from(&super::pdu::header(16 + noise.len(), command, CommandStatus::ROK, 1)[..]);
        buffer.extend_from_slice(&noise);
        read_all(buffer)?;
    }

    /// Pure noise, lengths included.
    #[test]
    fn pure_noise_neither_panics_nor_allocates(noise in prop::collection::vec(any::<u8>(), 0..200), length: u16) {
        let mut buffer = BytesMut::from(&[0, 0][..]);
        buffer.put_u16(length);
        buffer.extend_from_slice(&noise);
        read_all(buffer)?;
        read_all(BytesMut::from(&noise[..]))?;
    }

    /// One octet gone wrong in a receipt is read in peace as well.
    #[test]
    fn a_damaged_message_is_read_in_peace(message in message(), at: prop::sample::Index, octet: u8) {
        let mut buffer = encoded(&Pdu::request(1, Body::DeliverSm(message)));
        let at = at.index(buffer.len());
        buffer[at] = octet;
        read_all(buffer)?;
    }
}

fn read_all(mut buffer: BytesMut) -> Result<(), TestCaseError> {
    let room = buffer.capacity();
    let framer = Framer::default();
    loop {
        match framer.push(&mut buffer) {
            Ok(None) => break,
            Ok(Some(Pdu { body: Body::DeliverSm(message) | Body::SubmitSm(message), .. })) => {
                let _ = DeliveryReport::read(&message);
            }
            Err(error) if error.is_fatal() => break,
            Ok(Some(_)) | Err(_) => {}
        }
    }
    prop_assert!(buffer.capacity() <= room);
    Ok(())
}
