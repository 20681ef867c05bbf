//! The codec against known bytes, against itself and against noise. The bytes are those that the implementation
//! go_smgp packs; nobody else's SMGP gateway can be run here, so they are the witness.

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
use arbitrary::{pdu, report, submit, term_id};

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
fn a_part_of_a_long_warning_says_so_three_times() {
    let parts = segment(&"雨".repeat(71), &Signature::None, Alphabet::Ucs2, 7, std::num::NonZeroU8::MAX)
        .unwrap()
        .parts;
    let product: &[(u16, &[u8])] = &[(option::M_SERVICE_ID, b"140000000000000000001")];
    let submit = Submit::of_part(TermId::default(), &parts[1], product).unwrap();
    let octet = |tag| submit.options.octet(tag);
    assert_eq!(
        [octet(option::TP_UDHI), octet(option::PK_TOTAL), octet(option::PK_NUMBER)],
        [Some(1), Some(2), Some(2)]
    );
    assert_eq!(octet(option::CHARGE_USER_TYPE), Some(2));
    assert_eq!(submit.options.get(option::M_SERVICE_ID).map(<[u8]>::len), Some(21));
    assert_eq!(&submit.content.as_bytes()[..6], [5, 0, 3, 7, 2, 2]);
}

#[test]
fn a_message_that_travels_alone_says_nothing_of_parts() {
    let part =
        &segment("预警", &Signature::None, Alphabet::Ucs2, 7, std::num::NonZeroU8::MIN).unwrap().parts[0];
    let submit = Submit::of_part(TermId::default(), part, &[]).unwrap();
    assert_eq!((submit.options.get(option::TP_UDHI), submit.options.get(option::PK_TOTAL)), (None, None));
}

#[test]
fn parameters_that_fill_a_pdu_are_refused() {
    let long = vec![0; 4093];
    let error = Options::new([(option::MSG_SRC, &long[..])]).unwrap_err();
    assert_eq!(error.to_string(), "optional parameters has 4097 octets, shorten it to 4096");
}

#[test]
fn a_citizens_answer_is_read_behind_its_header() {
    let text = [&[5, 0, 3, 1, 1, 1][..], &Coding::GB.write("退订").unwrap()].concat();
    let deliver = Deliver {
        msg_format: Coding::GB,
        content: Octets::new("MsgContent", text).unwrap(),
        options: Options::new([(option::TP_UDHI, &[1][..])]).unwrap(),
        ..Deliver::default()
    };
    assert_eq!((deliver.to_text(), Report::read(&deliver)), ("退订".into(), Ok(None)));
}

#[test]
fn a_report_about_nothing_says_what_it_lacks() {
    let read = |text: &'static [u8]| {
        let content = Octets::new("MsgContent", text).unwrap();
        Report::read(&Deliver { is_report: 1, content, ..Deliver::default() })
    };
    assert_eq!(read(b"stat:DELIVRD"), Err(ReportError::NoId { length: 12 }));
    assert_eq!(read(b"id:0123456789 err:001"), Err(ReportError::NoStat { length: 21 }));
}

#[test]
fn a_cause_is_told_in_words() {
    let report = Report { err: Padded::new("Err", "007").unwrap(), ..Report::default() };
    assert_eq!((report.cause(), Report::default().cause()), (Some("用户内存满"), None));
}

#[test]
fn a_length_out_of_bounds_closes_the_link() {
    for length in [0, 11, 8193, u32::MAX] {
        let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
        let error = Framer.push(&mut buffer).unwrap_err();
        assert!(error.is_fatal());
        assert_eq!((Pdu::refusal(&error), buffer.len()), (None, 4));
    }
}

#[test]
fn a_broken_body_costs_one_pdu_and_is_refused() {
    let mut buffer = octets("0000000e 00000003 00000009 0102  0000000c 00000004 0000000a");

    let error = Framer.push(&mut buffer).unwrap_err();
    let source = DecodeError::Short { field: "MsgID", needed: 10, left: 2 };
    assert_eq!(error, FrameError::Body { command_id: 3, sequence: 9, source });
    let refused = DeliverResp { msg_id: MsgId::default(), status: Status::STRUCTURE };
    assert_eq!(Pdu::refusal(&error), Some(Pdu { sequence: 9, body: Body::DeliverResp(refused) }));
    assert_eq!(Framer.push(&mut buffer), Ok(Some(Pdu { sequence: 10, body: Body::ActiveTest })));
}

#[test]
fn an_option_that_overruns_the_body_is_named() {
    let mut buffer = encoded(&vectors::submit());
    let length = buffer.len();
    buffer[length - 9] = 9;
    let source = DecodeError::Short { field: "optional parameter", needed: 13, left: 12 };
    assert_eq!(Framer.push(&mut buffer), Err(FrameError::Body { command_id: 2, sequence: 7, source }));
}

#[test]
fn a_request_nobody_knows_is_handed_up_and_the_next_is_read() {
    let mut buffer = octets("0000000d 00000005 00000001 ff  0000000c 00000006 00000002");
    let unknown = Framer.push(&mut buffer).unwrap().unwrap();
    assert!(matches!(unknown.body, Body::Unknown { command_id: 5, .. }));
    assert_eq!(Framer.push(&mut buffer), Ok(Some(Pdu { sequence: 2, body: Body::Exit })));
}

#[test]
fn debug_shows_neither_number_nor_text() {
    let shown = format!("{:?}", vectors::submit());
    for secret in ["13300000001", "12345678", "629a"] {
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
    fn the_hot_road_agrees_with_the_long_one(submit in submit(), number in term_id(), sequence: u32) {
        let mut fast = BytesMut::new();
        SubmitTemplate::new(&submit).encode(&number, sequence, &mut fast);

        let whole = Submit { dest_term_ids: DestTermIds::one(number), ..submit };
        prop_assert_eq!(fast, encoded(&Pdu { sequence, body: Body::Submit(whole.into()) }));
    }

    /// Any report is read as it was written.
    #[test]
    fn every_report_is_read_back(report in report()) {
        let content = report.to_content();
        prop_assert_eq!(content.as_bytes().len(), 122);
        let deliver = Deliver { is_report: 1, content, ..Deliver::default() };
        prop_assert_eq!(Report::read(&deliver), Ok(Some(report)));
    }

    /// Noise behind any header is an error or a PDU, never a panic and never memory of its asking.
    #[test]
    fn noise_neither_panics_nor_allocates(
        command in 0..7u32, response: bool, noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let command = command | if response { command::RESPONSE } else { 0 };
        let mut buffer = BytesMut::new();
        for field in [12 + noise.len() as u32, command, 1] {
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
