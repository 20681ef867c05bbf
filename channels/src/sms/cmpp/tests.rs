//! The codec against known bytes, against itself and against noise. The bytes are those that the
//! implementation gocmpp packs; nobody else's CMPP gateway can be run here, so they are the witness.

use bytes::{BufMut, BytesMut};
use proptest::prelude::*;

use super::{
    super::{
        segment::{Alphabet, Signature, segment},
        wire::{Authenticator, Coding, DecodeError, Octets, Padded, Stamp},
    },
    *,
};

mod arbitrary;
mod vectors;
use arbitrary::{pdu, submit, terminal};

fn octets(hex_with_blanks: &str) -> BytesMut {
    let digits: String = hex_with_blanks.split_whitespace().collect();
    BytesMut::from(&hex::decode(digits).unwrap()[..])
}

fn encoded(pdu: &Pdu, version: Version) -> BytesMut {
    let mut out = BytesMut::new();
    pdu.encode(version, &mut out);
    out
}

fn decoded(mut buffer: BytesMut, version: Version) -> Pdu {
    Framer::new(version).push(&mut buffer).unwrap().unwrap()
}

fn version() -> impl Strategy<Value = Version> {
    prop::sample::select(vec![Version::V20, Version::V30])
}

#[test]
fn a_part_of_a_long_warning_says_which_it_is() {
    let parts = segment(&"雨".repeat(71), &Signature::None, Alphabet::Ucs2, 7, std::num::NonZeroU8::MAX)
        .unwrap()
        .parts;
    let submit = Submit::of_part(Padded::default(), Padded::default(), &parts[1]);
    assert_eq!((submit.pk_total, submit.pk_number, submit.tp_udhi), (2, 2, 1));
    assert_eq!((submit.msg_fmt, submit.registered_delivery), (Coding::UCS2, 1));
    assert_eq!(&submit.content.as_bytes()[..6], [5, 0, 3, 7, 2, 2]);
}

#[test]
fn a_citizens_answer_is_read_in_the_alphabet_it_came_in() {
    let written = |fmt: Coding| Deliver {
        msg_fmt: fmt,
        content: Octets::new("Msg_Content", fmt.write("退订").unwrap()).unwrap(),
        ..Deliver::default()
    };
    assert_eq!(written(Coding::GB).to_text(), "退订");
    assert_eq!(written(Coding::UCS2).to_text(), "退订");
}

#[test]
fn a_number_keeps_to_the_width_of_its_version() {
    let pseudonym = "x".repeat(32);
    assert!(Version::V30.terminal("Dest_terminal_Id", &pseudonym).is_ok());
    let error = Version::V20.terminal("Dest_terminal_Id", &pseudonym).unwrap_err();
    assert_eq!(error.to_string(), "Dest_terminal_Id has 32 octets, shorten it to 21");
}

#[test]
fn a_length_out_of_bounds_closes_the_link() {
    for length in [0, 11, 8193, u32::MAX] {
        let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
        let error = Framer::default().push(&mut buffer).unwrap_err();
        assert!(error.is_fatal());
        assert_eq!((Pdu::refusal(&error, Version::V30), buffer.len()), (None, 4));
    }
}

#[test]
fn a_broken_body_costs_one_pdu_and_is_refused() {
    let mut buffer = octets("0000000e 00000005 00000009 0102  0000000c 00000008 0000000a");
    let framer = Framer::new(Version::V30);

    let error = framer.push(&mut buffer).unwrap_err();
    let source = DecodeError::Short { field: "Msg_Id", needed: 8, left: 2 };
    assert_eq!(error, FrameError::Body { command_id: 5, sequence: 9, source });
    let refusal = Pdu::refusal(&error, Version::V30).unwrap();
    let resp = DeliverResp { msg_id: MsgId(0), result: CommandResult::STRUCTURE };
    assert_eq!(refusal, Pdu { sequence: 9, body: Body::DeliverResp(resp) });
    assert_eq!(framer.push(&mut buffer), Ok(Some(Pdu { sequence: 10, body: Body::ActiveTest })));
}

#[test]
fn a_command_nobody_knows_is_handed_up_and_the_next_is_read() {
    let mut buffer = octets("0000000d 00000099 00000001 ff  0000000c 00000002 00000002");
    let framer = Framer::default();
    let unknown = framer.push(&mut buffer).unwrap().unwrap();
    assert!(matches!(unknown.body, Body::Unknown { command_id: 0x99, .. }));
    assert_eq!(framer.push(&mut buffer), Ok(Some(Pdu { sequence: 2, body: Body::Terminate })));
}

