//! The codec against known bytes, against itself and against noise. The bytes are those that the implementation
//! go_sgip packs; nobody else's SGIP gateway can be run here, so they are the witness.

use bytes::{BufMut, BytesMut};
use proptest::prelude::*;

use super::{
    super::{
        segment::{Alphabet, Signature, segment},
        wire::{Coding, DecodeError, Octets, Padded, Stamp},
    },
    *,
};

mod arbitrary;
mod vectors;
use arbitrary::{pdu, sequence, submit, user_number};

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
    Framer.push(&mut buffer).unwrap().unwrap()
}

#[test]
fn a_part_of_a_long_warning_asks_for_every_report() {
    let parts = segment(&"雨".repeat(71), &Signature::None, Alphabet::Ucs2, 7, std::num::NonZeroU8::MAX)
        .unwrap()
        .parts;
    let submit = Submit::of_part(Padded::default(), Padded::default(), &parts[1]);
    assert_eq!((submit.report_flag, submit.tp_udhi, submit.message_coding), (1, 1, Coding::UCS2));
    assert_eq!(&submit.content.as_bytes()[..6], [5, 0, 3, 7, 2, 2]);
}

#[test]
fn a_length_out_of_bounds_closes_the_link() {
    for length in [0, 19, 8193, u32::MAX] {
        let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
        let error = Framer.push(&mut buffer).unwrap_err();
        assert!(error.is_fatal());
        assert_eq!((Pdu::refusal_of(&error), buffer.len()), (None, 4));
    }
}

#[test]
fn a_text_of_four_thousand_million_octets_costs_one_pdu() {
    let mut buffer = encoded(&vectors::submit());
    buffer[152..156].copy_from_slice(&u32::MAX.to_be_bytes());
    buffer.unsplit(octets("00000014 00000002 00000001 00000002 00000003"));

    let error = Framer.push(&mut buffer).unwrap_err();
    let source = DecodeError::TooLong { field: "MessageContent", length: u32::MAX as usize, max: 255 };
    assert_eq!(error, FrameError::Body { command_id: 3, sequence: vectors::sequence(2), source });
    let refusal = Pdu::refusal_of(&error).unwrap();
    assert_eq!(refusal.body, Body::SubmitResp(CommandResult::LENGTH));
    assert_eq!(Framer.push(&mut buffer).unwrap().unwrap().body, Body::Unbind);
}

#[test]
fn a_hundred_and_one_numbers_are_one_too_many() {
    let mut buffer = encoded(&vectors::submit());
    buffer[62] = 101;
    let source = DecodeError::TooMany { field: "UserCount", count: 101, max: 100 };
    let sequence = vectors::sequence(2);
    assert_eq!(Framer.push(&mut buffer), Err(FrameError::Body { command_id: 3, sequence, source }));
}

#[test]
fn a_command_outside_is_refused_in_its_own_name() {
    let unknown = decoded(octets("00000016 00001000 00000001 00000002 00000003 abcd"));
    let command_id = unknown.body.command_id();
    let refusal = Pdu::refusal(unknown.sequence, command_id, CommandResult::COMMAND).unwrap();
    let wanted = "0000001d 80001000 00000001 00000002 00000003 07 0000000000000000";
    assert_eq!(encoded(&refusal), octets(wanted));
    assert_eq!(Pdu::refusal(unknown.sequence, 0x8000_1000, CommandResult::COMMAND), None);
}

#[test]
fn a_waiting_message_is_not_at_its_end() {
    let state = |state| Report { state, ..Report::default() }.state();
    assert!(state(0).is_final() && !state(1).is_final() && state(2).is_final() && state(9).is_final());
}

#[test]
fn debug_shows_neither_number_nor_password_nor_text() {
    let shown = format!("{:?}{:?}", vectors::submit(), decoded(octets(vectors::BIND)));
    for secret in ["8613900000001", "secret", "fushun", "629a"] {
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

        let (mut buffer, mut got) = (BytesMut::new(), Vec::new());
        for octets in wire.chunks(read) {
            buffer.extend_from_slice(octets);
            while let Some(pdu) = Framer.push(&mut buffer).unwrap() {
                got.push(pdu);
            }
        }
        prop_assert_eq!(got, sent);
        prop_assert!(buffer.is_empty());
    }

    /// The template's octets are those of the whole PDU, whatever the message.
    #[test]
    fn the_hot_road_agrees_with_the_long_one(submit in submit(), number in user_number(), sequence in sequence()) {
        let mut fast = BytesMut::new();
        SubmitTemplate::new(&submit).encode(&number, sequence, &mut fast);

        let whole = Submit { user_numbers: UserNumbers::one(number), ..submit };
        prop_assert_eq!(fast, encoded(&Pdu { sequence, body: Body::Submit(whole.into()) }));
    }

    /// Noise behind any header is an error or a PDU, never a panic and never memory of its asking.
    #[test]
    fn noise_neither_panics_nor_allocates(
        command in 0..7u32, response: bool, noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let command = command | if response { command::RESPONSE } else { 0 };
        let mut buffer = BytesMut::new();
        for field in [20 + noise.len() as u32, command, 1, 2, 3] {
            buffer.put_u32(field);
        }
        buffer.extend_from_slice(&noise);
        read_all(buffer)?;
        read_all(BytesMut::from(&noise[..]))?;
    }

    /// One octet gone wrong is read in peace as well.
    #[test]
    fn a_damaged_pdu_is_read_in_peace(sent in pdu(), at: prop::sample::Index, octet: u8) {
        let mut buffer = encoded(&sent);
        let at = at.index(buffer.len());
        buffer[at] = octet;
        read_all(buffer)?;
    }
}

fn read_all(mut buffer: BytesMut) -> Result<(), TestCaseError> {
    let room = buffer.capacity();
    loop {
        match Framer.push(&mut buffer) {
            Ok(None) => break,
            Ok(Some(Pdu { body: Body::Deliver(deliver), .. })) => drop(deliver.to_text().into_owned()),
            Err(error) if error.is_fatal() => break,
            Ok(Some(_)) | Err(_) => {}
        }
    }
    prop_assert!(buffer.capacity() <= room);
    Ok(())
}
