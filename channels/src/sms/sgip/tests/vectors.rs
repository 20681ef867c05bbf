//! Bytes that go_sgip packs, read and written.

use super::*;

pub(super) const BIND: &str = "0000003d00000001b4404ad942f17380000000010166757368756e00000000000000000000736563726574000000000000000000000000000000000000";

/// 抚顺预警 from 10690001 to 8613900000001, every report wanted.
const SUBMIT: &str = "000000ac00000003b4404ad942f17380000000023130363930303031000000000000000000000000003030303030303030303030303030303030303030300138363133303030303030303031000000000000000031323334354653594a000000000000013000000000003000000000000002090000000000000000000000000000000000000000000000000000000000000000010000080000000008629a987a98848b660000000000000000";

const REPORT: &str = "0000004000000005000fa06e42f173850000004db4404ad942f17380000000020038363133303030303030303031000000000000000000000000000000000000";

fn both_ways(hex: &str, pdu: &Pdu) {
    assert_eq!(decoded(octets(hex)), *pdu);
    assert_eq!(encoded(pdu), octets(hex));
}

fn padded<const N: usize>(text: &str) -> Padded<N> {
    Padded::new("any", text).unwrap()
}

pub(super) fn sequence(counter: u32) -> Sequence {
    Sequence { node: 0xb440_4ad9, stamp: Stamp(0x42f1_7380), counter }
}

pub(super) fn submit() -> Pdu {
    let part =
        &segment("抚顺预警", &Signature::None, Alphabet::Ucs2, 1, std::num::NonZeroU8::MIN).unwrap().parts[0];
    let submit = Submit {
        user_numbers: UserNumbers::one(padded("8613000000001")),
        service_type: padded("FSYJ"),
        priority: 9,
        ..Submit::of_part(padded("10690001"), padded("12345"), part)
    };
    Pdu { sequence: sequence(2), body: Body::Submit(submit.into()) }
}

#[test]
fn a_login_is_in_clear() {
    let bind = Bind { login_type: FROM_SP, login_name: padded("fushun"), login_password: padded("secret") };
    both_ways(BIND, &Pdu { sequence: sequence(1), body: Body::Bind(bind) });
}

#[test]
fn a_submit_and_its_answer_are_theirs() {
    both_ways(SUBMIT, &submit());
    let answer = Pdu { sequence: sequence(2), body: Body::SubmitResp(CommandResult::OK) };
    both_ways("0000001d80000003b4404ad942f1738000000002 00 0000000000000000", &answer);
}

#[test]
fn a_report_names_the_sequence_of_its_submit() {
    let report =
        Report { submit_sequence: sequence(2), user_number: padded("8613000000001"), ..Report::default() };
    let sequence = Sequence { node: 0x000f_a06e, stamp: Stamp(0x42f1_7385), counter: 0x4d };
    both_ways(REPORT, &Pdu { sequence, body: Body::Report(report) });
}

#[test]
fn a_link_parts_with_bare_headers() {
    let sequence = Sequence { node: 1, stamp: Stamp(2), counter: 3 };
    both_ways("00000014 00000002 00000001 00000002 00000003", &Pdu { sequence, body: Body::Unbind });
    both_ways("00000014 80000002 00000001 00000002 00000003", &Pdu { sequence, body: Body::UnbindResp });
}
