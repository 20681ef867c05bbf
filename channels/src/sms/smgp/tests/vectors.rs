//! Bytes that go_smgp packs, read and written.

use super::*;

/// 抚顺预警 from 10690001 to two numbers, with the enterprise code of the mobile network.
const SUBMIT: &str = "000000bc00000002000000070601034653594a000000000000303030000000000030000000000008000000000000000000000000000000000000000000000000000000000000000000003130363930303031000000000000000000000000000000000000000000000000000000000000000000000231333330303030303030310000000000000000000031333330303030303030320000000000000000000008629a987a98848b660000000000000000001000083132333435363738";

/// The first of two parts, with the options that tie them.
const PART: &str = "000000b000000002000000080601034653594a00000000000030303000000000003000000000000800000000000000000000000000000000000000000000000000000000000000000000313036393030303100000000000000000000000000000000000000000000000000000000000000000000013133333030303030303031000000000000000000000e0500032a0201629a987a98848b660000000000000000000a00010100020001010009000102";

fn both_ways(hex: &str, pdu: &Pdu) {
    assert_eq!(decoded(octets(hex)), *pdu);
    assert_eq!(encoded(pdu), octets(hex));
}

fn padded<const N: usize>(text: &str) -> Padded<N> {
    Padded::new("any", text).unwrap()
}

fn submit_to(numbers: &[&str], header: &[u8], options: Options) -> Submit {
    let text = Coding::UCS2.write("抚顺预警").unwrap();
    Submit {
        msg_type: MOBILE_TERMINATED,
        need_report: 1,
        priority: 3,
        service_id: padded("FSYJ"),
        fee_type: padded(FREE),
        fee_code: padded("0"),
        fixed_fee: padded("0"),
        msg_format: Coding::UCS2,
        src_term_id: padded("10690001"),
        dest_term_ids: DestTermIds::new("any", numbers.iter().map(|number| padded(number)).collect())
            .unwrap(),
        content: Octets::new("MsgContent", [header, &text].concat()).unwrap(),
        options,
        ..Submit::default()
    }
}

pub(super) fn submit() -> Pdu {
    let options = Options::new([(option::MSG_SRC, &b"12345678"[..])]).unwrap();
    let submit = submit_to(&["13300000001", "13300000002"], &[], options);
    Pdu { sequence: 7, body: Body::Submit(submit.into()) }
}

#[test]
fn a_submit_is_theirs_octet_by_octet() {
    both_ways(SUBMIT, &submit());
}

#[test]
fn a_part_is_theirs_octet_by_octet() {
    let ties: [(u16, &[u8]); 3] =
        [(option::PK_NUMBER, &[1]), (option::TP_UDHI, &[1]), (option::PK_TOTAL, &[2])];
    let submit = submit_to(&["13300000001"], &[5, 0, 3, 0x2A, 2, 1], Options::new(ties).unwrap());
    both_ways(PART, &Pdu { sequence: 8, body: Body::Submit(submit.into()) });
}

#[test]
fn an_accepted_submit_names_its_message() {
    let resp = SubmitResp { msg_id: MsgId::new(10_061, 1_161_700, 12_345), status: Status::OK };
    let pdu = Pdu { sequence: 7, body: Body::SubmitResp(resp) };
    both_ways("0000001a 80000002 00000007 01006101161700012345 00000000", &pdu);
}

#[test]
fn a_login_proves_the_secret_both_ways() {
    let login = Login::new(padded("10690001"), b"shared", LoginMode::Transmit, Stamp(301_000_000));
    both_ways(
        "0000002a 00000001 00000001 3130363930303031 1c9331fbc45eb3a3bfe136d84a9dfcc6 02 11f0e540 30",
        &Pdu { sequence: 1, body: Body::Login(login) },
    );
    assert!(login.knows(b"shared") && !login.knows(b"Shared"));
    assert_eq!(LoginMode::from_wire(login.login_mode), Some(LoginMode::Transmit));

    let resp = LoginResp::accept(&login, b"shared");
    both_ways(
        "00000021 80000001 00000001 00000000 f39576af8806243cfce8310441d59933 30",
        &Pdu { sequence: 1, body: Body::LoginResp(resp) },
    );
    assert!(resp.knows(&login, b"shared") && !resp.knows(&login, b"AuthServer"));
}

#[test]
fn a_link_lives_and_parts_with_bare_headers() {
    for (hex, body) in [
        ("0000000c 00000004 00000001", Body::ActiveTest),
        ("0000000c 80000004 00000001", Body::ActiveTestResp),
        ("0000000c 00000006 00000001", Body::Exit),
        ("0000000c 80000006 00000001", Body::ExitResp),
    ] {
        both_ways(hex, &Pdu { sequence: 1, body });
    }
}
