//! Bytes that gocmpp packs, read and written.

use super::*;

pub(super) const CONNECT: &str =
    "00000027 00000001 00000017 393030303031 90d00c1d517abd0b4f65f6bcf8535d16 21 3cdc73be";
const ACCEPTED_20: &str = "0000001e 80000001 00000017 00 6c0b846e25bab6daa4ed1c466e0f4bd8 21";
const ACCEPTED_30: &str = "00000021 80000001 00000017 00000000 7942977274098cf210ab0c16c367bc8d 30";

/// 测试gocmpp submit to 13500002696, who does not pay.
const SUBMIT_20: &str = "000000bd0000000400000017000000000000000001010101746573740000000000000231333530303030323639360000000000000000000000000839303030303130323130000000003135313130353133313535353130312b000000000000000000000000000000000000393030303031000000000000000000000000000000013133353030303032363936000000000000000000001e6d4b8bd50067006f0063006d007000700020007300750062006d006900740000000000000000";
const SUBMIT_30: &str = "000000e10000000400000017000000000000000001010101746573740000000000000231333530303030323639360000000000000000000000000000000000000000000000000839303030303130323130000000003135313130353133313535353130312b000000000000000000000000000000000000393030303031000000000000000000000000000000013133353030303032363936000000000000000000000000000000000000000000001e6d4b8bd50067006f0063006d007000700020007300750062006d006900740000000000000000000000000000000000000000";

/// "This is a test MO." from 13412340000 to 900001.
pub(super) const DELIVER_20: &str = "00000067 00000005 00000005 b525628000010000 393030303031000000000000000000000000000000 00000000000000000000 00 00 00 313334313233343030303000000000000000000000 00 12 5468697320697320612074657374204d4f2e 0000000000000000";
pub(super) const DELIVER_30: &str = "0000007f 00000005 00000001 b4c5530000010000 393030303031000000000000000000000000000000 00000000000000000000 00 00 00 3133343132333430303030000000000000000000000000000000000000000000 00 00 12 5468697320697320612074657374204d4f2e 0000000000000000000000000000000000000000";

/// A report of 60 octets, DELIVRD.
const REPORT_20: &str = "b4c5530000010000 44454c49565244 31353131313230393535 31353131313230393537 313334313233343030303000000000000000000000 12345678";

/// The account of every vector.
const SECRET: &[u8] = b"888888";
const ID: &str = "900001";

fn both_ways(hex: &str, pdu: &Pdu, version: Version) {
    assert_eq!(decoded(octets(hex), version), *pdu);
    assert_eq!(encoded(pdu, version), octets(hex));
}

fn padded<const N: usize>(text: &str) -> Padded<N> {
    Padded::new("any", text).unwrap()
}

fn theirs() -> Submit {
    Submit {
        pk_total: 1,
        pk_number: 1,
        registered_delivery: 1,
        msg_level: 1,
        service_id: padded("test"),
        fee_user_type: SP_PAYS,
        fee_terminal: padded("13500002696"),
        msg_fmt: Coding::UCS2,
        msg_src: padded(ID),
        fee_type: padded("02"),
        fee_code: padded("10"),
        valid_time: padded("151105131555101+"),
        src_id: padded(ID),
        destinations: Destinations::one(padded("13500002696")),
        content: Octets::new("Msg_Content", Coding::UCS2.write("测试gocmpp submit").unwrap()).unwrap(),
        ..Submit::default()
    }
}

pub(super) fn submit_20() -> Pdu {
    Pdu { sequence: 0x17, body: Body::Submit(theirs().into()) }
}

fn connect() -> Connect {
    let connect = Connect::new(padded(ID), SECRET, Stamp(1_021_080_510), Version::V20);
    // gocmpp asks for 2.1 there.
    Connect { version: 0x21, ..connect }
}

#[test]
fn a_login_proves_the_secret() {
    both_ways(CONNECT, &Pdu { sequence: 0x17, body: Body::Connect(connect()) }, Version::V20);
    assert!(connect().knows(SECRET));
    assert!(!connect().knows(b"888889"));
}