#[test]
fn a_hundred_numbers_are_one_too_many() {
    let mut buffer = encoded(&vectors::submit_20(), Version::V20);
    buffer[128] = 100;
    let error = Framer::new(Version::V20).push(&mut buffer).unwrap_err();
    let source = DecodeError::TooMany { field: "DestUsr_tl", count: 100, max: 99 };
    assert_eq!(error, FrameError::Body { command_id: command::SUBMIT, sequence: 0x17, source });
}

#[test]
fn a_deliver_of_the_other_version_is_no_silent_rubbish() {
    let mut buffer = octets(vectors::DELIVER_20);
    assert!(Framer::new(Version::V30).push(&mut buffer).is_err());
    let mut buffer = octets(vectors::DELIVER_30);
    assert!(Framer::new(Version::V20).push(&mut buffer).is_err());
}

#[test]
fn an_active_test_is_answered_with_thirteen_octets_and_any_answer_counts() {
    let answer = Pdu { sequence: 3, body: Body::ActiveTestResp };
    assert_eq!(encoded(&answer, Version::V20), octets("0000000d 80000008 00000003 00"));
    for seen in ["0000000c 80000008 00000003", "00000010 80000008 00000003 00000000"] {
        assert_eq!(decoded(octets(seen), Version::V20), answer);
    }
}

#[test]
fn debug_shows_neither_number_nor_text() {
    let shown = format!("{:?}{:?}", vectors::submit_20(), decoded(octets(vectors::CONNECT), Version::V20));
    for secret in ["13500002696", "gocmpp", "900001", "144, 208", "[144"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

proptest! {
    /// Any run of PDUs, cut into reads anywhere, comes out as it went in.
    #[test]
    fn every_pdu_survives_the_wire(
        (version, sent) in version().prop_flat_map(|v| (Just(v), prop::collection::vec(pdu(v), 1..5))),
        read in 1..900usize,
    ) {
        let mut wire = BytesMut::new();
        for pdu in &sent {
            pdu.encode(version, &mut wire);
        }

        let (framer, mut buffer, mut got) = (Framer::new(version), BytesMut::new(), Vec::new());
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
    fn the_hot_road_agrees_with_the_long_one(
        (version, submit, number) in version().prop_flat_map(|v| (Just(v), submit(v), terminal(v))),
        sequence: u32,
    ) {
        let mut fast = BytesMut::new();
        SubmitTemplate::new(&submit, version).encode(&number, sequence, &mut fast);

        let whole = Submit { destinations: Destinations::one(number), ..submit };
        prop_assert_eq!(fast, encoded(&Pdu { sequence, body: Body::Submit(whole.into()) }, version));
    }

    /// Any report is read as it was written, in either layout.
    #[test]
    fn every_report_is_read_back(
        (version, report) in version().prop_flat_map(|v| (Just(v), arbitrary::report(v))),
    ) {
        let content = report.to_content(version);
        let deliver = Deliver { registered_delivery: 1, content, ..Deliver::default() };
        prop_assert_eq!(Report::read(&deliver), Ok(Some(report)));
    }

    /// Noise behind any header is an error or a PDU, never a panic and never memory of its asking.
    #[test]
    fn noise_neither_panics_nor_allocates(
        version in version(), command in 0..10u32, response: bool, noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let command = command | if response { command::RESPONSE } else { 0 };
        let mut buffer = BytesMut::new();
        for field in [12 + noise.len() as u32, command, 1] {
            buffer.put_u32(field);
        }
        buffer.extend_from_slice(&noise);
        read_all(buffer, version)?;
        read_all(BytesMut::from(&noise[..]), version)?;
    }

    /// One octet gone wrong is read in peace as well.
    #[test]
    fn a_damaged_pdu_is_read_in_peace(
        (version, sent) in version().prop_flat_map(|v| (Just(v), pdu(v))), at: prop::sample::Index, octet: u8,
    ) {
        let mut buffer = encoded(&sent, version);
        let at = at.index(buffer.len());
        buffer[at] = octet;
        read_all(buffer, version)?;
    }
}

fn read_all(mut buffer: BytesMut, version: Version) -> Result<(), TestCaseError> {
    let room = buffer.capacity();
    let framer = Framer::new(version);
    loop {
        match framer.push(&mut buffer) {
            Ok(None) => break,
            Ok(Some(Pdu { body: Body::Deliver(deliver), .. })) => {
                let _ = (Report::read(&deliver), deliver.to_text().len());
            }
            Err(error) if error.is_fatal() => break,
            Ok(Some(_)) | Err(_) => {}
        }
    }
    prop_assert!(buffer.capacity() <= room);
    Ok(())
}
