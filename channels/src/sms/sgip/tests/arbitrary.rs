//! Any value a PDU can hold.

use proptest::prelude::*;

use super::*;

fn padded<const N: usize>() -> impl Strategy<Value = Padded<N>> {
    prop::collection::vec(1..=0x7Fu8, 0..=N)
        .prop_map(|ascii| Padded::new("any", &String::from_utf8(ascii).unwrap()).unwrap())
}

pub(super) fn user_number() -> impl Strategy<Value = UserNumber> {
    padded()
}

pub(super) fn sequence() -> impl Strategy<Value = Sequence> {
    any::<[u32; 3]>().prop_map(|[node, stamp, counter]| Sequence { node, stamp: Stamp(stamp), counter })
}

fn content() -> impl Strategy<Value = Octets<255>> {
    prop::collection::vec(any::<u8>(), 0..=255).prop_map(|any| Octets::new("any", any).unwrap())
}

fn bind() -> impl Strategy<Value = Bind> {
    (any::<u8>(), padded(), padded()).prop_map(|(login_type, login_name, login_password)| Bind {
        login_type,
        login_name,
        login_password,
    })
}

pub(super) fn submit() -> impl Strategy<Value = Submit> {
    let numbers = (padded(), padded(), prop::collection::vec(user_number(), 0..=100));
    let fees = (padded(), padded(), padded(), padded());
    (numbers, fees, [padded(), padded()], any::<[u8; 9]>(), content()).prop_map(
        |(numbers, fees, [expire_time, schedule_time], flags, content)| {
            let (sp_number, charge_number, user_numbers) = numbers;
            let (corp_id, service_type, fee_value, given_value) = fees;
            Submit {
                sp_number,
                charge_number,
                user_numbers: UserNumbers::new("any", user_numbers).unwrap(),
                corp_id,
                service_type,
                fee_type: flags[0],
                fee_value,
                given_value,
                agent_flag: flags[1],
                more_late_to_mt_flag: flags[2],
                priority: flags[3],
                expire_time,
                schedule_time,
                report_flag: flags[4],
                tp_pid: flags[5],
                tp_udhi: flags[6],
                message_coding: Coding(flags[7]),
                message_type: flags[8],
                content,
            }
        },
    )
}

fn deliver() -> impl Strategy<Value = Deliver> {
    (user_number(), padded(), any::<[u8; 3]>(), content()).prop_map(
        |(user_number, sp_number, flags, content)| Deliver {
            user_number,
            sp_number,
            tp_pid: flags[0],
            tp_udhi: flags[1],
            message_coding: Coding(flags[2]),
            content,
        },
    )
}

fn report() -> impl Strategy<Value = Report> {
    (sequence(), user_number(), any::<[u8; 3]>()).prop_map(|(submit_sequence, user_number, flags)| Report {
        submit_sequence,
        report_type: flags[0],
        user_number,
        state: flags[1],
        error_code: CommandResult(flags[2]),
    })
}

fn unknown() -> impl Strategy<Value = Body> {
    let foreign = [0x0000_0011, 0x0000_1000, 0x8000_0011, 0x8000_0000, 0x7FFF_FFFF];
    (prop::sample::select(foreign.to_vec()), prop::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(command_id, body)| Body::Unknown { command_id, body: Octets::new("any", body).unwrap() })
}

pub(super) fn pdu() -> impl Strategy<Value = Pdu> {
    let result = || any::<u8>().prop_map(CommandResult);
    let body = prop_oneof![
        bind().prop_map(Body::Bind),
        result().prop_map(Body::BindResp),
        submit().prop_map(|submit| Body::Submit(submit.into())),
        result().prop_map(Body::SubmitResp),
        deliver().prop_map(|deliver| Body::Deliver(deliver.into())),
        result().prop_map(Body::DeliverResp),
        report().prop_map(Body::Report),
        result().prop_map(Body::ReportResp),
        prop::sample::select(vec![Body::Unbind, Body::UnbindResp]),
        unknown(),
    ];
    (sequence(), body).prop_map(|(sequence, body)| Pdu { sequence, body })
}