#[test]
fn a_stamp_of_january_is_digested_with_its_zero() {
    let connect = Connect::new(padded(ID), SECRET, Stamp(301_000_000), Version::V30);
    assert_eq!(hex::encode(connect.authenticator.0), "1a06ed8323cbcf155ac60b8f712fd254");
    assert_eq!(connect.timestamp.0, 0x11f0_e540);
}

#[test]
fn the_gateway_proves_the_secret_in_either_layout() {
    for (hex, version, wire) in [(ACCEPTED_20, Version::V20, 0x21), (ACCEPTED_30, Version::V30, 0x30)] {
        let resp = ConnectResp { version: wire, ..ConnectResp::accept(&connect(), SECRET, version) };
        // The version is not agreed on yet: a session that hoped for the other reads it as well.
        for hoped in [Version::V20, Version::V30] {
            both_ways(hex, &Pdu { sequence: 0x17, body: Body::ConnectResp(resp) }, hoped);
        }
        assert!(resp.knows(&connect(), SECRET));
        assert!(!resp.knows(&connect(), b"mockauth"));
    }
}

#[test]
fn a_refused_login_is_read() {
    let refused = ConnectResp::refuse(ConnectStatus::VERSION_TOO_HIGH, Version::V20);
    let pdu = Pdu { sequence: 1, body: Body::ConnectResp(refused) };
    assert_eq!(decoded(encoded(&pdu, Version::V30), Version::V30), pdu);
}

#[test]
fn a_submit_is_theirs_octet_by_octet() {
    both_ways(SUBMIT_20, &submit_20(), Version::V20);
    let body = Body::Submit(theirs().into());
    both_ways(SUBMIT_30, &Pdu { sequence: 0x17, body }, Version::V30);
}

#[test]
fn an_accepted_submit_names_its_message() {
    let resp = SubmitResp { msg_id: MsgId(0xb2b9_da80_0001_0000), result: CommandResult::OK };
    let pdu = Pdu { sequence: 0x17, body: Body::SubmitResp(resp) };
    both_ways("00000015 80000004 00000017 b2b9da8000010000 00", &pdu, Version::V20);
    both_ways("00000018 80000004 00000017 b2b9da8000010000 00000000", &pdu, Version::V30);
}

#[test]
fn a_deliver_and_its_answer_are_theirs() {
    for (hex, version, sequence, id, answer) in [
        (
            DELIVER_20,
            Version::V20,
            5,
            0xb525_6280_0001_0000,
            "00000015 80000005 00000005 b525628000010000 00",
        ),
        (
            DELIVER_30,
            Version::V30,
            1,
            0xb4c5_5300_0001_0000,
            "00000018 80000005 00000001 b4c5530000010000 00000000",
        ),
    ] {
        let msg_id = MsgId(id);
        let deliver = Deliver {
            msg_id,
            dest_id: padded(ID),
            src_terminal: padded("13412340000"),
            content: Octets::new("Msg_Content", &b"This is a test MO."[..]).unwrap(),
            ..Deliver::default()
        };
        assert_eq!((deliver.to_text(), Report::read(&deliver)), ("This is a test MO.".into(), Ok(None)));
        both_ways(hex, &Pdu { sequence, body: Body::Deliver(deliver.into()) }, version);
        let resp = DeliverResp { msg_id, result: CommandResult::OK };
        both_ways(answer, &Pdu { sequence, body: Body::DeliverResp(resp) }, version);
    }
}

#[test]
fn a_status_report_is_theirs_octet_by_octet() {
    let report = Report {
        msg_id: MsgId(0xb4c5_5300_0001_0000),
        stat: padded("DELIVRD"),
        submit_time: padded("1511120955"),
        done_time: padded("1511120957"),
        destination: padded("13412340000"),
        smsc_sequence: 0x1234_5678,
    };
    let content = Octets::new("Msg_Content", octets(REPORT_20).freeze()).unwrap();
    assert_eq!(report.to_content(Version::V20), content);
    let deliver = Deliver { registered_delivery: 1, content, ..Deliver::default() };
    assert_eq!(Report::read(&deliver), Ok(Some(report)));
    assert_eq!(report.to_content(Version::V30).as_bytes().len(), 71);
}
